//! The library's events, for a function of the program. Events name operations, keys and outcomes, never a value.

use std::ffi::{CString, c_char, c_void};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use strongroom::face::{ProcessLocal, event_line, is_ours};
use strongroom::{Error, ErrorKind, Result};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::error::ErrorObject;
use crate::guard::{calling_out, guard, refuse_in_callback};
use crate::options::Destroy;
use crate::status::{Status, fault};
use crate::words::c_text;

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// Something failed that must not.
    Error = 1,
    /// Something that a person should look at.
    Warn = 2,
    /// What happens now and then.
    Info = 3,
    /// Each call.
    Debug = 4,
    /// Everything.
    Trace = 5,
}

impl Level {
    const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    fn of(level: &tracing::Level) -> Self {
        match *level {
            tracing::Level::ERROR => Self::Error,
            tracing::Level::WARN => Self::Warn,
            tracing::Level::INFO => Self::Info,
            tracing::Level::DEBUG => Self::Debug,
            tracing::Level::TRACE => Self::Trace,
        }
    }
}

/// Takes an event: its `STRONGROOM_LEVEL_…`, where it comes from, and one line. Called on the thread on which it
/// happens, also on several at once. The texts live until it returns.
pub type LogCallback =
    Option<unsafe extern "C" fn(context: *mut c_void, level: i32, target: *const c_char, message: *const c_char)>;

/// The function that takes the events.
struct Listener {
    /// The highest level that it wants.
    level: u8,
    callback: unsafe extern "C" fn(*mut c_void, i32, *const c_char, *const c_char),
    context: *mut c_void,
    destroy: Destroy,
}

// SAFETY: the header tells the program that the function is called on any thread, and on several at once.
unsafe impl Send for Listener {}
// SAFETY: as above.
unsafe impl Sync for Listener {}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the header's conventions; the function is never called again.
            calling_out(|| unsafe { destroy(self.context) });
        }
    }
}

static LISTENER: ArcSwapOption<Listener> = ArcSwapOption::const_empty();
/// The highest level that the listener wants; 0 without one.
static WANTED: AtomicU8 = AtomicU8::new(0);

/// What the library's copy of `tracing` reports to.
struct Forwarder;

impl Subscriber for Forwarder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        Level::of(metadata.level()) as u8 <= WANTED.load(Ordering::Relaxed)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match WANTED.load(Ordering::Relaxed) {
            0 => LevelFilter::OFF,
            1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            4 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        })
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        if !is_ours(event.metadata()) {
            return;
        }
        let target = event.metadata().target();
        let listener = LISTENER.load();
        if let Some(listener) = &*listener
            && Level::of(event.metadata().level()) as u8 <= listener.level
        {
            let level = Level::of(event.metadata().level()) as i32;
            let (target, message): (CString, CString) = (c_text(target), c_text(&event_line(event)));
            // SAFETY: the header's conventions.
            calling_out(|| unsafe {
                (listener.callback)(listener.context, level, target.as_ptr(), message.as_ptr());
            });
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Has a function take the library's events up to `level` (a `STRONGROOM_LEVEL_…`), for the whole process; NULL ends
/// it. `destroy` (may be NULL) is called once with `context`, when the function is replaced and its last call has
/// returned; where this function fails, it is not called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_set_log_callback(
    level: i32,
    callback: LogCallback,
    context: *mut c_void,
    destroy: Destroy,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            let Some(callback) = callback else {
                listen(None);
                return Ok(());
            };
            let wanted = Level::ALL.into_iter().find(|&known| known as i32 == level);
            let wanted =
                wanted.ok_or_else(|| fault(ErrorKind::InvalidArgument, "level", "is none of `STRONGROOM_LEVEL_…`"))?;
            report_events()?;
            let listener = Listener {
                level: wanted as u8,
                callback,
                context,
                destroy,
            };
            listen(Some(Arc::new(listener)));
            Ok(())
        })
    }
}

fn listen(listener: Option<Arc<Listener>>) {
    /// Held by whoever replaces the listener, so that level and listener fit.
    static REPLACING: ProcessLocal<Mutex<()>> = ProcessLocal::new(Mutex::default);
    let replacing = REPLACING.get().lock().unwrap_or_else(PoisonError::into_inner);
    WANTED.store(
        listener.as_ref().map_or(0, |listener| listener.level),
        Ordering::Relaxed,
    );
    let before = LISTENER.swap(listener);
    tracing::callsite::rebuild_interest_cache();
    drop(replacing);
    // Outside the lock: its last owner calls the program.
    drop(before);
}

/// Makes `tracing` report to us, once. The library has a copy of it of its own. No lock is held meanwhile, so that a
/// child which is forked just then does not wait for a thread that it does not have.
fn report_events() -> Result<()> {
    let is_ours = || tracing::dispatcher::get_default(|dispatch| dispatch.is::<Forwarder>());
    // Another thread may be about to do the same; that takes microseconds.
    for _ in 0..100 {
        if is_ours() || tracing::subscriber::set_global_default(Forwarder).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(Error::new(
        ErrorKind::Conflict,
        "the library's events go somewhere else already",
    ))
}
