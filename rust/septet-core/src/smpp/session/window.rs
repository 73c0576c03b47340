//! Our unanswered requests, in a ring indexed by sequence number.
//!
//! A slot is found by `sequence & mask`, so a response costs one look. The waiting ones are also linked in the order of
//! sending: the front is the next to time out, and the whole list is what must be sent again after a cut. A request that
//! timed out leaves the window at once but keeps its slot until a newer sequence number needs it, so that a late
//! response still finds its token.

use crate::clock::Micros;

const NONE: u32 = u32::MAX;
const SMALLEST: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Empty,
    Waiting,
    Late,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    token: u64,
    sent: Micros,
    sequence: u32,
    command: u32,
    before: u32,
    after: u32,
    phase: Phase,
}

const EMPTY: Slot = Slot { token: 0, sent: 0, sequence: 0, command: 0, before: NONE, after: NONE, phase: Phase::Empty };

/// A request that a response was found for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub token: u64,
    pub sent: Micros,
    pub late: bool,
}

/// At most `limit` waiting requests; memory follows use, up to twice the limit rounded up to a power of two.
#[derive(Debug, Clone)]
pub(super) struct Window {
    slots: Vec<Slot>,
    first: u32,
    last: u32,
    used: usize,
    limit: usize,
}

impl Window {
    pub(super) const fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    pub(super) const fn new(limit: usize) -> Self {
        Self { slots: Vec::new(), first: NONE, last: NONE, used: 0, limit }
    }

    pub(super) const fn used(&self) -> usize {
        self.used
    }

    pub(super) const fn free(&self) -> usize {
        self.limit.saturating_sub(self.used)
    }

    const fn at(&self, sequence: u32) -> usize {
        // The ring's length is a power of two or zero, and zero is handled by every caller.
        sequence as usize & self.slots.len().wrapping_sub(1)
    }

    /// True if `sequence` would share its slot with a request that still waits; the caller then takes the next one.
    pub(super) fn blocked(&self, sequence: u32) -> bool {
        !self.slots.is_empty() && self.slots[self.at(sequence)].phase == Phase::Waiting
    }

    /// Makes room, so that less than half of the slots wait and a free sequence number is near.
    pub(super) fn reserve(&mut self) {
        if (self.used + 1) * 2 <= self.slots.len() {
            return;
        }
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![EMPTY; (old.len() * 2).max(SMALLEST)];
        for slot in old.iter().filter(|slot| slot.phase == Phase::Late) {
            let at = self.at(slot.sequence);
            self.slots[at] = *slot;
        }
        let mut next = std::mem::replace(&mut self.first, NONE);
        (self.last, self.used) = (NONE, 0);
        while next != NONE {
            let slot = old[next as usize];
            next = slot.after;
            self.push(slot.sequence, slot.command, slot.token, slot.sent);
        }
    }

    /// Notes a request. `reserve` was called and `sequence` is not blocked.
    pub(super) fn push(&mut self, sequence: u32, command: u32, token: u64, sent: Micros) {
        let at = self.at(sequence);
        self.slots[at] = Slot { token, sent, sequence, command, before: self.last, after: NONE, phase: Phase::Waiting };
        match self.last {
            NONE => self.first = at as u32,
            last => self.slots[last as usize].after = at as u32,
        }
        self.last = at as u32;
        self.used += 1;
    }

    fn unlink(&mut self, at: usize, phase: Phase) {
        let Slot { before, after, .. } = self.slots[at];
        match before {
            NONE => self.first = after,
            before => self.slots[before as usize].after = after,
        }
        match after {
            NONE => self.last = before,
            after => self.slots[after as usize].before = before,
        }
        self.slots[at].phase = phase;
        self.used -= 1;
    }

    /// Takes the request with this sequence number, if `fits` agrees with its `command_id`. Each is found once.
    pub(super) fn take(&mut self, sequence: u32, fits: impl FnOnce(u32) -> bool) -> Option<Asked> {
        if self.slots.is_empty() {
            return None;
        }
        let at = self.at(sequence);
        let slot = self.slots[at];
        if slot.sequence != sequence || slot.phase == Phase::Empty || !fits(slot.command) {
            return None;
        }
        if slot.phase == Phase::Waiting {
            self.unlink(at, Phase::Empty);
        } else {
            self.slots[at].phase = Phase::Empty;
        }
        Some(Asked { token: slot.token, sent: slot.sent, late: slot.phase == Phase::Late })
    }

    /// When the oldest waiting request was sent.
    pub(super) fn oldest(&self) -> Option<Micros> {
        (self.first != NONE).then(|| self.slots[self.first as usize].sent)
    }

    /// Gives up the oldest request if it was sent at `sent_by` or before, and returns its token.
    pub(super) fn expire(&mut self, sent_by: Micros) -> Option<u64> {
        if self.oldest()? > sent_by {
            return None;
        }
        let at = self.first as usize;
        self.unlink(at, Phase::Late);
        Some(self.slots[at].token)
    }

    /// Tokens of the waiting requests in the order of sending.
    pub(super) fn tokens(&self) -> Vec<u64> {
        let mut tokens = Vec::with_capacity(self.used);
        let mut next = self.first;
        while next != NONE {
            let slot = &self.slots[next as usize];
            tokens.push(slot.token);
            next = slot.after;
        }
        tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Step {
        Send,
        Answer(usize),
        Expire(u64),
        Stray(u32),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => Just(Step::Send),
            3 => any::<usize>().prop_map(Step::Answer),
            1 => (0u64..40).prop_map(Step::Expire),
            1 => any::<u32>().prop_map(Step::Stray),
        ]
    }

    proptest! {
        /// The ring against a plain list, over any interleaving and across the wrap of the sequence number.
        #[test]
        fn behaves_like_a_list(limit in 1usize..40, start in prop_oneof![Just(1u32), Just(0x7FFF_FFF0)], steps in prop::collection::vec(step(), 0..400)) {
            let mut window = Window::new(limit);
            let mut model: Vec<(u32, u64, Micros)> = Vec::new();
            let mut sequence = start;
            for (now, step) in steps.into_iter().enumerate() {
                let now = now as Micros;
                match step {
                    Step::Send if window.free() > 0 => {
                        window.reserve();
                        while window.blocked(sequence) {
                            sequence = if sequence >= 0x7FFF_FFFF { 1 } else { sequence + 1 };
                        }
                        window.push(sequence, 4, now + 1000, now);
                        model.push((sequence, now + 1000, now));
                        sequence = if sequence >= 0x7FFF_FFFF { 1 } else { sequence + 1 };
                    }
                    Step::Answer(which) if !model.is_empty() => {
                        let (sequence, token, sent) = model.remove(which % model.len());
                        prop_assert_eq!(window.take(sequence, |_| false), None);
                        prop_assert_eq!(window.take(sequence, |c| c == 4), Some(Asked { token, sent, late: false }));
                        prop_assert_eq!(window.take(sequence, |_| true), None);
                    }
                    Step::Expire(age) => {
                        let by = now.saturating_sub(age);
                        let expected = model.first().filter(|m| m.2 <= by).map(|m| m.1);
                        prop_assert_eq!(window.expire(by), expected);
                        if expected.is_some() {
                            model.remove(0);
                        }
                    }
                    Step::Stray(sequence) if model.iter().all(|m| m.0 != sequence) => {
                        prop_assert!(window.take(sequence, |_| true).is_none_or(|asked| asked.late));
                    }
                    _ => {}
                }
                prop_assert_eq!(window.used(), model.len());
                prop_assert!(window.used() <= limit);
                prop_assert!(window.slots.len() <= SMALLEST.max((limit * 2).next_power_of_two() * 2));
                prop_assert_eq!(window.tokens(), model.iter().map(|m| m.1).collect::<Vec<_>>());
                prop_assert_eq!(window.oldest(), model.first().map(|m| m.2));
            }
        }
    }
}
