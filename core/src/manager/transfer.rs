//! The verbs that read and write documents of many secrets.

use std::collections::BTreeSet;

use super::{ListOptions, SecretManager, check};
use crate::backend::{
    BatchFailure, Capabilities, EntryName, GetManyRequest, GetRequest, ListFilter, ListRequest, Operation, Persistence,
    SetManyRequest,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::scope::SecretScope;
use crate::secret::{Secret, SecretMetadata};
use crate::timestamp;
use crate::transfer::{
    self, Export, ExportOptions, Exported, IfExists, ImportOptions, ImportReport, SkipReason, Skipped, Target,
};

impl SecretManager {
    /// Writes many secrets into a document. Names are the secrets' own (for `env` and `dotenv`: escaped where they are
    /// no names of variables).
    ///
    /// # Errors
    /// [`ErrorKind::Ambiguous`] where two keys would share a name; [`ErrorKind::Unsupported`] naming the keys of values
    /// that the format or dialect cannot hold, or where the backend cannot list and no keys are given;
    /// [`ErrorKind::NotFound`] for a given key that there is not, and [`ErrorKind::Expired`] for one that has expired.
    /// With `strict`, [`ErrorKind::Expired`] or [`ErrorKind::Unsupported`] naming what would be skipped, and
    /// [`ErrorKind::Unsupported`] naming names that would be escaped and metadata that a document does not hold.
    /// [`ErrorKind::Unsupported`] for `env` and `dotenv`, where a name steers the program that takes the variables
    /// (`PATH`, `LD_PRELOAD`, `PROMPT_COMMAND`, …) and its key was not given.
    ///
    /// ```
    /// use strongroom::transfer::{ExportOptions, Format};
    /// use strongroom::{Secret, blocking::SecretManager};
    /// let secrets = SecretManager::builder().backend("memory").open_blocking()?;
    /// secrets.set("API_KEY", &Secret::new("it's $2a$10$"))?;
    /// let export = secrets.export(ExportOptions::new(Format::Env))?;
    /// assert_eq!(export.document.expose_str()?, "API_KEY='it'\\''s $2a$10$'\n");
    /// # Ok::<(), strongroom::Error>(())
    /// ```
    pub async fn export(&self, options: ExportOptions) -> Result<Export> {
        let cx = self.context()?;
        let mut skipped = Vec::new();
        let keys = match options.keys.is_empty() {
            true => self.listed(&options, &mut skipped).await?,
            false => self.named(&options)?,
        };
        self.layered()
            .check_together(&keys)
            .map_err(|error| error.with_operation(Operation::GetMany))?;
        let outcomes = self.layered().get_many(&cx, GetManyRequest::new(&keys)).await?;
        let now = timestamp::now();
        let mut secrets = Vec::with_capacity(keys.len());
        for (key, outcome) in keys.iter().zip(outcomes) {
            match outcome.map_err(|error| error.with_key(key))? {
                Some(secret) if secret.metadata.is_expired_at(now) && !options.include_expired => {
                    // Asked for by name, its absence is an answer, as it is of `get`.
                    if !options.keys.is_empty() {
                        return Err(self.name(ErrorKind::Expired.into(), Operation::GetMany, key));
                    }
                    skipped.push(Skipped::new(key.as_str(), SkipReason::Expired, None));
                }
                Some(secret) => secrets.push((key, secret)),
                // One that was listed may have been deleted since.
                None if options.keys.is_empty() => {}
                None => {
                    let error = Error::new(ErrorKind::NotFound, "there is no such secret");
                    return Err(self.name(error, Operation::GetMany, key));
                }
            }
        }
        if options.strict {
            complete(&skipped)?;
        }
        let keys: Vec<_> = secrets.iter().map(|(key, _)| *key).collect();
        let names = transfer::export_names(&keys, &options)?;
        let told = names.iter().zip(&secrets).map(|(name, (key, secret))| {
            let losses = transfer::losses(&secret.metadata, &Capabilities::minimal(Persistence::Process, 0));
            Exported::new(
                (*key).clone(),
                name.clone(),
                transfer::is_escaped(name, key, &options),
                losses,
            )
        });
        let exported: Vec<_> = told.collect();
        if options.strict {
            faithful(&exported)?;
        }
        let entries: Vec<_> = names
            .into_iter()
            .zip(&secrets)
            .map(|(name, (key, secret))| (name, key.as_str(), secret))
            .collect();
        let document = transfer::document(&entries, &options)?;
        Ok(Export::new(document, exported, skipped))
    }

    /// Writes every entry of a document as a secret. Everything that can be wrong is told before anything is written;
    /// then the secrets are written all or nothing where the backend's capability `atomic_batch` says so, else what
    /// failed is in the report. Whether a secret is already there is looked up before the write, so a writer in between
    /// may be overwritten.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] with the line of what cannot be read, or of a name that is there twice;
    /// [`ErrorKind::InvalidKey`] naming every name that is no key, and [`ErrorKind::Conflict`] every secret that is
    /// already there, unless the options say what becomes of them; [`ErrorKind::Ambiguous`] where two names are one
    /// key; [`ErrorKind::TooLarge`] naming the limit; with the line of a value that the backend cannot hold, what
    /// [`set`](Self::set) answers to it. For a `fernet` document also the errors of its keys and tokens.
    ///
    /// ```
    /// use strongroom::blocking::SecretManager;
    /// use strongroom::transfer::{Format, ImportOptions};
    /// let secrets = SecretManager::builder().backend("memory").open_blocking()?;
    /// let report = secrets.import(b"API_KEY='s3cret' # ours\n", ImportOptions::new(Format::Dotenv))?;
    /// assert_eq!(report.created[0].as_str(), "global/API_KEY");
    /// assert_eq!(secrets.get_value("API_KEY")?.as_deref(), Some("s3cret"));
    /// # Ok::<(), strongroom::Error>(())
    /// ```
    pub async fn import(&self, document: &[u8], options: ImportOptions) -> Result<ImportReport> {
        let cx = self.context()?;
        let writable = check::writable(self.backend().capabilities());
        writable.map_err(|error| {
            error
                .with_operation(Operation::SetMany)
                .with_backend(self.shared.backend.name())
        })?;
        let parsed = transfer::entries(document, &options)?;
        let scope = options.scope.clone().or_else(|| self.scope.as_deref().cloned());
        let scope = scope.unwrap_or_else(SecretScope::global);
        scope.check()?;
        let (targets, skipped) = transfer::import_keys(parsed.entries, &scope, &options)?;
        let mut report = ImportReport {
            skipped,
            notes: parsed.notes,
            dry_run: options.dry_run,
            ..ImportReport::default()
        };
        let present = match options.if_exists {
            IfExists::Replace if !options.dry_run => BTreeSet::new(),
            _ => self.present(&cx, &targets).await?,
        };
        if options.if_exists == IfExists::Refuse {
            absent(&targets, &present)?;
        }
        let metadata = SecretMetadata {
            provider: options.provider,
            ..SecretMetadata::default()
        };
        let mut entries = Vec::with_capacity(targets.len());
        for target in targets {
            if options.if_exists == IfExists::Skip && present.contains(&target.key) {
                let skipped = Skipped::new(target.key.as_str(), SkipReason::Exists, Some(target.line));
                report.skipped.push(skipped);
                continue;
            }
            let line = target.line;
            let (key, secret) = (target.key, Secret::new(target.value).with_metadata(metadata.clone()));
            self.takes(&key, &secret, line)?;
            entries.push((key, secret));
        }
        if options.dry_run {
            let keys = entries.into_iter().map(|(key, _)| key);
            (report.replaced, report.created) = keys.partition(|key| present.contains(key));
            return Ok(report);
        }
        if !entries.is_empty() {
            let outcome = self.layered().set_many(&cx, SetManyRequest::new(&entries)).await?;
            for ((key, _), outcome) in entries.into_iter().zip(outcome.outcomes) {
                match outcome {
                    Ok(outcome) if outcome.created => report.created.push(key),
                    Ok(_) => report.replaced.push(key),
                    Err(error) => {
                        let error = error.with_key(&key);
                        report.failures.push(BatchFailure::new(key, error));
                    }
                }
            }
        }
        Ok(report)
    }

    /// The keys that an export without named keys is about. What is no key is skipped.
    async fn listed(&self, options: &ExportOptions, skipped: &mut Vec<Skipped>) -> Result<Vec<SecretKey>> {
        let mut wanted = ListOptions::new();
        wanted.filter.scope.clone_from(&options.scope);
        wanted.filter.prefix.clone_from(&options.prefix);
        let page = self.list(wanted).await?;
        let mut keys = Vec::with_capacity(page.entries.len());
        for entry in page.entries {
            match entry.name {
                EntryName::Key(key) => keys.push(key),
                EntryName::Reference(name) => skipped.push(Skipped::new(name, SkipReason::Reference, None)),
            }
        }
        Ok(keys)
    }

    /// The keys that an export names.
    fn named(&self, options: &ExportOptions) -> Result<Vec<SecretKey>> {
        let mut keys = Vec::with_capacity(options.keys.len());
        for key in &options.keys {
            keys.push(self.key(key)?.into_owned());
        }
        keys.sort();
        keys.dedup();
        Ok(keys)
    }

    /// Which of these secrets there are.
    async fn present(&self, cx: &CallContext, targets: &[Target]) -> Result<BTreeSet<SecretKey>> {
        let wanted = targets.iter().map(|target| &target.key);
        if self.backend().capabilities().list && targets.len() > 1 {
            let request = ListRequest {
                filter: &ListFilter::default(),
                after: None,
                limit: None,
                full_metadata: false,
            };
            let page = self.layered().list(cx, request).await?;
            let keys: BTreeSet<_> = page.entries.iter().filter_map(|entry| entry.name.key()).collect();
            return Ok(wanted.filter(|key| keys.contains(key)).cloned().collect());
        }
        let mut present = BTreeSet::new();
        for key in wanted {
            check::fits(self.backend().capabilities(), key).map_err(|error| error.with_key(key))?;
            if self.layered().describe(cx, GetRequest::new(key)).await?.is_some() {
                present.insert(key.clone());
            }
        }
        Ok(present)
    }

    /// Whether the backend takes what stands in this line.
    fn takes(&self, key: &SecretKey, secret: &Secret, line: usize) -> Result<()> {
        let capabilities = self.backend().capabilities();
        check::fits(capabilities, key)
            .and_then(|()| check::secret(capabilities, self.shared.max_value, secret))
            .map_err(|error| {
                let message = format!("line {line} of the document: {}", error.message());
                let told = Error::new(error.kind(), message).with_help(error.help());
                let told = match error.setting() {
                    Some(setting) => told.with_setting(setting.to_owned()),
                    None => told,
                };
                self.name(told, Operation::SetMany, key)
            })
    }
}

/// Refuses an export that leaves something out.
fn complete(skipped: &[Skipped]) -> Result<()> {
    if skipped.is_empty() {
        return Ok(());
    }
    let is_reference = skipped.iter().any(|entry| entry.reason == SkipReason::Reference);
    let kind = if is_reference {
        ErrorKind::Unsupported
    } else {
        ErrorKind::Expired
    };
    let names: Vec<_> = skipped
        .iter()
        .map(|entry| format!("{} ({})", transfer::shown(&entry.name), entry.reason.word()))
        .collect();
    let message = format!("the export would leave out: {}", transfer::listed(&names));
    Err(Error::new(kind, message)
        .with_help("leave `strict` (`--strict`) away, or name the keys that are to be exported"))
}

/// Refuses an export that another import would not read back whole.
fn faithful(exported: &[Exported]) -> Result<()> {
    let words = |secret: &Exported| {
        let mut words: Vec<_> = secret.losses.iter().map(|loss| loss.word()).collect();
        words.extend(secret.escaped.then_some("name"));
        words.join(", ")
    };
    let lossy = exported
        .iter()
        .filter(|secret| secret.escaped || !secret.losses.is_empty());
    let lossy: Vec<_> = lossy
        .map(|secret| format!("{} ({})", secret.key, words(secret)))
        .collect();
    if lossy.is_empty() {
        return Ok(());
    }
    let message = format!("the document would not hold all of: {}", transfer::listed(&lossy));
    Err(Error::new(ErrorKind::Unsupported, message)
        .with_help("leave `strict` (`--strict`) away, or copy to another backend, which keeps all"))
}

/// Refuses an import over what is already there.
fn absent(targets: &[Target], present: &BTreeSet<SecretKey>) -> Result<()> {
    let there: Vec<_> = targets
        .iter()
        .filter(|target| present.contains(&target.key))
        .map(|target| format!("{} (line {})", target.key, target.line))
        .collect();
    if there.is_empty() {
        return Ok(());
    }
    let message = format!("there are such secrets already: {}", transfer::listed(&there));
    Err(Error::new(ErrorKind::Conflict, message)
        .with_help("say whether they are replaced or skipped; nothing was imported"))
}
