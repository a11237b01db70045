//! Documents of many secrets: reading them for an import, writing them for an export.
//!
//! A document is flat, name → text. The readers take what is exact: what two readers of a format would understand
//! differently is taken as it stands and noted, or refused with its line. No error and no note ever shows a value.

pub(crate) mod dotenv;
mod json;
mod shell;
mod text;
mod yaml;

use crate::value::SecretValue;

/// Whose rules a `dotenv` document keeps: the readers of such files disagree about quotes and escapes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// What python-dotenv, Node's `dotenv` and a shell all read back to the same bytes.
    #[default]
    Common,
    /// python-dotenv.
    Python,
    /// Node's `dotenv`.
    Node,
    /// Docker Compose.
    Compose,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 4] = [Self::Common, Self::Python, Self::Node, Self::Compose];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Common => "common",
            Self::Python => "python",
            Self::Node => "node",
            Self::Compose => "compose",
        }
    }

    /// The dialect that a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.word() == word)
    }
}

/// One entry of a document.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The name as it stands in the document; it need not be a key.
    pub(crate) name: String,
    /// The value.
    pub(crate) value: SecretValue,
    /// Where the entry begins; the first line is 1.
    pub(crate) line: usize,
}

/// What a reader found.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    /// The entries in the order of the document. No name is twice in it.
    pub(crate) entries: Vec<Entry>,
    /// What other readers of the format would understand differently; never a value.
    pub(crate) notes: Vec<String>,
}

/// One entry of a document that is written.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    /// The name in the document.
    pub(crate) name: &'a str,
    /// The value.
    pub(crate) value: &'a str,
}
