//! What is configured, as far as it can be told without opening anything.

use strongroom::{Error, Origin, SETTINGS, Settings, locations};

use super::finding::Finding;
use crate::args::Global;
use crate::session;

/// The settings and what was wrong with them.
pub(super) struct Setup {
    pub(super) app: String,
    pub(super) settings: Settings,
    faults: Vec<Error>,
}

impl Setup {
    /// Everything that is configured, so that a wrong setting does not hide the others.
    pub(super) fn gather(global: &Global) -> Self {
        let found = session::inspect(global);
        Self {
            app: global.app.clone(),
            settings: found.settings,
            faults: found.problems,
        }
    }

    /// Whether opening can tell more: a wrong setting would only be answered again, and a store that is not there yet is
    /// not opened, because looking must not make it.
    pub(super) fn can_be_opened(&self) -> bool {
        let awaits = self.backend().0 == "encrypted"
            && self.settings.text("encrypted.create") != Some("never")
            && locations::store_file(&self.app, &self.settings).is_ok_and(|store| !store.exists());
        self.faults.is_empty() && !awaits
    }

    /// The backend's word, and who says so.
    pub(super) fn backend(&self) -> (&str, Origin) {
        (
            self.settings.text("backend").unwrap_or("none"),
            self.settings.origin("backend"),
        )
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<_> = self
            .faults
            .iter()
            .map(|error| Finding::error("configuration", error))
            .collect();
        let stated: Vec<_> = SETTINGS
            .iter()
            .filter(|setting| self.settings.is_set(setting.key))
            .map(|setting| format!("{} from {}", setting.key, self.settings.origin(setting.key)))
            .collect();
        if findings.is_empty() {
            let what = if stated.is_empty() {
                format!("application `{}`; every setting has its default", self.app)
            } else {
                format!("application `{}`; {}", self.app, stated.join(", "))
            };
            findings.push(Finding::ok("configuration", what));
        }
        findings.extend(self.strangers().into_iter().map(|name| {
            Finding::warn(
                "configuration",
                format!("the environment variable {name} is no setting"),
                "correct its name, or unset it; docs/settings.md lists the settings",
            )
        }));
        let (word, origin) = self.backend();
        findings.push(Finding::ok("backend", format!("`{word}`, from {origin}")));
        findings
    }

    /// Variables that look like settings and are none: a slip of the pen otherwise goes unnoticed.
    fn strangers(&self) -> Vec<String> {
        let known: Vec<_> = SETTINGS.iter().map(|setting| setting.variable(&self.app)).collect();
        let Some(prefix) = known.first().and_then(|name| name.strip_suffix("BACKEND")) else {
            return Vec::new();
        };
        let mut strangers: Vec<_> = session::variable_names()
            .into_iter()
            .filter(|name| name.starts_with(prefix) && !known.contains(name))
            // A near miss is an error, and told as one.
            .filter(|name| !self.faults.iter().any(|error| error.setting() == Some(name)))
            .collect();
        strangers.sort();
        strangers
    }
}
