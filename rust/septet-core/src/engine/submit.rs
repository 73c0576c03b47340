//! An MT goes to its carrier: grant, window, consent once more, response, retry, failover.

use std::cmp::Reverse;

use super::envelope::flag;
use super::journal::{Effect, Kind};
use super::ledger::Handle;
use super::message::{Mt, Stage, Status};
use super::outgoing::Way;
use super::peers;
use super::quirks::message_id::Place;
use super::relayed::Whose;
use super::settle::opted_out;
use super::shape;
use super::tables::digits;
use super::wire::Put;
use super::{Engine, NOBODY};
use crate::clock::{Micros, WallMs};
use crate::smpp::command;
use crate::smpp::session::Session;
use crate::smpp::status::Class;

/// A submit_sm_resp, or what a submit_multi_resp says of one destination.
#[derive(Clone, Copy)]
pub(super) struct Response<'a> {
    pub(super) token: u64,
    pub(super) status: u32,
    pub(super) message_id: &'a [u8],
    /// Other messages have the same id.
    pub(super) shared: bool,
    pub(super) waited: Micros,
}

impl Engine {
    /// Puts a message into its carrier's queue, or lets it wait until it is due.
    pub(super) fn enqueue(&mut self, handle: Handle, front: bool, now: Micros) {
        let wall = self.wall(now);
        let Some(mt) = self.ledger.mt_mut(handle) else {
            return;
        };
        if mt.is_final() || mt.segments.iter().all(|s| s.stage != Stage::Waiting) {
            return;
        }
        if mt.carrier == NOBODY {
            self.adopt(handle);
        }
        let Some(mt) = self.ledger.mt_mut(handle).filter(|mt| mt.carrier != NOBODY) else { return };
        if mt.env.due() > wall {
            self.scheduled.push(Reverse((mt.env.due(), handle.token(0))));
            return;
        }
        // What comes back from a pause may find that its carrier has gone down meanwhile.
        let untouched = mt.segments.iter().all(|s| s.stage != Stage::InFlight);
        let lane = &self.lanes[mt.carrier as usize];
        if untouched && !lane.usable && !lane.queue.is_moving() {
            self.move_on(handle, false);
        }
        self.queue_up(handle, front);
    }

    /// Its carrier is not configured any more: another one of its route, if there is a route.
    fn adopt(&mut self, handle: Handle) {
        let Some(mt) = self.ledger.mt(handle) else { return };
        let to = mt.env.to().addr;
        let route = self.tables.route(mt.account, mt.env.from().addr, to);
        let carrier = route.and_then(|route| self.choose(route, self.pair(mt.account, digits(to)), &[]));
        if let Some(carrier) = carrier {
            self.give(handle, carrier);
        }
    }

    /// Puts a message that is due into its carrier's queue.
    fn queue_up(&mut self, handle: Handle, front: bool) {
        let Some(mt) = self.ledger.mt_mut(handle) else {
            return;
        };
        if mt.status == Status::Scheduled {
            mt.status = Status::Queued;
        }
        mt.again = 0;
        let (account, carrier, priority) = (mt.account, mt.carrier, mt.env.priority());
        let newly = !std::mem::replace(&mut mt.queued, true);
        let pair = super::keyed::key(self.seed, &[&account.to_le_bytes(), digits(mt.env.to().addr)]) as u64;
        let queue = &mut self.lanes[carrier as usize].queue;
        queue.depth += usize::from(newly);
        if front {
            queue.push_front(pair, priority, handle);
        } else {
            let deep = queue.push(pair, priority, handle);
            if deep {
                self.cool(handle);
            }
        }
        self.attention.carriers.insert(carrier);
    }

    /// Whether a carrier has something ready and room for it.
    pub fn sendable(&mut self, carrier: u16) -> bool {
        !self.lanes[carrier as usize].queue.is_empty() && self.room(carrier) > 0
    }

    /// Submits that a carrier's windows have room for. An answered one holds its place until its record is durable, so
    /// that what a crash sends twice is never more than the windows.
    fn room(&mut self, carrier: u16) -> usize {
        let links: Vec<u32> = self.lanes[carrier as usize].links.iter().flatten().copied().collect();
        let free = |p: &mut peers::Peer| {
            if p.session.can_send(command::SUBMIT_SM) { p.session.window_free() } else { 0 }
        };
        let free: usize = links.into_iter().filter_map(|sid| self.peer(sid).map(free)).sum();
        free.saturating_sub(self.lanes[carrier as usize].unsettled)
    }

    /// Writes at most `grant` segments to the links of a carrier; gives how many it wrote.
    pub fn pump(&mut self, carrier: u16, grant: u32, now: Micros) -> u32 {
        let links = self.lanes[carrier as usize].links.clone();
        let mut places = self.room(carrier) as u32;
        let mut written = 0;
        for (link, sid) in links.iter().enumerate().filter_map(|(l, s)| Some((l, (*s)?))) {
            if written == grant || places == 0 {
                break;
            }
            let Some(mut peer) = self.peers[sid as usize].peer.take() else {
                continue;
            };
            let up = |other: u16| links.get(other as usize).is_some_and(Option::is_some);
            let (segments, submits) =
                self.pump_link(&mut peer, (carrier, link as u16), &up, (grant - written, places), now);
            written += segments;
            places -= submits;
            let wrote = !peer.session.output().is_empty();
            self.peers[sid as usize].peer = Some(peer);
            if wrote {
                self.wrote(sid);
            }
        }
        self.look_ahead(carrier);
        self.tally.carriers[carrier as usize].segments += u64::from(written);
        written
    }

    /// Gives the segments written, and the submits that they went in.
    fn pump_link(
        &mut self,
        peer: &mut peers::Peer,
        (carrier, link): (u16, u16),
        up: &dyn Fn(u16) -> bool,
        (grant, places): (u32, u32),
        now: Micros,
    ) -> (u32, u32) {
        if !peer.session.can_send(command::SUBMIT_SM) {
            return (0, 0);
        }
        let wall = self.wall(now);
        let (mut written, mut submits) = (0, 0);
        let mut ended = Vec::new();
        while written < grant && submits < places && peer.session.window_free() > 0 {
            let Some((shard, handle)) = self.lanes[carrier as usize].queue.front(link, up) else {
                break;
            };
            if self.ledger.cold(handle).is_some() {
                self.want(handle, true);
                break;
            }
            let Some(mt) = self.ledger.mt(handle).filter(|mt| mt.waits_for(carrier)) else {
                self.lanes[carrier as usize].queue.pop(shard);
                continue;
            };
            if let Some(verdict) = self.verdict(mt, wall) {
                self.lanes[carrier as usize].queue.pop(shard);
                ended.push((handle, verdict));
                continue;
            }
            if !mt.armed && self.holds(carrier) {
                if !self.may_arm(carrier, peer.session.window_free()) {
                    break;
                }
                self.lanes[carrier as usize].queue.pop(shard);
                self.arm(carrier, handle);
                continue;
            }
            let together = self.write_together(&mut peer.session, (carrier, shard), grant - written, (now, wall));
            if together > 0 {
                written += together;
                submits += 1;
                continue;
            }
            let Some(mt) = self.ledger.mt_mut(handle) else { break };
            let way = Way::of(&self.tables.config.carriers[carrier as usize], &peer.session, wall);
            let most = (grant - written).min(places - submits);
            let fresh = write_segments(&mut peer.session, &way, handle, mt, most, now);
            written += fresh;
            submits += fresh;
            let lane = &mut self.lanes[carrier as usize];
            lane.in_flight += fresh as usize;
            if mt.segments.iter().all(|s| s.stage != Stage::Waiting) {
                mt.queued = false;
                lane.queue.depth -= 1;
                lane.queue.pop(shard);
            } else if fresh == 0 {
                break;
            }
        }
        for (handle, status) in ended {
            if status == Status::Blocked {
                *self.tally.blocked.entry("recipient_opted_out").or_default() += 1;
            }
            self.end(handle, status, 0, now);
        }
        (written, submits)
    }

    /// The last check of consent and of time, beside the socket: how a message ends instead of being written.
    pub(super) fn verdict(&self, mt: &Mt, wall: WallMs) -> Option<Status> {
        if opted_out(&self.consent, &self.tables, &mt.env) {
            return Some(Status::Blocked);
        }
        (mt.env.expires() <= wall).then_some(Status::Expired)
    }

    /// A carrier has answered a segment, in time or late; gives what its answer means.
    pub(super) fn submitted(&mut self, carrier: u16, response: &Response<'_>, now: Micros) -> Class {
        let Response { token, status: answer, waited, .. } = *response;
        let tally = &mut self.tally.carriers[carrier as usize];
        *tally.responses.entry(answer).or_default() += 1;
        tally.submit.observe(waited);
        let (handle, part) = Handle::from_token(token);
        let class = self.carrier_table(carrier).quirks.class(answer);
        // A message that has ended, moved to another carrier or already has its answer: nothing is owed.
        let mt = self.ledger.mt(handle).filter(|mt| mt.carrier == carrier && !mt.is_final());
        let segment = mt.and_then(|mt| mt.segments.get(part as usize));
        if segment.is_none_or(|s| s.stage == Stage::Taken) {
            return class;
        }
        match class {
            Class::Ok => self.taken_by_carrier(handle, part, carrier, response, now),
            Class::Throttle => {
                self.tally.carriers[carrier as usize].throttled += 1;
                self.attention.throttled.insert(carrier);
                self.not_taken(token);
            }
            Class::Session => self.not_taken(token),
            Class::Retry => self.refused_for_now(handle, part, answer, now),
            Class::Permanent => self.end(handle, Status::Rejected, answer, now),
        }
        class
    }

    fn taken_by_carrier(&mut self, handle: Handle, part: u8, carrier: u16, response: &Response<'_>, now: Micros) {
        let Response { message_id: carrier_id, shared, .. } = *response;
        let wall = self.wall(now);
        let Some(mt) = self.ledger.mt(handle) else {
            return;
        };
        let id = mt.env.id();
        let name = &self.tables.config.carriers[carrier as usize].id;
        self.journal.record(Kind::Submitted, |out| {
            out.put_u128(id.0);
            out.put_u8(part);
            out.put_u64(wall);
            out.put_bytes(name.as_bytes());
            out.put_bytes(carrier_id);
            if shared {
                out.put_u8(1);
            }
        });
        self.apply_submitted(handle, part, carrier, carrier_id, shared, wall);
        if self.ledger.mt(handle).is_some_and(Mt::is_final) {
            self.tally_end(handle);
        }
        self.settle(handle);
        if shared {
            // What they share is dealt with once for them all.
            return;
        }
        self.lanes[carrier as usize].unsettled += 1;
        self.journal.after_commit(Effect::Settled(carrier));
        let held = self.correlation.release(self.id_key(carrier, carrier_id, Place::Response, b""));
        if !held.is_empty() {
            self.match_held(held, handle, part, now);
        }
    }

    /// Applies the record of a segment that a carrier has taken.
    pub(super) fn apply_submitted(
        &mut self,
        handle: Handle,
        part: u8,
        carrier: u16,
        carrier_id: &[u8],
        shared: bool,
        wall: u64,
    ) {
        let Some(mt) = self.ledger.mt_mut(handle) else {
            return;
        };
        mt.carrier = carrier;
        let Some(segment) = mt.segments.get_mut(part as usize) else {
            return;
        };
        segment.stage = Stage::Taken;
        segment.carrier_id = carrier_id.into();
        segment.shared = shared;
        let all = mt.segments.iter().all(|s| s.stage == Stage::Taken);
        let status = if all { Status::Submitted } else { mt.status };
        mt.note(wall, status, part + 1, 0);
        if all {
            mt.attempts = 0;
            self.owe(handle);
        }
        if let Some(mt) = self.ledger.mt(handle).filter(|mt| mt.env.has(flag::RECEIPT))
            && !carrier_id.is_empty()
        {
            let key = self.segment_key(mt, &mt.segments[part as usize]);
            self.correlation.insert(key, handle, part);
        }
    }

    /// A response that never came, for a session that is gone or a request that timed out: sent again, or given up at `at`.
    pub(super) fn unanswered(&mut self, carrier: u16, token: u64, at: Micros) {
        let lane = &mut self.lanes[carrier as usize];
        lane.in_flight = lane.in_flight.saturating_sub(1);
        match Whose::of(token) {
            Some(_) => self.bundle_unanswered(carrier, token, at),
            None => self.unknown(carrier, token, at),
        }
    }

    /// The carrier refuses it now, but not the message: it returns to the head of its queue.
    pub(super) fn not_taken(&mut self, token: u64) {
        self.unanswered_part(token);
        self.disarm(Handle::from_token(token).0);
    }

    pub(super) fn unanswered_part(&mut self, token: u64) {
        let (handle, part) = Handle::from_token(token);
        let Some(mt) = self.ledger.mt_mut(handle) else {
            return;
        };
        let Some(segment) = mt.segments.get_mut(part as usize) else {
            return;
        };
        if segment.stage != Stage::InFlight {
            return;
        }
        segment.stage = Stage::Waiting;
        if !mt.queued {
            self.queue_up(handle, true);
        }
    }

    /// A temporary refusal: the next carrier of the route at once, or the same again after a pause.
    fn refused_for_now(&mut self, handle: Handle, part: u8, answer: u32, now: Micros) {
        let wall = self.wall(now);
        let Some(mt) = self.ledger.mt_mut(handle) else {
            return;
        };
        // The parts that go together are one try, however many of them are refused.
        let counted = mt.again > 0;
        mt.segments[part as usize].stage = Stage::Waiting;
        mt.attempts = mt.attempts.saturating_add(u8::from(!counted));
        mt.error = answer;
        mt.note(wall, mt.status, part + 1, answer);
        let (carrier, attempts) = (mt.carrier, mt.attempts);
        self.disarm(handle);
        if counted {
            return;
        }
        if self.move_on(handle, true) {
            self.enqueue(handle, false, now);
            return;
        }
        let table = self.carrier_table(carrier);
        if attempts > table.retry_attempts {
            self.end(handle, Status::Failed, answer, now);
            return;
        }
        let pause = (table.retry_base << u32::from(attempts - 1).min(20)).min(table.retry_max);
        let pause = pause / 2 + self.ids.below(pause / 2 + 1);
        self.rest(handle, pause, now);
        // It still waits for its carrier: the depth says so.
        if let Some(mt) = self.ledger.mt_mut(handle) {
            let newly = !std::mem::replace(&mut mt.queued, true);
            self.lanes[carrier as usize].queue.depth += usize::from(newly);
        }
    }

    /// Gives a message another carrier of its route that is usable and has not refused it yet.
    fn move_on(&mut self, handle: Handle, refused: bool) -> bool {
        let Some(mt) = self.ledger.mt(handle) else {
            return false;
        };
        let (from, to) = (mt.env.from().addr, mt.env.to().addr);
        let Some(route) = self.tables.route(mt.account, from, to) else {
            return false;
        };
        let pair = self.pair(mt.account, digits(to));
        let mut tried = mt.tried.clone();
        if refused {
            tried.push(mt.carrier);
        }
        let usable = |c: &u16| self.lanes[*c as usize].usable && *c != mt.carrier;
        let next = self.choose_among(route, pair, &tried, |lane| lane.usable).filter(usable);
        let Some(next) = next else {
            return false;
        };
        if let Some(mt) = self.ledger.mt_mut(handle) {
            mt.tried = tried;
        }
        self.give(handle, next);
        true
    }

    /// Gives a message to another carrier, whole and in the form that this one wants; durable with the open page.
    fn give(&mut self, handle: Handle, next: u16) {
        self.forget_segments(handle);
        let reference = self.fresh_reference(handle);
        let table = &self.tables.config.carriers[next as usize];
        let Some(mt) = self.ledger.mt_mut(handle) else {
            return;
        };
        // The reference must be new even where the parts stay as they are: some may have been sent.
        let remade = shape::remake(mt, &table.quirks, reference.unwrap_or_default());
        if std::mem::take(&mut mt.queued)
            && let Some(lane) = self.lanes.get_mut(mt.carrier as usize)
        {
            lane.queue.depth -= 1;
        }
        mt.armed = false;
        mt.again = 0;
        mt.carrier = next;
        if mt.status != Status::Scheduled {
            mt.status = Status::Queued;
        }
        if let Some(remade) = remade {
            mt.segments.resize_with(remade.parts() as usize, Default::default);
            mt.env = remade;
        } else if let Some(reference) = reference.filter(|_| mt.env.has(flag::OWN_REFERENCE)) {
            mt.env.set_reference(reference);
        }
        mt.segments.fill_with(Default::default);
        self.snapshot(handle);
    }

    /// Moves a queued message to another carrier of its route, if it may leave this one; true if it went.
    pub(super) fn move_queued(&mut self, carrier: u16, handle: Handle) -> bool {
        let Some(mt) = self.ledger.mt(handle).filter(|mt| mt.waits_for(carrier)) else {
            return false;
        };
        let untouched = mt.segments.iter().all(|s| s.stage != Stage::InFlight);
        let moved = untouched && self.move_on(handle, false);
        if moved {
            self.queue_up(handle, false);
        }
        moved
    }

    /// Writes the whole message again, at the tail of the journal.
    pub(super) fn snapshot(&mut self, handle: Handle) {
        let Some(mt) = self.ledger.mt(handle) else {
            return;
        };
        let carrier = self.tables.config.carriers.get(mt.carrier as usize);
        let name = carrier.map_or("", |c| c.id.as_str());
        self.journal.record(Kind::Snapshot, |out| mt.put(out, name));
        if mt.armed {
            self.journal.record(Kind::Leaving, |out| out.put_u128(mt.env.id().0));
        }
        if !mt.tried.is_empty() {
            let carriers = &self.tables.config.carriers;
            self.journal.record(Kind::Tried, |out| {
                out.put_u128(mt.env.id().0);
                for carrier in mt.tried.iter().filter_map(|c| carriers.get(*c as usize)) {
                    out.put_bytes(carrier.id.as_bytes());
                }
            });
        }
        self.record_rest(handle);
        self.move_home(handle);
    }

    pub(super) fn move_home(&mut self, handle: Handle) {
        let Some(old) = self.ledger.live(handle).map(super::ledger::Live::home) else {
            return;
        };
        let home = self.journal.house(handle);
        self.journal.vacate(old);
        self.ledger.set_home(handle, home);
    }
}

/// Writes waiting segments while the window and the grant last; gives how many.
fn write_segments(session: &mut Session, way: &Way<'_>, handle: Handle, mt: &mut Mt, grant: u32, now: Micros) -> u32 {
    let mut written = 0;
    for index in 0..mt.segments.len() {
        if mt.segments[index].stage != Stage::Waiting {
            continue;
        }
        if written == grant {
            break;
        }
        let (command, token) = (way.command, handle.token(index as u8));
        let sent =
            way.with(command, &mt.env, index, |sm| session.request(now, command, token, |out| sm.write(command, out)));
        if sent.is_err() {
            break;
        }
        mt.segments[index].stage = Stage::InFlight;
        written += 1;
    }
    written
}
