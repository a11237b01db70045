//! Documents of many secrets: what [`SecretManager::import`](crate::SecretManager::import) reads and
//! [`SecretManager::export`](crate::SecretManager::export) writes.
//!
//! A document is flat, name → text. The readers take what is exact: what others would read differently is taken as it
//! stands and noted, or refused with its line. Nothing is ever expanded. No error and no note shows a value.

mod copy;
mod document;
pub(crate) mod dotenv;
#[cfg(feature = "encrypted")]
mod fernet;
mod json;
mod names;
mod options;
mod report;
mod shell;
mod text;
mod yaml;

#[cfg(test)]
mod tests;

pub(crate) use copy::losses;
pub use copy::{
    CopiedSecret, CopyAction, CopyLoss, CopyOptions, CopyOutcome, CopyPhase, CopyPlan, CopyProgress, CopyReport,
    PlannedCopy,
};
pub(crate) use document::{document, entries};
pub(crate) use names::{Target, export_names, import_keys, is_escaped};
pub use options::{Dialect, ExportOptions, Format, IfExists, ImportOptions, NamePolicy};
pub use report::{Export, Exported, ImportReport, SkipReason, Skipped};
pub use text::MAX_DOCUMENT;
pub(crate) use text::{listed, shown};

use crate::value::SecretValue;

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
