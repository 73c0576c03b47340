//! Receipts and MOs go to their account: as deliver_sm over any of its receiver binds, or to its webhook.

use std::cmp::Reverse;

use super::envelope::flag;
use super::journal::Kind;
use super::ledger::{Handle, Live};
use super::message::{Mo, Mt, Status, tell};
use super::tally::Direction;
use super::view::{self, View};
use super::wire::Put;
use super::{Engine, NOBODY, Wake};
use crate::clock::{Micros, SECOND, WallMs};
use crate::smpp::command;
use crate::smpp::receipt::{self, State};
use crate::smpp::sm::{Addr, Sm};
use crate::smpp::status::{self, Class};
use crate::smpp::tlv::{self, Tlvs};

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
        if fresh & (tell::SMPP | tell::MO_SMPP) != 0 {
            desk.out.push_back(handle);
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
        for sid in self.desks[account as usize].sessions.clone() {
            let Some(mut peer) = self.peers[sid as usize].peer.take() else {
                continue;
            };
            let session = &mut peer.session;
            while session.can_send(command::DELIVER_SM) && session.window_free() > 0 {
                let Some(handle) = self.desks[account as usize].out.front().copied() else {
                    break;
                };
                // Before 3.4 a text has no other place than short_message.
                let long = |live: &Live| matches!(live, Live::Mo(mo) if mo.parts.iter().any(|p| p.octets.len() > 254));
                if !session.takes_tlvs() && self.ledger.live(handle).is_some_and(long) {
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
                let (sent, whole) = if let Some(mt) = self.ledger.mt(handle) {
                    let mut text = Vec::new();
                    let mut tlvs = Vec::new();
                    write_receipt(mt, wall, &mut text, &mut tlvs);
                    let known = tlv::known_to(&tlvs, session.version());
                    let sent = send(session, 0, &receipt_sm(mt, &text, &known));
                    (sent, sent)
                } else if let Some(mo) = self.ledger.mo_mut(handle) {
                    let index = mo.sent_parts;
                    let sent = mo.parts.get(index as usize).is_some_and(|part| send(session, index, &mo_sm(part)));
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
            if !session.output().is_empty() {
                self.attention.output.insert(sid);
            }
            self.peers[sid as usize].peer = Some(peer);
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
        let (handle, _) = Handle::from_token(token);
        match status::class(answer) {
            Class::Ok => {
                if let Some(mo) = self.ledger.mo_mut(handle) {
                    mo.delivered_parts += 1;
                    if (mo.delivered_parts as usize) < mo.parts.len() {
                        return;
                    }
                    self.told(handle, tell::MO_SMPP, true, now);
                } else {
                    self.told(handle, tell::SMPP, true, now);
                }
            }
            // An ESME cannot be told twice that it does not want something.
            Class::Permanent => {
                self.told(handle, tell::SMPP, false, now);
                self.told(handle, tell::MO_SMPP, false, now);
            }
            _ => self.tell_later(handle, now),
        }
    }

    fn tell_later(&mut self, handle: Handle, now: Micros) {
        let tries = match self.ledger.live(handle) {
            Some(Live::Mt(mt)) => mt.told,
            Some(Live::Mo(mo)) => mo.told,
            _ => return,
        };
        if let Some(mt) = self.ledger.mt_mut(handle) {
            mt.told = tries.saturating_add(1);
            mt.offered &= !tell::SMPP;
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
    pub(super) fn untold(&mut self, handle: Handle, account: u16) {
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
        self.desks[account as usize].out.push_front(handle);
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

const fn state_of(status: Status) -> State {
    match status {
        Status::Delivered => State::Delivered,
        Status::Expired => State::Expired,
        Status::Cancelled => State::Deleted,
        Status::Rejected | Status::Blocked => State::Rejected,
        Status::Unknown => State::Unknown,
        _ => State::Undeliverable,
    }
}

/// The receipt in the classic form of SMPP 3.4 appendix B, and as TLVs.
fn write_receipt(mt: &Mt, wall: WallMs, text: &mut Vec<u8>, tlvs: &mut Vec<u8>) {
    let given = mt.env.given_id();
    let alias = format!("{:08X}", given.alias());
    // Its sender knows it by the name that the response gave it.
    let id: &[u8] = if mt.env.has(flag::ALIAS) { alias.as_bytes() } else { &given.encode() };
    let state = state_of(mt.status);
    let parts = u16::from(mt.env.parts());
    let delivered = if state == State::Delivered { parts } else { 0 };
    let done = mt.events.last().map_or(wall, |e| e.at);
    let error = format!("{:03}", mt.error % 1000);
    let start = view::text_of_mt(mt).unwrap_or_default();
    let start: String = start.chars().filter(char::is_ascii).take(20).collect();
    receipt::write_text(text, id, state, error.as_bytes(), mt.env.created(), done, start.as_bytes(), parts, delivered);
    let mut terminated = id.to_vec();
    terminated.push(0);
    tlv::put(tlvs, tlv::RECEIPTED_MESSAGE_ID, &terminated);
    tlv::put(tlvs, tlv::MESSAGE_STATE, &[state.message_state()]);
    if let Some(reference) = Tlvs::new(mt.env.tlvs()).get(tlv::USER_MESSAGE_REFERENCE) {
        tlv::put(tlvs, tlv::USER_MESSAGE_REFERENCE, reference);
    }
}

fn receipt_sm<'a>(mt: &'a Mt, text: &'a [u8], tlvs: &'a [u8]) -> Sm<'a> {
    debug_assert!(mt.env.has(flag::VIA_SMPP));
    let (from, to) = (mt.env.from(), mt.env.to());
    Sm {
        service_type: b"",
        source: Addr { ton: to.ton, npi: to.npi, addr: to.addr },
        dest: Addr { ton: from.ton, npi: from.npi, addr: from.addr },
        esm_class: 0x04,
        short_message: text,
        tlvs: Tlvs::new(tlvs),
        ..Sm::default()
    }
}

fn mo_sm(part: &super::message::Inbound) -> Sm<'_> {
    Sm {
        source: Addr { ton: part.from.0, npi: part.from.1, addr: &part.from.2 },
        dest: Addr { ton: part.to.0, npi: part.to.1, addr: &part.to.2 },
        esm_class: part.esm_class & 0xC0,
        data_coding: part.data_coding,
        short_message: &part.octets,
        ..Sm::default()
    }
}
