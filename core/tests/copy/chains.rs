//! Ends that share a place without being one: chains, two words for one store, and what nobody can tell.

use super::*;

fn opened(folder: &Path, word: &str, options: &[(&str, &str)]) -> SecretManager {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let mut builder = SecretManager::builder()
        .without_environment()
        .backend(word)
        .option("encrypted.path", at("a.strongroom"))
        .option("file.path", at("a.json"))
        .option("directory.path", folder.to_str().unwrap())
        .secret_option("encrypted.key", "07".repeat(32));
    for (setting, value) in options {
        builder = builder.option(setting, *value);
    }
    builder.open_blocking().unwrap()
}

fn chain(folder: &Path, members: &str, writer: &str) -> SecretManager {
    let options = [("chain.members", members), ("chain.writer", writer), ("env.known", "A")];
    opened(folder, "chain", &options)
}

#[test]
fn a_chain_is_no_target_and_no_source_for_one_of_its_members() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (word, members, writer) in [
        ("encrypted", "env,encrypted", "encrypted"),
        ("encrypted", "directory,encrypted", "encrypted"),
        ("encrypted", "encrypted,file", "file"),
        ("file", "file,encrypted", "encrypted"),
        ("file", "encrypted,file", "encrypted"),
    ] {
        let single = opened(folder, word, &[]);
        let chain = chain(folder, members, writer);
        single.set("A", &Secret::new(CANARY)).unwrap();
        for (source, target) in [(&single, &chain), (&chain, &single)] {
            for options in [CopyOptions::new(), CopyOptions::new().delete_source()] {
                let planned = source.copy_plan(target, &options).unwrap_err();
                let error = source.copy_to(target, options).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{word}, {members}");
                assert_eq!(planned.message(), error.message());
                assert!(error.message().contains(&format!("`{word}` in the ")), "{error}");
            }
        }
        assert_eq!(single.get_value("A").unwrap().as_deref(), Some(CANARY));
        single.delete("A").unwrap();
    }
}

#[test]
fn what_cannot_write_is_a_place_too() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for word in ["env", "directory"] {
        let source = opened(folder, word, &[("env.known", "A")]);
        let chain = chain(folder, &format!("{word},encrypted"), "encrypted");
        let error = source.copy_to(&chain, CopyOptions::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{word}");
        assert!(error.message().contains(&format!("`{word}` in the target")), "{error}");
    }
    let both = [
        chain(folder, "memory,encrypted", "encrypted"),
        chain(folder, "encrypted,file", "file"),
    ];
    let error = both[0].copy_to(&both[1], CopyOptions::new()).unwrap_err();
    assert!(
        error
            .message()
            .contains("`encrypted` in the source and `encrypted` in the target"),
        "{error}"
    );
}

#[test]
fn two_words_for_one_store_are_one_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.strongroom");
    let key = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let by_another_word = || {
        let builder = SecretManager::builder()
            .without_environment()
            .backend("local_encrypted");
        let builder = builder.option("encrypted.path", path.to_str().unwrap());
        builder
            .secret_option("local_encrypted.key", key)
            .open_blocking()
            .unwrap()
    };
    let local = by_another_word();
    let encrypted = opened(folder.path(), "encrypted", &[]);
    let error = local
        .copy_to(&encrypted, CopyOptions::new().delete_source())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn a_chain_of_other_places_is_a_target_and_a_source() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = opened(one.path(), "encrypted", &[]);
    source.set("A", &Secret::new(CANARY)).unwrap();
    let chain = chain(other.path(), "memory,encrypted", "encrypted");
    let moved = source.copy_to(&chain, CopyOptions::new().delete_source()).unwrap();
    assert_eq!((moved.count(CopyOutcome::Copied), moved.deleted()), (1, 1));
    let back = chain.copy_to(&source, CopyOptions::new().delete_source()).unwrap();
    assert_eq!((back.count(CopyOutcome::Copied), back.deleted()), (1, 1));
    assert_eq!(source.get_value("A").unwrap().as_deref(), Some(CANARY));
    assert_eq!(names(&chain), Vec::<String>::new());
}

#[test]
fn a_secret_in_a_member_that_keeps_no_versions_has_no_history_to_lose() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    opened(one.path(), "file", &[]).set("A", &Secret::new(CANARY)).unwrap();
    let source = chain(one.path(), "file,encrypted", "encrypted");
    let target = opened(other.path(), "encrypted", &[]);
    let plan = source.copy_plan(&target, &CopyOptions::new().delete_source()).unwrap();
    assert_eq!(plan.secrets[0].action, CopyAction::Create);
    assert_eq!(plan.secrets[0].losses, []);
    let report = source.copy_to(&target, CopyOptions::new().delete_source()).unwrap();
    assert_eq!(target.get_value("A").unwrap().as_deref(), Some(CANARY));
    assert_eq!(report.deleted(), 0, "{report:?}");
}

#[test]
fn different_chains_have_different_journals() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let target = in_memory();
    let [one, other] = [&folders[0], &folders[1]].map(|folder| chain(folder.path(), "memory,encrypted", "encrypted"));
    let read_by = chain(folders[0].path(), "memory,encrypted", "memory");
    let journal = |source: &SecretManager| source.copy_journal(&target).unwrap();
    assert_ne!(journal(&one), journal(&other));
    assert_ne!(journal(&one), journal(&read_by));
    let again = chain(folders[0].path(), "memory,encrypted", "encrypted");
    assert_eq!(journal(&one), journal(&again));
}

#[test]
fn a_removal_that_reaches_the_target_too_is_undone_and_ends_the_copy() {
    let shared = memory();
    fill(&over(Arc::clone(&shared)));
    let source = over(FaultBackend::new(Arc::clone(&shared)));
    let target = over(LimitedBackend::without(shared, |_| ()));
    let told = Arc::new(Mutex::new(0));
    let removed = Arc::clone(&told);
    let options = CopyOptions::new().delete_source().progress(move |progress| {
        *removed.lock().unwrap() += usize::from(progress.phase == CopyPhase::Deleting);
    });
    let before = raw(&source, KEYS[0]).unwrap();
    let error = source.copy_to(&target, options).unwrap_err();
    assert_eq!(
        (error.kind(), error.key()),
        (ErrorKind::Integrity, Some("global/empty@production"))
    );
    assert!(error.message().contains("it was put back"), "{error}");
    assert_eq!(*told.lock().unwrap(), 0, "the first removal ended it");
    assert_eq!(names(&source).len(), 3);
    assert_eq!(
        raw(&source, KEYS[0]).unwrap().metadata.created_at,
        before.metadata.created_at
    );
}
