//! Receipts and MOs go to their account: as deliver_sm over any of its receiver binds, or to its webhook.

use std::cmp::Reverse;

use super::envelope::{Address, flag};
use super::journal::Kind;
use super::ledger::{Handle, Live};
use super::message::{Event, Inbound, Mo, Mt, Status, tell};
use super::quirks::{AccountQuirks, append_nul};
use super::shape::styled;
use super::tally::Direction;
use super::view::{self, View};
use super::wire::Put;
use super::{Engine, NOBODY, Wake};
use crate::clock::{Micros, SECOND, WallMs};
use crate::smpp::command::{self, version::V34};
use crate::smpp::receipt::{self, State};
use crate::smpp::sm::{Sm, TYPE_INTERMEDIATE, TYPE_RECEIPT};
use crate::smpp::status::{self, Class};
use crate::smpp::tlv::{self, Tlvs};
use crate::text::{gsm7, udh};

/// What a webhook is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookKind {
    /// An MT has left.
    Submitted,
    /// An MT was delivered.
    Delivered,
    /// An MT has failed.
    Failed,
    /// An MO is here.
    Received,
    /// Somebody opted out.
    OptedOut,
    /// Somebody opted in.
    OptedIn,
}

/// One event for a webhook.
#[derive(Clone, Debug)]
pub struct Hook {
    /// To be given back with the outcome.
    pub token: u64,
    /// What happened.
    pub kind: HookKind,
    /// When, in wall milliseconds.
    pub at: WallMs,
    /// The message.
    pub view: View,
}

impl Engine {
    /// Puts what is owed and not yet offered into the queues of its account.
    pub(super) fn hand_over(&mut self, handle: Handle) {
        let (account, fresh) = match self.ledger.live(handle) {
            Some(Live::Mt(mt)) => (mt.account, mt.tell & !mt.offered),
            Some(Live::Mo(mo)) => (mo.account_index, mo.tell & !mo.offered),
            _ => return,
        };
        let Some(desk) = self.desks.get_mut(account as usize) else {
            return;
        };
        // Progress before the end, where both are new.
        for bit in [tell::PROGRESS, tell::SMPP, tell::MO_SMPP].into_iter().filter(|bit| fresh & bit != 0) {
            desk.out.push_back((handle, bit));
            self.attention.accounts.insert(account);
        }
        for bit in (0..8).map(|n| 1 << n).filter(|bit| fresh & tell::HOOKS & bit != 0) {
            desk.hooks.push_back((handle, bit));
            self.attention.hooks.insert(account);
        }
        if let Some(mt) = self.ledger.mt_mut(handle) {
            mt.offered |= fresh;
        } else if let Some(mo) = self.ledger.mo_mut(handle) {
            mo.offered |= fresh;
        }
    }

    /// Writes to the receiver binds of an account what waits for it, as their windows allow.
    pub fn deliver(&mut self, account: u16, now: Micros) -> u32 {
        let mut written = 0;
        // An account may have thousands of binds, and mostly there is nothing to tell.
        if self.desks[account as usize].out.is_empty() {
            return 0;
        }
        for sid in self.desks[account as usize].sessions.clone() {
            if self.desks[account as usize].out.is_empty() {
                break;
            }
            let Some(mut peer) = self.peers[sid as usize].peer.take() else {
                continue;
            };
            let session = &mut peer.session;
            while session.can_send(command::DELIVER_SM) && session.window_free() > 0 {
                let Some((handle, bit)) = self.desks[account as usize].out.front().copied() else {
                    break;
                };
                // Before 3.4 a text has no other place than short_message.
                let long = |live: &Live| matches!(live, Live::Mo(mo) if mo.parts.iter().any(|p| p.octets.len() > 254));
                let takes_tlvs = self.tables.config.accounts[account as usize].quirks.send_tlvs;
                if !takes_tlvs.allow(session.takes_tlvs()) && self.ledger.live(handle).is_some_and(long) {
                    if self.takes_tlvs(account) {
                        break;
                    }
                    self.desks[account as usize].out.pop_front();
                    self.told(handle, tell::MO_SMPP, false, now);
                    continue;
                }
                let wall = self.wall(now);
                let send = |session: &mut crate::smpp::session::Session, part: u8, sm: &Sm<'_>| {
                    let token = handle.token(part);
                    session
                        .request(now, command::DELIVER_SM, token, |out| {
                            sm.write(command::DELIVER_SM, out);
                        })
                        .is_ok()
                };
                let quirks = &self.tables.config.accounts[account as usize].quirks;
                let (sent, whole) = if let Some(mt) = self.ledger.mt(handle) {
                    let note = Note::of(mt, bit, quirks, wall);
                    let takes_tlvs = quirks.send_tlvs.allow(session.takes_tlvs());
                    let tlvs = if takes_tlvs { &note.tlvs[..] } else { &[] };
                    let tlvs = &tlv::known_to(tlvs, session.version().max(V34));
                    let number = bit.trailing_zeros() as u8;
                    let sent = note.send(mt, quirks, tlvs, |sm| send(session, number, sm));
                    (sent, sent)
                } else if let Some(mo) = self.ledger.mo_mut(handle) {
                    let index = mo.sent_parts;
                    let part = mo.parts.get(index as usize);
                    let sent = part.is_some_and(|part| send_part(part, quirks, |sm| send(session, index, sm)));
                    mo.sent_parts += u8::from(sent);
                    (sent, mo.sent_parts as usize >= mo.parts.len())
                } else {
                    (false, true)
                };
                written += u32::from(sent);
                if whole {
                    self.desks[account as usize].out.pop_front();
                } else if !sent {
                    break;
                }
            }
            let wrote = !session.output().is_empty();
            self.peers[sid as usize].peer = Some(peer);
            if wrote {
                self.wrote(sid);
            }
        }
        written
    }

    /// Whether a receiver of the account may be sent TLVs; the one at hand is out of its place.
    fn takes_tlvs(&self, account: u16) -> bool {
        let peers = self.desks[account as usize].sessions.iter().map(|sid| &self.peers[*sid as usize].peer);
        peers.flatten().any(|peer| peer.session.can_send(command::DELIVER_SM) && peer.session.takes_tlvs())
    }

    /// An ESME has answered a deliver_sm.
    pub(super) fn taken(&mut self, token: u64, answer: u32, now: Micros) {
        let (handle, number) = Handle::from_token(token);
        let bit = self.smpp_bit(handle, number);
        match status::class(answer) {
            Class::Ok => {
                if let Some(mo) = self.ledger.mo_mut(handle) {
                    mo.delivered_parts += 1;
                    if (mo.delivered_parts as usize) < mo.parts.len() {
                        return;
                    }
                }
                self.told(handle, bit, true, now);
            }
            // An ESME cannot be told twice that it does not want something.
            Class::Permanent => self.told(handle, bit, false, now),
            _ => self.tell_later(handle, bit, now),
        }
    }

    /// What a deliver_sm told: the token of an MT's names the bit, that of an MO's the part.
    fn smpp_bit(&self, handle: Handle, number: u8) -> u8 {
        if self.ledger.mt(handle).is_some() { 1u8.checked_shl(number.into()).unwrap_or(0) } else { tell::MO_SMPP }
    }

    fn tell_later(&mut self, handle: Handle, bit: u8, now: Micros) {
        let tries = match self.ledger.live(handle) {
            Some(Live::Mt(mt)) => mt.told,
            Some(Live::Mo(mo)) => mo.told,
            _ => return,
        };
        if let Some(mt) = self.ledger.mt_mut(handle) {
            mt.told = tries.saturating_add(1);
            mt.offered &= !bit;
        } else if let Some(mo) = self.ledger.mo_mut(handle) {
            mo.told = tries.saturating_add(1);
            mo.offered &= !tell::MO_SMPP;
            mo.sent_parts = 0;
            mo.delivered_parts = 0;
        }
        let pause = SECOND << u32::from(tries.min(8));
        let pause = pause / 2 + self.ids.below(pause / 2 + 1);
        self.wakes.push(Reverse((now + pause, Wake::Tell(handle.token(0)))));
    }

    /// The session is gone before it answered: the next one gets it, before what came later.
    pub(super) fn untold(&mut self, token: u64, account: u16) {
        let (handle, number) = Handle::from_token(token);
        let bit = self.smpp_bit(handle, number);
        if let Some(mo) = self.ledger.mo_mut(handle) {
            if mo.sent_parts == 0 {
                return;
            }
            let waiting = (mo.sent_parts as usize) < mo.parts.len();
            mo.sent_parts = 0;
            mo.delivered_parts = 0;
            if waiting {
                return;
            }
        } else if self.ledger.mt(handle).is_none() {
            return;
        }
        self.desks[account as usize].out.push_front((handle, bit));
    }

    /// Takes events for the webhook of an account; each must come back through [`Engine::hook_done`].
    pub fn take_hooks(&mut self, account: u16, limit: usize) -> Vec<Hook> {
        let Some(desk) = self.desks.get_mut(account as usize) else {
            return Vec::new();
        };
        let count = limit.min(desk.hooks.len());
        let taken: Vec<_> = desk.hooks.drain(..count).collect();
        let hook = |(handle, bit): (Handle, u8)| {
            let token = handle.token(bit.trailing_zeros() as u8);
            let (kind, at, view) = match self.ledger.live(handle)? {
                Live::Mt(mt) => (mt_kind(mt, bit), mt.updated(), view::of_mt(mt, &self.tables)),
                Live::Mo(mo) => (mo_kind(mo, bit), mo.updated, view::of_mo(mo)),
                _ => return None,
            };
            Some(Hook { token, kind, at, view })
        };
        taken.into_iter().filter_map(hook).collect()
    }

    /// A webhook event has ended: taken, or given up.
    pub fn hook_done(&mut self, token: u64, delivered: bool, now: Micros) {
        let (handle, bit) = Handle::from_token(token);
        if bit < 8 {
            self.told(handle, 1 << bit, delivered, now);
        }
    }

    /// Waited too long: nobody is told any more.
    pub(super) fn told_all(&mut self, handle: Handle, now: Micros) {
        for bit in (0..8).map(|n| 1 << n) {
            self.told(handle, bit, false, now);
        }
    }

    fn told(&mut self, handle: Handle, bit: u8, delivered: bool, now: Micros) {
        let wall = self.wall(now);
        let (id, owed) = match self.ledger.live(handle) {
            Some(Live::Mt(mt)) => (mt.env.id(), mt.tell),
            Some(Live::Mo(mo)) => (mo.id, mo.tell),
            _ => return,
        };
        if owed & bit == 0 {
            return;
        }
        self.journal.record(Kind::Told, |out| {
            out.put_u128(id.0);
            out.put_u8(bit);
            out.put_u8(u8::from(delivered));
            out.put_u64(wall);
        });
        self.apply_told(handle, bit, delivered, wall);
        match self.ledger.live(handle) {
            Some(Live::Mo(mo)) if mo.tell == 0 => {
                let carrier = mo.parts.first().and_then(|p| self.tables.carrier(&p.carrier));
                let (account, status) = (mo.account_index, mo.status);
                self.tally.message(Direction::Mo, account, carrier.unwrap_or(NOBODY), status);
                self.fold(handle);
            }
            Some(Live::Mt(mt)) if mt.tell == 0 && mt.is_final() => self.fold(handle),
            _ => {}
        }
    }

    pub(super) fn apply_told(&mut self, handle: Handle, bit: u8, delivered: bool, wall: WallMs) {
        if let Some(mt) = self.ledger.mt_mut(handle) {
            mt.tell &= !bit;
        } else if let Some(mo) = self.ledger.mo_mut(handle) {
            mo.tell &= !bit;
            mo.updated = wall;
            if delivered {
                mo.status = Status::HandedOver;
            } else if mo.tell == 0 && mo.status == Status::Received {
                mo.status = Status::Dead;
            }
        }
    }
}

fn mt_kind(mt: &Mt, bit: u8) -> HookKind {
    if bit == tell::HOOK_SUBMITTED {
        HookKind::Submitted
    } else if mt.status == Status::Delivered {
        HookKind::Delivered
    } else {
        HookKind::Failed
    }
}

fn mo_kind(mo: &Mo, bit: u8) -> HookKind {
    match (bit, mo.consent) {
        (tell::MO_CONSENT, 1) => HookKind::OptedOut,
        (tell::MO_CONSENT, _) => HookKind::OptedIn,
        _ => HookKind::Received,
    }
}

pub(super) const fn state_of(status: Status) -> State {
    match status {
        Status::Delivered => State::Delivered,
        Status::Expired => State::Expired,
        Status::Cancelled => State::Deleted,
        Status::Rejected | Status::Blocked => State::Rejected,
        Status::Unknown => State::Unknown,
        _ => State::Undeliverable,
    }
}

/// A receipt or notification for an ESME: in the classic form of SMPP 3.4 appendix B, and as TLVs.
struct Note {
    text: Vec<u8>,
    data_coding: u8,
    tlvs: Vec<u8>,
    esm_class: u8,
}

impl Note {
    fn of(mt: &Mt, bit: u8, quirks: &AccountQuirks, wall: WallMs) -> Self {
        // Its sender knows it by the name that the response gave it.
        let id = mt.env.naming().in_receipt(mt.env.given_id());
        let open = |event: &&Event| event.receipt.is_some_and(|state| !state.is_final());
        let news = if bit == tell::PROGRESS { mt.events.iter().rev().find(open) } else { mt.events.last() };
        let (state, esm_class) = match news.and_then(|event| event.receipt).filter(|_| bit == tell::PROGRESS) {
            Some(state) => (state, TYPE_INTERMEDIATE),
            None => (state_of(mt.status), TYPE_RECEIPT),
        };
        let parts = if mt.env.has(flag::PAYLOAD) { 1 } else { u16::from(mt.env.parts()) };
        let cause = mt.cause.as_deref();
        let number = format!("{:03}", mt.error % 1000);
        // What the carrier wrote, if it is a word that a receipt's reader can take for one.
        let own =
            cause.map(|cause| &cause.err[..]).filter(|err| !err.is_empty() && err.iter().all(u8::is_ascii_graphic));
        let start = view::text_of_mt(mt).unwrap_or_default();
        let start: String = start.chars().filter(|c| !c.is_control()).take(20).collect();
        let plain = || start.bytes().filter(u8::is_ascii_alphanumeric).collect();
        let start = gsm7::encode(&start).unwrap_or_else(|_| plain());
        let mut text = Vec::new();
        let form = receipt::Form {
            id: &id,
            state,
            err: own.unwrap_or(number.as_bytes()),
            submit: mt.env.created(),
            done: news.map_or(wall, |event| event.at),
            text: &start,
            sub: parts,
            dlvrd: if state == State::Delivered { parts } else { 0 },
            seconds: quirks.receipt_seconds,
        };
        form.write(&mut text);
        let (text, data_coding) = quirks.coding.write(&text, 0, false);
        let mut text = text.into_owned();
        if quirks.append_nul {
            append_nul(&mut text, data_coding);
        }
        let mut tlvs = Vec::new();
        let mut terminated = id;
        terminated.push(0);
        tlv::put(&mut tlvs, tlv::RECEIPTED_MESSAGE_ID, &terminated);
        tlv::put(&mut tlvs, tlv::MESSAGE_STATE, &[state.message_state()]);
        if let Some(network) = cause.and_then(|cause| cause.network) {
            tlv::put(&mut tlvs, tlv::NETWORK_ERROR_CODE, &network);
        }
        if let Some(reference) = Tlvs::new(mt.env.tlvs()).get(tlv::USER_MESSAGE_REFERENCE) {
            tlv::put(&mut tlvs, tlv::USER_MESSAGE_REFERENCE, reference);
        }
        Self { text, data_coding, tlvs, esm_class }
    }

    fn send(&self, mt: &Mt, quirks: &AccountQuirks, tlvs: &[u8], write: impl FnOnce(&Sm<'_>) -> bool) -> bool {
        debug_assert!(mt.env.has(flag::VIA_SMPP));
        let (from, to) = (mt.env.from(), mt.env.to());
        let (source, dest) = (styled(&quirks.style, to), styled(&quirks.style, from));
        write(&Sm {
            source: source.addr((None, None)),
            dest: dest.addr((None, None)),
            esm_class: self.esm_class,
            data_coding: self.data_coding,
            short_message: &self.text,
            tlvs: Tlvs::new(tlvs),
            ..Sm::default()
        })
    }
}

/// Gives a part of an MO as its account wants it.
fn send_part(part: &Inbound, quirks: &AccountQuirks, write: impl FnOnce(&Sm<'_>) -> bool) -> bool {
    let [source, dest] =
        [&part.from, &part.to].map(|(ton, npi, addr)| styled(&quirks.style, Address { ton: *ton, npi: *npi, addr }));
    // A header that is none would have a strict ESME refuse for ever what the carrier has handed over.
    let esm_class = part.esm_class & if udh::leads(&part.octets) { 0xC0 } else { 0x80 };
    let (mut body, data_coding) = quirks.coding.write(&part.octets, part.data_coding, esm_class & 0x40 != 0);
    if quirks.append_nul {
        append_nul(body.to_mut(), data_coding);
    }
    write(&Sm {
        source: source.addr((None, None)),
        dest: dest.addr((None, None)),
        esm_class,
        data_coding,
        short_message: &body,
        ..Sm::default()
    })
}
