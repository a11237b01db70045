//! Both faces under one set of names, so that a test is written once.

use std::time::Duration;

use strongroom::backend::BatchResult;
use strongroom::backend::{
    Description, Explanation, Health, ListPage, MetadataUpdate, SetManyOutcome, SetOutcome, VerifyReport, VersionEntry,
};
use strongroom::transfer::{Export, ExportOptions, ImportOptions, ImportReport};
use strongroom::{
    AsKey, CancellationToken, DeleteOptions, FallbackOptions, GenerateSpec, GetOptions, ListOptions, Lookup, Metrics,
    NewValue, Result, RollbackTo, Secret, SecretKey, SecretManager, SecretScope, SecretValue, SetOptions,
    SubscribeOptions, Subscription, UpdateOptions, Version,
};

use super::harness::block_on;

/// A manager, through one of its faces.
#[derive(Clone, Debug)]
pub(crate) enum Client {
    Async(SecretManager),
    Blocking(strongroom::blocking::SecretManager),
}

macro_rules! verbs {
    ($($verb:ident $(<$generic:ident: $bound:path>)? ($($name:ident: $type:ty),*) -> $answer:ty;)+) => {$(
        pub(crate) fn $verb $(<$generic: $bound>)? (&self, $($name: $type),*) -> Result<$answer> {
            match self {
                Self::Async(manager) => block_on(manager.$verb($($name),*)),
                Self::Blocking(manager) => manager.$verb($($name),*),
            }
        }
    )+};
}

macro_rules! views {
    ($($view:ident($($name:ident: $type:ty),*);)+) => {$(
        pub(crate) fn $view(&self, $($name: $type),*) -> Self {
            match self {
                Self::Async(manager) => Self::Async(manager.$view($($name),*)),
                Self::Blocking(manager) => Self::Blocking(manager.$view($($name),*)),
            }
        }
    )+};
}

impl Client {
    verbs! {
        get(key: impl AsKey) -> Option<Secret>;
        get_with(key: impl AsKey, options: GetOptions) -> Option<Secret>;
        get_value(key: impl AsKey) -> Option<String>;
        get_into(key: impl AsKey, buffer: &mut [u8]) -> Option<usize>;
        get_version(key: impl AsKey, version: &Version) -> Option<Secret>;
        get_many<K: AsKey>(keys: &[K]) -> BatchResult;
        get_with_fallback(name: &str, scopes: &[SecretScope]) -> Option<Secret>;
        get_with_fallback_options(name: &str, scopes: &[SecretScope], options: FallbackOptions) -> Option<Secret>;
        exists(key: impl AsKey) -> bool;
        describe(key: impl AsKey) -> Option<Description>;
        explain(name: impl AsKey, scopes: &[SecretScope]) -> Explanation;
        list(options: ListOptions) -> ListPage;
        set(key: impl AsKey, secret: &Secret) -> SetOutcome;
        set_with(key: impl AsKey, secret: &Secret, options: SetOptions) -> SetOutcome;
        set_many(entries: &[(SecretKey, Secret)]) -> SetManyOutcome;
        set_api_key(name: impl AsKey, value: impl Into<SecretValue>, provider: Option<&str>) -> SetOutcome;
        update_value(key: impl AsKey, value: impl Into<SecretValue>) -> SetOutcome;
        update_value_with(key: impl AsKey, value: impl Into<SecretValue>, options: UpdateOptions) -> SetOutcome;
        update_metadata(key: impl AsKey, update: &MetadataUpdate) -> SetOutcome;
        get_or_generate(key: impl AsKey, spec: &GenerateSpec) -> Secret;
        rotate(key: impl AsKey, new: impl Into<NewValue>) -> SetOutcome;
        delete(key: impl AsKey) -> ();
        delete_with(key: impl AsKey, options: DeleteOptions) -> ();
        restore(key: impl AsKey) -> SetOutcome;
        resolve(reference: &str) -> Option<Secret>;
        refresh() -> ();
        subscribe(options: SubscribeOptions) -> Subscription;
        versions(key: impl AsKey) -> Vec<VersionEntry>;
        rollback(key: impl AsKey, to: impl Into<RollbackTo>) -> SetOutcome;
        export(options: ExportOptions) -> Export;
        import(document: &[u8], options: ImportOptions) -> ImportReport;
        health() -> Health;
        verify() -> VerifyReport;
        lock() -> ();
        close() -> ();
    }

    views! {
        with_timeout(timeout: Duration);
        with_cancel(token: CancellationToken);
    }

    pub(crate) fn scoped(&self, scope: &str) -> Result<Self> {
        Ok(match self {
            Self::Async(manager) => Self::Async(manager.scoped(scope)?),
            Self::Blocking(manager) => Self::Blocking(manager.scoped(scope)?),
        })
    }

    pub(crate) fn key_of(&self, key: impl AsKey) -> Result<SecretKey> {
        match self {
            Self::Async(manager) => manager.key_of(key),
            Self::Blocking(manager) => manager.key_of(key),
        }
    }

    pub(crate) fn metrics(&self) -> Metrics {
        match self {
            Self::Async(manager) => manager.metrics(),
            Self::Blocking(manager) => manager.metrics(),
        }
    }

    pub(crate) fn is_persistent(&self) -> bool {
        match self {
            Self::Async(manager) => manager.is_persistent(),
            Self::Blocking(manager) => manager.is_persistent(),
        }
    }

    pub(crate) fn backend_name(&self) -> &'static str {
        match self {
            Self::Async(manager) => manager.backend().name(),
            Self::Blocking(manager) => manager.backend().name(),
        }
    }

    pub(crate) fn capabilities(&self) -> strongroom::backend::Capabilities {
        match self {
            Self::Async(manager) => manager.backend().capabilities().clone(),
            Self::Blocking(manager) => manager.backend().capabilities().clone(),
        }
    }

    /// A copy of the cached bytes.
    pub(crate) fn try_cached(&self, key: impl AsKey) -> Lookup<Vec<u8>> {
        match self {
            Self::Async(manager) => manager.try_cached(key, <[u8]>::to_vec),
            Self::Blocking(manager) => manager.try_cached(key, <[u8]>::to_vec),
        }
    }

    /// The value of a secret that is there.
    #[track_caller]
    pub(crate) fn value(&self, key: impl AsKey) -> Vec<u8> {
        self.get(key)
            .unwrap()
            .expect("the secret is there")
            .value
            .expose()
            .to_vec()
    }
}
