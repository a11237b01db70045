//! Opening a manager.

use napi::bindgen_prelude::*;
use strongroom::{CallOptions, SecretManager, face};

use crate::call::{How, end_of, run};
use crate::entry::Arguments;
use crate::error::{Outcome, fault};
use crate::options::Options;

/// `open(waits, { app, backend, … })`
pub(crate) fn open<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let how = How::of(call)?;
    let mut options = Options::at(call, 1)?;
    let mut builder = SecretManager::builder();
    if let Some(app) = options.text("app")? {
        builder = builder.app(app);
    }
    if let Some(backend) = options.text("backend")? {
        builder = builder.backend(backend);
    }
    let (stated, scope) = options.general(CallOptions::new(), how)?;
    if scope.is_some() {
        return Err(fault(
            "scope",
            "an opening has no scope; `scoped` of the manager gives a view",
        ));
    }
    let cancel = end_of(stated.cancel.as_ref());
    let builder = builder.call_options(stated.cancel(cancel.clone()));
    run(call.env, how, cancel, face::open(builder, how.face()))
}
