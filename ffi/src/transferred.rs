//! What exports, imports and copies answer.

use std::ffi::{CString, c_char};

use strongroom::transfer::{CopyLoss, CopyPlan, CopyReport, Export, ImportReport, Skipped};
use strongroom::{Error, ErrorKind, Result, SecretValue};

use crate::error::ErrorObject;
use crate::guard::{guard, guard_free, guard_value};
use crate::handle::{object, pin};
use crate::status::{Status, fault};
use crate::words::{c_text, pointer};

/// The answer is that of an import that wrote nothing, on purpose.
pub const TRANSFERRED_DRY_RUN: u32 = 1;
/// The answer is that of a copy that went on where an earlier one was interrupted.
pub const TRANSFERRED_RESUMED: u32 = 2;
/// The item was removed at the source.
pub const TRANSFERRED_DELETED: u32 = 4;

/// What an export, an import or a copy did, or a copy would do, secret by secret. Several threads may read it at once.
pub struct Transferred {
    items: Vec<Item>,
    notes: Vec<CString>,
    document: Option<SecretValue>,
    flags: u32,
}

object!(Transferred, "transferred", 14, stripes 1);

struct Item {
    key: CString,
    outcome: CString,
    detail: Option<CString>,
    line: usize,
    deleted: bool,
    error: Option<Error>,
}

impl Item {
    fn new(key: &str, outcome: &str) -> Self {
        Self {
            key: c_text(key),
            outcome: c_text(outcome),
            detail: None,
            line: 0,
            deleted: false,
            error: None,
        }
    }

    fn detail(mut self, detail: &str) -> Self {
        self.detail = Some(c_text(detail));
        self
    }

    fn skipped(skipped: &Skipped) -> Self {
        let mut item = Self::new(&skipped.name, "skipped").detail(skipped.reason.word());
        item.line = skipped.line.unwrap_or_default();
        item
    }

    fn copied(key: &str, outcome: &str, losses: &[CopyLoss], error: Option<Error>) -> Self {
        let mut item = Self::new(key, outcome);
        if !losses.is_empty() {
            let losses: Vec<_> = losses.iter().map(|loss| loss.word()).collect();
            item = item.detail(&losses.join(","));
        }
        item.error = error;
        item
    }
}

impl Transferred {
    fn of(items: Vec<Item>) -> Self {
        Self {
            items,
            notes: Vec::new(),
            document: None,
            flags: 0,
        }
    }

    /// What is in a document, and the document.
    pub(crate) fn of_export(export: Export) -> Self {
        let exported = export.exported.iter();
        let mut items: Vec<_> = exported
            .map(|exported| Item::new(exported.key.as_str(), "exported").detail(&exported.name))
            .collect();
        items.extend(export.skipped.iter().map(Item::skipped));
        Self {
            document: Some(export.document),
            ..Self::of(items)
        }
    }

    /// What became of each entry of a document.
    pub(crate) fn of_import(report: ImportReport) -> Self {
        let mut items = Vec::new();
        items.extend(report.created.iter().map(|key| Item::new(key.as_str(), "created")));
        items.extend(report.replaced.iter().map(|key| Item::new(key.as_str(), "replaced")));
        items.extend(report.skipped.iter().map(Item::skipped));
        items.extend(report.failures.into_iter().map(|failure| {
            let mut item = Item::new(failure.key.as_str(), "failed");
            item.error = Some(failure.error);
            item
        }));
        Self {
            notes: report.notes.iter().map(|note| c_text(note)).collect(),
            flags: if report.dry_run { TRANSFERRED_DRY_RUN } else { 0 },
            ..Self::of(items)
        }
    }

    /// What a copy would do.
    pub(crate) fn of_plan(plan: CopyPlan) -> Self {
        let secrets = plan.secrets.into_iter();
        let mut items: Vec<_> = secrets
            .map(|planned| {
                Item::copied(
                    planned.key.as_str(),
                    planned.action.word(),
                    &planned.losses,
                    planned.error,
                )
            })
            .collect();
        items.extend(plan.references.iter().map(|name| Item::new(name, "reference")));
        Self::of(items)
    }

    /// What a copy did.
    pub(crate) fn of_copy(report: CopyReport) -> Self {
        let secrets = report.secrets.into_iter();
        let mut items: Vec<_> = secrets
            .map(|copied| {
                let key = copied.key.as_str();
                let mut item = Item::copied(key, copied.outcome.word(), &copied.losses, copied.error);
                item.deleted = copied.deleted;
                item
            })
            .collect();
        items.extend(report.deleted_before.iter().map(|key| {
            let mut item = Item::new(key.as_str(), "deleted_before");
            item.deleted = true;
            item
        }));
        items.extend(report.references.iter().map(|name| Item::new(name, "reference")));
        Self {
            flags: if report.resumed { TRANSFERRED_RESUMED } else { 0 },
            ..Self::of(items)
        }
    }

    fn item(&self, index: usize) -> Result<&Item> {
        let beyond = || fault(ErrorKind::InvalidArgument, "index", "lies beyond the last item");
        self.items.get(index).ok_or_else(beyond)
    }
}

/// How many items there are: secrets, and names that are none.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_transferred_len(transferred: *const Transferred) -> usize {
    guard_value(0, || Ok(pin(transferred)?.items.len()))
}

/// The text of an item's key, counted from 0, or the name of what is no key; NULL beyond the last. Texts live as long as
/// the answer.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_transferred_key(transferred: *const Transferred, index: usize) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pin(transferred)?.item(index)?.key.as_ptr()))
}

/// What became of an item; NULL beyond the last. Of an export: `exported`, `skipped`. Of an import: `created`,
/// `replaced`, `skipped`, `failed`. Of a copy: `copied`, `same`, `skipped`, `gone`, `deleted_before` (by one that was
/// interrupted), `reference` (a name in the source that is no key). Of its plan: `create`, `replace`, `same`, `skip`,
/// `refuse`, `reference`.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_transferred_word(transferred: *const Transferred, index: usize) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pin(transferred)?.item(index)?.outcome.as_ptr()))
}

/// More about an item: the name in the document of what was exported; why an entry was skipped (`expired`, `reference`,
/// `name`, `exists`); of a copy, the fields that the target cannot hold, parted by commas. NULL where there is nothing to
/// tell, and beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_transferred_detail(transferred: *const Transferred, index: usize) -> *const c_char {
    guard_value(std::ptr::null(), || {
        Ok(pointer(pin(transferred)?.item(index)?.detail.as_deref()))
    })
}

/// The line of an imported document where a skipped entry stands; 0 for everything else, and beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_transferred_line(transferred: *const Transferred, index: usize) -> usize {
    guard_value(0, || Ok(pin(transferred)?.item(index)?.line))
}

/// What is so of an item: `STRONGROOM_TRANSFERRED_DELETED` or 0; 0 beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_transferred_item_flags(transferred: *const Transferred, index: usize) -> u32 {
    guard_value(0, || {
        let deleted = pin(transferred)?.item(index)?.deleted;
        Ok(if deleted { TRANSFERRED_DELETED } else { 0 })
    })
}

/// Why an item failed, is refused or skipped, or was kept at the source; success where there is no such reason.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_transferred_outcome(
    transferred: *const Transferred,
    index: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || match &pin(transferred)?.item(index)?.error {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        })
    }
}

/// What is so of the whole: a sum of `STRONGROOM_TRANSFERRED_DRY_RUN` and `STRONGROOM_TRANSFERRED_RESUMED`.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_transferred_flags(transferred: *const Transferred) -> u32 {
    guard_value(0, || Ok(pin(transferred)?.flags))
}

/// How many notes an import has: what other readers of the format would understand differently.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_transferred_note_count(transferred: *const Transferred) -> usize {
    guard_value(0, || Ok(pin(transferred)?.notes.len()))
}

/// A note, counted from 0, with its line and never a value; NULL beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_transferred_note(transferred: *const Transferred, index: usize) -> *const c_char {
    guard_value(std::ptr::null(), || {
        Ok(pointer(pin(transferred)?.notes.get(index).map(|note| &**note)))
    })
}

/// The bytes of an exported document, `strongroom_transferred_document_len` of them, with no NUL behind them; NULL where
/// nothing was exported. They live until the answer is freed, which wipes them.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_transferred_document(transferred: *const Transferred) -> *const u8 {
    guard_value(std::ptr::null(), || {
        let document = &pin(transferred)?.document;
        Ok(document
            .as_ref()
            .map_or(std::ptr::null(), |document| document.expose().as_ptr()))
    })
}

/// How many bytes the document has; 0 where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_transferred_document_len(transferred: *const Transferred) -> usize {
    guard_value(0, || {
        Ok(pin(transferred)?.document.as_ref().map_or(0, SecretValue::len))
    })
}

/// Wipes the answer and gives it back.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_transferred_free(transferred: *mut Transferred) -> Status {
    guard_free(transferred)
}
