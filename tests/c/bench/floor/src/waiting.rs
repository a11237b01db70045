//! Other ways of waiting for what the `fault` backend answers: the same future, without manager, layers and deadline.

use std::ffi::c_char;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use strongroom::backend::{Backend, GetRequest};
use strongroom::blocking::SecretManager;
use strongroom::testing::{FaultBackend, Script};
use strongroom::{CallContext, Face, Secret, SecretKey};
use tokio::runtime::{Builder, Runtime};

/// A backend and two runtimes.
pub struct Waiting {
    call: Arc<Call>,
    here: Runtime,
    elsewhere: Runtime,
}

struct Call {
    backend: Arc<dyn Backend>,
    key: SecretKey,
    cx: CallContext,
}

impl Call {
    /// 0 where there is a secret.
    async fn get(&self) -> i32 {
        let secret = self.backend.get(&self.cx, GetRequest::new(&self.key)).await;
        i32::from(!matches!(secret, Ok(Some(_))))
    }
}

/// Makes a backend with this script that holds one secret.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn floor_waiting_new(
    script: *const c_char,
    key: *const c_char,
    value: *const c_char,
) -> *mut Waiting {
    // SAFETY: what the header says.
    let (script, key, value) = unsafe { (crate::text(script), crate::text(key), crate::text(value)) };
    let backend: Arc<dyn Backend> =
        FaultBackend::with_script(strongroom::testing::memory(), Script::parse(script).unwrap());
    let manager = SecretManager::builder()
        .app("bench")
        .without_environment()
        .backend_instance(Arc::clone(&backend))
        .open_blocking()
        .unwrap();
    manager.set(key, &Secret::new(value)).unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "what the library does not do is what is measured"
    )]
    let elsewhere = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    Box::into_raw(Box::new(Waiting {
        call: Arc::new(Call {
            backend,
            key: SecretKey::parse(key).unwrap(),
            cx: CallContext::new(Face::Blocking, Duration::from_secs(3600)),
        }),
        here: Builder::new_current_thread().enable_all().build().unwrap(),
        elsewhere: elsewhere.unwrap(),
    }))
}

/// Waits with tokio's own `block_on`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn floor_waiting_block_on(waiting: *const Waiting) -> i32 {
    // SAFETY: what the header says.
    let waiting = unsafe { &*waiting };
    waiting.here.block_on(waiting.call.get())
}

/// Hands the call to another thread and waits for what it sends.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn floor_waiting_spawn(waiting: *const Waiting) -> i32 {
    // SAFETY: what the header says.
    let waiting = unsafe { &*waiting };
    let (answer, answered) = mpsc::sync_channel(1);
    let call = Arc::clone(&waiting.call);
    waiting.elsewhere.spawn(async move {
        let _ = answer.send(call.get().await);
    });
    answered.recv().unwrap_or(1)
}
