//! What is counted is what the page about it lists.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use strongroom::backend::{Backend, BoxFuture, Capabilities, GetRequest, Health, Operation, Persistence};
use strongroom::{CallContext, Result, Secret};

use super::builder;

/// A server without secrets, which counts a request of its own.
#[derive(Debug)]
struct Server(Capabilities);

impl Backend for Server {
    fn name(&self) -> &'static str {
        "server"
    }

    fn capabilities(&self) -> &Capabilities {
        &self.0
    }

    fn get<'a>(&'a self, _: &'a CallContext, _: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        Box::pin(async { Ok(None) })
    }

    fn requests(&self) -> Vec<(&'static str, u64)> {
        vec![("GetSecretValue", 3)]
    }

    fn health<'a>(&'a self, _: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        Box::pin(async { Ok(Health::ok()) })
    }

    fn lock<'a>(&'a self, _: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn close<'a>(&'a self, _: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

/// The names in the first column of the page's tables.
fn listed() -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next().map(str::to_owned));
    rows.collect()
}

/// The row that a number stands for.
fn row(name: &str) -> String {
    let operations = Operation::ALL.iter().map(|operation| operation.word());
    if let Some(rest) = name.strip_prefix("calls.") {
        let (operation, what) = rest
            .split_once('.')
            .map_or((rest, String::new()), |(word, what)| (word, format!(".{what}")));
        assert!(operations.clone().any(|word| word == operation), "{name}");
        return format!("calls.<operation>{what}");
    }
    match name.strip_prefix("requests.") {
        Some(_) => "requests.<name>".to_owned(),
        None => name.to_owned(),
    }
}

#[test]
fn every_number_is_listed_and_every_row_is_counted() {
    let server = Arc::new(Server(Capabilities::minimal(Persistence::Remote, 1 << 20)));
    let secrets = builder().backend_instance(server).open_blocking().unwrap();
    assert!(secrets.get("K").unwrap().is_none());
    let metrics = secrets.metrics();
    let counted: BTreeSet<_> = metrics.iter().map(|(name, _)| row(name)).collect();
    assert_eq!(counted, listed());
    assert_eq!(metrics.get("requests.GetSecretValue"), Some(3));
    assert_eq!(
        (metrics.get("calls.get"), metrics.get("calls.get.errors")),
        (Some(1), Some(0))
    );
    assert_eq!((metrics.get("calls.set"), metrics.get("K")), (None, None));
    let names: Vec<_> = metrics.iter().map(|(name, _)| name).collect();
    assert!(names.is_sorted() && names.len() == names.iter().collect::<BTreeSet<_>>().len());
    let view = secrets.scoped("org/acme").unwrap();
    assert!(view.get("K").unwrap().is_none());
    assert_eq!(
        secrets.metrics().get("calls.get"),
        Some(2),
        "views are counted together"
    );
}

#[test]
fn without_a_cache_nothing_is_said_about_one() {
    let secrets = builder()
        .backend("memory")
        .option("cache", "off")
        .open_blocking()
        .unwrap();
    secrets.set("K", &Secret::new("v")).unwrap();
    assert!(secrets.metrics().iter().all(|(name, _)| !name.starts_with("cache.")));
    assert_eq!(secrets.metrics().get("calls.set"), Some(1));
}
