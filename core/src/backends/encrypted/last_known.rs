//! The store of a remote backend's last known values: opened as any other, with settings of its own, and marked, so that
//! a store of secrets is never taken for one.

use std::path::Path;
use std::sync::Arc;

use super::backend::Encrypted;
use super::config::Config;
use super::key_source::{KeySource, NO_KEY};
use crate::backend::{Backend, GetRequest, ListFilter, ListRequest, SetRequest};
use crate::config::{Settings, locations};
use crate::context::{CallContext, Face};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::layers::cache::MARK;
use crate::park::block_on;
use crate::secret::Secret;
use crate::store::{self, Limits};

const FILE: &str = "cache_file";
const KEY: &str = "cache_key";
const KEY_FILE: &str = "cache_key_file";
/// Only what is current matters.
const LIMITS: Limits = Limits {
    versions: 1,
    journal: 1,
};

/// Opens the store at `path`, and makes it where there is none.
///
/// # Errors
/// Those of path, key and store, naming one of the cache's settings; [`ErrorKind::InvalidConfig`] for a store of secrets.
pub(crate) fn open_last_known(
    app: &str,
    settings: &Settings,
    path: &Path,
    cx: &CallContext,
) -> Result<Arc<dyn Backend>> {
    let config = Config {
        name: super::NAME,
        path: store::create::absolute(path)?,
        create: true,
        source: source(app, settings)?,
        limits: LIMITS,
    };
    let store = Encrypted::open(config, cx).map_err(named)?;
    // On this thread, which may wait.
    let cx = CallContext::new(Face::Blocking, cx.remaining());
    block_on(check_mark(&store, settings, &cx))?;
    Ok(Arc::new(store))
}

fn source(app: &str, settings: &Settings) -> Result<KeySource> {
    match settings.exclusive(&[KEY, KEY_FILE])? {
        Some(KEY) => match (settings.secret(KEY), settings.provided(KEY)) {
            (Some(secret), _) => KeySource::of_secret(secret).ok_or_else(|| settings.error(KEY, NO_KEY)),
            (None, Some(provided)) => Ok(KeySource::of_provider(provided.clone(), settings.error(KEY, NO_KEY))),
            (None, None) => Err(settings.error(KEY, "was used already and is not kept")),
        },
        stated => {
            let path = store::create::absolute(&locations::cache_key_file(app, settings)?)?;
            Ok(match stated {
                Some(_) => KeySource::file(path),
                None => KeySource::default_file(path),
            })
        }
    }
}

async fn check_mark(store: &Encrypted, settings: &Settings, cx: &CallContext) -> Result<()> {
    let mark = SecretKey::parse(MARK)?;
    if store.get(cx, GetRequest::new(&mark)).await.map_err(named)?.is_some() {
        return Ok(());
    }
    let filter = ListFilter::default();
    let any = ListRequest {
        limit: Some(1),
        ..ListRequest::new(&filter)
    };
    if !store.list(cx, any).await.map_err(named)?.entries.is_empty() {
        return Err(settings.error(
            FILE,
            "is a store that holds secrets; name a file of its own, which is made where there is none",
        ));
    }
    let secret = Secret::new("");
    store
        .set(cx, SetRequest::new(&mark, &secret))
        .await
        .map(drop)
        .map_err(named)
}

/// The error with the setting of the cache that is meant, in place of that of the backend `encrypted`.
fn named(error: Error) -> Error {
    match (error.kind(), error.setting()) {
        (ErrorKind::KeyMissing, _) => error.with_setting(KEY_FILE).with_help(
            "bring the key file back, or remove `cache_file`: it holds only what the backend has, and is made anew",
        ),
        (_, Some("encrypted.key_file")) => error.with_setting(KEY_FILE),
        (ErrorKind::WrongKey, _) => error.with_setting(FILE).with_help(
            "give the key that the file was made with, or remove the file: it holds only what the backend has",
        ),
        (_, Some(KEY)) => error,
        _ => error.with_setting(FILE),
    }
}
