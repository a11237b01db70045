//! Secrets come, change, go and come back.

use std::sync::Barrier;

use serde_json::{Value, json};
use strongroom::backend::MetadataUpdate;
use strongroom::{DeleteOptions, ErrorKind, ListOptions, Secret, SetOptions};
use strongroom_fakes::Fault;
use strongroom_remote::Service;

use crate::place::{boto3, calls, fails, of, place};

crate::trials_of!(
    a_secret_with_all_its_metadata_comes_back_and_boto3_reads_it,
    what_boto3_writes_is_read,
    a_write_keeps_the_time_of_creation,
    a_deleted_secret_is_absent_and_comes_back_by_restore_and_by_set,
    a_secret_removed_for_good_is_gone,
    only_one_of_two_writers_creates_under_if_absent,
    eight_writers_that_create_at_once_all_end_well,
    no_write_under_a_version_is_lost_among_many_writers,
    a_write_under_a_version_loses_to_whoever_was_first,
    metadata_changes_without_a_lost_value,
    a_recovery_window_and_a_kms_key_are_sent,
);

fn a_secret_with_all_its_metadata_comes_back_and_boto3_reads_it() {
    let place = place();
    let manager = place.open();
    let key = place.key("openai");
    let secret = Secret::with_provider("sk-é\n", "openai")
        .with_scope_of_use("models:read")
        .with_label("team", "core")
        .with_expiry(std::time::SystemTime::now() + std::time::Duration::from_secs(3600));
    let written = manager.set(&key, &secret).unwrap();
    assert!(written.created);
    let read = manager.get(&key).unwrap().unwrap();
    assert_eq!(read.value.expose_str().unwrap(), "sk-é\n");
    assert_eq!(read.metadata.provider, secret.metadata.provider);
    assert_eq!(read.metadata.scope_of_use, secret.metadata.scope_of_use);
    assert_eq!(read.metadata.labels, secret.metadata.labels);
    assert_eq!(read.metadata.expires_at, secret.metadata.expires_at);
    assert_eq!(read.metadata.version, written.version);
    assert_eq!(read.metadata.created_at, read.metadata.updated_at);
    let told = boto3(
        "answer = client.get_secret_value(SecretId=sys.argv[1])\n\
         print(json.dumps([answer['VersionId'], json.loads(answer['SecretString'])]))",
        &[&place.name(&key)],
    );
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told[0], written.version.unwrap().as_str());
    assert_eq!(told[1]["value"], "sk-é\n");
    assert_eq!(told[1]["metadata"]["provider"], "openai");
    assert_eq!(told[1]["metadata"]["labels"]["team"], "core");
    // Not a byte: what AWS shows of a secret without its value has nothing of it.
    let shown = Service::moto().ask("DescribeSecret", &json!({"SecretId": place.name(&key)}));
    assert!(!shown.to_string().contains("sk-"), "{shown}");
}

fn what_boto3_writes_is_read() {
    let place = place();
    let manager = place.open();
    for (name, value, expected, provider) in [
        ("raw", "plain text", "plain text", None),
        (
            "other",
            r#"{"username":"u","password":"p"}"#,
            r#"{"username":"u","password":"p"}"#,
            None,
        ),
        (
            "document",
            r#"{"value":"v","metadata":{"provider":"p"}}"#,
            "v",
            Some("p"),
        ),
        (
            "near",
            r#"{"value":"v","metadata":{"owner":"p"}}"#,
            r#"{"value":"v","metadata":{"owner":"p"}}"#,
            None,
        ),
    ] {
        let key = place.key(name);
        boto3(
            "client.create_secret(Name=sys.argv[1], SecretString=sys.argv[2])",
            &[&place.name(&key), value],
        );
        let read = manager.get(&key).unwrap().unwrap();
        assert_eq!(read.value.expose_str().unwrap(), expected);
        assert_eq!(read.metadata.provider.as_deref(), provider);
        assert!(read.metadata.updated_at.is_some() && read.metadata.version.is_some());
    }
    let key = place.key("binary");
    boto3(
        "client.create_secret(Name=sys.argv[1], SecretBinary=bytes([0xff, 0, 1]))",
        &[&place.name(&key)],
    );
    assert_eq!(manager.get(&key).unwrap().unwrap().value.expose(), [0xff, 0, 1]);
}

fn a_write_keeps_the_time_of_creation() {
    let place = place();
    let manager = place.open();
    let key = place.key("k");
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let options = SetOptions::new().created_at(long_ago);
    manager.set_with(&key, &Secret::new("1"), options).unwrap();
    let first = manager.get(&key).unwrap().unwrap().metadata;
    assert_eq!(first.created_at.unwrap().unix_timestamp(), 1_000_000_000);
    let second = manager.set(&key, &Secret::new("2")).unwrap();
    assert!(!second.created);
    let read = manager.get(&key).unwrap().unwrap().metadata;
    assert_eq!(read.created_at, first.created_at);
    assert!(read.updated_at > first.updated_at);
    assert_ne!(read.version, first.version);
}

fn a_deleted_secret_is_absent_and_comes_back_by_restore_and_by_set() {
    let place = place();
    let manager = place.open();
    let key = place.key("k");
    fails(manager.delete(&key), ErrorKind::NotFound);
    manager.delete_with(&key, DeleteOptions::new().missing_ok()).unwrap();
    fails(manager.restore(&key), ErrorKind::NotFound);
    manager.set(&key, &Secret::new("1")).unwrap();
    fails(manager.restore(&key), ErrorKind::Conflict);
    manager.delete(&key).unwrap();
    assert!(manager.get(&key).unwrap().is_none());
    assert!(!manager.exists(&key).unwrap());
    assert!(manager.get_many(&[&key]).unwrap().secrets.is_empty());
    assert!(manager.list(ListOptions::new()).unwrap().entries.is_empty());
    fails(manager.versions(&key), ErrorKind::NotFound);
    fails(manager.delete(&key), ErrorKind::NotFound);
    fails(manager.update_value(&key, "x"), ErrorKind::NotFound);
    let restored = manager.restore(&key).unwrap();
    let read = manager.get(&key).unwrap().unwrap();
    assert_eq!(
        (read.value.expose(), &read.metadata.version),
        (&b"1"[..], &restored.version)
    );
    manager.delete_with(&key, DeleteOptions::new().soft()).unwrap();
    let written = manager.set(&key, &Secret::new("2")).unwrap();
    assert!(written.created);
    assert_eq!(manager.get(&key).unwrap().unwrap().value.expose(), b"2");
    manager.delete(&key).unwrap();
    let options = SetOptions::new().if_absent();
    assert!(manager.set_with(&key, &Secret::new("3"), options).unwrap().created);
    assert_eq!(manager.get(&key).unwrap().unwrap().value.expose(), b"3");
}

fn a_secret_removed_for_good_is_gone() {
    let place = place();
    let manager = place.open();
    let key = place.key("k");
    fails(
        manager.delete_with(&key, DeleteOptions::new().force()),
        ErrorKind::NotFound,
    );
    manager.set(&key, &Secret::new("1")).unwrap();
    let version = manager.get(&key).unwrap().unwrap().metadata.version.unwrap();
    fails(
        manager.delete_with(&key, DeleteOptions::new().version(version)),
        ErrorKind::Unsupported,
    );
    manager.delete(&key).unwrap();
    // One that waits for its deletion can be removed for good as well.
    manager.delete_with(&key, DeleteOptions::new().force()).unwrap();
    fails(manager.restore(&key), ErrorKind::NotFound);
    assert!(manager.set(&key, &Secret::new("2")).unwrap().created);
}

fn only_one_of_two_writers_creates_under_if_absent() {
    let place = place();
    let (one, other) = (place.open(), place.open());
    let key = place.key("k");
    let both = Barrier::new(2);
    let write = |manager: &strongroom::blocking::SecretManager, value: &str| {
        both.wait();
        manager.set_with(&key, &Secret::new(value), SetOptions::new().if_absent())
    };
    let (first, second) = std::thread::scope(|threads| {
        let second = threads.spawn(|| write(&other, "other"));
        (write(&one, "one"), second.join().unwrap())
    });
    let (won, lost) = match first {
        Ok(_) => ("one", second),
        Err(_) => ("other", first),
    };
    fails(lost, ErrorKind::Conflict);
    assert_eq!(one.get_value(&key).unwrap().as_deref(), Some(won));
    assert_eq!(place.versions(&key), 1);
}

fn eight_writers_that_create_at_once_all_end_well() {
    const WRITERS: usize = 8;
    let place = place();
    let key = place.key("k");
    // All of them found nothing and are about to create.
    place
        .proxy
        .on(WRITERS, |request| request.action() == Some("CreateSecret"), Fault::Hold);
    let managers: Vec<_> = (0..WRITERS).map(|_| place.once()).collect();
    let created: Vec<bool> = std::thread::scope(|threads| {
        let writers: Vec<_> = managers
            .iter()
            .map(|manager| threads.spawn(|| manager.set(&key, &Secret::new("value")).unwrap().created))
            .collect();
        place.proxy.wait_held(WRITERS);
        place.proxy.release();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(created.iter().filter(|created| **created).count(), 1, "{created:?}");
    assert_eq!(place.versions(&key), WRITERS);
    assert_eq!(calls(&place.proxy, "PutSecretValue"), WRITERS - 1);
}

fn no_write_under_a_version_is_lost_among_many_writers() {
    const WRITERS: usize = 6;
    let place = place();
    let key = place.key("count");
    place.put(&key, "0");
    std::thread::scope(|threads| {
        for _ in 0..WRITERS {
            threads.spawn(|| {
                let manager = place.once();
                loop {
                    let read = manager.get(&key).unwrap().unwrap();
                    let count: usize = read.value.expose_str().unwrap().parse().unwrap();
                    let version = read.metadata.version.unwrap();
                    let options = SetOptions::new().if_version(version);
                    match manager.set_with(&key, &Secret::new((count + 1).to_string()), options) {
                        Ok(_) => break,
                        Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}"),
                    }
                }
            });
        }
    });
    let manager = place.once();
    assert_eq!(manager.get_value(&key).unwrap(), Some(WRITERS.to_string()));
    // Those that lost are no versions to go back to, however many they were.
    let listed = manager.versions(&key).unwrap();
    assert_eq!(listed.len(), WRITERS + 1, "{listed:?}");
    let values = listed.iter().map(|entry| {
        let found = manager.get_version(&key, &entry.version).unwrap().unwrap();
        found.value.expose_str().unwrap().to_owned()
    });
    let expected: Vec<String> = (0..=WRITERS).rev().map(|count| count.to_string()).collect();
    assert_eq!(values.collect::<Vec<_>>(), expected);
}

fn a_write_under_a_version_loses_to_whoever_was_first() {
    let place = place();
    let manager = place.once();
    let key = place.key("k");
    let first = manager.set(&key, &Secret::new("1")).unwrap().version.unwrap();
    let under = |version: &strongroom::Version| SetOptions::new().if_version(version.clone());
    let second = manager.set_with(&key, &Secret::new("2"), under(&first)).unwrap();
    let second = second.version.unwrap();
    assert_eq!(
        manager.get(&key).unwrap().unwrap().metadata.version.as_ref(),
        Some(&second)
    );
    fails(
        manager.set_with(&key, &Secret::new("x"), under(&first)),
        ErrorKind::Conflict,
    );
    // Another writer comes between our look and our write: the service itself refuses.
    place.proxy.on(
        1,
        |request| request.action() == Some("UpdateSecretVersionStage"),
        Fault::Hold,
    );
    std::thread::scope(|threads| {
        let late = threads.spawn(|| manager.set_with(&key, &Secret::new("late"), under(&second)));
        place.proxy.wait_held(1);
        place.put(&key, "first");
        place.proxy.release();
        fails(late.join().unwrap(), ErrorKind::Conflict);
    });
    assert_eq!(manager.get_value(&key).unwrap().as_deref(), Some("first"));
    let absent = place.key("absent");
    fails(
        manager.set_with(&absent, &Secret::new("x"), under(&second)),
        ErrorKind::Conflict,
    );
}

fn metadata_changes_without_a_lost_value() {
    let place = place();
    let manager = place.once();
    let key = place.key("k");
    let update = MetadataUpdate::new().provider("openai");
    fails(manager.update_metadata(&key, &update), ErrorKind::NotFound);
    manager.set(&key, &Secret::new("1").with_label("a", "b")).unwrap();
    // A new value comes while the metadata is about to be written: it stays, with the metadata.
    place.proxy.on(
        1,
        |request| request.action() == Some("UpdateSecretVersionStage"),
        Fault::Hold,
    );
    std::thread::scope(|threads| {
        let change = threads.spawn(|| manager.update_metadata(&key, &update));
        place.proxy.wait_held(1);
        place.put(&key, "2");
        place.proxy.release();
        change.join().unwrap().unwrap();
    });
    let read = manager.get(&key).unwrap().unwrap();
    assert_eq!(read.value.expose(), b"2");
    assert_eq!(read.metadata.provider.as_deref(), Some("openai"));
    let before = place.versions(&key);
    manager.update_metadata(&key, &update).unwrap();
    assert_eq!(place.versions(&key), before, "no change is no version");
}

fn a_recovery_window_and_a_kms_key_are_sent() {
    let place = place();
    let manager = of(&place, &[("aws.recovery_days", "7"), ("aws.kms_key", "alias/mine")]);
    let key = place.key("k");
    manager.set(&key, &Secret::new("1")).unwrap();
    manager.delete(&key).unwrap();
    let sent = |action: &str| {
        let requests = place.proxy.requests();
        let found = requests.iter().find(|request| request.action() == Some(action));
        crate::place::asked(found.unwrap())
    };
    assert_eq!(sent("CreateSecret")["KmsKeyId"], "alias/mine");
    assert_eq!(sent("DeleteSecret")["RecoveryWindowInDays"], 7);
}
