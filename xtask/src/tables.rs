//! Pages that are generated from tables of the core, so that they cannot drift.

use std::fs;

use strongroom::{ErrorKind, SETTINGS, Setting, SettingKind};

use crate::Outcome;
use crate::run::{read, root};

/// A generated page.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    path: &'static str,
    command: &'static str,
    make: fn() -> String,
}

/// `docs/errors.md`
pub(crate) const ERRORS: Page = Page {
    path: "docs/errors.md",
    command: "errors",
    make: errors,
};
/// `docs/settings.md`
pub(crate) const SETTINGS_PAGE: Page = Page {
    path: "docs/settings.md",
    command: "settings",
    make: settings,
};

/// `docs/config.schema.json`
pub(crate) const SCHEMA: Page = Page {
    path: "docs/config.schema.json",
    command: "settings",
    make: strongroom::config_schema,
};

/// Writes the page.
pub(crate) fn write(page: Page) -> Outcome {
    fs::write(root().join(page.path), (page.make)()).map_err(|error| format!("cannot write {}: {error}", page.path))
}

/// Whether the page is what the table says.
pub(crate) fn compare(page: Page) -> Outcome {
    if read(&root().join(page.path))? == (page.make)() {
        Ok(())
    } else {
        Err(format!(
            "{} is not what its table says; run `cargo xtask {}`",
            page.path, page.command
        ))
    }
}

fn errors() -> String {
    let mut text = String::from(
        "# Errors\n\n\
         Generated from `core/src/error/kind.rs` by `cargo xtask errors`; do not edit.\n\n\
         Every language shows the same token. The number crosses the C ABI; it is never changed and never reused. \
         The exit code is that of the `strongroom` command, which also ends with 0 (done), 2 (wrong usage) and 141 (the \
         reader of its output went away). \"Retry\" says whether the same call may succeed later without anyone \
         changing anything.\n\n\
         | number | token | exit code | retry | meaning | what to do |\n\
         |---:|---|---:|---|---|---|\n",
    );
    for kind in ErrorKind::ALL {
        text.push_str(&format!(
            "| {} | `{}` | {} | {} | {} | {} |\n",
            kind.number(),
            kind.token(),
            kind.exit_code(),
            if kind.is_retryable() { "yes" } else { "no" },
            cell(kind.meaning()),
            cell(kind.help()),
        ));
    }
    text
}

fn settings() -> String {
    let mut text = String::from(
        "# Settings\n\n\
         Generated from `core/src/config/table.rs` by `cargo xtask settings`; do not edit.\n\n\
         A setting is stated by the program (`Builder::option`), by a flag of the command, by an environment variable, \
         by a variable of the file that `dotenv` names, by a document that is named (`--config`), by the project's file, \
         by the user's own file; the first of these wins, and `strongroom config show` tells which it was. The \
         variable is the application's name in upper case, `_SECRETS_` and the ending below: for the application \
         `strongroom`, `STRONGROOM_SECRETS_BACKEND`. Other variables that state the same stand in brackets. An empty \
         variable counts as unset. Unknown settings are errors. A secret setting never travels as ordinary text and is \
         never shown.\n\n\
         In a document (JSON or TOML) the settings stand in the table `secrets`; what stands before a dot is a table in \
         it, so `encrypted.path` is `[secrets.encrypted]`, `path = …`. All else in the document belongs to the \
         application. [`config.schema.json`](config.schema.json) describes it for editors. A relative path in a \
         document starts from its folder. Settings with \"trust\" count in a project's file only once the user has run \
         `strongroom config trust`.\n\n\
         Where nothing states the backend, the variable `SECRET_BACKEND` may (`local`, `local_encrypted`, `aws_sm`, \
         `vault`).\n\n\
         | setting | values | default | variable ends in | secret | trust | meaning |\n\
         |---|---|---|---|---|---|---|\n",
    );
    // Without those of the backend that only test builds have: the page must not depend on how this program was built.
    for setting in SETTINGS.iter().filter(|setting| !setting.key.starts_with("fault.")) {
        text.push_str(&format!(
            "| `{}` | {} | {} | `{}`{} | {} | {} | {} |\n",
            setting.key,
            cell(&values(setting.kind)),
            match setting.default {
                Some("") => "empty".to_owned(),
                Some(default) => format!("`{default}`"),
                None => "–".to_owned(),
            },
            setting.env,
            aliases(setting),
            if setting.secret { "yes" } else { "no" },
            if setting.needs_trust() { "yes" } else { "no" },
            cell(setting.help),
        ));
    }
    text
}

/// The other variables of a setting, in brackets.
fn aliases(setting: &Setting) -> String {
    setting
        .aliases
        .iter()
        .map(|alias| format!(" (`{}`)", alias.replace("{APP}", "<APP>")))
        .collect()
}

fn values(kind: SettingKind) -> String {
    match kind {
        SettingKind::Text => "text".to_owned(),
        SettingKind::List => "words, separated by commas".to_owned(),
        SettingKind::Path => "a path".to_owned(),
        SettingKind::Choice(words) => words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", "),
        SettingKind::Integer { min, max } => format!("{min} to {max}"),
        SettingKind::Size { min, max } => format!("{} to {}, as `4096`, `64KiB`", size(min), size(max)),
        SettingKind::Duration => "a time span, as `250ms`, `10s`, `5m`".to_owned(),
        _ => "see the core's documentation".to_owned(),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        1.. if bytes.is_multiple_of(1 << 30) => format!("{} GiB", bytes >> 30),
        1.. if bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ => bytes.to_string(),
    }
}

fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|").replace('\n', " ")
}
