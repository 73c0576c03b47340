//! A message ends: its status, what its sender must be told, and its last row in the log.

use super::deliver::state_of;
use super::envelope::{Envelope, flag};
use super::journal::{Effect, Kind};
use super::keyed::Consent;
use super::ledger::{Handle, Live};
use super::message::{Mt, Stage, Status, tell};
use super::quirks::message_id::Place;
use super::tables::{Account, Tables, digits};
use super::tally::Direction;
use super::wire::Put;
use super::{Engine, NOBODY};
use crate::clock::{Micros, WallMs};
use crate::page::LogRow;

/// Living things looked at in each tick, beside a 32nd of them all.
const SWEEP: usize = 1024;

/// Whether the recipient has opted out, and the node is to see to it.
pub(super) fn opted_out(consent: &Consent, tables: &Tables, env: &Envelope) -> bool {
    let (from, to) = (digits(env.from().addr), digits(env.to().addr));
    let number = tables.number(from).map(|n| &tables.config.numbers[n as usize]);
    !env.has(flag::EXEMPT) && consent.is_out(from, to) && number.is_none_or(|n| n.node_optout)
}

impl Engine {
    /// Ends an MT without a receipt: rejected, failed, expired, cancelled, blocked, unknown.
    pub(super) fn end(&mut self, handle: Handle, status: Status, error: u32, now: Micros) {
        let wall = self.wall(now);
        let Some(mt) = self.ledger.mt(handle).filter(|mt| !mt.is_final()) else {
            return;
        };
        let id = mt.env.id();
        self.journal.record(Kind::Ended, |out| {
            out.put_u128(id.0);
            out.put_u8(status as u8);
            out.put_u32(error);
            out.put_u64(wall);
        });
        self.apply_ended(handle, status, error, wall);
        self.tally_end(handle);
        self.settle(handle);
    }

    /// Counts a message that has just ended.
    pub(super) fn tally_end(&mut self, handle: Handle) {
        if let Some(mt) = self.ledger.mt(handle) {
            self.tally.message(Direction::Mt, mt.account, mt.carrier, mt.status);
        }
    }

    pub(super) fn apply_ended(&mut self, handle: Handle, status: Status, error: u32, wall: WallMs) {
        let Some(mt) = self.ledger.mt_mut(handle) else {
            return;
        };
        mt.error = error;
        mt.note(wall, status, 0, error);
        self.ended(handle);
    }

    /// The status is final: out of the queue, and the sender is owed the news.
    pub(super) fn ended(&mut self, handle: Handle) {
        let Some(mt) = self.ledger.mt_mut(handle) else {
            return;
        };
        if std::mem::take(&mut mt.queued)
            && let Some(lane) = self.lanes.get_mut(mt.carrier as usize)
        {
            lane.queue.depth -= 1;
        }
        self.owe(handle);
    }

    /// Notes what the sender of an MT must be told in its present status.
    pub(super) fn owe(&mut self, handle: Handle) {
        let Some(mt) = self.ledger.mt_mut(handle) else {
            return;
        };
        if let Some(account) = self.tables.config.accounts.get(mt.account as usize) {
            mt.tell |= owed(mt, account);
        }
    }

    /// Hands over what is owed once the page is durable, and folds what has ended and owes nothing.
    pub(super) fn settle(&mut self, handle: Handle) {
        let Some(mt) = self.ledger.mt(handle) else {
            return;
        };
        if mt.tell != 0 {
            self.journal.after_commit(Effect::HandOver(handle));
        } else if mt.is_final() {
            self.fold(handle);
        }
    }

    /// The message owes nothing to anybody: one row in the log, and out of memory.
    pub(super) fn fold(&mut self, handle: Handle) {
        let Some(live) = self.ledger.live(handle) else {
            return;
        };
        let mut record = vec![super::journal::VERSION];
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let row = match live {
            Live::Mt(mt) => {
                let carrier = self.tables.config.carriers.get(mt.carrier as usize);
                let carrier = carrier.map_or("", |c| c.id.as_str());
                record.put_u8(Kind::Snapshot as u8);
                mt.put(&mut record, carrier);
                LogRow {
                    id: mt.env.id().to_string(),
                    direction: "mt",
                    account: text(mt.env.account()),
                    from: text(mt.env.from().addr),
                    to: text(mt.env.to().addr),
                    carrier: carrier.to_owned(),
                    segments: mt.env.parts().into(),
                    status: mt.status.name(),
                    error: mt.error,
                    created: mt.env.created(),
                    updated: mt.updated(),
                    record,
                }
            }
            Live::Mo(mo) => {
                record.put_u8(Kind::Mo as u8);
                mo.put(&mut record);
                let first = mo.parts.first();
                LogRow {
                    id: mo.id.to_string(),
                    direction: "mo",
                    account: mo.account.clone(),
                    from: first.map(|p| text(&p.from.2)).unwrap_or_default(),
                    to: first.map(|p| text(&p.to.2)).unwrap_or_default(),
                    carrier: first.map(|p| p.carrier.clone()).unwrap_or_default(),
                    segments: mo.parts.len() as u32,
                    status: mo.status.name(),
                    error: 0,
                    created: mo.id.at(),
                    updated: mo.updated,
                    record,
                }
            }
            Live::Part(_) | Live::Held(_) | Live::Cold(_) => return,
        };
        self.journal.log.push(row);
        self.forget(handle);
    }

    /// Out of memory, without a word to the journal: it holds the end already.
    pub(super) fn forget(&mut self, handle: Handle) {
        self.forget_segments(handle);
        self.apply_gone(handle);
    }

    /// No receipt for these segments will be looked at any more.
    pub(super) fn forget_segments(&mut self, handle: Handle) {
        let Some(mt) = self.ledger.mt(handle).filter(|mt| mt.env.has(flag::RECEIPT)) else {
            return;
        };
        for segment in mt.segments.iter().filter(|s| s.stage == Stage::Taken) {
            let key = self.segment_key(mt, segment);
            self.correlation.remove(key, handle);
        }
    }

    /// Withdraws what has not left. `None`: not here; `Some(false)`: too late.
    pub fn cancel(&mut self, id: super::Id, account: u16, now: Micros) -> Option<bool> {
        let handle = self.ledger.find(id)?;
        self.ledger.mt(handle).filter(|mt| account == NOBODY || mt.account == account)?;
        Some(self.withdraw(handle, now))
    }

    /// A message's time is up. Had its turn come before, it would have been blocked where its recipient has opted out.
    pub(super) fn expire(&mut self, handle: Handle, now: Micros) {
        let Some(mt) = self.ledger.mt(handle) else { return };
        let out = opted_out(&self.consent, &self.tables, &mt.env);
        self.end(handle, if out { Status::Blocked } else { Status::Expired }, 0, now);
    }

    /// Looks at a slice of all that lives for what has waited too long.
    pub(super) fn sweep(&mut self, now: Micros) {
        let wall = self.wall(now);
        let limits = self.tables.config.limits.clone();
        let places = self.ledger.places();
        let count = (SWEEP + places / 32).min(places);
        for _ in 0..count {
            self.sweep = if (self.sweep as usize) < places { self.sweep } else { 0 };
            let handle = self.ledger.at(self.sweep);
            self.sweep += 1;
            let Some(handle) = handle else { continue };
            match self.ledger.live(handle) {
                Some(Live::Mt(mt)) if !mt.is_final() => {
                    // What is under way has its own end: a response, or its time.
                    let out = mt.segments.iter().any(|s| s.stage == Stage::InFlight);
                    if mt.status == Status::Submitted {
                        if mt.env.expires() + limits.unknown_grace_ms < wall {
                            self.end(handle, Status::Unknown, 0, now);
                        }
                    } else if !out && mt.env.expires() < wall {
                        self.expire(handle, now);
                    }
                }
                Some(Live::Cold(cold)) if cold.expires < wall => self.want(handle, true),
                Some(Live::Mt(mt)) if mt.tell != 0 && mt.updated() + limits.delivery_ttl_ms < wall => {
                    self.told_all(handle, now);
                }
                Some(Live::Mo(mo)) if mo.updated + limits.delivery_ttl_ms < wall => {
                    self.told_all(handle, now);
                }
                Some(Live::Held(held)) if held.at + held.ttl_ms(limits.held_ttl_ms) < wall => {
                    if let Some(carrier) = self.tables.carrier(&held.carrier) {
                        self.tally.carriers[carrier as usize].unmatched += u64::from(held.state.is_final());
                        let key = self.id_key(carrier, &held.carrier_id, Place::Receipt, b"");
                        self.correlation.drop_held(key, handle);
                    }
                    self.gone(handle);
                }
                _ => {}
            }
        }
    }

    /// Writes the living members of the oldest page again, so that the page may go.
    pub(super) fn rewrite_oldest(&mut self) {
        let Some(seq) = self.journal.oldest_seq().filter(|seq| !self.carries(*seq)) else {
            return;
        };
        let mut cold = Vec::new();
        for handle in self.journal.oldest() {
            let Some(live) = self.ledger.live(handle).filter(|live| live.home() == seq) else {
                continue;
            };
            match live {
                Live::Mt(_) => {
                    self.snapshot(handle);
                    continue;
                }
                Live::Mo(mo) => self.journal.record(Kind::Mo, |out| mo.put(out)),
                Live::Part(part) => self.journal.record(Kind::Part, |out| part.inbound.put_alone(out)),
                Live::Held(held) => self.journal.record(Kind::Held, |out| held.put(out)),
                Live::Cold(_) => {
                    cold.push(handle);
                    continue;
                }
            }
            self.move_home(handle);
        }
        if !cold.is_empty() {
            self.journal.put_back(seq, cold);
            self.carry(seq);
        }
    }
}

/// What the sender of an MT is to be told, by the way it came and what it asked for.
fn owed(mt: &Mt, account: &Account) -> u8 {
    let webhook = account.webhook;
    let env = &mt.env;
    if env.has(flag::VIA_NODE) {
        return 0;
    }
    let (success, failure) = match mt.status {
        Status::Delivered => (true, false),
        Status::Undeliverable
        | Status::Expired
        | Status::Rejected
        | Status::Failed
        | Status::Blocked
        | Status::Cancelled
        | Status::Unknown => (false, true),
        Status::Submitted if webhook && !env.has(flag::VIA_SMPP) => return tell::HOOK_SUBMITTED,
        _ => (false, false),
    };
    let asked = success && env.has(flag::TELL_SUCCESS) || failure && env.has(flag::TELL_FAILURE);
    let wanted = asked && account.quirks.wants(state_of(mt.status));
    match (wanted, env.has(flag::VIA_SMPP)) {
        (true, true) => tell::SMPP,
        (true, false) if webhook => tell::HOOK_FINAL,
        _ => 0,
    }
}
