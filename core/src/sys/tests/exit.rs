//! Calls while the process ends, on a thread whose storage has been destroyed.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{again, place, role};
use crate::blocking::SecretManager;
use crate::{Error, Secret, SecretManager as Async, SecretValue, face};

const NAME: &str = "sys::tests::exit::a_handler_of_atexit_may_use_all_that_is_local";

static MANAGERS: Mutex<Vec<SecretManager>> = Mutex::new(Vec::new());

fn encrypted(place: &Path) -> SecretManager {
    let builder = Async::builder().without_environment().option("cache", "off");
    let builder = builder.option("encrypted.path", place.join("s.strongroom").to_str().unwrap());
    let ask = |_: &str| Ok(SecretValue::from("42".repeat(32)));
    builder
        .secret_provider("encrypted.key", Arc::new(ask))
        .open_blocking()
        .unwrap()
}

fn use_all(managers: &[SecretManager]) -> Result<(), Error> {
    for manager in managers {
        manager.set("k", &Secret::new("v"))?;
        manager.lock()?;
        assert_eq!(manager.get_value("k")?.as_deref(), Some("v"));
    }
    Ok(())
}

extern "C" fn at_exit() {
    assert!(
        tokio::runtime::Handle::try_current()
            .unwrap_err()
            .is_thread_local_destroyed(),
        "the storage is still there"
    );
    let managers = std::mem::take(&mut *MANAGERS.lock().unwrap());
    use_all(&managers).unwrap();
    face::shutdown(Duration::from_secs(10)).unwrap();
    use_all(&[encrypted(&place())]).unwrap();
    for manager in &managers {
        manager.close().unwrap();
    }
    println!("ENDED");
}

#[test]
fn a_handler_of_atexit_may_use_all_that_is_local() {
    if role().is_some() {
        let memory = Async::builder().without_environment().backend("memory");
        let managers = vec![memory.open_blocking().unwrap(), encrypted(&place())];
        use_all(&managers).unwrap();
        let live = crate::runtime::current().unwrap();
        drop(live.enter().unwrap());
        *MANAGERS.lock().unwrap() = managers;
        // SAFETY: the handler is a function of this program; `exit` runs it after the destructors of this thread's
        // storage. A panic in it ends the process otherwise than with 0.
        unsafe {
            assert_eq!(libc::atexit(at_exit), 0);
            libc::exit(0);
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let output = again(NAME, "exits", dir.path()).output().unwrap();
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success() && out.contains("ENDED"), "{out}\n{err}");
}
