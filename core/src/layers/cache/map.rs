//! The cache's map: reads under a sharded lock, SIEVE for eviction, limits on count and bytes, an index of expiries.
//!
//! Whatever leaves the map is dropped, and so wiped, after the write lock is released.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::Lookup;
use super::trust::Trust;
use crate::secret::Secret;
use crate::sys::sharded::{Reading, Sharded, Writing};
use crate::sys::stack::StackCopy;

/// What an entry takes besides key and value, roughly.
const OVERHEAD: usize = 256;
const NONE: u32 = u32::MAX;

/// A cached secret.
pub(super) struct Entry {
    pub(super) secret: Secret,
    /// Microseconds since 1970 UTC.
    pub(super) expires_at: Option<i64>,
    /// For how long it is trusted, where no change token says so.
    pub(super) trust: Option<Trust>,
}

struct Slot {
    key: Box<[u8]>,
    entry: Arc<Entry>,
    size: usize,
    /// SIEVE's mark: read since the hand passed last.
    visited: AtomicBool,
    newer: u32,
    older: u32,
}

struct Inner {
    table: HashTable<u32>,
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    newest: u32,
    oldest: u32,
    hand: u32,
    bytes: usize,
    expiries: BTreeSet<(i64, u32)>,
}

/// What became of an entry that was to be put.
pub(super) enum Put {
    Unwanted,
    Kept { former: Option<Arc<Entry>> },
}

/// How large a map is, and how often something was found in it.
pub(super) struct Size {
    pub(super) hits: u64,
    pub(super) entries: usize,
    pub(super) bytes: usize,
}

pub(super) struct Map {
    inner: Sharded<Inner>,
    hasher: RandomState,
    max_entries: usize,
    max_bytes: usize,
}

impl Map {
    pub(super) fn new(max_entries: usize, max_bytes: usize) -> Self {
        Self {
            inner: Sharded::new(Inner::empty()),
            hasher: RandomState::default(),
            max_entries,
            max_bytes,
        }
    }

    fn read(&self) -> Reading<'_, Inner> {
        self.inner.read()
    }

    fn write(&self) -> Writing<'_, Inner> {
        self.inner.write()
    }

    /// Calls the visitor with a current entry's bytes, outside the lock: on a wiped copy on the stack where they fit
    /// into `N`, else on shared ones. A visitor may therefore read again.
    #[inline]
    pub(super) fn visit<const N: usize, R>(
        &self,
        key: &[u8],
        is_current: impl Fn(&Entry) -> Lookup<()>,
        visitor: impl FnOnce(&[u8]) -> R,
    ) -> Lookup<R> {
        let mut copy = StackCopy::<N>::new();
        let shared = {
            let inner = self.read();
            let Some(slot) = inner.find(self.hasher.hash_one(key), key) else {
                return Lookup::Miss;
            };
            match is_current(&slot.entry) {
                Lookup::Hit(()) => {}
                Lookup::Miss => return Lookup::Miss,
                Lookup::Slow => return Lookup::Slow,
            }
            slot.mark();
            inner.count();
            if copy.fill(slot.entry.secret.value.expose()) {
                None
            } else {
                Some(Arc::clone(&slot.entry))
            }
        };
        Lookup::Hit(match shared {
            None => visitor(copy.bytes()),
            Some(entry) => visitor(entry.secret.value.expose()),
        })
    }

    /// Like [`Self::visit`] without the copy, under the lock: only for a visitor of our own that copies the bytes and
    /// does nothing else. One that read again would wait for a writer that waits for it.
    #[inline]
    pub(super) fn copy<R>(
        &self,
        key: &[u8],
        is_current: impl Fn(&Entry) -> Lookup<()>,
        copy: impl FnOnce(&[u8]) -> R,
    ) -> Lookup<R> {
        let inner = self.read();
        let Some(slot) = inner.find(self.hasher.hash_one(key), key) else {
            return Lookup::Miss;
        };
        match is_current(&slot.entry) {
            Lookup::Hit(()) => {}
            Lookup::Miss => return Lookup::Miss,
            Lookup::Slow => return Lookup::Slow,
        }
        slot.mark();
        inner.count();
        Lookup::Hit(copy(slot.entry.secret.value.expose()))
    }

    /// A current entry itself.
    pub(super) fn get(&self, key: &[u8], is_current: impl Fn(&Entry) -> Lookup<()>) -> Lookup<Arc<Entry>> {
        let inner = self.read();
        let Some(slot) = inner.find(self.hasher.hash_one(key), key) else {
            return Lookup::Miss;
        };
        let current = is_current(&slot.entry);
        if current == Lookup::Hit(()) {
            slot.mark();
            inner.count();
        }
        current.map(|()| Arc::clone(&slot.entry))
    }

    /// An entry, whether it is current or not; no hit.
    pub(super) fn peek(&self, key: &[u8]) -> Option<Arc<Entry>> {
        let inner = self.read();
        let slot = inner.find(self.hasher.hash_one(key), key)?;
        Some(Arc::clone(&slot.entry))
    }

    /// The keys of the entries that `wanted` says so of.
    pub(super) fn keys_where(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<Box<[u8]>> {
        let inner = self.read();
        let slots = inner.slots.iter().flatten();
        slots
            .filter(|slot| wanted(&slot.entry))
            .map(|slot| slot.key.clone())
            .collect()
    }

    /// Some number for a key and a time, which nobody outside can foresee.
    pub(super) fn noise(&self, key: &[u8], time: u64) -> u64 {
        self.hasher.hash_one((key, time))
    }

    pub(super) fn size(&self) -> Size {
        let hits = self.inner.counted();
        let inner = self.read();
        Size {
            hits,
            entries: inner.table.len(),
            bytes: inner.bytes,
        }
    }

    /// Whether a secret is small enough to be kept at all.
    pub(super) fn has_room_for(&self, key: &[u8], secret: &Secret) -> bool {
        size_of_entry(key, secret) <= self.max_bytes
    }

    /// Puts an entry that [has room](Self::has_room_for), where `wanted` still says so under the lock.
    pub(super) fn put_if(&self, key: &[u8], entry: Entry, now_micros: i64, wanted: impl FnOnce() -> bool) -> Put {
        let size = size_of_entry(key, &entry.secret);
        let hash = self.hasher.hash_one(key);
        let mut gone = Vec::new();
        let mut inner = self.write();
        if !wanted() {
            return Put::Unwanted;
        }
        let former = inner.take(hash, key).map(|slot| slot.entry);
        inner.take_expired(now_micros, &self.hasher, &mut gone);
        while inner.table.len() >= self.max_entries || inner.bytes + size > self.max_bytes {
            match inner.evict(&self.hasher) {
                Some(slot) => gone.push(slot),
                None => break,
            }
        }
        inner.insert(hash, key, Arc::new(entry), size, &self.hasher);
        drop(inner);
        drop(gone);
        Put::Kept { former }
    }

    /// Takes an entry out.
    pub(super) fn remove(&self, key: &[u8]) -> Option<Arc<Entry>> {
        let hash = self.hasher.hash_one(key);
        let gone = self.write().take(hash, key);
        gone.map(|slot| slot.entry)
    }

    /// Drops an entry that `unwanted` says so of.
    pub(super) fn remove_if(&self, key: &[u8], unwanted: impl Fn(&Entry) -> bool) {
        let hash = self.hasher.hash_one(key);
        let mut inner = self.write();
        let is_unwanted = inner.find(hash, key).is_some_and(|slot| unwanted(&slot.entry));
        let gone = is_unwanted.then(|| inner.take(hash, key));
        drop(inner);
        drop(gone);
    }

    /// Drops what has expired; looks under the read lock first, because mostly there is nothing.
    pub(super) fn drop_expired(&self, now_micros: i64) {
        if self.read().expiries.first().is_none_or(|(at, _)| *at > now_micros) {
            return;
        }
        let mut gone = Vec::new();
        self.write().take_expired(now_micros, &self.hasher, &mut gone);
        drop(gone);
    }

    pub(super) fn clear(&self) {
        // Wiping a full cache takes some 17 ms: the lock is not held for it.
        let gone = std::mem::replace(&mut *self.write(), Inner::empty());
        drop(gone);
    }
}

/// What an entry counts for against the cache's limit of bytes.
fn size_of_entry(key: &[u8], secret: &Secret) -> usize {
    let metadata = &secret.metadata;
    let texts = metadata.labels.iter().flat_map(|(name, value)| [name, value]);
    let texts = texts.chain(&metadata.provider).chain(&metadata.scope_of_use);
    OVERHEAD + key.len() + secret.value.len() + texts.map(String::len).sum::<usize>()
}

impl Slot {
    fn mark(&self) {
        // A store only where it changes something: the line stays shared between the readers' processors.
        if !self.visited.load(Ordering::Relaxed) {
            self.visited.store(true, Ordering::Relaxed);
        }
    }
}

impl Inner {
    fn empty() -> Self {
        Self {
            table: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            newest: NONE,
            oldest: NONE,
            hand: NONE,
            bytes: 0,
            expiries: BTreeSet::new(),
        }
    }

    fn slot(&self, at: u32) -> Option<&Slot> {
        self.slots.get(at as usize).and_then(Option::as_ref)
    }

    fn slot_mut(&mut self, at: u32) -> Option<&mut Slot> {
        self.slots.get_mut(at as usize).and_then(Option::as_mut)
    }

    #[inline]
    fn find(&self, hash: u64, key: &[u8]) -> Option<&Slot> {
        let at = *self
            .table
            .find(hash, |&at| self.slot(at).is_some_and(|slot| *slot.key == *key))?;
        self.slot(at)
    }

    fn take(&mut self, hash: u64, key: &[u8]) -> Option<Slot> {
        let slots = &self.slots;
        let is_it = |&at: &u32| {
            slots
                .get(at as usize)
                .and_then(Option::as_ref)
                .is_some_and(|slot| *slot.key == *key)
        };
        let (at, _) = self.table.find_entry(hash, is_it).ok()?.remove();
        self.unlink(at)
    }

    /// Takes a slot, which is no longer in the table, out of the list and the slab.
    fn unlink(&mut self, at: u32) -> Option<Slot> {
        let slot = self.slots.get_mut(at as usize)?.take()?;
        match self.slot_mut(slot.newer) {
            Some(newer) => newer.older = slot.older,
            None => self.newest = slot.older,
        }
        match self.slot_mut(slot.older) {
            Some(older) => older.newer = slot.newer,
            None => self.oldest = slot.newer,
        }
        if self.hand == at {
            self.hand = slot.newer;
        }
        if let Some(expiry) = slot.entry.expires_at {
            self.expiries.remove(&(expiry, at));
        }
        self.bytes -= slot.size;
        self.free.push(at);
        Some(slot)
    }

    fn insert(&mut self, hash: u64, key: &[u8], entry: Arc<Entry>, size: usize, hasher: &RandomState) {
        let at = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(NONE)
        });
        if let Some(expiry) = entry.expires_at {
            self.expiries.insert((expiry, at));
        }
        let slot = Slot {
            key: key.into(),
            entry,
            size,
            visited: AtomicBool::new(false),
            newer: NONE,
            older: self.newest,
        };
        match self.slot_mut(self.newest) {
            Some(newest) => newest.newer = at,
            None => self.oldest = at,
        }
        self.newest = at;
        self.bytes += size;
        self.slots[at as usize] = Some(slot);
        let slots = &self.slots;
        self.table.insert_unique(hash, at, |&at| {
            slots
                .get(at as usize)
                .and_then(Option::as_ref)
                .map_or(0, |slot| hasher.hash_one(&*slot.key))
        });
    }

    /// SIEVE: the hand moves from the oldest to the newest, spares what was read since it passed, and takes the first
    /// that was not.
    fn evict(&mut self, hasher: &RandomState) -> Option<Slot> {
        let mut at = if self.slot(self.hand).is_some() {
            self.hand
        } else {
            self.oldest
        };
        loop {
            let slot = self.slot(at)?;
            if !slot.visited.swap(false, Ordering::Relaxed) {
                break;
            }
            at = if slot.newer == NONE { self.oldest } else { slot.newer };
        }
        self.hand = at;
        let hash = hasher.hash_one(&*self.slot(at)?.key);
        self.table.find_entry(hash, |&other| other == at).ok()?.remove();
        self.unlink(at)
    }

    fn take_expired(&mut self, now_micros: i64, hasher: &RandomState, gone: &mut Vec<Slot>) {
        while let Some(&(expiry, at)) = self.expiries.first() {
            if expiry > now_micros {
                break;
            }
            let Some(hash) = self.slot(at).map(|slot| hasher.hash_one(&*slot.key)) else {
                break;
            };
            if let Ok(found) = self.table.find_entry(hash, |&other| other == at) {
                found.remove();
            }
            gone.extend(self.unlink(at));
        }
    }
}
