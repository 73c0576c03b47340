//! What waits for a carrier: one shard a link, four priorities in each, first in first out.
//!
//! A pair of account and destination always takes the same shard, so its order is kept while its link is healthy.

use std::collections::VecDeque;

use super::ledger::Handle;

const PRIORITIES: usize = 4;

/// The priorities, and above them all what is about to be written; see `hold`.
#[derive(Default)]
struct Shard([VecDeque<Handle>; PRIORITIES + 1]);

impl Shard {
    fn front(&self) -> Option<Handle> {
        self.0.iter().rev().find_map(|q| q.front().copied())
    }

    fn pop(&mut self) -> Option<Handle> {
        self.0.iter_mut().rev().find_map(VecDeque::pop_front)
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(VecDeque::is_empty)
    }
}

/// The queue of a carrier.
pub(super) struct Queue {
    shards: Vec<Shard>,
    /// Messages that wait here or for a retry: those not wholly written or answered.
    pub(super) depth: usize,
}

impl Queue {
    pub(super) fn new(links: u16) -> Self {
        let mut shards = Vec::new();
        shards.resize_with(links.max(1) as usize, Shard::default);
        Self { shards, depth: 0 }
    }

    fn shard(&mut self, pair: u64) -> &mut Shard {
        let count = self.shards.len() as u64;
        &mut self.shards[(pair % count) as usize]
    }

    pub(super) fn push(&mut self, pair: u64, priority: u8, handle: Handle) {
        self.shard(pair).0[(priority as usize).min(PRIORITIES - 1)].push_back(handle);
    }

    /// Back to where it came from: before all that came after it.
    pub(super) fn push_front(&mut self, pair: u64, priority: u8, handle: Handle) {
        self.shard(pair).0[(priority as usize).min(PRIORITIES - 1)].push_front(handle);
    }

    /// Before everything else: its turn had come already.
    pub(super) fn push_armed(&mut self, pair: u64, handle: Handle) {
        self.shard(pair).0[PRIORITIES].push_back(handle);
    }

    /// How many of those wait.
    pub(super) fn armed(&self) -> usize {
        self.shards.iter().map(|shard| shard.0[PRIORITIES].len()).sum()
    }

    /// The next for this link, from its own shard or from one whose link is down.
    pub(super) fn front(&self, link: u16, up: impl Fn(u16) -> bool) -> Option<(usize, Handle)> {
        let own = link as usize % self.shards.len();
        let mut others = (0..self.shards.len()).filter(|i| *i != own && !up(*i as u16));
        let first = self.shards[own].front().map(|h| (own, h));
        first.or_else(|| others.find_map(|i| self.shards[i].front().map(|h| (i, h))))
    }

    pub(super) fn pop(&mut self, shard: usize) -> Option<Handle> {
        self.shards[shard].pop()
    }

    /// Whether nothing is ready to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.shards.iter().all(Shard::is_empty)
    }

    /// Takes everything out, in order within each shard.
    pub(super) fn drain(&mut self) -> Vec<Handle> {
        let mut all = Vec::new();
        for shard in &mut self.shards {
            while let Some(handle) = shard.pop() {
                all.push(handle);
            }
        }
        all
    }
}
