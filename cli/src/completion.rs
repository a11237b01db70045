//! What a shell offers while someone types: names, never values. It asks nobody, makes no store, says nothing about
//! errors and gives up soon.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use clap::{CommandFactory, FromArgMatches};
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;
use strongroom::{ListOptions, ScopeKind, SecretKey};

use crate::args::{Arguments, Global};
use crate::session;

/// A shell's script calls the command with the shell's name in this variable.
pub(crate) const VARIABLE: &str = "STRONGROOM_COMPLETE";
/// Someone waits with a finger on the key.
const DEADLINE: &str = "2s";

/// Answers a shell that asks; whether one did.
pub(crate) fn answer() -> bool {
    if !is_asked() {
        return false;
    }
    let words = std::env::args_os();
    let folder = std::env::current_dir().ok();
    CompleteEnv::with_factory(Arguments::command)
        .var(VARIABLE)
        .try_complete(words, folder.as_deref())
        // A message would end up in the line that someone types.
        .unwrap_or(true)
}

/// Whether a script of ours asks: it names its shell, and puts what is typed behind `--`. Someone may have the variable
/// in the environment and mean a command all the same.
fn is_asked() -> bool {
    let words = std::env::args_os();
    let named = session::variable(VARIABLE);
    let shell = named.as_deref().and_then(OsStr::to_str);
    let is_known = shell.is_some_and(|shell| Shells::builtins().completer(shell).is_some());
    is_known && words.len() > 2 && std::env::args_os().nth(1).is_some_and(|word| word == "--")
}

/// Keys: of global secrets the bare name, unless the scope is typed.
pub(crate) fn keys() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        candidates(current, |typed, offered| {
            for key in stored_keys() {
                let key = key.as_str();
                match key.strip_prefix("global/") {
                    // A name that begins with a dash would be an option.
                    Some(bare) if !bare.starts_with('-') && bare.starts_with(typed) => offered.insert(bare.to_owned()),
                    _ => offered.insert(key.to_owned()),
                };
            }
        })
    })
}

/// The scopes of the keys that are stored.
pub(crate) fn scopes() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        candidates(current, |_, offered| {
            offered.extend(stored_keys().iter().map(|key| key.scope().to_string()));
        })
    })
}

/// The components that have secrets.
pub(crate) fn components() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        candidates(current, |_, offered| {
            let scopes = stored_keys().into_iter().map(|key| key.scope());
            let components = scopes.filter(|scope| scope.kind() == ScopeKind::Component);
            offered.extend(components.filter_map(|scope| scope.id().map(str::to_owned)));
        })
    })
}

/// The backends of this build.
pub(crate) fn backends() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        candidates(current, |_, offered| {
            offered.extend(strongroom::registry::names().into_iter().map(str::to_owned));
        })
    })
}

/// The settings that are given as text, each up to its `=`.
pub(crate) fn settings() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        candidates(current, |_, offered| {
            let texts = strongroom::SETTINGS.iter().filter(|setting| !setting.secret);
            offered.extend(texts.map(|setting| format!("{}=", setting.key)));
        })
    })
}

fn candidates(current: &OsStr, offer: impl FnOnce(&str, &mut BTreeSet<String>)) -> Vec<CompletionCandidate> {
    let Some(typed) = current.to_str() else {
        return Vec::new();
    };
    let mut offered = BTreeSet::new();
    offer(typed, &mut offered);
    let fitting = offered.into_iter().filter(|word| word.starts_with(typed));
    fitting.map(CompletionCandidate::new).collect()
}

fn stored_keys() -> Vec<SecretKey> {
    list().unwrap_or_default()
}

fn list() -> Option<Vec<SecretKey>> {
    let global = global()?;
    if session::inspect(&global).settings.is_set("encrypted.key_fd") {
        // It can be read only once, and that is for the command itself.
        return None;
    }
    let manager = session::harmless_builder(&global).ok()?.open_blocking().ok()?;
    let entries = manager.list(ListOptions::new()).ok()?.entries;
    Some(entries.iter().filter_map(|entry| entry.name.key().cloned()).collect())
}

/// What the words that stand already say about where the secrets live.
fn global() -> Option<Global> {
    // The script puts the words behind `--`.
    let words: Vec<OsString> = std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let matches = Arguments::command()
        .ignore_errors(true)
        .try_get_matches_from(words)
        .ok()?;
    let mut global = Global::from_arg_matches(&matches).ok()?;
    global.timeout = Some(DEADLINE.to_owned());
    Some(global)
}
