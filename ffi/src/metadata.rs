//! What is known about a secret besides its value.

use std::collections::BTreeMap;
use std::ffi::{CString, c_char};

use strongroom::backend::MetadataUpdate;
use strongroom::{ErrorKind, Result, SecretMetadata};

use crate::arguments::{Out, text};
use crate::builder::Shared;
use crate::error::ErrorObject;
use crate::guard::{guard, guard_free, guard_value, refuse_in_callback};
use crate::handle::{hand_out, object, pin};
use crate::moments::{OffsetDateTime, from_micros, to_micros};
use crate::status::{Status, fault};
use crate::words::{c_text, pointer};

/// What is known about a secret besides its value: an answer, or what a write is to store. Several threads may read it
/// at once; whoever changes it must be alone.
pub struct Metadata(Shared<State>);

object!(Metadata, "metadata", 3, stripes 1);

#[derive(Clone, Default)]
struct State {
    /// What the caller stated; a field that was cleared holds `Some(None)`.
    update: MetadataUpdate,
    labels: BTreeMap<String, String>,
    created_at: Option<OffsetDateTime>,
    updated_at: Option<OffsetDateTime>,
    version_number: Option<u64>,
    texts: Texts,
}

/// The texts that C reads; made when they are set, so that their pointers stay.
#[derive(Clone, Default)]
struct Texts {
    provider: Option<CString>,
    scope_of_use: Option<CString>,
    labels: Vec<(CString, CString)>,
    version: Option<CString>,
}

impl Metadata {
    /// An answer.
    pub(crate) fn of(metadata: SecretMetadata) -> Self {
        let mut state = State {
            created_at: metadata.created_at,
            updated_at: metadata.updated_at,
            version_number: metadata.version.as_ref().and_then(strongroom::Version::number),
            ..State::default()
        };
        state.texts.version = metadata.version.as_ref().map(|version| c_text(version.as_str()));
        // Given back to `update_metadata`, an answer states what it holds and nothing else.
        state.update.provider = metadata.provider.map(Some);
        state.update.scope_of_use = metadata.scope_of_use.map(Some);
        state.update.labels = (!metadata.labels.is_empty()).then(|| metadata.labels.clone());
        state.update.expires_at = metadata.expires_at.map(Some);
        state.labels = metadata.labels;
        state.show();
        Self(Shared::new(state))
    }

    /// What a write stores.
    pub(crate) fn to_core(&self) -> SecretMetadata {
        let mut metadata = SecretMetadata::new();
        self.0.read().update.apply(&mut metadata);
        metadata
    }

    /// What an update changes.
    pub(crate) fn to_update(&self) -> MetadataUpdate {
        self.0.read().update.clone()
    }
}

impl State {
    /// Makes the texts anew.
    fn show(&mut self) {
        let shown = |text: &Option<Option<String>>| text.iter().flatten().next().map(|text| c_text(text));
        self.texts.provider = shown(&self.update.provider);
        self.texts.scope_of_use = shown(&self.update.scope_of_use);
        self.texts.labels = self
            .labels
            .iter()
            .map(|(name, value)| (c_text(name), c_text(value)))
            .collect();
    }
}

/// Reads a field of an answer; `default` where the handle is none.
fn read<T>(metadata: *const Metadata, default: T, field: impl FnOnce(&State) -> T) -> T {
    guard_value(default, || Ok(field(&pin(metadata)?.0.read())))
}

/// Changes what a write is to store.
///
/// # Safety
/// `error` as the header's conventions say.
unsafe fn change(
    metadata: *mut Metadata,
    error: *mut *mut ErrorObject,
    change: impl Fn(&mut State) -> Result<()>,
) -> Status {
    // SAFETY: as this function.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            pin(metadata)?.0.change(|state| {
                change(state)?;
                state.show();
                Ok(())
            })
        })
    }
}

/// Makes an empty object to fill.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_metadata_new(metadata: *mut *mut Metadata, error: *mut *mut ErrorObject) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(metadata, "metadata")?;
            refuse_in_callback()?;
            out.fill(hand_out(Metadata(Shared::default()))?);
            Ok(())
        })
    }
}

/// States who issued the secret, such as `openai`; at most 1,024 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_metadata_set_provider(
    metadata: *mut Metadata,
    provider: *const c_char,
    length: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        change(metadata, error, |state| {
            state.update.provider = Some(Some(text(provider, length, "provider")?.to_owned()));
            Ok(())
        })
    }
}

/// States what the secret may be used for, such as the OAuth scopes `repo,read:user`; at most 1,024 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_metadata_set_scope_of_use(
    metadata: *mut Metadata,
    scope: *const c_char,
    length: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        change(metadata, error, |state| {
            state.update.scope_of_use = Some(Some(text(scope, length, "scope")?.to_owned()));
            Ok(())
        })
    }
}

/// Adds a label, or replaces the one of that name. At most 32 labels, names of 63 and values of 256 bytes; the write
/// checks it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_metadata_set_label(
    metadata: *mut Metadata,
    name: *const c_char,
    name_length: usize,
    value: *const c_char,
    value_length: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        change(metadata, error, |state| {
            let name = text(name, name_length, "name")?.to_owned();
            let value = text(value, value_length, "value")?.to_owned();
            state.labels.insert(name, value);
            state.update.labels = Some(state.labels.clone());
            Ok(())
        })
    }
}

/// States from when on reading the secret answers `expired`, in microseconds since 1970; `invalid_argument` beyond the
/// years -9999 to 9999.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_metadata_set_expires_at(
    metadata: *mut Metadata,
    microseconds: i64,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        change(metadata, error, |state| {
            state.update.expires_at = Some(Some(from_micros(microseconds, "microseconds")?));
            Ok(())
        })
    }
}

/// Clears a field: `provider`, `scope_of_use`, `labels` or `expires_at`. To `strongroom_manager_update_metadata` a
/// field that was cleared is to be removed, one that was neither set nor cleared stays; labels are replaced as a whole.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_metadata_clear(
    metadata: *mut Metadata,
    field: *const c_char,
    length: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        change(metadata, error, |state| {
            match text(field, length, "field")? {
                "provider" => state.update.provider = Some(None),
                "scope_of_use" => state.update.scope_of_use = Some(None),
                "expires_at" => state.update.expires_at = Some(None),
                "labels" => {
                    state.labels.clear();
                    state.update.labels = Some(BTreeMap::new());
                }
                _ => {
                    let reason = "is none of `provider`, `scope_of_use`, `labels`, `expires_at`";
                    return Err(fault(ErrorKind::InvalidArgument, "field", reason));
                }
            }
            Ok(())
        })
    }
}

/// Who issued the secret; NULL where nobody is named. Texts of metadata live until it is changed or freed.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_metadata_provider(metadata: *const Metadata) -> *const c_char {
    read(metadata, std::ptr::null(), |state| {
        pointer(state.texts.provider.as_deref())
    })
}

/// What the secret may be used for; NULL where nothing is said.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_metadata_scope_of_use(metadata: *const Metadata) -> *const c_char {
    read(metadata, std::ptr::null(), |state| {
        pointer(state.texts.scope_of_use.as_deref())
    })
}

/// How many labels there are.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_metadata_label_count(metadata: *const Metadata) -> usize {
    read(metadata, 0, |state| state.texts.labels.len())
}

/// The name of a label, counted from 0 in the order of the names; NULL beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_metadata_label_name(metadata: *const Metadata, index: usize) -> *const c_char {
    read(metadata, std::ptr::null(), |state| {
        pointer(state.texts.labels.get(index).map(|(name, _)| &**name))
    })
}

/// The value of a label, counted as for its name; NULL beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_metadata_label_value(metadata: *const Metadata, index: usize) -> *const c_char {
    read(metadata, std::ptr::null(), |state| {
        pointer(state.texts.labels.get(index).map(|(_, value)| &**value))
    })
}

/// The value of the label of that name; NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_metadata_label(
    metadata: *const Metadata,
    name: *const c_char,
    length: usize,
) -> *const c_char {
    guard_value(std::ptr::null(), || {
        // SAFETY: the header's conventions.
        let name = unsafe { text(name, length, "name") }?;
        let state = pin(metadata)?.0.read();
        let label = state
            .texts
            .labels
            .iter()
            .find(|(found, _)| found.as_bytes() == name.as_bytes());
        Ok(pointer(label.map(|(_, value)| &**value)))
    })
}

/// From when on reading the secret answers `expired`; `not_found` where it does not expire.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_metadata_expires_at(metadata: *const Metadata, microseconds: *mut i64) -> Status {
    // SAFETY: the header's conventions.
    unsafe { moment(metadata, microseconds, |state| state.update.expires_at.flatten()) }
}

/// When the secret was first set; `not_found` where that is not known.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_metadata_created_at(metadata: *const Metadata, microseconds: *mut i64) -> Status {
    // SAFETY: the header's conventions.
    unsafe { moment(metadata, microseconds, |state| state.created_at) }
}

/// When this version was written; `not_found` where that is not known.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_metadata_updated_at(metadata: *const Metadata, microseconds: *mut i64) -> Status {
    // SAFETY: the header's conventions.
    unsafe { moment(metadata, microseconds, |state| state.updated_at) }
}

/// Gives out a point in time.
///
/// # Safety
/// `microseconds` is NULL or points to a place for a number.
unsafe fn moment(
    metadata: *const Metadata,
    microseconds: *mut i64,
    field: impl FnOnce(&State) -> Option<OffsetDateTime>,
) -> Status {
    // SAFETY: as this function.
    unsafe {
        guard(std::ptr::null_mut(), || {
            let out = Out::new(microseconds, 0, "microseconds")?;
            let at = field(&pin(metadata)?.0.read()).ok_or(ErrorKind::NotFound)?;
            out.fill(to_micros(at));
            Ok(())
        })
    }
}

/// The version; NULL where the backend tells none. To be compared for equality only.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_metadata_version(metadata: *const Metadata) -> *const c_char {
    read(metadata, std::ptr::null(), |state| {
        pointer(state.texts.version.as_deref())
    })
}

/// The number of the version; `not_found` where it is no number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_metadata_version_number(metadata: *const Metadata, number: *mut u64) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(std::ptr::null_mut(), || {
            let out = Out::new(number, 0, "number")?;
            out.fill(pin(metadata)?.0.read().version_number.ok_or(ErrorKind::NotFound)?);
            Ok(())
        })
    }
}

/// Whether the expiry has passed by the system's clock; also where `metadata` is none.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_metadata_is_expired(metadata: *const Metadata) -> bool {
    read(metadata, true, |state| {
        let expires_at = state.update.expires_at.flatten();
        expires_at.is_some_and(|at| at <= OffsetDateTime::now_utc())
    })
}

/// Gives metadata back.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_metadata_free(metadata: *mut Metadata) -> Status {
    guard_free(metadata)
}
