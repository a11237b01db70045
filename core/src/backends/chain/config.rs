//! What the settings say about a chain.

use crate::config::{Settings, nearest::nearest};
use crate::error::{Error, Result};
use crate::registry;

pub(super) const MEMBERS: &str = "chain.members";
pub(super) const WRITER: &str = "chain.writer";
const ALLOW_UNAVAILABLE: &str = "chain.allow_unavailable";

/// How a chain is opened.
#[derive(Debug)]
pub(super) struct Config {
    /// The members' words, in order.
    pub(super) members: Vec<&'static str>,
    /// The place of the writer among them.
    pub(super) writer: Option<usize>,
    pub(super) allow_unavailable: bool,
}

impl Config {
    /// Reads the settings; nothing is opened.
    pub(super) fn read(settings: &Settings) -> Result<Self> {
        let mut members = Vec::new();
        for word in settings.list(MEMBERS) {
            let known = member(settings, word)?;
            if members.contains(&known) {
                return Err(settings.error(MEMBERS, &format!("names `{known}` twice")));
            }
            members.push(known);
        }
        if members.is_empty() {
            let reason = "names no member; a chain needs at least one, such as `env,encrypted`";
            return Err(settings.error(MEMBERS, reason));
        }
        Ok(Self {
            writer: writer(settings, &members)?,
            members,
            allow_unavailable: settings.is_on(ALLOW_UNAVAILABLE),
        })
    }
}

/// The word of a member that this build can open.
fn member(settings: &Settings, word: &str) -> Result<&'static str> {
    let names = registry::offered();
    match registry::known(word) {
        Some("chain") => Err(settings.error(MEMBERS, "names `chain`: a chain cannot be a member of a chain")),
        #[cfg(feature = "testing")]
        Some("fault") if settings.text("fault.inner") == Some("chain") => {
            let reason = "names `fault`, and `fault.inner` names `chain`: a chain cannot be a member of a chain";
            Err(settings.error(MEMBERS, reason))
        }
        Some(known) if registry::names().contains(&known) => Ok(known),
        Some(known) => {
            let reason = format!(
                "names `{known}`, a backend that this build lacks; it has {}",
                names.join(", ")
            );
            Err(settings.error(MEMBERS, &reason))
        }
        None => match registry::coming(word) {
            Some(coming) => {
                let there = names.join(", ");
                let reason =
                    format!("names `{coming}`, a backend that this version does not have; this build has {there}");
                Err(settings.error(MEMBERS, &reason))
            }
            None => Err(unknown(settings, MEMBERS, "backend", word, &names)),
        },
    }
}

fn writer(settings: &Settings, members: &[&'static str]) -> Result<Option<usize>> {
    let Some(word) = settings.text(WRITER).map(str::trim).filter(|word| !word.is_empty()) else {
        return Ok(None);
    };
    let known = registry::known(word).unwrap_or(word);
    match members.iter().position(|member| *member == known) {
        Some(at) => Ok(Some(at)),
        None => Err(unknown(settings, WRITER, "member of the chain", word, members)),
    }
}

/// A word that is none of those that it may be.
fn unknown(settings: &Settings, setting: &str, what: &str, word: &str, known: &[&'static str]) -> Error {
    let shown: String = word.escape_debug().take(64).collect();
    let end = match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    settings.error(setting, &format!("names `{shown}`, which is no {what}; {end}"))
}
