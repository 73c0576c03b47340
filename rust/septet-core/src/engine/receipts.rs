//! A receipt finds its message: at once, or when the submit_sm_resp comes that it overtook.

use super::cause::Cause;
use super::envelope::flag;
use super::journal::Kind;
use super::ledger::{Handle, Live};
use super::message::{Held, Mt, Segment, Status, tell};
use super::quirks::message_id::Place;
use super::tables::digits;
use super::wire::Put;
use super::{Engine, Id};
use crate::clock::{Micros, WallMs};
use crate::smpp::receipt::{Outcome, State};
use crate::smpp::sm::{INTERMEDIATE, Sm};

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

/// Early receipts kept for one id, for each message that may share it. A final one takes the place of an intermediate one, so
/// that none of those is lost.
const HELD_PER_ID: usize = 4;
/// Events of one message after which an intermediate notification is only counted.
const EVENTS: usize = 256;

/// What a receipt gives as the cause: as a number, and as it was written.
#[derive(Default)]
pub(super) struct Told {
    pub(super) error: u32,
    pub(super) cause: Option<Box<Cause>>,
}

impl Engine {
    /// The key of a carrier's message id, by which a receipt finds its message; where many share it, the contact's digits
    /// tell them apart.
    pub(super) fn id_key(&self, carrier: u16, id: &[u8], place: Place, contact: &[u8]) -> u128 {
        let mut room = [0; 64];
        let form = self.tables.config.carriers.get(carrier as usize).map(|table| table.quirks.message_id);
        let id = form.map_or(id, |form| form.comparable(id, place, &mut room));
        self.correlation.key(carrier, id, contact)
    }

    /// The same, of a segment that its carrier has taken.
    pub(super) fn segment_key(&self, mt: &Mt, segment: &Segment) -> u128 {
        let contact = if segment.shared { digits(mt.env.to().addr) } else { b"" };
        self.id_key(mt.carrier, &segment.carrier_id, Place::Response, contact)
    }

    /// The digits of the person whom a receipt is about: its source, but some carriers leave both addresses as they were
    /// submitted.
    fn contact_of(&self, carrier: u16, sm: &Sm<'_>) -> Box<[u8]> {
        let country = &self.carrier_table(carrier).quirks.country;
        let [source, dest] = [&sm.source, &sm.dest].map(|at| self.international(country, at).2);
        let ours = self.tables.number(&source).is_some() || !digits(&source).iter().all(u8::is_ascii_digit);
        digits(if ours { &dest } else { &source }).into()
    }

    /// A receipt from a carrier. Gives false if there is no room to keep it.
    pub(super) fn receipt(&mut self, carrier: u16, outcome: &Outcome<'_>, sm: &Sm<'_>, now: Micros) -> bool {
        let tally = &mut self.tally.carriers[carrier as usize];
        *tally.receipts.entry(outcome.state.stat()).or_default() += 1;
        let told = Told { error: error_number(outcome), cause: Cause::of(outcome.err, outcome.network_error) };
        let key = self.id_key(carrier, outcome.id, Place::Receipt, b"");
        let mut found = self.correlation.find(key);
        let mut contact = Box::default();
        if found.is_none() {
            contact = self.contact_of(carrier, sm);
            found = self.correlation.find(self.id_key(carrier, outcome.id, Place::Receipt, &contact));
        }
        if let Some((handle, part)) = found {
            self.receipt_for(handle, part, outcome.state, told, now);
            return true;
        }
        if !outcome.state.is_final() && self.lanes[carrier as usize].in_flight == 0 {
            // No response is owed that it could have overtaken.
            return true;
        }
        self.hold(carrier, (outcome.id, contact), outcome.state, told, now)
    }

    /// A message marked as a receipt that names no id: kept like one whose message never turns up.
    pub(super) fn unreadable_receipt(&mut self, carrier: u16, now: Micros) -> bool {
        *self.tally.carriers[carrier as usize].receipts.entry(State::Unknown.stat()).or_default() += 1;
        self.hold(carrier, (b"", Box::default()), State::Unknown, Told::default(), now)
    }

    fn hold(&mut self, carrier: u16, (id, contact): (&[u8], Box<[u8]>), state: State, told: Told, now: Micros) -> bool {
        let wall = self.wall(now);
        let key = self.id_key(carrier, id, Place::Receipt, b"");
        let held = self.correlation.held(key);
        if held.len() >= HELD_PER_ID * self.tables.sharers(carrier) {
            let is_open = |h: &&Handle| self.ledger.held(**h).is_some_and(|it| !it.state.is_final());
            let Some(open) = held.iter().find(is_open).copied().filter(|_| state.is_final()) else {
                self.tally.carriers[carrier as usize].duplicates += 1;
                return true;
            };
            self.correlation.drop_held(key, open);
            self.gone(open);
        }
        if !self.has_room_inbound() {
            // Only what ends a message is worth asking for again.
            return !state.is_final();
        }
        let held = Held {
            id: self.ids.next(wall),
            at: wall,
            carrier: self.carrier_table(carrier).id.clone(),
            carrier_id: id.into(),
            contact,
            state,
            error: told.error,
            cause: told.cause,
            home: 0,
        };
        self.journal.record(Kind::Held, |out| held.put(out));
        self.apply_held(held, carrier);
        true
    }

    pub(super) fn apply_held(&mut self, held: Held, carrier: u16) {
        let key = self.id_key(carrier, &held.carrier_id, Place::Receipt, b"");
        let handle = self.ledger.insert(held.id, Live::Held(Box::new(held)));
        let home = self.journal.house(handle);
        self.ledger.set_home(handle, home);
        self.correlation.hold(key, handle);
    }

    /// The submit_sm_resp has come: the receipts that overtook it count now, in their order.
    pub(super) fn match_held(&mut self, held: Vec<Handle>, handle: Handle, part: u8, now: Micros) {
        for one in held {
            let Some(it) = self.ledger.held(one) else { continue };
            let (state, told) = (it.state, Told { error: it.error, cause: it.cause.clone() });
            self.gone(one);
            self.receipt_for(handle, part, state, told, now);
        }
    }

    pub(super) fn receipt_for(&mut self, handle: Handle, part: u8, state: State, told: Told, now: Micros) {
        let wall = self.wall(now);
        let Some(mt) = self.ledger.mt(handle) else {
            return;
        };
        let (id, created) = (mt.env.id(), mt.env.created());
        let carrier = mt.carrier;
        let known = mt.segments.get(part as usize).and_then(|s| s.receipt);
        // A second final receipt, or one after the message has ended, changes nothing; nor does the same notification again.
        let again = mt.is_final() || known.is_some_and(|known| known.is_final() || known == state);
        if again || !state.is_final() && mt.events.len() >= EVENTS {
            if let Some(tally) = self.tally.carriers.get_mut(carrier as usize) {
                tally.duplicates += 1;
            }
            return;
        }
        self.journal.record(Kind::Receipt, |out| {
            out.put_u128(id.0);
            out.put_u8(part);
            out.put_u8(state.message_state());
            out.put_u32(told.error);
            out.put_u64(wall);
            if told.cause.is_some() {
                Cause::put(told.cause.as_deref(), out);
            }
        });
        self.apply_receipt(handle, part, state, told, wall);
        let Some(mt) = self.ledger.mt(handle) else { return };
        if mt.is_final() {
            let tally = &mut self.tally.carriers[mt.carrier as usize];
            tally.delivery.observe(wall.saturating_sub(created) * 1_000);
            self.tally_end(handle);
            self.settle(handle);
        } else if mt.tell & tell::PROGRESS != 0 {
            self.settle(handle);
        }
    }

    /// Applies the record of a receipt: delivered when all parts are, failed at the first final failure.
    pub(super) fn apply_receipt(&mut self, handle: Handle, part: u8, state: State, told: Told, wall: WallMs) {
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
            mt.error = told.error;
        }
        mt.cause = told.cause;
        mt.note_receipt(wall, status, part + 1, told.error, state);
        if !state.is_final() && mt.env.has(flag::VIA_SMPP) && mt.env.registered() & INTERMEDIATE != 0 {
            mt.tell |= tell::PROGRESS;
        }
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
        self.unlearn(handle);
        if let Some(live) = self.ledger.remove(handle) {
            self.journal.vacate(live.home());
            if let Live::Cold(cold) = live {
                self.drop_cold(&cold);
            }
        }
    }
}
