//! Openings that wait for another one of the same store.

use std::time::{Duration, Instant};

use crate::context::{CallOptions, CancellationToken};
use crate::error::ErrorKind;
use crate::park::block_on;
use crate::sys::files::CreationLock;
use crate::{Builder, SecretManager};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn an_opening_that_waits_for_the_creation_lock_keeps_its_own_timeout_and_token() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.strongroom");
    let lock = dir.path().join("s.strongroom.lock");
    let held = CreationLock::acquire(&lock, Instant::now() + PATIENCE).unwrap();
    let opening = |options: CallOptions| -> Builder {
        let builder = SecretManager::builder().without_environment();
        let builder = builder.option("encrypted.path", path.to_str().unwrap());
        builder
            .secret_option("encrypted.key", "42".repeat(32))
            .call_options(options)
    };
    let open = |is_async: bool, options: CallOptions| {
        let outcome = match is_async {
            true => block_on(opening(options).open()).map(drop),
            false => opening(options).open_blocking().map(drop),
        };
        outcome.unwrap_err()
    };
    for is_async in [false, true] {
        let begun = Instant::now();
        let error = open(is_async, CallOptions::new().timeout(Duration::from_millis(30)));
        assert_eq!((error.kind(), error.backend()), (ErrorKind::Timeout, Some("encrypted")));
        assert!(begun.elapsed() < Duration::from_millis(30) + Duration::from_secs(5));

        let token = CancellationToken::new();
        let options = CallOptions::new().timeout(PATIENCE).cancel(token.clone());
        let begun = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(30));
                token.cancel();
            });
            assert_eq!(open(is_async, options).kind(), ErrorKind::Cancelled);
        });
        assert!(begun.elapsed() < PATIENCE);
        assert!(!path.exists());
    }
    drop(held);
    drop(opening(CallOptions::new()).open_blocking().unwrap());
}
