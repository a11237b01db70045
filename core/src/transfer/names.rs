//! Names of a document and keys of a backend.

use std::collections::HashMap;

use super::text::{listed, shown};
use super::{Entry, ExportOptions, Format, ImportOptions, NamePolicy, SkipReason, Skipped};
use crate::error::{Error, ErrorKind, Result};
use crate::key::{SecretKey, VariableMapping};
use crate::scope::SecretScope;
use crate::value::SecretValue;

/// An entry of a document and the key under which it is kept.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) key: SecretKey,
    pub(crate) value: SecretValue,
    pub(crate) line: usize,
}

/// The keys of a document's entries; bare names are names of `scope`.
///
/// # Errors
/// [`ErrorKind::InvalidKey`] naming all names that are no keys, with their lines; [`ErrorKind::Ambiguous`] where two
/// names are one key.
pub(crate) fn import_keys(
    entries: Vec<Entry>,
    scope: &SecretScope,
    options: &ImportOptions,
) -> Result<(Vec<Target>, Vec<Skipped>)> {
    let mut targets = Vec::with_capacity(entries.len());
    let (mut skipped, mut refused) = (Vec::new(), Vec::new());
    for Entry { name, value, line } in entries {
        let key = match key(&name, scope, options.format) {
            Err(_) if options.names == NamePolicy::Escape => {
                let key = SecretKey::in_scope(scope.clone(), SecretKey::escape(&name));
                key.check().map(|()| key)
            }
            key => key,
        };
        match key {
            Ok(key) => targets.push(Target { key, value, line }),
            Err(_) if options.names == NamePolicy::Skip => {
                skipped.push(Skipped::new(told(&name, options.format), SkipReason::Name, Some(line)));
            }
            Err(_) => refused.push(match told(&name, options.format) {
                told if told.is_empty() => format!("line {line}"),
                told => format!("`{told}` (line {line})"),
            }),
        }
    }
    if !refused.is_empty() {
        let message = format!("the document has names that are no keys: {}", listed(&refused));
        return Err(Error::new(ErrorKind::InvalidKey, message)
            .with_help("rename them, or have them escaped or skipped; nothing was imported"));
    }
    distinct(&targets)?;
    Ok((targets, skipped))
}

/// The key that a name means.
fn key(name: &str, scope: &SecretScope, format: Format) -> Result<SecretKey> {
    if format.has_variables() {
        let key = SecretKey::in_scope(scope.clone(), name);
        return key.check().map(|()| key);
    }
    match name.contains('/') {
        true => SecretKey::parse(name),
        false => SecretKey::parse(&format!("{scope}/{name}")),
    }
}

/// A name that is no key, for a message. What stands before an `=` in lines may be a piece of a value that was not
/// quoted, so it is not shown.
fn told(name: &str, format: Format) -> String {
    match format.has_variables() {
        true => String::new(),
        false => shown(name),
    }
}

fn distinct(targets: &[Target]) -> Result<()> {
    let mut lines: HashMap<&SecretKey, usize> = HashMap::with_capacity(targets.len());
    let mut twice = Vec::new();
    for Target { key, line, .. } in targets {
        match lines.get(key) {
            Some(first) => twice.push(format!("`{key}` (lines {first} and {line})")),
            None => drop(lines.insert(key, *line)),
        }
    }
    if twice.is_empty() {
        return Ok(());
    }
    let message = format!("two names of the document are one key: {}", listed(&twice));
    Err(Error::new(ErrorKind::Ambiguous, message).with_help("remove one of each; nothing was imported"))
}

/// The name of each key in a document.
///
/// # Errors
/// [`ErrorKind::Ambiguous`] naming the keys that would share a name.
pub(crate) fn export_names(keys: &[&SecretKey], options: &ExportOptions) -> Result<Vec<String>> {
    let names: Vec<_> = keys.iter().map(|key| name(key, options)).collect();
    let mut first: HashMap<&str, &SecretKey> = HashMap::with_capacity(names.len());
    let mut twice = Vec::new();
    for (name, key) in names.iter().zip(keys) {
        match first.get(name.as_str()) {
            Some(other) => twice.push(format!("`{name}` ({other} and {key})")),
            None => drop(first.insert(name, key)),
        }
    }
    if twice.is_empty() {
        return Ok(names);
    }
    let message = format!("several keys would share a name: {}", listed(&twice));
    Err(Error::new(ErrorKind::Ambiguous, message)
        .with_help("export one scope alone, or whole keys as names (`full_names`)"))
}

fn name(key: &SecretKey, options: &ExportOptions) -> String {
    match (options.full_names, options.format.has_variables()) {
        (true, true) => VariableMapping::Plain.variable("", key),
        (true, false) => key.as_str().to_owned(),
        (false, has_variables) => {
            let own = match key.target() {
                Some(target) => format!("{}@{target}", key.name()),
                None => key.name().to_owned(),
            };
            if has_variables { variable(own) } else { own }
        }
    }
}

/// The name itself where it is a variable's, else escaped.
fn variable(own: String) -> String {
    if is_variable(&own) {
        return own;
    }
    let whole = VariableMapping::Escaped.variable("", &SecretKey::parse_lossless(&own));
    // Escaped, a global key begins so; it helps where the rest would begin with a digit.
    match whole.strip_prefix("GLOBAL__") {
        Some(bare) if is_variable(bare) => bare.to_owned(),
        _ => whole,
    }
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
