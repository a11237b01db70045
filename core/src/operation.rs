//! What a call does; named in errors, traces, audit records and vectors.

use std::fmt;

macro_rules! operations {
    ($($(#[doc = $doc:literal])+ $operation:ident = $word:literal,)+) => {
        /// What a call does; named in errors and traces.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Operation {
            $($(#[doc = $doc])+ $operation,)+
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &'static [Self] = &[$(Self::$operation),+];

            /// The word that errors, traces and vectors show.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$operation => $word,)+ }
            }
        }
    };
}

operations! {
    /// Opening a backend.
    Open = "open",
    /// Reading a secret, its current or a former version.
    Get = "get",
    /// Reading several secrets.
    GetMany = "get_many",
    /// Reading a secret's metadata.
    Describe = "describe",
    /// Finding out where a secret is looked for and what was found there.
    Explain = "explain",
    /// Listing names.
    List = "list",
    /// Writing a secret.
    Set = "set",
    /// Writing several secrets.
    SetMany = "set_many",
    /// Changing metadata without changing the value.
    UpdateMetadata = "update_metadata",
    /// Removing a secret with its history.
    Delete = "delete",
    /// Listing the versions of a secret.
    Versions = "versions",
    /// Making a former version the current one.
    Rollback = "rollback",
    /// Bringing a removed secret back.
    Restore = "restore",
    /// Reading what a reference leads to.
    Resolve = "resolve",
    /// Asking everything anew.
    Refresh = "refresh",
    /// Being told of changes.
    Subscribe = "subscribe",
    /// Asking how the backend is.
    Health = "health",
    /// Checking everything that is stored.
    Verify = "verify",
    /// Forgetting keys until the next use.
    Lock = "lock",
    /// Giving up all resources.
    Close = "close",
}

impl Operation {
    /// The operation with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|operation| operation.word() == word)
    }

    /// Whether the operation changes what is stored. A write whose answer does not come is
    /// [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown), a read is [`Timeout`](crate::ErrorKind::Timeout).
    pub const fn is_write(self) -> bool {
        matches!(
            self,
            Self::Set | Self::SetMany | Self::UpdateMetadata | Self::Delete | Self::Rollback | Self::Restore
        )
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
