//! Operations that ask no backend.

use serde_json::{Value, json};
use strongroom::fernet::{FernetKey, FernetKeys};
use strongroom::{Result, SecretKey, VariableMapping};

use super::client::Client;
use super::steps::{State, bytes};
use super::{text, value};

pub(super) fn call(state: &State, op: &str, args: &Value) -> Result<Value> {
    if op == "key_variable" {
        let mapping = match text(&args["mapping"]) {
            "plain" => VariableMapping::Plain,
            "escaped" => VariableMapping::Escaped,
            mapping => panic!("there is no mapping `{mapping}`"),
        };
        let key = SecretKey::parse(&state.fill(text(&args["key"])))?;
        return Ok(json!(mapping.variable(args["prefix"].as_str().unwrap_or(""), &key)));
    }
    if op == "fernet_generate" {
        return Ok(json!({ "length": FernetKey::generate()?.to_text().len() }));
    }
    let keys = FernetKeys::parse(value(&args["keys"]))?;
    let ttl = args["ttl_s"].as_u64().map(std::time::Duration::from_secs);
    let token = match op {
        "fernet_encrypt" => keys.encrypt(&value(&args["value"]))?,
        "fernet_rotate" => keys.rotate(text(&args["token"]))?,
        "fernet_decrypt" => text(&args["token"]).to_owned(),
        op => panic!("there is no operation `{op}`"),
    };
    Ok(json!({ "value": bytes(keys.decrypt(token, ttl)?.expose()) }))
}

pub(super) fn setting(client: &Client, name: &str) -> Option<String> {
    let text = match client {
        Client::Async(manager) => manager.settings().text(name),
        Client::Blocking(manager) => manager.settings().text(name),
    };
    text.map(str::to_owned)
}
