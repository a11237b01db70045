//! Values in a listing: only when asked for, and with a person's consent.

use std::collections::BTreeMap;

use clap::Args;
use strongroom::blocking::SecretManager;
use strongroom::{ErrorKind, SecretKey, SecretValue};

use crate::failure::{Failure, report};
use crate::terminal;

/// What stands for a value that is not shown; its width tells nothing.
pub(crate) const MASK: &str = "********";

/// Whether values are shown.
#[derive(Args, Debug)]
pub(crate) struct RevealArgs {
    /// Show the values; asks first
    #[arg(long, visible_alias = "reveal")]
    pub(crate) show_values: bool,
    /// Do not ask before values are shown; needed where there is no terminal
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// The values of some keys, and what could not be read.
pub(crate) struct Revealed {
    pub(crate) values: BTreeMap<SecretKey, SecretValue>,
    /// The exit code of the first failure that was told.
    failed: Option<u8>,
}

impl RevealArgs {
    /// Refuses before anything is opened where nobody can be asked and nobody said yes.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.show_values && !self.yes && !terminal::is_there() {
            return Err(Failure::usage(
                "values are shown only after a yes, and there is no terminal to ask at",
                "give `--yes` where everyone who reads the output may see the values",
            ));
        }
        Ok(())
    }

    /// Reads the values, where they are to be shown; asks first. An expired secret is told by its entry, any other
    /// failure on stderr.
    pub(crate) fn read(&self, manager: &SecretManager, keys: &[SecretKey]) -> Result<Option<Revealed>, Failure> {
        if !self.show_values {
            return Ok(None);
        }
        if !self.yes && !keys.is_empty() {
            let secrets = if keys.len() == 1 { "secret" } else { "secrets" };
            terminal::confirm(&format!(
                "Show the values of {} {secrets} to whoever sees this?",
                keys.len()
            ))?;
        }
        let batch = manager.get_many(keys)?;
        let mut failed = None;
        for failure in batch.failures {
            if failure.error.kind() != ErrorKind::Expired {
                let code = report(&failure.error);
                failed.get_or_insert(code);
            }
        }
        let values = batch
            .secrets
            .into_iter()
            .map(|(key, secret)| (key, secret.value))
            .collect();
        Ok(Some(Revealed { values, failed }))
    }
}

impl Revealed {
    /// The end of a command that has shown them.
    pub(crate) fn end(revealed: Option<Self>) -> Result<(), Failure> {
        match revealed.and_then(|revealed| revealed.failed) {
            Some(code) => Err(Failure::Reported(code)),
            None => Ok(()),
        }
    }
}

/// A value in a line for people.
pub(crate) fn shown(value: &SecretValue) -> String {
    match value.expose_str() {
        Ok(text) => text.to_owned(),
        Err(_) => format!("({} bytes that are no text)", value.len()),
    }
}
