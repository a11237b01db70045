//! A blocking call that the cache does not answer, beside the bare waiting for the same future: what keys, context,
//! layers and our own `block_on` cost.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

mod support;

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use strongroom::backend::{Backend, BoxFuture, Capabilities, GetRequest, Health, Persistence};
use strongroom::blocking::SecretManager;
use strongroom::{CallContext, Face, Result, Secret, SecretKey};

use support::stores::VALUE;
use support::{Report, Target, in_turns};

const BATCHES: usize = 300;
const OPERATIONS: u32 = 1000;

/// A backend that answers after some turns of the executor, as one that waits for someone does.
#[derive(Debug)]
struct Yielding {
    turns: u32,
    remote: bool,
    capabilities: Capabilities,
}

struct Turns(u32);

impl Future for Turns {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        task.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Backend for Yielding {
    fn name(&self) -> &'static str {
        "yielding"
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn needs_runtime(&self) -> bool {
        self.remote
    }

    fn get<'a>(&'a self, _cx: &'a CallContext, _req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        Box::pin(async move {
            Turns(self.turns).await;
            Ok(Some(Secret::new(VALUE)))
        })
    }

    fn health<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        unreachable!("nobody asks")
    }

    fn lock<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn close<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

struct Unpark {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// The least that waits for a future: ten lines, no deadline.
fn bare_block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let unpark = Arc::new(Unpark {
        thread: std::thread::current(),
        woken: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&unpark));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        while !unpark.woken.swap(false, Ordering::Acquire) {
            std::thread::park();
        }
    }
}

fn manager(backend: Arc<dyn Backend>) -> SecretManager {
    SecretManager::builder()
        .app("bench")
        .without_environment()
        .backend_instance(backend)
        .option("cache", "off")
        .open_blocking()
        .unwrap()
}

fn main() {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut report = Report::new("blocking");
    let key = SecretKey::parse("org/acme/api_key").unwrap();
    for (turns, remote) in [(0, false), (1, false), (3, false), (1, true)] {
        let backend: Arc<dyn Backend> = Arc::new(Yielding {
            turns,
            remote,
            capabilities: Capabilities::minimal(Persistence::Process, 1 << 20),
        });
        let manager = manager(Arc::clone(&backend));
        let cx = CallContext::new(Face::Blocking, Duration::from_secs(10));
        let ours = |n: u32| {
            for _ in 0..n {
                black_box(manager.get(black_box(&key)).unwrap());
            }
        };
        let place = if remote { "remote" } else { "local" };
        let by_hand = in_turns(
            BATCHES,
            OPERATIONS,
            |n| {
                for _ in 0..n {
                    black_box(bare_block_on(backend.get(&cx, GetRequest::new(black_box(&key)))).unwrap());
                }
            },
            ours,
        );
        let target = if turns == 0 {
            Target::None
        } else {
            Target::Above(1000.0)
        };
        report.pair(
            &format!("blocking get, {place}, {turns} waits, over a bare block_on"),
            by_hand,
            target,
        );
        let by_tokio = in_turns(
            BATCHES,
            OPERATIONS,
            |n| {
                for _ in 0..n {
                    black_box(
                        tokio
                            .block_on(backend.get(&cx, GetRequest::new(black_box(&key))))
                            .unwrap(),
                    );
                }
            },
            ours,
        );
        report.pair(
            &format!("blocking get, {place}, {turns} waits, over tokio's block_on"),
            by_tokio,
            target,
        );
    }
    let backend: Arc<dyn Backend> = Arc::new(Yielding {
        turns: 1,
        remote: false,
        capabilities: Capabilities::minimal(Persistence::Process, 1 << 20),
    });
    let manager = manager(backend);
    let text = in_turns(
        BATCHES,
        OPERATIONS,
        |n| (0..n).for_each(|_| drop(black_box(manager.get(black_box(&key)).unwrap()))),
        |n| (0..n).for_each(|_| drop(black_box(manager.get(black_box("org/acme/api_key")).unwrap()))),
    );
    report.pair("the key given as text, beside a SecretKey", text, Target::None);
}
