//! The verbs that tell where a secret is looked for, and that read and write documents of many secrets.

use napi::bindgen_prelude::*;
use strongroom::SecretScope;
use strongroom::transfer::{Dialect, ExportOptions, Format, IfExists, ImportOptions, NamePolicy};

use crate::arguments::{self, array, fault_of_words, key, keys, scope, text};
use crate::call::verb_of_many;
use crate::entry::Arguments;
use crate::error::Outcome;
use crate::fernet;
use crate::options::Options;

/// One of the words that are known.
pub(crate) fn word<T: Copy>(
    name: &str,
    of: Unknown<'_>,
    known: &[T],
    word_of: impl Fn(T) -> &'static str,
) -> Outcome<T> {
    let text = text(name, of)?;
    let found = known.iter().copied().find(|known| word_of(*known) == text);
    found.ok_or_else(|| {
        let words: Vec<_> = known.iter().map(|known| word_of(*known)).collect();
        fault_of_words(name, &words)
    })
}

fn scopes(name: &str, of: Unknown<'_>) -> Outcome<Vec<SecretScope>> {
    let several = array(name, "an array of scopes", of)?;
    several.into_iter().map(|one| scope(name, one)).collect()
}

/// `explain(key, { scopes })`
pub(crate) fn explain<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = key(call.at(2))?;
    let mut options = Options::prepared_at(call, 3)?;
    let scopes = options.given("scopes", scopes)?.unwrap_or_default();
    verb_of_many(
        call,
        options,
        |manager| async move { manager.explain(&key, &scopes).await },
    )
}

fn format_of(of: Unknown<'_>) -> Outcome<Format> {
    word("format", of, Format::ALL, Format::word)
}

fn dialect_of(options: &mut Options<'_>) -> Outcome<Dialect> {
    let stated = options.given("dialect", |name, of| word(name, of, Dialect::ALL, Dialect::word))?;
    Ok(stated.unwrap_or_default())
}

/// What becomes of a secret that is there already.
pub(super) fn policy_of(options: &mut Options<'_>) -> Outcome<IfExists> {
    let stated = options.given("ifExists", |name, of| word(name, of, IfExists::ALL, IfExists::word))?;
    Ok(stated.unwrap_or_default())
}

/// `export(format, { dialect, prefix, keys, fullNames, includeExpired, strict, fernetKeys })`
pub(crate) fn export<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let mut options = Options::prepared_at(call, 3)?;
    let mut wanted = ExportOptions::new(format_of(call.at(2))?).dialect(dialect_of(&mut options)?);
    wanted.prefix = options.text("prefix")?;
    wanted.keys = options.given("keys", keys)?.unwrap_or_default();
    wanted.full_names = options.flag("fullNames")?;
    wanted.include_expired = options.flag("includeExpired")?;
    wanted.strict = options.flag("strict")?;
    wanted.fernet_keys = options.given("fernetKeys", fernet::keys)?;
    verb_of_many(call, options, |manager| async move { manager.export(wanted).await })
}

/// `import(document, format, { dialect, names, ifExists, provider, dryRun, fernetKeys })`
pub(crate) fn import<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let mut options = Options::prepared_at(call, 4)?;
    let mut wanted = ImportOptions::new(format_of(call.at(3))?).dialect(dialect_of(&mut options)?);
    if let Some(names) = options.given("names", |name, of| word(name, of, NamePolicy::ALL, NamePolicy::word))? {
        wanted.names = names;
    }
    wanted.if_exists = policy_of(&mut options)?;
    wanted.provider = options.text("provider")?;
    wanted.dry_run = options.flag("dryRun")?;
    wanted.fernet_keys = options.given("fernetKeys", fernet::keys)?;
    let document = arguments::document(call.at(2))?;
    verb_of_many(call, options, |manager| async move {
        manager.import(document.expose(), wanted).await
    })
}
