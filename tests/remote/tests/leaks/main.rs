//! No token and no value in errors, in `Debug`, or in what any library says to whoever listens to everything.
//!
//! A program of its own: who listens is one for the process.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod listener;

use std::fmt::Write as _;

use serde_json::json;
use strongroom::backend::MetadataUpdate;
use strongroom::blocking::SecretManager;
use strongroom::{Result, RollbackTo, Secret};
use strongroom_fakes::http::Reply;
use strongroom_fakes::{Fault, Moto};
use strongroom_remote::{Place, SESSION_TOKEN, Service, trials};

/// In every value.
const VALUE: &str = "canary-of-the-value-7f3a";
/// In the token of Vault.
const TOKEN: &str = "canary-of-the-token-51c9";

fn main() {
    listener::listen();
    strongroom_remote::run(|| {
        trials! {
            what_works_and_what_fails_tells_no_token_and_no_value,
            who_listens_hears_what_is_said,
        }
    });
}

/// What must not be anywhere: as it is, and as bytes are shown.
fn canaries() -> Vec<String> {
    let texts = [VALUE, TOKEN, Moto::SECRET_KEY, SESSION_TOKEN];
    let numbers = |text: &str| format!("{:?}", text.as_bytes()).trim_matches(['[', ']']).to_owned();
    texts
        .into_iter()
        .flat_map(|text| [text.to_owned(), numbers(text)])
        .collect()
}

#[track_caller]
fn check(what: &str, said: &str) {
    for canary in canaries() {
        if let Some(at) = said.find(&canary) {
            let from = said[..at].char_indices().rev().nth(400).map_or(0, |(index, _)| index);
            panic!("{what} tells {canary}: …{}", &said[from..at + canary.len()]);
        }
    }
}

fn manager(place: &Place) -> SecretManager {
    let builder = place
        .builder()
        .option("retries", "1")
        .option("breaker_failures", "1000");
    let builder = match place.service {
        Service::Vault => builder.secret_option("vault.token", TOKEN),
        Service::Aws => builder,
    };
    builder.open_blocking().unwrap()
}

/// Calls much, and notes everything that an error shows.
fn calls(manager: &SecretManager, place: &Place, shown: &mut String) {
    let (key, missing) = (place.key("LEAK"), place.key("MISSING"));
    let mut note = |outcome: Result<()>| {
        let mut error: Option<&dyn std::error::Error> = None;
        if let Err(found) = &outcome {
            error = Some(found);
        }
        while let Some(found) = error {
            write!(shown, "{found} {found:?} {found:#?}").unwrap();
            error = found.source();
        }
    };
    note(manager.set(&key, &Secret::with_provider(VALUE, "openai")).map(drop));
    note(manager.update_value(&key, format!("{VALUE} again")).map(drop));
    note(manager.get(&key).map(drop));
    note(manager.get_many(&[&key, &missing]).map(drop));
    note(manager.describe(&key).map(drop));
    note(manager.list(strongroom::ListOptions::new()).map(drop));
    note(manager.versions(&key).map(drop));
    note(
        manager
            .update_metadata(&key, &MetadataUpdate::new().provider("other"))
            .map(drop),
    );
    note(manager.rollback(&key, RollbackTo::back(1)).map(drop));
    note(manager.health().map(drop));
    note(manager.refresh());
    note(manager.delete(&missing));
    note(manager.delete(&key));
    let found = manager.get(&key);
    write!(shown, "{manager:?} {:?} {found:?}", manager.settings()).unwrap();
}

fn what_works_and_what_fails_tells_no_token_and_no_value(service: Service) {
    let place = Place::of(service);
    if service == Service::Vault {
        let bao = Service::bao();
        bao.policy(
            "all",
            r#"path "*" { capabilities = ["create", "read", "update", "delete", "list", "patch"] }"#,
        );
        bao.write("auth/token/create-orphan", &json!({"id": TOKEN, "policies": ["all"]}));
    }
    let echo = format!("{VALUE} {TOKEN} {SESSION_TOKEN} {}", Moto::SECRET_KEY);
    let faults = [
        Fault::None,
        Fault::Truncate,
        Fault::ResetMidBody,
        Fault::Swallow,
        // Whoever answers may say again what it was sent.
        Fault::Answer(Reply::new(200).body(echo.clone())),
        Fault::Answer(Reply::vault_errors(403, &[&echo])),
        Fault::Answer(Reply::vault_errors(500, &[&echo])),
        Fault::Answer(Reply::aws_error(400, "AccessDeniedException", &echo)),
        Fault::Answer(Reply::aws_error(400, &echo.replace(' ', ""), &echo)),
        Fault::Answer(Reply::new(307).header("Location", &format!("http://127.0.0.1:1/?{}", echo.replace(' ', "")))),
    ];
    for fault in faults {
        let manager = manager(&place);
        let mut shown = String::new();
        place.proxy.heal();
        place.proxy.always(fault.clone());
        calls(&manager, &place, &mut shown);
        check(&format!("after {fault:?} what is shown").replace(&echo, "…"), &shown);
    }
    check("what libraries say", &listener::said());
}

/// The control: the listener hears the libraries that carry tokens and values.
fn who_listens_hears_what_is_said(service: Service) {
    let place = Place::of(service);
    manager(&place).set(place.key("HEARD"), &Secret::new("heard")).unwrap();
    tracing::trace!(target: "control", "spoken");
    let said = listener::said();
    assert!(said.contains("spoken"), "our own event");
    let needed = match service {
        Service::Vault => ["strongroom", "hyper"],
        Service::Aws => ["strongroom", "aws"],
    };
    for target in needed {
        assert!(said.contains(&format!("[{target}")), "{target} was not heard");
    }
}
