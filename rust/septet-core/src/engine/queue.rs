//! What waits for a carrier: one shard a link, four priorities in each, first in first out.
//!
//! A pair of account and destination always takes the same shard, so its order is kept while its link is healthy.

use std::collections::VecDeque;

use super::ledger::Handle;

const PRIORITIES: usize = 4;

/// What waits in one shard with one priority.
#[derive(Default)]
struct Line {
    handles: VecDeque<Handle>,
    /// So many from the front are in memory, or have been asked for.
    warm: usize,
    /// The next that is to go to another carrier, while the carrier is down.
    moving: Option<usize>,
}

impl Line {
    fn pop(&mut self) -> Option<Handle> {
        let handle = self.handles.pop_front()?;
        self.warm = self.warm.saturating_sub(1);
        self.moving = self.moving.map(|at| at.saturating_sub(1));
        Some(handle)
    }

    fn push_front(&mut self, handle: Handle) {
        self.handles.push_front(handle);
        self.warm += 1;
        self.moving = self.moving.map(|at| at + 1);
    }
}

/// The priorities, and above them all what is about to be written; see `hold`.
#[derive(Default)]
struct Shard([Line; PRIORITIES + 1]);

impl Shard {
    fn front(&self) -> Option<Handle> {
        self.0.iter().rev().find_map(|line| line.handles.front().copied())
    }

    fn pop(&mut self) -> Option<Handle> {
        self.0.iter_mut().rev().find_map(Line::pop)
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|line| line.handles.is_empty())
    }
}

/// The queue of a carrier.
pub(super) struct Queue {
    shards: Vec<Shard>,
    /// Messages that wait here or for a retry: those not wholly written or answered.
    pub(super) depth: usize,
    /// How many of them are cold.
    pub(super) cold: usize,
    /// A line keeps no more than these in memory.
    hot: usize,
}

impl Queue {
    pub(super) fn new(links: u16, hot: usize) -> Self {
        let links = links.max(1) as usize;
        let mut shards = Vec::new();
        shards.resize_with(links, Shard::default);
        Self { shards, depth: 0, cold: 0, hot: (hot / links).max(1) }
    }

    fn line(&mut self, pair: u64, priority: usize) -> &mut Line {
        let count = self.shards.len() as u64;
        &mut self.shards[(pair % count) as usize].0[priority]
    }

    /// At the end of its line. True if the line is long: it may be frozen there.
    pub(super) fn push(&mut self, pair: u64, priority: u8, handle: Handle) -> bool {
        let hot = self.hot;
        let handles = &mut self.line(pair, (priority as usize).min(PRIORITIES - 1)).handles;
        handles.push_back(handle);
        handles.len() > hot
    }

    /// Back to where it came from: before all that came after it.
    pub(super) fn push_front(&mut self, pair: u64, priority: u8, handle: Handle) {
        self.line(pair, (priority as usize).min(PRIORITIES - 1)).push_front(handle);
    }

    /// Before everything else: its turn had come already.
    pub(super) fn push_armed(&mut self, pair: u64, handle: Handle) {
        self.line(pair, PRIORITIES).handles.push_back(handle);
    }

    /// How many of those wait.
    pub(super) fn armed(&self) -> usize {
        self.shards.iter().map(|shard| shard.0[PRIORITIES].handles.len()).sum()
    }

    /// The next for this link, from its own shard or from one whose link is down.
    pub(super) fn front(&self, link: u16, up: impl Fn(u16) -> bool) -> Option<(usize, Handle)> {
        let own = link as usize % self.shards.len();
        let mut others = (0..self.shards.len()).filter(|i| *i != own && !up(*i as u16));
        let first = self.shards[own].front().map(|h| (own, h));
        first.or_else(|| others.find_map(|i| self.shards[i].front().map(|h| (i, h))))
    }

    /// What stands in the line that [`Queue::pop`] takes from, from its head.
    pub(super) fn head(&self, shard: usize) -> impl Iterator<Item = Handle> {
        let line = self.shards[shard].0.iter().rev().find(|line| !line.handles.is_empty());
        line.into_iter().flat_map(|line| line.handles.iter().copied())
    }

    pub(super) fn pop(&mut self, shard: usize) -> Option<Handle> {
        self.shards[shard].pop()
    }

    /// Whether nothing is ready to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.shards.iter().all(Shard::is_empty)
    }

    fn lines(&mut self) -> impl Iterator<Item = &mut Line> {
        self.shards.iter_mut().flat_map(|shard| shard.0.iter_mut())
    }

    /// What should be in memory soon and may not be: of each line whose front has become short, up to its limit.
    pub(super) fn ahead(&mut self) -> Vec<Handle> {
        let hot = self.hot;
        let mut soon = Vec::new();
        for line in self.lines().filter(|line| line.warm <= hot / 2 && line.warm < line.handles.len()) {
            let end = hot.min(line.handles.len());
            soon.extend(line.handles.range(line.warm..end));
            line.warm = end;
        }
        soon
    }

    /// Everything here is to go to other carriers, where it can.
    pub(super) fn begin_move(&mut self) {
        self.lines().for_each(|line| line.moving = (!line.handles.is_empty()).then_some(0));
    }

    /// The carrier is back: what has not gone stays.
    pub(super) fn end_move(&mut self) {
        self.lines().for_each(|line| line.moving = None);
    }

    /// Whether something here may still go to another carrier.
    pub(super) fn is_moving(&self) -> bool {
        self.shards.iter().any(|shard| shard.0.iter().any(|line| line.moving.is_some()))
    }

    /// The lines that do, those of the highest priority first.
    pub(super) fn moving_lines(&self) -> Vec<(usize, usize)> {
        let all =
            (0..=PRIORITIES).rev().flat_map(|priority| (0..self.shards.len()).map(move |shard| (shard, priority)));
        all.filter(|(shard, priority)| self.shards[*shard].0[*priority].moving.is_some()).collect()
    }

    /// The next of a line that is to go, and whether it is deep in it; `None` ends the move.
    pub(super) fn at_move(&mut self, (shard, priority): (usize, usize)) -> Option<(Handle, bool)> {
        let line = &mut self.shards[shard].0[priority];
        let at = line.moving?;
        if let Some(handle) = line.handles.get(at) {
            return Some((*handle, at >= self.hot));
        }
        line.moving = None;
        line.handles.retain(|handle| *handle != Handle::NONE);
        line.warm = 0;
        None
    }

    /// The next few of them.
    pub(super) fn next_moves(&self, (shard, priority): (usize, usize), count: usize) -> Vec<Handle> {
        let line = &self.shards[shard].0[priority];
        line.handles.iter().skip(line.moving.unwrap_or(0)).take(count).copied().collect()
    }

    /// It has gone to another carrier, or stays.
    pub(super) fn moved(&mut self, (shard, priority): (usize, usize), gone: bool) {
        let line = &mut self.shards[shard].0[priority];
        if let Some(at) = line.moving {
            if gone && let Some(place) = line.handles.get_mut(at) {
                *place = Handle::NONE;
            }
            line.moving = Some(at + 1);
        }
    }
}
