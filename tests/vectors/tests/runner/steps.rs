//! The operations of a script: one verb each, and its answer.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strongroom::backend::{ExplainStep, SetOutcome};
use strongroom::transfer::Skipped;
use strongroom::{
    FallbackOptions, NewValue, Result, RollbackTo, Secret, SecretKey, SecretMetadata, SecretScope, SecretValue,
    Subscription, Version,
};
use time::OffsetDateTime;

use super::arguments::{self, flag, size};
use super::client::Client;
use super::compare::compare;
use super::{Place, array, text, value};
use super::{changes, copies, immediate};

/// What one step leaves for the next: the view that `scoped` made, the saved versions, and the word that keeps scripts
/// apart.
pub(super) struct State {
    client: Client,
    /// The manager that the steps do not go through at present.
    other: Option<Client>,
    place: Place,
    id: String,
    saved: BTreeMap<String, Version>,
    subscriptions: BTreeMap<String, Subscription>,
}

impl State {
    pub(super) fn new(client: Client, place: Place, id: String) -> Self {
        Self {
            client,
            other: None,
            place,
            id,
            saved: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
        }
    }

    /// A text with `{scope}`, `{id}` and `{global}` filled in.
    pub(super) fn fill(&self, template: &str) -> String {
        let scope = format!("project/{}", self.id);
        template
            .replace("{scope}", &scope)
            .replace("{id}", &self.id)
            .replace("{global}", &format!("G.{}", self.id))
    }

    fn beside(&self) -> &Client {
        self.other.as_ref().expect("the script has another manager")
    }

    fn key(&self, args: &Value) -> String {
        self.fill(text(&args["key"]))
    }

    /// `@name` is a saved version; everything else is the version's own word.
    pub(super) fn version(&self, word: &Value) -> Version {
        match text(word).strip_prefix('@') {
            Some(name) => self.saved[name].clone(),
            None => Version::from_word(text(word)),
        }
    }

    fn save(&mut self, save: &Value, outcome: &SetOutcome) {
        if let Some(name) = save["version"].as_str() {
            let version = outcome.version.clone().expect("the backend tells versions");
            self.saved.insert(name.to_owned(), version);
        }
    }
}

/// Runs a step and compares: only what `expect` names is looked at.
pub(super) fn run(state: &mut State, step: &Value) -> Result<(), String> {
    let outcome = call(state, text(&step["op"]), &step["args"], &step["save"]);
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

fn told(secret: Option<&Secret>) -> Value {
    secret.map_or(Value::Null, |secret| {
        let mut answer = metadata(&secret.metadata);
        answer["value"] = bytes(secret.value.expose());
        answer
    })
}

pub(super) fn bytes(bytes: &[u8]) -> Value {
    json!({ "base64": data_encoding::BASE64.encode(bytes) })
}

fn metadata(metadata: &SecretMetadata) -> Value {
    json!({
        "provider": metadata.provider,
        "scope_of_use": metadata.scope_of_use,
        "labels": metadata.labels,
        "expires": metadata.expires_at.is_some(),
        "expires_at": metadata.expires_at.map(microseconds),
        "created_at": metadata.created_at.map(microseconds),
        "version": metadata.version.as_ref().map(Version::as_str),
    })
}

fn microseconds(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap()
}

fn generated(value: &SecretValue) -> Value {
    let symbols = value.expose().iter().any(|byte| !byte.is_ascii_alphanumeric());
    json!({ "length": value.len(), "symbols": symbols })
}

fn written(state: &mut State, save: &Value, outcome: &SetOutcome) -> Value {
    state.save(save, outcome);
    json!({
        "created": outcome.created,
        "version": outcome.version.as_ref().map(Version::as_str),
        "number": outcome.version.as_ref().and_then(Version::number),
    })
}

/// Makes the call; its answer as JSON.
fn call(state: &mut State, op: &str, args: &Value, save: &Value) -> Result<Value> {
    let client = match (arguments::call(args), &state.client) {
        (None, client) => client.clone(),
        (Some(options), Client::Async(manager)) => Client::Async(manager.with_options(options)),
        (Some(options), Client::Blocking(manager)) => Client::Blocking(manager.with_options(options)),
    };
    Ok(match op {
        "scoped" => {
            state.client = client.scoped(&state.fill(text(&args["scope"])))?;
            Value::Null
        }
        "get" => told(client.get_with(state.key(args), arguments::get(state, args))?.as_ref()),
        "get_version" => {
            let (key, options) = (state.key(args), arguments::get(state, args));
            let secret = match options.version {
                Some(version) if !options.include_expired => client.get_version(key, &version)?,
                _ => client.get_with(key, options)?,
            };
            told(secret.as_ref())
        }
        "get_value" => json!(client.get_value(state.key(args))?),
        "get_into" => {
            let mut buffer = vec![0; size(&args["capacity"])];
            match client.get_into(state.key(args), &mut buffer)? {
                Some(length) => json!({ "value": bytes(&buffer[..length]) }),
                None => Value::Null,
            }
        }
        "get_many" => get_many(&client, state, args)?,
        "get_with_fallback" => {
            let scopes = array(&args["scopes"]).iter();
            let scopes: Result<Vec<_>> = scopes
                .map(|scope| SecretScope::parse(&state.fill(text(scope))))
                .collect();
            let mut options = FallbackOptions::new();
            options.allow_unavailable = flag(&args["allow_unavailable"]);
            let secret = client.get_with_fallback_options(text(&args["name"]), &scopes?, options)?;
            told(secret.as_ref())
        }
        "exists" => json!(client.exists(state.key(args))?),
        "describe" => client.describe(state.key(args))?.map_or(Value::Null, |description| {
            let mut answer = metadata(&description.metadata);
            answer["expired"] = json!(description.expired);
            answer
        }),
        "explain" => explain(&client, state, args)?,
        "list" => list(&client, state, args)?,
        "versions" => versions(&client, state, args)?,
        "set" => {
            let options = arguments::set(state, args);
            let outcome = client.set_with(state.key(args), &arguments::secret(args), options)?;
            written(state, save, &outcome)
        }
        "set_many" => {
            let entries = array(&args["entries"]).iter();
            let entries: Vec<_> = entries
                .map(|entry| {
                    let key = state.key(entry);
                    let key = SecretKey::parse(&key).unwrap_or_else(|_| SecretKey::new(&key));
                    (key, arguments::secret(entry))
                })
                .collect();
            let outcomes: Result<Vec<_>> = client.set_many(&entries)?.outcomes.into_iter().collect();
            json!({ "created": outcomes?.iter().map(|outcome| outcome.created).collect::<Vec<_>>() })
        }
        "set_api_key" => {
            let outcome = client.set_api_key(state.key(args), value(&args["value"]), args["provider"].as_str())?;
            written(state, save, &outcome)
        }
        "update_value" => {
            let options = arguments::update_value(state, args);
            let outcome = client.update_value_with(state.key(args), value(&args["value"]), options)?;
            written(state, save, &outcome)
        }
        "update_metadata" => {
            let outcome = client.update_metadata(state.key(args), &arguments::update_metadata(state, args))?;
            written(state, save, &outcome)
        }
        "generate" => generated(&arguments::generate(args).generate()?),
        "get_or_generate" => {
            let secret = client.get_or_generate(state.key(args), &arguments::generate(args))?;
            generated(&secret.value)
        }
        "rotate" | "rotate_generate" => {
            let new = match op {
                "rotate" => NewValue::from(value(&args["value"])),
                _ => NewValue::from(arguments::generate(args)),
            };
            let outcome = client.rotate(state.key(args), new)?;
            written(state, save, &outcome)
        }
        "delete" => {
            client.delete_with(state.key(args), arguments::delete(state, args))?;
            Value::Null
        }
        "restore" => {
            let outcome = client.restore(state.key(args))?;
            written(state, save, &outcome)
        }
        "resolve" => told(client.resolve(&arguments::reference(state, args))?.as_ref()),
        "refresh" => client.refresh().map(|()| Value::Null)?,
        "metrics" => {
            let counted = client.metrics().get(text(&args["name"])).unwrap_or_default();
            json!(Some(counted) >= args["at_least"].as_u64())
        }
        "subscribe" => {
            let subscription = changes::subscribe(&client, state, args)?;
            state.subscriptions.insert(text(&args["name"]).to_owned(), subscription);
            Value::Null
        }
        "next_change" => {
            let subscription = state
                .subscriptions
                .get_mut(text(&args["of"]))
                .expect("there is such a subscription");
            changes::next(&client, subscription)
        }
        "rollback" => {
            let to = match args["back"].as_u64() {
                Some(back) => RollbackTo::back(usize::try_from(back).unwrap()),
                None => state.version(&args["version"]).into(),
            };
            let outcome = client.rollback(state.key(args), to)?;
            written(state, save, &outcome)
        }
        "other" => {
            let other = match state.other.take() {
                Some(other) => other,
                None => state.place.open(&[args])?,
            };
            state.other = Some(std::mem::replace(&mut state.client, other));
            Value::Null
        }
        "copy_plan" => copies::plan(&client, state.beside(), &arguments::copy(state, args)?)?,
        "copy_to" => copies::run(&client, state.beside(), arguments::copy(state, args)?)?,
        "setting" => json!({ "text": immediate::setting(&client, text(&args["name"])) }),
        op if op.starts_with("fernet_") || op == "key_variable" => immediate::call(state, op, args)?,
        "export" => {
            let export = client.export(arguments::export(state, args)?)?;
            let names: BTreeMap<_, _> = export
                .exported
                .iter()
                .map(|entry| (entry.key.as_str(), entry.name.as_str()))
                .collect();
            json!({
                "document": export.document.expose_str()?,
                "names": names,
                "skipped": skipped(&export.skipped),
            })
        }
        "import" => {
            let document = state.fill(text(&args["document"]));
            let report = client.import(document.as_bytes(), arguments::import(state, args)?)?;
            if let Some(failure) = report.failures.into_iter().next() {
                return Err(failure.error);
            }
            let keys = |keys: &[SecretKey]| keys.iter().map(ToString::to_string).collect::<Vec<_>>();
            json!({
                "imported": keys(&report.created),
                "replaced": keys(&report.replaced),
                "skipped": skipped(&report.skipped),
                "notes": report.notes.len(),
            })
        }
        "health" => json!(client.health()?.state.word()),
        "verify" => {
            let report = client.verify()?;
            json!({ "secrets": report.secrets, "versions": report.versions, "sequence": report.sequence })
        }
        "lock" => client.lock().map(|()| Value::Null)?,
        "close" => client.close().map(|()| Value::Null)?,
        _ => panic!("there is no operation `{op}`"),
    })
}

fn skipped(skipped: &[Skipped]) -> BTreeMap<&str, &str> {
    let told = skipped.iter();
    told.map(|entry| (entry.name.as_str(), entry.reason.word())).collect()
}

fn get_many(client: &Client, state: &State, args: &Value) -> Result<Value> {
    let keys: Vec<_> = array(&args["keys"]).iter().map(|key| state.fill(text(key))).collect();
    let read = client.get_many(&keys)?;
    let values: BTreeMap<_, _> = read
        .secrets
        .iter()
        .map(|(key, secret)| (key.as_str(), bytes(secret.value.expose())))
        .collect();
    let failures: BTreeMap<_, _> = read
        .failures
        .iter()
        .map(|failure| (failure.key.as_str(), failure.error.kind().token()))
        .collect();
    Ok(json!({ "values": values, "failures": failures }))
}

fn explain(client: &Client, state: &State, args: &Value) -> Result<Value> {
    let scopes = args["scopes"].as_array().into_iter().flatten();
    let scopes: Result<Vec<_>> = scopes
        .map(|scope| SecretScope::parse(&state.fill(text(scope))))
        .collect();
    let told = client.explain(state.key(args), &scopes?)?;
    // A chain has several steps for a key.
    let mut names: Vec<_> = told.steps.iter().map(|step| step.key.as_str()).collect();
    names.dedup();
    let answer = told.answer.map(|at| &told.steps[at]);
    let place = |step: &ExplainStep| names.iter().position(|name| *name == step.key.as_str());
    Ok(json!({
        "names": names,
        "answer": answer.and_then(place),
        "provider": answer.and_then(|step| step.metadata.as_ref()?.provider.as_deref()),
        "error": told.error.as_ref().map(|error| error.kind().token()),
    }))
}

fn list(client: &Client, state: &State, args: &Value) -> Result<Value> {
    let page = client.list(arguments::list(state, args)?)?;
    let names = |expired: bool| -> Vec<String> {
        let listed = page.entries.iter().filter(|entry| !expired || entry.expired);
        listed.map(|entry| entry.name.to_string()).collect()
    };
    let providers: Vec<_> = page.entries.iter().map(|entry| &entry.metadata.provider).collect();
    Ok(json!({
        "names": names(false),
        "expired": names(true),
        "providers": providers,
        "more": page.next.is_some(),
        "next": page.next.as_ref().map(SecretKey::as_str),
    }))
}

fn versions(client: &Client, state: &State, args: &Value) -> Result<Value> {
    let kept = client.versions(state.key(args))?;
    let current = kept.iter().find(|entry| entry.current);
    let words: Vec<_> = kept.iter().map(|entry| entry.version.as_str()).collect();
    let expires_at: Vec<_> = kept.iter().map(|entry| entry.expires_at.map(microseconds)).collect();
    Ok(json!({
        "count": kept.len(),
        "versions": words,
        "current": current.map(|entry| entry.version.as_str()),
        "expires_at": expires_at,
    }))
}
