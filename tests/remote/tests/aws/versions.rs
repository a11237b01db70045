//! Versions: ids, stages, going back.

use strongroom::{ErrorKind, RollbackTo, Secret, SetOptions, Version};
use strongroom_fakes::Fault;

use crate::place::{boto3, fails, place};

crate::trials_of!(
    versions_are_read_by_id_and_by_stage,
    going_back_writes_a_new_version,
    a_pending_version_is_not_the_current_one,
    a_version_that_lost_is_none_to_go_back_to,
    words_that_name_no_version_find_none,
);

fn versions_are_read_by_id_and_by_stage() {
    let place = place();
    let manager = place.open();
    let key = place.key("k");
    let ids: Vec<Version> = ["1", "2", "3"]
        .map(|value| manager.set(&key, &Secret::new(value)).unwrap().version.unwrap())
        .into();
    let read = |version: &Version| manager.get_version(&key, version).unwrap();
    let value = |version: &Version| read(version).map(|secret| secret.value.expose_str().unwrap().to_owned());
    assert_eq!(value(&ids[0]).as_deref(), Some("1"));
    assert_eq!(value(&ids[1]).as_deref(), Some("2"));
    assert_eq!(value(&Version::from_word("AWSCURRENT")).as_deref(), Some("3"));
    assert_eq!(value(&Version::from_word("AWSPREVIOUS")).as_deref(), Some("2"));
    assert_eq!(
        read(&Version::from_word("AWSPREVIOUS")).unwrap().metadata.version,
        Some(ids[1].clone())
    );
    assert!(read(&Version::from_word("AWSPENDING")).is_none());
    assert!(read(&Version::from_word("7")).is_none());
    assert!(read(&Version::from_word("00000000-0000-4000-8000-000000000000")).is_none());
    let listed = manager.versions(&key).unwrap();
    assert_eq!(listed.len(), 3);
    assert!(listed[0].current && !listed[1].current && !listed[2].current);
    assert_eq!((&listed[0].version, &listed[1].version), (&ids[2], &ids[1]));
    assert!(listed.iter().all(|entry| entry.created_at.is_some()));
}

fn going_back_writes_a_new_version() {
    let place = place();
    let manager = place.open();
    let key = place.key("k");
    fails(manager.rollback(&key, RollbackTo::back(1)), ErrorKind::NotFound);
    let first = manager
        .set(&key, &Secret::with_provider("1", "p"))
        .unwrap()
        .version
        .unwrap();
    manager.set(&key, &Secret::new("2")).unwrap();
    let back = manager.rollback(&key, RollbackTo::back(1)).unwrap();
    let read = manager.get(&key).unwrap().unwrap();
    assert_eq!(
        (read.value.expose(), read.metadata.provider.as_deref()),
        (&b"1"[..], Some("p"))
    );
    assert_eq!(read.metadata.version, back.version);
    assert_ne!(back.version, Some(first));
    assert_eq!(place.versions(&key), 3);
    let unknown = Version::from_word("00000000-0000-4000-8000-000000000000");
    fails(manager.rollback(&key, unknown), ErrorKind::NotFound);
}

fn a_pending_version_is_not_the_current_one() {
    let place = place();
    let manager = place.open();
    let key = place.key("k");
    manager.set(&key, &Secret::new("current")).unwrap();
    boto3(
        "client.put_secret_value(SecretId=sys.argv[1], SecretString='pending', VersionStages=['AWSPENDING'])",
        &[&place.name(&key)],
    );
    assert_eq!(manager.get_value(&key).unwrap().as_deref(), Some("current"));
    let pending = manager.get_version(&key, &Version::from_word("AWSPENDING")).unwrap();
    assert_eq!(pending.unwrap().value.expose(), b"pending");
    let current: Vec<bool> = manager
        .versions(&key)
        .unwrap()
        .iter()
        .map(|entry| entry.current)
        .collect();
    assert_eq!(current, [true, false]);
}

fn a_version_that_lost_is_none_to_go_back_to() {
    let place = place();
    let manager = place.once();
    let key = place.key("k");
    place.put(&key, "1");
    for round in 0..3 {
        let before = manager.get(&key).unwrap().unwrap().metadata.version.unwrap();
        place.proxy.on(
            1,
            |request| request.action() == Some("UpdateSecretVersionStage"),
            Fault::Hold,
        );
        let options = SetOptions::new().if_version(before);
        std::thread::scope(|threads| {
            let late = threads.spawn(|| manager.set_with(&key, &Secret::new("lost"), options));
            place.proxy.wait_held(1);
            place.put(&key, &format!("won {round}"));
            place.proxy.release();
            fails(late.join().unwrap(), ErrorKind::Conflict);
        });
    }
    assert_eq!(place.versions(&key), 7, "the service keeps those that lost");
    let listed = manager.versions(&key).unwrap();
    let values = listed.iter().map(|entry| {
        let found = manager.get_version(&key, &entry.version).unwrap().unwrap();
        found.value.expose_str().unwrap().to_owned()
    });
    assert_eq!(values.collect::<Vec<_>>(), ["won 2", "won 1", "won 0", "1"]);
    manager.rollback(&key, RollbackTo::back(3)).unwrap();
    assert_eq!(manager.get_value(&key).unwrap().as_deref(), Some("1"));
    // The marks are no metadata.
    assert!(manager.get(&key).unwrap().unwrap().metadata.labels.is_empty());
}

fn words_that_name_no_version_find_none() {
    let place = place();
    let manager = place.open();
    let key = place.key("k");
    manager.set(&key, &Secret::new("v")).unwrap();
    for word in [String::new(), "x".repeat(300)] {
        let version = Version::from_word(word.as_str());
        assert!(manager.get_version(&key, &version).unwrap().is_none(), "{word:?}");
        fails(manager.rollback(&key, version), ErrorKind::NotFound);
    }
    assert_eq!(place.versions(&key), 1);
}
