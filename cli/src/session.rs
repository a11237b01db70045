//! Opening the manager that a command works with.

use std::io::IsTerminal;

use strongroom::blocking::SecretManager;
use strongroom::{ErrorKind, Result, SecretKey};

use crate::args::Global;
use crate::failure::Failure;

/// Whether a store that is not there may be made. Only what brings in a secret makes one: a slip in `--app` must not
/// leave an empty store behind, and a read must not answer "no such secret" where there is no store at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Create {
    /// As the settings say.
    IfAbsent,
    /// Never.
    Never,
}

/// Opens the manager.
pub(crate) fn open(global: &Global, create: Create) -> Result<SecretManager> {
    // One read and out: a cache would only be one more copy of the value.
    let mut builder = strongroom::SecretManager::builder()
        .app(&global.app)
        .flag("cache", "off");
    if let Some(backend) = &global.secrets_backend {
        builder = builder.flag("backend", backend);
    }
    if let Some(timeout) = &global.timeout {
        builder = builder.flag("deadline", timeout);
    }
    if create == Create::Never {
        builder = builder.flag("encrypted.create", "never");
    }
    if may_prompt(&global.app) {
        builder = builder.flag("prompt", "allow");
    }
    builder.open_blocking()
}

/// A person at the terminal may be asked, unless the environment has its own word on it.
fn may_prompt(app: &str) -> bool {
    let said = setting_variable(app, "prompt").is_some_and(|name| variable(&name).is_some());
    !said && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// The environment variable of a setting.
pub(crate) fn setting_variable(app: &str, key: &str) -> Option<String> {
    strongroom::Setting::find(key).map(|setting| setting.variable(app))
}

/// A variable of the environment; empty counts as unset, as in the core.
pub(crate) fn variable(name: &str) -> Option<std::ffi::OsString> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the core keeps its reads to itself; only the presence is asked here"
    )]
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Reads a key before anything is opened, asked for or read.
pub(crate) fn key(text: &str) -> Result<SecretKey, Failure> {
    SecretKey::parse(text).map_err(|error| {
        if text.contains('=') {
            // The commonest slip is `KEY=value`: what may be a value is not shown again.
            let hidden = "this is no key (it is not shown: what stands behind the `=` may be a value)";
            return strongroom::Error::new(ErrorKind::InvalidKey, hidden)
                .with_help(
                    "give the key alone; values come from stdin, a prompt or `--from-file`, never from arguments",
                )
                .into();
        }
        error.into()
    })
}

/// The answer where there is no secret of this name, or no such version of it.
pub(crate) fn missing(key: &SecretKey, version: Option<&str>) -> Failure {
    let message = match version {
        Some(version) => format!("there is no version {version} of this secret"),
        None => "there is no such secret".to_owned(),
    };
    strongroom::Error::new(ErrorKind::NotFound, message)
        .with_key(key)
        .into()
}
