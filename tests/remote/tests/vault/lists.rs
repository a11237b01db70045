//! Listing by folder, page and filter.

use serde_json::json;
use strongroom::blocking::SecretManager;
use strongroom::{ListOptions, Secret, SecretKey, SecretScope};
use strongroom_fakes::OpenBao;

use crate::{open, requests};

fn listed(manager: &SecretManager, options: ListOptions) -> Vec<String> {
    let page = manager.list(options).unwrap();
    page.entries.iter().map(|entry| entry.name.to_string()).collect()
}

#[test]
fn names_are_listed_by_folder_page_and_filter() {
    let bao = OpenBao::dev();
    let manager = open(&bao);
    assert!(listed(&manager, ListOptions::new()).is_empty());
    let keys = [
        "global/a",
        "global/a-b",
        "global/b",
        "global/tail",
        "org/acme/a@prod",
        "org/acme/b",
        "org/other/a",
        "user/u/a",
    ];
    for key in keys {
        manager
            .set(
                key,
                &Secret::with_provider("v", if key.ends_with('b') { "p" } else { "q" }),
            )
            .unwrap();
    }
    for name in ["stranger", "global/odd name", "global/tail/deep", "org/acme/x/y"] {
        bao.write(
            &format!("secret/data/app/{}", name.replace(' ', "%20")),
            &json!({"data": {"a": "b"}}),
        );
    }
    bao.write("secret/data/app2/global/elsewhere", &json!({"data": {"a": "b"}}));
    let mut all: Vec<_> = keys.map(str::to_owned).to_vec();
    all.extend(["global/odd name", "global/tail/deep", "org/acme/x/y", "stranger"].map(str::to_owned));
    assert_eq!(listed(&manager, ListOptions::new()), all);

    for (options, expected) in [
        (
            ListOptions::new().scope(SecretScope::org("acme")),
            vec!["org/acme/a@prod", "org/acme/b"],
        ),
        (
            ListOptions::new().scope(SecretScope::global()),
            vec!["global/a", "global/a-b", "global/b", "global/tail"],
        ),
        (ListOptions::new().scope(SecretScope::org("nobody")), vec![]),
        (ListOptions::new().prefix("org/acme/a"), vec!["org/acme/a@prod"]),
        (ListOptions::new().prefix("ta"), vec!["global/tail"]),
        (ListOptions::new().prefix("global/a"), vec!["global/a", "global/a-b"]),
        (ListOptions::new().prefix("str"), vec!["stranger"]),
        (
            ListOptions::new().provider("p"),
            vec!["global/a-b", "global/b", "org/acme/b"],
        ),
        (
            ListOptions::new().provider("p").scope(SecretScope::org("acme")),
            vec!["org/acme/b"],
        ),
    ] {
        assert_eq!(listed(&manager, options.clone()), expected, "{options:?}");
    }

    for limit in [1, 2, 3, 7, 8, 9] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let mut options = ListOptions::new().limit(limit);
            options.after = after;
            let page = manager.list(options).unwrap();
            let found = page.entries.iter().filter(|entry| entry.name.key().is_some()).count();
            assert!(found <= limit);
            seen.extend(page.entries.iter().map(|entry| entry.name.to_string()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        seen.sort();
        let mut expected = all.clone();
        expected.sort();
        assert_eq!(seen, expected, "by {limit}");
    }

    let full = manager
        .list(ListOptions::new().full_metadata().scope(SecretScope::org("acme")))
        .unwrap();
    let providers: Vec<_> = full
        .entries
        .iter()
        .map(|entry| entry.metadata.provider.as_deref())
        .collect();
    assert_eq!(providers, [Some("q"), Some("p")]);
}

#[test]
fn a_folder_of_more_names_than_a_page_has_is_listed_whole() {
    let bao = OpenBao::dev();
    let manager = open(&bao);
    let entries: Vec<_> = (0..1003)
        .map(|at| (SecretKey::new(format!("k{at:04}")), Secret::new("v")))
        .collect();
    assert!(manager.set_many(&entries).unwrap().first_error().is_none());
    assert_eq!(listed(&manager, ListOptions::new()).len(), 1003);
    assert!(requests(&manager)["kv.list"] >= 2, "in pages");
}
