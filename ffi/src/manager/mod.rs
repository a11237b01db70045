//! Managers: opening, views, and how a verb runs in its two forms.
//!
//! Each verb is one function that takes what it needs as its own and answers a future. The blocking form waits for the
//! future on the caller's thread, the callback form hands it to the runtime; both read their arguments alike.

mod admin;
pub(crate) mod batch;
mod copy;
pub(crate) mod explain;
mod generate;
pub(crate) mod read;
mod remove;
mod resolve;
pub(crate) mod transfer;
mod watch;
pub(crate) mod write;

use std::ffi::{c_char, c_void};
use std::future::{Future, ready};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use strongroom::backend::{BoxFuture, Capabilities, Operation};
use strongroom::blocking::SecretManager as BlockingManager;
use strongroom::face;
use strongroom::{Builder, CallOptions, Error, ErrorKind, Result, SecretManager, Setting};

use crate::arguments::{Out, text};
use crate::call::{Call, Chosen};
use crate::completion::{self, Callback};
use crate::error::ErrorObject;
use crate::guard::{guard, guard_free, refuse_in_callback};
use crate::handle::{Object, hand_out, object, pin, pin_optional};
use crate::options::Options;
use crate::report::Report;
use crate::status::{Status, fault};
use crate::under_way;

/// A store of secrets. Any number of threads may use one at once.
pub struct Manager {
    waiting: BlockingManager,
    free: SecretManager,
}

object!(Manager, "manager", 11, stripes 16);

impl Manager {
    fn of(manager: SecretManager) -> Self {
        Self {
            waiting: BlockingManager::from(manager.clone()),
            free: manager,
        }
    }
}

/// Closes every manager that is open, all at once.
///
/// # Errors
/// [`ErrorKind::Timeout`] where a write does not finish in time; the managers are closed all the same.
pub(crate) fn close_all(patience: Duration) -> Result<()> {
    let end = Instant::now() + patience;
    // Without any time a close would take the manager's own.
    let patience = patience.max(Duration::from_millis(1));
    let (closed, closing) = mpsc::channel();
    for manager in Manager::table().all() {
        let (view, closed) = (manager.free.with_timeout(patience), closed.clone());
        // Where there is no runtime to be had, nobody answers, and that is told below.
        let _ = face::spawn(async move {
            let _ = closed.send(view.close().await);
        });
    }
    drop(closed);
    loop {
        match closing.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(outcome) => outcome?,
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                return Err(Error::new(ErrorKind::Timeout, "a manager did not close in time"));
            }
        }
    }
}

/// How a verb is run: with which options, and whether the caller's thread waits for it.
struct Way {
    options: CallOptions,
    waits: bool,
}

impl Way {
    /// A manager's view for a verb that is run so.
    fn view(self, manager: &Manager) -> SecretManager {
        if self.waits {
            let view = manager.waiting.with_options(self.options);
            view.wait_for(|manager| ready(manager.clone()))
        } else {
            manager.free.with_options(self.options)
        }
    }
}

/// A verb with its arguments, ready to run.
struct Verb<A> {
    chosen: Chosen,
    run: Box<dyn FnOnce(SecretManager, Way) -> BoxFuture<'static, Result<A>> + Send>,
}

impl<A> Verb<A> {
    fn new<F: Future<Output = Result<A>> + Send + 'static>(
        chosen: Chosen,
        run: impl FnOnce(SecretManager) -> F + Send + 'static,
    ) -> Self {
        Self {
            chosen,
            run: Box::new(move |manager, _| Box::pin(run(manager))),
        }
    }

    /// A verb between two managers; both are called with what was chosen.
    fn between<F: Future<Output = Result<A>> + Send + 'static>(
        chosen: Chosen,
        other: Manager,
        run: impl FnOnce(SecretManager, SecretManager) -> F + Send + 'static,
    ) -> Self {
        Self {
            chosen,
            run: Box::new(move |manager, way| Box::pin(run(manager, way.view(&other)))),
        }
    }

    /// Runs it on this thread.
    fn wait(self, manager: *const Manager) -> Result<A> {
        let Chosen { general, cancel, .. } = self.chosen;
        let (token, _under_way) = under_way::begin(cancel.as_ref())?;
        let general = general.cancel(token);
        // A call may take long, and the handle may be freed meanwhile: the call has a manager of its own.
        let view = pin(manager)?.waiting.with_options(general.clone());
        let way = Way {
            options: general,
            waits: true,
        };
        view.wait_for(|manager| (self.run)(manager.clone(), way))
    }

    /// Starts it; a callback is told how it ends.
    fn start<C: Callback<A>>(self, manager: *const Manager, callback: Option<C>, context: *mut c_void) -> Result<()>
    where
        A: Send + 'static,
    {
        let free = pin(manager)?.free.clone();
        let Self { chosen, run } = self;
        completion::start(chosen.cancel.as_ref(), callback, context, |token| {
            let options = chosen.general.cancel(token);
            let way = Way {
                options: options.clone(),
                waits: false,
            };
            run(free.with_options(options), way)
        })
    }
}

/// The answer to a read of something that is not there.
fn missing(manager: &SecretManager, operation: Operation, key: &str) -> Error {
    Error::new(ErrorKind::NotFound, "there is no such secret")
        .with_operation(operation)
        .with_backend(manager.backend().name())
        .with_key(key)
}

/// Takes a manager that was opened, or why it was not.
pub type ManagerCallback =
    Option<unsafe extern "C" fn(context: *mut c_void, status: Status, manager: *mut Manager, error: *mut ErrorObject)>;

/// Opens a manager; without options (NULL) the default one. Local files are read and, where they are missing and may
/// be, made; a remote backend connects at its first call. The environment is read now. The options may be used again.
/// What is chosen for `call` (may be NULL) holds for the opening alone.
///
/// Errors: `invalid_config` naming the setting, and what the backend answers, for instance `key_missing`, `wrong_key`,
/// `insecure_path`, `integrity`, `unsupported_format`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_open(
    options: *const Options,
    call: *const Call,
    manager: *mut *mut Manager,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(manager, "manager")?;
            refuse_in_callback()?;
            let (builder, Chosen { general, cancel, .. }) = opening(options, call)?;
            let (token, _under_way) = under_way::begin(cancel.as_ref())?;
            let opened = builder.call_options(general.cancel(token)).open_blocking()?;
            out.give(Manager::of(opened.to_async()))
        })
    }
}

/// Starts `strongroom_manager_open`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_open_async(
    options: *const Options,
    call: *const Call,
    callback: ManagerCallback,
    context: *mut c_void,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            let (builder, Chosen { general, cancel, .. }) = opening(options, call)?;
            completion::start(cancel.as_ref(), callback, context, |token| async move {
                builder
                    .call_options(general.cancel(token))
                    .open()
                    .await
                    .map(Manager::of)
            })
        })
    }
}

/// What opens a manager, and how.
fn opening(options: *const Options, call: *const Call) -> Result<(Builder, Chosen)> {
    let builder = match pin_optional(options)? {
        Some(options) => options.builder(),
        None => SecretManager::builder(),
    };
    Ok((builder, Chosen::of(call, &[])?))
}

/// Makes a view in which bare names are names of `scope` (a text such as `org/acme`). It is freed like a manager, and
/// shares everything else with the one it was made of: closing either closes both.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_scoped(
    manager: *const Manager,
    scope: *const c_char,
    length: usize,
    view: *mut *mut Manager,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(view, "view")?;
            refuse_in_callback()?;
            let free = pin(manager)?.free.clone();
            out.fill(hand_out(Manager::of(free.scoped(text(scope, length, "scope")?)?))?);
            Ok(())
        })
    }
}

/// Tells what the manager is. Texts: `app`, `backend`, `persistence`. Numbers: `max_value` and `max_key` in bytes,
/// `persistent`, and 1 or 0 for each capability: `read_only`, `list`, `versions`, `metadata`, `expiry`, `cas`,
/// `atomic_batch`, `binary`, `empty_value`, `verify`, `restore`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_info(
    manager: *const Manager,
    report: *mut *mut Report,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(report, "report")?;
            refuse_in_callback()?;
            out.give(info(&pin(manager)?.free))
        })
    }
}

fn info(manager: &SecretManager) -> Report {
    let backend = manager.backend();
    let can: &Capabilities = backend.capabilities();
    let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    Report::default()
        .text("app", manager.app())
        .text("backend", backend.name())
        .text("persistence", backend.persistence().word())
        .flag("persistent", manager.is_persistent())
        .number("max_value", number(backend.max_value()))
        .number("max_key", number(can.max_key))
        .flag("read_only", can.read_only)
        .flag("list", can.list)
        .flag("versions", can.versions)
        .flag("metadata", can.metadata)
        .flag("expiry", can.expiry)
        .flag("cas", can.cas)
        .flag("atomic_batch", can.atomic_batch)
        .flag("binary", can.binary)
        .flag("empty_value", can.empty_value)
        .flag("verify", can.verify)
        .flag("restore", can.restore)
}

/// Tells a setting of an open manager, by its name in `docs/settings.md`. Texts: `value` (not there where nobody stated
/// it and it has no default, and for a secret setting) and `origin`, who stated it, in words. Errors: `invalid_argument`
/// where there is no such setting.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_manager_setting(
    manager: *const Manager,
    name: *const c_char,
    name_length: usize,
    report: *mut *mut Report,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(report, "report")?;
            refuse_in_callback()?;
            let manager = pin(manager)?;
            let name = text(name, name_length, "name")?;
            if Setting::find(name).is_none() {
                return Err(fault(ErrorKind::InvalidArgument, "name", "is the name of no setting"));
            }
            let settings = manager.free.settings();
            out.give(
                Report::default()
                    .optional_text("value", settings.text(name))
                    .text("origin", &settings.origin(name).to_string()),
            )
        })
    }
}

/// Gives a manager or a view back. Calls under way go on; with the last handle and the last call the cache is wiped and
/// the backend given up. Writes that were sent finish.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_manager_free(manager: *mut Manager) -> Status {
    guard_free(manager)
}
