//! Backends for the vectors, and how a script runs over one.

mod arguments;
mod changes;
mod compare;
mod copies;
mod immediate;
mod steps;

pub(crate) mod parity;

#[path = "../../../behavior/tests/suite/client.rs"]
#[expect(dead_code, reason = "the behaviour suite's client, of which a vector needs less")]
mod client;

/// What the client needs.
mod harness {
    use std::future::Future;

    /// Ends a future on this thread.
    pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(future)
    }
}

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use client::Client;
use serde_json::Value;
use strongroom::backend::Capabilities;
use strongroom::{ConfigFormat, Face, SecretKey, SecretManager, face};

type Has = fn(&Capabilities) -> bool;

/// Every word that a script may need or want lacking, `fault` aside.
const CAPABILITIES: [(&str, Has); 11] = [
    ("write", |can| !can.read_only),
    ("list", |can| can.list),
    ("versions", |can| can.versions),
    ("metadata", |can| can.metadata),
    ("expiry", |can| can.expiry),
    ("cas", |can| can.cas),
    ("atomic_batch", |can| can.atomic_batch),
    ("binary", |can| can.binary),
    ("empty_value", |can| can.empty_value),
    ("verify", |can| can.verify),
    ("restore", |can| can.restore),
];

/// Whether this backend has what the script needs and lacks what it wants lacking.
pub(crate) fn suits(backend: &Value, script: &Value) -> bool {
    let lacks = |word: &Value| array(&backend["lacks"]).contains(word);
    !array(&script["needs"]).iter().any(lacks) && array(&script["lacks"]).iter().all(lacks)
}

/// Where a script's managers are opened.
#[derive(Clone)]
struct Place {
    face: Face,
    dir: PathBuf,
}

impl Place {
    /// Opens a manager with what all of these state.
    fn open(&self, stated: &[&Value]) -> strongroom::Result<Client> {
        let mut builder = SecretManager::builder().app("vectors").without_environment();
        let objects = |name| stated.iter().filter_map(move |part| part[name].as_object()).flatten();
        for (format, document) in objects("config_text") {
            let format = match format.as_str() {
                "json" => ConfigFormat::Json,
                "toml" => ConfigFormat::Toml,
                format => panic!("there is no format `{format}`"),
            };
            builder = builder.config_text(format, text(document));
        }
        for (name, option) in objects("options") {
            builder = builder.option(name, text(option).replace("{dir}", self.dir.to_str().unwrap()));
        }
        for (name, option) in objects("secret_options") {
            builder = builder.secret_option(name, value(option));
        }
        Ok(match self.face {
            Face::Async | Face::Watched => Client::Async(harness::block_on(face::open(builder, self.face))?),
            Face::Blocking => Client::Blocking(builder.open_blocking()?),
        })
    }
}

fn open(backend: &Value, place: &Place, script: &Value) -> Client {
    let client = place.open(&[backend, script]).unwrap();
    let can = client.capabilities();
    for (word, has) in CAPABILITIES {
        let lacks = array(&backend["lacks"]).contains(&Value::from(word));
        assert_ne!(has(&can), lacks, "{}: `lacks` is right about `{word}`", backend["name"]);
    }
    client
}

/// Runs one script over one new backend; the number of its steps, or what went wrong.
pub(crate) fn run(backend: &Value, face: Face, script: &Value) -> Result<u64, String> {
    let dir = tempfile::tempdir().unwrap();
    let id = SecretKey::escape(dir.path().file_name().unwrap().to_str().unwrap());
    let place = Place {
        face,
        dir: dir.path().to_owned(),
    };
    let mut state = steps::State::new(open(backend, &place, script), place, id);
    let mut ran = 0;
    for (at, step) in array(&script["steps"]).iter().enumerate() {
        let outcome = catch_unwind(AssertUnwindSafe(|| steps::run(&mut state, step)));
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

/// An array that must be one.
pub(crate) fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no array"))
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
