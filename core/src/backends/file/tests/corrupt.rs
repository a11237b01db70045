//! Files that are no document: set aside and made anew, or refused; never lost.

use super::super::document::{self, Read};
use super::*;
use crate::backend::HealthState;
use crate::{ErrorKind, Secret};
use zeroize::Zeroizing;

fn corrupt_texts() -> Vec<Vec<u8>> {
    let texts = [
        "",
        " \n",
        "not json",
        "[]",
        "null",
        "{}",
        "{\"version\":2}",
        "{\"version\":2,\"secrets\":[]}",
        "{\"version\":2,\"secrets\":null}",
        "{\"version\":2,\"secrets\":{}}x",
        "{\"version\":2,\"secrets\":{},\"secrets\":{}}",
        "{\"version\":2,\"version\":2,\"secrets\":{}}",
        "{\"version\":2,\"secrets\":{\"global/A\":{\"value\":\"1\"},\"global/A\":{\"value\":\"2\"}}}",
        "{\"version\":2,\"secrets\":{\"global/A\":{\"value\":\"1\"},\"global\\/\\u0041\":{\"value\":\"2\"}}}",
        "{\"secrets\":{\"A\":{\"value\":\"1\"},\"A\":{\"value\":\"2\"}}}",
        "{\"version\":2,\"secrets\":{\"\\ud800\":{\"value\":\"1\"}}}",
        "{\"version\":2,\"secrets\":{\"global/A\":{\"value\":\"a\0b\"}}}",
        "\0\0\0\0",
    ];
    let mut texts: Vec<_> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    texts.push(b"{\"version\":2,\"secrets\":{\"global/A\":{\"value\":\"\xff\"}}}".to_vec());
    texts
}

#[test]
fn a_corrupt_file_is_set_aside_and_a_fresh_one_made_loudly() {
    for text in corrupt_texts() {
        let vault = Vault::with(&text);
        let (manager, events) = events(|| vault.open());
        let kept = vault.kept("corrupt");
        assert_eq!(kept.len(), 1, "{}", String::from_utf8_lossy(&text));
        assert_eq!(fs::read(&kept[0]).unwrap(), text);
        assert_eq!((mode(&kept[0]), mode(&vault.path())), (0o600, 0o600));
        let name = kept[0].file_name().unwrap().to_str().unwrap();
        let seconds: u64 = name.strip_prefix("secrets.json.corrupt.").unwrap().parse().unwrap();
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        assert!(now.abs_diff(seconds) < 60, "{name}");
        let loud = events
            .iter()
            .find(|(level, _)| *level == tracing::Level::ERROR)
            .unwrap();
        assert!(loud.1.contains(name), "{loud:?}");
        let health = manager.health().unwrap();
        assert_eq!(health.state, HealthState::Degraded);
        assert!(health.reason.unwrap().contains(name));
        assert_eq!(vault.json(), serde_json::json!({"version": 2, "secrets": {}}));
        manager.set("A", &Secret::new("v")).unwrap();
        // Also for those who open the fresh one later, as long as nobody has looked after what lies beside it.
        for manager in [&manager, &vault.open()] {
            let health = manager.health().unwrap();
            assert_eq!(health.state, HealthState::Degraded);
            let reason = health.reason.unwrap();
            assert!(
                reason.contains(name) && reason.contains("inspect and remove or restore it"),
                "{reason}"
            );
        }
        fs::remove_file(&kept[0]).unwrap();
        assert_eq!(manager.health().unwrap().state, HealthState::Ok);
    }
}

#[test]
fn looking_at_the_file_leaves_it_as_it_is() {
    for stop in ["fresh", "stop"] {
        let vault = Vault::with(V2);
        let manager = vault.try_open(&[("file.on_corrupt", stop)]).unwrap();
        vault.plant("{");
        let error = manager.verify().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert!(error.message().contains("secrets.json"), "{error}");
        let health = manager.health().unwrap();
        assert_eq!(health.state, HealthState::Unavailable);
        assert_eq!(health.error.unwrap().kind(), ErrorKind::Integrity);
        assert_eq!((vault.text().as_str(), vault.kept("corrupt").len()), ("{", 0));
        vault.plant(V1);
        assert_eq!(manager.verify().unwrap().secrets, 3);
        assert_eq!(manager.health().unwrap().state, HealthState::Ok);
        assert_eq!((vault.text().as_str(), vault.kept("v1").len()), (V1, 0));
    }
}

#[test]
fn a_corrupt_file_is_left_where_the_setting_says_stop() {
    for text in corrupt_texts() {
        let vault = Vault::with(&text);
        let error = vault.try_open(&[("file.on_corrupt", "stop")]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert!(error.message().contains("secrets.json"), "{error}");
        assert_eq!(fs::read(vault.path()).unwrap(), text);
        assert!(vault.kept("corrupt").is_empty());
    }
    let error = Vault::new().try_open(&[("file.on_corrupt", "ignore")]).unwrap_err();
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InvalidConfig, Some("file.on_corrupt"))
    );
}

#[test]
fn a_file_that_becomes_corrupt_while_it_is_open_is_treated_alike() {
    let vault = Vault::with(V2);
    let manager = vault.open();
    assert!(manager.get("jwt_signing_key").unwrap().is_some());
    vault.plant("{");
    assert!(manager.get("jwt_signing_key").unwrap().is_none());
    vault.plant("[");
    manager.set("A", &Secret::new("v")).unwrap();
    let kept: Vec<_> = vault
        .kept("corrupt")
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert_eq!(kept, ["{", "["]);
    assert_eq!(manager.health().unwrap().state, HealthState::Degraded);

    let vault = Vault::with(V2);
    let manager = vault.try_open(&[("file.on_corrupt", "stop")]).unwrap();
    vault.plant("{");
    assert_eq!(manager.get("A").unwrap_err().kind(), ErrorKind::Integrity);
    assert_eq!(
        manager.set("A", &Secret::new("v")).unwrap_err().kind(),
        ErrorKind::Integrity
    );
    assert_eq!(manager.health().unwrap().state, HealthState::Unavailable);
    assert_eq!(vault.text(), "{");
    // Corrected, it works again.
    vault.plant(V2);
    assert!(manager.get("jwt_signing_key").unwrap().is_some());
}

#[test]
fn what_is_shown_of_a_document_tells_no_value() {
    for (text, value) in [(V2, "9f86d081"), (V1, "three")] {
        let read = document::read(Zeroizing::new(text.as_bytes().to_vec())).unwrap();
        let shown = format!("{read:?}");
        let bytes = format!("{:?}", value.as_bytes());
        assert!(
            !shown.contains(value) && !shown.contains(bytes.trim_matches(['[', ']'])),
            "{shown}"
        );
        assert!(shown.contains("bytes"), "{shown}");
    }
}

#[test]
fn a_file_cut_at_any_byte_is_never_lost() {
    for end in 0..V2.len() {
        let read = document::read(Zeroizing::new(V2.as_bytes()[..end].to_vec()));
        assert!(matches!(read, Ok(Read::Corrupt(_))), "cut at {end}");
    }
    let vault = Vault::new();
    for (count, end) in (0..V2.len()).step_by(40).enumerate() {
        vault.plant(&V2.as_bytes()[..end]);
        drop(vault.open());
        // Many in one second: no name may be taken twice.
        let kept = vault.kept("corrupt");
        assert_eq!(kept.len(), count + 1, "cut at {end}");
        let is_there = |path: &PathBuf| fs::read(path).unwrap() == V2.as_bytes()[..end];
        assert_eq!(kept.iter().filter(|path| is_there(path)).count(), 1, "cut at {end}");
    }
}

#[test]
fn no_byte_makes_the_reader_panic_or_lose_an_entry() {
    for text in [V1, V2] {
        for at in 0..text.len() {
            for byte in [0, b'"', b'\\', b'}', b',', 0x80, b'9'] {
                let mut changed = text.as_bytes().to_vec();
                changed[at] = byte;
                let Ok(Read::Current(document)) = document::read(Zeroizing::new(changed)) else {
                    continue;
                };
                assert_eq!(document.entries.len() + document.foreign.len(), 2, "{byte} at {at}");
            }
        }
    }
}

#[test]
fn of_many_that_see_one_corrupt_file_one_sets_it_aside_and_none_the_fresh_one() {
    for round in 0..10 {
        let vault = Vault::with(format!("corrupt {round}"));
        let barrier = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (vault, barrier) = (&vault, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    let manager = vault.open();
                    manager.set(format!("T{thread}"), &Secret::new("v")).unwrap();
                });
            }
        });
        assert_eq!(vault.kept("corrupt").len(), 1);
        assert_eq!(vault.open().verify().unwrap().secrets, 8);
    }
}

#[test]
fn a_file_that_is_being_written_in_place_is_looked_at_again() {
    let vault = Vault::with(V2);
    let manager = vault.open();
    // As an editor does: the file is emptied, and filled a moment later.
    let file = File::options().write(true).open(vault.path()).unwrap();
    file.set_len(0).unwrap();
    let text = V2.replace("jwt_signing_key", "another_key");
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| manager.get("another_key").unwrap());
        std::thread::sleep(Duration::from_millis(40));
        std::io::Write::write_all(&mut &file, text.as_bytes()).unwrap();
        assert!(reader.join().unwrap().is_some());
    });
    assert!(vault.kept("corrupt").is_empty());
    assert_eq!(vault.text(), text);
}
