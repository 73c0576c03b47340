//! Messages of one text that stand one after the other in a line of a queue leave together, as one submit_multi (3.4 §4.5),
//! where their carrier's table says so.
//!
//! The PDU takes one place of the window, each of its destinations one segment of the ceiling. Its response has one id for
//! them all and a status for each that was not reached; from there on each is a message of its own again, whose receipt is
//! found by that id and its destination. Nothing of the PDU is journaled: after a crash they go again, alone or together.

use std::collections::{HashMap, HashSet};

use super::Engine;
use super::envelope::{Envelope, flag};
use super::journal::Effect;
use super::ledger::Handle;
use super::message::{Mt, Stage};
use super::outgoing::Way;
use super::quirks::message_id::Place;
use super::relayed::Whose;
use super::shape::{Written, styled};
use super::submit::Response;
use super::tables::digits;
use crate::clock::{Micros, WallMs};
use crate::smpp::session::Session;
use crate::smpp::status::Class;
use crate::smpp::{command, pdu, status};

/// The messages of one submit_multi.
struct Bundle {
    /// The token of each, and its destination as it was written.
    members: Vec<(u64, Box<[u8]>)>,
    /// Its response has not come in time, and is not waited for any longer than this.
    late_until: Option<Micros>,
}

/// Those whose response may come.
#[derive(Default)]
pub(super) struct Bundles {
    open: HashMap<u64, Bundle>,
    count: u64,
}

impl Bundles {
    /// Gives up responses that are later than late.
    pub(super) fn forget_late(&mut self, now: Micros) {
        self.open.retain(|_, bundle| bundle.late_until.is_none_or(|until| until >= now));
    }
}

impl Engine {
    /// Writes the message at the head of a shard together with those behind it that are like it; gives how many, which is 0
    /// if it is to go alone.
    pub(super) fn write_together(
        &mut self,
        session: &mut Session,
        (carrier, shard): (u16, usize),
        most: u32,
        (now, wall): (Micros, WallMs),
    ) -> u32 {
        let table = &self.tables.config.carriers[carrier as usize];
        let most = most.min(table.quirks.destinations.into());
        if most < 2 || self.lanes[carrier as usize].alone || !session.can_send(command::SUBMIT_MULTI) {
            return 0;
        }
        let way = Way::of(table, session, wall);
        let run = self.run((carrier, shard), most as usize, &way, wall);
        let [(_, first), _, ..] = run[..] else { return 0 };
        let handles: Vec<Handle> = run.iter().map(|(handle, _)| *handle).collect();
        let written: Vec<Written<'_>> = run.iter().map(|(_, env)| styled(&table.quirks.dest, env.to())).collect();
        let dests: Vec<_> = written.iter().map(|dest| dest.addr(table.dest)).collect();
        let token = Whose::Bundle.token(self.bundles.count);
        let sent = way.with(command::SUBMIT_MULTI, first, 0, |sm| {
            session.request(now, command::SUBMIT_MULTI, token, |out| sm.write_multi(&dests, out))
        });
        if sent.is_err() {
            return 0;
        }
        let members = handles.iter().zip(&dests).map(|(handle, dest)| (handle.token(0), dest.addr.into())).collect();
        self.bundles.open.insert(token, Bundle { members, late_until: None });
        self.bundles.count += 1;
        let lane = &mut self.lanes[carrier as usize];
        lane.in_flight += 1;
        lane.queue.depth -= handles.len();
        for handle in &handles {
            lane.queue.pop(shard);
            if let Some(mt) = self.ledger.mt_mut(*handle) {
                mt.segments[0].stage = Stage::InFlight;
                mt.queued = false;
            }
        }
        handles.len() as u32
    }

    /// From the head of a shard, messages that differ by their destination alone, each once: a receipt names no more.
    fn run(
        &self,
        (carrier, shard): (u16, usize),
        most: usize,
        way: &Way<'_>,
        wall: WallMs,
    ) -> Vec<(Handle, &Envelope)> {
        let mut run = Vec::new();
        let (mut first, mut contacts) = (None, HashSet::new());
        for handle in self.lanes[carrier as usize].queue.head(shard).take(most) {
            let joins = |mt: &&Mt| {
                mt.waits_for(carrier)
                    && (mt.armed || !self.holds(carrier))
                    && matches!(&mt.segments[..], [only] if only.stage == Stage::Waiting)
                    && self.verdict(mt, wall).is_none()
            };
            let Some(mt) = self.ledger.mt(handle).filter(joins) else { break };
            let first = *first.get_or_insert(&mt.env);
            if !alike(first, &mt.env, way) || !contacts.insert(digits(mt.env.to().addr)) {
                break;
            }
            run.push((handle, &mt.env));
        }
        run
    }

    /// A carrier has answered a submit_multi, in time or late; gives what its answer means for the session.
    pub(super) fn bundle_answered(&mut self, carrier: u16, response: &Response<'_>, body: &[u8], now: Micros) -> Class {
        let Some(bundle) = self.bundles.open.remove(&response.token) else { return Class::Ok };
        if matches!(response.status, status::ESME_RINVCMDID | status::ESME_RINVNUMDESTS) {
            // It takes none, or not so many: that says nothing of the messages.
            self.lanes[carrier as usize].alone = true;
            for (token, _) in bundle.members.iter().rev() {
                self.not_taken(*token);
            }
            return Class::Ok;
        }
        let failures = pdu::failures(body);
        let unreached: HashMap<&[u8], u32> = failures.iter().map(|f| (digits(&f.addr), f.status)).collect();
        let mut classes = Vec::new();
        // Each that comes back returns to the head, so the first must be the last to return.
        for (token, dest) in bundle.members.iter().rev() {
            let status = unreached.get(digits(dest)).copied().unwrap_or(response.status);
            let one = Response { token: *token, status, shared: true, ..*response };
            classes.push(self.submitted(carrier, &one, now));
        }
        if classes.contains(&Class::Ok) {
            self.lanes[carrier as usize].unsettled += 1;
            self.journal.after_commit(Effect::Settled(carrier));
            self.match_early(carrier, response.message_id, now);
        }
        if classes.contains(&Class::Session) { Class::Session } else { Class::Ok }
    }

    /// Receipts that overtook the response: each finds the message of its destination.
    fn match_early(&mut self, carrier: u16, id: &[u8], now: Micros) {
        let key = self.id_key(carrier, id, Place::Response, b"");
        for early in self.correlation.release(key) {
            let contact = self.ledger.held(early).map(|held| held.contact.clone()).unwrap_or_default();
            match self.correlation.find(self.id_key(carrier, id, Place::Response, &contact)) {
                Some((handle, part)) => self.match_held(vec![early], handle, part, now),
                None => self.correlation.hold(key, early),
            }
        }
    }

    /// Its response has not come: what became of each is unknown. A late one counts until `at`.
    pub(super) fn bundle_unanswered(&mut self, carrier: u16, token: u64, at: Micros) {
        let Some(mut bundle) = self.bundles.open.remove(&token) else { return };
        for (token, _) in bundle.members.iter().rev() {
            self.unknown(carrier, *token, at);
        }
        if at > 0 {
            bundle.late_until = Some(at);
            self.bundles.open.insert(token, bundle);
        }
    }
}

/// Flags that change what is written.
const WRITTEN: u16 = flag::RECEIPT | flag::VALIDITY | flag::REPLACE | flag::SAR | flag::PAYLOAD | flag::PARAMS;

/// Whether two messages of one part are written alike but for their destination.
fn alike(one: &Envelope, other: &Envelope, way: &Way<'_>) -> bool {
    let written = |env: &Envelope| {
        let octets = [env.esm_class(), env.protocol_id(), env.priority(), env.registered(), env.data_coding()];
        (octets, env.default_message(), env.flags() & WRITTEN, way.validity(env))
    };
    written(one) == written(other)
        && one.from() == other.from()
        && one.service_type() == other.service_type()
        && one.tlvs() == other.tlvs()
        && one.body() == other.body()
}
