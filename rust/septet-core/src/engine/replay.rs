//! The way back: pages of the journal, applied by the same functions that wrote them.

use super::cause::Cause;
use super::envelope::Envelope;
use super::journal::{Kind, VERSION};
use super::ledger::{Handle, Live};
use super::message::{Held, Inbound, Mo, Mt, NOBODY, Status};
use super::receipts::Told;
use super::wire::Take;
use super::{Engine, Id};
use crate::clock::Micros;
use crate::smpp::receipt::State;
use crate::{Error, Result};

impl Engine {
    /// Applies one page of the store, in the order of `seq`.
    pub fn replay(&mut self, seq: u64, records: &[u8]) -> Result<()> {
        self.spill.replaying = true;
        self.journal.replaying(seq);
        if !records.is_empty() {
            let mut from = Take::new(records);
            let version = from.u8()?;
            if version != VERSION {
                let message = format!("journal page {seq} has format {version}; this program reads {VERSION}");
                return Err(Error::new("engine.bad_record", message));
            }
            while !from.is_empty() {
                let number = from.u8()?;
                let mut body = Take::new(from.bytes()?);
                let kind = Kind::from_number(number).ok_or_else(|| {
                    Error::new("engine.bad_record", format!("journal page {seq} has a record of kind {number}"))
                })?;
                let about = !matches!(kind, Kind::Mt | Kind::Snapshot | Kind::Part | Kind::Mo | Kind::Held);
                if !(about && self.defer(kind, body.rest())?) {
                    self.apply(kind, &mut body)?;
                }
            }
        }
        self.journal.replayed(records.len());
        // What was folded into the log in that page is in the log already.
        self.journal.log.clear();
        Ok(())
    }

    pub(super) fn apply(&mut self, kind: Kind, from: &mut Take<'_>) -> Result<()> {
        match kind {
            Kind::Mt => {
                let envelope = Envelope::from_octets(from.bytes()?)?;
                let carrier = from.string()?;
                let account = self.tables.account(envelope.account()).unwrap_or(NOBODY);
                let carrier = self.tables.carrier(&carrier).unwrap_or(NOBODY);
                self.restore_mt(Mt::new(envelope, account, carrier));
            }
            Kind::Snapshot => {
                let (mut mt, carrier) = Mt::take(from)?;
                mt.account = self.tables.account(mt.env.account()).unwrap_or(NOBODY);
                mt.carrier = self.tables.carrier(&carrier).unwrap_or(NOBODY);
                self.restore_mt(mt);
            }
            Kind::Submitted => {
                let (id, part, at) = (Id(from.u128()?), from.u8()?, from.u64()?);
                let carrier = self.tables.carrier(&from.string()?).unwrap_or(NOBODY);
                let carrier_id = from.bytes()?.to_vec();
                let shared = !from.is_empty() && from.u8()? == 1;
                if let Some(handle) = self.ledger.find(id) {
                    self.apply_submitted(handle, part, carrier, &carrier_id, shared, at);
                    self.tidy(handle);
                }
            }
            Kind::Receipt => {
                let (id, part, state) = (Id(from.u128()?), from.u8()?, from.u8()?);
                let (error, at) = (from.u32()?, from.u64()?);
                let told = Told { error, cause: Cause::take(from)? };
                if let (Some(handle), Some(state)) = (self.ledger.find(id), State::from_message_state(state)) {
                    self.apply_receipt(handle, part, state, told, at);
                    self.tidy(handle);
                }
            }
            Kind::Ended => {
                let (id, number) = (Id(from.u128()?), from.u8()?);
                let (error, at) = (from.u32()?, from.u64()?);
                let status = Status::ALL.get(number as usize).copied().unwrap_or(Status::Failed);
                if let Some(handle) = self.ledger.find(id) {
                    self.apply_ended(handle, status, error, at);
                    self.tidy(handle);
                }
            }
            Kind::Told => {
                let (id, bit) = (Id(from.u128()?), from.u8()?);
                let (delivered, at) = (from.u8()? == 1, from.u64()?);
                if let Some(handle) = self.ledger.find(id) {
                    self.apply_told(handle, bit, delivered, at);
                    self.tidy(handle);
                }
            }
            Kind::Part => {
                let inbound = Inbound::take_alone(from)?;
                self.replace(inbound.id);
                self.house_part(inbound);
            }
            Kind::Mo => {
                let mut mo = Mo::take(from)?;
                mo.account_index = self.tables.account(mo.account.as_bytes()).unwrap_or(NOBODY);
                self.replace(mo.id);
                let handle = self.apply_mo(mo);
                self.tidy(handle);
            }
            Kind::Held => {
                let held = Held::take(from)?;
                self.replace(held.id);
                if let Some(carrier) = self.tables.carrier(&held.carrier) {
                    self.apply_held(held, carrier);
                }
            }
            Kind::Leaving => {
                let handle = self.ledger.find(Id(from.u128()?));
                if let Some(mt) = handle.and_then(|handle| self.ledger.mt_mut(handle)) {
                    mt.armed = true;
                }
            }
            Kind::Resting => self.apply_rest(from)?,
            Kind::Tried => {
                let handle = self.ledger.find(Id(from.u128()?));
                let mut tried = Vec::new();
                while !from.is_empty() {
                    tried.extend(self.tables.carrier(&from.string()?));
                }
                if let Some(mt) = handle.and_then(|handle| self.ledger.mt_mut(handle)) {
                    mt.tried = tried;
                }
            }
            Kind::Gone => {
                if let Some(handle) = self.ledger.find(Id(from.u128()?)) {
                    self.apply_gone(handle);
                }
            }
        }
        Ok(())
    }

    fn restore_mt(&mut self, mt: Mt) {
        self.replace(mt.env.id());
        self.order = self.order.max(mt.env.order());
        let handle = self.house_mt(mt);
        let Some(mt) = self.ledger.mt(handle) else {
            return;
        };
        if mt.env.has(super::envelope::flag::RECEIPT) {
            for (part, segment) in mt.segments.iter().enumerate().filter(|(_, s)| !s.carrier_id.is_empty()) {
                let key = self.segment_key(mt, segment);
                self.correlation.insert(key, handle, part as u8);
            }
        }
        self.tidy(handle);
        self.keep_or_freeze(handle);
    }

    /// A newer whole record takes the place of an older one.
    fn replace(&mut self, id: Id) {
        if let Some(handle) = self.ledger.find(id) {
            self.touch(handle);
            self.forget(handle);
        }
    }

    /// What has ended and owes nothing was folded when it happened.
    fn tidy(&mut self, handle: Handle) {
        let over = match self.ledger.live(handle) {
            Some(Live::Mt(mt)) => mt.is_final() && mt.tell == 0,
            Some(Live::Mo(mo)) => mo.tell == 0,
            _ => false,
        };
        if over {
            self.forget(handle);
        }
    }

    /// After the last page: queues, reassembly and what is owed come back to life, in the order of acceptance.
    pub(super) fn resume(&mut self, now: Micros) {
        let mut messages = Vec::new();
        let mut parts = Vec::new();
        for (handle, live) in self.ledger.iter() {
            match live {
                Live::Mt(mt) => messages.push((mt.env.order(), handle)),
                Live::Part(part) => parts.push((part.inbound.id, handle)),
                Live::Mo(mo) => messages.push((mo.id.0 as u64, handle)),
                Live::Cold(cold) => messages.push((cold.order, handle)),
                Live::Held(_) => {}
            }
        }
        messages.sort_unstable_by_key(|(order, _)| *order);
        for (_, handle) in messages {
            if self.ledger.cold(handle).is_some() {
                self.queue_cold(handle);
                continue;
            }
            self.remember_set(handle, now);
            self.hand_over(handle);
            if self.hold_after_crash(handle, now) {
                continue;
            }
            if let Some(mt) = self.ledger.mt_mut(handle) {
                mt.armed = false;
            }
            if self.rest_on(handle, now) {
                continue;
            }
            if self
                .ledger
                .mt(handle)
                .is_some_and(|mt| mt.segments.iter().any(|s| s.stage == super::message::Stage::Waiting))
            {
                self.enqueue(handle, false, now);
            }
        }
        parts.sort_unstable_by_key(|(id, _)| *id);
        for (_, handle) in parts {
            self.gather(handle, now);
        }
    }
}
