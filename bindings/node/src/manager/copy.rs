//! The verbs between two managers.

use std::future::Future;

use napi::ValueType;
use napi::bindgen_prelude::*;
use strongroom::transfer::CopyOptions;
use strongroom::{CallOptions, CancellationToken, SecretManager, face};

use super::{of, transfer};
use crate::arguments::{is, keys, scope, wrong_type};
use crate::call::{Answer, Begins, How, end_of, followed, run};
use crate::entry::Arguments;
use crate::error::{Outcome, value};
use crate::following::{listened, tell_here};
use crate::options::Options;
use crate::transferred::HowFar;

/// A copy that is about to begin.
struct Copy {
    source: SecretManager,
    target: SecretManager,
    options: CopyOptions,
    /// Ends what is asked of either manager.
    stop: [CancellationToken; 2],
}

impl Copy {
    /// Read from a call; and who listens to it.
    fn of<'a>(call: &Arguments<'a>, how: How) -> Outcome<(Self, Option<Unknown<'a>>)> {
        let source = of(call.at(1))?;
        let target = target_of(call.at(2))?;
        let mut options = Options::prepared_at(call, 3)?;
        let mut wanted = CopyOptions::new().if_exists(transfer::policy_of(&mut options)?);
        for key in options.given("keys", keys)?.unwrap_or_default() {
            wanted.keys.push(source.key_of(&key)?);
        }
        wanted.prefix = options.text("prefix")?;
        wanted.allow_loss = options.flag("allowLoss")?;
        wanted.skip_unfit = options.flag("skipUnfit")?;
        wanted.delete_source = options.flag("deleteSource")?;
        wanted.journal = options.text("journal")?.map(Into::into);
        let listener = options.given("onProgress", function)?;
        wanted.scope = options.given("scope", scope)?;
        let (stated, _) = options.general(CallOptions::new(), how)?;
        let (source, reading) = end(source, &stated, how);
        let (target, writing) = end(target, &stated, how);
        let stop = [reading, writing];
        let copy = Self {
            source,
            target,
            options: wanted,
            stop,
        };
        Ok((copy, listener))
    }

    /// Has each progress told until the copy is stopped, which it is by the answer that it is not to go on.
    fn told(mut self, tell: impl Fn(HowFar) -> bool + Send + Sync + 'static) -> Self {
        let stop = self.stop.clone();
        self.options = self.options.progress(move |progress| {
            let is_stopped = stop.iter().all(CancellationToken::is_cancelled);
            if !is_stopped && !tell(HowFar::of(progress)) {
                stop.iter().for_each(CancellationToken::cancel);
            }
        });
        self
    }
}

fn target_of(of: Unknown<'_>) -> Outcome<&SecretManager> {
    super::found(of).ok_or_else(|| wrong_type("target", "a SecretManager", of))
}

fn function<'a>(name: &str, of: Unknown<'a>) -> Outcome<Unknown<'a>> {
    if is(of, ValueType::Function)? {
        Ok(of)
    } else {
        Err(wrong_type(name, "a function", of))
    }
}

/// One end of a copy, with what the call states over what the manager has; and a token that stops it.
fn end(manager: &SecretManager, stated: &CallOptions, how: How) -> (SecretManager, CancellationToken) {
    let mut call = manager.call_options().clone();
    call.timeout = stated.timeout.or(call.timeout);
    call.prompt = stated.prompt.or(call.prompt);
    call.actor = stated.actor.clone().or(call.actor);
    call.reason = stated.reason.clone().or(call.reason);
    call.request_id = stated.request_id.clone().or(call.request_id);
    let stop = end_of(stated.cancel.as_ref().or(call.cancel.as_ref()));
    call.cancel = Some(stop.clone());
    (face::view(&manager.with_options(call), how.face()), stop)
}

/// Runs a copy.
fn begin<'a, T: Answer, F>(call: &Arguments<'a>, ask: impl FnOnce(Copy) -> F) -> Outcome<Unknown<'a>>
where
    F: Future<Output = strongroom::Result<T>> + Send + 'static,
{
    let how = How::of(call)?;
    let (copy, listener) = Copy::of(call, how)?;
    let stop = copy.stop.clone();
    match (how, listener) {
        (How::Promised, Some(listener)) => followed(call, &stop, listener, |copying| {
            ask(copy.told(move |how_far| {
                copying.leave_progress(how_far);
                true
            }))
        }),
        (How::Waiting, Some(listener)) => listened(listener, || {
            run(call.env, how, Begins::Here, &stop, &[], ask(copy.told(tell_here)))
        }),
        (_, None) => run(call.env, how, Begins::Elsewhere, &stop, &call.handles()?, ask(copy)),
    }
}

/// `copyPlan(target, { keys, prefix, ifExists, allowLoss, skipUnfit, deleteSource, journal, onProgress })`
pub(crate) fn copy_plan<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    begin(call, |copy| async move {
        copy.source.copy_plan(&copy.target, &copy.options).await
    })
}

/// `copyTo(target, { … as of copyPlan })`
pub(crate) fn copy_to<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    begin(call, |copy| async move {
        copy.source.copy_to(&copy.target, copy.options).await
    })
}

/// `copyJournal(source, target)`: the path of the journal that a copy between the two has by default in the command.
pub(crate) fn copy_journal<'a>(call: &Arguments<'a>) -> Outcome<Unknown<'a>> {
    let path = of(call.at(0))?.copy_journal(target_of(call.at(1))?)?;
    value(call.env, path.to_string_lossy().into_owned())
}
