//! Named texts and numbers: health, the outcome of a check, what a manager is.

use std::ffi::{CString, c_char};

use strongroom::{ErrorKind, Result};

use crate::arguments::{Out, text};
use crate::error::ErrorObject;
use crate::guard::{guard, guard_free, guard_value};
use crate::handle::{Pin, object, pin};
use crate::status::Status;
use crate::words::{c_text, pointer};

/// Named texts and numbers. Several threads may read it at once.
#[derive(Default)]
pub struct Report(Vec<Entry>);

object!(Report, "report", 5, stripes 1);

struct Entry {
    name: CString,
    text: CString,
    number: Option<u64>,
}

impl Report {
    /// Adds a text.
    pub(crate) fn text(mut self, name: &str, text: &str) -> Self {
        self.0.push(Entry {
            name: c_text(name),
            text: c_text(text),
            number: None,
        });
        self
    }

    /// Adds a text where there is one.
    pub(crate) fn optional_text(self, name: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// Adds a number.
    pub(crate) fn number(mut self, name: &str, number: u64) -> Self {
        self.0.push(Entry {
            name: c_text(name),
            text: c_text(&number.to_string()),
            number: Some(number),
        });
        self
    }

    /// Adds a yes or no, as 1 or 0.
    pub(crate) fn flag(self, name: &str, flag: bool) -> Self {
        self.number(name, u64::from(flag))
    }
}

/// The entry of that name.
///
/// # Safety
/// As the header's conventions say, for `name` and `length`.
unsafe fn find<T>(
    report: *const Report,
    name: *const c_char,
    length: usize,
    field: impl FnOnce(&Entry) -> Option<T>,
) -> Result<Option<T>> {
    // SAFETY: as this function.
    let name = unsafe { text(name, length, "name") }?;
    let report: Pin<Report> = pin(report)?;
    let entry = report.0.iter().find(|entry| entry.name.as_bytes() == name.as_bytes());
    Ok(entry.and_then(field))
}

/// How many entries the report has.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_report_len(report: *const Report) -> usize {
    guard_value(0, || Ok(pin(report)?.0.len()))
}

/// The name of an entry, counted from 0; NULL beyond the last. Texts of a report live as long as the report.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_report_name(report: *const Report, index: usize) -> *const c_char {
    guard_value(std::ptr::null(), || {
        Ok(pointer(pin(report)?.0.get(index).map(|entry| &*entry.name)))
    })
}

/// The text of the entry of that name, a number in decimal; NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_report_text(
    report: *const Report,
    name: *const c_char,
    length: usize,
) -> *const c_char {
    guard_value(std::ptr::null(), || {
        // SAFETY: the header's conventions.
        let found = unsafe { find(report, name, length, |entry| Some(entry.text.as_ptr())) }?;
        Ok(found.unwrap_or(std::ptr::null()))
    })
}

/// The number of the entry of that name; `not_found` where there is none, or it is no number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_report_number(
    report: *const Report,
    name: *const c_char,
    length: usize,
    number: *mut u64,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(std::ptr::null_mut::<*mut ErrorObject>(), || {
            let out = Out::new(number, 0, "number")?;
            out.fill(find(report, name, length, |entry| entry.number)?.ok_or(ErrorKind::NotFound)?);
            Ok(())
        })
    }
}

/// Gives a report back.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_report_free(report: *mut Report) -> Status {
    guard_free(report)
}
