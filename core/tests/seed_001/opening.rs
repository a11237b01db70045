//! Opening a manager, what it reads then and what it says.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::{CANARY, encrypted, run};
use strongroom::backend::Operation;
use strongroom::testing::{Fault, FaultBackend};
use strongroom::{Builder, ListOptions, Lookup, Secret, SecretKey, SecretManager, SecretValue};
use tempfile::TempDir;

/// Set where this program was started by a test of its own.
const CHILD: &str = "STRONGROOM_TEST_CHILD";

/// Initializes in an environment that another test gives to this process; without one there is nothing to do.
#[test]
fn initialize_in_the_environment_of_a_child() {
    #[expect(clippy::disallowed_methods, reason = "a word from the parent, no setting")]
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    run(async {
        // Initialize (auto-detects platform backend)
        let secrets = SecretManager::init().await?;
        let say = |text: &str| writeln!(std::io::stdout(), "{text}").unwrap();
        // Check which backend is active
        say(&format!("Using: {}", secrets.backend().name()));
        say(&format!("Chosen by: {}", secrets.backend().chosen_by()));
        // Check if storage persists across reboots
        if !secrets.is_persistent() {
            say("Warning: Secrets will not persist after reboot");
        }
        Ok(())
    });
}

/// What the child above prints, and the home that it had.
fn initialized(variables: &[(&str, &str)]) -> (TempDir, String) {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([
        "opening::initialize_in_the_environment_of_a_child",
        "--exact",
        "--nocapture",
    ]);
    child
        .env_clear()
        .env(CHILD, "1")
        .env("HOME", home.path())
        .envs(variables.iter().copied());
    let output = child.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    (home, String::from_utf8(output.stdout).unwrap())
}

/// The example "Initialization".
#[test]
fn seed_001_initialization() {
    let (home, said) = initialized(&[]);
    assert!(
        said.contains("Using: encrypted\n") && !said.contains("Warning"),
        "{said}"
    );
    let store = home.path().join(".local/share/strongroom/secrets.strongroom");
    assert!(store.is_file(), "one store for all secrets");
    let (home, said) = initialized(&[("STRONGROOM_SECRETS_BACKEND", "memory")]);
    assert!(
        said.contains("Using: memory\n") && said.contains("Warning: Secrets will not persist after reboot"),
        "{said}"
    );
    assert!(
        said.contains("Chosen by: the environment variable STRONGROOM_SECRETS_BACKEND"),
        "{said}"
    );
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

/// "Linux Notes" and "No file fallback: secrets are never stored in plain text files". Changed on purpose: without a
/// Secret Service there is the encrypted file, and not keyutils, which forgets everything at a restart.
#[test]
fn seed_001_linux_falls_back_to_the_encrypted_file() {
    let (home, said) = initialized(&[("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")]);
    assert!(
        said.contains("Using: encrypted\n") && said.contains("no keystore"),
        "{said}"
    );
    assert!(!home.path().join(".local/share/strongroom/secrets.json").exists());
}

/// Counts how often the key is asked for, as a keystore's prompt would be.
fn asked_for_the_key(dir: &TempDir) -> (Builder, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let keystore = move |_: &str| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(SecretValue::from("42".repeat(32)))
    };
    let path = dir.path().join("secrets.strongroom").to_str().unwrap().to_owned();
    let builder = SecretManager::builder()
        .without_environment()
        .backend("encrypted")
        .option("encrypted.path", path)
        .secret_provider("encrypted.key", Arc::new(keystore));
    (builder, asked)
}

/// The table "Keychain Access Pattern". Changed on purpose: what is outside holds the store's key and not the document,
/// so it is read once when the manager is opened as before, and no operation, a write included, goes back to it.
#[test]
fn seed_001_keychain_access_pattern() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let (builder, asked) = asked_for_the_key(&dir);
        let secrets = builder.open().await?;
        assert_eq!(asked.load(Ordering::Relaxed), 1, "opening: one read");
        secrets.set("A", &Secret::new("v")).await?;
        secrets.set_api_key("B", "v", Some("openai")).await?;
        secrets.get("A").await?;
        secrets.get_value("B").await?;
        secrets.exists("A").await?;
        secrets.delete("A").await?;
        assert_eq!(asked.load(Ordering::Relaxed), 1, "operations: none");
        drop(secrets);
        let (builder, asked) = asked_for_the_key(&dir);
        assert_eq!(builder.open().await?.get_value("B").await?.as_deref(), Some("v"));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        Ok(())
    });
}

/// "Vault Architecture": reads are served from memory, and one store holds all secrets.
#[test]
fn seed_001_vault_architecture() {
    run(async {
        // In-memory caching
        let fault = FaultBackend::new(strongroom::testing::memory());
        let builder = SecretManager::builder().without_environment();
        let secrets = builder.backend_instance(fault.clone()).open().await?;
        secrets.set_api_key("A", "v", None).await?;
        secrets.get_value("A").await?;
        fault.on(Operation::Get).then(Fault::Unavailable);
        assert_eq!(
            secrets.get_value("A").await?.as_deref(),
            Some("v"),
            "the backend was not asked"
        );
        assert!(matches!(
            secrets.try_cached("A", |value| value == b"v"),
            Lookup::Hit(true)
        ));
        // Atomic updates: all or none, and of many names one file.
        let dir = tempfile::tempdir().unwrap();
        let secrets = encrypted(&dir).open().await?;
        let entry = |name: String| (SecretKey::new(name), Secret::new("v"));
        let mut entries: Vec<_> = (0..50).map(|at| entry(format!("K{at}"))).collect();
        secrets.set_many(&entries).await?;
        assert_eq!(secrets.list(ListOptions::new()).await?.entries.len(), 50);
        entries = vec![entry("L".to_owned()), entry("not a key".to_owned())];
        assert!(secrets.set_many(&entries).await.is_err());
        assert!(!secrets.exists("L").await?, "none of them");
        drop(secrets);
        let stores = fs::read_dir(dir.path().join("data")).unwrap();
        let stores: Vec<_> = stores
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".strongroom"))
            .collect();
        assert_eq!(stores, ["secrets.strongroom"]);
        Ok(())
    });
}

/// "Secrets are never logged", and "Session warning: a warning is logged when using non-persistent backends".
#[test]
fn seed_001_session_warning_and_no_values_in_logs() {
    let (warned, quiet) = (events("memory", None), tempfile::tempdir().unwrap());
    let is_warning = |(level, text): &&(tracing::Level, String)| {
        *level == tracing::Level::WARN && text.contains("do not outlive a restart")
    };
    let warning = warned.iter().find(is_warning).expect("a warning");
    assert!(
        warning.1.contains("memory") && warning.1.contains("process"),
        "{warning:?}"
    );
    let told = events("encrypted", Some(quiet.path()));
    assert!(told.iter().find(is_warning).is_none(), "{told:?}");
    let told = events("env", None);
    assert!(told.iter().find(is_warning).is_none(), "nothing is set there: {told:?}");
    for (_, text) in warned {
        assert!(!text.contains(CANARY), "{text}");
    }
}

/// The events of opening a backend, writing and reading.
fn events(backend: &str, folder: Option<&Path>) -> Vec<(tracing::Level, String)> {
    let collected = Arc::new(Mutex::new(Vec::new()));
    let collector = Collector(Arc::clone(&collected));
    tracing::subscriber::with_default(collector, || {
        let mut builder = SecretManager::builder().without_environment().backend(backend);
        if let Some(folder) = folder {
            let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
            builder = builder.option("encrypted.path", path("s.strongroom"));
            builder = builder.secret_option("encrypted.key", "42".repeat(32));
        }
        let secrets = builder.open_blocking().unwrap();
        if !secrets.backend().capabilities().read_only {
            secrets.set("A", &Secret::new(CANARY)).unwrap();
        }
        secrets.get("A").unwrap();
    });
    let events = collected.lock().unwrap().clone();
    assert!(events.iter().any(|(_, text)| text.contains(backend)), "{events:?}");
    events
}

struct Collector(Arc<Mutex<Vec<(tracing::Level, String)>>>);

struct Fields<'a>(&'a mut String);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}

impl tracing::Subscriber for Collector {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = String::new();
        event.record(&mut Fields(&mut text));
        self.0.lock().unwrap().push((*event.metadata().level(), text));
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}
