//! An MO: stored part by part, put together, read for consent words and keywords, answered, handed over.

use super::accept::{Post, address};
use super::envelope::flag;
use super::journal::{Effect, Kind};
use super::ledger::{Handle, Live};
use super::message::{Inbound, Mo, NOBODY, Part, Status, tell};
use super::quirks::{Country, vendor, without_nul};
use super::tables::{Verb, digits};
use super::tally::Direction;
use super::{Engine, keyed};
use crate::clock::Micros;
use crate::keywords::normalise;
use crate::page::ConsentRow;
use crate::smpp::receipt::{self, Reading};
use crate::smpp::sm::{Addr, Sm};
use crate::smpp::tlv;
use crate::text::reassemble::{Added, Key};
use crate::text::{self, udh};

/// What a text asked for.
#[derive(Default)]
struct Understood {
    account: Option<u16>,
    keyword: Option<u16>,
    /// 1 opted out, 2 opted in.
    consent: u8,
    /// The answer, and whether it may be sent to somebody who is out.
    reply: Option<(String, bool)>,
}

impl Engine {
    /// A deliver_sm or data_sm from a carrier. False: there is no room, the carrier shall try later.
    pub(super) fn came_in(&mut self, carrier: u16, sm: &Sm<'_>, now: Micros) -> bool {
        let mut scratch = Vec::new();
        match receipt::read(sm, &self.carrier_table(carrier).quirks.dialect, &mut scratch) {
            Reading::Message => {}
            Reading::Receipt(outcome) => return self.receipt(carrier, &outcome, sm, now),
            Reading::Unreadable => return self.unreadable_receipt(carrier, now),
        }
        if !self.has_room_inbound() {
            return false;
        }
        let wall = self.wall(now);
        let id = self.ids.next(wall);
        let int = |tag| sm.tlvs.int(tag).unwrap_or(0);
        let quirks = &self.carrier_table(carrier).quirks;
        let body = sm.payload();
        let body = if quirks.strip_nul { without_nul(body, sm.data_coding) } else { body };
        let (octets, data_coding) = quirks.coding.read(body, sm.data_coding, sm.has_udh(), false);
        let inbound = Inbound {
            id,
            at: wall,
            carrier: self.carrier_table(carrier).id.clone(),
            from: self.international(&quirks.country, &sm.source),
            to: self.international(&quirks.country, &sm.dest),
            esm_class: sm.esm_class,
            data_coding,
            octets: octets.into(),
            sar: (
                int(tlv::SAR_MSG_REF_NUM) as u16,
                int(tlv::SAR_TOTAL_SEGMENTS) as u8,
                int(tlv::SAR_SEGMENT_SEQNUM) as u8,
            ),
            named: vendor::known(&quirks.tlvs, &sm.tlvs).into(),
        };
        if concat(&inbound).is_none() {
            self.whole(vec![inbound], false, now);
            return true;
        }
        self.journal.record(Kind::Part, |out| inbound.put_alone(out));
        let handle = self.house_part(inbound);
        self.gather(handle, now);
        true
    }

    /// An address in its international form, unless it is one of our own as it stands.
    pub(super) fn international(&self, country: &Country, at: &Addr<'_>) -> (u8, u8, Box<[u8]>) {
        match country.international(at.ton, at.addr) {
            Some(anew) if self.tables.number(at.addr).is_none() => (anew.ton, anew.npi, anew.addr().into()),
            _ => (at.ton, at.npi, at.addr.into()),
        }
    }

    pub(super) fn house_part(&mut self, inbound: Inbound) -> Handle {
        let part = Part { inbound, home: 0 };
        let handle = self.ledger.insert(part.inbound.id, Live::Part(Box::new(part)));
        let home = self.journal.house(handle);
        self.ledger.set_home(handle, home);
        handle
    }

    /// Adds a stored part to its set, and makes the MO if it was the last.
    pub(super) fn gather(&mut self, handle: Handle, now: Micros) {
        let Some(part) = self.ledger.part(handle) else {
            return;
        };
        let Some(key) = set_of(&part.inbound) else {
            return;
        };
        match self.reassembly.add(key, fingerprint(&part.inbound), handle, now) {
            Added::Whole(handles) => self.assemble(&handles, false, now),
            Added::Duplicate(handle) => self.gone(handle),
            Added::Waiting => {}
        }
    }

    /// At the start: a part of this MO whose acknowledgement a crash took, and that comes again, opens no new set.
    pub(super) fn remember_set(&mut self, handle: Handle, now: Micros) {
        let Some(Live::Mo(mo)) = self.ledger.live(handle) else {
            return;
        };
        let Some(key) = mo.parts.first().and_then(set_of).filter(|_| !mo.incomplete) else {
            return;
        };
        let age = self.wall(now).saturating_sub(mo.updated) * 1000;
        let fingerprints = mo.parts.iter().map(fingerprint).collect();
        self.reassembly.restore(key, fingerprints, now.saturating_sub(age), now);
    }

    fn assemble(&mut self, handles: &[Handle], incomplete: bool, now: Micros) {
        let part = |h: &Handle| self.ledger.part(*h).map(|p| p.inbound.clone());
        let parts: Vec<Inbound> = handles.iter().filter_map(part).collect();
        if !parts.is_empty() {
            self.whole(parts, incomplete, now);
        }
    }

    /// Sets whose time ran out go on as they are, flagged.
    pub(super) fn expire_parts(&mut self, now: Micros) {
        for handles in self.reassembly.expire(now) {
            self.assemble(&handles, true, now);
        }
    }

    /// A whole MO: what it says, whose it is, what follows.
    fn whole(&mut self, parts: Vec<Inbound>, incomplete: bool, now: Micros) {
        let wall = self.wall(now);
        let first = &parts[0];
        let carrier = self.tables.carrier(&first.carrier).unwrap_or(0);
        let text = decoded(&parts, self.carrier_table(carrier).quirks.coding.alphabet);
        let number = self.tables.number(&first.to.2);
        let contact = first.from.2.clone();
        let reading = match (number, &text) {
            (Some(number), Some(text)) => self.read(number, &contact, text, wall),
            (Some(number), None) => {
                Understood { account: self.tables.config.numbers[number as usize].account, ..Understood::default() }
            }
            (None, _) => Understood::default(),
        };
        let rule = reading.keyword.map(|k| &self.tables.config.keywords[k as usize]);
        let account = reading.account.map(|a| &self.tables.config.accounts[a as usize]);
        let mut owed = 0;
        if let Some(account) = account {
            owed |= if account.mo_smpp { tell::MO_SMPP } else { 0 };
            owed |= if account.mo_webhook { tell::MO_HOOK } else { 0 };
            owed |= if account.webhook && reading.consent > 0 { tell::MO_CONSENT } else { 0 };
        }
        let mo = Mo {
            id: if parts.len() == 1 { first.id } else { self.ids.next(wall) },
            account: account.map(|a| a.id.clone()).unwrap_or_default(),
            account_index: reading.account.unwrap_or(NOBODY),
            text,
            incomplete,
            consent: reading.consent,
            keyword: rule.map(|r| r.id.clone()).unwrap_or_default(),
            status: if owed == 0 { Status::Dead } else { Status::Received },
            updated: wall,
            tell: owed,
            offered: 0,
            told: 0,
            sent_parts: 0,
            delivered_parts: 0,
            home: 0,
            parts,
        };
        self.tally.message(Direction::Mo, mo.account_index, carrier, Status::Received);
        self.journal.record(Kind::Mo, |out| mo.put(out));
        let handle = self.apply_mo(mo);
        if owed == 0 {
            self.tally.message(Direction::Mo, NOBODY, carrier, Status::Dead);
            self.fold(handle);
        } else {
            self.journal.after_commit(Effect::HandOver(handle));
        }
        if let (Some(number), Some((text, exempt))) = (number, reading.reply) {
            self.reply((number, carrier), reading.account, &contact, &text, exempt, now);
        }
    }

    /// Takes a whole MO into memory; its parts are in it.
    pub(super) fn apply_mo(&mut self, mo: Mo) -> Handle {
        for part in &mo.parts {
            if let Some(handle) = self.ledger.find(part.id) {
                self.apply_gone(handle);
            }
        }
        let handle = self.ledger.insert(mo.id, Live::Mo(Box::new(mo)));
        let home = self.journal.house(handle);
        self.ledger.set_home(handle, home);
        handle
    }

    /// Consent words win over keywords; a keyword wins over the word for help.
    fn read(&mut self, number: u16, contact: &[u8], text: &str, wall: u64) -> Understood {
        let table = &self.tables.config.numbers[number as usize];
        let normal = normalise(text);
        let own = digits(table.address.as_bytes());
        let person = digits(contact);
        let mut reading = Understood { account: table.account, ..Understood::default() };
        let verb = self.tables.verb(&normal).filter(|_| table.node_optout);
        let out = self.consent.is_out(own, person);
        let reply = |text: &String, exempt| (!text.is_empty()).then(|| (text.clone(), exempt));
        match verb {
            Some(Verb::Stop) => {
                reading.consent = u8::from(!out);
                // One confirmation: who is out already gets no second.
                reading.reply = if out { None } else { reply(&table.stop_reply, true) };
            }
            Some(Verb::Start | Verb::StartIfOut) if out => {
                reading.consent = 2;
                reading.reply = reply(&table.start_reply, false);
            }
            _ => {
                reading.keyword = self.tables.keyword(number, &normal);
                if let Some(index) = reading.keyword {
                    let rule = &self.tables.config.keywords[index as usize];
                    reading.account = rule.account.or(reading.account);
                    reading.reply = reply(&rule.reply, false);
                    *self.tally.keywords.entry((number, index)).or_default() += 1;
                } else if verb == Some(Verb::Help) {
                    reading.reply = reply(&table.help_reply, true);
                } else if verb == Some(Verb::Start) {
                    reading.reply = reply(&table.start_reply, false);
                }
            }
        }
        if reading.consent > 0 {
            let opted_out = reading.consent == 1;
            self.consent.set(own, person, opted_out);
            let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
            let row = ConsentRow { number: text(own), contact: text(person), opted_out, at: wall, proof: normal };
            self.journal.consent.push(row);
            if opted_out {
                *self.tally.optouts.entry(number).or_default() += 1;
            }
        }
        reading
    }

    /// An answer of the node's own, over the carrier of the number, or else the one the question came from.
    fn reply(
        &mut self,
        (number, came_from): (u16, u16),
        account: Option<u16>,
        contact: &[u8],
        text: &str,
        exempt: bool,
        now: Micros,
    ) {
        let table = &self.tables.config.numbers[number as usize];
        let (own, carrier) = (table.address.clone(), table.carrier.unwrap_or(came_from));
        if !exempt && self.consent.is_out(digits(own.as_bytes()), digits(contact)) {
            *self.tally.blocked.entry("recipient_opted_out").or_default() += 1;
            return;
        }
        let post = Post { text: Some(text), ..Post::default() };
        let flags = flag::VIA_NODE | flag::RECEIPT | flag::SEGMENTED | if exempt { flag::EXEMPT } else { 0 };
        let (from, to) = (address(own.as_bytes()), address(contact));
        let account = account.unwrap_or(NOBODY);
        if self.compose(account, carrier, from, to, &post, flags, now).is_err() {
            *self.tally.blocked.entry("reply_unencodable").or_default() += 1;
        }
    }
}

/// The concatenation of a part, by its header or its SAR TLVs; an impossible one counts as none.
fn concat(inbound: &Inbound) -> Option<udh::Concat> {
    let (header, _) = udh::split(&inbound.octets, inbound.esm_class & 0x40 != 0);
    udh::concat(header).filter(|c| c.total > 1).or_else(|| {
        let (reference, total, sequence) = inbound.sar;
        let fits = total > 1 && sequence >= 1 && sequence <= total;
        fits.then_some(udh::Concat { reference, wide: true, total, sequence })
    })
}

/// The set that a part belongs to.
fn set_of(inbound: &Inbound) -> Option<Key> {
    let concat = concat(inbound)?;
    Some(Key { source: inbound.from.2.clone(), dest: inbound.to.2.clone(), concat })
}

/// By which a part that comes again is known.
fn fingerprint(inbound: &Inbound) -> u64 {
    keyed::key(0, &[&inbound.octets]) as u64
}

/// The text of all parts; `None` where one is binary or cannot be decoded.
fn decoded(parts: &[Inbound], alphabet: text::DefaultAlphabet) -> Option<String> {
    let coding = parts[0].data_coding;
    let split = |p: &Inbound| {
        let (header, body) = udh::split(&p.octets, p.esm_class & 0x40 != 0);
        (header.to_vec(), body.to_vec())
    };
    if text::is_binary(coding) {
        return None;
    }
    if parts.iter().all(|p| p.data_coding == coding) {
        // Together, so that a pair which the sender split is whole again.
        let mut bodies = Vec::new();
        let (header, _) = split(&parts[0]);
        for part in parts {
            bodies.extend(split(part).1);
        }
        return text::decode(&bodies, coding, &header, false, alphabet).ok();
    }
    parts
        .iter()
        .map(|p| {
            let (header, body) = split(p);
            text::decode(&body, p.data_coding, &header, false, alphabet).ok()
        })
        .collect()
}
