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
/// [`ErrorKind::Ambiguous`] naming the keys that would share a name; those of [`harmless`] for keys that nobody named.
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
        if options.format.has_variables() && options.keys.is_empty() {
            harmless(&names, keys)?;
        }
        return Ok(names);
    }
    let message = format!("several keys would share a name: {}", listed(&twice));
    Err(Error::new(ErrorKind::Ambiguous, message)
        .with_help("export one scope alone, or whole keys as names (`full_names`, `--full-names`)"))
}

fn name(key: &SecretKey, options: &ExportOptions) -> String {
    match (options.full_names, options.format.has_variables()) {
        (true, true) => VariableMapping::Plain.variable("", key),
        (true, false) => key.as_str().to_owned(),
        (false, true) => variable(own(key)),
        (false, false) => own(key),
    }
}

/// The secret's own name.
fn own(key: &SecretKey) -> String {
    match key.target() {
        Some(target) => format!("{}@{target}", key.name()),
        None => key.name().to_owned(),
    }
}

/// Whether a name in a document is not the secret's own because no variable could have that.
pub(crate) fn is_escaped(name: &str, key: &SecretKey, options: &ExportOptions) -> bool {
    options.format.has_variables() && !options.full_names && name != own(key)
}

/// Refuses names by which variables steer the program that takes them: whoever may write a secret could make a shell
/// that evaluates the document run what he likes.
///
/// # Errors
/// [`ErrorKind::Unsupported`] naming the keys.
fn harmless(names: &[String], keys: &[&SecretKey]) -> Result<()> {
    let steering: Vec<_> = names
        .iter()
        .zip(keys)
        .filter(|(name, _)| steers(name))
        .map(|(name, key)| format!("`{name}` ({key})"))
        .collect();
    if steering.is_empty() {
        return Ok(());
    }
    let message = format!(
        "variables of these names steer the shell and the programs that take them: {}",
        listed(&steering)
    );
    Err(Error::new(ErrorKind::Unsupported, message)
        .with_help("name the keys that are to be exported, these too if you mean them; or choose the format `json`"))
}

/// Whether a variable of this name makes a shell, the loader or the runtime of a language run or load something. After
/// the table of sudo.
fn steers(name: &str) -> bool {
    const BEGINNINGS: [&str; 6] = ["LD_", "DYLD_", "_RLD", "BASH_FUNC_", "GIT_", "npm_config_"];
    const NAMES: [&str; 48] = [
        "BASHOPTS",
        "BASH_ENV",
        "BROWSER",
        "CDPATH",
        "CLASSPATH",
        "DOTNET_STARTUP_HOOKS",
        "EDITOR",
        "ENV",
        "FPATH",
        "GCONV_PATH",
        "GLIBC_TUNABLES",
        "HOME",
        "IFS",
        "JAVA_TOOL_OPTIONS",
        "JDK_JAVA_OPTIONS",
        "LESSCLOSE",
        "LESSOPEN",
        "MANPAGER",
        "NODE_OPTIONS",
        "NODE_PATH",
        "OPENSSL_CONF",
        "PAGER",
        "PATH",
        "PERL5DB",
        "PERL5LIB",
        "PERL5OPT",
        "PERLLIB",
        "PHPRC",
        "PROMPT_COMMAND",
        "PS0",
        "PS1",
        "PS2",
        "PS4",
        "PYTHONBREAKPOINT",
        "PYTHONHOME",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "RUBYLIB",
        "RUBYOPT",
        "RUSTC_WRAPPER",
        "SHELL",
        "SHELLOPTS",
        "SSH_ASKPASS",
        "SSLKEYLOGFILE",
        "SUDO_ASKPASS",
        "VISUAL",
        "ZDOTDIR",
        "_JAVA_OPTIONS",
    ];
    BEGINNINGS.iter().any(|beginning| name.starts_with(beginning)) || NAMES.contains(&name)
}

/// How a global key begins when it is escaped.
const GLOBAL: &str = "GLOBAL__";

/// The name itself where it is a variable's, else escaped.
fn variable(own: String) -> String {
    if is_variable(&own) {
        return own;
    }
    let whole = VariableMapping::Escaped.variable("", &SecretKey::parse_lossless(&own));
    // Escaped, a global key begins so; it helps where the rest would begin with a digit.
    match whole.strip_prefix(GLOBAL) {
        Some(bare) if is_variable(bare) => bare.to_owned(),
        _ => whole,
    }
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
