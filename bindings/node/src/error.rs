//! Errors as JavaScript sees them. Their classes are written in JavaScript (`lib/errors.js`), where they are made: there
//! they get the stack of the function that awaits. What is thrown here is a plain object of what an error says.

use napi::bindgen_prelude::*;
use napi::{JsValue, ValueType, sys};
use strongroom::{Error, ErrorKind};

use crate::entry::Arguments;

/// Why a function gives no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An error of the library.
    Ours(Error),
    /// An argument of a wrong type: a `TypeError`.
    Type(String),
    /// Arguments that exclude each other: a `TypeError`, too, of another code.
    Exclusive(String),
    /// What JavaScript threw is about to go on, or the engine refused.
    Engine(napi::Error),
}

pub(crate) type Outcome<T> = std::result::Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl From<napi::Error> for Failure {
    fn from(error: napi::Error) -> Self {
        Self::Engine(error)
    }
}

/// A fault of an argument, named.
#[cold]
pub(crate) fn fault(name: &str, message: impl Into<std::borrow::Cow<'static, str>>) -> Failure {
    Failure::Ours(Error::new(ErrorKind::InvalidArgument, message).with_setting(name.to_owned()))
}

/// The status of a function of Node-API.
pub(crate) fn check(status: sys::napi_status) -> napi::Result<()> {
    if status == sys::Status::napi_ok {
        Ok(())
    } else {
        Err(napi::Error::from_status(Status::from(status)))
    }
}

/// Any value that napi-rs can make.
pub(crate) fn value<T: ToNapiValue>(env: &Env, of: T) -> Outcome<Unknown<'_>> {
    // SAFETY: `env` is alive, and the value is made in it.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), T::to_napi_value(env.raw(), of)?) })
}

/// The codes that Node.js gives its own errors of these sorts.
const WRONG_TYPE: &str = "ERR_INVALID_ARG_TYPE";
const WRONG_VALUE: &str = "ERR_INVALID_ARG_VALUE";

impl Failure {
    /// Throws it, unless JavaScript has thrown something already, which goes on.
    pub(crate) fn throw(self, env: &Env) {
        if !may_throw(env) {
            return;
        }
        let thrown = self.into_object(env).or_else(|failure| match may_throw(env) {
            true => untold(env),
            false => Err(failure),
        });
        if let Ok(thrown) = thrown {
            // SAFETY: a value of this environment. Where even that fails nothing more can be said.
            unsafe { sys::napi_throw(env.raw(), thrown.raw()) };
        }
    }

    /// What is thrown, or what a promise is rejected with.
    pub(crate) fn into_object(self, env: &Env) -> Outcome<Unknown<'_>> {
        match self {
            Self::Ours(error) => Ok(fields(env, &error)?.to_unknown()),
            Self::Type(message) => type_error(env, WRONG_TYPE, &message),
            Self::Exclusive(message) => type_error(env, WRONG_VALUE, &message),
            // Of engines' errors nothing is quoted but their kind.
            Self::Engine(error) => {
                let message = format!("the JavaScript engine refused: {}", error.status);
                Ok(fields(env, &Error::new(ErrorKind::Internal, message))?.to_unknown())
            }
        }
    }
}

/// Whether nothing is being thrown already.
fn may_throw(env: &Env) -> bool {
    let mut is_thrown = false;
    // SAFETY: the environment is alive.
    let asked = unsafe { sys::napi_is_exception_pending(env.raw(), &mut is_thrown) };
    asked == sys::Status::napi_ok && !is_thrown
}

/// What stands for an error that the engine cannot hold, such as one whose text is too long: it must not pass for success.
pub(crate) fn untold(env: &Env) -> Outcome<Unknown<'_>> {
    let error = Error::new(
        ErrorKind::Internal,
        "the JavaScript engine cannot hold what there is to say of an error",
    );
    Ok(fields(env, &error)?.to_unknown())
}

/// A `TypeError`.
fn type_error<'a>(env: &'a Env, code: &str, message: &str) -> Outcome<Unknown<'a>> {
    let code = value(env, code)?;
    let message = value(env, message)?;
    let mut made = std::ptr::null_mut();
    // SAFETY: both are strings of this environment.
    check(unsafe { sys::napi_create_type_error(env.raw(), code.raw(), message.raw(), &mut made) })?;
    // SAFETY: just made in this environment.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), made) })
}

/// Tells what the native half says of an error from whatever else may be thrown, such as by a getter.
const SAID: sys::napi_type_tag = sys::napi_type_tag {
    lower: 0x7374_726f_6e67_726f,
    upper: 0x6f6d_2e65_7272_6f72,
};

/// Whether a value is what the native half says of an error.
pub(crate) fn is_said<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let thrown = call.at(0);
    let mut is_said = false;
    if thrown.get_type()? == ValueType::Object {
        // SAFETY: an object of this environment.
        check(unsafe { sys::napi_check_object_type_tag(call.env.raw(), thrown.raw(), &SAID, &mut is_said) })?;
    }
    value(call.env, is_said)
}

/// What an error says, as `lib/errors.js` takes it.
pub(crate) fn fields<'a>(env: &'a Env, error: &Error) -> Outcome<Object<'a>> {
    let mut fields = Object::new(env)?;
    fields.set("code", error.kind().token())?;
    fields.set("message", error.to_string())?;
    fields.set("backend", error.backend())?;
    fields.set("operation", error.operation().map(|operation| operation.word()))?;
    fields.set("key", error.key())?;
    fields.set("setting", error.setting())?;
    fields.set("retryable", error.is_retryable())?;
    fields.set("retryAfterMs", error.retry_after().map(|wait| wait.as_secs_f64() * 1e3))?;
    fields.set("foreignCode", error.foreign_code())?;
    fields.set("help", error.help())?;
    // SAFETY: an object of this environment, just made.
    check(unsafe { sys::napi_type_tag_object(env.raw(), fields.raw(), &SAID) })?;
    Ok(fields)
}
