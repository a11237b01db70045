//! Configuration documents: the settings stand in the table `secrets`; all else belongs to the application.

use std::path::Path;

use zeroize::Zeroizing;

use super::nearest::{nearest, shown_word};
use super::node::{Content, Fault, Node};
use super::origin::Origin;
use super::settings::{self, Settings};
use super::table::{SETTINGS, Setting, SettingKind};
use super::{json, toml};
use crate::error::{Error, ErrorKind};
use crate::registry;
use crate::value::SecretValue;

/// The table of a document that is ours.
const TABLE: &str = "secrets";
/// The most faults of one document that are told.
const MOST: usize = 50;

/// How a configuration document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigFormat {
    /// `{"secrets": {"backend": "env"}}`
    Json,
    /// `[secrets]`, `backend = "env"`
    Toml,
}

impl ConfigFormat {
    /// The format of a file by its name's ending, else by how its text begins.
    pub(super) fn of(path: &Path, text: &str) -> Self {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some(ending) if ending.eq_ignore_ascii_case("json") => Self::Json,
            Some(ending) if ending.eq_ignore_ascii_case("toml") => Self::Toml,
            _ if text.trim_start().starts_with('{') => Self::Json,
            _ => Self::Toml,
        }
    }
}

/// What became of a document.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// The settings that it states.
    pub(super) stated: Vec<&'static Setting>,
    pub(super) problems: Vec<Error>,
}

/// Takes every setting that a document states. `folder` is what its relative paths start from.
pub(super) fn apply(
    settings: &mut Settings,
    format: ConfigFormat,
    text: &str,
    origin: &Origin,
    folder: Option<&Path>,
) -> Applied {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        settings,
        origin,
        folder,
        applied: Applied::default(),
    };
    let parsed = match format {
        ConfigFormat::Json => json::parse(text, TABLE),
        ConfigFormat::Toml => toml::parse(text, TABLE),
    };
    match parsed {
        Ok(members) => reader.document(members),
        Err(Fault { line, reason }) => {
            let message = format!("{origin}, line {line}, {reason}");
            reader
                .applied
                .problems
                .push(Error::new(ErrorKind::InvalidConfig, message));
        }
    }
    reader.applied
}

struct Reader<'a> {
    settings: &'a mut Settings,
    origin: &'a Origin,
    folder: Option<&'a Path>,
    applied: Applied,
}

impl Reader<'_> {
    fn document(&mut self, members: Vec<(String, Node)>) {
        let near = nearest(TABLE, members.iter().map(|(name, _)| name.as_str())).map(shown_word);
        let Some((_, node)) = members.into_iter().find(|(name, _)| name == TABLE) else {
            let mut message = format!("there is no table `{TABLE}` in {}", self.origin);
            if let Some(near) = near {
                message.push_str(&format!("; did you mean it by `{near}`?"));
            }
            let error = Error::new(ErrorKind::InvalidConfig, message)
                .with_help("settings stand in the table `secrets`: `[secrets]` in TOML, {\"secrets\": {…}} in JSON");
            return self.applied.problems.push(error);
        };
        let Content::Table(table) = node.content else {
            return self.problem(
                TABLE,
                node.line,
                &format!("`{TABLE}` must be a table, not {}", node.content.what()),
            );
        };
        for (name, node) in table {
            if self.applied.problems.len() >= MOST {
                return;
            }
            self.member(&name, node);
        }
    }

    /// A setting without a group, or a group of settings.
    fn member(&mut self, name: &str, node: Node) {
        if let Some((group, rest)) = name.split_once('.') {
            // One way to write it, so that one schema describes it.
            let (group, rest) = (shown_word(group), shown_word(rest));
            let text = format!("`{group}.{rest}` is written as `{rest}` in a table `{group}`");
            return self.problem(name, node.line, &text);
        }
        if let Some(setting) = Setting::find(name) {
            return self.setting(setting, node);
        }
        if !groups().any(|group| group == name) {
            return self.unknown(name, node.line);
        }
        match node.content {
            Content::Table(table) => {
                for (rest, node) in table {
                    if self.applied.problems.len() >= MOST {
                        return;
                    }
                    let key = format!("{name}.{rest}");
                    match Setting::find(&key) {
                        Some(setting) => self.setting(setting, node),
                        None => self.problem(&key, node.line, &settings::unknown(&key)),
                    }
                }
            }
            other => {
                let text = format!("`{name}` must be a table of settings, not {}", other.what());
                self.problem(name, node.line, &text);
            }
        }
    }

    fn unknown(&mut self, name: &str, line: usize) {
        let text = if let Some(word) = registry::coming(name) {
            format!("`{word}` is a backend that this version does not have, so its settings are not known")
        } else {
            let plain = SETTINGS
                .iter()
                .map(|setting| setting.key)
                .filter(|key| !key.contains('.'));
            let shown = shown_word(name);
            match nearest(name, plain.chain(groups())) {
                Some(near) => format!("there is no setting `{shown}`; did you mean `{near}`?"),
                None => format!("there is no setting `{shown}`"),
            }
        };
        self.problem(name, line, &text);
    }

    fn setting(&mut self, setting: &'static Setting, node: Node) {
        let line = node.line;
        match self.take(setting, node.content) {
            Ok(()) => self.applied.stated.push(setting),
            Err(reason) => self.problem(setting.key, line, &format!("`{}` {reason}", setting.key)),
        }
    }

    fn take(&mut self, setting: &'static Setting, content: Content) -> Result<(), String> {
        let mut text = text_of(setting, content)?;
        let told = |error: Error| error.message().to_owned();
        let origin = self.origin.clone();
        if setting.secret {
            let value = SecretValue::copy_of(text.as_bytes());
            return self.settings.set_secret(setting.key, value, origin).map_err(told);
        }
        settings::check(setting, &text)?;
        if setting.kind == SettingKind::Path {
            if text.starts_with('~') {
                return Err("begins with `~`, which only a shell reads; write the whole path".to_owned());
            }
            let whole = self.folder.map(|folder| folder.join(text.as_str()));
            if let Some(whole) = whole {
                let whole = whole.into_os_string().into_string();
                text = Zeroizing::new(whole.map_err(|_| "lies in a folder whose name is no Unicode".to_owned())?);
            }
        }
        self.settings.set(setting.key, text.as_str(), origin).map_err(told)
    }

    fn problem(&mut self, setting: &str, line: usize, text: &str) {
        let message = format!("{text} (from {}, line {line})", self.origin);
        let error = Error::new(ErrorKind::InvalidConfig, message).with_setting(shown_word(setting));
        self.applied.problems.push(error);
    }
}

/// The words before the dots.
fn groups() -> impl Iterator<Item = &'static str> {
    SETTINGS
        .iter()
        .filter_map(|setting| Some(setting.key.split_once('.')?.0))
}

/// A value as a setting's text.
fn text_of(setting: &Setting, content: Content) -> Result<Zeroizing<String>, String> {
    let on_off = |words: &[&str]| words.contains(&"on") && words.contains(&"off");
    match (setting.kind, content) {
        (_, Content::Text(text)) => Ok(text),
        (SettingKind::Integer { .. } | SettingKind::Size { .. }, Content::Number(number)) => {
            Ok(Zeroizing::new(number.to_string()))
        }
        (SettingKind::Choice(words), Content::Flag(flag)) if on_off(words) => {
            Ok(Zeroizing::new(if flag { "on" } else { "off" }.to_owned()))
        }
        (SettingKind::List, Content::List(items)) => {
            let mut words = Vec::with_capacity(items.len());
            for item in &items {
                match &item.content {
                    Content::Text(word) if word.contains(',') => return Err("has a word with a comma".to_owned()),
                    Content::Text(word) => words.push(word.as_str()),
                    other => return Err(format!("must be a list of words, not of {}", other.what())),
                }
            }
            Ok(Zeroizing::new(words.join(",")))
        }
        (kind, other) => Err(format!("must be {}, not {}", expected(kind), other.what())),
    }
}

fn expected(kind: SettingKind) -> String {
    match kind {
        SettingKind::Text => "a text".to_owned(),
        SettingKind::Path => "a path".to_owned(),
        SettingKind::List => "a list of words".to_owned(),
        SettingKind::Choice(words) => format!("one of {}", words.join(", ")),
        SettingKind::Integer { min, max } => format!("a whole number from {min} to {max}"),
        SettingKind::Size { .. } => "a number of bytes (`64KiB`, `1MiB`)".to_owned(),
        SettingKind::Duration => "a time span as text (`250ms`, `10s`)".to_owned(),
    }
}
