//! The verbs that concern the backend as a whole, and views.

use napi::bindgen_prelude::*;

use crate::call::verb;
use crate::entry::Arguments;
use crate::error::Outcome;
use crate::options::Options;

/// `close()`
pub(crate) fn close<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let options = Options::at(call, 2)?;
    verb(call, options, |manager| async move { manager.close().await })
}
