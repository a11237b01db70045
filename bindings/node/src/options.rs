//! The object of options that a call ends with. Each function reads its own, what is left is general; what nobody knows
//! is an error, so that a typing mistake does not pass silently.

use napi::bindgen_prelude::*;
use napi::{JsValue, ValueType};
use strongroom::{CallOptions, CancellationToken, PromptPolicy, SecretManager};

use crate::arguments::{self, is_absent, milliseconds, text, wrong_type};
use crate::call::How;
use crate::entry::{Arguments, undefined};
use crate::error::{Failure, Outcome, fault, value};
use crate::kinds;
use crate::objects;

/// The options of one call.
pub(crate) struct Options<'a> {
    object: Option<Unknown<'a>>,
    /// What `lib/` has made of some of them, which stands in their place.
    prepared: Option<Unknown<'a>>,
    unread: Vec<String>,
    /// What a call that gives a promise is cancelled by: its first argument is then a token that stands for its
    /// signals.
    token: Option<CancellationToken>,
}

impl<'a> Options<'a> {
    /// The argument of a verb at a place, which may be left out.
    pub(crate) fn at(call: &Arguments<'a>, place: usize) -> Outcome<Self> {
        let mut options = Self::of("options", call.at(place))?;
        if arguments::is(call.at(0), ValueType::External)? {
            options.token = Some(token_of(call.at(0))?.clone());
        }
        Ok(options)
    }

    /// The same, before which there is an object of what `lib/` has made of some of them.
    pub(crate) fn prepared_at(call: &Arguments<'a>, place: usize) -> Outcome<Self> {
        let mut options = Self::at(call, place + 1)?;
        options.prepared = Some(call.at(place));
        Ok(options)
    }

    /// An object that says what it says by name, or nothing.
    pub(crate) fn of(name: &str, given: Unknown<'a>) -> Outcome<Self> {
        let is_absent = is_absent(given)?;
        if !is_absent {
            kinds::named(name, "an object", given)?;
        }
        let names = if is_absent {
            Vec::new()
        } else {
            objects::own_names(given)?
        };
        Ok(Self {
            object: (!is_absent).then_some(given),
            prepared: None,
            unread: names.into_iter().map(arguments::shown).collect::<Outcome<_>>()?,
            token: None,
        })
    }

    /// An option, where it is given. `null` counts as given: some options take it for "none". Getters of classes count,
    /// what was put on the root of all objects does not.
    pub(crate) fn take(&mut self, name: &str) -> Outcome<Option<Unknown<'a>>> {
        let Some(object) = self.object else {
            return Ok(None);
        };
        self.unread.retain(|unread| unread != name);
        let name = objects::string(object, name)?;
        if let Some(prepared) = self.prepared
            && objects::has_own(prepared, name)?
        {
            return objects::get(prepared, name).map(Some);
        }
        if objects::is_of_root(object, name)? {
            return Ok(None);
        }
        let found = objects::get(object, name)?;
        Ok(if arguments::is(found, ValueType::Undefined)? {
            None
        } else {
            Some(found)
        })
    }

    /// An option, where it is given and not `null`.
    pub(crate) fn given<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str, Unknown<'a>) -> Outcome<T>,
    ) -> Outcome<Option<T>> {
        match self.take(name)? {
            Some(given) if !is_absent(given)? => read(name, given).map(Some),
            _ => Ok(None),
        }
    }

    pub(crate) fn text(&mut self, name: &str) -> Outcome<Option<String>> {
        self.given(name, text)
    }

    pub(crate) fn flag(&mut self, name: &str) -> Outcome<bool> {
        Ok(self.given(name, arguments::flag)?.unwrap_or(false))
    }

    /// What calls carry: the general options over what held before, and a scope.
    pub(crate) fn general(mut self, mut call: CallOptions, how: How) -> Outcome<(CallOptions, Option<String>)> {
        let scope = self.text("scope")?;
        call.timeout = self.given("timeoutMs", milliseconds)?.or(call.timeout);
        call.prompt = self.given("prompt", prompt)?.or(call.prompt);
        call.actor = self.text("actor")?.map(Into::into).or(call.actor);
        call.reason = self.text("reason")?.map(Into::into).or(call.reason);
        call.request_id = self.text("requestId")?.map(Into::into).or(call.request_id);
        if how == How::Waiting && self.given("signal", |_, _| Ok(()))?.is_some() {
            return Err(Failure::Type(
                "signal cannot abort a call that keeps its own thread waiting; use timeoutMs, or the verb that gives a \
                 promise"
                    .to_owned(),
            ));
        }
        // Read where the token was made.
        self.unread.retain(|unread| unread != "signal");
        call.cancel = self.token.take().or(call.cancel);
        self.finish()?;
        Ok((call, scope))
    }

    /// The manager's view that the options ask for.
    pub(crate) fn view(self, manager: &SecretManager, how: How) -> Outcome<SecretManager> {
        let (call, scope) = self.general(manager.call_options().clone(), how)?;
        let view = manager.with_options(call);
        Ok(match scope {
            Some(scope) => view.scoped(&scope)?,
            None => view,
        })
    }

    /// Refuses what nobody has read.
    pub(crate) fn finish(self) -> Outcome<()> {
        match self.unread.first() {
            None => Ok(()),
            Some(name) => Err(Failure::Type(format!("there is no option '{}'", quoted(name)))),
        }
    }
}

/// How much of a name that nobody knows is quoted.
const QUOTED: usize = 64;

/// A name as messages show it.
fn quoted(name: &str) -> String {
    let mut quoted = name.chars();
    let beginning: String = quoted.by_ref().take(QUOTED).collect();
    let rest = if quoted.next().is_some() { "…" } else { "" };
    format!("{}{rest}", beginning.escape_debug())
}

fn prompt(name: &str, of: Unknown<'_>) -> Outcome<PromptPolicy> {
    match text(name, of)?.as_str() {
        "never" => Ok(PromptPolicy::Never),
        "allow" => Ok(PromptPolicy::Allow),
        _ => Err(fault(name, "must be `never` or `allow`")),
    }
}

fn token_of(of: Unknown<'_>) -> Outcome<&CancellationToken> {
    if !arguments::is(of, ValueType::External)? {
        return Err(wrong_type("waits", "a boolean or a token", of));
    }
    // SAFETY: an external is a valid argument; napi-rs checks whose it is.
    let token: &External<CancellationToken> = unsafe { FromNapiValue::from_napi_value(of.value().env, of.raw())? };
    Ok(token)
}

/// A token that `cancel` fires.
pub(crate) fn token<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    value(call.env, External::new(CancellationToken::new()))
}

/// Ends the calls that carry the token.
pub(crate) fn cancel<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    token_of(call.at(0))?.cancel();
    undefined(call.env)
}
