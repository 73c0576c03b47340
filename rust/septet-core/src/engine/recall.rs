//! A carrier is asked to withdraw, or to replace, what it has taken: cancel_sm and replace_sm (3.4 §4.9, §4.10), where its
//! table says so.
//!
//! The ESME is answered once every carrier has been heard: with success once the change is durable, else the message goes on
//! as it was. What is open is bounded by the carriers' windows, and for each session by [`OPEN`]. Nothing of it is journaled:
//! after a crash the ESME has no answer, and the message is what the carrier's receipt says.

use std::collections::HashMap;

use super::envelope::Envelope;
use super::ledger::Handle;
use super::message::{Mt, Stage, Status};
use super::operations::{Asker, failed};
use super::relayed::Whose;
use super::shape::Dress;
use super::tally::{Asked, Tally};
use super::{Engine, NOBODY};
use crate::clock::Micros;
use crate::smpp::command::{self, max};
use crate::smpp::field::put_cstring;
use crate::smpp::receipt::State;
use crate::smpp::sm::{INTERMEDIATE, UDHI};
use crate::smpp::{Pdu, status};

/// Questions of one session that carriers have not answered: as many as a message can have segments.
const OPEN: usize = 255;

/// A request of an ESME that waits for carriers.
struct Request {
    asker: Asker,
    /// Messages whose carrier has not been heard.
    left: usize,
    /// At least one is as the ESME wants it.
    any: bool,
    since: Micros,
}

/// One message of a request.
struct Piece {
    request: u64,
    handle: Handle,
    carrier: u16,
    /// Segments whose question is open.
    left: usize,
    refused: bool,
    /// The message as it will be if the carrier agrees; none withdraws it.
    envelope: Option<Envelope>,
}

impl Piece {
    fn tally<'t>(&self, tally: &'t mut Tally) -> &'t mut Asked {
        let tally = &mut tally.carriers[self.carrier as usize];
        if self.envelope.is_some() { &mut tally.replaces } else { &mut tally.cancels }
    }
}

/// Questions to carriers that an ESME waits for.
#[derive(Default)]
pub(super) struct Recalls {
    /// The message that a question is about, by the token of the question.
    open: HashMap<u64, u64>,
    pieces: HashMap<u64, Piece>,
    requests: HashMap<u64, Request>,
    /// Open questions by session and epoch.
    asking: HashMap<(u32, u32), usize>,
    count: u64,
}

impl Recalls {
    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}

/// Whether a carrier has all of a message and has told the end of none of it.
pub(super) fn is_away(mt: &Mt) -> bool {
    let away = |s: &super::message::Segment| {
        let named = (1..max::MESSAGE_ID).contains(&s.carrier_id.len());
        s.stage == Stage::Taken && named && !s.receipt.is_some_and(State::is_final)
    };
    mt.status == Status::Submitted && !mt.is_final() && mt.carrier != NOBODY && mt.segments.iter().all(away)
}

impl Engine {
    /// Withdraws what has not left, asks the carriers for what has, and answers once all is known.
    pub(super) fn withdraw_all(&mut self, asker: Asker, handles: &[Handle], now: Micros) {
        let request = self.recalls.next();
        let (mut any, mut left) = (false, 0);
        for handle in handles.iter().copied() {
            if self.withdraw(handle, now) {
                any = true;
            } else {
                left += usize::from(self.ask_to_cancel(request, asker, handle, now));
            }
        }
        self.wait(request, Request { asker, left, any, since: now });
    }

    /// Asks a carrier to take another text for a message of one segment; an error if it cannot be asked.
    pub(super) fn ask_to_replace(
        &mut self,
        asker: Asker,
        handle: Handle,
        envelope: Envelope,
        pdu: &Pdu,
        now: Micros,
    ) -> Result<(), u32> {
        let refused = status::ESME_RREPLACEFAIL;
        let mt = self.ledger.mt(handle).ok_or(refused)?;
        let table = self.carrier_table(mt.carrier);
        // A replace_sm cannot say another coding, nor that its text begins with a header, nor which of many it means.
        let same = |env: &Envelope| (env.parts(), env.data_coding(), env.esm_class() & UDHI);
        let one = same(&envelope) == (1, mt.env.data_coding(), 0) && same(&mt.env) == same(&envelope);
        if !one || mt.segments[0].shared {
            return Err(refused);
        }
        let dress = Dress::of(table, &envelope, 0, false);
        let text = &dress.short_message;
        if text.len() > max::SHORT_MESSAGE {
            return Err(refused);
        }
        let mut body = Vec::new();
        put_cstring(&mut body, &mt.segments[0].carrier_id, max::MESSAGE_ID);
        let source = dress.source.addr(table.source);
        body.extend_from_slice(&[source.ton, source.npi]);
        put_cstring(&mut body, source.addr, max::ADDR);
        put_cstring(&mut body, pdu.text("schedule_delivery_time"), max::TIME);
        put_cstring(&mut body, pdu.text("validity_period"), max::TIME);
        body.extend_from_slice(&[1 | envelope.registered() & INTERMEDIATE, 0, text.len() as u8]);
        body.extend_from_slice(text);
        let request = self.recalls.next();
        let carrier = mt.carrier;
        let piece = Piece { request, handle, carrier, left: 0, refused: false, envelope: Some(envelope) };
        if !self.put_questions(asker, command::REPLACE_SM, piece, vec![body], now) {
            return Err(refused);
        }
        self.wait(request, Request { asker, left: 1, any: false, since: now });
        Ok(())
    }

    /// False if its carrier cannot be asked to withdraw it.
    fn ask_to_cancel(&mut self, request: u64, asker: Asker, handle: Handle, now: Micros) -> bool {
        let Some(mt) = self.ledger.mt(handle).filter(|mt| is_away(mt)) else { return false };
        let table = self.carrier_table(mt.carrier);
        if !table.cancels {
            return false;
        }
        let question = |part: usize| {
            // 4.9.1: with an id no service_type; the addresses as they were submitted.
            let mut body = vec![0];
            put_cstring(&mut body, &mt.segments[part].carrier_id, max::MESSAGE_ID);
            let dress = Dress::of(table, &mt.env, part, false);
            for at in [dress.source.addr(table.source), dress.dest.addr(table.dest)] {
                body.extend_from_slice(&[at.ton, at.npi]);
                put_cstring(&mut body, at.addr, max::ADDR);
            }
            body
        };
        let questions = (0..mt.segments.len()).map(question).collect();
        let piece = Piece { request, handle, carrier: mt.carrier, left: 0, refused: false, envelope: None };
        self.put_questions(asker, command::CANCEL_SM, piece, questions, now)
    }

    /// Writes all questions about a message, or none: its links must have room for them.
    fn put_questions(
        &mut self,
        asker: Asker,
        command: u32,
        mut piece: Piece,
        questions: Vec<Vec<u8>>,
        now: Micros,
    ) -> bool {
        let session = (asker.session, asker.epoch);
        let links: Vec<u32> = self.lanes[piece.carrier as usize].links.iter().flatten().copied().collect();
        let mut room = |sid: &u32| {
            let peer = self.peer(*sid).filter(|peer| peer.session.can_send(command));
            peer.map_or(0, |peer| peer.session.window_free())
        };
        let room: usize = links.iter().map(&mut room).sum();
        let asked = self.recalls.asking.get(&session).copied().unwrap_or_default();
        if room < questions.len() || asked + questions.len() > OPEN {
            return false;
        }
        let key = self.recalls.next();
        for body in questions {
            let token = Whose::Recall.token(self.recalls.next());
            let sent = links.iter().copied().find(|sid| {
                let write = |out: &mut Vec<u8>| out.extend_from_slice(&body);
                self.peer(*sid).is_some_and(|peer| peer.session.request(now, command, token, write).is_ok())
            });
            if let Some(sid) = sent {
                self.recalls.open.insert(token, key);
                piece.tally(&mut self.tally).written += 1;
                piece.left += 1;
                self.wrote(sid);
            } else {
                piece.refused = true;
            }
        }
        let asks = piece.left;
        if asks > 0 {
            *self.recalls.asking.entry(session).or_default() += asks;
            self.recalls.pieces.insert(key, piece);
        }
        asks > 0
    }

    fn wait(&mut self, key: u64, request: Request) {
        if request.left > 0 {
            self.recalls.requests.insert(key, request);
        } else {
            self.conclude(&request);
        }
    }

    fn conclude(&mut self, request: &Request) {
        let Request { asker, any, since, .. } = *request;
        self.done(asker, if any { Ok(()) } else { Err(failed(asker.command)) }, since);
    }

    /// A carrier has answered such a question, or will not any more (no status).
    pub(super) fn recall_answered(&mut self, token: u64, status: Option<u32>, now: Micros) {
        let Some(key) = self.recalls.open.remove(&token) else { return };
        let Some(piece) = self.recalls.pieces.get_mut(&key) else { return };
        piece.left -= 1;
        let failed = status != Some(status::ESME_ROK);
        piece.refused |= failed;
        let (over, request) = (piece.left == 0, piece.request);
        piece.tally(&mut self.tally).failed += u64::from(failed);
        if let Some(waiting) = self.recalls.requests.get(&request) {
            let session = (waiting.asker.session, waiting.asker.epoch);
            if let Some(asking) = self.recalls.asking.get_mut(&session) {
                *asking -= 1;
                if *asking == 0 {
                    self.recalls.asking.remove(&session);
                }
            }
        }
        if !over {
            return;
        }
        let Some(piece) = self.recalls.pieces.remove(&key) else { return };
        let changed = !piece.refused && self.recalled(piece, now);
        let Some(waiting) = self.recalls.requests.get_mut(&request) else { return };
        waiting.any |= changed;
        waiting.left -= 1;
        if waiting.left == 0
            && let Some(request) = self.recalls.requests.remove(&request)
        {
            self.conclude(&request);
        }
    }

    /// The carrier agrees; false if the message is not, or ended otherwise, meanwhile.
    fn recalled(&mut self, piece: Piece, now: Micros) -> bool {
        let Piece { handle, carrier, envelope, .. } = piece;
        let here = self.ledger.mt(handle);
        let Some(envelope) = envelope else {
            // Its receipt may have said DELETED already, and then it may be out of memory.
            let ended = here.is_none_or(|mt| mt.status == Status::Cancelled);
            let away = here.is_some_and(|mt| mt.carrier == carrier && !mt.is_final());
            if away {
                self.end(handle, Status::Cancelled, 0, now);
            }
            return ended || away;
        };
        if !here.is_some_and(|mt| mt.carrier == carrier && is_away(mt)) {
            return false;
        }
        if let Some(mt) = self.ledger.mt_mut(handle) {
            mt.env = envelope;
        }
        self.snapshot(handle);
        true
    }
}
