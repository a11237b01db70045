//! The change token of a chain: that of all members together.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Chain;
use crate::backend::{ChangeStep, ChangeToken};

/// Tokens of members, in their order, on their way to become one.
struct Mixer([DefaultHasher; 4]);

impl Mixer {
    fn new() -> Self {
        // Four words of 64 bits, each of a hash that begins differently.
        Self([0_u64, 1, 2, 3].map(|word| {
            let mut hasher = DefaultHasher::new();
            word.hash(&mut hasher);
            hasher
        }))
    }

    fn add(&mut self, token: ChangeToken) {
        for hasher in &mut self.0 {
            token.hash(hasher);
        }
    }

    fn end(self) -> ChangeToken {
        ChangeToken(self.0.map(|hasher| hasher.finish()))
    }
}

impl Chain {
    /// The members' tokens as one; `None` where a member has never had one: then time decides for all.
    pub(super) fn token(&self) -> Option<ChangeToken> {
        let mut mixer = Mixer::new();
        for at in 0..self.members.len() {
            mixer.add(self.token_of(at)?);
        }
        Some(mixer.end())
    }

    /// The chain's step of a write that the writer told as `step`. The others' tokens are looked at once and stand on
    /// both sides: what changes in them before or after that look differs from the cache's token at its next comparison.
    pub(super) fn step(&self, step: ChangeStep) -> ChangeStep {
        let (Some(found), Some(left)) = (step.before, step.after) else {
            return ChangeStep::default();
        };
        let (mut before, mut after) = (Mixer::new(), Mixer::new());
        for at in 0..self.members.len() {
            let (old, new) = if Some(at) == self.writer {
                (found, left)
            } else {
                let Some(token) = self.token_of(at) else {
                    return ChangeStep::default();
                };
                (token, token)
            };
            before.add(old);
            after.add(new);
        }
        ChangeStep::new(before.end(), after.end())
    }

    /// A member's token. One that has none just now, as a store that is locked, has one that never comes again: what
    /// was read meanwhile is not trusted beyond the next comparison, instead of for as long as without tokens.
    fn token_of(&self, at: usize) -> Option<ChangeToken> {
        static NEVER_AGAIN: AtomicU64 = AtomicU64::new(0);
        let token = self.members[at].change_token();
        match token {
            None if self.has_token[at] => {
                let number = NEVER_AGAIN.fetch_add(1, Ordering::Relaxed);
                Some(ChangeToken([u64::MAX, u64::MAX, u64::MAX, number]))
            }
            token => token,
        }
    }
}
