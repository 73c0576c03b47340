//! Carriers with `on_unknown = "hold"`: a submit_sm without a response is never sent twice.
//!
//! A crash must not forget what was under way. So before a message is written to such a carrier, the journal says that it is
//! about to be, and it is written once that is durable: a commit more on its way. No more messages than the window has room
//! for are prepared so, and no more than that are held after a crash.
//!
//! ```text
//! queue ──arm──▶ journal: leaving ──committed──▶ front of the queue ──pump──▶ in flight ──▶ answered
//!                                                                                  └──▶ unknown: held
//! ```

use std::cmp::Reverse;

use super::journal::{Effect, Kind};
use super::ledger::{Handle, Live};
use super::message::{Mt, NO_RESPONSE, Stage, Status};
use super::tables::digits;
use super::wire::Put;
use super::{Engine, NOBODY, Wake};
use crate::clock::Micros;

impl Engine {
    pub(super) fn holds(&self, carrier: u16) -> bool {
        self.tables.config.carriers.get(carrier as usize).is_some_and(|c| c.hold)
    }

    /// Whether the window has room for one more message to be prepared.
    pub(super) fn may_arm(&self, carrier: u16, window_free: usize) -> bool {
        let lane = &self.lanes[carrier as usize];
        lane.arming + lane.queue.armed() < window_free
    }

    /// Writes down that a message, just taken from its carrier's queue, is about to leave.
    pub(super) fn arm(&mut self, carrier: u16, handle: Handle) {
        let Some(mt) = self.ledger.mt_mut(handle) else {
            return;
        };
        mt.armed = true;
        let id = mt.env.id();
        self.journal.record(Kind::Leaving, |out| out.put_u128(id.0));
        self.lanes[carrier as usize].arming += 1;
        self.journal.after_commit(Effect::Armed(carrier, handle));
    }

    /// That is durable: it goes next.
    pub(super) fn armed(&mut self, carrier: u16, handle: Handle) {
        self.lanes[carrier as usize].arming -= 1;
        self.attention.carriers.insert(carrier);
        // It may have been withdrawn or given to another carrier meanwhile.
        let Some(mt) = self.ledger.mt(handle).filter(|mt| mt.queued && mt.armed && mt.carrier == carrier) else {
            return;
        };
        let pair = self.pair(mt.account, digits(mt.env.to().addr));
        self.lanes[carrier as usize].queue.push_armed(pair, handle);
    }

    /// The carrier has said that it did not take it: nothing is unknown, unless another segment is under way.
    pub(super) fn disarm(&mut self, handle: Handle) {
        let under_way = |mt: &Mt| mt.segments.iter().any(|s| s.stage == Stage::InFlight);
        if let Some(mt) = self.ledger.mt_mut(handle).filter(|mt| mt.armed && !under_way(mt)) {
            mt.armed = false;
            self.snapshot(handle);
        }
    }

    /// A segment was not answered: by a carrier that holds, its message is given up at `at`, else it goes again.
    pub(super) fn unknown(&mut self, carrier: u16, token: u64, at: Micros) {
        if self.holds(carrier) {
            self.wakes.push(Reverse((at, Wake::GiveUp(token))));
        } else {
            self.unanswered_part(token);
        }
    }

    /// Neither the response nor the session will come back: whether the carrier has it is unknown for ever.
    pub(super) fn give_up(&mut self, token: u64, now: Micros) {
        let (handle, part) = Handle::from_token(token);
        let segment = self.ledger.mt(handle).and_then(|mt| mt.segments.get(part as usize));
        if segment.is_some_and(|s| s.stage == Stage::InFlight) {
            self.end(handle, Status::Unknown, NO_RESPONSE, now);
        }
    }

    /// Before the last page of an orderly end: what was about to leave and has not is not held after the restart.
    pub fn stand_down(&mut self) {
        let waits = |mt: &Mt| mt.armed && !mt.is_final();
        let armed: Vec<Handle> = self
            .ledger
            .iter()
            .filter_map(|(handle, live)| match live {
                Live::Mt(mt) if waits(mt) => Some(handle),
                _ => None,
            })
            .collect();
        for handle in armed {
            self.disarm(handle);
        }
    }

    /// After a restart: what was about to leave may have left. True if it is held.
    pub(super) fn hold_after_crash(&mut self, handle: Handle, now: Micros) -> bool {
        let Some(mt) = self.ledger.mt_mut(handle).filter(|mt| mt.armed && !mt.is_final()) else {
            return false;
        };
        let (carrier, taken) = (mt.carrier, mt.segments.iter().all(|s| s.stage == Stage::Taken));
        // Only a carrier that holds has its messages written down so; this one may be configured no more.
        if taken || carrier != NOBODY && !self.holds(carrier) {
            return false;
        }
        self.end(handle, Status::Unknown, NO_RESPONSE, now);
        true
    }
}
