//! `strongroom status`

use clap::Args;
use std::path::PathBuf;

use serde_json::{Value, json};
use strongroom::backend::HealthState;
use strongroom::blocking::SecretManager;
use strongroom::{Settings, locations};

use crate::args::{Format, Global};
use crate::commands::servers;
use crate::document;
use crate::failure::{Failure, report};
use crate::output;
use crate::session::{self, Access};

/// What the verb takes.
#[derive(Args, Debug)]
pub(crate) struct StatusArgs {
    /// How to write it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

/// Shows where the secrets live, what opens them and how that place is. The exit code says whether it works.
pub(crate) fn run(global: &Global, args: &StatusArgs) -> Result<(), Failure> {
    let manager = session::open(global, Access::Look)?;
    let health = manager.health()?;
    let backend = manager.backend();
    let mut lines = vec![
        ("app", manager.app().to_owned()),
        ("backend", backend.name().to_owned()),
        ("chosen by", backend.chosen_by().to_string()),
        ("persistence", backend.persistence().to_string()),
    ];
    lines.extend(places(&manager)?);
    lines.push(("key memory", key_memory()));
    lines.push(("process", process()));
    lines.push(("health", health.state.word().to_owned()));
    lines.extend(health.reason.clone().map(|reason| ("reason", reason)));
    match args.output {
        format if format.is_document() => {
            let map = lines
                .into_iter()
                .map(|(name, value)| (name.replace(' ', "_"), json!(value)))
                .collect();
            document::write(format, "status", Value::Object(map))?;
        }
        format => {
            let rows: Vec<_> = lines
                .into_iter()
                .map(|(name, value)| vec![name.to_owned(), value])
                .collect();
            output::rows(format, &[], &rows)?;
        }
    }
    match health.error {
        Some(error) if health.state == HealthState::Unavailable => Err(Failure::Reported(report(&error))),
        _ => Ok(()),
    }
}

/// How the keys in memory are guarded.
pub(crate) fn key_memory() -> String {
    let found = strongroom::hardening();
    let words = [
        if found.secret_memory {
            "unreadable for other processes"
        } else {
            "readable for root"
        },
        if found.locked {
            "never swapped"
        } else {
            "may be swapped"
        },
        if found.excluded_from_dumps {
            "not in core dumps"
        } else {
            "in core dumps"
        },
    ];
    words.join(", ")
}

/// How this process is guarded.
pub(crate) fn process() -> String {
    let found = strongroom::harden_process();
    let words = [
        if found.not_dumpable {
            "closed to other processes of this user"
        } else {
            "open to other processes of this user"
        },
        if found.no_core_dumps {
            "no core dumps"
        } else {
            "may dump core"
        },
    ];
    words.join(", ")
}

/// Where the secrets come from and go to, in words; of a chain, what holds for each member.
fn places(manager: &SecretManager) -> Result<Vec<(&'static str, String)>, Failure> {
    let (app, settings) = (manager.app(), manager.settings());
    let name = manager.backend().name();
    if name != session::CHAIN {
        return places_of(name, app, settings);
    }
    let members = settings.list("chain.members");
    let writer = settings.text("chain.writer").unwrap_or("none: nothing can be set here");
    let mut lines = vec![("members", members.join(", ")), ("writer", writer.to_owned())];
    for member in members {
        lines.extend(places_of(member, app, settings)?);
    }
    Ok(lines)
}

fn places_of(word: &str, app: &str, settings: &Settings) -> Result<Vec<(&'static str, String)>, Failure> {
    let shown = |path: PathBuf| path.display().to_string();
    Ok(match word {
        session::PLAIN => vec![
            ("at rest", session::PLAIN_TEXT.to_owned()),
            ("file", shown(locations::plain_file(app, settings)?)),
        ],
        "env" => vec![("variables", format!("{}*", locations::variable_prefix(app, settings)))],
        "directory" => vec![("folder", shown(locations::secrets_folder(settings)?))],
        "vault" | "aws" => servers::lines(word, app, settings),
        "memory" => vec![(
            "at rest",
            "nowhere: everything is gone when this process ends".to_owned(),
        )],
        word => {
            let Place { store, key } = place_of(word, app, settings)?;
            let store = store.map(|path| ("store", shown(path)));
            store.into_iter().chain(key.map(|key| ("key", key))).collect()
        }
    })
}

/// Where the encrypted store lies and what opens it; nothing for another backend.
pub(crate) struct Place {
    pub(crate) store: Option<PathBuf>,
    pub(crate) key: Option<String>,
}

/// Where the secrets of this manager live.
pub(crate) fn place(manager: &SecretManager) -> Result<Place, Failure> {
    place_of(manager.backend().name(), manager.app(), manager.settings())
}

fn place_of(word: &str, app: &str, settings: &Settings) -> Result<Place, Failure> {
    if !matches!(word, "encrypted" | "local_encrypted" | "local") {
        return Ok(Place { store: None, key: None });
    }
    let key = if word != "encrypted" {
        settings.origin("local_encrypted.key").to_string()
    } else {
        match settings.exclusive(&["encrypted.key", "encrypted.key_file", "encrypted.key_fd"])? {
            Some("encrypted.key") => settings.origin("encrypted.key").to_string(),
            Some("encrypted.key_fd") => {
                let descriptor = settings.text("encrypted.key_fd").unwrap_or_default();
                format!("the file descriptor {descriptor}")
            }
            _ => format!("the file {}", locations::key_file(app, settings)?.display()),
        }
    };
    Ok(Place {
        store: Some(locations::store_file(app, settings)?),
        key: Some(key),
    })
}
