//! Which variable is whose: keys to names, and keys that would share one.

use std::collections::BTreeMap;

use super::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::key::{SecretKey, VariableMapping};

const RENAME: &str =
    "rename one of the keys, or set `env.mapping` to `escaped`, which gives each a variable of its own";
const NO_FILES: &str = "unset one of the variables, or set `env.files` to `off`";

/// The names of keys, and the keys that were declared.
#[derive(Debug)]
pub(super) struct Names {
    prefix: String,
    mapping: VariableMapping,
    files: bool,
    /// The declared keys by their variables.
    declared: BTreeMap<String, SecretKey>,
}

impl Names {
    /// The names, with the keys that `config` declares.
    ///
    /// # Errors
    /// [`ErrorKind::Ambiguous`] where two of them share a variable.
    pub(super) fn new(config: &Config) -> Result<Self> {
        let mut names = Self {
            prefix: config.prefix.clone(),
            mapping: config.mapping,
            files: config.files,
            declared: BTreeMap::new(),
        };
        names.declared = names.together(config.required.iter().chain(&config.known))?;
        Ok(names)
    }

    /// The variable that holds the value of `key`.
    pub(super) fn variable(&self, key: &SecretKey) -> String {
        self.mapping.variable(&self.prefix, key)
    }

    /// The variable that names the file with the value, beside `variable`; `None` where files are off. Behind an escaped
    /// name stand two `_`, which no key's name ends so: `_F` is the letter.
    pub(super) fn file_variable(&self, variable: &str) -> Option<String> {
        self.files.then(|| format!("{variable}{}", self.file_ending()))
    }

    fn file_ending(&self) -> &'static str {
        match self.mapping {
            VariableMapping::Escaped => "__FILE",
            _ => "_FILE",
        }
    }

    /// The declared keys.
    pub(super) fn declared(&self) -> impl Iterator<Item = &SecretKey> {
        self.declared.values()
    }

    /// The key of a variable whose name can be read back.
    pub(super) fn key(&self, name: &str) -> Option<SecretKey> {
        let key = |name: &str| self.mapping.key(&self.prefix, name);
        let by_file = || key(name.strip_suffix(self.file_ending())?);
        key(name).or_else(|| by_file().filter(|_| self.files))
    }

    /// Refuses a key whose variable belongs to another key that is declared.
    pub(super) fn check(&self, key: &SecretKey, variable: &str) -> Result<()> {
        match self.declared.get(variable) {
            Some(other) if other != key => Err(shared(other, key, variable)),
            _ => Ok(()),
        }
    }

    /// Refuses keys of which two share a variable, and one whose variable would name the file of another.
    pub(super) fn together<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a SecretKey>,
    ) -> Result<BTreeMap<String, SecretKey>> {
        let mut owners: BTreeMap<String, SecretKey> = BTreeMap::new();
        for key in keys {
            let variable = self.variable(key);
            match owners.get(&variable) {
                Some(other) if other != key => return Err(shared(other, key, &variable)),
                _ => drop(owners.insert(variable, key.clone())),
            }
        }
        for (variable, key) in &owners {
            let file = self.file_variable(variable);
            if let Some((file, other)) = file.and_then(|file| owners.get_key_value(&file)) {
                let text = format!("{file} is the variable of `{other}` and would name the file of `{key}`");
                return Err(Error::new(ErrorKind::Ambiguous, text)
                    .with_key(other)
                    .with_help("rename one of the keys, or set `env.files` to `off`"));
            }
        }
        Ok(owners)
    }
}

fn shared(one: &SecretKey, other: &SecretKey, variable: &str) -> Error {
    let text = format!("`{one}` and `{other}` share the variable {variable}");
    Error::new(ErrorKind::Ambiguous, text).with_key(other).with_help(RENAME)
}

/// The error of a value that two variables state.
pub(super) fn both_set(variable: &str, file: &str) -> Error {
    let text = format!("{variable} and {file} are both set");
    Error::new(ErrorKind::Ambiguous, text).with_help(NO_FILES)
}
