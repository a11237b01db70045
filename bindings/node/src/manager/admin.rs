//! The verbs that concern the backend as a whole, views, and what asks no backend.

use napi::JsValue;
use napi::bindgen_prelude::*;

use super::of;
use crate::arguments::text;
use crate::call::{Answer, How, verb, verb_of_many};
use crate::entry::Arguments;
use crate::error::{Outcome, value};
use crate::options::Options;
use crate::results;

macro_rules! verbs {
    ($($run:ident: $($verb:ident)+;)+) => {$($(
        pub(crate) fn $verb<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
            let options = Options::at(call, 2)?;
            $run(call, options, |manager| async move { manager.$verb().await })
        }
    )+)+};
}

verbs! {
    verb: health refresh lock close;
    verb_of_many: verify;
}

/// The same manager, with calls that carry these options.
pub(crate) fn with_options<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let options = Options::of("options", call.at(1))?;
    options.view(of(call.at(0))?, How::Promised)?.into_js(call.env)
}

/// The same manager, in whose calls bare names are names of a scope.
pub(crate) fn scoped<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let scope = text("scope", call.at(1))?;
    of(call.at(0))?.scoped(&scope)?.into_js(call.env)
}

/// The name of the application.
pub(crate) fn app<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    value(call.env, of(call.at(0))?.app())
}

/// The backend: its word, what it can do, and who chose it.
pub(crate) fn backend<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    Ok(results::backend(call.env, of(call.at(0))?)?.to_unknown())
}

/// Whether secrets are still there after the machine has started again.
pub(crate) fn is_persistent<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    value(call.env, of(call.at(0))?.is_persistent())
}

/// The scope of bare names in this view; `null` where they are global.
pub(crate) fn scope<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    value(call.env, of(call.at(0))?.scope().map(ToString::to_string))
}

/// What the manager has counted.
pub(crate) fn metrics<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    Ok(results::metrics(call.env, &of(call.at(0))?.metrics())?.to_unknown())
}

/// The settings that the manager was opened with.
pub(crate) fn settings<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    Ok(results::settings(call.env, of(call.at(0))?.settings())?.to_unknown())
}
