//! An MT is admitted: addresses, consent, route, carrier, parts, and its record.

use std::borrow::Cow;

use super::envelope::{Address, Draft, Envelope, flag};
use super::given::{as_written, dest_of};
use super::id::{Id, Naming};
use super::journal::{Answer, Effect, Kind};
use super::ledger::{Handle, Live};
use super::message::{Mt, Status};
use super::multi::Multi;
use super::quirks::vendor;
use super::shape;
use super::tables::{Route, digits};
use super::tally::Direction;
use super::wire::Put;
use super::{Engine, Lane, NOBODY};
use crate::clock::{Micros, WallMs};
use crate::smpp::command::version::V33;
use crate::smpp::sm::{INTERMEDIATE, Sm, UDHI};
use crate::smpp::{status, time, tlv};
use crate::text::coding::{Alphabet, DataCoding};
use crate::text::{self, Choice, Encoding, SegmentOptions, Segments, udh};

/// Why a message is not taken, for both protocols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The API's stable code.
    pub code: &'static str,
    /// The SMPP command_status.
    pub status: u32,
    /// The API's field, or empty.
    pub field: &'static str,
    /// What, where, how to mend it.
    pub detail: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str, status: u32, field: &'static str, detail: impl Into<String>) -> Self {
        Self { code, status, field, detail: detail.into() }
    }
}

/// A message as the API hands it in.
#[derive(Clone, Debug, Default)]
pub struct Post<'a> {
    /// Source address.
    pub from: &'a str,
    /// Destination address.
    pub to: &'a str,
    /// Its text, or else `data`.
    pub text: Option<&'a str>,
    /// Binary user data.
    pub data: &'a [u8],
    /// The caller's own header for `data`, with its length octet.
    pub udh: &'a [u8],
    /// `auto`, `gsm7`, `ucs2` or `latin1`.
    pub encoding: Choice,
    /// Replace what the alphabet lacks.
    pub transliterate: bool,
    /// How long it is worth sending, in milliseconds; 0 = the node's own.
    pub validity_ms: u64,
    /// When it may leave; 0 = now.
    pub due: WallMs,
    /// Ask the carrier for a receipt.
    pub receipt: bool,
    /// 0–3.
    pub priority: u8,
    /// Message class 0.
    pub flash: bool,
    /// The caller's reference.
    pub client_ref: &'a str,
    /// The caller's tags, joined by U+001F.
    pub tags: &'a str,
    /// Values for TLVs of the carrier's own, by name.
    pub params: &'a [(String, String)],
}

/// A message that was taken; durable once the open page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Its id.
    pub id: Id,
    /// Its encoding.
    pub encoding: Encoding,
    /// Its segments.
    pub segments: usize,
}

/// A submit that waits for its account's allowance.
pub(super) struct Arrival {
    pub(super) sequence: u32,
    pub(super) since: Micros,
    pub(super) command: u32,
    pub(super) carrier: u16,
    pub(super) envelope: Envelope,
    pub(super) multi: Option<Box<Multi>>,
}

impl Arrival {
    fn segments(&self) -> u64 {
        let rest = self.multi.iter().flat_map(|multi| &multi.rest);
        rest.map(|(_, envelope)| u64::from(envelope.parts())).sum::<u64>() + u64::from(self.envelope.parts())
    }

    fn messages(&self) -> usize {
        1 + self.multi.as_ref().map_or(0, |multi| multi.rest.len())
    }
}

/// A payload as it goes out.
pub(super) struct Cut<'p> {
    pub(super) parts: Vec<Cow<'p, [u8]>>,
    /// How the parts belong together.
    pub(super) flags: u16,
    /// Each part begins with a header of the node's own.
    pub(super) udhi: bool,
    pub(super) data_coding: u8,
    pub(super) encoding: u8,
}

/// A submit as it came: how, and in which version.
#[derive(Clone, Copy)]
pub(super) struct Submit {
    pub(super) command: u32,
    pub(super) sequence: u32,
    pub(super) version: u8,
}

const fn number_of(encoding: Encoding) -> u8 {
    match encoding {
        Encoding::Gsm7 => 0,
        Encoding::Ucs2 => 1,
        Encoding::Latin1 => 2,
        Encoding::Binary => 3,
    }
}

impl Engine {
    /// Reads a submit_sm or data_sm into an envelope without id or order; nothing is taken yet.
    pub(super) fn arrive(&mut self, account: u16, how: Submit, sm: &Sm<'_>, now: Micros) -> Result<Arrival, Refusal> {
        let (carrier, envelope) = self.lay_out(account, how.version, sm, b"", now)?;
        let Submit { command, sequence, .. } = how;
        Ok(Arrival { sequence, since: now, command, carrier, envelope, multi: None })
    }

    /// One message to one destination; `group` is room for the id of a submit_multi, or empty.
    pub(super) fn lay_out(
        &mut self,
        account: u16,
        version: u8,
        sm: &Sm<'_>,
        group: &[u8],
        now: Micros,
    ) -> Result<(u16, Envelope), Refusal> {
        let wall = self.wall(now);
        let quirks = &self.tables.config.accounts[account as usize].quirks;
        let (from, to) = (self.source_of(quirks, &sm.source), dest_of(quirks, &sm.dest));
        let (from, to) = (from.address(), to.address());
        let carrier = self.check(account, from.addr, to.addr)?;
        let due = schedule(sm.schedule, wall)?;
        let expires = self.expiry(sm.validity, wall, due)?;
        let mut flags = flag::VIA_SMPP | receipts_asked(sm.registered);
        if !sm.validity.is_empty() {
            flags |= flag::VALIDITY;
        }
        if !group.is_empty() {
            flags |= flag::MULTI;
        }
        let naming = if version <= V33 { Naming::Short } else { quirks.naming };
        if sm.replace == 1 {
            flags |= flag::REPLACE;
        }
        let udhi = sm.esm_class & UDHI != 0;
        let made = udhi || sm.tlvs.get(tlv::SAR_TOTAL_SEGMENTS).is_some();
        let (payload, data_coding) = self.tables.config.accounts[account as usize].quirks.read(sm);
        led(udhi, &payload)?;
        let cut = self.cut(carrier, payload, data_coding, made, to.addr)?;
        flags |= cut.flags;
        let esm_class = sm.esm_class | if cut.udhi { UDHI } else { 0 };
        let tlvs = travelling(sm);
        let draft = Draft {
            created: wall,
            expires,
            due,
            flags,
            esm_class,
            protocol_id: sm.protocol_id,
            priority: sm.priority,
            registered: sm.registered,
            data_coding: cut.data_coding,
            default_message: sm.default_msg_id,
            encoding: cut.encoding,
            naming,
            account: self.tables.config.accounts[account as usize].id.as_bytes(),
            from,
            to,
            service_type: sm.service_type,
            tlvs: &tlvs,
            client_ref: group,
            ..Draft::default()
        };
        Ok((carrier, Envelope::build(&draft, cut.parts.iter().map(AsRef::as_ref))))
    }

    /// When a message of this validity_period is not worth sending any more. It counts from now (7.1.1); where the sender
    /// gives none, from when the message may leave.
    pub(super) fn expiry(&self, validity: &[u8], wall: WallMs, due: WallMs) -> Result<WallMs, Refusal> {
        let (limits, begins) = (&self.tables.config.limits, wall.max(due));
        let at = match validity {
            b"" => Some(begins + limits.validity_ms),
            text => time::parse(text).and_then(|t| t.after(wall)),
        };
        let at = at.ok_or_else(|| bad_time("bad_validity", status::ESME_RINVEXPIRY, "validity"))?;
        Ok(at.min(begins + limits.validity_max_ms))
    }

    /// A payload as the parts that go out: as it is if the sender `made` a part of it or if it fits, else cut as the carrier
    /// wants it.
    pub(super) fn cut<'p>(
        &mut self,
        carrier: u16,
        payload: Cow<'p, [u8]>,
        data_coding: u8,
        made: bool,
        to: &[u8],
    ) -> Result<Cut<'p>, Refusal> {
        let table = &self.carrier_table(carrier).quirks;
        let foreign = !made && !table.coding.is_plain() && shape::is_foreign(table, &payload, data_coding);
        let single = made || !foreign && payload.len() <= shape::capacity(data_coding);
        if single && payload.len() > 254 {
            let detail = "a part made by the sender has at most 254 octets";
            return Err(Refusal::new("bad_length", status::ESME_RINVMSGLEN, "text", detail));
        }
        let encoding = encoding_of(data_coding);
        if single {
            return Ok(Cut { parts: vec![payload], flags: 0, udhi: false, data_coding, encoding });
        }
        let wanted = table.long_text;
        let options = shape::options(wanted, self.reference(to));
        let segments = split(&payload, data_coding, foreign, options)?;
        let flags = flag::SEGMENTED | shape::flags(wanted, &segments);
        let (data_coding, encoding) = if foreign { (segments.data_coding, 1) } else { (data_coding, encoding) };
        let udhi = segments.udhi;
        let parts = segments.parts.into_iter().map(|part| Cow::Owned(part.octets)).collect();
        Ok(Cut { parts, flags, udhi, data_coding, encoding })
    }

    /// Messages and segments that wait for admission on a session.
    pub fn inbox(&mut self, sid: u32) -> (usize, u64) {
        let inbox = self.peer(sid).map(|p| &p.inbox);
        inbox.map_or((0, 0), |inbox| (inbox.len(), inbox.iter().map(Arrival::segments).sum()))
    }

    /// Takes submits off a session's inbox until `segments` are reached, the last one whole; what is over stays
    /// in the inbox with `keep`, which the session's window bounds, else it is answered ESME_RTHROTTLED. Gives the
    /// segments taken.
    pub fn admit(&mut self, sid: u32, segments: u64, keep: bool, now: Micros) -> u64 {
        let epoch = self.epoch(sid);
        let Some(peer) = self.peer(sid) else { return 0 };
        let super::peers::Kind::Esme { account } = peer.kind else {
            return 0;
        };
        if keep && segments == 0 {
            return 0;
        }
        let mut taken = 0;
        let mut refused = Vec::new();
        let mut kept = Vec::new();
        for arrival in std::mem::take(&mut peer.inbox) {
            if keep && taken >= segments {
                kept.push(arrival);
                continue;
            }
            let size = arrival.segments();
            let refusal = if taken >= segments {
                *self.tally.throttled.entry(account).or_default() += 1;
                Some(status::ESME_RTHROTTLED)
            } else if self.has_room_for(arrival.messages()) {
                None
            } else {
                *self.tally.blocked.entry("node_full").or_default() += 1;
                Some(status::ESME_RMSGQFUL)
            };
            if let Some(status) = refusal {
                refused.push((arrival.sequence, arrival.command, status));
                continue;
            }
            taken += size;
            let Arrival { sequence, since, command, carrier, envelope, multi } = arrival;
            let naming = envelope.naming();
            let answer =
                |id| Answer { session: sid, epoch, sequence, command, status: 0, id: Some((id, naming)), since };
            let Some(multi) = multi else {
                let id = self.take_in(envelope, account, carrier, now);
                self.journal.after_commit(Effect::Answer(answer(id)));
                continue;
            };
            let id = self.take_in_all(account, (carrier, envelope), multi.rest, now);
            self.journal.after_commit(Effect::Multi(Box::new((answer(id), multi.failures))));
        }
        if let Some(peer) = self.peer(sid) {
            peer.inbox = kept;
            let wrote = !refused.is_empty();
            for (sequence, command, status) in refused {
                peer.session.respond(sequence, command, status, b"");
            }
            if wrote {
                self.wrote(sid);
            }
        }
        taken
    }

    /// Takes a message from the API, or says why not.
    pub fn post(&mut self, account: u16, post: &Post<'_>, now: Micros) -> Result<Posted, Refusal> {
        let quirks = &self.tables.config.accounts[account as usize].quirks;
        let (from, to) = (address(post.from.as_bytes()), address(post.to.as_bytes()));
        let anew = (self.source_of(quirks, &as_written(from, post.from)), dest_of(quirks, &as_written(to, post.to)));
        let from = anew.0.anew().unwrap_or(from);
        let to = anew.1.anew().unwrap_or(to);
        let checked = self.check(account, from.addr, to.addr);
        let carrier = checked.inspect_err(|refusal| self.tally_refused(account, refusal))?;
        if !self.has_room() {
            *self.tally.blocked.entry("node_full").or_default() += 1;
            return Err(Refusal::new(
                "node_full",
                status::ESME_RMSGQFUL,
                "",
                "the node holds as many messages as it may: try again later",
            ));
        }
        let mut flags = flag::SEGMENTED;
        if post.receipt {
            flags |= flag::RECEIPT | flag::TELL_SUCCESS;
        }
        flags |= flag::TELL_FAILURE;
        self.compose(account, carrier, from, to, post, flags, now)
    }

    /// Encodes, segments and takes in a message of the API or of the node's own.
    #[allow(clippy::too_many_arguments, reason = "one message")]
    pub(super) fn compose(
        &mut self,
        account: u16,
        carrier: u16,
        from: Address<'_>,
        to: Address<'_>,
        post: &Post<'_>,
        mut flags: u16,
        now: Micros,
    ) -> Result<Posted, Refusal> {
        let reference = self.reference(to.addr);
        let table = &self.carrier_table(carrier).quirks;
        let (wanted, params) = (table.long_text, self.params(table, post.params)?);
        let mut options = shape::options(wanted, reference);
        (options.encoding, options.transliterate) = (post.encoding, post.transliterate);
        if options.encoding == Choice::Auto && post.text.is_some_and(|text| !table.coding.has(text)) {
            options.encoding = Choice::Ucs2;
        }
        let segments = match post.text {
            Some(text) => text::segment(text, &options),
            None => text::segment_binary(post.data, post.udh, 4, &options),
        };
        let refuse = |e: crate::Error| {
            let field = if post.text.is_some() { "text" } else { "data" };
            Refusal { code: e.code, status: status::ESME_RINVMSGLEN, field, detail: e.message }
        };
        let segments = segments.map_err(refuse)?;
        if post.udh.is_empty() {
            flags |= shape::flags(wanted, &segments);
        }
        if !params.is_empty() {
            flags |= flag::PARAMS;
        }
        let wall = self.wall(now);
        if post.validity_ms > 0 {
            flags |= flag::VALIDITY;
        }
        let limits = &self.tables.config.limits;
        let validity = if post.validity_ms > 0 { post.validity_ms } else { limits.validity_ms };
        let validity = validity.min(limits.validity_max_ms);
        let due = if post.due > wall { post.due } else { 0 };
        // 3GPP TS 23.038 §4: coding group 0001 with class 0 shows the text at once.
        let class = if post.flash { 0x10 } else { 0 };
        let known = self.tables.config.accounts.get(account as usize);
        let name = known.map(|a| a.id.clone()).unwrap_or_default();
        let draft = Draft {
            created: wall,
            expires: wall.max(due) + validity,
            due,
            flags,
            esm_class: if segments.udhi { 0x40 } else { 0 },
            priority: post.priority,
            data_coding: segments.data_coding | class,
            encoding: number_of(segments.encoding),
            account: name.as_bytes(),
            from,
            to,
            client_ref: post.client_ref.as_bytes(),
            tags: post.tags.as_bytes(),
            tlvs: &params,
            ..Draft::default()
        };
        let envelope = Envelope::build(&draft, segments.parts.iter().map(|p| p.octets.as_slice()));
        let id = self.take_in(envelope, account, carrier, now);
        Ok(Posted { id, encoding: segments.encoding, segments: segments.parts.len() })
    }

    /// Gives the message its id, its record and its place; it leaves once the open page is durable.
    fn take_in(&mut self, envelope: Envelope, account: u16, carrier: u16, now: Micros) -> Id {
        let id = self.fresh_id(account, envelope.naming(), now);
        self.take_in_as(id, envelope, account, carrier, now);
        id
    }

    pub(super) fn take_in_as(&mut self, id: Id, mut envelope: Envelope, account: u16, carrier: u16, now: Micros) {
        self.order += 1;
        envelope.name(id, self.order);
        let name = &self.tables.config.carriers[carrier as usize].id;
        self.journal.record(Kind::Mt, |out| {
            out.put_bytes(envelope.octets());
            out.put_bytes(name.as_bytes());
        });
        self.tally.message(Direction::Mt, account, carrier, Status::Accepted);
        if envelope.given_id() == id {
            self.keep_alias(&envelope, now);
        }
        self.note_replacement(&envelope, account, now);
        let handle = self.house_mt(Mt::new(envelope, account, carrier));
        self.journal.after_commit(Effect::Queue(handle));
    }

    pub(super) fn house_mt(&mut self, mt: Mt) -> Handle {
        let names = super::operations::Names::of(&mt);
        let handle = self.ledger.insert(mt.env.id(), Live::Mt(Box::new(mt)));
        self.learn(names, handle);
        let home = self.journal.house(handle);
        self.ledger.set_home(handle, home);
        handle
    }

    /// Addresses, consent and route; gives the carrier.
    pub(super) fn check(&self, account: u16, from: &[u8], to: &[u8]) -> Result<u16, Refusal> {
        let contact = digits(to);
        if contact.is_empty() || contact.len() > 20 || !contact.iter().all(u8::is_ascii_digit) {
            let detail = "the destination must be 1 to 20 digits, with or without +";
            return Err(Refusal::new("bad_destination", status::ESME_RINVDSTADR, "to", detail));
        }
        if from.is_empty() || from.len() > 20 {
            let detail = "the source must be an own number or 1 to 20 characters";
            return Err(Refusal::new("bad_source", status::ESME_RINVSRCADR, "from", detail));
        }
        let number = self.tables.number(from).map(|n| &self.tables.config.numbers[n as usize]);
        if number.is_some_and(|n| n.account.is_some_and(|a| a != account)) {
            let detail = "that number belongs to another account";
            return Err(Refusal::new("source_not_owned", status::ESME_RINVSRCADR, "from", detail));
        }
        if number.is_none_or(|n| n.node_optout) && self.consent.is_out(digits(from), contact) {
            let status = self.tables.config.accounts[account as usize].optout_status;
            let detail = "the recipient has opted out of this number";
            return Err(Refusal::new("recipient_opted_out", status, "to", detail));
        }
        let route = self.tables.route(account, from, to);
        let pair = self.pair(account, contact);
        let carrier = route.and_then(|r| self.choose(r, pair, &[])).or(number.and_then(|n| n.carrier));
        carrier.ok_or_else(|| {
            let detail = "no route matches this account, source and destination";
            Refusal::new("no_route", status::ESME_RINVDSTADR, "to", detail)
        })
    }

    /// A carrier of the route: by weight and pair among all, else among the usable, else the first usable to
    /// fall back to; if none is usable, the first choice waits for its carrier.
    pub(super) fn choose(&self, route: &Route, pair: u64, tried: &[u16]) -> Option<u16> {
        // What moves away from a carrier that is down has not left it yet: nothing new may overtake it.
        self.choose_among(route, pair, tried, |lane| lane.usable || lane.queue.is_moving())
    }

    /// The same, where the caller says which carriers are usable.
    pub(super) fn choose_among(
        &self,
        route: &Route,
        pair: u64,
        tried: &[u16],
        usable: impl Fn(&Lane) -> bool,
    ) -> Option<u16> {
        let fresh = |c: u16| !tried.contains(&c);
        let usable = |c: u16| fresh(c) && usable(&self.lanes[c as usize]);
        let first = weighted(&route.carriers, pair, fresh);
        first
            .filter(|c| usable(*c))
            .or_else(|| weighted(&route.carriers, pair, usable))
            .or_else(|| route.failover.iter().copied().find(|c| usable(*c)))
            .or(first)
    }

    /// The next concatenation reference towards a destination: neighbours differ.
    pub(super) fn reference(&mut self, to: &[u8]) -> u16 {
        let place = self.pair(NOBODY, to) as usize % self.references.len();
        self.references[place] = self.references[place].wrapping_add(1);
        self.references[place]
    }

    pub(super) fn fresh_reference(&mut self, handle: Handle) -> Option<u16> {
        let to = self.ledger.mt(handle)?.env.to().addr.to_vec();
        Some(self.reference(&to))
    }

    pub(super) fn tally_refused(&mut self, account: u16, refusal: &Refusal) {
        *self.tally.blocked.entry(refusal.code).or_default() += 1;
        let status = if refusal.code == "recipient_opted_out" { Status::Blocked } else { Status::Rejected };
        self.tally.message(Direction::Mt, account, NOBODY, status);
    }
}

fn weighted(carriers: &[(u16, u32)], pair: u64, may: impl Fn(u16) -> bool) -> Option<u16> {
    let fit = || carriers.iter().filter(|(c, w)| *w > 0 && may(*c));
    let total: u64 = fit().map(|(_, w)| u64::from(*w)).sum();
    let mut point = pair.checked_rem(total)?;
    fit().find_map(|(carrier, weight)| {
        let within = point < u64::from(*weight);
        point = point.saturating_sub(u64::from(*weight));
        within.then_some(*carrier)
    })
}

/// Whether a text that is said to begin with a user data header does.
pub(super) fn led(udhi: bool, payload: &[u8]) -> Result<(), Refusal> {
    if udhi && !udh::leads(payload) {
        let detail = "esm_class says that the text begins with a user data header, but it does not";
        return Err(Refusal::new("bad_header", status::ESME_RINVESMCLASS, "text", detail));
    }
    Ok(())
}

fn bad_time(code: &'static str, status: u32, field: &'static str) -> Refusal {
    Refusal::new(code, status, field, "not a time of SMPP 3.4 §7.1.1")
}

/// When a message of this schedule_delivery_time may leave; 0 = at once.
pub(super) fn schedule(text: &[u8], wall: WallMs) -> Result<WallMs, Refusal> {
    if text.is_empty() {
        return Ok(0);
    }
    let at = time::parse(text).and_then(|t| t.after(wall));
    let at = at.ok_or_else(|| bad_time("bad_schedule", status::ESME_RINVSCHED, "send_at"))?;
    Ok(if at > wall { at } else { 0 })
}

/// What a registered_delivery asks for, as flags (5.2.17; 3 is of 5.0).
pub(super) const fn receipts_asked(registered: u8) -> u16 {
    match registered & 3 {
        1 => flag::RECEIPT | flag::TELL_SUCCESS | flag::TELL_FAILURE,
        2 => flag::RECEIPT | flag::TELL_FAILURE,
        3 => flag::RECEIPT | flag::TELL_SUCCESS,
        // Who asks for notifications alone is told nothing of the end.
        _ if registered & INTERMEDIATE != 0 => flag::RECEIPT,
        _ => 0,
    }
}

/// Type and plan from how an address is written: letters, short code, or international digits.
pub(super) fn address(text: &[u8]) -> Address<'_> {
    let plain = digits(text);
    if !plain.iter().all(u8::is_ascii_digit) {
        Address { ton: 5, npi: 0, addr: text }
    } else if plain.len() <= 6 {
        Address { ton: 3, npi: 0, addr: plain }
    } else {
        Address { ton: 1, npi: 1, addr: plain }
    }
}

fn encoding_of(data_coding: u8) -> u8 {
    match DataCoding::of(data_coding).alphabet {
        Alphabet::Ucs2 => 1,
        Alphabet::Latin1 => 2,
        Alphabet::Default | Alphabet::Gsm7 => 0,
        // What is not written anew is cut between octets.
        _ => 3,
    }
}

/// TLVs that go on to the carrier; the text itself does not, since the node has it as parts, nor the tag that it keeps
/// for itself, nor what a strict peer would refuse.
fn travelling(sm: &Sm<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let kept = |tag: u16| matches!(tag, tlv::MESSAGE_PAYLOAD | vendor::PARAM);
    for (tag, value) in sm.tlvs.iter().filter(|(tag, value)| !kept(*tag) && tlv::fits(*tag, value.len())) {
        tlv::put(&mut out, tag, value);
    }
    out
}

/// Cuts a long text of an ESME into parts in the coding it came in, or in UCS-2 where its carrier cannot write it.
fn split(payload: &[u8], data_coding: u8, foreign: bool, mut options: SegmentOptions) -> Result<Segments, Refusal> {
    let refuse = |e: crate::Error| Refusal::new("bad_length", status::ESME_RINVMSGLEN, "text", e.message);
    options.encoding = match encoding_of(data_coding) {
        0 if foreign => Choice::Ucs2,
        0 => Choice::Gsm7,
        1 => Choice::Ucs2,
        2 => Choice::Latin1,
        _ => return text::segment_binary(payload, b"", data_coding, &options).map_err(refuse),
    };
    let text = text::decode(payload, data_coding, b"", false, text::DefaultAlphabet::Gsm7);
    text::segment(&text.map_err(refuse)?, &options).map_err(refuse)
}
