//! The arguments of a step as the library's own types.

use std::collections::BTreeMap;

use serde_json::Value;
use strongroom::backend::MetadataUpdate;
use strongroom::transfer::{CopyOptions, Dialect, ExportOptions, Format, IfExists, ImportOptions, NamePolicy};
use strongroom::{
    CallOptions, DeleteOptions, GenerateSpec, GetOptions, IntoTimestamp, ListOptions, PromptPolicy, Result, Secret,
    SecretKey, SecretMetadata, SecretScope, SetOptions, UpdateOptions,
};
use time::{Duration, OffsetDateTime};

use super::steps::State;
use super::{text, value};

/// An absent flag is `false`.
pub(super) fn flag(value: &Value) -> bool {
    value.as_bool().unwrap_or(false)
}

pub(super) fn size(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn microseconds(value: &Value) -> Option<OffsetDateTime> {
    let nanoseconds = i128::from(value.as_i64()?) * 1000;
    Some(OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap())
}

/// `expires_at` as it stands, or `expires_in_s` from now.
fn expiry(args: &Value) -> Option<OffsetDateTime> {
    let seconds = args["expires_in_s"].as_i64();
    let relative = seconds.map(|seconds| (OffsetDateTime::now_utc() + Duration::seconds(seconds)).into_timestamp());
    relative.or_else(|| microseconds(&args["expires_at"]))
}

fn labels(value: &Value) -> BTreeMap<String, String> {
    let labels = value.as_object().unwrap().iter();
    labels
        .map(|(name, value)| (name.clone(), text(value).to_owned()))
        .collect()
}

fn metadata(args: &Value) -> SecretMetadata {
    let mut metadata = SecretMetadata::new();
    metadata.provider = args["provider"].as_str().map(str::to_owned);
    metadata.scope_of_use = args["scope_of_use"].as_str().map(str::to_owned);
    if !args["labels"].is_null() {
        metadata.labels = labels(&args["labels"]);
    }
    metadata.expires_at = expiry(args);
    metadata
}

pub(super) fn secret(args: &Value) -> Secret {
    Secret::new(value(&args["value"])).with_metadata(metadata(args))
}

/// What every verb takes; `None` where nothing is stated.
pub(super) fn call(args: &Value) -> Option<CallOptions> {
    let words = ["timeout_ms", "prompt", "actor", "reason", "request_id"];
    if words.iter().all(|&word| args[word].is_null()) {
        return None;
    }
    let mut options = CallOptions::new();
    options.timeout = args["timeout_ms"].as_u64().map(std::time::Duration::from_millis);
    options.prompt = args["prompt"].as_str().map(|word| match word {
        "never" => PromptPolicy::Never,
        "allow" => PromptPolicy::Allow,
        _ => panic!("there is no prompt policy `{word}`"),
    });
    options.actor = args["actor"].as_str().map(Into::into);
    options.reason = args["reason"].as_str().map(Into::into);
    options.request_id = args["request_id"].as_str().map(Into::into);
    Some(options)
}

pub(super) fn get(state: &State, args: &Value) -> GetOptions {
    let mut options = GetOptions::new();
    options.include_expired = flag(&args["include_expired"]);
    options.fresh = flag(&args["fresh"]);
    if !args["version"].is_null() {
        options = options.version(state.version(&args["version"]));
    }
    options
}

pub(super) fn delete(state: &State, args: &Value) -> DeleteOptions {
    let mut options = DeleteOptions::new();
    options.missing_ok = flag(&args["missing_ok"]);
    options.soft = flag(&args["soft"]);
    options.force = flag(&args["force"]);
    if !args["version"].is_null() {
        options = options.version(state.version(&args["version"]));
    }
    options
}

/// A reference, with the version that it names filled in.
pub(super) fn reference(state: &State, args: &Value) -> String {
    let reference = state.fill(text(&args["reference"]));
    match &args["version"] {
        Value::Null => reference,
        version => reference.replace("{version}", state.version(version).as_str()),
    }
}

pub(super) fn set(state: &State, args: &Value) -> SetOptions {
    let mut options = SetOptions::new();
    options.if_absent = flag(&args["if_absent"]);
    if !args["if_version"].is_null() {
        options = options.if_version(state.version(&args["if_version"]));
    }
    options.created_at = microseconds(&args["created_at"]);
    options
}

pub(super) fn update_value(state: &State, args: &Value) -> UpdateOptions {
    let mut options = UpdateOptions::new();
    options.expires_at = expiry(args).map(Some);
    if flag(&args["clear_expiry"]) {
        options = options.clear_expiry();
    }
    if !args["if_version"].is_null() {
        options = options.if_version(state.version(&args["if_version"]));
    }
    options
}

/// What is absent stays; `null` removes.
pub(super) fn update_metadata(state: &State, args: &Value) -> MetadataUpdate {
    let mut update = MetadataUpdate::new();
    let field = |name| args.get(name).map(|word: &Value| word.as_str().map(str::to_owned));
    update.provider = field("provider");
    update.scope_of_use = field("scope_of_use");
    if !args["labels"].is_null() {
        update = update.labels(labels(&args["labels"]));
    }
    update.expires_at = expiry(args).map(Some);
    if flag(&args["clear_expiry"]) {
        update = update.clear_expiry();
    }
    if !args["if_version"].is_null() {
        update = update.if_version(state.version(&args["if_version"]));
    }
    update
}

pub(super) fn list(state: &State, args: &Value) -> Result<ListOptions> {
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
    options.limit = args.get("limit").map(size);
    options.full_metadata = flag(&args["full_metadata"]);
    Ok(options)
}

/// The word of an argument, or the default where it is absent.
fn word<T: Default>(args: &Value, name: &str, from_word: fn(&str) -> Option<T>) -> T {
    args[name].as_str().map_or_else(T::default, |word| {
        from_word(word).unwrap_or_else(|| panic!("`{word}` is no {name}"))
    })
}

fn format(args: &Value) -> Format {
    Format::from_word(text(&args["format"])).expect("there is such a format")
}

pub(super) fn export(state: &State, args: &Value) -> Result<ExportOptions> {
    let mut options = ExportOptions::new(format(args)).dialect(word(args, "dialect", Dialect::from_word));
    if let Some(scope) = args["scope"].as_str() {
        options = options.scope(SecretScope::parse(&state.fill(scope))?);
    }
    options.prefix = args["prefix"].as_str().map(|prefix| state.fill(prefix));
    for key in args["keys"].as_array().into_iter().flatten() {
        options = options.key(state.fill(text(key)));
    }
    options.full_names = flag(&args["full_names"]);
    options.include_expired = flag(&args["include_expired"]);
    options.strict = flag(&args["strict"]);
    if !args["fernet_keys"].is_null() {
        options = options.fernet_keys(value(&args["fernet_keys"]));
    }
    Ok(options)
}

pub(super) fn copy(state: &State, args: &Value) -> Result<CopyOptions> {
    let mut options = CopyOptions::new().if_exists(word(args, "if_exists", IfExists::from_word));
    if let Some(scope) = args["scope"].as_str() {
        options = options.scope(SecretScope::parse(&state.fill(scope))?);
    }
    options.prefix = args["prefix"].as_str().map(|prefix| state.fill(prefix));
    for key in args["keys"].as_array().into_iter().flatten() {
        options = options.key(SecretKey::parse(&state.fill(text(key)))?);
    }
    options.allow_loss = flag(&args["allow_loss"]);
    options.skip_unfit = flag(&args["skip_unfit"]);
    options.delete_source = flag(&args["delete_source"]);
    Ok(options)
}

pub(super) fn import(state: &State, args: &Value) -> Result<ImportOptions> {
    let mut options = ImportOptions::new(format(args))
        .dialect(word(args, "dialect", Dialect::from_word))
        .names(word(args, "names", NamePolicy::from_word))
        .if_exists(word(args, "if_exists", IfExists::from_word));
    if let Some(scope) = args["scope"].as_str() {
        options = options.scope(SecretScope::parse(&state.fill(scope))?);
    }
    options.provider = args["provider"].as_str().map(str::to_owned);
    options.dry_run = flag(&args["dry_run"]);
    if !args["fernet_keys"].is_null() {
        options = options.fernet_keys(value(&args["fernet_keys"]));
    }
    Ok(options)
}

/// How a value is generated, and the metadata of a secret that is created so.
pub(super) fn generate(args: &Value) -> GenerateSpec {
    let length = size(&args["length"]);
    let spec = match text(&args["form"]) {
        "bytes" => GenerateSpec::bytes(length),
        "hex" => GenerateSpec::hex(length),
        "base64" => GenerateSpec::base64(length),
        "password" => GenerateSpec::password(length),
        form => panic!("there is no form `{form}`"),
    };
    let spec = spec.with_metadata(metadata(args));
    if args["symbols"] == Value::Bool(false) {
        spec.without_symbols()
    } else {
        spec
    }
}
