//! The service's calls, by its own names, and how often each was made.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! calls {
    ($($call:ident),+ $(,)?) => {
        /// A call of the service.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Call {
            $($call),+
        }

        pub(super) const NAMES: &[&str] = &[$(stringify!($call)),+];
    };
}

calls!(
    BatchGetSecretValue,
    CreateSecret,
    DeleteSecret,
    DescribeSecret,
    GetSecretValue,
    ListSecretVersionIds,
    ListSecrets,
    PutSecretValue,
    RestoreSecret,
    TagResource,
    UntagResource,
    UpdateSecretVersionStage,
);

impl Call {
    /// Whether it changes what is stored.
    pub(super) fn is_write(self) -> bool {
        !matches!(
            self,
            Self::BatchGetSecretValue
                | Self::DescribeSecret
                | Self::GetSecretValue
                | Self::ListSecretVersionIds
                | Self::ListSecrets
        )
    }
}

/// How often each call was made.
#[derive(Debug)]
pub(super) struct Requests(Vec<AtomicU64>);

impl Requests {
    pub(super) fn new() -> Self {
        Self(NAMES.iter().map(|_| AtomicU64::new(0)).collect())
    }

    pub(super) fn count(&self, call: Call) {
        if let Some(counter) = self.0.get(call as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn told(&self) -> Vec<(&'static str, u64)> {
        let counts = self.0.iter().map(|counter| counter.load(Ordering::Relaxed));
        NAMES.iter().copied().zip(counts).collect()
    }
}
