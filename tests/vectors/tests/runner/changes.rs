//! Being told of changes.

use std::time::Duration;

use serde_json::{Value, json};
use strongroom::backend::HealthState;
use strongroom::{Change, Result, SecretScope, SubscribeOptions, Subscription, Version};

use super::client::Client;
use super::harness::block_on;
use super::steps::State;
use super::text;

/// How long a change is waited for before the script fails.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn subscribe(client: &Client, state: &State, args: &Value) -> Result<Subscription> {
    let mut options = SubscribeOptions::new();
    for key in args["keys"].as_array().into_iter().flatten() {
        options = options.key(client.key_of(state.fill(text(key)))?);
    }
    if let Some(scope) = args["scope"].as_str() {
        options = options.scope(SecretScope::parse(&state.fill(scope))?);
    }
    if let Some(prefix) = args["prefix"].as_str() {
        options = options.prefix(state.fill(prefix));
    }
    options.every = args["every_ms"].as_u64().map(Duration::from_millis);
    client.subscribe(options)
}

/// The next change through the client's face.
pub(super) fn next(client: &Client, subscription: &mut Subscription) -> Value {
    let change = match client {
        Client::Async(_) => block_on(async { tokio::time::timeout(PATIENCE, subscription.next()).await.ok() }),
        Client::Blocking(_) => subscription.next_within(PATIENCE).ok(),
    };
    change
        .expect("a change comes in time")
        .as_ref()
        .map_or(Value::Null, told)
}

fn told(change: &Change) -> Value {
    json!({
        "kind": change.kind.word(),
        "key": change.key.as_ref().map(ToString::to_string),
        "version": change.version.as_ref().map(Version::as_str),
        "health": change.health.map(HealthState::word),
    })
}
