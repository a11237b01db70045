//! The operations of a script: one verb each, and what its answer is compared with.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strongroom::backend::{MetadataUpdate, SetOutcome};
use strongroom::{
    DeleteOptions, FallbackOptions, GenerateSpec, GetOptions, ListOptions, NewValue, Result, RollbackTo, Secret,
    SecretKey, SecretMetadata, SecretScope, SecretValue, SetOptions, UpdateOptions, Version,
};
use time::{Duration, OffsetDateTime};

use super::client::Client;
use super::{text, value};

/// What one step leaves for the next: the saved versions, and the word that keeps scripts apart.
pub(super) struct State {
    id: String,
    saved: BTreeMap<String, Version>,
}

impl State {
    pub(super) fn new(id: String) -> Self {
        Self {
            id,
            saved: BTreeMap::new(),
        }
    }

    /// A text with `{scope}`, `{id}` and `{global}` filled in.
    fn fill(&self, template: &str) -> String {
        let scope = format!("project/{}", self.id);
        template
            .replace("{scope}", &scope)
            .replace("{id}", &self.id)
            .replace("{global}", &format!("G.{}", self.id))
    }

    fn key(&self, args: &Value) -> String {
        self.fill(text(&args["key"]))
    }

    /// `@name` is a saved version; everything else is the version's own word.
    fn version(&self, word: &Value) -> Version {
        match text(word).strip_prefix('@') {
            Some(name) => self.saved[name].clone(),
            None => Version::from_word(text(word)),
        }
    }
}

fn moment(seconds: &Value) -> OffsetDateTime {
    OffsetDateTime::now_utc() + Duration::seconds(seconds.as_i64().unwrap())
}

fn flag(value: &Value) -> bool {
    value.as_bool().unwrap_or(false)
}

fn labels(value: &Value) -> BTreeMap<String, String> {
    value
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), text(value).to_owned()))
        .collect()
}

fn secret(args: &Value) -> Secret {
    let mut metadata = SecretMetadata::new();
    metadata.provider = args["provider"].as_str().map(str::to_owned);
    metadata.scope_of_use = args["scope_of_use"].as_str().map(str::to_owned);
    if !args["labels"].is_null() {
        metadata.labels = labels(&args["labels"]);
    }
    if !args["expires_in_s"].is_null() {
        metadata = metadata.with_expiry(moment(&args["expires_in_s"]));
    }
    Secret::new(value(&args["value"])).with_metadata(metadata)
}

/// Runs a step and compares: only what `expect` names is looked at.
pub(super) fn run(client: &Client, state: &mut State, step: &Value) -> Result<(), String> {
    let outcome = call(client, state, text(&step["op"]), &step["args"], &step["save"]);
    match (outcome, step["error"].as_str()) {
        (Err(error), Some(token)) if error.kind().token() == token => Ok(()),
        (Err(error), Some(token)) => Err(format!("should have answered {token}, not {error}")),
        (Err(error), None) => Err(error.to_string()),
        (Ok(_), Some(token)) => Err(format!("worked and should have answered {token}")),
        (Ok(found), None) => match step.get("expect") {
            None => Ok(()),
            Some(expected) => compare(state, expected, &found).map_err(|field| {
                let found: String = found.to_string().chars().take(300).collect();
                format!("{field} differs: {found}")
            }),
        },
    }
}

/// Whether every field of `expected` is in `found`; else the field that is not.
fn compare(state: &State, expected: &Value, found: &Value) -> Result<(), String> {
    let Value::Object(fields) = expected else {
        return if expected == found {
            Ok(())
        } else {
            Err("the answer".to_owned())
        };
    };
    for (field, expected) in fields {
        let fits = match field.as_str() {
            "value" => value(expected) == value(&found["value"]),
            "values" => {
                let expected = expected.as_object().unwrap();
                let found = found["values"].as_object().unwrap();
                expected.len() == found.len()
                    && expected.iter().all(|(key, bytes)| {
                        found
                            .get(&state.fill(key))
                            .is_some_and(|found| value(found) == value(bytes))
                    })
            }
            "failures" => {
                let expected = expected.as_object().unwrap();
                let found = found["failures"].as_object().unwrap();
                expected.len() == found.len()
                    && expected
                        .iter()
                        .all(|(key, token)| found.get(&state.fill(key)) == Some(token))
            }
            "names" | "expired" if expected.is_array() => {
                let filled: Vec<_> = expected
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|name| state.fill(text(name)))
                    .collect();
                json!(filled) == found[field]
            }
            "version" | "current" => json!(state.version(expected).as_str()) == found[field],
            "versions" => {
                let words: Vec<_> = expected
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|word| state.version(word))
                    .collect();
                json!(words.iter().map(Version::as_str).collect::<Vec<_>>()) == found[field]
            }
            "newer_than" => found["number"].as_u64() > state.version(expected).number(),
            _ => found.get(field) == Some(expected),
        };
        if !fits {
            return Err(format!("`{field}`"));
        }
    }
    Ok(())
}

fn told(secret: Option<&Secret>) -> Value {
    secret.map_or(Value::Null, |secret| {
        let mut answer = metadata(&secret.metadata);
        answer["value"] = bytes(secret);
        answer
    })
}

fn bytes(secret: &Secret) -> Value {
    json!({ "base64": data_encoding::BASE64.encode(secret.value.expose()) })
}

fn metadata(metadata: &SecretMetadata) -> Value {
    json!({
        "provider": metadata.provider,
        "scope_of_use": metadata.scope_of_use,
        "labels": metadata.labels,
        "expires": metadata.expires_at.is_some(),
        "version": metadata.version.as_ref().map(Version::as_str),
    })
}

fn written(state: &mut State, save: &Value, outcome: SetOutcome) -> Value {
    let answer = json!({
        "created": outcome.created,
        "version": outcome.version.as_ref().map(Version::as_str),
        "number": outcome.version.as_ref().and_then(Version::number),
    });
    if let Some(name) = save["version"].as_str() {
        state
            .saved
            .insert(name.to_owned(), outcome.version.expect("the backend tells versions"));
    }
    answer
}

fn generated(args: &Value) -> GenerateSpec {
    let length = usize::try_from(args["length"].as_u64().unwrap()).unwrap();
    match text(&args["form"]) {
        "bytes" => GenerateSpec::bytes(length),
        "hex" => GenerateSpec::hex(length),
        "base64" => GenerateSpec::base64(length),
        "password" => GenerateSpec::password(length),
        form => panic!("there is no form `{form}`"),
    }
}

/// Makes the call; its answer as JSON.
fn call(client: &Client, state: &mut State, op: &str, args: &Value, save: &Value) -> Result<Value> {
    Ok(match op {
        "get" | "get_version" => {
            let mut options = GetOptions::new();
            options.include_expired = flag(&args["include_expired"]);
            if op == "get_version" {
                options = options.version(state.version(&args["version"]));
            }
            told(client.get_with(state.key(args), options)?.as_ref())
        }
        "get_value" => json!(client.get_value(state.key(args))?),
        "get_many" => {
            let keys: Vec<_> = args["keys"]
                .as_array()
                .unwrap()
                .iter()
                .map(|key| state.fill(text(key)))
                .collect();
            let read = client.get_many(&keys)?;
            let values: BTreeMap<_, _> = read
                .secrets
                .iter()
                .map(|(key, secret)| (key.as_str(), bytes(secret)))
                .collect();
            let failures: BTreeMap<_, _> = read
                .failures
                .iter()
                .map(|failure| (failure.key.as_str(), failure.error.kind().token()))
                .collect();
            json!({ "values": values, "failures": failures })
        }
        "get_with_fallback" => {
            let scopes = args["scopes"].as_array().unwrap().iter();
            let scopes: Result<Vec<_>> = scopes
                .map(|scope| SecretScope::parse(&state.fill(text(scope))))
                .collect();
            let mut options = FallbackOptions::new();
            options.allow_unavailable = flag(&args["allow_unavailable"]);
            told(
                client
                    .get_with_fallback_options(text(&args["name"]), &scopes?, options)?
                    .as_ref(),
            )
        }
        "exists" => json!(client.exists(state.key(args))?),
        "describe" => client.describe(state.key(args))?.map_or(Value::Null, |description| {
            let mut answer = metadata(&description.metadata);
            answer["expired"] = json!(description.expired);
            answer
        }),
        "list" => list(client, state, args)?,
        "set" => {
            let mut options = SetOptions::new();
            options.if_absent = flag(&args["if_absent"]);
            if !args["if_version"].is_null() {
                options = options.if_version(state.version(&args["if_version"]));
            }
            let outcome = client.set_with(state.key(args), &secret(args), options)?;
            written(state, save, outcome)
        }
        "set_many" => {
            let entries = args["entries"].as_array().unwrap().iter();
            let entries: Vec<_> = entries
                .map(|entry| {
                    let key = state.key(entry);
                    let key = SecretKey::parse(&key).unwrap_or_else(|_| SecretKey::new(&key));
                    (key, secret(entry))
                })
                .collect();
            let outcomes: Result<Vec<_>> = client.set_many(&entries)?.outcomes.into_iter().collect();
            json!({ "created": outcomes?.iter().map(|outcome| outcome.created).collect::<Vec<_>>() })
        }
        "set_api_key" => {
            let outcome = client.set_api_key(state.key(args), value(&args["value"]), args["provider"].as_str())?;
            written(state, save, outcome)
        }
        "update_value" => {
            let mut options = UpdateOptions::new();
            if !args["expires_in_s"].is_null() {
                options = options.expires_at(moment(&args["expires_in_s"]));
            }
            if flag(&args["clear_expiry"]) {
                options = options.clear_expiry();
            }
            if !args["if_version"].is_null() {
                options = options.if_version(state.version(&args["if_version"]));
            }
            let outcome = client.update_value_with(state.key(args), value(&args["value"]), options)?;
            written(state, save, outcome)
        }
        "update_metadata" => {
            let outcome = client.update_metadata(state.key(args), &update(args))?;
            written(state, save, outcome)
        }
        "get_or_generate" => {
            json!({ "length": client.get_or_generate(state.key(args), &generated(args))?.value.len() })
        }
        "rotate" => {
            let new = match &args["value"] {
                Value::Null => NewValue::from(generated(args)),
                stated => NewValue::from(SecretValue::from(value(stated))),
            };
            let outcome = client.rotate(state.key(args), new)?;
            written(state, save, outcome)
        }
        "delete" => {
            let mut options = DeleteOptions::new();
            options.missing_ok = flag(&args["missing_ok"]);
            client.delete_with(state.key(args), options)?;
            Value::Null
        }
        "versions" => {
            let kept = client.versions(state.key(args))?;
            let current = kept
                .iter()
                .find(|entry| entry.current)
                .map(|entry| entry.version.as_str());
            let words: Vec<_> = kept.iter().map(|entry| entry.version.as_str()).collect();
            json!({ "count": kept.len(), "versions": words, "current": current })
        }
        "rollback" => {
            let to = match args["back"].as_u64() {
                Some(back) => RollbackTo::back(usize::try_from(back).unwrap()),
                None => state.version(&args["version"]).into(),
            };
            let outcome = client.rollback(state.key(args), to)?;
            written(state, save, outcome)
        }
        "health" => json!(client.health()?.state.word()),
        "lock" => client.lock().map(|()| Value::Null)?,
        "close" => client.close().map(|()| Value::Null)?,
        _ => panic!("there is no operation `{op}`"),
    })
}

fn list(client: &Client, state: &State, args: &Value) -> Result<Value> {
    let mut options = ListOptions::new();
    if let Some(scope) = args["scope"].as_str() {
        options = options.scope(SecretScope::parse(&state.fill(scope))?);
    }
    if let Some(prefix) = args["prefix"].as_str() {
        options = options.prefix(state.fill(prefix));
    }
    if let Some(provider) = args["provider"].as_str() {
        options = options.provider(provider);
    }
    if let Some(after) = args["after"].as_str() {
        options = options.after(SecretKey::parse(&state.fill(after))?);
    }
    options.limit = args["limit"].as_u64().map(|limit| usize::try_from(limit).unwrap());
    let page = client.list(options)?;
    let names = |expired: bool| -> Vec<String> {
        let listed = page.entries.iter().filter(|entry| !expired || entry.expired);
        listed.map(|entry| entry.name.to_string()).collect()
    };
    Ok(json!({ "names": names(false), "expired": names(true), "more": page.next.is_some() }))
}

/// What is absent stays; `null` removes.
fn update(args: &Value) -> MetadataUpdate {
    let mut update = MetadataUpdate::new();
    if let Some(provider) = args.get("provider") {
        update = match provider.as_str() {
            Some(provider) => update.provider(provider),
            None => update.clear_provider(),
        };
    }
    if let Some(scope) = args.get("scope_of_use") {
        update = match scope.as_str() {
            Some(scope) => update.scope_of_use(scope),
            None => update.clear_scope_of_use(),
        };
    }
    if !args["labels"].is_null() {
        update = update.labels(labels(&args["labels"]));
    }
    if !args["expires_in_s"].is_null() {
        update = update.expires_at(moment(&args["expires_in_s"]));
    }
    if flag(&args["clear_expiry"]) {
        update = update.clear_expiry();
    }
    update
}
