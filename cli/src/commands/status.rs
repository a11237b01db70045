//! `strongroom status`

use clap::Args;
use std::path::PathBuf;

use serde_json::{Value, json};
use strongroom::backend::HealthState;
use strongroom::blocking::SecretManager;

use crate::args::{Format, Global};
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
    let Place { store, key } = place(&manager)?;
    let health = manager.health()?;
    let backend = manager.backend();
    let mut lines = vec![
        ("app", manager.app().to_owned()),
        ("backend", backend.name().to_owned()),
        ("chosen by", backend.chosen_by().to_string()),
        ("persistence", backend.persistence().to_string()),
    ];
    if backend.name() == session::PLAIN {
        lines.push(("at rest", session::PLAIN_TEXT.to_owned()));
    }
    lines.extend(store.map(|path| ("store", path.display().to_string())));
    lines.extend(key.map(|key| ("key", key)));
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

/// Where the encrypted store lies and what opens it; nothing for another backend.
pub(crate) struct Place {
    pub(crate) store: Option<PathBuf>,
    pub(crate) key: Option<String>,
}

/// Where the secrets of this manager live.
pub(crate) fn place(manager: &SecretManager) -> Result<Place, Failure> {
    let (app, settings) = (manager.app(), manager.settings());
    let backend = manager.backend().name();
    if !matches!(backend, "encrypted" | "local_encrypted") {
        return Ok(Place { store: None, key: None });
    }
    let key = if backend == "local_encrypted" {
        settings.origin("local_encrypted.key").to_string()
    } else {
        match settings.exclusive(&["encrypted.key", "encrypted.key_file", "encrypted.key_fd"])? {
            Some("encrypted.key") => settings.origin("encrypted.key").to_string(),
            Some("encrypted.key_fd") => {
                let descriptor = settings.text("encrypted.key_fd").unwrap_or_default();
                format!("the file descriptor {descriptor}")
            }
            _ => format!("the file {}", strongroom::locations::key_file(app, settings)?.display()),
        }
    };
    Ok(Place {
        store: Some(strongroom::locations::store_file(app, settings)?),
        key: Some(key),
    })
}
