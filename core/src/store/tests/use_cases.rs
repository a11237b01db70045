//! What honest callers do.

use super::*;
use crate::backend::{ListFilter, MetadataUpdate};
use crate::secret::{SecretMetadata, Version};
use crate::store::cbor::Reader;
use crate::store::index::{self, Page};
use crate::store::ledger::{JournalRecord, Mutation};
use crate::timestamp::from_micros;

fn version_of(mutated: &Mutated) -> Version {
    mutated.outcomes[0].version.clone().unwrap()
}

fn page(after: Option<&str>, limit: Option<usize>) -> Page {
    Page {
        filter: ListFilter::new(),
        after: after.map(key),
        limit,
        full: true,
    }
}

fn names(session: &Session, page: &Page) -> Vec<String> {
    let listed = plain(index::list(session, page, &mut Wait::patient(&cx()))).unwrap();
    listed.entries.iter().map(|entry| entry.name.to_string()).collect()
}

#[test]
fn a_secret_comes_back_with_everything() {
    let place = Place::new();
    let session = place.open();
    assert_eq!(get(&session, "org/acme/KEY"), None);
    let metadata = SecretMetadata::new()
        .with_provider("openai")
        .with_scope_of_use("read")
        .with_label("b", "2")
        .with_label("a", "1")
        .with_expiry(from_micros(9_000_000_000_000_001));
    let mut first = entry("org/acme/KEY", "välue");
    first.secret.metadata = metadata.clone();
    let mutated = write::set(&session, &[first], &mut Wait::patient(&cx())).unwrap();
    assert!(mutated.outcomes[0].created);
    drop(session);
    let session = place.open();
    let secret = try_get(&session, "org/acme/KEY").unwrap().unwrap();
    assert_eq!(secret.value.expose(), "välue".as_bytes());
    assert_eq!(secret.metadata.version, Some(version_of(&mutated)));
    assert_eq!(secret.metadata.created_at, secret.metadata.updated_at);
    assert_eq!(
        (&secret.metadata.labels, secret.metadata.expires_at),
        (&metadata.labels, metadata.expires_at)
    );
    let described = plain(read::describe(
        &session,
        &key("org/acme/KEY"),
        &mut Wait::patient(&cx()),
    ))
    .unwrap();
    assert_eq!(described, Some(secret.metadata));
    assert_eq!(get(&session, "org/acme/KEY@x"), None);
    assert_eq!(get(&session, "global/KEY"), None);
}

#[test]
fn values_of_every_size() {
    let place = Place::new();
    let session = place.open();
    for length in [0, 1, 60, 5000, 1 << 20, super::super::MAX_VALUE] {
        let value = vec![b'x'; length];
        let mut large = entry("global/LARGE", "");
        large.secret = Secret::new(value.clone());
        write::set(&session, &[large], &mut Wait::patient(&cx())).unwrap();
        assert_eq!(
            try_get(&session, "global/LARGE").unwrap().unwrap().value.expose(),
            value
        );
    }
    let mut large = entry("global/LARGE", "");
    large.secret = Secret::new(vec![0; super::super::MAX_VALUE + 1]);
    let refused = plain(write::set(&session, &[large], &mut Wait::patient(&cx())));
    assert_eq!(kind(refused), Some(ErrorKind::TooLarge));
    verify(&session).unwrap();
}

#[test]
fn whole_tables_are_walked_in_pieces() {
    let place = Place::new();
    let session = place.open();
    let entries: Vec<Entry> = (0..1100).map(|n| entry(&format!("global/N_{n:04}"), "value")).collect();
    write::set(&session, &entries, &mut Wait::patient(&cx())).unwrap();
    for n in 0..5 {
        let mut large = entry("global/LARGE", "");
        large.secret = Secret::new(vec![n; 200_000]);
        write::set(&session, &[large], &mut Wait::patient(&cx())).unwrap();
    }
    drop(session);
    let session = place.open();
    let report = verify(&session).unwrap();
    assert_eq!((report.secrets, report.versions, report.journal), (1101, 1105, 1105));
    let listed = names(&session, &page(None, None));
    assert_eq!((listed.len(), listed[1100].as_str()), (1101, "global/N_1099"));
    drop(session);
    place.tamper(|c| c.execute("UPDATE journal SET box = x'' WHERE seq = 1000", []));
    let error = verify(&place.open()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
}

#[test]
fn versions_grow_are_pruned_and_never_repeat() {
    let place = Place::new();
    let session = place.open_with(Limits {
        versions: 3,
        journal: 1000,
    });
    let versions: Vec<Version> = (0..5)
        .map(|n| version_of(&set(&session, "global/A", &format!("v{n}"))))
        .collect();
    let numbers: Vec<u64> = versions.iter().map(|version| version.number().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    let old = |version: &Version| {
        plain(read::get(
            &session,
            &key("global/A"),
            Some(version),
            &mut Wait::patient(&cx()),
        ))
        .unwrap()
    };
    assert!(old(&versions[0]).is_none() && old(&versions[1]).is_none());
    for (n, version) in versions.iter().enumerate().skip(2) {
        assert_eq!(old(version).unwrap().value.expose_str().unwrap(), format!("v{n}"));
    }
    assert!(old(&Version::from_word("04")).is_none());
    assert!(old(&Version::from_word("latest")).is_none());
    let listed = plain(read::versions(&session, &key("global/A"), &mut Wait::patient(&cx())))
        .unwrap()
        .unwrap();
    assert_eq!(
        listed
            .iter()
            .map(|entry| entry.version.number().unwrap())
            .collect::<Vec<_>>(),
        [5, 4, 3]
    );
    assert!(listed[0].current && !listed[1].current);
    let report = verify(&session).unwrap();
    assert_eq!(
        (report.secrets, report.versions, report.journal, report.sequence),
        (1, 3, 5, 5)
    );
    write::delete(&session, &key("global/A"), &Condition::Any, &mut Wait::patient(&cx())).unwrap();
    assert_eq!(version_of(&set(&session, "global/A", "again")).number(), Some(7));
    verify(&session).unwrap();
}

#[test]
fn conditions_decide() {
    let place = Place::new();
    let session = place.open();
    let attempt = |condition: Condition| {
        let entry = Entry {
            condition,
            ..entry("global/A", "x")
        };
        plain(write::set(&session, &[entry], &mut Wait::patient(&cx())))
    };
    assert_eq!(
        kind(attempt(Condition::Is(Version::from_number(1)))),
        Some(ErrorKind::Conflict)
    );
    let first = version_of(&attempt(Condition::Absent).unwrap());
    assert_eq!(kind(attempt(Condition::Absent)), Some(ErrorKind::Conflict));
    let second = version_of(&attempt(Condition::Is(first.clone())).unwrap());
    assert_eq!(kind(attempt(Condition::Is(first.clone()))), Some(ErrorKind::Conflict));
    let stale = write::delete(
        &session,
        &key("global/A"),
        &Condition::Is(first.clone()),
        &mut Wait::patient(&cx()),
    );
    assert_eq!(kind(plain(stale)), Some(ErrorKind::Conflict));
    write::delete(&session, &key("global/A"), &Condition::Any, &mut Wait::patient(&cx())).unwrap();
    attempt(Condition::Absent).unwrap();
    assert_eq!(
        kind(attempt(Condition::Is(second))),
        Some(ErrorKind::Conflict),
        "no ABA"
    );
    let report = verify(&session).unwrap();
    assert_eq!(report.journal, 4, "what was refused left nothing");
}

#[test]
fn metadata_changes_keep_version_and_value() {
    let place = Place::new();
    let session = place.open();
    let version = version_of(&set(&session, "global/A", "value"));
    let update = MetadataUpdate::new().provider("github").expires_at(from_micros(5));
    let change = |condition: &Condition| {
        plain(write::update_metadata(
            &session,
            &key("global/A"),
            &update,
            condition,
            &mut Wait::patient(&cx()),
        ))
    };
    let mutated = change(&Condition::Is(version.clone())).unwrap();
    assert_eq!(version_of(&mutated), version);
    assert_eq!(
        kind(change(&Condition::Is(Version::from_number(99)))),
        Some(ErrorKind::Conflict)
    );
    let secret = try_get(&session, "global/A").unwrap().unwrap();
    assert_eq!(secret.value.expose(), b"value");
    assert_eq!(secret.metadata.provider.as_deref(), Some("github"));
    assert_eq!(secret.metadata.expires_at, Some(from_micros(5)));
    let missing = write::update_metadata(
        &session,
        &key("global/B"),
        &update,
        &Condition::Any,
        &mut Wait::patient(&cx()),
    );
    assert_eq!(kind(plain(missing)), Some(ErrorKind::NotFound));
    assert_eq!(
        version_of(&set(&session, "global/A", "next")).number(),
        Some(3),
        "the change took a number of its own"
    );
    verify(&session).unwrap();
}

#[test]
fn rollback_writes_a_new_version_without_expiry() {
    let place = Place::new();
    let session = place.open();
    let mut first = entry("global/A", "one");
    first.secret.metadata = SecretMetadata::new().with_provider("p").with_expiry(from_micros(7));
    let first = version_of(&write::set(&session, &[first], &mut Wait::patient(&cx())).unwrap());
    set(&session, "global/A", "two");
    let back = |version: &Version| {
        plain(write::rollback(
            &session,
            &key("global/A"),
            version,
            &mut Wait::patient(&cx()),
        ))
    };
    assert_eq!(version_of(&back(&first).unwrap()).number(), Some(3));
    let secret = try_get(&session, "global/A").unwrap().unwrap();
    assert_eq!(secret.value.expose(), b"one");
    assert_eq!(
        (secret.metadata.provider.as_deref(), secret.metadata.expires_at),
        (Some("p"), None)
    );
    assert_eq!(kind(back(&Version::from_number(9))), Some(ErrorKind::NotFound));
    assert_eq!(
        kind(plain(write::rollback(
            &session,
            &key("global/B"),
            &first,
            &mut Wait::patient(&cx())
        ))),
        Some(ErrorKind::NotFound)
    );
    verify(&session).unwrap();
}

#[test]
fn batches_are_all_or_nothing() {
    let place = Place::new();
    let session = place.open();
    let mut entries: Vec<Entry> = (0..50).map(|n| entry(&format!("global/K{n:02}"), "x")).collect();
    entries.push(Entry {
        condition: Condition::Is(Version::from_number(3)),
        ..entry("global/LAST", "x")
    });
    assert_eq!(
        kind(plain(write::set(&session, &entries, &mut Wait::patient(&cx())))),
        Some(ErrorKind::Conflict)
    );
    assert_eq!(get(&session, "global/K00"), None);
    entries.pop();
    let mutated = write::set(&session, &entries, &mut Wait::patient(&cx())).unwrap();
    assert_eq!(mutated.outcomes.len(), 50);
    assert!(mutated.outcomes.iter().all(|outcome| outcome.step == mutated.step));
    let report = verify(&session).unwrap();
    assert_eq!((report.secrets, report.sequence, report.journal), (50, 50, 50));
}

#[test]
fn the_journal_is_trimmed_and_stays_a_chain() {
    let place = Place::new();
    let session = place.open_with(Limits {
        versions: 1,
        journal: 100,
    });
    for n in 0..130 {
        set(&session, "global/A", &n.to_string());
    }
    let report = verify(&session).unwrap();
    assert_eq!((report.journal, report.sequence), (100, 130));
    drop(session);
    let (least, count): (i64, i64) = place.tamper(|c| {
        c.query_row("SELECT min(seq), count(*) FROM journal", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    });
    assert_eq!((least, count), (31, 100));
    // A lower limit of a later opening takes effect with the next write.
    let session = place.open_with(Limits {
        versions: 1,
        journal: 10,
    });
    set(&session, "global/A", "last");
    assert_eq!(verify(&session).unwrap().journal, 10);
}

#[test]
fn the_journal_says_who_and_why() {
    let record = JournalRecord {
        previous: [1; 32],
        at: 5,
        mutation: Mutation::Delete,
        sid: [2; 16],
        name: "global/A",
        version: 9,
    };
    let options = crate::context::CallOptions {
        actor: Some("ann".into()),
        reason: Some("é".repeat(2000).into()),
        ..crate::context::CallOptions::default()
    };
    let cx = CallContext::with_options(
        Face::Blocking,
        Duration::from_secs(1),
        crate::context::PromptPolicy::Never,
        options,
    );
    let bytes = record.encode(&cx);
    assert_eq!(JournalRecord::previous_of(&bytes), Ok([1; 32]));
    assert_eq!(JournalRecord::check(&bytes), Ok([1; 32]));
    let mut fields = super::super::cbor::Fields::parse(&bytes).unwrap();
    assert_eq!(fields.need(7, Reader::text), Ok("ann"));
    assert_eq!(fields.need(8, Reader::text), Ok("é".repeat(512).as_str()));
    assert_eq!(fields.take(9, Reader::text), Ok(None));
}

#[test]
fn lists_are_sorted_filtered_and_paged() {
    let place = Place::new();
    let session = place.open();
    let mut entries: Vec<Entry> = ["org/b/X", "global/C", "org/a/X", "global/A", "global/B"]
        .map(|text| entry(text, "v"))
        .into();
    entries[1].secret.metadata = SecretMetadata::new().with_provider("p").with_label("l", "1");
    write::set(&session, &entries, &mut Wait::patient(&cx())).unwrap();
    let all = ["global/A", "global/B", "global/C", "org/a/X", "org/b/X"];
    assert_eq!(names(&session, &page(None, None)), all);
    assert_eq!(names(&session, &page(Some("global/B"), Some(2))), all[2..4]);
    let listed = plain(index::list(&session, &page(None, Some(5)), &mut Wait::patient(&cx()))).unwrap();
    assert_eq!(listed.next, None);
    assert_eq!(listed.entries[2].metadata.labels.len(), 1);
    let listed = plain(index::list(&session, &page(None, Some(4)), &mut Wait::patient(&cx()))).unwrap();
    assert_eq!(listed.next, Some(key("org/a/X")));
    let mut filtered = page(None, None);
    filtered.filter.provider = Some("p".into());
    assert_eq!(names(&session, &filtered), ["global/C"]);
    filtered.filter = ListFilter {
        prefix: Some("org/".into()),
        ..ListFilter::new()
    };
    filtered.full = false;
    assert_eq!(names(&session, &filtered), all[3..]);
}

#[test]
fn the_index_follows_own_writes_and_sees_foreign_ones() {
    let place = Place::new();
    let (ours, other) = (place.open(), place.open());
    set(&ours, "global/B", "1");
    assert_eq!(names(&ours, &page(None, None)), ["global/B"]);
    assert!(index::is_warm(&ours));
    index::follow(&ours, &set(&ours, "global/A", "1"));
    index::follow(&ours, &set(&ours, "global/B", "2"));
    assert!(index::is_warm(&ours), "patched, not dropped");
    let listed = plain(index::list(&ours, &page(None, None), &mut Wait::patient(&cx()))).unwrap();
    let versions: Vec<u64> = listed
        .entries
        .iter()
        .map(|e| e.metadata.version.as_ref().unwrap().number().unwrap())
        .collect();
    assert_eq!(versions, [2, 3]);
    set(&other, "global/C", "1");
    assert!(!index::is_warm(&ours));
    assert_eq!(names(&ours, &page(None, None)), ["global/A", "global/B", "global/C"]);
    index::follow(
        &ours,
        &write::delete(&ours, &key("global/A"), &Condition::Any, &mut Wait::patient(&cx())).unwrap(),
    );
    assert!(index::is_warm(&ours));
    assert_eq!(names(&ours, &page(None, None)), ["global/B", "global/C"]);
    let fresh = plain(index::list(&other, &page(None, None), &mut Wait::patient(&cx()))).unwrap();
    let patched = plain(index::list(&ours, &page(None, None), &mut Wait::patient(&cx()))).unwrap();
    assert_eq!(format!("{fresh:?}"), format!("{patched:?}"));
}
