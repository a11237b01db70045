//! Managers over moto and over scripts, and what boto3 says.

use serde_json::{Value, json};
use strongroom::blocking::SecretManager;
use strongroom::{Error, ErrorKind, Result};
use strongroom_fakes::http::{Reply, Request};
use strongroom_fakes::{Moto, Proxy, Script, Stub};
use strongroom_remote::{Place, Service};

/// A corner of moto of its own.
pub(crate) fn place() -> Place {
    Place::of(Service::Aws)
}

/// A manager that asks a script and makes every call once.
pub(crate) fn over(stub: &Stub) -> SecretManager {
    with(stub, &[])
}

/// The same with settings.
pub(crate) fn with(stub: &Stub, settings: &[(&str, &str)]) -> SecretManager {
    let mut builder = Service::Aws.builder(&stub.address(), "app");
    builder = builder.option("cache", "off").option("retries", "0");
    for (name, value) in settings {
        builder = builder.option(name, *value);
    }
    builder.open_blocking().unwrap()
}

/// A manager of a place with settings.
pub(crate) fn of(place: &Place, settings: &[(&str, &str)]) -> SecretManager {
    let mut builder = place.builder().option("retries", "0");
    for (name, value) in settings {
        builder = builder.option(name, *value);
    }
    builder.open_blocking().unwrap()
}

/// How often an action was called.
pub(crate) fn calls(proxy: &Proxy, action: &str) -> usize {
    proxy.count(|request| request.action() == Some(action))
}

/// The body of a request.
pub(crate) fn asked(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// An answer.
pub(crate) fn answer(body: &Value) -> Reply {
    let mut body = body.clone();
    // Every answer about a secret has its ARN.
    let arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:scripted-1b2c3d";
    body.as_object_mut().unwrap().entry("ARN").or_insert(arn.into());
    Reply::new(200).json(&body)
}

/// A refusal, as AWS says it: always with the status 400.
pub(crate) fn refusal(word: &str) -> Reply {
    Reply::aws_error(400, word, "a text that nobody reads")
}

/// The answer to a read of a raw value.
pub(crate) fn value(name: &str, text: &str) -> Reply {
    answer(&json!({
        "ARN": format!("arn:aws:secretsmanager:eu-central-1:123456789012:secret:{name}-1b2c3d"),
        "Name": name,
        "VersionId": "11111111-2222-4333-8444-555555555555",
        "SecretString": text,
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": 1_795_000_000.0,
    }))
}

/// What boto3 says after `lines`, which know `client` and end by printing.
pub(crate) fn boto3(lines: &str, words: &[&str]) -> String {
    let text = format!("import boto3, json, sys\nclient = boto3.client('secretsmanager')\n{lines}");
    let mut script = Script::new(&text);
    for word in words {
        script = script.arg(word);
    }
    let environment: Vec<(&str, String)> = Service::moto().environment();
    script.environment(environment).output().trim().to_owned()
}

/// The error of a call that must fail so.
#[track_caller]
pub(crate) fn fails<T>(outcome: Result<T>, kind: ErrorKind) -> Error {
    strongroom_remote::fails(outcome, &[kind])
}

/// The region that everything is in.
pub(crate) const REGION: &str = Moto::REGION;
