//! What is configured, as far as it can be told without opening anything.

use strongroom::{Error, Origin, Result, SETTINGS, SecretValue, Setting, Settings, locations};

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
    /// Takes flags and variables one by one, so that a wrong one does not hide the others.
    pub(super) fn gather(global: &Global) -> Self {
        let mut setup = Self {
            app: global.app.clone(),
            settings: Settings::new(),
            faults: Vec::new(),
        };
        for (key, value) in [("backend", &global.secrets_backend), ("deadline", &global.timeout)] {
            if let Some(value) = value {
                let outcome = setup.settings.set(key, value, Origin::Flag);
                setup.note(outcome);
            }
        }
        for setting in SETTINGS {
            let name = setting.variable(&setup.app);
            if let Some(value) = session::variable(&name) {
                let outcome = setup.take(setting, &value, name);
                setup.note(outcome);
            }
        }
        setup
    }

    fn take(&mut self, setting: &Setting, value: &std::ffi::OsStr, name: String) -> Result<()> {
        let origin = Origin::Environment(name);
        if setting.secret {
            // Only that it is set is looked at.
            return self
                .settings
                .set_secret(setting.key, SecretValue::copy_of(b"-"), origin);
        }
        match value.to_str() {
            Some(value) => self.settings.set(setting.key, value, origin),
            None => Err(self.settings.error(setting.key, &format!("is no Unicode in {origin}"))),
        }
    }

    fn note(&mut self, outcome: Result<()>) {
        self.faults.extend(outcome.err());
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
            self.settings.text("backend").unwrap_or("encrypted"),
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
            .collect();
        strangers.sort();
        strangers
    }
}
