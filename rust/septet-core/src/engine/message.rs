//! What is alive: messages on their way, parts that wait for the rest, receipts that came too early.

use super::cause::Cause;
use super::envelope::Envelope;
use super::id::Id;
use super::wire::{Put, Take};
use crate::clock::WallMs;
use crate::smpp::receipt::State;
use crate::{Error, Result};

/// Where a message stands. The names are those of the HTTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Status {
    /// It may not leave yet.
    Scheduled,
    /// Durable.
    Accepted,
    /// Waiting for its carrier.
    Queued,
    /// Every segment has its submit_sm_resp.
    Submitted,
    /// Every segment has its receipt.
    Delivered,
    /// A receipt says UNDELIV.
    Undeliverable,
    /// Its validity ran out.
    Expired,
    /// The carrier refused it, at submit or by receipt.
    Rejected,
    /// Every try failed.
    Failed,
    /// Withdrawn before it left.
    Cancelled,
    /// The recipient opted out before it left.
    Blocked,
    /// No receipt came in time.
    Unknown,
    /// An MO is durable.
    Received,
    /// Its account has it.
    HandedOver,
    /// An MO nobody owns or takes.
    Dead,
}

impl Status {
    /// All of them, by number.
    pub const ALL: [Self; 15] = [
        Self::Scheduled,
        Self::Accepted,
        Self::Queued,
        Self::Submitted,
        Self::Delivered,
        Self::Undeliverable,
        Self::Expired,
        Self::Rejected,
        Self::Failed,
        Self::Cancelled,
        Self::Blocked,
        Self::Unknown,
        Self::Received,
        Self::HandedOver,
        Self::Dead,
    ];

    /// The API's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Accepted => "accepted",
            Self::Queued => "queued",
            Self::Submitted => "submitted",
            Self::Delivered => "delivered",
            Self::Undeliverable => "undeliverable",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Blocked => "blocked",
            Self::Unknown => "unknown",
            Self::Received => "received",
            Self::HandedOver => "handed_over",
            Self::Dead => "dead",
        }
    }

    fn take(from: &mut Take<'_>) -> Result<Self> {
        let number = from.u8()? as usize;
        let status = Self::ALL.get(number).copied();
        status.ok_or_else(|| Error::new("engine.bad_record", format!("no status {number}")))
    }
}

/// What happened to a message, for whoever asks for its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: WallMs,
    /// The status it led to, or stayed in.
    pub status: Status,
    /// Which segment, from 1; 0 = the whole message.
    pub part: u8,
    /// A command_status, or 0.
    pub code: u32,
    /// The state that a receipt told.
    pub receipt: Option<State>,
}

/// One segment of an MT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// Where it stands.
    pub stage: Stage,
    /// The carrier's message id.
    pub carrier_id: Box<[u8]>,
    /// The last receipt.
    pub receipt: Option<State>,
    /// Other messages have the same id: they went to the carrier together.
    pub shared: bool,
}

/// Where a segment stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Not written, or to be written again.
    #[default]
    Waiting,
    /// Written, not answered.
    InFlight,
    /// Answered ESME_ROK.
    Taken,
}

/// Things to tell the sender of an MT, as bits.
pub mod tell {
    /// A receipt, as deliver_sm.
    pub const SMPP: u8 = 1;
    /// The webhook event `message.submitted`.
    pub const HOOK_SUBMITTED: u8 = 2;
    /// The webhook event `message.delivered` or `message.failed`.
    pub const HOOK_FINAL: u8 = 4;
    /// An MO over SMPP.
    pub const MO_SMPP: u8 = 8;
    /// The webhook event `message.received`.
    pub const MO_HOOK: u8 = 16;
    /// The webhook event `optout.created` or `optin.created`.
    pub const MO_CONSENT: u8 = 32;
    /// An intermediate notification, as deliver_sm.
    pub const PROGRESS: u8 = 64;
    /// All that go to webhooks.
    pub const HOOKS: u8 = HOOK_SUBMITTED | HOOK_FINAL | MO_HOOK | MO_CONSENT;
}

/// An MT on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mt {
    /// The unchanging part.
    pub env: Envelope,
    /// Its account, as an index of the tables; `NOBODY` if it is not configured any more.
    pub account: u16,
    /// The carrier it is meant for.
    pub carrier: u16,
    /// Carriers that had their chance.
    pub tried: Vec<u16>,
    /// Where it stands.
    pub status: Status,
    /// Temporary refusals so far.
    pub attempts: u8,
    /// When it goes again after one, if it rests; 0 = it does not.
    pub again: WallMs,
    /// The last command_status that was not ESME_ROK, or the receipt's error.
    pub error: u32,
    /// What its last receipt gave as the cause.
    pub cause: Option<Box<Cause>>,
    /// Its segments.
    pub segments: Vec<Segment>,
    /// Its life so far, without its acceptance.
    pub events: Vec<Event>,
    /// What its sender must still be told; see [`tell`].
    pub tell: u8,
    /// Those of them that wait in a queue of its account, or are under way.
    pub offered: u8,
    /// Tries of telling.
    pub told: u8,
    /// In a carrier's queue or waiting to return to one.
    pub queued: bool,
    /// The journal says that it is about to be written, or was, to a carrier that holds what it does not answer.
    pub armed: bool,
    /// The journal page that holds its newest whole record.
    pub home: u64,
}

/// No account or carrier of the configuration.
pub const NOBODY: u16 = u16::MAX;
/// The error of a message whose carrier never answered and that is held, not sent again; one of the codes that 5.1.3 leaves
/// to the vendor.
pub const NO_RESPONSE: u32 = 0x4FF;

impl Mt {
    /// A new one around its envelope.
    pub fn new(env: Envelope, account: u16, carrier: u16) -> Self {
        let segments = vec![Segment::default(); env.parts() as usize];
        let status = if env.due() > 0 { Status::Scheduled } else { Status::Queued };
        Self {
            env,
            account,
            carrier,
            tried: Vec::new(),
            status,
            attempts: 0,
            again: 0,
            error: 0,
            cause: None,
            segments,
            events: Vec::new(),
            tell: 0,
            offered: 0,
            told: 0,
            queued: false,
            armed: false,
            home: 0,
        }
    }

    /// Nothing will happen to it any more.
    pub fn is_final(&self) -> bool {
        match self.status {
            Status::Scheduled | Status::Accepted | Status::Queued => false,
            Status::Submitted => !self.env.has(super::envelope::flag::RECEIPT),
            _ => true,
        }
    }

    /// Whether it is to be sent to this carrier, in whose queue it was put: it may have gone to another since, or rest.
    pub fn waits_for(&self, carrier: u16) -> bool {
        self.queued && self.carrier == carrier && self.again == 0
    }

    /// Notes an event and the status it led to.
    pub fn note(&mut self, at: WallMs, status: Status, part: u8, code: u32) {
        self.status = status;
        self.events.push(Event { at, status, part, code, receipt: None });
    }

    /// Notes a receipt and the status it led to.
    pub fn note_receipt(&mut self, at: WallMs, status: Status, part: u8, code: u32, state: State) {
        self.note(at, status, part, code);
        if let Some(event) = self.events.last_mut() {
            event.receipt = Some(state);
        }
    }

    /// When it last changed.
    pub fn updated(&self) -> WallMs {
        self.events.last().map_or(self.env.created(), |e| e.at)
    }

    /// Appends the whole record: the envelope and all that happened since.
    pub(super) fn put(&self, out: &mut Vec<u8>, carrier: &str) {
        out.put_bytes(self.env.octets());
        out.put_bytes(carrier.as_bytes());
        out.put_u8(self.status as u8);
        out.put_u8(self.attempts);
        out.put_u32(self.error);
        out.put_u8(self.tell);
        out.put_u8(self.segments.len() as u8);
        for segment in &self.segments {
            out.put_u8(u8::from(segment.stage == Stage::Taken) << u8::from(segment.shared));
            out.put_u8(segment.receipt.map_or(0, State::message_state));
            out.put_bytes(&segment.carrier_id);
        }
        out.put_u16(self.events.len().min(u16::MAX as usize) as u16);
        for event in self.events.iter().take(u16::MAX as usize) {
            out.put_u64(event.at);
            out.put_u8(event.status as u8);
            out.put_u8(event.part);
            out.put_u32(event.code);
        }
        for event in self.events.iter().take(u16::MAX as usize) {
            out.put_u8(event.receipt.map_or(0, State::message_state));
        }
        Cause::put(self.cause.as_deref(), out);
    }

    /// Reads what [`Mt::put`] wrote; gives the carrier's id beside it.
    pub(super) fn take(from: &mut Take<'_>) -> Result<(Self, String)> {
        let mut mt = Self::new(Envelope::from_octets(from.bytes()?)?, NOBODY, NOBODY);
        let carrier = from.string()?;
        mt.status = Status::take(from)?;
        mt.attempts = from.u8()?;
        mt.error = from.u32()?;
        mt.tell = from.u8()?;
        let parts = mt.segments.len();
        mt.segments.clear();
        for _ in 0..from.u8()? {
            let taken = from.u8()?;
            let stage = if taken == 0 { Stage::Waiting } else { Stage::Taken };
            let receipt = State::stored(from.u8()?);
            mt.segments.push(Segment { stage, receipt, carrier_id: from.bytes()?.into(), shared: taken == 2 });
        }
        if mt.segments.len() != parts {
            return Err(Error::new("engine.bad_record", "an MT has other parts than its envelope"));
        }
        for _ in 0..from.u16()? {
            let at = from.u64()?;
            let status = Status::take(from)?;
            mt.events.push(Event { at, status, part: from.u8()?, code: from.u32()?, receipt: None });
        }
        if !from.is_empty() {
            for event in &mut mt.events {
                event.receipt = State::stored(from.u8()?);
            }
        }
        mt.cause = Cause::take(from)?;
        Ok((mt, carrier))
    }
}

/// One inbound short message as it came, or as part of an MO.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inbound {
    /// Its id (of the part; the whole gets one of its own).
    pub id: Id,
    /// When it came.
    pub at: WallMs,
    /// The carrier's id.
    pub carrier: String,
    /// Source: type, plan, address.
    pub from: (u8, u8, Box<[u8]>),
    /// Destination: type, plan, address.
    pub to: (u8, u8, Box<[u8]>),
    /// SMPP esm_class.
    pub esm_class: u8,
    /// SMPP data_coding.
    pub data_coding: u8,
    /// User data with its header.
    pub octets: Box<[u8]>,
    /// sar_msg_ref_num, sar_total_segments, sar_segment_seqnum, or zeros.
    pub sar: (u16, u8, u8),
    /// TLVs of the carrier's own that have a name, as `quirks::vendor` keeps them.
    pub named: Box<[u8]>,
}

impl Inbound {
    /// The record of a part of its own.
    pub(super) fn put_alone(&self, out: &mut Vec<u8>) {
        self.put(out);
        if !self.named.is_empty() {
            out.put_bytes(&self.named);
        }
    }

    /// Reads what [`Inbound::put_alone`] wrote.
    pub(super) fn take_alone(from: &mut Take<'_>) -> Result<Self> {
        let mut inbound = Self::take(from)?;
        if !from.is_empty() {
            inbound.named = from.bytes()?.into();
        }
        Ok(inbound)
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.put_u128(self.id.0);
        out.put_u64(self.at);
        out.put_bytes(self.carrier.as_bytes());
        for (ton, npi, addr) in [&self.from, &self.to] {
            out.put_u8(*ton);
            out.put_u8(*npi);
            out.put_bytes(addr);
        }
        out.put_u8(self.esm_class);
        out.put_u8(self.data_coding);
        out.put_bytes(&self.octets);
        out.put_u16(self.sar.0);
        out.put_u8(self.sar.1);
        out.put_u8(self.sar.2);
    }

    pub(super) fn take(from: &mut Take<'_>) -> Result<Self> {
        let id = Id(from.u128()?);
        let at = from.u64()?;
        let carrier = from.string()?;
        let mut address = || -> Result<_> { Ok((from.u8()?, from.u8()?, from.bytes()?.into())) };
        let (source, to) = (address()?, address()?);
        Ok(Self {
            id,
            at,
            carrier,
            from: source,
            to,
            esm_class: from.u8()?,
            data_coding: from.u8()?,
            octets: from.bytes()?.into(),
            sar: (from.u16()?, from.u8()?, from.u8()?),
            named: Box::default(),
        })
    }
}

/// An inbound part that waits for the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What came.
    pub inbound: Inbound,
    /// The journal page that holds it.
    pub home: u64,
}

/// A whole MO on its way to its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mo {
    /// Its id.
    pub id: Id,
    /// Its parts in order, one for most.
    pub parts: Vec<Inbound>,
    /// The account's id; empty if nobody owns it.
    pub account: String,
    /// The same as an index, or `NOBODY`.
    pub account_index: u16,
    /// The text; `None` where it is binary or cannot be decoded.
    pub text: Option<String>,
    /// Parts were missing when the time ran out.
    pub incomplete: bool,
    /// The consent change it made: 0 none, 1 opted out, 2 opted in.
    pub consent: u8,
    /// The id of the keyword rule that matched, or empty.
    pub keyword: String,
    /// Where it stands.
    pub status: Status,
    /// When it last changed.
    pub updated: WallMs,
    /// What must still be told; see [`tell`].
    pub tell: u8,
    /// Those of them that wait in a queue of its account, or are under way.
    pub offered: u8,
    /// Tries of telling.
    pub told: u8,
    /// Parts written to the ESME, as a count.
    pub sent_parts: u8,
    /// Parts that the ESME has answered, as a count.
    pub delivered_parts: u8,
    /// The journal page that holds its newest whole record.
    pub home: u64,
}

impl Mo {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.put_u128(self.id.0);
        out.put_bytes(self.account.as_bytes());
        out.put_u8(u8::from(self.text.is_some()));
        out.put_bytes(self.text.as_deref().unwrap_or_default().as_bytes());
        out.put_u8(u8::from(self.incomplete));
        out.put_u8(self.consent);
        out.put_bytes(self.keyword.as_bytes());
        out.put_u8(self.status as u8);
        out.put_u64(self.updated);
        out.put_u8(self.tell);
        out.put_u8(self.parts.len() as u8);
        for part in &self.parts {
            part.put(out);
        }
        if self.parts.iter().any(|part| !part.named.is_empty()) {
            for part in &self.parts {
                out.put_bytes(&part.named);
            }
        }
    }

    pub(super) fn take(from: &mut Take<'_>) -> Result<Self> {
        let id = Id(from.u128()?);
        let account = from.string()?;
        let has_text = from.u8()? == 1;
        let text = from.string()?;
        let mut mo = Self {
            id,
            parts: Vec::new(),
            account,
            account_index: NOBODY,
            text: has_text.then_some(text),
            incomplete: from.u8()? == 1,
            consent: from.u8()?,
            keyword: from.string()?,
            status: Status::take(from)?,
            updated: from.u64()?,
            tell: from.u8()?,
            offered: 0,
            told: 0,
            sent_parts: 0,
            delivered_parts: 0,
            home: 0,
        };
        for _ in 0..from.u8()? {
            mo.parts.push(Inbound::take(from)?);
        }
        if !from.is_empty() {
            for part in &mut mo.parts {
                part.named = from.bytes()?.into();
            }
        }
        Ok(mo)
    }
}

/// A receipt whose message is not known, or not yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its own id.
    pub id: Id,
    /// When it came.
    pub at: WallMs,
    /// The carrier's id.
    pub carrier: String,
    /// The carrier's message id.
    pub carrier_id: Box<[u8]>,
    /// The digits of the person whom it is about.
    pub contact: Box<[u8]>,
    /// What it says.
    pub state: State,
    /// Its error as a number.
    pub error: u32,
    /// The cause it gives.
    pub cause: Option<Box<Cause>>,
    /// The journal page that holds it.
    pub home: u64,
}

/// A notification is early only for as long as a response may take; one that comes after the end belongs to nothing.
const NOTIFICATION_TTL_MS: u64 = 600_000;

impl Held {
    /// How long it is kept, where a final receipt is kept for `ttl_ms`.
    pub(super) fn ttl_ms(&self, ttl_ms: u64) -> u64 {
        if self.state.is_final() { ttl_ms } else { ttl_ms.min(NOTIFICATION_TTL_MS) }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.put_u128(self.id.0);
        out.put_u64(self.at);
        out.put_bytes(self.carrier.as_bytes());
        out.put_bytes(&self.carrier_id);
        out.put_u8(self.state.message_state());
        out.put_u32(self.error);
        Cause::put(self.cause.as_deref(), out);
        out.put_bytes(&self.contact);
    }

    pub(super) fn take(from: &mut Take<'_>) -> Result<Self> {
        let id = Id(from.u128()?);
        let at = from.u64()?;
        let carrier = from.string()?;
        let carrier_id = from.bytes()?.into();
        let number = from.u8()?;
        let state = State::from_message_state(number);
        let state = state.ok_or_else(|| Error::new("engine.bad_record", format!("no receipt state {number}")))?;
        let error = from.u32()?;
        let cause = Cause::take(from)?;
        let contact = if from.is_empty() { Box::default() } else { from.bytes()?.into() };
        Ok(Self { id, at, carrier, carrier_id, contact, state, error, cause, home: 0 })
    }
}

#[cfg(test)]
mod tests;
