//! What other programs make of our documents, and whether we make the same of theirs.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails its test")]

mod programs;
mod texts;

use std::collections::BTreeMap;

use programs::Reader;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use strongroom::blocking::SecretManager;
use strongroom::transfer::{Dialect, ExportOptions, Format, ImportOptions};
use strongroom::{ErrorKind, Secret};

/// How many values each dialect is tried with.
const VALUES: usize = 4000;
/// How many documents each reader and ours are compared on.
const DOCUMENTS: usize = 3000;

fn memory() -> SecretManager {
    SecretManager::builder()
        .app("transfer")
        .without_environment()
        .backend("memory")
        .open_blocking()
        .unwrap()
}

fn sample<T>(strategy: impl Strategy<Value = T>, count: usize) -> Vec<T> {
    // The same values each time, so that what fails once fails again; another word here looks for more.
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[42; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

/// The values that the format and dialect can hold, one document of all of them, and how many were refused.
fn exported(values: &[String], format: Format, dialect: Dialect) -> (BTreeMap<String, String>, String, usize) {
    let manager = memory();
    let (mut held, mut document) = (BTreeMap::new(), String::new());
    for (number, value) in values.iter().enumerate() {
        let name = format!("V{number}");
        manager.set(&name, &Secret::new(value.as_str())).unwrap();
        match manager.export(ExportOptions::new(format).dialect(dialect).key(&name)) {
            Ok(export) => {
                document.push_str(export.document.expose_str().unwrap());
                held.insert(name, value.clone());
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported, "{value:?}: {error}"),
        }
    }
    let refused = values.len() - held.len();
    (held, document, refused)
}

#[track_caller]
fn same(reader: &str, wanted: &BTreeMap<String, String>, found: &BTreeMap<String, String>) {
    for (name, value) in wanted {
        assert_eq!(found.get(name), Some(value), "{reader} reads something else");
    }
    assert_eq!(found.len(), wanted.len(), "{reader} reads more than there is");
}

/// Every reader of a dialect gets every value that the dialect holds.
fn read_back(format: Format, dialect: Dialect, readers: &[Reader], most_refused: usize) {
    let values = [texts::known(), sample(texts::value(), VALUES)].concat();
    let (held, document, refused) = exported(&values, format, dialect);
    assert!(refused <= most_refused, "{refused} of {} were refused", values.len());
    for reader in readers {
        if let Some(found) = reader.read(std::slice::from_ref(&document)) {
            same(reader.name(), &held, found[0].as_ref().expect("the document is read"));
        }
    }
}

#[test]
fn a_shell_sources_every_text() {
    read_back(Format::Env, Dialect::Common, &[Reader::Dash, Reader::Bash], 0);
}

#[test]
fn all_read_the_common_dialect() {
    let readers = [Reader::Python, Reader::Node, Reader::Dash, Reader::Bash];
    // The values are made of what trips readers up, so most of them cannot be common ground.
    read_back(Format::Dotenv, Dialect::Common, &readers, VALUES * 9 / 10);
}

#[test]
fn python_dotenv_reads_every_text() {
    read_back(Format::Dotenv, Dialect::Python, &[Reader::Python], 0);
}

#[test]
fn nodes_dotenv_reads_what_its_dialect_holds() {
    read_back(Format::Dotenv, Dialect::Node, &[Reader::Node], VALUES / 2);
}

#[test]
fn docker_compose_reads_every_text() {
    read_back(Format::Dotenv, Dialect::Compose, &[Reader::Compose], 0);
}

/// What we read of a document that somebody wrote, where we neither refuse nor note anything.
fn ours(document: &str, format: Format, dialect: Dialect) -> Option<BTreeMap<String, String>> {
    let manager = memory();
    let report = manager
        .import(document.as_bytes(), ImportOptions::new(format).dialect(dialect))
        .ok()?;
    if !report.notes.is_empty() {
        return None;
    }
    let value = |key: &strongroom::SecretKey| manager.get_value(key).unwrap().unwrap();
    Some(
        report
            .created
            .iter()
            .map(|key| (key.name().to_owned(), value(key)))
            .collect(),
    )
}

/// A reader and ours read the same, wherever ours reads at all and notes nothing.
fn agree(format: Format, dialect: Dialect, reader: Reader) {
    let documents: Vec<_> = sample(texts::document(), DOCUMENTS);
    let read: Vec<_> = documents
        .iter()
        // A shell takes a byte order mark for a part of the name.
        .filter(|document| format != Format::Env || !document.starts_with('\u{feff}'))
        .filter_map(|document| Some((document.clone(), ours(document, format, dialect)?)))
        .collect();
    assert!(
        read.len() > DOCUMENTS / 20,
        "only {} documents say anything",
        read.len()
    );
    let documents: Vec<_> = read.iter().map(|(document, _)| document.clone()).collect();
    let Some(found) = reader.read(&documents) else { return };
    assert_eq!(found.len(), documents.len());
    for ((document, ours), theirs) in read.iter().zip(found) {
        assert_eq!(
            Some(ours),
            theirs.as_ref(),
            "{} and we read {document:?}",
            reader.name()
        );
    }
}

#[test]
fn we_read_what_a_shell_reads() {
    agree(Format::Env, Dialect::Common, Reader::Dash);
    agree(Format::Env, Dialect::Common, Reader::Bash);
}

#[test]
fn we_read_what_python_dotenv_reads() {
    agree(Format::Dotenv, Dialect::Python, Reader::Python);
}

#[test]
fn we_read_what_nodes_dotenv_reads() {
    agree(Format::Dotenv, Dialect::Node, Reader::Node);
}

#[test]
fn we_read_what_docker_compose_reads() {
    agree(Format::Dotenv, Dialect::Compose, Reader::Compose);
}

#[test]
fn without_notes_the_common_dialect_is_what_python_and_node_read() {
    agree(Format::Dotenv, Dialect::Common, Reader::Python);
    agree(Format::Dotenv, Dialect::Common, Reader::Node);
}
