//! Copies from one manager of a script to the other.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strongroom::transfer::{CopyLoss, CopyOptions};
use strongroom::{Result, SecretKey};

use super::client::Client;
use super::harness::block_on;

const ONE_FACE: &str = "both managers of a script have the same face";

pub(super) fn plan(source: &Client, target: &Client, options: &CopyOptions) -> Result<Value> {
    let plan = match (source, target) {
        (Client::Async(source), Client::Async(target)) => block_on(source.copy_plan(target, options)),
        (Client::Blocking(source), Client::Blocking(target)) => source.copy_plan(target, options),
        _ => panic!("{ONE_FACE}"),
    }?;
    let secrets = plan.secrets.iter();
    Ok(copied(secrets.map(|secret| {
        (&secret.key, secret.action.word(), &secret.losses[..], false)
    })))
}

pub(super) fn run(source: &Client, target: &Client, options: CopyOptions) -> Result<Value> {
    let report = match (source, target) {
        (Client::Async(source), Client::Async(target)) => block_on(source.copy_to(target, options)),
        (Client::Blocking(source), Client::Blocking(target)) => source.copy_to(target, options),
        _ => panic!("{ONE_FACE}"),
    }?;
    let secrets = report.secrets.iter();
    Ok(copied(secrets.map(|secret| {
        (&secret.key, secret.outcome.word(), &secret.losses[..], secret.deleted)
    })))
}

fn copied<'a>(secrets: impl Iterator<Item = (&'a SecretKey, &'static str, &'a [CopyLoss], bool)>) -> Value {
    let mut outcomes = BTreeMap::new();
    let mut losses = BTreeMap::new();
    let mut deleted = Vec::new();
    for (key, outcome, lost, is_deleted) in secrets {
        outcomes.insert(key.as_str(), outcome);
        if !lost.is_empty() {
            let words: Vec<_> = lost.iter().map(|loss| loss.word()).collect();
            losses.insert(key.as_str(), words.join(","));
        }
        if is_deleted {
            deleted.push(key.as_str());
        }
    }
    json!({ "outcomes": outcomes, "losses": losses, "deleted": deleted })
}
