//! `resolve`: what references lead to.

use strongroom::backend::Operation;
use strongroom::testing::Fault;
use strongroom::{ErrorKind, Secret};

use super::harness::fails;

tests! { "resolve";
    fn it_finds_what_get_finds(env) needs [write] {
        let key = env.key("A");
        let reference = format!("secret://{key}");
        assert!(env.client.resolve(&reference).unwrap().is_none());
        env.client.set(&key, &Secret::new(r#"{"user":"sam"}"#)).unwrap();
        let found = env.client.resolve(&reference).unwrap().unwrap();
        assert_eq!(found.value.expose(), env.client.value(&key));
        let user = env.client.resolve(&format!("{reference}#/user")).unwrap().unwrap();
        assert_eq!(user.value.expose(), b"sam");
        assert!(env.client.resolve(&format!("{reference}#/none")).unwrap().is_none());
    }

    fn a_former_version_is_found(env) needs [write versions] {
        let key = env.key("A");
        let first = env.client.set(&key, &Secret::new("one")).unwrap().version.unwrap();
        env.client.set(&key, &Secret::new("two")).unwrap();
        let found = env.client.resolve(&format!("secret://{key}?version={first}")).unwrap().unwrap();
        assert_eq!(found.value.expose(), b"one");
    }

    fn a_stored_reference_is_followed_once(env) needs [write metadata] {
        let [target, one, two] = ["TARGET", "ONE", "TWO"].map(|name| env.key(name));
        env.client.set(&target, &Secret::with_provider("v", "openai")).unwrap();
        env.client.set(&one, &Secret::reference(&format!("secret://{target}")).unwrap()).unwrap();
        env.client.set(&two, &Secret::reference(&format!("secret://{one}")).unwrap()).unwrap();
        let found = env.client.resolve(&format!("secret://{one}")).unwrap().unwrap();
        assert_eq!((found.value.expose(), found.metadata.provider.as_deref()), (&b"v"[..], Some("openai")));
        let error = fails(env.client.resolve(&format!("secret://{two}")), ErrorKind::InvalidValue);
        assert_eq!((error.operation(), error.key()), (Some(Operation::Resolve), Some(two.as_str())));
        assert_eq!(env.client.value(&one), format!("secret://{target}").as_bytes(), "every other verb shows it");
    }

    fn other_schemes_must_be_allowed(env) needs [] {
        for reference in ["vault:a#b", "aws:a", "env:PATH", "file:/etc/hostname"] {
            let error = fails(env.client.resolve(reference), ErrorKind::PolicyDenied);
            assert_eq!(error.setting(), Some("references"), "{reference}");
        }
        fails(env.client.resolve("no reference"), ErrorKind::InvalidArgument);
    }

    fn the_backends_errors_are_its_own(env) [scripted] needs [] {
        env.fault().on(Operation::Get).times(1).then(Fault::Denied);
        fails(env.client.resolve(&format!("secret://{}", env.key("A"))), ErrorKind::PermissionDenied);
    }
}
