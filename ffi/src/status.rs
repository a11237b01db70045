//! The statuses that functions answer: success, and one number for each kind of error.

use strongroom::{Error, ErrorKind};

/// What a function answers: success, or the kind of error. Numbers are never changed and never reused; the page
/// `docs/errors.md` says what to do about each. A newer library may answer numbers that are not listed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    /// It worked.
    Ok = 0,
    /// There is no such secret, or no such version of it.
    NotFound = 100,
    /// The secret is there and its expiry lies in the past.
    Expired = 110,
    /// The backend does not know who is calling.
    Unauthenticated = 200,
    /// The backend knows who is calling and refuses.
    PermissionDenied = 210,
    /// The keystore or the store is locked and may not ask for its unlocking now.
    Locked = 220,
    /// A policy of this installation forbids the call.
    PolicyDenied = 230,
    /// The backend cannot be reached or does not work at present.
    Unavailable = 300,
    /// The deadline passed before an answer came; nothing was changed.
    Timeout = 310,
    /// The backend asks for fewer calls.
    RateLimited = 320,
    /// A write was sent and its answer did not come: it may or may not have happened.
    OutcomeUnknown = 330,
    /// The caller cancelled the call.
    Cancelled = 340,
    /// The manager was closed.
    Closed = 350,
    /// The state is not the one that the caller demanded, or another writer was first.
    Conflict = 400,
    /// Two keys would share one name in the backend.
    Ambiguous = 410,
    /// The backend cannot write.
    ReadOnly = 420,
    /// The backend lacks this operation or cannot hold this field.
    Unsupported = 430,
    /// The key breaks the rules for keys.
    InvalidKey = 500,
    /// The value or its metadata breaks a rule.
    InvalidValue = 510,
    /// An argument other than key and value is wrong.
    InvalidArgument = 520,
    /// The value, the key or a field is longer than the limit that the message names.
    TooLarge = 530,
    /// The caller's buffer is smaller than the value.
    BufferTooSmall = 540,
    /// A setting is unknown, wrong, contradictory or half set.
    InvalidConfig = 550,
    /// The handle is none, was freed, or belongs to something else.
    InvalidHandle = 560,
    /// A callback called something that must not be called from within it.
    ReentrantCall = 570,
    /// The key does not open this store.
    WrongKey = 600,
    /// The key of the store, or the place that should hold it, is not there.
    KeyMissing = 610,
    /// Stored data is damaged or was tampered with.
    Integrity = 620,
    /// The data has a format that this version does not know.
    UnsupportedFormat = 630,
    /// A file or folder is open to others, belongs to someone else, or is a link.
    InsecurePath = 640,
    /// There is no room left where the data lives.
    StorageFull = 650,
    /// A required audit sink did not take the record, so the call was refused.
    AuditUnavailable = 700,
    /// A defect of Strongroom.
    Internal = 900,
}

impl Status {
    /// Every status but `Ok`.
    const ERRORS: &[Self] = &[
        Self::NotFound,
        Self::Expired,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::Locked,
        Self::PolicyDenied,
        Self::Unavailable,
        Self::Timeout,
        Self::RateLimited,
        Self::OutcomeUnknown,
        Self::Cancelled,
        Self::Closed,
        Self::Conflict,
        Self::Ambiguous,
        Self::ReadOnly,
        Self::Unsupported,
        Self::InvalidKey,
        Self::InvalidValue,
        Self::InvalidArgument,
        Self::TooLarge,
        Self::BufferTooSmall,
        Self::InvalidConfig,
        Self::InvalidHandle,
        Self::ReentrantCall,
        Self::WrongKey,
        Self::KeyMissing,
        Self::Integrity,
        Self::UnsupportedFormat,
        Self::InsecurePath,
        Self::StorageFull,
        Self::AuditUnavailable,
        Self::Internal,
    ];

    /// The status of a kind of error.
    pub(crate) fn of(kind: ErrorKind) -> Self {
        let number = kind.number() as i32;
        // A kind that is missing here would be a defect of this library, which the tests exclude.
        Self::ERRORS
            .iter()
            .copied()
            .find(|&status| status as i32 == number)
            .unwrap_or(Self::Internal)
    }
}

/// The kind of error with this number, as C gives it.
pub(crate) fn kind_of(status: i32) -> Option<ErrorKind> {
    u32::try_from(status).ok().and_then(ErrorKind::from_number)
}

/// An error about an argument: its name, and what is wrong with it.
#[cold]
pub(crate) fn fault(kind: ErrorKind, argument: &str, reason: &str) -> Error {
    Error::new(kind, format!("`{argument}` {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_status_and_every_status_its_kind() {
        for &kind in ErrorKind::ALL {
            let status = Status::of(kind);
            assert_eq!(status as u32, kind.number(), "{kind}");
            assert_eq!(format!("{status:?}"), format!("{kind:?}"));
            assert_eq!(kind_of(status as i32), Some(kind));
        }
        assert_eq!(Status::ERRORS.len(), ErrorKind::ALL.len());
        assert_eq!((kind_of(0), kind_of(-1), kind_of(i32::MAX)), (None, None, None));
    }
}
