use std::sync::mpsc;
use std::time::Duration;

use super::{alone, ended_well, fork};
use crate::ErrorKind;
use crate::face::{self, ProcessLocal};

const PATIENCE: Duration = Duration::from_secs(10);

fn runs() -> bool {
    let (send, receive) = mpsc::channel();
    face::spawn(async move { send.send(()).unwrap() }).is_ok() && receive.recv_timeout(PATIENCE).is_ok()
}

#[test]
fn a_child_has_no_runtime_of_its_parents_and_may_have_one_of_its_own() {
    alone(
        "sys::tests::runtime::a_child_has_no_runtime_of_its_parents_and_may_have_one_of_its_own",
        || {
            assert!(runs());
            // A task that the parent's runtime is in the middle of, and one that entered it from outside.
            let (release, released) = mpsc::channel::<()>();
            face::spawn(async move { assert!(released.recv().is_ok()) }).unwrap();
            let live = crate::runtime::current().unwrap();
            let entered = live.enter().unwrap();
            let child = fork(|| {
                let inherited = live.enter().err().map(|error| error.kind()) == Some(ErrorKind::Closed);
                let reentrant = face::shutdown(PATIENCE).unwrap_err().kind() == ErrorKind::ReentrantCall;
                std::thread::spawn(move || {
                    let nothing_to_do = face::shutdown(Duration::ZERO).is_ok();
                    nothing_to_do && runs() && face::shutdown(PATIENCE).is_ok() && runs()
                })
                .join()
                .unwrap()
                    && inherited
                    && reentrant
            });
            assert!(ended_well(child));
            drop(entered);
            release.send(()).unwrap();
            assert!(runs(), "the parent's goes on");
            face::shutdown(PATIENCE).unwrap();
            // What still refers to a runtime that has ended may be dropped in a child.
            let mut live = Some(live);
            let child = fork(|| {
                drop(live.take());
                runs() && face::shutdown(PATIENCE).is_ok()
            });
            assert!(ended_well(child));
        },
    );
}

#[test]
#[cfg(feature = "testing")]
fn a_call_that_began_in_the_parent_is_closed_in_the_child() {
    use std::future::Future;
    use std::task::{Context, Poll, Waker};

    use crate::testing::{Fault, FaultBackend};
    alone(
        "sys::tests::runtime::a_call_that_began_in_the_parent_is_closed_in_the_child",
        || {
            let fault = FaultBackend::new(crate::testing::memory());
            fault.on_any().then(Fault::Latency(Duration::from_secs(3600)));
            let builder = crate::SecretManager::builder().without_environment();
            let manager = builder.backend_instance(fault).open_blocking().unwrap().to_async();
            let mut call = Some(Box::pin(manager.get("k")));
            let mut task = Context::from_waker(Waker::noop());
            assert!(call.as_mut().unwrap().as_mut().poll(&mut task).is_pending());
            let child = fork(|| {
                let outcome = call.as_mut().unwrap().as_mut().poll(&mut task);
                // Dropped, too: nothing of it is taken back from a runtime that is not here.
                call = None;
                matches!(outcome, Poll::Ready(Err(error)) if error.kind() == ErrorKind::Closed)
            });
            assert!(ended_well(child));
            let mut call = call.unwrap();
            assert!(call.as_mut().poll(&mut task).is_pending(), "it goes on in the parent");
        },
    );
}

#[test]
fn a_child_makes_its_own_value() {
    static HERE: ProcessLocal<u32> = ProcessLocal::new(std::process::id);
    alone("sys::tests::runtime::a_child_makes_its_own_value", || {
        let generation = face::process_generation();
        assert_eq!(HERE.get_if_made(), None);
        assert_eq!(*HERE.get(), std::process::id());
        let child = fork(|| {
            HERE.get_if_made().is_none()
                && *HERE.get() == std::process::id()
                && face::process_generation() != generation
        });
        assert!(ended_well(child));
        assert_eq!(HERE.get_if_made(), Some(&std::process::id()));
        assert_eq!(face::process_generation(), generation);
    });
}
