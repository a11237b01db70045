//! What a chain makes of its members' answers.

mod explain;
mod listing;
mod opening;
mod reads;
mod tokens;
mod whole;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use super::Chain;
use crate::SecretManager;
use crate::backend::{Backend, Operation, SetRequest};
use crate::backends::fault::{Fault, FaultBackend};
use crate::backends::memory::MemoryBackend;
use crate::blocking;
use crate::context::{CallContext, Face};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::park::block_on;
use crate::secret::Secret;

/// The kinds that a read may pass over where it is allowed to.
const OUT_OF_REACH: [ErrorKind; 3] = [ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::RateLimited];

/// Kinds of every other class that stop a chain in any case.
const STOPS: [ErrorKind; 10] = [
    ErrorKind::Locked,
    ErrorKind::PermissionDenied,
    ErrorKind::Unauthenticated,
    ErrorKind::PolicyDenied,
    ErrorKind::Integrity,
    ErrorKind::WrongKey,
    ErrorKind::KeyMissing,
    ErrorKind::Ambiguous,
    ErrorKind::Cancelled,
    ErrorKind::Internal,
];

/// Three memories, each under a script, and the chain of them.
struct Three {
    members: [Arc<FaultBackend>; 3],
    chain: Arc<dyn Backend>,
}

impl Three {
    fn new(writer: Option<usize>, allow_unavailable: bool) -> Self {
        let members = [(); 3].map(|()| FaultBackend::new(Arc::new(MemoryBackend::new())));
        let chain = Chain::new(
            members.clone().map(|member| member as _).into(),
            writer,
            allow_unavailable,
        );
        Self {
            members,
            chain: Arc::new(chain),
        }
    }

    /// Lets the calls of one member fail.
    fn fail(&self, at: usize, operation: Operation, kind: ErrorKind) {
        self.members[at].set_script(crate::backends::fault::Script::new());
        self.members[at].on(operation).then(Fault::Fail(kind));
    }

    /// Puts a secret into a member, past the chain.
    fn put(&self, at: usize, key: &str, secret: &Secret) {
        put(&*self.members[at], key, secret);
    }

    /// How often each member has been called.
    fn calls(&self) -> [u64; 3] {
        [0, 1, 2].map(|at| self.members[at].counters().started)
    }

    fn manager(&self) -> blocking::SecretManager {
        let builder = SecretManager::builder().without_environment().option("cache", "off");
        builder
            .backend_instance(Arc::clone(&self.chain))
            .open_blocking()
            .unwrap()
    }
}

fn put(backend: &dyn Backend, key: &str, secret: &Secret) {
    let key = SecretKey::parse(key).unwrap();
    block_on(backend.set(&cx(), SetRequest::new(&key, secret))).unwrap();
}

fn cx() -> CallContext {
    CallContext::new(Face::Blocking, Duration::from_secs(10))
}

fn text(secret: Option<Secret>) -> Option<String> {
    secret.map(|secret| secret.value.expose_str().unwrap().to_owned())
}

/// The error of a call that must fail so, on account of a member of the chain.
#[track_caller]
fn fails<T>(outcome: Result<T>, kind: ErrorKind) -> Error {
    let error = outcome.err().expect("the call fails");
    assert_eq!(error.kind(), kind, "{error}");
    error
}
