//! Which name a key has in a document, and which key a name means.

use crate::error::ErrorKind;
use crate::key::SecretKey;
use crate::scope::SecretScope;
use crate::transfer::{
    ExportOptions, Format, ImportOptions, NamePolicy, SkipReason, entries, export_names, import_keys,
};

fn named(text: &str, format: Format, full: bool) -> String {
    let key = SecretKey::parse(text).unwrap();
    let mut options = ExportOptions::new(format);
    options.full_names = full;
    export_names(&[&key], &options).unwrap().remove(0)
}

#[test]
fn a_name_is_the_secrets_own_where_it_is_a_variable() {
    for (key, own, full) in [
        ("API_KEY", "API_KEY", "GLOBAL_API_KEY"),
        ("org/acme/api_key", "api_key", "ORG_ACME_API_KEY"),
        ("api-key", "API_2KEY", "GLOBAL_API_KEY"),
        ("org/acme/A@eu", "_A_5EU", "ORG_ACME_A__EU"),
        ("1x", "GLOBAL__1X", "GLOBAL_1X"),
    ] {
        for format in [Format::Env, Format::Dotenv] {
            assert_eq!(named(key, format, false), own, "{key}");
            assert_eq!(named(key, format, true), full, "{key}");
        }
    }
    assert_eq!(named("org/acme/api-key@eu", Format::Json, false), "api-key@eu");
    assert_eq!(named("org/acme/api-key@eu", Format::Yaml, true), "org/acme/api-key@eu");
}

#[test]
fn keys_that_would_share_a_name_are_ambiguous_and_both_named() {
    for (format, full, first, second) in [
        (Format::Json, false, "org/a/K", "org/b/K"),
        (Format::Env, false, "API_2KEY", "api-key"),
        (Format::Dotenv, true, "org/a_b/c", "org/a/b_c"),
    ] {
        let keys = [first, second].map(|text| SecretKey::parse(text).unwrap());
        let mut options = ExportOptions::new(format);
        options.full_names = full;
        let error = export_names(&[&keys[0], &keys[1]], &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous);
        assert!(keys.iter().all(|key| error.message().contains(key.as_str())), "{error}");
    }
}

fn keys(document: &str, options: &ImportOptions) -> crate::Result<Vec<String>> {
    let entries = entries(document.as_bytes(), options)?.entries;
    let (targets, _) = import_keys(entries, &SecretScope::org("acme"), options)?;
    Ok(targets.into_iter().map(|target| target.key.to_string()).collect())
}

#[test]
fn bare_names_go_into_the_scope_and_whole_keys_mean_what_they_say() {
    let json = r#"{"A": "1", "b-c@eu": "2", "global/A": "3", "user/u/x": "4"}"#;
    let wanted = ["org/acme/A", "org/acme/b-c@eu", "global/A", "user/u/x"];
    assert_eq!(keys(json, &ImportOptions::new(Format::Json)).unwrap(), wanted);
    let env = "A=1\nb.c=2";
    assert_eq!(
        keys(env, &ImportOptions::new(Format::Dotenv)).unwrap(),
        ["org/acme/A", "org/acme/b.c"]
    );
}

#[test]
fn names_that_are_no_keys_are_refused_escaped_or_skipped() {
    let json = "{\"A\": \"1\",\n\"my key\": \"2\",\n\"planet/earth/x\": \"3\"}";
    let error = keys(json, &ImportOptions::new(Format::Json)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidKey);
    assert!(
        error
            .message()
            .ends_with("`my key` (line 2), `planet/earth/x` (line 3)"),
        "{error}"
    );

    let escaped = ImportOptions::new(Format::Json).names(NamePolicy::Escape);
    let wanted = ["org/acme/A", "org/acme/my=20key", "org/acme/planet=2Fearth=2Fx"];
    assert_eq!(keys(json, &escaped).unwrap(), wanted);

    let skipping = ImportOptions::new(Format::Json).names(NamePolicy::Skip);
    let entries = entries(json.as_bytes(), &skipping).unwrap().entries;
    let (targets, skipped) = import_keys(entries, &SecretScope::global(), &skipping).unwrap();
    assert_eq!(targets.len(), 1);
    assert!(skipped.iter().all(|entry| entry.reason == SkipReason::Name));
    assert_eq!((skipped[0].name.as_str(), skipped[0].line), ("my key", Some(2)));
}

#[test]
fn what_may_be_a_piece_of_a_value_is_not_shown_as_a_name() {
    let pem = "A=-----BEGIN KEY-----\nMIICANARY/abc+==\nB=1";
    let error = keys(pem, &ImportOptions::new(Format::Dotenv)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidKey);
    assert!(error.message().ends_with("no keys: line 2"), "{error}");
    assert!(!format!("{error:?}").contains("CANARY"));
}

#[test]
fn two_names_that_are_one_key_are_ambiguous() {
    let json = "{\"A\": \"1\",\n\"org/acme/A\": \"2\"}";
    let error = keys(json, &ImportOptions::new(Format::Json)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.message().contains("`org/acme/A` (lines 1 and 2)"), "{error}");
}

#[test]
fn a_file_name_tells_the_format() {
    for (name, format) in [
        (".env", Some(Format::Dotenv)),
        ("prod.env", Some(Format::Dotenv)),
        (".env.local", Some(Format::Dotenv)),
        ("secrets.JSON", Some(Format::Json)),
        ("a.yml", Some(Format::Yaml)),
        ("a.yaml", Some(Format::Yaml)),
        ("a.sh", Some(Format::Env)),
        ("secrets", None),
        ("a.toml", None),
    ] {
        assert_eq!(Format::of_file_name(name), format, "{name}");
    }
}
