//! What `docs/remote-backends.md` says, as data.

use std::collections::{BTreeMap, BTreeSet};

const TEXT: &str = include_str!("../../../docs/remote-backends.md");

/// A row of a table of verbs.
#[derive(Clone, Debug)]
pub struct Row {
    /// The verb, and what the circumstances are.
    pub verb: String,
    /// The requests by their names.
    pub requests: BTreeMap<String, u64>,
    /// What has to be allowed: on a path of Vault, or of AWS on the empty one.
    pub rights: Rights,
    /// The narrowest ready-made policy that allows it; empty where nothing has to be allowed.
    pub role: String,
}

/// What is allowed on which path.
pub type Rights = BTreeMap<String, BTreeSet<String>>;

fn section(heading: &str) -> impl Iterator<Item = &'static str> {
    let mut lines = TEXT.lines().skip_while(move |line| *line != heading);
    assert!(lines.next().is_some(), "there is no `{heading}`");
    lines.take_while(|line| !line.starts_with('#'))
}

/// The words in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The rows of the table below a heading.
///
/// # Panics
/// A row has not the form of the others.
pub fn rows(heading: &str) -> Vec<Row> {
    let lines = section(heading).filter(|line| line.starts_with('|')).skip(2);
    let rows: Vec<_> = lines
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [verb, requests, rights, role] = cells[..] else {
                panic!("four columns: {line}")
            };
            Row {
                verb: verb.to_owned(),
                requests: counts(requests),
                rights: rights_of(rights),
                role: quoted(role).next().unwrap_or_default().to_owned(),
            }
        })
        .collect();
    assert!(!rows.is_empty(), "no table below `{heading}`");
    rows
}

/// "1 `kv.read`, 2 `kv.write`"; "none".
fn counts(cell: &str) -> BTreeMap<String, u64> {
    let parts = cell.split(", ").filter(|part| *part != "none");
    parts
        .map(|part| {
            let (count, name) = part.split_once(' ').expect(part);
            let count = count.parse().expect(part);
            (name.trim_matches('`').to_owned(), count)
        })
        .collect()
}

/// "`data` read, update; `metadata` list", "`GetSecretValue`, `PutSecretValue`", "none".
fn rights_of(cell: &str) -> Rights {
    let mut rights = Rights::new();
    if cell == "none" {
        return rights;
    }
    for part in cell.split("; ") {
        let mut words = quoted(part);
        let first = words.next().expect(part).to_owned();
        match part.split_once("` ") {
            Some((_, capabilities)) if !part.contains(", `") => {
                let capabilities = capabilities.split(", ").map(str::to_owned);
                rights.entry(first).or_default().extend(capabilities);
            }
            _ => {
                let actions = rights.entry(String::new()).or_default();
                actions.insert(first);
                actions.extend(words.map(str::to_owned));
            }
        }
    }
    rights
}

/// The block of code with this word after its language, wherever it is.
///
/// # Panics
/// There is none.
pub fn block(language: &str, word: &str) -> String {
    let fence = format!("```{language} {word}");
    let mut lines = TEXT.lines().skip_while(|line| *line != fence);
    assert!(lines.next().is_some(), "there is no block `{fence}`");
    let lines: Vec<_> = lines.take_while(|line| *line != "```").collect();
    lines.join("\n")
}
