//! The programs that read documents.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

type Read = Vec<Option<BTreeMap<String, String>>>;

/// A program that reads documents.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reader {
    Python,
    Node,
    Compose,
    Dash,
    Bash,
}

impl Reader {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Python => "python-dotenv",
            Self::Node => "Node's dotenv",
            Self::Compose => "Docker Compose",
            Self::Dash => "dash",
            Self::Bash => "bash",
        }
    }

    /// What it reads of each document; `None`, and a word about it, where it is not on this machine.
    pub(crate) fn read(self, documents: &[String]) -> Option<Read> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = match self {
            Self::Python => {
                let mut command = Command::new(stated("STRONGROOM_PYTHON", self)?);
                command.arg(folder.join("reader.py"));
                command
            }
            Self::Node => {
                let modules = stated("STRONGROOM_NODE_MODULES", self)?;
                let mut command = Command::new("node");
                command.arg(folder.join("reader.js")).arg(modules);
                command
            }
            Self::Compose => Command::new(stated("STRONGROOM_COMPOSE_READER", self)?),
            Self::Dash => return shell("dash", documents),
            Self::Bash => return shell("bash", documents),
        };
        let answer = answer(&mut command, &serde_json::to_vec(documents).unwrap());
        Some(serde_json::from_slice(&answer).unwrap())
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the rule that one module reads the environment is the core's; this is a test"
)]
fn stated(variable: &str, reader: Reader) -> Option<PathBuf> {
    let stated = std::env::var_os(variable).filter(|value| !value.is_empty());
    if stated.is_none() {
        skipped(&format!("{} ({variable} is not set)", reader.name()));
    }
    stated.map(PathBuf::from)
}

/// Says past the test harness, which swallows what a passing test prints, that something was not tested.
fn skipped(what: &str) {
    let _ = std::io::stderr().write_all(format!("skipped: {what}\n").as_bytes());
}

fn answer(command: &mut Command, stdin: &[u8]) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || pipe.write_all(stdin).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{command:?}");
    output.stdout
}

/// Sources each document in a process of its own and tells the variables that it sets, one after the other.
fn shell(program: &str, documents: &[String]) -> Option<Read> {
    let places = ["/bin", "/usr/bin", "/usr/local/bin"].map(|place| Path::new(place).join(program));
    let Some(program) = places.iter().find(|place| place.exists()) else {
        skipped(program);
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut script = String::new();
    let mut names = Vec::new();
    for (number, document) in documents.iter().enumerate() {
        std::fs::write(folder.path().join(format!("d{number}")), document).unwrap();
        let of_document = assigned(document);
        let told: Vec<_> = of_document
            .iter()
            .map(|name| format!("printf '%s\\0' \"${{{name}+=${name}}}\""))
            .collect();
        script.push_str(&format!(
            "(. ./d{number} && {{ printf 'ok\\0'; {}; }} || printf 'no\\0') 2>&-\n",
            told.join("; ")
        ));
        names.push(of_document);
    }
    let script_file = folder.path().join("script");
    std::fs::write(&script_file, script).unwrap();
    let mut command = Command::new(program);
    // Whatever a document says, there is nothing here that it could start.
    command
        .arg(&script_file)
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", "");
    let told = String::from_utf8(answer(&mut command, b"")).unwrap();
    let mut told = told.split('\0');
    let read = names.iter().map(|names| {
        (told.next() == Some("ok")).then(|| {
            let values = names.iter().filter_map(|name| {
                // What is only a piece of a value is not set.
                let value = told.next().unwrap().strip_prefix('=')?;
                Some((name.clone(), value.to_owned()))
            });
            values.collect()
        })
    });
    Some(read.collect())
}

/// The names that a document of these tests may assign; in one that we wrote they are `V` and a number.
fn assigned(document: &str) -> Vec<String> {
    let words = document.split(['\n', ' ', '\t', '\u{feff}']);
    let names = words.filter_map(|word| word.split_once('=').map(|(name, _)| name));
    let is_name = |name: &&str| {
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
        begins && name.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let mut names: Vec<_> = names.filter(is_name).map(str::to_owned).collect();
    if document.starts_with('V') {
        // The others stand in values.
        names.retain(|name| name[1..].parse::<usize>().is_ok() && name.starts_with('V'));
    }
    names.sort();
    names.dedup();
    names
}
