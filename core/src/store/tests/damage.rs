//! Files that were changed from outside.

use super::*;
use crate::crypto::Table;
use crate::crypto::digest::equal;
use crate::crypto::random::Fresh;
use crate::store::records::{Head, Ver};

fn fresh() -> Fresh {
    Fresh::new().unwrap()
}

/// A store with two secrets of two versions each.
fn filled() -> Place {
    let place = Place::new();
    let session = place.open();
    for value in ["one", "two"] {
        set(&session, "global/A", value);
        set(&session, "org/acme/B", value);
    }
    verify(&session).unwrap();
    place
}

/// What `verify` says after `job` has changed the file.
fn verified_after(job: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Error {
    let place = filled();
    place.tamper(job);
    match try_open(&place.path, LIMITS) {
        Err(error) => error,
        Ok(session) => verify(&session).unwrap_err(),
    }
}

#[test]
fn verify_finds_every_kind_of_damage() {
    let cases = [
        (
            "a head is gone",
            "DELETE FROM head WHERE sid = (SELECT min(sid) FROM head)",
        ),
        ("a version is gone", "DELETE FROM ver WHERE v = 1"),
        ("the current version is gone", "DELETE FROM ver WHERE v = 4"),
        (
            "a secret is gone",
            "DELETE FROM ver WHERE sid = (SELECT min(sid) FROM head); DELETE FROM head WHERE sid = (SELECT min(sid) FROM head)",
        ),
        (
            "heads are swapped",
            "UPDATE head SET box = (SELECT box FROM head AS o WHERE o.sid <> head.sid)",
        ),
        (
            "versions are swapped",
            "UPDATE ver SET box = (SELECT box FROM ver AS o WHERE o.sid = ver.sid AND o.v <> ver.v)",
        ),
        (
            "a version too many",
            "INSERT INTO ver SELECT sid, 77, box FROM ver WHERE v = 1",
        ),
        (
            "a version without a secret",
            "INSERT INTO ver SELECT zeroblob(16), v, box FROM ver WHERE v = 1",
        ),
        ("the journal's beginning is gone", "DELETE FROM journal WHERE seq = 1"),
        ("the journal's end is gone", "DELETE FROM journal WHERE seq = 4"),
        ("the journal's middle is gone", "DELETE FROM journal WHERE seq = 2"),
        (
            "records are swapped",
            "UPDATE journal SET box = (SELECT box FROM journal AS o WHERE o.seq = 5 - journal.seq)",
        ),
        (
            "a record too many",
            "INSERT INTO journal SELECT 9, box FROM journal WHERE seq = 1",
        ),
        (
            "a record before the floor",
            "INSERT INTO journal SELECT 0, box FROM journal WHERE seq = 1",
        ),
        ("a slot is edited", "UPDATE keyslot SET params = x'a0'"),
        (
            "a slot was added",
            "INSERT INTO keyslot SELECT 2, 9, params, box FROM keyslot",
        ),
        (
            "a slot's kind is edited",
            "INSERT INTO keyslot SELECT 2, 1, params, box FROM keyslot; UPDATE keyslot SET kind = 7 WHERE slot = 2",
        ),
        (
            "the header is edited",
            "UPDATE meta SET hdr = (SELECT CAST(hdr || x'00' AS BLOB) FROM meta)",
        ),
        ("the header's code is edited", "UPDATE meta SET mac = zeroblob(32)"),
        ("the root is gone", "DELETE FROM root"),
        ("a second root", "INSERT INTO root SELECT 2, box FROM root"),
        ("a root before the root", "INSERT INTO root SELECT -2, box FROM root"),
        ("a second header", "INSERT INTO meta SELECT 2, hdr, mac FROM meta"),
        ("the header under another number", "UPDATE meta SET id = 2"),
        (
            "a head without a sid",
            "INSERT INTO head SELECT x'', box FROM head LIMIT 1",
        ),
        (
            "a head of an epoch that is not there",
            "UPDATE head SET box = CAST(substr(box, 1, 2) || x'09' || substr(box, 4) AS BLOB)",
        ),
        (
            "a root of an epoch that is not there",
            "UPDATE root SET box = CAST(substr(box, 1, 2) || x'09' || substr(box, 4) AS BLOB)",
        ),
        (
            "a box of another format",
            "UPDATE root SET box = CAST(x'02' || substr(box, 2) AS BLOB)",
        ),
        (
            "a box of another suite",
            "UPDATE journal SET box = CAST(x'0102' || substr(box, 3) AS BLOB) WHERE seq = 2",
        ),
        ("an epoch is gone", "DELETE FROM epoch WHERE ep = 1"),
        ("the static keys are gone", "DELETE FROM epoch WHERE ep = 0"),
        ("a box is NULL", "UPDATE head SET box = NULL"),
        ("a box is a byte", "UPDATE head SET box = x'01'"),
        ("an extra table", "CREATE TABLE more(id INTEGER)"),
        ("an extra index", "CREATE INDEX more ON journal(box)"),
        ("an extra view", "CREATE VIEW more AS SELECT 1"),
        (
            "an extra trigger",
            "CREATE TRIGGER more AFTER INSERT ON journal BEGIN DELETE FROM ver; END",
        ),
        ("a table is gone", "DROP TABLE ext"),
    ];
    for (what, sql) in cases {
        let error = verified_after(|connection| connection.execute_batch(sql));
        assert_eq!(error.kind(), ErrorKind::Integrity, "{what}: {error}");
    }
}

#[test]
fn damage_names_the_secret() {
    let place = filled();
    place.tamper(|c| c.execute_batch("UPDATE ver SET box = CAST(x'0909' || box AS BLOB) WHERE v = 3"));
    let session = place.open();
    let error = verify(&session).unwrap_err();
    assert_eq!(error.key(), Some("global/A"), "{error}");
    assert!(error.message().contains("ver"));
    let error = try_get(&session, "global/A").unwrap_err();
    assert_eq!((error.key(), error.kind()), (Some("global/A"), ErrorKind::Integrity));
    assert_eq!(get(&session, "org/acme/B").as_deref(), Some("two"));
}

#[test]
fn an_old_version_cannot_stand_under_a_new_head() {
    let place = filled();
    place.tamper(|c| {
        c.execute_batch(
            "UPDATE ver SET box = (SELECT box FROM ver AS o WHERE o.sid = ver.sid AND o.v < ver.v) WHERE v > 2",
        )
    });
    let session = place.open();
    assert_eq!(kind(try_get(&session, "global/A")), Some(ErrorKind::Integrity));
}

#[test]
fn a_replayed_pair_is_found_by_verify() {
    let place = Place::new();
    let session = place.open_with(Limits {
        versions: 1,
        journal: 1000,
    });
    set(&session, "global/A", "old");
    drop(session);
    let rows = |c: &Connection| {
        let head = c.query_row("SELECT sid, box FROM head", [], |r| {
            Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, Vec<u8>>(1)?))
        })?;
        let ver = c.query_row("SELECT v, box FROM ver", [], |r| {
            Ok((r.get::<_, i64>(0)?, r.get::<_, Vec<u8>>(1)?))
        })?;
        Ok((head, ver))
    };
    let (head, ver) = place.tamper(rows);
    let session = place.open_with(Limits {
        versions: 1,
        journal: 1000,
    });
    set(&session, "global/A", "new");
    drop(session);
    place.tamper(|c| {
        c.execute("UPDATE head SET box = ?1", [&head.1])?;
        c.execute("UPDATE ver SET v = ?1, box = ?2", (ver.0, &ver.1))
    });
    let session = place.open();
    assert_eq!(
        get(&session, "global/A").as_deref(),
        Some("old"),
        "what `get` cannot know"
    );
    assert_eq!(kind(verify(&session)), Some(ErrorKind::Integrity));
}

#[test]
fn an_old_root_is_found_by_verify() {
    let place = Place::new();
    drop(place.open());
    let root: Vec<u8> = place.tamper(|c| c.query_row("SELECT box FROM root", [], |row| row.get(0)));
    set(&place.open(), "global/A", "x");
    place.tamper(|c| c.execute("UPDATE root SET box = ?1", [&root]));
    assert_eq!(kind(verify(&place.open())), Some(ErrorKind::Integrity));
}

#[test]
fn a_revoked_slot_cannot_come_back_alone() {
    let place = filled();
    place.tamper(|c| c.execute_batch("UPDATE keyslot SET slot = 2"));
    assert_eq!(place.refusal().kind(), ErrorKind::Integrity);
}

#[test]
fn files_that_are_no_store_are_told_apart() {
    let place = filled();
    let bytes = std::fs::read(&place.path).unwrap();
    let refused = |content: &[u8]| {
        std::fs::write(&place.path, content).unwrap();
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(super::super::shared::beside(&place.path, suffix));
        }
        place.refusal().kind()
    };
    assert_eq!(refused(b""), ErrorKind::Integrity, "empty");
    assert_eq!(refused(&bytes[..100]), ErrorKind::Integrity, "a hundred bytes");
    assert_eq!(refused(&bytes[..5000]), ErrorKind::Integrity, "cut within a page");
    assert_eq!(refused(&bytes[..8192]), ErrorKind::Integrity, "cut at a page");
    assert_eq!(refused(&[b'x'; 9000]), ErrorKind::Integrity, "text");
    std::fs::write(&place.path, &bytes).unwrap();
    place.tamper(|c| c.pragma_update(None, "user_version", 2));
    assert_eq!(place.refusal().kind(), ErrorKind::UnsupportedFormat, "newer");
    // Emptied, not made anew: SQLite's own files are open to others, and ours refuses to open them.
    std::fs::write(&place.path, b"").unwrap();
    place.tamper(|c| c.execute_batch("CREATE TABLE t(x); PRAGMA application_id = 7"));
    let before = std::fs::read(&place.path).unwrap();
    assert_eq!(
        place.refusal().kind(),
        ErrorKind::UnsupportedFormat,
        "another program's"
    );
    assert_eq!(std::fs::read(&place.path).unwrap(), before, "left as it was");
}

#[test]
fn a_newer_header_is_never_guessed_at() {
    let place = filled();
    // fmt, suite and min_reader are single bytes in the header's CBOR: a5 01 <fmt> 02 50 .. 03 <suite> 04 <min_reader>.
    place.tamper(|c| {
        c.execute_batch("UPDATE meta SET hdr = CAST(substr(hdr, 1, 24) || x'02' || substr(hdr, 26) AS BLOB)")
    });
    assert_eq!(place.refusal().kind(), ErrorKind::UnsupportedFormat);
}

/// A store with one secret of one version whose head and version are what `change` makes of them, sealed and counted
/// as they must be.
fn resealed(change: impl FnOnce(&mut Head, &mut Ver, &mut u64)) -> Place {
    let place = Place::new();
    let session = place.open();
    set(&session, "global/A", "one");
    let (keys, sid) = (&session.keys, session.keys.sid(&key("global/A")));
    let (root, head, version) = plain(session.shared.read(&mut Wait::patient(&cx()), |link| {
        link.inside(|c| {
            Ok((
                super::super::session::read_root(c)?,
                super::super::read::read_head(c, &sid)?.unwrap(),
                c.query_row("SELECT box FROM ver", [], |row| row.get::<_, Vec<u8>>(0))?,
            ))
        })
    }))
    .unwrap();
    let mut state = keys.open_root(&root).unwrap();
    state.acc.subtract(&keys.term(Table::Head, &sid, 0, &head).unwrap());
    state.acc.subtract(&keys.term(Table::Ver, &sid, 1, &version).unwrap());
    let mut new_head = Head::decode(&keys.open(keys.head_address(sid), &head, "head").unwrap()).unwrap();
    let mut new_ver = Ver::decode(&keys.open(keys.version_address(sid, 1), &version, "ver").unwrap()).unwrap();
    let mut v = 1;
    change(&mut new_head, &mut new_ver, &mut v);
    let head = keys
        .seal(&keys.head_address(sid), 1, &new_head.encode(), fresh())
        .unwrap();
    let version = keys
        .seal(&keys.version_address(sid, v), 1, &new_ver.encode(), fresh())
        .unwrap();
    state.acc.add(&keys.term(Table::Head, &sid, 0, &head).unwrap());
    state.acc.add(&keys.term(Table::Ver, &sid, v, &version).unwrap());
    let address = crate::crypto::Address::numbered(keys.store, Table::Root, 1);
    let root = keys.seal(&address, 1, &state.encode(), fresh()).unwrap();
    drop(session);
    place.tamper(|c| {
        c.execute("UPDATE root SET box = ?1", [&root])?;
        c.execute("UPDATE head SET box = ?1", [&head])?;
        c.execute("UPDATE ver SET v = ?1, box = ?2", (v as i64, &version))
    });
    place
}

#[test]
fn verify_compares_head_and_version() {
    verify(&resealed(|_, _, _| {}).open()).unwrap();
    let refused = |change: fn(&mut Head, &mut Ver)| {
        let error = verify(&resealed(|head, ver, _| change(head, ver)).open()).unwrap_err();
        assert_eq!((error.kind(), error.key()), (ErrorKind::Integrity, Some("global/A")));
    };
    refused(|head, _| head.attributes.provider = Some("x".into()));
    refused(|head, _| head.attributes.scope_of_use = Some("x".into()));
    refused(|_, ver| drop(ver.attributes.labels.insert("x".into(), String::new())));
    refused(|_, ver| ver.attributes.expires = Some(5));
    refused(|head, _| head.versions[0].expires = Some(5));
    refused(|head, _| head.versions[0].at += 1);
    refused(|_, ver| ver.updated -= 1);
}

#[test]
fn a_version_beyond_the_sequence_is_found_and_not_built_upon() {
    let place = resealed(|head, _, v| {
        head.versions[0].v = 999;
        *v = 999;
    });
    let session = place.open();
    assert_eq!(kind(verify(&session)), Some(ErrorKind::Integrity));
    assert_eq!(get(&session, "global/A").as_deref(), Some("one"));
    let answer = write::set(&session, &[entry("global/A", "two")], &mut Wait::patient(&cx()));
    assert_eq!(kind(plain(answer.map(drop))), Some(ErrorKind::Integrity));
    assert_eq!(get(&session, "global/A").as_deref(), Some("one"), "nothing was written");
}

#[test]
fn the_wrong_key_is_called_so() {
    let place = filled();
    let answer = Session::open(&place.path, &[1; 32], LIMITS, &mut Wait::patient(&cx()));
    assert_eq!(kind(plain(answer.map(drop))), Some(ErrorKind::WrongKey));
    place.tamper(|c| c.execute_batch("UPDATE keyslot SET kind = 99"));
    assert_eq!(place.refusal().kind(), ErrorKind::KeyMissing);
}

#[test]
fn unknown_cbor_keys_survive_writes() {
    let place = filled();
    let session = place.open();
    // {1: ...known..., 50: "future"} in the root and a head, sealed as a newer version would.
    let extend = |bytes: &[u8]| {
        assert!(bytes[0] < 0xb7, "a small map");
        let mut longer = bytes.to_vec();
        longer[0] += 1;
        longer.extend_from_slice(b"\x18\x32\x66future");
        longer
    };
    let keys = &session.keys;
    let sid = keys.sid(&key("global/A"));
    let (root, head) = plain(session.shared.read(&mut Wait::patient(&cx()), |link| {
        link.inside(|c| {
            Ok((
                super::super::session::read_root(c)?,
                super::super::read::read_head(c, &sid)?.unwrap(),
            ))
        })
    }))
    .unwrap();
    let root_address = crate::crypto::Address::numbered(keys.store, Table::Root, 1);
    let new_head = extend(&keys.open(keys.head_address(sid), &head, "head").unwrap());
    let new_head = keys.seal(&keys.head_address(sid), 1, &new_head, fresh()).unwrap();
    let mut state = keys.open_root(&root).unwrap();
    state.acc.subtract(&keys.term(Table::Head, &sid, 0, &head).unwrap());
    state.acc.add(&keys.term(Table::Head, &sid, 0, &new_head).unwrap());
    let new_root = keys.seal(&root_address, 1, &extend(&state.encode()), fresh()).unwrap();
    drop(session);
    place.tamper(|c| {
        c.execute("UPDATE root SET box = ?1", [&new_root])?;
        c.execute("UPDATE head SET box = ?1 WHERE sid = ?2", (&new_head, &sid[..]))
    });
    let session = place.open();
    verify(&session).unwrap();
    set(&session, "global/A", "three");
    verify(&session).unwrap();
    let (root, head) = plain(session.shared.read(&mut Wait::patient(&cx()), |link| {
        link.inside(|c| {
            Ok((
                super::super::session::read_root(c)?,
                super::super::read::read_head(c, &sid)?.unwrap(),
            ))
        })
    }))
    .unwrap();
    for (address, sealed) in [(root_address, root), (session.keys.head_address(sid), head)] {
        assert!(
            session
                .keys
                .open(address, &sealed, "x")
                .unwrap()
                .ends_with(b"\x18\x32\x66future")
        );
    }
}

#[test]
fn nothing_is_readable_in_any_file() {
    let place = Place::new();
    let session = place.open();
    let mut telling = entry("org/CANARYORG/CANARYNAME@CANARYTARGET", "CANARYVALUE");
    telling.secret.metadata = crate::secret::SecretMetadata::new()
        .with_provider("CANARYPROVIDER")
        .with_scope_of_use("CANARYSCOPE")
        .with_label("CANARYLABEL", "CANARYWORD");
    let options = crate::context::CallOptions {
        actor: Some("CANARYACTOR".into()),
        ..Default::default()
    };
    let cx = CallContext::with_options(Face::Blocking, Duration::from_secs(5), Default::default(), options);
    write::set(&session, &[telling], &mut Wait::patient(&cx)).unwrap();
    let mut seen = 0;
    for file in std::fs::read_dir(place.path.parent().unwrap()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        seen += bytes.len();
        assert!(!bytes.windows(6).any(|window| equal(window, b"CANARY")));
    }
    assert!(seen > 40_000);
}

#[test]
fn what_was_deleted_leaves_no_box() {
    let place = Place::new();
    let session = place.open();
    set(&session, "global/A", "value");
    let sid = session.keys.sid(&key("global/A"));
    let sealed = plain(session.shared.read(&mut Wait::patient(&cx()), |link| {
        link.inside(|c| Ok(super::super::read::read_head(c, &sid)?.unwrap()))
    }))
    .unwrap();
    write::delete(&session, &key("global/A"), &Condition::Any, &mut Wait::patient(&cx())).unwrap();
    let absent = plain(write::delete(
        &session,
        &key("global/A"),
        &Condition::Any,
        &mut Wait::patient(&cx()),
    ));
    assert_eq!(kind(absent), Some(ErrorKind::NotFound));
    for file in std::fs::read_dir(place.path.parent().unwrap()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(32).any(|window| window == &sealed[38..70]));
    }
}

#[test]
fn flipped_bytes_are_errors_or_harmless() {
    let place = filled();
    drop(place.open());
    let bytes = std::fs::read(&place.path).unwrap();
    // A prime step visits every page at many places; the first page's header is taken whole.
    let positions = (0..120).chain((120..bytes.len()).step_by(127));
    let (mut refused, mut harmless) = (0, 0);
    for at in positions {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(&place.path, &flipped).unwrap();
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(super::super::shared::beside(&place.path, suffix));
        }
        let Ok(session) = try_open(&place.path, LIMITS) else {
            refused += 1;
            continue;
        };
        let sound = verify(&session).is_ok();
        for name in ["global/A", "org/acme/B"] {
            match try_get(&session, name) {
                Ok(Some(secret)) => assert_eq!(secret.value.expose(), b"two", "byte {at}"),
                Ok(None) => assert!(!sound, "byte {at}: gone, and verify is content"),
                Err(error) => assert!(!sound, "byte {at}: {error}, and verify is content"),
            }
        }
        if sound { harmless += 1 } else { refused += 1 }
    }
    assert!(refused > 50 && harmless > 50, "{refused} refused, {harmless} harmless");
}
