//! A carrier is asked after a message whose receipt does not come: query_sm (3.4 §4.8), where its table says so.
//!
//! A slice of all that lives is looked at each turn. What is asked about is remembered only once it has been asked, so a
//! carrier that sends its receipts costs nothing. Questions take places of the window, never more than half of it, and no
//! more than a few leave in each turn; they are no segments, so `throughput` does not count them.

use std::collections::HashMap;

use super::cause::Cause;
use super::ledger::{Handle, Live};
use super::message::{Mt, Status};
use super::receipts::Told;
use super::relayed::Whose;
use super::shape::Dress;
use super::{Engine, NOBODY};
use crate::clock::{Micros, SECOND};
use crate::smpp::command::{self, max};
use crate::smpp::field::put_cstring;
use crate::smpp::receipt::State;
use crate::smpp::status::Class;

/// How often messages are looked at.
const TURN: Micros = SECOND / 10;
/// Questions that leave in one turn.
const QUESTIONS: usize = 8;
/// Living things looked at in each turn, beside a 64th of them all.
const WALK: usize = 512;
/// The longest pause between two questions about one segment.
const PAUSE_MAX: Micros = 3_600 * SECOND;
/// The last question leaves so long before its message would be unknown, in milliseconds.
const LAST_CALL_MS: u64 = 60_000;

/// What is known of a segment that was asked about.
#[derive(Clone, Copy, Default)]
struct Tried {
    /// When it may be asked about again.
    next: Micros,
    times: u32,
    /// The last question has been asked.
    last: bool,
}

/// Questions to carriers.
#[derive(Default)]
pub(super) struct Asks {
    /// Not answered yet: the segment, by the token of the request.
    open: HashMap<u64, u64>,
    tried: HashMap<u64, Tried>,
    count: u64,
    place: u32,
    turn: Micros,
}

impl Engine {
    /// Asks after what has been silent for too long.
    pub(super) fn ask(&mut self, now: Micros) {
        if now < self.asks.turn || self.tables.config.carriers.iter().all(|table| table.query_after_ms == 0) {
            return;
        }
        self.asks.turn = now + TURN;
        let places = self.ledger.places();
        let mut left = QUESTIONS;
        for _ in 0..(WALK + places / 64).min(places) {
            if left == 0 {
                return;
            }
            if self.asks.place as usize >= places {
                self.asks.place = 0;
                let lives = |token: &u64| self.ledger.mt(Handle::from_token(*token).0).is_some_and(|mt| !mt.is_final());
                self.asks.tried.retain(|token, _| lives(token));
            }
            let Some(handle) = self.ledger.at(self.asks.place) else {
                self.asks.place += 1;
                continue;
            };
            for part in self.silent(handle, now) {
                if left == 0 || !self.ask_about(handle, part, now) {
                    // The rest of its segments has its turn next time round.
                    break;
                }
                left -= 1;
            }
            self.asks.place += 1;
        }
    }

    /// The segments of a message that are to be asked about now.
    fn silent(&self, handle: Handle, now: Micros) -> Vec<u8> {
        let Some(Live::Mt(mt)) = self.ledger.live(handle) else { return Vec::new() };
        if mt.status != Status::Submitted || mt.is_final() || mt.carrier == NOBODY {
            return Vec::new();
        }
        let (wall, after) = (self.wall(now), self.carrier_table(mt.carrier).query_after_ms);
        if after == 0 || wall < mt.updated() + after && !self.last_call(mt, now) {
            return Vec::new();
        }
        let due = |part: &u8| match self.asks.tried.get(&handle.token(*part)) {
            Some(tried) => tried.next <= now || !tried.last && tried.next != Micros::MAX && self.last_call(mt, now),
            None => true,
        };
        // A query_sm names no destination, so it cannot ask about one of many.
        let open = |part: &u8| {
            let segment = &mt.segments[*part as usize];
            let named = (1..max::MESSAGE_ID).contains(&segment.carrier_id.len());
            named && !segment.shared && !segment.receipt.is_some_and(State::is_final)
        };
        (0..mt.segments.len() as u8).filter(open).filter(due).collect()
    }

    /// Whether a message will soon be given up as unknown.
    fn last_call(&self, mt: &Mt, now: Micros) -> bool {
        let grace = self.tables.config.limits.unknown_grace_ms;
        self.wall(now) >= mt.env.expires() + grace.saturating_sub(LAST_CALL_MS)
    }

    /// Writes a question, if a link may and has half its window free.
    fn ask_about(&mut self, handle: Handle, part: u8, now: Micros) -> bool {
        let Some(mt) = self.ledger.mt(handle) else { return false };
        let (carrier, last) = (mt.carrier, self.last_call(mt, now));
        let (table, segment) = (self.carrier_table(carrier), handle.token(part));
        let (after, half) = (table.query_after_ms * 1_000, table.window / 2);
        let mut body = Vec::new();
        put_cstring(&mut body, &mt.segments[part as usize].carrier_id, max::MESSAGE_ID);
        // 4.8.1: the source address as it was submitted.
        let dress = Dress::of(table, &mt.env, part as usize, false);
        let source = dress.source.addr(table.source);
        body.extend_from_slice(&[source.ton, source.npi]);
        put_cstring(&mut body, source.addr, max::ADDR);
        let token = Whose::Question.token(self.asks.count);
        let links: Vec<u32> = self.lanes[carrier as usize].links.iter().flatten().copied().collect();
        let sent = links.into_iter().find(|sid| {
            let peer = self.peers[*sid as usize].peer.as_mut().filter(|peer| peer.session.window_free() > half);
            let write = |out: &mut Vec<u8>| out.extend_from_slice(&body);
            peer.is_some_and(|peer| peer.session.request(now, command::QUERY_SM, token, write).is_ok())
        });
        let Some(sid) = sent else { return false };
        self.asks.count += 1;
        self.asks.open.insert(token, segment);
        let tried = self.asks.tried.entry(segment).or_default();
        let pause = (after << tried.times.min(16)).min(PAUSE_MAX.max(after));
        *tried = Tried { next: now + pause, times: tried.times + 1, last };
        self.tally.carriers[carrier as usize].queries += 1;
        self.wrote(sid);
        true
    }

    /// A carrier has answered a question: a final state counts like a receipt. `UNKNOWN` tells nothing.
    pub(super) fn ask_answered(&mut self, carrier: u16, token: u64, status: u32, body: &[u8], now: Micros) {
        let Some(segment) = self.asks.open.remove(&token) else { return };
        let (handle, part) = Handle::from_token(segment);
        if status != 0 {
            self.tally.carriers[carrier as usize].queries_failed += 1;
            // It does not know the message, or the operation: asking again would not help.
            let later = matches!(self.carrier_table(carrier).quirks.class(status), Class::Throttle | Class::Session);
            if let Some(tried) = self.asks.tried.get_mut(&segment).filter(|_| !later) {
                tried.next = Micros::MAX;
            }
            return;
        }
        let Some((state, error)) = state_in(body) else {
            self.tally.carriers[carrier as usize].queries_failed += 1;
            return;
        };
        // It may have gone to another carrier meanwhile.
        let here = self.ledger.mt(handle).is_some_and(|mt| mt.carrier == carrier);
        if here && state.is_final() && state != State::Unknown {
            let err = format!("{error:03}");
            let told = Told { error: error.into(), cause: Cause::of(Some(err.as_bytes()), None) };
            self.receipt_for(handle, part, state, told, now);
        }
    }

    /// It will not be answered any more; it may be asked again in its time.
    pub(super) fn ask_unanswered(&mut self, token: u64) {
        self.asks.open.remove(&token);
    }
}

/// message_state and error_code of a query_sm_resp (4.8.2), behind its message_id and final_date.
fn state_in(body: &[u8]) -> Option<(State, u8)> {
    let mut rest = body.splitn(3, |octet| *octet == 0).skip(2);
    match rest.next()? {
        [state, error, ..] => Some((State::from_message_state(*state)?, *error)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_stands_behind_two_strings() {
        assert_eq!(state_in(b"id\x00231114221300000+\0\x02\0"), Some((State::Delivered, 0)));
        assert_eq!(state_in(b"id\0\0\x05\x0b"), Some((State::Undeliverable, 11)));
        for body in [&b""[..], b"id", b"id\0", b"id\0\0", b"id\0\0\x02", b"id\0\0\x63\0"] {
            assert_eq!(state_in(body), None, "{body:?}");
        }
    }
}
