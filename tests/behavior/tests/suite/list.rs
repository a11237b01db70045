//! `list`: names and what is cheaply known, sorted, paged, filtered; never values.

use strongroom::backend::{Capabilities, EntryName, Persistence};
use strongroom::{ErrorKind, ListOptions, Secret, SecretKey, SecretManager, SecretScope};
use time::OffsetDateTime;

use super::backends::Env;
use super::harness::fails;
use super::minimal::Minimal;

/// The names of this test's scope on all pages of `limit`.
fn names(env: &Env, options: &ListOptions) -> Vec<String> {
    let page = env.client.list(options.clone()).unwrap();
    assert!(page.next.is_none(), "without a limit there is one page");
    page.entries
        .iter()
        .map(|entry| entry.name.key().unwrap().name().to_owned())
        .collect()
}

fn own(env: &Env) -> ListOptions {
    ListOptions::new().scope(env.scope())
}

fn fill(env: &Env, names: &[&str]) {
    for name in names {
        env.client.set(env.key(name), &Secret::new("v")).unwrap();
    }
}

tests! { "list";
    fn nothing_stored_is_an_empty_page(env) needs [list] {
        let page = env.client.list(own(env)).unwrap();
        assert!(page.entries.is_empty() && page.next.is_none());
    }

    fn it_is_unsupported_where_names_cannot_be_listed(env) lacks [list] {
        fails(env.client.list(own(env)), ErrorKind::Unsupported);
    }

    fn names_come_sorted_by_key(env) needs [write list] {
        fill(env, &["b", "a", "B", "A1", "A", "a.b", "a-b", "a_b", "=20", "10", "9"]);
        let mut expected: Vec<String> = ["b", "a", "B", "A1", "A", "a.b", "a-b", "a_b", "=20", "10", "9"]
            .map(str::to_owned)
            .into();
        expected.sort();
        assert_eq!(names(env, &own(env)), expected);
    }

    fn names_come_sorted_across_scopes_and_targets(env) needs [write list] {
        let key = env.key("X");
        let id = key.id().unwrap().to_owned();
        let mut keys = vec![
            key.clone(),
            key.target_of("a"),
            SecretKey::in_scope(SecretScope::user(id.as_str()), "A"),
            SecretKey::in_scope(SecretScope::app(id.as_str()), "Z"),
            env.key("X-1"),
        ];
        for key in &keys {
            env.client.set(key, &Secret::new("v")).unwrap();
        }
        keys.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        let listed = env.client.list(ListOptions::new()).unwrap().entries;
        let listed: Vec<_> = listed
            .iter()
            .filter_map(|entry| entry.name.key())
            .filter(|key| key.id() == Some(&id))
            .cloned()
            .collect();
        assert_eq!(listed, keys);
    }

    fn pages_together_are_the_whole(env) needs [write list] {
        let all: Vec<String> = (0..17).map(|at| format!("K{at:02}")).collect();
        fill(env, &all.iter().map(String::as_str).collect::<Vec<_>>());
        for limit in [1, 2, 5, 16, 17, 18, usize::MAX] {
            let mut seen = Vec::new();
            let mut options = own(env).limit(limit);
            loop {
                let page = env.client.list(options.clone()).unwrap();
                assert!(page.entries.len() <= limit);
                seen.extend(
                    page.entries
                        .iter()
                        .map(|entry| entry.name.key().unwrap().name().to_owned()),
                );
                let Some(next) = page.next else { break };
                assert!(!page.entries.is_empty(), "a page with a successor has entries");
                assert!(seen.len() < all.len(), "the pages come to an end");
                options = own(env).limit(limit).after(next);
            }
            assert_eq!(seen, all, "limit {limit}");
        }
    }

    fn a_page_may_begin_after_a_key_that_is_gone(env) needs [write list] {
        fill(env, &["A", "B", "C"]);
        env.client.delete(env.key("B")).unwrap();
        assert_eq!(names(env, &own(env).after(env.key("B"))), ["C"]);
        assert_eq!(names(env, &own(env).after(env.key("A0"))), ["C"]);
        assert!(names(env, &own(env).after(env.key("C"))).is_empty());
    }

    fn a_page_of_no_entries_is_an_invalid_argument(env) needs [list] {
        fails(env.client.list(own(env).limit(0)), ErrorKind::InvalidArgument);
    }

    fn a_prefix_begins_the_text_or_within_a_scope_the_name(env) needs [write list] {
        fill(env, &["DB_URL", "DB_PASSWORD", "API_KEY"]);
        let scope = env.scope();
        assert_eq!(
            names(env, &ListOptions::new().prefix(format!("{scope}/DB_"))),
            ["DB_PASSWORD", "DB_URL"]
        );
        assert_eq!(names(env, &own(env).prefix(format!("{scope}/API"))), ["API_KEY"]);
        assert_eq!(names(env, &own(env).prefix("DB_")), ["DB_PASSWORD", "DB_URL"]);
        assert!(names(env, &own(env).prefix("B_")).is_empty());
        assert_eq!(names(env, &own(env).prefix("")).len(), 3);
    }

    fn scopes_with_a_common_beginning_are_told_apart(env) needs [write list] {
        let longer = SecretScope::project(format!("{}2", env.scope().id().unwrap()));
        fill(env, &["A"]);
        env.client
            .set(SecretKey::in_scope(longer.clone(), "B"), &Secret::new("v"))
            .unwrap();
        assert_eq!(names(env, &own(env)), ["A"]);
        assert_eq!(names(env, &ListOptions::new().scope(longer)), ["B"]);
    }

    fn filters_hold_together_and_with_pages(env) needs [write list metadata] {
        for (name, provider) in [("A1", "x"), ("A2", "y"), ("A3", "x"), ("B1", "x"), ("A4", "x")] {
            env.client
                .set(env.key(name), &Secret::with_provider("v", provider))
                .unwrap();
        }
        fill(env, &["A0"]);
        assert_eq!(names(env, &own(env).provider("x")), ["A1", "A3", "A4", "B1"]);
        assert!(names(env, &own(env).provider("X")).is_empty());
        let filter = own(env).provider("x").prefix(format!("{}/A", env.scope()));
        assert_eq!(names(env, &filter), ["A1", "A3", "A4"]);
        let page = env.client.list(filter.clone().limit(2)).unwrap();
        assert_eq!((page.entries.len(), page.next), (2, Some(env.key("A3"))));
        let rest = env.client.list(filter.limit(2).after(env.key("A3"))).unwrap();
        assert_eq!(
            (rest.entries.len(), rest.next),
            (1, None),
            "a full page with nothing after it has no successor"
        );
    }

    fn a_provider_that_changed_is_found_by_its_new_name_only(env) needs [write list metadata] {
        let key = env.key("K");
        env.client.set(&key, &Secret::with_provider("v", "old")).unwrap();
        env.client.set(&key, &Secret::with_provider("v", "new")).unwrap();
        assert!(names(env, &own(env).provider("old")).is_empty());
        assert_eq!(names(env, &own(env).provider("new")), ["K"]);
    }

    fn expired_secrets_are_listed_and_flagged(env) needs [write list expiry] {
        env.client
            .set(
                env.key("OLD"),
                &Secret::new("v").with_expiry(OffsetDateTime::UNIX_EPOCH),
            )
            .unwrap();
        fill(env, &["NEW"]);
        let mut options = own(env);
        // A service tells names alone.
        options.full_metadata = env.can().persistence == Persistence::Remote;
        let page = env.client.list(options).unwrap();
        let flags: Vec<_> = page
            .entries
            .iter()
            .map(|entry| (entry.name.key().unwrap().name(), entry.expired))
            .collect();
        assert_eq!(flags, [("NEW", false), ("OLD", true)]);
    }

    fn full_metadata_tells_everything_but_the_value(env) needs [write list metadata expiry versions] {
        let key = env.key("FULL");
        let expiry = OffsetDateTime::from_unix_timestamp(4_000_000_000).unwrap();
        let secret = Secret::with_provider("canary-51ce", "aws")
            .with_scope_of_use("s3")
            .with_label("l", "v")
            .with_expiry(expiry);
        env.client.set(&key, &secret).unwrap();
        let page = env.client.list(own(env).full_metadata()).unwrap();
        assert!(!format!("{page:?}").contains("canary-51ce"));
        let described = env.client.describe(&key).unwrap().unwrap().metadata;
        assert_eq!(page.entries[0].metadata, described);
    }

    fn deleted_secrets_are_not_listed(env) needs [write list] {
        fill(env, &["A", "B"]);
        env.client.delete(env.key("A")).unwrap();
        assert_eq!(names(env, &own(env)), ["B"]);
    }

    fn names_that_are_no_keys_come_back_as_references(env) lacks [list write] {
        let mut can = Capabilities::minimal(Persistence::Process, 64);
        can.list = true;
        let builder = SecretManager::builder()
            .app("behavior")
            .without_environment()
            .backend_instance(Minimal::new(can));
        let client = env.open_with(builder);
        let page = client.list(ListOptions::new()).unwrap();
        let [key, reference] = &page.entries[..] else {
            panic!("two entries, not {}", page.entries.len())
        };
        assert_eq!(key.name, EntryName::Key(SecretKey::new("ONE")));
        assert!(matches!(&reference.name, EntryName::Reference(name) if name == "some one else's: item"));
        assert!(reference.name.key().is_none());
    }
}
