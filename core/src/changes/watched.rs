//! What is known about what subscribers wait for: which changes are our own, and how the secrets that they name were.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::{Change, ChangeKind};
use crate::backend::{ChangeStep, ChangeToken};
use crate::key::SecretKey;
use crate::secret::SecretMetadata;

/// How many steps of our own writes wait for the one before them. Beyond that one of them counts as someone else's.
const MOST_STEPS: usize = 256;

/// The shortest pause between two looks, whatever a subscriber asks for.
const SHORTEST: Duration = Duration::from_millis(5);

#[derive(Default)]
pub(super) struct Watched {
    subscribers: Vec<Subscriber>,
    known: BTreeMap<SecretKey, Known>,
    /// The change token up to which everything was told.
    seen: Option<ChangeToken>,
    /// Steps of our own writes that do not follow on `seen` yet.
    steps: Vec<ChangeStep>,
    /// Something moved, and not every secret that is named could be looked at since.
    is_owing: bool,
    /// Who looks at present, by number.
    looker: Option<u64>,
    lookers: u64,
}

struct Subscriber {
    /// Gone with the subscriber.
    alive: Weak<()>,
    keys: Vec<SecretKey>,
    every: Option<Duration>,
}

/// A secret that someone watches by name.
#[derive(Default)]
struct Known {
    how: How,
    /// How many changes of it were told, so that a look that one of them overtook counts for nothing.
    told: u64,
}

/// How a secret was last.
#[derive(Default)]
enum How {
    /// Nobody knows: the first look tells nothing.
    #[default]
    Unseen,
    /// As a look found it.
    Found(Option<SecretMetadata>),
    /// As it was told, by whoever wrote or read it.
    Told(Change),
}

/// What a look at a secret is compared with.
pub(super) struct Ticket(u64);

impl Watched {
    /// A subscriber comes; the token is the backend's now.
    pub(super) fn add(
        &mut self,
        alive: &Arc<()>,
        keys: &[SecretKey],
        every: Option<Duration>,
        token: Option<ChangeToken>,
    ) {
        self.forget_gone();
        if self.subscribers.is_empty() {
            (self.seen, self.steps, self.is_owing) = (token, Vec::new(), false);
        }
        for key in keys {
            self.known.entry(key.clone()).or_default();
        }
        self.subscribers.push(Subscriber {
            alive: Arc::downgrade(alive),
            keys: keys.to_vec(),
            every,
        });
    }

    fn forget_gone(&mut self) {
        let before = self.subscribers.len();
        self.subscribers
            .retain(|subscriber| subscriber.alive.strong_count() > 0);
        if self.subscribers.len() < before {
            let named = self.subscribers.iter().flat_map(|subscriber| &subscriber.keys);
            let named: BTreeSet<&SecretKey> = named.collect();
            self.known.retain(|key, _| named.contains(key));
        }
    }

    /// How long to wait until the next look, where pauses are so long by default; `None` where there is nothing to look
    /// for. Without a change token only secrets that are named can be looked at.
    pub(super) fn pause(&mut self, has_token: bool, usual: Duration) -> Option<Duration> {
        self.forget_gone();
        let looked_for = self
            .subscribers
            .iter()
            .filter(|subscriber| has_token || !subscriber.keys.is_empty());
        let pauses = looked_for.map(|subscriber| subscriber.every.unwrap_or(usual));
        pauses.min().map(|pause| pause.max(SHORTEST))
    }

    /// Whether someone looks.
    pub(super) fn has_looker(&self) -> bool {
        self.looker.is_some()
    }

    /// The number of whoever looks from now on; `None` where someone does already.
    pub(super) fn begin_looking(&mut self) -> Option<u64> {
        if self.looker.is_some() {
            return None;
        }
        self.lookers += 1;
        self.looker = Some(self.lookers);
        self.looker
    }

    pub(super) fn end_looking(&mut self, looker: u64) {
        if self.looker == Some(looker) {
            self.looker = None;
        }
    }

    pub(super) fn told(&mut self, change: &Change) {
        if let Some(known) = change.key.as_ref().and_then(|key| self.known.get_mut(key)) {
            known.told += 1;
            known.how = How::Told(change.clone());
        }
    }

    pub(super) fn stepped(&mut self, step: ChangeStep) {
        if self.subscribers.is_empty() || step.before.is_none() || self.steps.contains(&step) {
            return;
        }
        if self.steps.len() == MOST_STEPS {
            self.steps.remove(0);
        }
        self.steps.push(step);
        self.follow();
    }

    /// Follows our own steps from what was seen last.
    fn follow(&mut self) {
        while let Some(at) = self.steps.iter().position(|step| step.before == self.seen) {
            self.seen = self.steps.swap_remove(at).after;
        }
    }

    /// Whether someone else has changed something since the last time, the token being this one now.
    pub(super) fn has_moved(&mut self, now: ChangeToken) -> bool {
        self.follow();
        self.seen != Some(now)
    }

    /// Everything up to this token is being told.
    pub(super) fn saw(&mut self, now: ChangeToken) {
        self.seen = Some(now);
        self.steps.clear();
    }

    /// Whether secrets that are named are still to be looked at because something moved.
    pub(super) fn is_owing(&self) -> bool {
        self.is_owing
    }

    /// Whether a look that a move had made necessary left any secret out.
    pub(super) fn owe(&mut self, is_owing: bool) {
        self.is_owing = is_owing;
    }

    /// The secrets that are watched by name.
    pub(super) fn keys(&self) -> Vec<SecretKey> {
        self.known.keys().cloned().collect()
    }

    /// A look at a secret begins; `None` where nobody watches it any more.
    pub(super) fn begin_look(&self, key: &SecretKey) -> Option<Ticket> {
        self.known.get(key).map(|known| Ticket(known.told))
    }

    /// What a look at a secret tells, where it tells anything: what is new since the last look, or that nobody knows,
    /// where something `moved` and the backend tells nothing that would differ.
    pub(super) fn end_look(
        &mut self,
        key: &SecretKey,
        ticket: &Ticket,
        found: Option<SecretMetadata>,
        moved: bool,
    ) -> Option<Change> {
        let known = self.known.get_mut(key).filter(|known| known.told == ticket.0)?;
        let is_same = match &known.how {
            How::Unseen => true,
            How::Found(former) => *former == found,
            How::Told(change) => match (&found, change.kind) {
                (None, kind) => kind == ChangeKind::Deleted,
                (Some(metadata), ChangeKind::Set) => change.version.is_none() || change.version == metadata.version,
                (Some(_), _) => false,
            },
        };
        let says_nothing = |metadata: &SecretMetadata| metadata.version.is_none() && metadata.updated_at.is_none();
        let change = match &found {
            _ if !is_same => Some(match &found {
                Some(metadata) => Change::of(ChangeKind::Set, key, metadata.version.clone()),
                None => Change::of(ChangeKind::Deleted, key, None),
            }),
            Some(metadata) if moved && says_nothing(metadata) => Some(Change::of(ChangeKind::Unknown, key, None)),
            _ => None,
        };
        known.how = How::Found(found);
        change
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Version;

    fn token(number: u64) -> ChangeToken {
        ChangeToken::from_words([number, 0, 0, 0])
    }

    fn step(from: u64, to: u64) -> ChangeStep {
        ChangeStep::new(token(from), token(to))
    }

    fn watched(keys: &[SecretKey]) -> (Watched, Arc<()>) {
        let (mut watched, alive) = (Watched::default(), Arc::new(()));
        watched.add(&alive, keys, None, Some(token(1)));
        (watched, alive)
    }

    fn found(version: u64) -> Option<SecretMetadata> {
        let mut metadata = SecretMetadata::new();
        metadata.version = Some(Version::from_number(version));
        Some(metadata)
    }

    #[test]
    fn our_own_steps_are_nobody_elses_in_whatever_order_they_are_told() {
        let (mut watched, _alive) = watched(&[]);
        assert!(!watched.has_moved(token(1)));
        for (from, to) in [(3, 4), (2, 3), (1, 2)] {
            watched.stepped(step(from, to));
        }
        assert!(!watched.has_moved(token(4)));
        // Someone else's step between two of ours.
        watched.stepped(step(5, 6));
        assert!(watched.has_moved(token(6)));
        watched.saw(token(6));
        assert!(!watched.has_moved(token(6)));
        watched.stepped(step(6, 7));
        assert!(!watched.has_moved(token(7)) && watched.has_moved(token(6)));
    }

    #[test]
    fn a_look_tells_what_is_new_and_nothing_that_was_told() {
        let key = SecretKey::new("K");
        let (mut watched, _alive) = watched(std::slice::from_ref(&key));
        let look = |watched: &mut Watched, metadata| {
            let ticket = watched.begin_look(&key).unwrap();
            watched
                .end_look(&key, &ticket, metadata, true)
                .map(|change| change.kind)
        };
        assert_eq!(look(&mut watched, found(1)), None, "the first look knows nothing older");
        assert_eq!(look(&mut watched, found(1)), None);
        assert_eq!(look(&mut watched, found(2)), Some(ChangeKind::Set));
        assert_eq!(look(&mut watched, None), Some(ChangeKind::Deleted));
        watched.told(&Change::of(ChangeKind::Set, &key, Some(Version::from_number(3))));
        assert_eq!(look(&mut watched, found(3)), None, "it was told");
        watched.told(&Change::of(ChangeKind::Set, &key, Some(Version::from_number(4))));
        assert_eq!(
            look(&mut watched, found(5)),
            Some(ChangeKind::Set),
            "someone wrote after us"
        );
        watched.told(&Change::of(ChangeKind::Deleted, &key, None));
        assert_eq!(look(&mut watched, found(6)), Some(ChangeKind::Set));
        let bare = Some(SecretMetadata::new());
        assert_eq!(look(&mut watched, bare.clone()), Some(ChangeKind::Set));
        assert_eq!(look(&mut watched, bare), Some(ChangeKind::Unknown));
        // A write that overtook a look.
        let ticket = watched.begin_look(&key).unwrap();
        watched.told(&Change::of(ChangeKind::Set, &key, Some(Version::from_number(8))));
        assert!(watched.end_look(&key, &ticket, found(7), true).is_none());
        assert_eq!(look(&mut watched, found(8)), None);
    }

    #[test]
    fn whoever_left_is_not_looked_for() {
        let minute = Duration::from_secs(60);
        let (mut watched, alive) = watched(&[]);
        assert_eq!(watched.pause(true, minute), Some(minute));
        assert_eq!(
            watched.pause(false, minute),
            None,
            "nothing is named, and there is no token"
        );
        let named = Arc::new(());
        watched.add(&named, &[SecretKey::new("K")], Some(Duration::ZERO), None);
        assert_eq!(watched.pause(false, minute), Some(SHORTEST));
        assert_eq!(watched.keys().len(), 1);
        drop(named);
        assert_eq!(watched.pause(true, minute), Some(minute));
        assert!(watched.keys().is_empty());
        drop(alive);
        assert_eq!(watched.pause(true, minute), None);
    }

    #[test]
    fn one_looks_at_a_time() {
        let mut watched = Watched::default();
        let first = watched.begin_looking().unwrap();
        assert_eq!(watched.begin_looking(), None);
        watched.end_looking(first);
        let second = watched.begin_looking().unwrap();
        watched.end_looking(first);
        assert_eq!(watched.begin_looking(), None, "the second still looks");
        watched.end_looking(second);
    }
}
