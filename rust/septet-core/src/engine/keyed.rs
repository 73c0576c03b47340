//! 128-bit keys for what is looked up by octets: small, of one size, and a collision is out of reach.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher};

use super::ledger::{Handle, IdMap};

/// Hashes parts that are kept apart; the seed makes the keys of this process its own.
pub(super) fn key(seed: u64, parts: &[&[u8]]) -> u128 {
    let half = |salt: u64| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(seed ^ salt);
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
        hasher.finish()
    };
    u128::from(half(0)) << 64 | u128::from(half(0xA5A5_5A5A_C3C3_3C3C))
}

/// Who has opted out of which number.
#[derive(Default)]
pub(super) struct Consent {
    seed: u64,
    out: HashSet<u128>,
}

impl Consent {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, out: HashSet::new() }
    }

    /// Both addresses as digits.
    pub(super) fn is_out(&self, number: &[u8], contact: &[u8]) -> bool {
        !self.out.is_empty() && self.out.contains(&key(self.seed, &[number, contact]))
    }

    /// Gives whether anything changed.
    pub(super) fn set(&mut self, number: &[u8], contact: &[u8], out: bool) -> bool {
        let key = key(self.seed, &[number, contact]);
        if out { self.out.insert(key) } else { self.out.remove(&key) }
    }
}

/// From a carrier's message id to what it belongs to.
pub(super) struct Correlation {
    seed: u64,
    /// Of each carrier, the message centre that gives the ids.
    centres: Vec<u16>,
    sent: IdMap<(Handle, u8)>,
    held: IdMap<Vec<Handle>>,
}

impl Correlation {
    pub(super) fn new(seed: u64, centres: Vec<u16>) -> Self {
        Self { seed, centres, sent: IdMap::default(), held: IdMap::default() }
    }

    /// The id in the form in which the carrier's responses and receipts agree; with the contact where others share it.
    pub(super) fn key(&self, carrier: u16, carrier_id: &[u8], contact: &[u8]) -> u128 {
        let centre = self.centres.get(carrier as usize).copied().unwrap_or(carrier);
        key(self.seed, &[&centre.to_le_bytes(), carrier_id, contact])
    }

    pub(super) fn insert(&mut self, key: u128, handle: Handle, part: u8) {
        self.sent.insert(key, (handle, part));
    }

    pub(super) fn find(&self, key: u128) -> Option<(Handle, u8)> {
        self.sent.get(&key).copied()
    }

    /// Forgets a key, unless another message has taken it since.
    pub(super) fn remove(&mut self, key: u128, handle: Handle) {
        if self.sent.get(&key).is_some_and(|(h, _)| *h == handle) {
            self.sent.remove(&key);
        }
    }

    pub(super) fn hold(&mut self, key: u128, handle: Handle) {
        self.held.entry(key).or_default().push(handle);
    }

    /// Receipts that wait for this id, oldest first.
    pub(super) fn held(&self, key: u128) -> &[Handle] {
        self.held.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Gives up one of them.
    pub(super) fn drop_held(&mut self, key: u128, handle: Handle) {
        if let Some(held) = self.held.get_mut(&key) {
            held.retain(|other| *other != handle);
            if held.is_empty() {
                self.held.remove(&key);
            }
        }
    }

    pub(super) fn release(&mut self, key: u128) -> Vec<Handle> {
        if self.held.is_empty() { Vec::new() } else { self.held.remove(&key).unwrap_or_default() }
    }
}
