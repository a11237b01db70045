//! Options of calls.

use std::collections::BTreeMap;
use std::ffi::c_char;
use std::sync::Arc;
use std::time::Duration;

use strongroom::{
    CallOptions, Error, ErrorKind, PromptPolicy, Result, SecretKey, SecretScope, Version, parse_duration,
};

use crate::arguments::{Out, text};
use crate::builder::Shared;
use crate::cancel::{Cancel, Signal};
use crate::error::ErrorObject;
use crate::guard::{guard, guard_free, refuse_in_callback};
use crate::handle::{hand_out, object, pin, pin_optional};
use crate::moments::{OffsetDateTime, from_micros};
use crate::status::{Status, fault};

/// Options of calls. One object may serve many calls, also at once; whoever changes it must be alone.
pub struct Call(Shared<Chosen>);

object!(Call, "call", 9, stripes 1);

/// What was chosen for a call.
#[derive(Clone, Default)]
pub(crate) struct Chosen {
    /// What every verb takes, but for what cancels it.
    pub(crate) general: CallOptions,
    pub(crate) cancel: Option<Arc<Signal>>,
    own: BTreeMap<&'static str, Value>,
}

#[derive(Clone)]
enum Value {
    Flag(bool),
    Text(String),
    Number(u64),
    Moment(OffsetDateTime),
    Span(Duration),
}

#[derive(Clone, Copy)]
enum Form {
    Flag,
    Key,
    Moment,
    Number,
    Scope,
    Span,
    Text,
}

/// The options that only some verbs take.
const OWN: &[(&str, Form)] = &[
    ("after", Form::Key),
    ("allow_unavailable", Form::Flag),
    ("back", Form::Number),
    ("clear_expiry", Form::Flag),
    ("created_at", Form::Moment),
    ("every", Form::Span),
    ("expires_at", Form::Moment),
    ("force", Form::Flag),
    ("fresh", Form::Flag),
    ("full_metadata", Form::Flag),
    ("if_absent", Form::Flag),
    ("if_version", Form::Text),
    ("include_expired", Form::Flag),
    ("limit", Form::Number),
    ("missing_ok", Form::Flag),
    ("prefix", Form::Text),
    ("provider", Form::Text),
    ("scope", Form::Scope),
    ("soft", Form::Flag),
    ("symbols", Form::Flag),
    ("version", Form::Text),
];

const WANTED_SPAN: &str = "must be a time span, as `250ms`, `10s`, `5m`";

impl Form {
    fn read(self, name: &str, text: &str) -> Result<Value> {
        let (value, wanted) = match self {
            Self::Flag => (
                match text {
                    "true" => Some(Value::Flag(true)),
                    "false" => Some(Value::Flag(false)),
                    _ => None,
                },
                "must be `true` or `false`",
            ),
            Self::Text => (Some(Value::Text(text.to_owned())), ""),
            Self::Key => (
                SecretKey::parse(text).is_ok().then(|| Value::Text(text.to_owned())),
                "must be the text of a key",
            ),
            Self::Scope => (
                SecretScope::parse(text).is_ok().then(|| Value::Text(text.to_owned())),
                "must be the text of a scope, such as `org/acme`",
            ),
            Self::Span => (parse_duration(text).map(Value::Span), WANTED_SPAN),
            Self::Number => (text.parse().ok().map(Value::Number), "must be a decimal number"),
            Self::Moment => (
                text.parse()
                    .ok()
                    .and_then(|micros| from_micros(micros, name).ok())
                    .map(Value::Moment),
                "must be a decimal number of microseconds since 1970",
            ),
        };
        value.ok_or_else(|| fault(ErrorKind::InvalidArgument, name, wanted))
    }
}

impl Chosen {
    /// What was chosen for a verb that takes these options; nothing where `call` is NULL.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] naming an option that the verb does not take.
    pub(crate) fn of(call: *const Call, takes: &[&str]) -> Result<Self> {
        let Some(call) = pin_optional(call)? else {
            return Ok(Self::default());
        };
        let chosen = Self::clone(&call.0.read());
        match chosen.own.keys().find(|name| !takes.contains(name)) {
            Some(name) => Err(fault(
                ErrorKind::InvalidArgument,
                name,
                "is an option that this verb does not take",
            )),
            None => Ok(chosen),
        }
    }

    /// Whether a call with these options may be answered by what is cached: none of them says which version is wanted, and
    /// nobody has cancelled it.
    pub(crate) fn may_be_cached(call: *const Call) -> Result<bool> {
        Ok(match pin_optional(call)? {
            None => true,
            Some(call) => {
                let chosen = call.0.read();
                chosen.own.is_empty() && !chosen.cancel.as_ref().is_some_and(|signal| signal.has_fired())
            }
        })
    }

    pub(crate) fn is_on(&self, name: &str) -> bool {
        matches!(self.own.get(name), Some(Value::Flag(true)))
    }

    /// Whether a flag was set to `false`.
    pub(crate) fn is_off(&self, name: &str) -> bool {
        matches!(self.own.get(name), Some(Value::Flag(false)))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.own.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn version(&self, name: &str) -> Option<Version> {
        self.text(name).map(Version::from_word)
    }

    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        match self.own.get(name) {
            Some(&Value::Number(number)) => Some(usize::try_from(number).unwrap_or(usize::MAX)),
            _ => None,
        }
    }

    pub(crate) fn moment(&self, name: &str) -> Option<OffsetDateTime> {
        match self.own.get(name) {
            Some(&Value::Moment(at)) => Some(at),
            _ => None,
        }
    }

    pub(crate) fn span(&self, name: &str) -> Option<Duration> {
        match self.own.get(name) {
            Some(&Value::Span(span)) => Some(span),
            _ => None,
        }
    }

    fn set(&mut self, name: &str, text: &str) -> Result<()> {
        let general = &mut self.general;
        match name {
            "timeout" => {
                let timeout = parse_duration(text);
                general.timeout = Some(timeout.ok_or_else(|| fault(ErrorKind::InvalidArgument, name, WANTED_SPAN))?);
            }
            "prompt" => {
                general.prompt = Some(match text {
                    "never" => PromptPolicy::Never,
                    "allow" => PromptPolicy::Allow,
                    _ => return Err(fault(ErrorKind::InvalidArgument, name, "must be `never` or `allow`")),
                });
            }
            "actor" => general.actor = Some(text.into()),
            "reason" => general.reason = Some(text.into()),
            "request_id" => general.request_id = Some(text.into()),
            _ => {
                let &(known, form) = OWN
                    .iter()
                    .find(|(known, _)| *known == name)
                    .ok_or_else(|| unknown(name))?;
                self.own.insert(known, form.read(known, text)?);
            }
        }
        Ok(())
    }
}

#[cold]
fn unknown(name: &str) -> Error {
    let name: String = name.chars().flat_map(char::escape_debug).take(64).collect();
    fault(ErrorKind::InvalidArgument, &name, "is no option of a call")
}

/// Makes options of which none is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_call_new(call: *mut *mut Call, error: *mut *mut ErrorObject) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(call, "call")?;
            refuse_in_callback()?;
            out.fill(hand_out(Call(Shared::new(Chosen::default())))?);
            Ok(())
        })
    }
}

/// Sets an option; once more replaces it. An unknown name and a malformed value are `invalid_argument` here; an option
/// that does not fit a verb is `invalid_argument` there.
///
/// For every verb: `timeout` (a time span, as `250ms`, `10s`, `5m`), `prompt` (`never`, `allow`), `actor`, `reason`,
/// `request_id` (texts for the audit). Flags (`true`, `false`): `include_expired`, `fresh` (get), `if_absent` (set),
/// `missing_ok`, `soft`, `force` (delete), `allow_unavailable` (get_with_fallback), `clear_expiry` (update_value),
/// `full_metadata` (list), `symbols` (generated passwords; `true` unless set). Texts: `version` (get, delete),
/// `if_version` (set, update_value, update_metadata), `scope`, `prefix` (list, subscribe), `provider`, `after` (list).
/// Time spans: `every` (subscribe). Decimal numbers: `limit` (list), `back` (rollback). Decimal microseconds since 1970:
/// `created_at` (set), `expires_at` (update_value).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_call_set(
    call: *mut Call,
    name: *const c_char,
    name_length: usize,
    value: *const c_char,
    value_length: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            let call = pin(call)?;
            let name = text(name, name_length, "name")?;
            let value = text(value, value_length, "value")?;
            call.0.change(|chosen| chosen.set(name, value))
        })
    }
}

/// Lets `cancel` end the calls that carry these options. `cancel` may be freed before they end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_call_set_cancel(
    call: *mut Call,
    cancel: *const Cancel,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            let call = pin(call)?;
            let signal = Arc::clone(&pin(cancel)?.0);
            call.0.change(|chosen| {
                chosen.cancel = Some(Arc::clone(&signal));
                Ok(())
            })
        })
    }
}

/// Gives options back. Calls that were made with them go on.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_call_free(call: *mut Call) -> Status {
    guard_free(call)
}
