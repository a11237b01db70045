//! `docs/parity.md`: which vector ran which operation through which language. Made of the files that the runners of the
//! vectors leave (`tests/vectors/README.md`), so that a verb without a vector and a binding without a verb show.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::Outcome;
use crate::run::{read, root, target};

const PAGE: &str = "docs/parity.md";
/// Where the verbs of the manager stand.
const SOURCES: [&str; 2] = ["core/src/manager", "core/src/transfer/copy"];
/// Tells a runner where its files go.
pub(crate) const FOLDER: &str = "STRONGROOM_PARITY_DIR";

/// The columns: a runner's word for its language, and the title. Each further binding adds its own.
const LANGUAGES: [(&str, &str); 10] = [
    ("rust", "Rust"),
    ("rust-blocking", "Rust, blocking"),
    ("c", "C"),
    ("c-callback", "C, callback"),
    ("c++", "C++"),
    ("c++-future", "C++, future"),
    ("python", "Python"),
    ("python-asyncio", "Python, asyncio"),
    ("node", "Node"),
    ("node-promise", "Node, promise"),
];

/// Functions of the manager that have no row of their own, and what stands for them.
const FOLDED: [(&str, &str); 6] = [
    ("init", "`open` with nothing stated"),
    ("get_with", "`get` with its options"),
    ("get_with_fallback_options", "`get_with_fallback` with its options"),
    ("set_with", "`set` with its options"),
    ("update_value_with", "`update_value` with its options"),
    ("delete_with", "`delete` with its options"),
];

/// Operations that every language has and that are no `pub async fn` of the manager.
const FURTHER: [&str; 15] = [
    "open",
    "scoped",
    "generate",
    // `rotate` with a value that is generated: in C a function of its own.
    "rotate_generate",
    "key_parse",
    "key_escape",
    "key_unescape",
    "key_variable",
    "setting",
    "metrics",
    "next_change",
    "fernet_generate",
    "fernet_encrypt",
    "fernet_decrypt",
    "fernet_rotate",
];

/// What a language need not have.
struct Exemption {
    languages: &'static [&'static str],
    operations: &'static [&'static str],
    /// The name of the footnote.
    note: &'static str,
    reason: &'static str,
}

impl Exemption {
    fn covers(&self, language: &str, operation: &str) -> bool {
        self.languages.contains(&language) && self.operations.contains(&operation)
    }
}

/// The forms that answer later.
const WITHOUT_WAITING: &[&str] = &["c-callback", "c++-future", "python-asyncio", "node-promise"];
/// Those of them that have the caller's memory behind the caller's back.
const WITH_BUFFERS_OF_CALLERS: &[&str] = &["c-callback", "c++-future"];

const EXEMPTIONS: [Exemption; 2] = [
    Exemption {
        languages: WITH_BUFFERS_OF_CALLERS,
        operations: &["get_into", "get_value"],
        note: "buffer",
        reason: "It fills the caller's buffer, which a call that goes on behind the caller's back could outlive; the \
                 same form of `get` gives the value.",
    },
    Exemption {
        languages: WITHOUT_WAITING,
        operations: &[
            "scoped",
            "generate",
            "key_parse",
            "key_escape",
            "key_unescape",
            "key_variable",
            "setting",
            "metrics",
            "fernet_generate",
            "fernet_encrypt",
            "fernet_decrypt",
            "fernet_rotate",
        ],
        note: "immediate",
        reason: "It asks no backend, so there is nothing to wait for.",
    },
];

/// For each language the operations that it ran, each with the name of a vector.
type Ran = BTreeMap<String, BTreeMap<String, String>>;

/// Where the runners leave their files.
pub(crate) fn folder() -> PathBuf {
    target().join("parity")
}

/// Forgets what earlier runs left.
pub(crate) fn clear() -> Outcome {
    let folder = folder();
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot empty {}: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Writes the page from what the last run of the vectors left.
pub(crate) fn write() -> Outcome {
    let page = page(&rows()?, &ran()?)?;
    fs::write(root().join(PAGE), page).map_err(|error| format!("cannot write {PAGE}: {error}"))
}

/// Whether the page is what the last run of the vectors left.
pub(crate) fn compare() -> Outcome {
    if read(&root().join(PAGE))? == page(&rows()?, &ran()?)? {
        Ok(())
    } else {
        Err(format!(
            "{PAGE} is not what the vectors ran; run `cargo xtask test`, then `cargo xtask parity`"
        ))
    }
}

/// Whether the page has every row and names only vectors that there are; without running any.
pub(crate) fn look() -> Outcome {
    let text = read(&root().join(PAGE))?;
    let found = from_page(&text)?;
    if page(&rows()?, &found)? != text {
        return Err(format!("{PAGE} is not as `cargo xtask parity` writes it"));
    }
    let vectors = vectors()?;
    let missing = found
        .values()
        .flat_map(BTreeMap::values)
        .find(|&name| !vectors.contains(name));
    missing.map_or(Ok(()), |name| {
        Err(format!("{PAGE} names the vector `{name}`, which there is not"))
    })
}

/// The operations that every language must have, in the order of the table.
fn rows() -> Outcome<BTreeSet<String>> {
    let mut verbs = BTreeSet::new();
    for folder in SOURCES.map(|folder| root().join(folder)) {
        let files = fs::read_dir(&folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
        for file in files {
            let path = file
                .map_err(|error| format!("cannot read {}: {error}", folder.display()))?
                .path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                verbs.extend(verbs_in(&read(&path)?));
            }
        }
    }
    for (folded, _) in FOLDED {
        if !verbs.remove(folded) {
            return Err(format!(
                "xtask/src/parity.rs folds `{folded}`, which is no verb of the manager"
            ));
        }
    }
    verbs.extend(FURTHER.map(str::to_owned));
    Ok(verbs)
}

/// The `pub async fn`s in blocks `impl SecretManager` of a formatted source.
fn verbs_in(source: &str) -> Vec<String> {
    let mut inside = false;
    let mut verbs = Vec::new();
    for line in source.lines() {
        match line {
            "impl SecretManager {" => inside = true,
            "}" => inside = false,
            _ if inside => {
                let name = line
                    .strip_prefix("    pub async fn ")
                    .and_then(|rest| rest.split(['(', '<']).next());
                verbs.extend(name.map(str::to_owned));
            }
            _ => {}
        }
    }
    verbs
}

/// What the runners left.
fn ran() -> Outcome<Ran> {
    let mut ran = Ran::new();
    let folder = folder();
    let files = fs::read_dir(&folder).map_err(|_| {
        format!(
            "no vectors left anything in {}; run `cargo xtask test`",
            folder.display()
        )
    })?;
    for file in files {
        let path = file
            .map_err(|error| format!("cannot read {}: {error}", folder.display()))?
            .path();
        let bad = || format!("{} is not what a runner of the vectors writes", path.display());
        let file = match serde_json::from_str(&read(&path)?).map_err(|_| bad())? {
            Value::Array(languages) => languages,
            language => vec![language],
        };
        for part in file {
            let language = part["language"].as_str().ok_or_else(bad)?;
            let operations = ran.entry(language.to_owned()).or_default();
            for (operation, vector) in part["ops"].as_object().ok_or_else(bad)? {
                operations.insert(operation.clone(), vector.as_str().ok_or_else(bad)?.to_owned());
            }
        }
    }
    Ok(ran)
}

/// The page; an error that names everything that is missing where it would have a hole.
fn page(rows: &BTreeSet<String>, ran: &Ran) -> Outcome<String> {
    let mut holes = Vec::new();
    for (language, operations) in ran {
        if !LANGUAGES.iter().any(|(word, _)| word == language) {
            holes.push(format!("there is no column for `{language}`"));
        }
        let unknown = operations.keys().filter(|operation| !rows.contains(*operation));
        holes.extend(unknown.map(|operation| format!("there is no row for `{operation}`, which {language} ran")));
    }
    let mut text = String::from(
        "# Parity\n\n\
         Generated by `cargo xtask parity` from what a run of all vectors left; do not edit.\n\n\
         Every operation, and for every language the name of a vector (`tests/vectors`) that ran it there, through the \
         public interface of that language, and compared the answer. `key_…`: a list of `keys.json`; all others: a \
         script of `verbs.json`. A verb of the manager without a row, and a row with a hole, fail `cargo xtask test`.\n\n\
         | operation |",
    );
    for (_, title) in LANGUAGES {
        text.push_str(&format!(" {title} |"));
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(LANGUAGES.len()));
    for row in rows {
        text.push_str(&format!("\n| `{row}` |"));
        for (language, _) in LANGUAGES {
            let exemption = EXEMPTIONS.iter().find(|exemption| exemption.covers(language, row));
            let vector = ran.get(language).and_then(|operations| operations.get(row));
            match (vector, exemption) {
                (Some(vector), None) => text.push_str(&format!(" {vector} |")),
                (None, Some(exemption)) => text.push_str(&format!(" –[^{}] |", exemption.note)),
                (Some(_), Some(_)) => holes.push(format!("{language} ran `{row}` and is exempt from it")),
                (None, None) => holes.push(format!("no vector ran `{row}` through {language}")),
            }
        }
    }
    text.push('\n');
    for exemption in EXEMPTIONS {
        text.push_str(&format!("\n[^{}]: {}\n", exemption.note, exemption.reason));
    }
    text.push_str("\nWithout a row of their own, because another one stands for them:\n\n");
    for (folded, instead) in FOLDED {
        text.push_str(&format!("- `{folded}`: {instead}\n"));
    }
    if holes.is_empty() {
        Ok(text)
    } else {
        Err(holes.join("; "))
    }
}

/// What a page says that was run.
fn from_page(text: &str) -> Outcome<Ran> {
    let mut ran = Ran::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [operation, vectors @ ..] = &cells[..] else {
            continue;
        };
        if vectors.len() != LANGUAGES.len() {
            return Err(format!("{PAGE}: {operation} has not one cell for each language"));
        }
        for (vector, (language, _)) in vectors.iter().zip(LANGUAGES) {
            if !vector.is_empty() && !vector.starts_with('–') {
                let operations = ran.entry(language.to_owned()).or_default();
                operations.insert(operation.trim_matches('`').to_owned(), (*vector).to_owned());
            }
        }
    }
    Ok(ran)
}

/// The names that a cell may have.
fn vectors() -> Outcome<BTreeSet<String>> {
    let path = root().join("tests/vectors/verbs.json");
    let file: Value =
        serde_json::from_str(&read(&path)?).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let scripts = file["scripts"].as_array().into_iter().flatten();
    let names = scripts.filter_map(|script| script["name"].as_str().map(str::to_owned));
    Ok(names.chain(["valid", "escape"].map(str::to_owned)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    /// What is left when every language ran these operations, but for its exemptions.
    fn ran_everywhere(operations: &[&str]) -> Ran {
        let is_exempt = |language: &str, operation: &str| {
            let mut exemptions = EXEMPTIONS.iter();
            exemptions.any(|exemption| exemption.covers(language, operation))
        };
        let ran_by = |language: &str| {
            let mine = operations.iter().filter(|operation| !is_exempt(language, operation));
            mine.map(|&operation| (operation.to_owned(), "a vector".to_owned()))
                .collect()
        };
        LANGUAGES
            .iter()
            .map(|&(language, _)| (language.to_owned(), ran_by(language)))
            .collect()
    }

    #[test]
    fn verbs_are_the_public_async_functions_of_the_manager() {
        let source = "impl Builder {\n    pub async fn open(self) {}\n}\n\
                      impl SecretManager {\n    pub async fn get(&self) {\n    }\n    pub fn app(&self) {}\n    \
                      pub async fn get_many<K: AsKey>(&self) {}\n    pub(crate) async fn get_within(&self) {}\n}\n";
        assert_eq!(verbs_in(source), ["get", "get_many"]);
    }

    #[test]
    fn a_page_is_read_as_it_was_written() {
        let ran = ran_everywhere(&["get", "get_into"]);
        let text = page(&rows(&["get", "get_into"]), &ran).unwrap();
        assert!(text.contains("| `get` | a vector | a vector |"), "{text}");
        assert!(text.contains("–[^buffer]"), "{text}");
        assert_eq!(from_page(&text).unwrap(), ran);
    }

    #[test]
    fn holes_are_errors() {
        let mut ran = ran_everywhere(&["get"]);
        let error = page(&rows(&["get", "purge"]), &ran).unwrap_err();
        assert!(error.contains("no vector ran `purge` through rust;"), "{error}");
        ran.insert("cobol".to_owned(), BTreeMap::new());
        ran.entry("c".to_owned())
            .or_default()
            .insert("gte".to_owned(), "v".to_owned());
        ran.remove("c++");
        let error = page(&rows(&["get"]), &ran).unwrap_err();
        for hole in [
            "no column for `cobol`",
            "no row for `gte`, which c ran",
            "no vector ran `get` through c++",
        ] {
            assert!(error.contains(hole), "{hole}: {error}");
        }
    }

    #[test]
    fn every_exemption_is_of_a_row_and_a_column() {
        let rows = super::rows().unwrap();
        for exemption in EXEMPTIONS {
            let is_column = |word: &&str| LANGUAGES.iter().any(|(language, _)| language == word);
            assert!(exemption.languages.iter().all(is_column));
            assert!(exemption.operations.iter().all(|&operation| rows.contains(operation)));
        }
    }
}
