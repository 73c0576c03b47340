//! When the sessions' timers are due: a tick touches the sessions that are due, however many there are.
//!
//! A deadline that moves away leaves its entry behind; the session is looked at then, and entered again. One that comes nearer is
//! entered at once. So a session never waits beyond its deadline, and most of what happens to it costs one comparison.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Engine;
use crate::clock::Micros;

/// No entry.
pub(super) const NEVER: Micros = Micros::MAX;

/// Entries by their time: the session and its epoch. Only the one that its place knows of counts.
#[derive(Default)]
pub(super) struct Deadlines(BinaryHeap<Reverse<(Micros, u32, u32)>>);

impl Engine {
    /// Something happened to a session: its timers may be due earlier than before.
    pub(super) fn watch(&mut self, sid: u32) {
        let place = &mut self.peers[sid as usize];
        let Some(at) = place.peer.as_ref().and_then(|peer| peer.session.next_deadline()) else {
            return;
        };
        if at < place.due {
            place.due = at;
            self.deadlines.0.push(Reverse((at, sid, place.epoch)));
        }
    }

    /// A session has octets to write, and with them perhaps an earlier deadline.
    pub(super) fn wrote(&mut self, sid: u32) {
        self.attention.output.insert(sid);
        self.watch(sid);
    }

    pub(super) fn tick_peers(&mut self, now: Micros) {
        // All that is due, before any is looked at: one that stays due waits for the next tick.
        let mut due = Vec::new();
        while let Some(Reverse((at, sid, epoch))) =
            self.deadlines.0.peek().copied().filter(|Reverse((at, ..))| *at <= now)
        {
            self.deadlines.0.pop();
            let place = &mut self.peers[sid as usize];
            if (place.epoch, place.due) == (epoch, at) {
                place.due = NEVER;
                due.push(sid);
            }
        }
        for sid in due {
            if self.peer(sid).and_then(|p| p.session.next_deadline()).is_some_and(|at| at <= now) {
                self.drive(sid, now, |session, on| session.tick(now, on));
            } else {
                self.watch(sid);
            }
        }
    }
}
