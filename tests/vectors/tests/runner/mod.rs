//! Backends for the vectors, and how a script runs over one.

mod steps;

#[path = "../../../behavior/tests/suite/client.rs"]
#[expect(dead_code, reason = "the behaviour suite's client, of which a vector needs less")]
mod client;

/// What the client needs.
mod harness {
    use std::future::Future;

    /// Ends a future on this thread.
    pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(future)
    }
}

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use client::Client;
use serde_json::Value;
use strongroom::backend::{Capabilities, Persistence};
use strongroom::testing::{self, LimitedBackend};
use strongroom::{Face, SecretKey, SecretManager};

/// What the vectors run over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    Memory,
    Encrypted,
    /// Text by name, and nothing else.
    Plain,
    ReadOnly,
}

impl Subject {
    pub(crate) const ALL: &'static [Self] = &[Self::Memory, Self::Encrypted, Self::Plain, Self::ReadOnly];

    fn capabilities(self) -> Capabilities {
        match self {
            Self::Memory => Capabilities::complete(Persistence::Process, 8 << 20),
            Self::Encrypted => Capabilities::complete(Persistence::Disk, 8 << 20),
            Self::Plain => {
                let mut can = Capabilities::minimal(Persistence::Process, 4096);
                can.read_only = false;
                can.empty_value = false;
                can
            }
            Self::ReadOnly => Capabilities::minimal(Persistence::Process, 4096),
        }
    }

    /// Whether this backend has what the script needs and lacks what it wants lacking.
    pub(crate) fn suits(self, script: &Value) -> bool {
        let can = self.capabilities();
        let has = |word: &Value| match text(word) {
            "write" => !can.read_only,
            "list" => can.list,
            "versions" => can.versions,
            "metadata" => can.metadata,
            "expiry" => can.expiry,
            "cas" => can.cas,
            "atomic_batch" => can.atomic_batch,
            "binary" => can.binary,
            "empty_value" => can.empty_value,
            "verify" => can.verify,
            word => panic!("there is no capability `{word}`"),
        };
        script["needs"].as_array().unwrap().iter().all(has) && !script["lacks"].as_array().unwrap().iter().any(has)
    }

    fn open(self, face: Face, dir: &Path) -> Client {
        let builder = SecretManager::builder().app("vectors").without_environment();
        let builder = match self {
            Self::Memory => builder.backend("memory"),
            Self::Encrypted => builder
                .backend("encrypted")
                .option("encrypted.path", dir.join("secrets.strongroom").to_str().unwrap())
                .secret_option("encrypted.key", [b'k'; 32].as_slice()),
            Self::Plain | Self::ReadOnly => {
                builder.backend_instance(LimitedBackend::new(testing::memory(), self.capabilities()))
            }
        };
        match face {
            Face::Async => Client::Async(harness::block_on(builder.open()).unwrap()),
            Face::Blocking => Client::Blocking(builder.open_blocking().unwrap()),
        }
    }
}

/// Runs one script over one new backend; the number of its steps, or what went wrong.
pub(crate) fn run(subject: Subject, face: Face, script: &Value) -> Result<u64, String> {
    let dir = tempfile::tempdir().unwrap();
    let client = subject.open(face, dir.path());
    let id = SecretKey::escape(dir.path().file_name().unwrap().to_str().unwrap());
    let mut state = steps::State::new(id);
    let mut ran = 0;
    for (at, step) in script["steps"].as_array().unwrap().iter().enumerate() {
        let outcome = catch_unwind(AssertUnwindSafe(|| steps::run(&client, &mut state, step)));
        let outcome = outcome.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            Err(text
                .or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()))
                .unwrap_or_default())
        });
        outcome.map_err(|failure| {
            let step: String = step.to_string().chars().take(300).collect();
            format!("step {at} {step}: {failure}")
        })?;
        ran += 1;
    }
    Ok(ran)
}

/// One of the files beside the crate's manifest.
pub(crate) fn load(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(file["schema"], 1, "this runner knows schema 1");
    file
}

/// A text that must be one.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// The bytes that `{"utf8": …}`, `{"base64": …}` or `{"repeat": …, "count": …}` stand for.
pub(crate) fn value(value: &Value) -> Vec<u8> {
    if let Some(text) = value["utf8"].as_str() {
        return text.as_bytes().to_vec();
    }
    if let Some(text) = value["repeat"].as_str() {
        return text
            .repeat(usize::try_from(value["count"].as_u64().unwrap()).unwrap())
            .into_bytes();
    }
    data_encoding::BASE64.decode(text(&value["base64"]).as_bytes()).unwrap()
}
