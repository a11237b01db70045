//! A backend that says it is on another machine, and a manager over it that is used by either face.

use std::sync::Arc;
use std::time::{Duration, Instant};

use strongroom::backend::{Backend, Operation, Persistence};
use strongroom::testing::{Fault, FaultBackend, LimitedBackend, age_cache};
use strongroom::{Builder, CallContext, Face, GetOptions, Result, Secret, SecretManager, Settings, blocking};

use super::executor::run;

/// How long an event may take before a test gives it up.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) const FACES: [Face; 2] = [Face::Blocking, Face::Async];

pub(super) struct Remote {
    pub(super) fault: Arc<FaultBackend>,
    pub(super) manager: SecretManager,
    face: Face,
}

/// `inner`, on another machine as it seems, and failing on demand.
pub(super) fn remote_of(inner: Arc<dyn Backend>) -> Arc<FaultBackend> {
    let change = |capabilities: &mut strongroom::backend::Capabilities| capabilities.persistence = Persistence::Remote;
    FaultBackend::new(LimitedBackend::without(inner, change))
}

/// A backend that has its secrets in a file, so that it says where it has them.
pub(super) fn in_file(path: &std::path::Path) -> Arc<dyn Backend> {
    let mut settings = Settings::default();
    let origin = strongroom::Origin::Builder;
    settings.set("file.path", path.to_str().unwrap(), origin).unwrap();
    let cx = CallContext::new(Face::Blocking, PATIENCE);
    strongroom::testing::open_backend("file", "test", &settings, &cx).unwrap()
}

pub(super) fn builder(fault: &Arc<FaultBackend>) -> Builder {
    // A failure is to be seen at once, and by each call.
    let builder = SecretManager::builder().without_environment().option("retries", "0");
    let builder = builder.option("breaker_failures", "1000");
    builder.backend_instance(Arc::clone(fault) as Arc<dyn Backend>)
}

impl Remote {
    pub(super) fn open(face: Face, options: &[(&str, &str)]) -> Self {
        Self::over(face, remote_of(strongroom::testing::memory()), options)
    }

    pub(super) fn over(face: Face, fault: Arc<FaultBackend>, options: &[(&str, &str)]) -> Self {
        let builder = options
            .iter()
            .fold(builder(&fault), |builder, (key, value)| builder.option(key, *value));
        Self::of(face, fault, builder).unwrap()
    }

    pub(super) fn of(face: Face, fault: Arc<FaultBackend>, builder: Builder) -> Result<Self> {
        let manager = run(builder.open())?;
        Ok(Self { fault, manager, face })
    }

    fn blocking(&self) -> blocking::SecretManager {
        blocking::SecretManager::from(self.manager.clone())
    }

    pub(super) fn get(&self, key: &str) -> Result<Option<Secret>> {
        match self.face {
            Face::Async => run(self.manager.get(key)),
            _ => self.blocking().get(key),
        }
    }

    pub(super) fn fresh(&self, key: &str) -> Result<Option<Secret>> {
        let options = GetOptions::new().fresh();
        match self.face {
            Face::Async => run(self.manager.get_with(key, options)),
            _ => self.blocking().get_with(key, options),
        }
    }

    /// The value as text.
    pub(super) fn value(&self, key: &str) -> Option<String> {
        let secret = self.get(key).unwrap()?;
        Some(secret.value.expose_str().unwrap().to_owned())
    }

    /// Whether the fast path has it.
    pub(super) fn is_hit(&self, key: &str) -> bool {
        matches!(self.manager.try_cached(key, <[u8]>::len), strongroom::Lookup::Hit(_))
    }

    pub(super) fn set(&self, key: &str, value: &str) {
        self.blocking().set(key, &Secret::new(value)).unwrap();
    }

    pub(super) fn delete(&self, key: &str) {
        self.blocking().delete(key).unwrap();
    }

    pub(super) fn refresh(&self) {
        match self.face {
            Face::Async => run(self.manager.refresh()),
            _ => self.blocking().refresh(),
        }
        .unwrap();
    }

    pub(super) fn lock(&self) {
        self.blocking().lock().unwrap();
    }

    pub(super) fn close(&self) {
        self.blocking().close().unwrap();
    }

    pub(super) fn age(&self, seconds: u64) {
        age_cache(&self.manager, Duration::from_secs(seconds));
    }

    /// Someone else writes.
    pub(super) fn set_elsewhere(&self, key: &str, value: &str) {
        let other = builder(&self.fault).option("cache", "off").open_blocking().unwrap();
        other.set(key, &Secret::new(value)).unwrap();
    }

    /// Someone else deletes.
    pub(super) fn delete_elsewhere(&self, key: &str) {
        let other = builder(&self.fault).option("cache", "off").open_blocking().unwrap();
        other.delete(key).unwrap();
    }

    /// Every call fails so from now on.
    pub(super) fn fail(&self, fault: Fault) {
        self.fault.set_script(strongroom::testing::Script::new());
        self.fault.on_any().then(fault);
    }

    pub(super) fn heal(&self) {
        self.fault.set_script(strongroom::testing::Script::new());
    }

    /// The reads fail so from now on.
    pub(super) fn fail_reads(&self, fault: &Fault) {
        self.heal();
        self.fault.on(Operation::Get).then(fault.clone());
        self.fault.on(Operation::GetMany).then(fault.clone());
    }

    /// How many calls the backend has had.
    pub(super) fn calls(&self) -> u64 {
        self.fault.counters().started
    }

    pub(super) fn number(&self, name: &str) -> u64 {
        self.manager.metrics().get(name).unwrap()
    }
}

/// Repeats until the event is there; fails loudly when it never comes.
pub(super) fn await_event(what: &str, mut is_there: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_there() {
        assert!(Instant::now() < end, "{what} did not come");
        std::thread::yield_now();
    }
}
