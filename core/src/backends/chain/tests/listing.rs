//! The merged list.

use std::sync::Arc;

use super::{Three, fails, put};
use crate::ListOptions;
use crate::backend::{ListPage, Operation};
use crate::backends::fault::LimitedBackend;
use crate::backends::memory::MemoryBackend;
use crate::blocking::SecretManager;
use crate::error::ErrorKind;
use crate::secret::Secret;

fn names(page: &ListPage) -> Vec<String> {
    page.entries.iter().map(|entry| entry.name.to_string()).collect()
}

/// Every page of a list, by their ends.
fn pages(manager: &SecretManager, limit: usize, provider: Option<&str>) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let mut options = ListOptions::new().limit(limit);
        options.after = after;
        options.filter.provider = provider.map(str::to_owned);
        let page = manager.list(options).unwrap();
        pages.push(names(&page));
        match page.next {
            Some(next) => after = Some(next),
            None => return pages,
        }
    }
}

#[test]
fn it_is_sorted_and_the_first_member_of_each_key_wins() {
    let three = Three::new(None, false);
    for (at, key) in [(0, "B"), (1, "A"), (1, "B"), (2, "B"), (2, "C"), (0, "D")] {
        three.put(at, key, &Secret::with_provider("v", format!("p{at}")));
    }
    let page = three.manager().list(ListOptions::new()).unwrap();
    let told: Vec<_> = page
        .entries
        .iter()
        .map(|entry| {
            (
                entry.name.key().unwrap().name(),
                entry.metadata.provider.as_deref().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("A", "p1"), ("B", "p0"), ("C", "p2"), ("D", "p0")]);
    assert!(page.next.is_none());
}

#[test]
fn pages_part_it_without_a_gap_or_a_double() {
    let three = Three::new(None, false);
    for number in 0..20 {
        for at in 0..3 {
            if number % (at + 1) == 0 {
                three.put(at, &format!("K{number:02}"), &Secret::new("v"));
            }
        }
    }
    let manager = three.manager();
    let all = names(&manager.list(ListOptions::new()).unwrap());
    assert_eq!(all.len(), 20);
    for limit in [1, 2, 3, 7, 19, 20, 21] {
        let pages = pages(&manager, limit, None);
        assert!(pages.iter().all(|page| page.len() <= limit));
        assert_eq!(
            pages.len(),
            20_usize.div_ceil(limit),
            "{limit}: no empty page at the end"
        );
        assert_eq!(pages.concat(), all, "{limit}");
    }
    fails(manager.list(ListOptions::new().limit(0)), ErrorKind::InvalidArgument);
}

#[test]
fn a_shadowed_entry_is_not_found_by_its_provider() {
    let three = Three::new(None, false);
    for number in 0..5 {
        let key = format!("K{number}");
        three.put(1, &key, &Secret::with_provider("v", "wanted"));
        if number % 2 == 0 {
            three.put(0, &key, &Secret::with_provider("v", "other"));
        }
    }
    assert_eq!(
        pages(&three.manager(), 1, Some("wanted")).concat(),
        ["global/K1", "global/K3"]
    );
    assert_eq!(pages(&three.manager(), 10, Some("other")).concat().len(), 3);
    assert_eq!(pages(&three.manager(), 1, Some("nobody")), [Vec::<String>::new()]);
}

#[test]
fn a_member_that_cannot_list_is_named() {
    let first = Arc::new(MemoryBackend::new());
    put(&*first, "K", &Secret::new("v"));
    let second = LimitedBackend::without(Arc::new(MemoryBackend::new()), |can| can.list = false);
    let chain = super::Chain::new(vec![first, second], Some(0), true);
    let builder = crate::SecretManager::builder().without_environment();
    let manager = builder.backend_instance(Arc::new(chain)).open_blocking().unwrap();
    assert!(!manager.backend().capabilities().list);
    let error = fails(manager.list(ListOptions::new()), ErrorKind::Unsupported);
    assert!(error.message().contains("member `limited`"), "{error}");
    assert_eq!(error.backend(), Some("limited"));
}

#[test]
fn a_list_with_a_hole_is_an_error_whatever_reads_are_allowed() {
    let three = Three::new(None, true);
    three.put(0, "K", &Secret::new("v"));
    for kind in super::OUT_OF_REACH.into_iter().chain(super::STOPS) {
        three.fail(2, Operation::List, kind);
        fails(three.manager().list(ListOptions::new()), kind);
    }
}

#[cfg(feature = "env")]
#[test]
fn a_chain_over_variables_says_how_they_are_listed() {
    let builder = crate::SecretManager::builder().without_environment().backend("chain");
    let manager = builder.option("chain.members", "memory,env").open_blocking().unwrap();
    let error = fails(manager.list(ListOptions::new()), ErrorKind::Unsupported);
    assert!(
        error.help().contains("env.known") && error.help().contains("env.mapping"),
        "{error}"
    );
}

#[cfg(feature = "file")]
#[test]
fn a_key_that_a_read_cannot_come_to_is_listed_once_and_not_as_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.json");
    let open = |members: &str| {
        let builder = crate::SecretManager::builder().without_environment().backend("chain");
        let builder = builder.option("chain.members", members).option("chain.writer", "file");
        builder
            .option("file.path", path.to_str().unwrap())
            .open_blocking()
            .unwrap()
    };
    let first = open("file,memory");
    first.set("k", &Secret::new("canary")).unwrap();
    first.set("l", &Secret::new("v")).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"canary\"", "17")).unwrap();
    drop(first);
    let memory = Arc::new(MemoryBackend::new());
    put(&*memory, "k", &Secret::new("v"));
    put(&*memory, "m", &Secret::new("v"));
    let mut settings = crate::Settings::new();
    settings
        .set("file.path", path.to_str().unwrap(), crate::Origin::Builder)
        .unwrap();
    let file = crate::testing::open_backend("file", "strongroom", &settings, &super::cx()).unwrap();
    let over = |members: Vec<Arc<dyn crate::backend::Backend>>| {
        let chain = super::Chain::new(members, None, false);
        let builder = crate::SecretManager::builder().without_environment();
        builder.backend_instance(Arc::new(chain)).open_blocking().unwrap()
    };
    let told = |manager: &SecretManager| {
        let page = manager.list(ListOptions::new()).unwrap();
        let entries = page.entries.iter();
        let told = entries.map(|entry| (entry.name.to_string(), entry.name.key().is_some()));
        told.collect::<Vec<_>>()
    };
    let named = |name: &str, is_key| (format!("global/{name}"), is_key);
    let hidden = over(vec![file.clone(), memory.clone()]);
    fails(hidden.get("k"), ErrorKind::Integrity);
    assert_eq!(told(&hidden), [named("l", true), named("m", true), named("k", false)]);
    let readable = over(vec![memory, file]);
    assert!(readable.get("k").unwrap().is_some());
    assert_eq!(told(&readable), [named("k", true), named("l", true), named("m", true)]);
}
