//! Properties of keys: escaping loses nothing, text and key are one to one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;
use strongroom::{AsKey, ErrorKind, MAX_SEGMENT, ScopeKind, SecretKey, SecretScope};

fn scope(kind: usize, id: &str) -> SecretScope {
    match ScopeKind::NARROWEST_FIRST[kind % 10] {
        ScopeKind::Global => SecretScope::global(),
        kind => SecretScope::parse(&format!("{kind}/{id}")).unwrap(),
    }
}

/// Any bytes whose escaped form fits in a segment.
fn word() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => proptest::collection::vec(any::<u8>(), 0..40),
        4 => proptest::collection::vec(proptest::sample::select(b"aZ09._-=@/ \0\xff.".as_slice()), 0..12),
        1 => proptest::collection::vec(any::<u8>(), 300..341),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn escaping_and_unescaping_is_the_identity(word in word()) {
        let escaped = SecretKey::escape(&word);
        prop_assert!(escaped.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-=".contains(&byte)));
        prop_assert_eq!(SecretKey::unescape(&escaped).unwrap(), word);
    }

    #[test]
    fn what_unescapes_is_what_escape_writes(segment in "[A-F0-9a._=-]{0,12}") {
        match SecretKey::unescape(&segment) {
            Ok(word) => prop_assert_eq!(SecretKey::escape(word), segment),
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::InvalidKey),
        }
    }

    #[test]
    fn an_escaped_word_is_a_valid_name_id_and_target(word in word(), kind in 0_usize..10) {
        let segment = SecretKey::escape(&word);
        prop_assume!(segment.len() <= MAX_SEGMENT);
        let key = SecretKey::in_scope(scope(kind, &segment), &segment).target_of(&segment);
        prop_assert!(key.check().is_ok());
        prop_assert_eq!(key.name(), &*segment);
        prop_assert_eq!(key.target(), Some(&*segment));
    }

    #[test]
    fn parsing_and_displaying_a_key_is_the_identity(
        kind in 0_usize..10,
        id in word(),
        name in word(),
        target in proptest::option::of(word()),
    ) {
        let [id, name] = [id, name].map(SecretKey::escape);
        let mut key = SecretKey::in_scope(scope(kind, &id), &name);
        if let Some(target) = &target {
            key = key.target_of(SecretKey::escape(target));
        }
        let parsed = SecretKey::parse(key.as_str()).unwrap();
        prop_assert_eq!(&parsed, &key);
        prop_assert_eq!(parsed.scope(), key.scope());
        prop_assert_eq!(parsed.name(), &*name);
        prop_assert_eq!(parsed.target().map(|text| SecretKey::unescape(text).unwrap()), target);
        prop_assert_eq!(key.to_string(), key.as_str());
        prop_assert_eq!(SecretKey::parse(key.as_ref()).unwrap().to_string(), key.to_string());
    }

    #[test]
    fn any_text_parses_to_one_key_or_none(text in "[a-c./@= \0A4global]{0,14}|(org|global|app)/[A.=]{1,4}(/[B@=2E]{1,6})?") {
        match SecretKey::parse(&text) {
            Ok(key) => {
                let bare = key.as_str().strip_prefix("global/");
                prop_assert!(key.as_str() == text || bare == Some(&*text), "{:?} became {:?}", text, key.as_str());
                prop_assert_eq!(SecretKey::parse(key.as_str()).unwrap(), key);
            }
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::InvalidKey);
                prop_assert_eq!(text.to_key().unwrap_err().kind(), ErrorKind::InvalidKey);
            }
        }
    }

    #[test]
    fn different_words_make_different_keys(one in word(), other in word()) {
        prop_assert_eq!(one == other, SecretKey::escape(&one) == SecretKey::escape(&other));
    }

    #[test]
    fn constructors_never_panic_and_bad_parts_are_told(scope_id in ".{0,8}", name in ".{0,8}", target in ".{0,8}") {
        let key = SecretKey::in_scope(SecretScope::org(scope_id.as_str()), &name).target_of(&target);
        let parts_are_fine = [&scope_id, &name, &target].into_iter().all(|part| SecretKey::unescape(part).is_ok());
        prop_assert_eq!(key.check().is_ok(), parts_are_fine);
        let _ = (key.id().is_some(), key.name().len(), key.target().is_some(), format!("{key:?} {key}"));
    }
}
