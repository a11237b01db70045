//! Documents: every setting in each format, and every way to get it wrong.

use super::*;

#[test]
fn every_setting_is_taken_from_a_document() {
    for setting in SETTINGS.iter().filter(|setting| setting.key != "dotenv") {
        for (format, text) in documents(setting.key, good(setting)) {
            let found = inspect(format, &text);
            assert_eq!(found.problems.len(), 0, "{text}: {:?}", found.problems);
            let origin = Origin::File("the configuration text".to_owned());
            assert_eq!(found.settings.origin(setting.key), origin, "{text}");
        }
    }
}

#[test]
fn every_setting_misspelt_is_an_error_that_names_the_line_and_what_was_meant() {
    for setting in SETTINGS {
        let slip = format!("{}q", setting.key);
        for (format, text) in documents(&slip, &format!("\"{CANARY}\"")) {
            let meant = format!("did you mean `{}`", setting.key);
            refused(inspect(format, &text), &[&meant, "line 2"]);
        }
        let error = builder().option(&slip, CANARY).open_blocking().unwrap_err();
        assert!(error.to_string().contains(&format!("did you mean `{}`", setting.key)));
    }
}

#[test]
fn every_setting_of_a_wrong_type_is_an_error_that_names_the_line() {
    for setting in SETTINGS {
        let mut wrong = vec!["{ }", "-5", "1.5"];
        if !matches!(setting.kind, SettingKind::Integer { .. } | SettingKind::Size { .. }) {
            wrong.push("12");
        }
        match setting.kind {
            SettingKind::Choice(words) if words.contains(&"on") => {}
            _ => wrong.push("true"),
        }
        if setting.kind == SettingKind::List {
            wrong.extend(["[1]", "[[\"a\"]]", "[\"a,b\"]"]);
        } else {
            wrong.push("[\"a\"]");
        }
        if !matches!(setting.kind, SettingKind::Text | SettingKind::List | SettingKind::Path) {
            wrong.push("\"c4nary-value\"");
        }
        for value in wrong {
            for (format, text) in documents(setting.key, value) {
                let error = problem(inspect(format, &text));
                assert_eq!(error.setting(), Some(setting.key), "{text}: {error}");
                assert!(error.to_string().contains("line 2"), "{text}: {error}");
            }
        }
        let null = &documents(setting.key, "null")[1];
        refused(inspect(null.0, &null.1), &["not null"]);
        let date = &documents(setting.key, "2030-01-31")[0];
        refused(inspect(date.0, &date.1), &["not a date"]);
    }
}

#[test]
fn texts_that_are_no_document_are_refused_by_line_and_never_shown() {
    for (text, says) in [
        ("", &["ends before"][..]),
        ("[]", &["no JSON object"]),
        ("{\"secrets\": {}} x", &["line 1", "column"]),
        ("{\"secrets\": {\n\"backend\": c4nary-value}}", &["line 2", "column"]),
        (
            "{\"secrets\": {\n\"backend\": \"c4nary-value",
            &["line 2", "ends before"],
        ),
        (
            "{\"secrets\": {\"cache\": \"on\",\n\"cache\": \"off\"}}",
            &["line 2", "twice"],
        ),
        ("{\"secrets\": {},\n\"secrets\": {}}", &["line 2", "twice"]),
        ("{\"secret\": {}}", &["no table `secrets`", "`secret`"]),
        ("{\"other\": 1}", &["no table `secrets`"]),
        ("{\"secrets\": \"c4nary-value\"}", &["must be a table, not a text"]),
        (
            "{\"secrets\": {\"encrypted.path\": \"c4nary-value\"}}",
            &["in a table `encrypted`"],
        ),
        (
            "{\"secrets\": {\"encrypted\": \"c4nary-value\"}}",
            &["must be a table of settings"],
        ),
        ("{\"secrets\": {\"encryptd\": {}}}", &["did you mean `encrypted`"]),
        ("{\"secrets\": {\"somewhere\": {}}}", &["no setting `somewhere`"]),
        (
            "{\"secrets\": {\"keychain\": {\"item\": \"c4nary-value\"}}}",
            &["does not have"],
        ),
    ] {
        refused(json(text), says);
    }
    for (text, says) in [
        ("", &["no table `secrets`"][..]),
        ("[secrets]\nbackend = c4nary-value", &["line 2", "no TOML"]),
        ("[secrets]\nbackend = \"c4nary-value", &["line 2", "no TOML"]),
        ("[secrets]\ncache = true\ncache = false", &["line 3", "twice"]),
        ("[secret]\n", &["`secret`"]),
        ("secrets = 5", &["must be a table, not a number"]),
        ("[[secrets]]\n", &["must be a table, not a list"]),
        (
            "[secrets]\n\"encrypted.path\" = \"c4nary-value\"",
            &["in a table `encrypted`"],
        ),
        (
            "[secrets.encrypted.path]\nx = \"c4nary-value\"",
            &["`encrypted.path` must be a path, not a table"],
        ),
    ] {
        refused(toml(text), says);
    }
}

#[test]
fn nesting_without_end_is_refused_and_hurts_nobody() {
    let many = 100_000;
    refused(
        json(&format!(
            "{{\"secrets\": {{\"backend\": {}1{}}}}}",
            "[".repeat(many),
            "]".repeat(many)
        )),
        &[],
    );
    refused(
        toml(&format!(
            "[secrets]\nbackend = {}1{}",
            "[".repeat(many),
            "]".repeat(many)
        )),
        &[],
    );
    let deep = format!("{{\"other\": {}{}, \"secrets\": {{}}}}", "[".repeat(50), "]".repeat(50));
    assert_eq!(json(&deep).problems.len(), 0);
}

#[test]
fn what_belongs_to_the_application_is_left_alone() {
    let found = toml("title = \"x\"\nat = 2030-01-31\n[secrets]\ncache = false\n[server]\nbackend = 5\n");
    assert_eq!(found.problems.len(), 0, "{:?}", found.problems);
    assert_eq!(found.settings.text("cache"), Some("off"));
    let found = json("\u{feff}{\"server\": {\"a\": null}, \"secrets\": {\"chain\": null}}");
    assert_eq!(found.problems.len(), 1, "only what is in `secrets` is ours");
}

#[test]
fn all_problems_of_a_document_are_told() {
    let found = toml("[secrets]\nbackend = 5\ncache = 7\ndeadline = \"never\"\n");
    assert_eq!(found.problems.len(), 3);
    let crowd: String = (0..5000).map(|number| format!("unknown_{number} = 1\n")).collect();
    assert!(toml(&format!("[secrets]\n{crowd}")).problems.len() <= 50);
}

#[test]
fn a_relative_path_starts_from_the_folder_of_its_document() {
    let place = Place::new();
    let path = place.file("a.toml", "[secrets.encrypted]\npath = \"store.strongroom\"\n");
    let found = builder().config_file(&path).inspect();
    assert_eq!(
        found.settings.path("encrypted.path"),
        Some(place.path("store.strongroom"))
    );
    refused(toml("[secrets.encrypted]\npath = \"~/c4nary-value\"\n"), &["`~`"]);
}

#[test]
fn the_format_is_told_by_the_ending_or_else_by_the_text() {
    let place = Place::new();
    for (name, text) in [
        ("a.json", "{\"secrets\": {\"cache\": false}}"),
        ("a.toml", "[secrets]\ncache = false"),
        ("a", "  {\"secrets\": {\"cache\": false}}"),
        ("b", "secrets.cache = false"),
        ("a.JSON", "{\"secrets\": {\"cache\": false}}"),
    ] {
        let found = builder().config_file(place.file(name, text)).inspect();
        assert_eq!(found.problems.len(), 0, "{name}: {:?}", found.problems);
        assert_eq!(found.settings.text("cache"), Some("off"), "{name}");
    }
    let wrong = place.file("wrong.json", "[secrets]\ncache = false");
    assert_eq!(builder().config_file(wrong).inspect().problems.len(), 1);
}

#[test]
fn files_that_cannot_be_read_safely_are_refused() {
    let place = Place::new();
    refused(
        builder().config_file(place.path("nowhere.toml")).inspect(),
        &["no file", "nowhere.toml"],
    );
    let long = place.file("long.toml", vec![b'#'; 2 << 20]);
    refused(builder().config_file(long).inspect(), &["longer than"]);
    let binary = place.file("binary.toml", b"[secrets]\n# \xff\n");
    refused(builder().config_file(binary).inspect(), &["line 2", "UTF-8"]);
    let folder = problem(builder().config_file(place.0.path()).inspect());
    assert_eq!(folder.kind(), ErrorKind::InsecurePath);
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_write_or_that_shows_a_secret_is_refused() {
    let place = Place::new();
    let plain = place.file("plain.toml", "[secrets]\ncache = false\n");
    mode(&plain, 0o644);
    assert_eq!(builder().config_file(&plain).inspect().problems.len(), 0);
    mode(&plain, 0o646);
    let error = problem(builder().config_file(&plain).inspect());
    assert_eq!(error.kind(), ErrorKind::InsecurePath);
    assert!(error.to_string().contains("chmod o-w"), "{error}");
    let key = place.file("key.toml", format!("[secrets.encrypted]\nkey = \"{CANARY}\"\n"));
    let found = builder().config_file(&key).inspect();
    assert_eq!(found.problems.len(), 0);
    assert_eq!(
        found.settings.secret("encrypted.key").map(SecretValue::expose),
        Some(CANARY.as_bytes())
    );
    assert!(!format!("{found:?}").contains(CANARY));
    mode(&key, 0o640);
    let error = problem(builder().config_file(&key).inspect());
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InsecurePath, Some("encrypted.key"))
    );
    let pipe = place.path("pipe.toml");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert_eq!(
        problem(builder().config_file(&pipe).inspect()).kind(),
        ErrorKind::InsecurePath
    );
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_for_a_named_file_and_refused_for_the_projects() {
    let place = Place::new();
    let target = place.file("target.toml", "[secrets]\ncache = false\n");
    let link = place.path("link.toml");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    assert_eq!(builder().config_file(&link).inspect().problems.len(), 0);
    let error = problem(builder().project_file(&link, |_, _| true).inspect());
    assert_eq!(error.kind(), ErrorKind::InsecurePath);
    assert!(error.to_string().contains("symbolic link"), "{error}");
}
