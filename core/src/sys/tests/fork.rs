use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::super::fork::{ForkCell, GIVEN_UP, arm, enter, generation, is_stranded};
use super::{alone, ended_well, fork};

/// A thread that is inside until it is told to leave.
struct Inside {
    leave: mpsc::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Inside {
    fn enter() -> Self {
        let (tell, told) = mpsc::channel();
        let (leave, left) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let _inside = enter();
            tell.send(()).unwrap();
            left.recv().unwrap();
        });
        told.recv().unwrap();
        Self { leave, thread }
    }

    fn leave(self) {
        self.leave.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

/// Whether the child of a fork that waited for nobody in vain says yes to `body`: a thread may be off its core for
/// longer than a fork waits, and then the fork is tried again.
fn some_patient_fork(mut prepare: impl FnMut() -> Box<dyn FnOnce()>, body: impl Fn() -> bool) -> bool {
    for _ in 0..20 {
        let after = prepare();
        let given_up = GIVEN_UP.get();
        let child = fork(&body);
        let patient = GIVEN_UP.get() == given_up;
        let well = ended_well(child);
        after();
        if patient {
            return well;
        }
    }
    panic!("every fork gave up");
}

#[test]
fn a_fork_waits_for_a_short_call() {
    alone("sys::tests::fork::a_fork_waits_for_a_short_call", || {
        arm();
        let before = generation();
        let short = || -> Box<dyn FnOnce()> {
            let (tell, told) = mpsc::channel();
            let thread = std::thread::spawn(move || {
                let _inside = enter();
                tell.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(30));
            });
            told.recv().unwrap();
            Box::new(move || thread.join().unwrap())
        };
        assert!(
            some_patient_fork(short, || !is_stranded() && generation() == before + 1),
            "the child is usable"
        );
        assert_eq!((generation(), is_stranded()), (before, false));
    });
}

#[test]
fn a_fork_gives_up_on_a_long_call_and_the_child_knows() {
    alone(
        "sys::tests::fork::a_fork_gives_up_on_a_long_call_and_the_child_knows",
        || {
            let long = Inside::enter();
            let begin = Instant::now();
            let child = fork(|| {
                // Also its own child, and entering does not hang.
                let _inside = enter();
                is_stranded()
            });
            assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
            assert!(ended_well(child));
            assert!(!is_stranded(), "the parent is not");
            long.leave();
            let child = fork(|| !is_stranded());
            assert!(ended_well(child), "the next fork is clean");
        },
    );
}

#[test]
fn a_stranded_childs_child_is_stranded() {
    alone("sys::tests::fork::a_stranded_childs_child_is_stranded", || {
        let long = Inside::enter();
        let child = fork(|| ended_well(fork(is_stranded)));
        assert!(ended_well(child));
        long.leave();
    });
}

#[test]
fn a_thread_that_forks_from_inside_waits_for_nobody() {
    alone(
        "sys::tests::fork::a_thread_that_forks_from_inside_waits_for_nobody",
        || {
            let outer = enter();
            let inner = enter();
            let mut guards = Some((outer, inner));
            let child = fork(|| {
                let stranded = is_stranded();
                // Guards from before the fork count for nothing here; were they counted, the gate would never be empty.
                drop(guards.take());
                let grandchild = fork(|| true);
                let patient = GIVEN_UP.get() == 0;
                drop(enter());
                stranded && ended_well(grandchild) && patient
            });
            assert!(ended_well(child));
            drop(guards);
            assert!(ended_well(fork(|| !is_stranded())));
            assert_eq!(GIVEN_UP.get(), 0, "the gate is empty again");
        },
    );
}

#[test]
fn entering_again_while_a_fork_waits_does_not_block() {
    alone(
        "sys::tests::fork::entering_again_while_a_fork_waits_does_not_block",
        || {
            // A thread that waited at its second entry would still be inside when the fork gives up.
            let again = || -> Box<dyn FnOnce()> {
                let (tell, told) = mpsc::channel();
                let thread = std::thread::spawn(move || {
                    let _outer = enter();
                    tell.send(()).unwrap();
                    // Long enough that the fork has closed the gate.
                    std::thread::sleep(Duration::from_millis(20));
                    let _inner = enter();
                });
                told.recv().unwrap();
                Box::new(move || thread.join().unwrap())
            };
            assert!(some_patient_fork(again, || !is_stranded()));
        },
    );
}

#[test]
fn busy_threads_and_many_forks_strand_nobody() {
    alone("sys::tests::fork::busy_threads_and_many_forks_strand_nobody", || {
        // A fork that began before the handlers stood would count no generation.
        arm();
        let stop = Arc::new(AtomicBool::new(false));
        let rounds = Arc::new(AtomicUsize::new(0));
        let busy: Vec<_> = (0..4)
            .map(|_| {
                let (stop, rounds) = (stop.clone(), rounds.clone());
                std::thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        drop(enter());
                        rounds.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        // Two threads fork at the same time: the end of one fork must not open the gate under the other. A thread may
        // be off its core for longer than a fork waits; then, and only then, the child may be stranded.
        let forking: Vec<_> = (0..2)
            .map(|_| {
                std::thread::spawn(|| {
                    let one = |_: &u32| {
                        let given_up = GIVEN_UP.get();
                        let child = fork(|| !is_stranded() && generation() > 1);
                        let patient = GIVEN_UP.get() == given_up;
                        !ended_well(child) && patient
                    };
                    (0..150).filter(one).count()
                })
            })
            .collect();
        let bad: usize = forking.into_iter().map(|thread| thread.join().unwrap()).sum();
        stop.store(true, Ordering::Relaxed);
        for thread in busy {
            thread.join().unwrap();
        }
        assert_eq!(bad, 0, "of 300 children");
        assert!(rounds.load(Ordering::Relaxed) > 1000, "the threads were not kept out");
    });
}

#[test]
fn a_cell_is_made_anew_in_the_child_and_in_its_child() {
    alone(
        "sys::tests::fork::a_cell_is_made_anew_in_the_child_and_in_its_child",
        || {
            arm();
            struct Loud(u32, Arc<AtomicUsize>);
            impl Drop for Loud {
                fn drop(&mut self) {
                    self.1.fetch_add(1, Ordering::SeqCst);
                }
            }
            let drops = Arc::new(AtomicUsize::new(0));
            let counted = drops.clone();
            let mut cell = Some(ForkCell::new(move || Loud(std::process::id(), counted.clone())));
            let me = std::process::id();
            assert!(cell.as_ref().unwrap().get_if_made().is_none());
            assert_eq!(cell.as_ref().unwrap().get().0, me);
            let child = fork(|| {
                let own = cell.as_ref().unwrap();
                let fresh = own.get_if_made().is_none() && own.get().0 == std::process::id();
                let grandchild = fork(|| cell.as_ref().unwrap().get().0 == std::process::id());
                let fine = ended_well(grandchild) && drops.load(Ordering::SeqCst) == 0;
                drop(cell.take());
                // Its own was dropped, the parent's was not.
                fresh && fine && drops.load(Ordering::SeqCst) == 1
            });
            assert!(ended_well(child));
            let untouched = fork(|| {
                drop(cell.take());
                drops.load(Ordering::SeqCst) == 0
            });
            assert!(
                ended_well(untouched),
                "a child that never used the cell drops nothing of the parent's"
            );
            assert_eq!(cell.as_ref().unwrap().get().0, me);
            drop(cell);
            assert_eq!(drops.load(Ordering::SeqCst), 1);
        },
    );
}

#[test]
#[cfg(feature = "testing")]
fn a_fault_whose_locks_are_held_at_the_fork_works_in_the_child() {
    use std::time::{Duration, Instant};

    use crate::backend::Operation;
    use crate::testing::{Fault, FaultBackend, faults};
    use crate::{Error, ErrorKind, Secret, SecretManager};
    alone(
        "sys::tests::fork::a_fault_whose_locks_are_held_at_the_fork_works_in_the_child",
        || {
            let builder = SecretManager::builder().without_environment().backend("fault");
            let builder = builder.option("cache", "off").option("fault.script", "describe:denied");
            let manager = builder.open_blocking().unwrap();
            let fault: Arc<FaultBackend> = faults().remove(0);
            fault.on(Operation::List).then(Fault::Locked);
            manager.set("k", &Secret::new("v")).unwrap();
            let kind = |outcome: Result<(), Error>| outcome.err().map(|error| error.kind());
            let works = |is_copied: bool| {
                let list = kind(manager.list(crate::ListOptions::new()).map(drop));
                let expected = is_copied.then_some(ErrorKind::Locked);
                let denied = kind(manager.describe("k").map(drop)) == Some(ErrorKind::PermissionDenied);
                fault.wake();
                let hasty = manager.with_timeout(Duration::from_millis(20));
                fault.on(Operation::Get).then(Fault::Hang);
                let hangs = kind(hasty.get("k").map(drop)) == Some(ErrorKind::Timeout);
                faults().len() <= 1 && denied && list == expected && hangs && fault.counters().started == 3
            };
            let child = fork(|| works(true));
            assert!(ended_well(child));

            // A call that hangs and was begun in the parent may be polled and dropped.
            fault.on(Operation::Get).then(Fault::Hang);
            let other = manager.clone().to_async();
            let mut call = Some(Box::pin(other.get("k")));
            let mut task = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(call.as_mut().unwrap().as_mut().poll(&mut task).is_pending());
            let child = fork(|| {
                // Its deadline was a timer of the parent's runtime.
                let outcome = call.as_mut().unwrap().as_mut().poll(&mut task);
                let is_closed =
                    matches!(outcome, std::task::Poll::Ready(Err(error)) if error.kind() == ErrorKind::Closed);
                call = None;
                is_closed && fault.counters().started == 0
            });
            assert!(ended_well(child));
            drop(call);

            // Threads that hold every lock as often as they can.
            let done = AtomicBool::new(false);
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        while !done.load(Ordering::Relaxed) {
                            fault.set_script(crate::testing::Script::new());
                            fault.wake();
                            let _ = (fault.counters(), faults());
                        }
                    });
                }
                let end = Instant::now() + Duration::from_secs(2);
                for _ in 0..100 {
                    let child = fork(|| {
                        // Which of the two scripts it has is chance here.
                        fault.wake();
                        fault.set_script(crate::testing::Script::new());
                        manager.get("k").is_ok() && fault.counters().started == 1 && faults().len() <= 1
                    });
                    assert!(ended_well(child));
                    if Instant::now() > end {
                        break;
                    }
                }
                done.store(true, Ordering::Relaxed);
            });
        },
    );
}
