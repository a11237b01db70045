//! The kind table: the one place where a kind's number, token, exit code, retryability and help stand.
//!
//! Numbers come in families with gaps, are never changed and never reused. `docs/errors.md` is generated from this
//! table (`cargo xtask errors`), and every binding reads it through [`ErrorKind`].

use std::fmt;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $number:literal, $token:literal, exit $exit:literal, $retry:ident, $help:literal;)+) => {
        /// What went wrong, the same in every language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u32)]
        pub enum ErrorKind {
            $($(#[doc = $doc])+ $kind = $number,)+
        }

        impl ErrorKind {
            /// Every kind, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The number that crosses the C ABI. 0 is success and no kind.
            pub const fn number(self) -> u32 {
                self as u32
            }

            /// The token that every language shows, such as `not_found`.
            pub const fn token(self) -> &'static str {
                match self { $(Self::$kind => $token,)+ }
            }

            /// The exit code of the `strongroom` command.
            pub const fn exit_code(self) -> u8 {
                match self { $(Self::$kind => $exit,)+ }
            }

            /// Whether the same call may succeed later without anyone changing anything.
            pub const fn is_retryable(self) -> bool {
                match self { $(Self::$kind => kinds!(@$retry),)+ }
            }

            /// One line that says what to do.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$kind => $help,)+ }
            }

            /// What the kind means: the text of its documentation.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$kind => concat!($($doc),+),)+ }
            }
        }
    };
    (@retryable) => { true };
    (@permanent) => { false };
}

kinds! {
    /// There is no such secret, or no such version of it.
    NotFound = 100, "not_found", exit 10, permanent, "list the keys, or set the secret first";
    /// The secret is there and its expiry lies in the past.
    Expired = 110, "expired", exit 11, permanent, "set a new value, or read it with `include_expired` (`--include-expired`)";
    /// The backend does not know who is calling.
    Unauthenticated = 200, "unauthenticated", exit 20, permanent, "log in again, or give a valid token";
    /// The backend knows who is calling and refuses.
    PermissionDenied = 210, "permission_denied", exit 21, permanent, "ask for access to this key or file";
    /// The keystore or the store is locked and may not ask for its unlocking now.
    Locked = 220, "locked", exit 22, permanent, "unlock it, or allow prompts";
    /// A policy of this installation forbids the call.
    PolicyDenied = 230, "policy_denied", exit 23, permanent, "read the policy that the message names";
    /// The backend cannot be reached or does not work at present.
    Unavailable = 300, "unavailable", exit 30, retryable, "try again later; `health` says what is wrong";
    /// The deadline passed before an answer came; nothing was changed.
    Timeout = 310, "timeout", exit 31, retryable, "allow more time, or find out what blocks the backend";
    /// The backend asks for fewer calls.
    RateLimited = 320, "rate_limited", exit 32, retryable, "wait for as long as `retry_after` says";
    /// A write was sent and its answer did not come: it may or may not have happened.
    OutcomeUnknown = 330, "outcome_unknown", exit 33, permanent, "read the secret back before writing again";
    /// The caller cancelled the call.
    Cancelled = 340, "cancelled", exit 34, permanent, "nothing to do";
    /// The manager was closed.
    Closed = 350, "closed", exit 35, permanent, "open a new manager";
    /// The state is not the one that the caller demanded, or another writer was first.
    Conflict = 400, "conflict", exit 40, permanent, "read the current version and decide again";
    /// Two keys would share one name in the backend.
    Ambiguous = 410, "ambiguous", exit 41, permanent, "rename one of the keys that the message names";
    /// The backend cannot write.
    ReadOnly = 420, "read_only", exit 42, permanent, "choose a backend that can write";
    /// The backend lacks this operation or cannot hold this field.
    Unsupported = 430, "unsupported", exit 43, permanent, "compare the backend's capabilities";
    /// The key breaks the rules for keys.
    InvalidKey = 500, "invalid_key", exit 50, permanent, "write the key as `[kind/id/]name[@target]`";
    /// The value or its metadata breaks a rule.
    InvalidValue = 510, "invalid_value", exit 51, permanent, "correct the field that the message names";
    /// An argument other than key and value is wrong.
    InvalidArgument = 520, "invalid_argument", exit 52, permanent, "correct the argument that the message names";
    /// The value, the key or a field is longer than the limit that the message names.
    TooLarge = 530, "too_large", exit 53, permanent, "store less, or raise the limit where it is a setting";
    /// The caller's buffer is smaller than the value.
    BufferTooSmall = 540, "buffer_too_small", exit 54, permanent, "pass a buffer of the size that was reported";
    /// A setting is unknown, wrong, contradictory or half set.
    InvalidConfig = 550, "invalid_config", exit 55, permanent, "correct the setting that the message names";
    /// The handle is none, was freed, or belongs to something else.
    InvalidHandle = 560, "invalid_handle", exit 56, permanent, "use a handle that is open";
    /// A callback called something that must not be called from within it.
    ReentrantCall = 570, "reentrant_call", exit 57, permanent, "make the call after the callback has returned";
    /// The key does not open this store.
    WrongKey = 600, "wrong_key", exit 60, permanent, "give the key that the store was made with";
    /// The key of the store, or the place that should hold it, is not there.
    KeyMissing = 610, "key_missing", exit 61, permanent, "bring back the key that the message names, or use another slot";
    /// Stored data is damaged or was tampered with.
    Integrity = 620, "integrity", exit 62, permanent, "run `verify` to see the extent; to restore a backup close everything, remove `-wal`, `-shm` and `-journal`, then put the file in place";
    /// The data has a format that this version does not know.
    UnsupportedFormat = 630, "unsupported_format", exit 63, permanent, "use a newer version of Strongroom";
    /// A file or folder is open to others, belongs to someone else, or is a link.
    InsecurePath = 640, "insecure_path", exit 64, permanent, "correct owner and permissions of the path that the message names";
    /// There is no room left where the data lives.
    StorageFull = 650, "storage_full", exit 65, permanent, "make room";
    /// A required audit sink did not take the record, so the call was refused.
    AuditUnavailable = 700, "audit_unavailable", exit 70, retryable, "repair the audit sink that the message names";
    /// A defect of Strongroom.
    Internal = 900, "internal", exit 90, permanent, "please report it";
}

impl ErrorKind {
    /// The kind with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.number() == number)
    }

    /// The kind with this token.
    pub fn from_token(token: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.token() == token)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.token())
    }
}
