//! What a document says, whatever its format: values with the lines they stand on. Texts are wiped when dropped, for
//! any of them may be a secret.

use zeroize::Zeroizing;

/// How deep tables and lists are looked into. The deepest that a setting needs is three.
pub(super) const DEEPEST: usize = 8;

/// A value and where it stands.
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) content: Content,
}

/// A value.
pub(super) enum Content {
    Text(Zeroizing<String>),
    /// A whole number that is not negative.
    Number(u64),
    Flag(bool),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
    /// What no setting takes, in words.
    Other(&'static str),
}

impl Content {
    /// What it is, for "not …".
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Number(_) => "a number",
            Self::Flag(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(what) => what,
        }
    }
}

/// A text that is no document: where, as far as the parser knows, and what is wrong; never what stands there.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) reason: String,
}

/// Where the lines of a text begin.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The line of a place, counted from one.
    pub(super) fn at(&self, place: usize) -> usize {
        self.0.partition_point(|end| *end < place) + 1
    }
}
