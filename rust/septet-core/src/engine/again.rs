//! What ended without being delivered is tried again: by an operator, from the log, or by a restart, after a pause.
//!
//! A dead letter is a row of the log and nothing else. It comes back to life under its own id, in the open page, through
//! the checks of today: consent, owner of the number, route, room. Its sender has had the last word about it, so nobody is told
//! a second one; its new end is in the log, in place of the old.

use std::cmp::Reverse;

use super::accept::Refusal;
use super::envelope::{Draft, Envelope, flag};
use super::journal::{Effect, Kind, VERSION};
use super::ledger::Handle;
use super::message::{Event, Mo, Mt, Stage, Status, tell};
use super::shape;
use super::wire::{Put, Take};
use super::{Engine, Id, NOBODY, Wake};
use crate::clock::{Micros, WallMs};
use crate::smpp::status;

impl Status {
    /// Whether a message that ended so is a dead letter.
    pub const fn is_dead_letter(self) -> bool {
        matches!(self, Self::Failed | Self::Rejected | Self::Expired | Self::Unknown | Self::Dead)
    }
}

fn refuse(code: &'static str, detail: &str) -> Refusal {
    Refusal::new(code, status::ESME_RSYSERR, "", detail)
}

impl Engine {
    /// A dead letter of the log lives again; durable with the open page.
    pub fn again(&mut self, record: &[u8], now: Micros) -> Result<Id, Refusal> {
        if !self.has_room() {
            return Err(refuse("node_full", "the node takes nothing new just now"));
        }
        let unreadable = |error: crate::Error| refuse("not_dead", &error.message);
        let mut from = Take::new(record);
        let kind = match (from.u8(), from.u8()) {
            (Ok(VERSION), Ok(kind)) => Kind::from_number(kind),
            _ => None,
        };
        match kind {
            Some(Kind::Snapshot) => {
                let (mt, _) = Mt::take(&mut from).map_err(unreadable)?;
                self.dead(mt.env.id(), mt.status)?;
                self.send_again(&mt, now)
            }
            Some(Kind::Mo) => {
                let mo = Mo::take(&mut from).map_err(unreadable)?;
                self.dead(mo.id, mo.status)?;
                self.tell_again(mo, now)
            }
            _ => Err(refuse("not_dead", "the log holds it in a format that this version cannot read")),
        }
    }

    fn dead(&self, id: Id, status: Status) -> Result<(), Refusal> {
        if self.ledger.find(id).is_some() {
            return Err(refuse("not_dead", "it is on its way already"));
        }
        if !status.is_dead_letter() {
            return Err(refuse("not_dead", &format!("it has ended as {}", status.name())));
        }
        Ok(())
    }

    fn send_again(&mut self, old: &Mt, now: Micros) -> Result<Id, Refusal> {
        let wall = self.wall(now);
        let env = &old.env;
        let Some(account) = self.tables.account(env.account()) else {
            return Err(refuse("no_account", "its account is not configured any more"));
        };
        let carrier = self.check(account, env.from().addr, env.to().addr)?;
        let limits = &self.tables.config.limits;
        // As long as it had at first, from now on.
        let given = env.expires().saturating_sub(env.created().max(env.due()));
        let validity = if env.has(flag::VALIDITY) { given.max(1) } else { limits.validity_ms };
        self.order += 1;
        let draft = Draft {
            order: self.order,
            expires: wall + validity,
            due: 0,
            flags: env.flags() & !(flag::TELL_SUCCESS | flag::TELL_FAILURE),
            ..env.draft()
        };
        let parts: Vec<Vec<u8>> = (0..env.parts() as usize).map(|part| env.part(part).to_vec()).collect();
        let mut mt = Mt::new(Envelope::build(&draft, parts.iter().map(Vec::as_slice)), account, carrier);
        // Some of its parts may have arrived: all go, and as parts of another message.
        let reference = self.reference(mt.env.to().addr);
        let table = &self.tables.config.carriers[carrier as usize];
        if let Some(remade) = shape::remake(&mt, &table.quirks, reference) {
            mt = Mt::new(remade, account, carrier);
        } else if mt.env.has(flag::OWN_REFERENCE) {
            mt.env.set_reference(reference);
        }
        mt.events.clone_from(&old.events);
        mt.note(wall, Status::Queued, 0, 0);
        let name = &self.tables.config.carriers[carrier as usize].id;
        self.journal.record(Kind::Snapshot, |out| mt.put(out, name));
        let id = mt.env.id();
        let handle = self.house_mt(mt);
        self.journal.after_commit(Effect::Queue(handle));
        Ok(id)
    }

    fn tell_again(&mut self, mut mo: Mo, now: Micros) -> Result<Id, Refusal> {
        let to = mo.parts.first().map(|part| part.to.2.clone()).unwrap_or_default();
        let owner = || self.tables.number(&to).and_then(|n| self.tables.config.numbers[n as usize].account);
        let account = self.tables.account(mo.account.as_bytes()).or_else(owner);
        let Some(account) = account.map(|a| (a, &self.tables.config.accounts[a as usize])) else {
            return Err(refuse("no_account", "no account owns it: give its number to one first"));
        };
        let (index, account) = account;
        mo.tell = if account.mo_smpp { tell::MO_SMPP } else { 0 } | if account.mo_webhook { tell::MO_HOOK } else { 0 };
        if mo.tell == 0 {
            return Err(refuse("no_account", "its account takes no inbound messages"));
        }
        mo.account.clone_from(&account.id);
        mo.account_index = index;
        mo.status = Status::Received;
        mo.updated = self.wall(now);
        self.journal.record(Kind::Mo, |out| mo.put(out));
        let id = mo.id;
        let handle = self.apply_mo(mo);
        self.journal.after_commit(Effect::HandOver(handle));
        Ok(id)
    }

    /// A message rests after a temporary refusal: the number of its tries and the time of the next survive a crash.
    pub(super) fn rest(&mut self, handle: Handle, pause: Micros, now: Micros) {
        let wall = self.wall(now);
        if let Some(mt) = self.ledger.mt_mut(handle) {
            mt.again = wall + pause / 1_000;
        }
        self.record_rest(handle);
        self.wakes.push(Reverse((now + pause, Wake::Queue(handle.token(0)))));
    }

    pub(super) fn record_rest(&mut self, handle: Handle) {
        let Some(mt) = self.ledger.mt(handle).filter(|mt| mt.again > 0) else {
            return;
        };
        let at = mt.events.last().map_or(0, |event| event.at);
        let part = mt.events.last().map_or(0, |event| event.part);
        self.journal.record(Kind::Resting, |out| {
            out.put_u128(mt.env.id().0);
            out.put_u8(mt.attempts);
            out.put_u64(mt.again);
            out.put_u8(part);
            out.put_u32(mt.error);
            out.put_u64(at);
        });
    }

    /// Applies that record.
    pub(super) fn apply_rest(&mut self, from: &mut Take<'_>) -> crate::Result<()> {
        let id = Id(from.u128()?);
        let (attempts, again) = (from.u8()?, from.u64()?);
        let (part, code, at) = (from.u8()?, from.u32()?, from.u64()?);
        let Some(mt) = self.ledger.find(id).and_then(|handle| self.ledger.mt_mut(handle)) else {
            return Ok(());
        };
        (mt.attempts, mt.again, mt.error) = (attempts, again, code);
        // A record beside a snapshot tells what the snapshot holds.
        let event = Event { at, status: mt.status, part, code, receipt: None };
        if mt.events.last() != Some(&event) {
            mt.events.push(event);
        }
        Ok(())
    }

    /// After a restart: what was resting rests on, however the clock was set meanwhile never longer than its carrier's longest
    /// pause. True if it does.
    pub(super) fn rest_on(&mut self, handle: Handle, now: Micros) -> bool {
        let wall: WallMs = self.wall(now);
        let Some(mt) = self.ledger.mt_mut(handle).filter(|mt| !mt.is_final()) else {
            return false;
        };
        let again = std::mem::take(&mut mt.again);
        let waits = mt.segments.iter().any(|segment| segment.stage == Stage::Waiting);
        if mt.carrier == NOBODY || !waits || again <= wall {
            return false;
        }
        mt.again = again;
        mt.queued = true;
        let carrier = mt.carrier;
        let pause = ((again - wall) * 1_000).min(self.carrier_table(carrier).retry_max);
        self.lanes[carrier as usize].queue.depth += 1;
        self.wakes.push(Reverse((now + pause, Wake::Queue(handle.token(0)))));
        true
    }
}
