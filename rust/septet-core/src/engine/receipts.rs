//! A receipt finds its message: at once, or when the submit_sm_resp comes that it overtook.

use super::journal::Kind;
use super::ledger::{Handle, Live};
use super::message::{Held, Status};
use super::wire::Put;
use super::{Engine, Id};
use crate::clock::{Micros, WallMs};
use crate::smpp::receipt::{Outcome, State};

/// An error field as a number: decimal, as most write it, else hexadecimal, else 0.
fn error_number(outcome: &Outcome<'_>) -> u32 {
    if let Some([_, high, low]) = outcome.network_error {
        return u32::from(high) << 8 | u32::from(low);
    }
    let text = outcome.err.and_then(|e| std::str::from_utf8(e).ok()).unwrap_or_default().trim();
    text.parse().or_else(|_| u32::from_str_radix(text, 16)).unwrap_or(0)
}

const fn status_of(state: State) -> Option<Status> {
    match state {
        State::Delivered => Some(Status::Delivered),
        State::Expired => Some(Status::Expired),
        State::Deleted => Some(Status::Cancelled),
        State::Undeliverable => Some(Status::Undeliverable),
        State::Rejected => Some(Status::Rejected),
        State::Unknown => Some(Status::Unknown),
        _ => None,
    }
}

impl Engine {
    /// A receipt from a carrier. Gives false if there is no room to keep it.
    pub(super) fn receipt(&mut self, carrier: u16, outcome: &Outcome<'_>, now: Micros) -> bool {
        let tally = &mut self.tally.carriers[carrier as usize];
        *tally.receipts.entry(outcome.state.stat()).or_default() += 1;
        let error = error_number(outcome);
        let key = self.correlation.key(carrier, outcome.id);
        if let Some((handle, part)) = self.correlation.find(key) {
            self.receipt_for(handle, part, outcome.state, error, now);
            return true;
        }
        if !outcome.state.is_final() {
            return true;
        }
        if !self.has_room_inbound() {
            return false;
        }
        let wall = self.wall(now);
        let held = Held {
            id: self.ids.next(wall),
            at: wall,
            carrier: self.carrier_table(carrier).id.clone(),
            carrier_id: outcome.id.into(),
            state: outcome.state,
            error,
            home: 0,
        };
        self.journal.record(Kind::Held, |out| held.put(out));
        self.apply_held(held, carrier);
        true
    }

    pub(super) fn apply_held(&mut self, held: Held, carrier: u16) {
        let key = self.correlation.key(carrier, &held.carrier_id);
        let handle = self.ledger.insert(held.id, Live::Held(Box::new(held)));
        let home = self.journal.house(handle);
        self.ledger.set_home(handle, home);
        self.correlation.hold(key, handle);
    }

    /// The submit_sm_resp has come: the receipt that overtook it counts now.
    pub(super) fn match_held(&mut self, held: Handle, handle: Handle, part: u8, now: Micros) {
        let Some(it) = self.ledger.held(held) else {
            return;
        };
        let (state, error) = (it.state, it.error);
        self.gone(held);
        self.receipt_for(handle, part, state, error, now);
    }

    fn receipt_for(&mut self, handle: Handle, part: u8, state: State, error: u32, now: Micros) {
        let wall = self.wall(now);
        let Some(mt) = self.ledger.mt(handle) else {
            return;
        };
        let (id, created) = (mt.env.id(), mt.env.created());
        if mt.is_final() || mt.segments.get(part as usize).is_none_or(|s| s.receipt.is_some_and(State::is_final)) {
            // A second final receipt, or one after the message has ended, changes nothing.
            return;
        }
        self.journal.record(Kind::Receipt, |out| {
            out.put_u128(id.0);
            out.put_u8(part);
            out.put_u8(state.message_state());
            out.put_u32(error);
            out.put_u64(wall);
        });
        self.apply_receipt(handle, part, state, error, wall);
        if let Some(mt) = self.ledger.mt(handle).filter(|mt| mt.is_final()) {
            let tally = &mut self.tally.carriers[mt.carrier as usize];
            tally.delivery.observe(wall.saturating_sub(created) * 1_000);
            self.tally_end(handle);
            self.settle(handle);
        }
    }

    /// Applies the record of a receipt: delivered when all parts are, failed at the first final failure.
    pub(super) fn apply_receipt(&mut self, handle: Handle, part: u8, state: State, error: u32, wall: WallMs) {
        let Some(mt) = self.ledger.mt_mut(handle) else {
            return;
        };
        let Some(segment) = mt.segments.get_mut(part as usize) else {
            return;
        };
        segment.receipt = Some(state);
        let status = match status_of(state) {
            None => mt.status,
            Some(Status::Delivered) => {
                let all = mt.segments.iter().all(|s| s.receipt == Some(State::Delivered));
                if all { Status::Delivered } else { mt.status }
            }
            Some(failure) => failure,
        };
        if state != State::Delivered && state.is_final() {
            mt.error = error;
        }
        mt.note(wall, status, part + 1, error);
        if mt.is_final() {
            self.ended(handle);
        }
    }

    /// Forgets a held receipt, a part or an MO, durably.
    pub(super) fn gone(&mut self, handle: Handle) {
        let Some(live) = self.ledger.live(handle) else {
            return;
        };
        let id: Id = live.id();
        self.journal.record(Kind::Gone, |out| out.put_u128(id.0));
        self.apply_gone(handle);
    }

    pub(super) fn apply_gone(&mut self, handle: Handle) {
        if let Some(live) = self.ledger.remove(handle) {
            self.journal.vacate(live.home());
        }
    }
}
