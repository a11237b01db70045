//! The backend `vault` against a real OpenBao: every verb, what other clients see of it, and what is wrong by name.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod lists;
mod others;
mod verbs;
mod wrong;

use std::collections::BTreeMap;

use strongroom::blocking::SecretManager;
use strongroom::{Secret, Version};
use strongroom_fakes::OpenBao;

fn open_with(bao: &OpenBao, options: &[(&str, &str)]) -> SecretManager {
    let mut builder = SecretManager::builder().app("app").without_environment();
    builder = builder.backend("vault").option("cache", "off");
    builder = builder.option("vault.address", bao.address());
    builder = builder.secret_option("vault.token", bao.root_token());
    for (key, value) in options {
        builder = builder.option(key, *value);
    }
    builder.open_blocking().unwrap()
}

fn open(bao: &OpenBao) -> SecretManager {
    open_with(bao, &[])
}

fn number(version: &Option<Version>) -> u64 {
    version.as_ref().unwrap().number().unwrap()
}

fn text(secret: Option<Secret>) -> String {
    secret.unwrap().value.expose_str().unwrap().to_owned()
}

fn requests(manager: &SecretManager) -> BTreeMap<String, u64> {
    let metrics = manager.metrics();
    let named = metrics.iter().filter_map(|(name, count)| {
        let name = name.strip_prefix("requests.")?;
        Some((name.to_owned(), count))
    });
    named.collect()
}
