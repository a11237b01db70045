//! What the behaviour suite cannot see through a manager: tokens, steps, and futures that are ready at once.

use std::future::Future;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::MemoryBackend;
use crate::backend::{Backend, ChangeStep, DeleteRequest, GetRequest, IfVersion, SetManyRequest, SetRequest};
use crate::context::{CallContext, Face};
use crate::error::ErrorKind;
use crate::key::SecretKey;
use crate::secret::{Secret, Version};

fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the memory was not ready at the first poll"),
    }
}

fn cx() -> CallContext {
    CallContext::new(Face::Blocking, Duration::from_secs(10))
}

#[test]
fn every_write_tells_the_step_of_the_token_and_a_refused_one_leaves_it() {
    let (memory, cx, key) = (MemoryBackend::new(), cx(), SecretKey::new("A"));
    let secret = Secret::new("a");
    let before = memory.change_token();
    let set = now(memory.set(&cx, SetRequest::new(&key, &secret))).unwrap();
    assert_eq!(
        set.step,
        ChangeStep {
            before,
            after: memory.change_token()
        }
    );
    assert_ne!(before, memory.change_token());

    let before = memory.change_token();
    let refused = now(memory.set(&cx, SetRequest::new(&key, &secret).when(IfVersion::Absent)));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(before, memory.change_token());

    let step = now(memory.delete(&cx, DeleteRequest::new(&key))).unwrap();
    assert_eq!(
        step,
        ChangeStep {
            before,
            after: memory.change_token()
        }
    );
    assert_ne!(MemoryBackend::new().change_token(), MemoryBackend::new().change_token());
}

#[test]
fn a_batch_with_one_bad_entry_writes_nothing() {
    let (memory, cx) = (MemoryBackend::new(), cx());
    let (a, b) = (SecretKey::new("A"), SecretKey::new("B"));
    let twice = [
        (a.clone(), Secret::new("1")),
        (b.clone(), Secret::new("2")),
        (a.clone(), Secret::new("3")),
    ];
    let error = now(memory.set_many(&cx, SetManyRequest::new(&twice))).unwrap_err();
    assert_eq!(
        (error.kind(), error.key()),
        (ErrorKind::InvalidArgument, Some("global/A"))
    );
    let large = [
        (a.clone(), Secret::new("1")),
        (b.clone(), Secret::new(vec![0; (8 << 20) + 1])),
    ];
    let error = now(memory.set_many(&cx, SetManyRequest::new(&large))).unwrap_err();
    assert_eq!((error.kind(), error.key()), (ErrorKind::TooLarge, Some("global/B")));
    assert!(now(memory.get(&cx, GetRequest::new(&a))).unwrap().is_none());
}

#[test]
fn a_version_is_known_by_its_word() {
    let (memory, cx, key) = (MemoryBackend::new(), cx(), SecretKey::new("A"));
    now(memory.set(&cx, SetRequest::new(&key, &Secret::new("a")))).unwrap();
    let read = |word: &str| now(memory.get(&cx, GetRequest::version(&key, &Version::from_word(word)))).unwrap();
    assert!(read("1").is_some());
    assert!(read("01").is_none() && read("2").is_none() && read("x").is_none());
}

#[test]
fn after_close_every_method_answers_closed_and_close_itself_works_again() {
    let (memory, cx, key) = (MemoryBackend::new(), cx(), SecretKey::new("A"));
    now(memory.close(&cx)).unwrap();
    now(memory.close(&cx)).unwrap();
    assert_eq!(
        now(memory.get(&cx, GetRequest::new(&key))).unwrap_err().kind(),
        ErrorKind::Closed
    );
    assert_eq!(now(memory.health(&cx)).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(
        now(memory.set_many(&cx, SetManyRequest::new(&[]))).unwrap_err().kind(),
        ErrorKind::Closed
    );
    let error = now(memory.set(&cx, SetRequest::new(&key, &Secret::new("a")))).unwrap_err();
    assert_eq!((error.kind(), error.backend()), (ErrorKind::Closed, Some("memory")));
}

#[test]
fn a_removal_depends_on_its_condition() {
    let (memory, cx, key) = (MemoryBackend::new(), cx(), SecretKey::new("A"));
    let delete = |condition| now(memory.delete(&cx, DeleteRequest::new(&key).when(condition)));
    let first = Version::from_number(1);
    let missing = delete(IfVersion::Is(&first)).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    let secret = Secret::new("a");
    let mut versions = Vec::new();
    for _ in 0..2 {
        let written = now(memory.set(&cx, SetRequest::new(&key, &secret))).unwrap();
        versions.extend(written.version);
    }
    for stale in [IfVersion::Is(&versions[0]), IfVersion::Absent] {
        assert_eq!(delete(stale).unwrap_err().kind(), ErrorKind::Conflict);
    }
    assert!(now(memory.get(&cx, GetRequest::new(&key))).unwrap().is_some());
    delete(IfVersion::Is(&versions[1])).unwrap();
    assert!(now(memory.get(&cx, GetRequest::new(&key))).unwrap().is_none());
}
