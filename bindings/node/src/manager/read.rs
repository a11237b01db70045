//! The verbs that read.

use napi::bindgen_prelude::*;
use strongroom::{FallbackOptions, GetOptions, ListOptions, Lookup};

use super::of;
use crate::arguments::{self, is_absent, key};
use crate::call::{verb, verb_of_many};
use crate::entry::{Arguments, undefined};
use crate::error::{Outcome, value};
use crate::options::Options;
use crate::results::{self, BatchRead};
use crate::secret::{Text, target, too_small};

/// `get(key, { version, includeExpired, fresh })`
pub(crate) fn get<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = key(call.at(2))?;
    let mut options = Options::at(call, 3)?;
    let mut wanted = GetOptions::new();
    wanted.version = options.given("version", arguments::version)?;
    wanted.include_expired = options.flag("includeExpired")?;
    wanted.fresh = options.flag("fresh")?;
    verb(
        call,
        options,
        |manager| async move { manager.get_with(&key, wanted).await },
    )
}

/// `getVersion(key, version)`
pub(crate) fn get_version<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = key(call.at(2))?;
    let mut wanted = GetOptions::new();
    wanted.version = Some(arguments::version("version", call.at(3))?);
    let options = Options::at(call, 4)?;
    verb(
        call,
        options,
        |manager| async move { manager.get_with(&key, wanted).await },
    )
}

/// `getValue(key)`
pub(crate) fn get_value<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = key(call.at(2))?;
    let options = Options::at(call, 3)?;
    verb(
        call,
        options,
        |manager| async move { manager.get(&key).await.map(Text) },
    )
}

/// `getInto(key, target)` gives a secret, which JavaScript copies into the target at once: only there it is known where
/// the target's bytes lie.
pub(crate) fn get_into<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = key(call.at(2))?;
    target(call.at(3))?;
    let options = Options::at(call, 4)?;
    verb(call, options, |manager| async move { manager.get(&key).await })
}

/// `cachedInto(manager, key, target)` copies what is cached, and gives its length; `undefined` where the backend must
/// be asked.
pub(crate) fn cached_into<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let (manager, key, target) = (of(call.at(0))?, key(call.at(1))?, target(call.at(2))?);
    match manager.try_cached_bytes(key.as_bytes(), |bytes| (target.fill(bytes), bytes.len())) {
        Lookup::Hit((true, length)) => value(call.env, results::count(length)),
        Lookup::Hit((false, needed)) => Err(too_small(needed, target.length())),
        _ => undefined(call.env),
    }
}

/// `getMany(keys)`
pub(crate) fn get_many<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let texts = arguments::keys("keys", call.at(2))?;
    let options = Options::at(call, 3)?;
    verb_of_many(call, options, |manager| async move {
        let mut asked = Vec::with_capacity(texts.len());
        for text in texts {
            let key = manager.key_of(&text)?;
            asked.push((text, key));
        }
        let keys: Vec<_> = asked.iter().map(|(_, key)| key).collect();
        let result = manager.get_many(&keys).await?;
        drop(keys);
        Ok(BatchRead { asked, result })
    })
}

/// `getWithFallback(name, scopes, { allowUnavailable })`
pub(crate) fn get_with_fallback<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let name = key(call.at(2))?;
    let scopes: Vec<_> = arguments::array("scopes", "an array of strings", call.at(3))?
        .into_iter()
        .map(|scope| arguments::scope("scopes", scope))
        .collect::<Outcome<_>>()?;
    let mut options = Options::at(call, 4)?;
    let mut wanted = FallbackOptions::new();
    wanted.allow_unavailable = options.flag("allowUnavailable")?;
    verb_of_many(call, options, |manager| async move {
        manager.get_with_fallback_options(&name, &scopes, wanted).await
    })
}

/// `exists(key)`
pub(crate) fn exists<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = key(call.at(2))?;
    let options = Options::at(call, 3)?;
    verb(call, options, |manager| async move { manager.exists(&key).await })
}

/// `describe(key)`
pub(crate) fn describe<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = key(call.at(2))?;
    let options = Options::at(call, 3)?;
    verb(call, options, |manager| async move { manager.describe(&key).await })
}

/// `list({ prefix, provider, after, limit, fullMetadata })`. A page that follows another is asked for by what it comes
/// after, which stands before the options.
pub(crate) fn list<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let mut options = Options::at(call, 3)?;
    let mut wanted = ListOptions::new();
    wanted.filter.prefix = options.text("prefix")?;
    wanted.filter.provider = options.text("provider")?;
    let after = options.given("after", |_, of| key(of))?;
    let after = if is_absent(call.at(2))? {
        after
    } else {
        Some(key(call.at(2))?)
    };
    wanted.limit = options.given("limit", arguments::count)?;
    wanted.full_metadata = options.flag("fullMetadata")?;
    verb_of_many(call, options, |manager| async move {
        // A bare name is one of the view, which is known here.
        wanted.after = after.map(|after| manager.key_of(&after)).transpose()?;
        manager.list(wanted).await
    })
}

/// `versions(key)`
pub(crate) fn versions<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = key(call.at(2))?;
    let options = Options::at(call, 3)?;
    verb_of_many(call, options, |manager| async move { manager.versions(&key).await })
}

/// `resolve(reference)`
pub(crate) fn resolve<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let reference = arguments::text("reference", call.at(2))?;
    let options = Options::at(call, 3)?;
    verb(
        call,
        options,
        |manager| async move { manager.resolve(&reference).await },
    )
}
