//! One line of the answer.

use serde_json::{Value, json};
use strongroom::{Error, ErrorKind};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Ok,
    /// It works; someone should look at it.
    Warn,
    /// It does not work.
    Fail,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What was looked at, what was found and what to do.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) level: Level,
    check: &'static str,
    what: String,
    help: String,
    kind: Option<ErrorKind>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self {
            level: Level::Ok,
            check,
            what: what.into(),
            help: String::new(),
            kind: None,
        }
    }

    pub(super) fn warn(check: &'static str, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            level: Level::Warn,
            help: help.into(),
            ..Self::ok(check, what)
        }
    }

    pub(super) fn fail(check: &'static str, kind: ErrorKind, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            level: Level::Fail,
            help: help.into(),
            kind: Some(kind),
            ..Self::ok(check, what)
        }
    }

    /// An error of the core, as it was answered.
    pub(super) fn error(check: &'static str, error: &Error) -> Self {
        let what = format!("{}: {}", error.kind().token(), error.message());
        Self::fail(check, error.kind(), what, error.help())
    }

    pub(super) fn exit_code(&self) -> Option<u8> {
        self.kind.map(ErrorKind::exit_code)
    }

    /// The finding and, on a line of its own, the help.
    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![vec![
            self.level.word().to_owned(),
            self.check.to_owned(),
            self.what.clone(),
        ]];
        if !self.help.is_empty() {
            rows.push(vec![String::new(), String::new(), format!("help: {}", self.help)]);
        }
        rows
    }

    /// All on one line.
    pub(super) fn line(&self) -> Vec<String> {
        vec![
            self.level.word().to_owned(),
            self.check.to_owned(),
            self.what.clone(),
            self.help.clone(),
        ]
    }

    pub(super) fn json(&self) -> Value {
        let mut map = serde_json::Map::new();
        map.insert("level".to_owned(), json!(self.level.word()));
        map.insert("check".to_owned(), json!(self.check));
        map.insert("what".to_owned(), json!(self.what));
        if !self.help.is_empty() {
            map.insert("help".to_owned(), json!(self.help));
        }
        if let Some(kind) = self.kind {
            map.insert("error".to_owned(), json!(kind.token()));
        }
        Value::Object(map)
    }
}
