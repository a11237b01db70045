//! What is configured, as far as it can be told without opening anything.

use strongroom::{Inspection, SETTINGS, Settings, locations};

use super::finding::Finding;
use crate::args::Global;
use crate::commands::servers;
use crate::session;

/// What everything that states settings says, and what is wrong with it.
pub(super) struct Setup {
    pub(super) app: String,
    inspection: Inspection,
}

impl Setup {
    /// Collects it as opening does.
    pub(super) fn gather(global: &Global) -> Self {
        Self {
            app: global.app.clone(),
            inspection: session::inspect(global),
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.inspection.settings
    }

    /// Whether opening can tell more: a wrong setting would only be answered again, and a store that is not there yet is
    /// not opened, because looking must not make it.
    pub(super) fn can_be_opened(&self) -> bool {
        let awaits = self.backends().into_iter().any(is_store)
            && self.settings().text("encrypted.create") != Some("never")
            && locations::store_file(&self.app, self.settings()).is_ok_and(|store| !store.exists());
        self.inspection.problems.is_empty() && !awaits
    }

    /// The backend's word, where there is one.
    pub(super) fn backend(&self) -> &str {
        self.settings().text("backend").unwrap_or("none")
    }

    /// The same; of a chain, the words of its members.
    pub(super) fn backends(&self) -> Vec<&str> {
        match self.backend() {
            session::CHAIN => self.settings().list("chain.members"),
            word => vec![word],
        }
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<_> = self
            .inspection
            .problems
            .iter()
            .map(|error| Finding::error("configuration", error))
            .collect();
        if findings.is_empty() {
            findings.push(Finding::ok("configuration", self.stated()));
        }
        if self.settings().is_set("backend") {
            let origin = self.settings().origin("backend");
            findings.push(Finding::ok("backend", format!("`{}`, from {origin}", self.backend())));
        }
        for word in self.backends() {
            let lines = servers::lines(word, &self.app, self.settings());
            findings.extend(lines.into_iter().map(|(check, what)| Finding::ok(check, what)));
        }
        findings
    }

    /// The application, the files that were read and what is stated where.
    fn stated(&self) -> String {
        let mut parts = vec![format!("application `{}`", self.app)];
        let files = self.inspection.files.iter().filter(|file| file.found);
        parts.extend(files.map(|file| format!("the {} file {}", file.role.word(), file.path.display())));
        let settings = self.settings();
        // The backend has a line of its own.
        let told = SETTINGS
            .iter()
            .map(|setting| setting.key)
            .filter(|key| settings.is_set(key) && *key != "backend");
        let told: Vec<_> = told
            .map(|key| format!("`{key}` from {}", settings.origin(key)))
            .collect();
        if told.is_empty() {
            parts.push("every setting has its default".to_owned());
        }
        parts.extend(told);
        parts.join("; ")
    }
}

/// Whether the secrets of this backend lie in the encrypted store, whatever opens it.
pub(super) fn is_store(word: &str) -> bool {
    matches!(word, "encrypted" | "local_encrypted" | "local")
}
