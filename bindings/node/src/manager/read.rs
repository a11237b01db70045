//! The verbs that read.

use napi::bindgen_prelude::*;
use strongroom::GetOptions;

use crate::arguments::{self, key};
use crate::call::verb;
use crate::entry::Arguments;
use crate::error::Outcome;
use crate::options::Options;
use crate::secret::Text;

/// `get(key, { version, includeExpired })`
pub(crate) fn get<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let key = key(call.at(2))?;
    let mut options = Options::at(call, 3)?;
    let mut wanted = GetOptions::new();
    wanted.version = options.given("version", arguments::version)?;
    wanted.include_expired = options.flag("includeExpired")?;
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
