//! Keys at the verbs: what is no key is `invalid_key` everywhere, and every key works.

use strongroom::backend::MetadataUpdate;
use strongroom::{ErrorKind, GenerateSpec, RollbackTo, Secret, SecretKey, SecretScope, Version};

use super::backends::Env;

/// Texts that are no keys.
fn bad_texts() -> Vec<String> {
    let mut bad: Vec<String> = [
        "",
        "/",
        "//",
        ".",
        "..",
        "a b",
        " a",
        "a ",
        "a/b",
        "org/acme",
        "org//name",
        "org/acme/",
        "/name",
        "name/",
        "org/acme/name/more",
        "global/acme/name",
        "planet/earth/name",
        "Org/acme/name",
        "org/./name",
        "org/../name",
        "org/acme/..",
        "name@",
        "@target",
        "a@b@c",
        "name@.",
        "name@..",
        "a\0b",
        "a\nb",
        "a\u{7f}",
        "tab\t",
        "schlüssel",
        "🔑",
        "a=4",
        "a=",
        "a=zz",
        "a=3d",
        "=41",
        "=2e",
        "a=2E",
        "===",
        "a==",
        "a\\b",
        "a:b",
        "a*b",
        "${A}",
        "a%20b",
        "a,b",
    ]
    .map(str::to_owned)
    .into();
    for long in [
        "x".repeat(1025),
        format!("org/{}/name", "x".repeat(1025)),
        format!("name@{}", "x".repeat(1025)),
    ] {
        bad.push(long);
    }
    bad.push("=20".repeat(342));
    bad
}

fn every_verb_refuses(env: &Env, key: impl strongroom::AsKey + Clone, shown: &str) {
    let client = &env.client;
    let check = |verb: &str, error: Option<strongroom::Error>| {
        let error = error.unwrap_or_else(|| panic!("{verb}({shown:?}) worked"));
        assert_eq!(error.kind(), ErrorKind::InvalidKey, "{verb}({shown:?}): {error}");
        let text = format!("{error} {error:?}");
        assert!(
            !text.chars().any(|c| c.is_control()),
            "control characters are escaped: {text:?}"
        );
    };
    check("get", client.get(key.clone()).err());
    check("get_value", client.get_value(key.clone()).err());
    check("get_into", client.get_into(key.clone(), &mut [0; 4]).err());
    check(
        "get_version",
        client.get_version(key.clone(), &Version::from_number(1)).err(),
    );
    check("get_many", client.get_many(std::slice::from_ref(&key)).err());
    check("exists", client.exists(key.clone()).err());
    check("describe", client.describe(key.clone()).err());
    check("set", client.set(key.clone(), &Secret::new("v")).err());
    check("set_api_key", client.set_api_key(key.clone(), "v", None).err());
    check("update_value", client.update_value(key.clone(), "v").err());
    check(
        "update_metadata",
        client.update_metadata(key.clone(), &MetadataUpdate::new()).err(),
    );
    check(
        "get_or_generate",
        client.get_or_generate(key.clone(), &GenerateSpec::hex(8)).err(),
    );
    check("rotate", client.rotate(key.clone(), "v").err());
    check("delete", client.delete(key.clone()).err());
    check("versions", client.versions(key.clone()).err());
    check("rollback", client.rollback(key, RollbackTo::back(1)).err());
}

tests! { "keys";
    fn a_text_that_is_no_key_is_invalid_at_every_verb(env) needs [write versions] {
        for text in bad_texts() {
            every_verb_refuses(env, text.as_str(), &text);
        }
    }

    fn a_name_that_is_no_segment_is_invalid_at_every_verb(env) needs [write versions] {
        for name in ["", ".", "..", "a b", "a/b", "global/a", "a@b", "a\0", "ü", "a=", "=41"] {
            every_verb_refuses(env, SecretKey::new(name), name);
            every_verb_refuses(env, SecretKey::with_target("A", name), name);
            every_verb_refuses(env, SecretKey::in_scope(SecretScope::org(name), "A"), name);
        }
    }

    fn every_kind_of_scope_holds_a_secret_of_its_own(env) needs [write] {
        let id = env.scope().id().unwrap().to_owned();
        let scopes: [SecretScope; 9] = [
            SecretScope::org(id.as_str()),
            SecretScope::team(id.as_str()),
            SecretScope::workspace(id.as_str()),
            SecretScope::project(id.as_str()),
            SecretScope::env(id.as_str()),
            SecretScope::node(id.as_str()),
            SecretScope::app(id.as_str()),
            SecretScope::component(id.as_str()),
            SecretScope::user(id),
        ];
        for scope in &scopes {
            env.client
                .set(
                    SecretKey::in_scope(scope.clone(), "NAME"),
                    &Secret::new(scope.to_string()),
                )
                .unwrap();
        }
        for scope in &scopes {
            assert_eq!(
                env.client.value(format!("{scope}/NAME")),
                scope.to_string().into_bytes()
            );
        }
    }

    fn odd_but_valid_names_work(env) needs [write cas] {
        let longest = "x".repeat(1024);
        let umlauts = SecretKey::escape("ü".repeat(150));
        for name in [
            "==",
            "=2E",
            "=2E=2E",
            "...",
            "-",
            "_",
            ".a",
            "a.",
            "-rf",
            "=3D",
            "=00",
            "=FF",
            "=2F",
            "con",
            "NUL",
            "0",
            "__proto__",
            "secrets.json",
            &longest,
            &umlauts,
            &SecretKey::escape("a/b@c d"),
        ] {
            let key = env.key(name);
            if key.target_of(name).as_str().len() > env.can().max_key {
                continue;
            }
            env.client.set(&key, &Secret::new(name)).unwrap();
            assert_eq!(env.client.value(&key), name.as_bytes(), "{name}");
            assert_eq!(env.client.value(key.as_str()), name.as_bytes(), "{name} as text");
            env.client.set(key.target_of(name), &Secret::new("t")).unwrap();
            assert_eq!(env.client.value(key.target_of(name)), b"t");
        }
    }

    fn case_matters(env) needs [write] {
        env.client.set(env.key("Name"), &Secret::new("1")).unwrap();
        assert!(env.client.get(env.key("name")).unwrap().is_none());
        assert!(env.client.get(env.key("NAME")).unwrap().is_none());
    }

    fn three_hundred_bytes_beyond_ascii_fit_in_a_name(env) needs [write cas long] {
        let word = "漢".repeat(100);
        let key = env.key(&SecretKey::escape(&word));
        env.client.set(&key, &Secret::new("v")).unwrap();
        assert_eq!(env.client.value(&key), b"v");
        assert_eq!(SecretKey::unescape(key.name()).unwrap(), word.as_bytes());
    }
}
