//! Sessions: ESMEs that bind to us and links that we bind to carriers. Chunk in, octets out.

use super::accept::{Arrival, Submit};
use super::deadlines::NEVER;
use super::journal::{Answer, Effect};
use super::relayed::{Relayed, Whose};
use super::submit::Response;
use super::tables;
use super::{Engine, NOBODY};
use crate::clock::Micros;
use crate::smpp::command::{self, version};
use crate::smpp::pdu::{self, Failure};
use crate::smpp::session::{BadReason, BindMode, Config, Event, Role, Session};
use crate::smpp::status::{self, Class};
use crate::smpp::{Pdu, frame, tlv};

/// What a peer said when it wanted to bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindRequest {
    /// In which mode.
    pub mode: BindMode,
    /// To be echoed.
    pub sequence: u32,
    /// Who.
    pub system_id: Vec<u8>,
    /// Its secret.
    pub password: Vec<u8>,
    /// The version it speaks.
    pub interface_version: u8,
}

/// Whose session it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An ESME's; `NOBODY` until it has bound.
    Esme { account: u16 },
    /// One of ours to a carrier.
    Link { carrier: u16, link: u16 },
}

/// One session and what came over it in the chunk at hand.
pub(super) struct Peer {
    pub(super) session: Session,
    pub(super) kind: Kind,
    pub(super) bind: Option<BindRequest>,
    /// A message centre's system_id and password, if it has said outbind.
    pub(super) outbind: Option<(Vec<u8>, Vec<u8>)>,
    /// Submits that wait for admission.
    pub(super) inbox: Vec<Arrival>,
}

impl Peer {
    fn new(session: Session, kind: Kind) -> Self {
        Self { session, kind, bind: None, outbind: None, inbox: Vec::new() }
    }
}

/// What a chunk asked for that is dealt with once the peer is back in its place.
#[derive(Default)]
struct Said {
    /// Sequence, command and status of what is refused.
    refused: Vec<(u32, u32, u32)>,
    /// Those submit_multi none of whose destinations can be reached.
    unreached: Vec<(u32, Vec<Failure>)>,
    /// What an ESME asks for beside messages.
    operations: Vec<Pdu>,
    /// alert_notifications of a carrier.
    alerts: Vec<Pdu>,
    /// Answers of a carrier to what is no segment.
    relayed: Vec<Relayed>,
}

/// A place for a session; its epoch tells sessions that took it one after the other.
pub(super) struct Place {
    pub(super) epoch: u32,
    /// When the session is to be looked at, as far as is known.
    pub(super) due: Micros,
    pub(super) peer: Option<Box<Peer>>,
}

/// Requests beyond the window in one chunk that make it a flood: a peer that only races its window has fewer.
const FLOOD: usize = 100;
/// Largest PDU that a session takes.
pub const MAX_PDU: u32 = 70_000;

/// What can be wrong with a stream before there is SMPP in it; the node sees it, the engine counts it.
pub const BAD_STREAMS: [&str; 3] = ["tls_failed", "plain_on_tls", "tls_on_plain"];

impl Engine {
    fn place(&mut self, peer: Peer) -> u32 {
        let sid = self.free_peers.pop().unwrap_or_else(|| {
            self.peers.push(Place { epoch: 0, due: NEVER, peer: None });
            self.peers.len() as u32 - 1
        });
        let place = &mut self.peers[sid as usize];
        place.epoch += 1;
        place.due = NEVER;
        place.peer = Some(Box::new(peer));
        self.watch(sid);
        sid
    }

    pub(super) fn peer(&mut self, sid: u32) -> Option<&mut Peer> {
        self.peers.get_mut(sid as usize)?.peer.as_deref_mut()
    }

    /// Somebody has connected to us.
    pub fn open_esme(&mut self, now: Micros) -> u32 {
        let smpp = &self.tables.config.smpp;
        let config = Config {
            role: Role::Server,
            window_out: 0,
            window_in: 1,
            enquire_link: smpp.enquire_link,
            inactivity: smpp.inactivity,
            response_timeout: smpp.response_timeout,
            session_init: smpp.session_init,
            max_pdu: MAX_PDU,
            interface_version: version::V50,
            system_id: smpp.system_id.clone().into_bytes(),
        };
        let session = Session::new(config, now);
        self.place(Peer::new(session, Kind::Esme { account: NOBODY }))
    }

    /// We have connected to a carrier: binds at once.
    pub fn open_link(&mut self, carrier: u16, link: u16, now: Micros) -> u32 {
        let mut session = Session::new(self.link_config(carrier), now);
        self.bind_link(&mut session, carrier, now);
        let sid = self.place(Peer::new(session, Kind::Link { carrier, link }));
        self.wrote(sid);
        sid
    }

    pub(super) fn link_config(&self, carrier: u16) -> Config {
        let table = self.carrier_table(carrier);
        Config {
            role: Role::Client,
            window_out: table.window,
            window_in: 10_000,
            enquire_link: table.enquire_link,
            inactivity: 0,
            response_timeout: table.response_timeout,
            session_init: table.response_timeout,
            max_pdu: MAX_PDU,
            interface_version: table.interface_version,
            system_id: table.system_id.clone().into_bytes(),
        }
    }

    pub(super) fn bind_link(&self, session: &mut Session, carrier: u16, now: Micros) {
        let table = self.carrier_table(carrier);
        let (ton, npi) = table.quirks.address;
        session.set_bind_address(ton, npi);
        session.bind(
            now,
            table.mode,
            table.system_id.as_bytes(),
            table.password.as_bytes(),
            table.system_type.as_bytes(),
            table.address_range.as_bytes(),
        );
    }

    /// One chunk as it was read; true if its peer does not heed its window, so that the others should be read first.
    pub fn receive(&mut self, sid: u32, chunk: &[u8], now: Micros) -> bool {
        self.drive(sid, now, |session, on| session.receive(now, chunk, on)) >= FLOOD
    }

    /// Runs a session; gives how many of the requests that its peer made were beyond its window.
    pub(super) fn drive(
        &mut self,
        sid: u32,
        now: Micros,
        run: impl FnOnce(&mut Session, &mut dyn FnMut(Event<'_>)),
    ) -> usize {
        // The peer leaves its place, so that its events may change everything else.
        let Some(place) = self.peers.get_mut(sid as usize) else {
            return 0;
        };
        let (epoch, Some(mut peer)) = (place.epoch, place.peer.take()) else {
            return 0;
        };
        let kind = peer.kind;
        let Peer { session, bind, outbind, inbox, .. } = &mut *peer;
        let version = session.version();
        let mut said = Said::default();
        let mut over = 0;
        run(session, &mut |event| match kind {
            Kind::Esme { account } => {
                over += usize::from(matches!(event, Event::Bad { reason: BadReason::OverWindow }));
                if let Event::Outbind { system_id, password } = event {
                    *outbind = Some((system_id.to_vec(), password.to_vec()));
                    self.attention.binds.insert(sid);
                } else {
                    self.esme_event((sid, version), account, event, bind, inbox, &mut said, now);
                }
            }
            Kind::Link { carrier, link } => {
                self.link_event((sid, epoch), carrier, link, event, &mut said, now);
            }
        });
        for (sequence, command, status) in said.refused {
            session.respond(sequence, command, status, b"");
        }
        for (sequence, failures) in said.unreached {
            let write = |out: &mut Vec<u8>| pdu::put_multi_resp(out, b"", &failures);
            session.respond_with(sequence, command::SUBMIT_MULTI, status::ESME_RSUBMITFAIL, write);
        }
        if !session.output().is_empty() {
            self.attention.output.insert(sid);
        }
        self.peers[sid as usize].peer = Some(peer);
        self.watch(sid);
        for pdu in said.operations {
            self.operation(sid, pdu, now);
        }
        if let Kind::Link { carrier, .. } = kind {
            for pdu in said.alerts {
                self.alerted(carrier, &pdu, now);
            }
            for answer in said.relayed {
                self.request_answered(carrier, &answer, now);
            }
        }
        over
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a peer that is out of its place")]
    fn esme_event(
        &mut self,
        (sid, version): (u32, u8),
        account: u16,
        event: Event<'_>,
        bind: &mut Option<BindRequest>,
        inbox: &mut Vec<Arrival>,
        said: &mut Said,
        now: Micros,
    ) {
        match event {
            Event::Bind { mode, sequence, system_id, password, interface_version, .. } => {
                *bind = Some(BindRequest {
                    mode,
                    sequence,
                    system_id: system_id.to_vec(),
                    password: password.to_vec(),
                    interface_version,
                });
                self.attention.binds.insert(sid);
            }
            Event::Message { command: command @ (command::SUBMIT_SM | command::DATA_SM), sequence, sm }
                if account != NOBODY =>
            {
                match self.arrive(account, Submit { command, sequence, version }, &sm, now) {
                    Ok(arrival) => {
                        inbox.push(arrival);
                        self.attention.inboxes.insert(sid);
                    }
                    Err(refusal) => {
                        self.tally_refused(account, &refusal);
                        said.refused.push((sequence, command, refusal.status));
                    }
                }
            }
            Event::Message { command, sequence, .. } => {
                said.refused.push((sequence, command, status::ESME_RINVCMDID));
            }
            Event::Operation { pdu } if pdu.command == command::SUBMIT_MULTI && pdu.destinations().is_empty() => {
                said.refused.push((pdu.sequence, pdu.command, status::ESME_RINVNUMDESTS));
            }
            // In the inbox with the others, so that the order of what goes to one destination is kept.
            Event::Operation { pdu } if pdu.command == command::SUBMIT_MULTI && account != NOBODY => {
                let how = Submit { command: pdu.command, sequence: pdu.sequence, version };
                match self.arrive_multi(account, how, pdu, now) {
                    Ok(arrival) => {
                        inbox.push(arrival);
                        self.attention.inboxes.insert(sid);
                    }
                    Err(failures) => said.unreached.push((pdu.sequence, failures)),
                }
            }
            Event::Operation { pdu } => said.operations.push(pdu.clone()),
            Event::Response { token, status, late: false, .. } => self.taken(token, status, now),
            Event::TimedOut { token } => self.taken(token, status::ESME_RX_T_APPN, now),
            Event::Bad { reason } => {
                let known = self.tables.config.accounts.get(account as usize);
                let peer = known.map_or("unauthenticated", |a| a.id.as_str());
                self.tally.bad(peer, reason.name());
            }
            Event::Closed { .. } => {
                self.attention.closing.insert(sid);
            }
            Event::Response { .. }
            | Event::Bound { .. }
            | Event::BindRefused { .. }
            | Event::Outbind { .. }
            | Event::Unbound => {}
        }
        if account != NOBODY && !self.desks[account as usize].out.is_empty() {
            self.attention.accounts.insert(account);
        }
    }

    fn link_event(
        &mut self,
        (sid, epoch): (u32, u32),
        carrier: u16,
        link: u16,
        event: Event<'_>,
        said: &mut Said,
        now: Micros,
    ) {
        match event {
            Event::Bound { .. } => {
                let lane = &mut self.lanes[carrier as usize];
                lane.links[link as usize] = Some(sid);
                lane.alone = false;
                self.attention.links.insert(carrier);
            }
            Event::BindRefused { .. } => {
                self.attention.links.insert(carrier);
            }
            Event::Message { command, sequence, sm } => {
                let answer = Answer { session: sid, epoch, sequence, command, status: 0, id: None, since: now };
                if command == command::SUBMIT_SM {
                    said.refused.push((sequence, command, status::ESME_RINVCMDID));
                } else if self.came_in(carrier, &sm, now) {
                    self.journal.after_commit(Effect::Answer(answer));
                } else {
                    said.refused.push((sequence, command, status::ESME_RMSGQFUL));
                }
            }
            Event::Operation { pdu } if pdu.command == command::ALERT_NOTIFICATION => said.alerts.push(pdu.clone()),
            Event::Operation { pdu } => {
                said.refused.push((pdu.sequence, pdu.command, status::ESME_RINVCMDID));
            }
            Event::Response { token, status, body, .. } if Whose::is_relayed(token) => {
                said.relayed.push(Relayed { token, status: Some(status), body: body.to_vec() });
            }
            Event::Response { token, status, message_id, body, waited, late, .. } => {
                let lane = &mut self.lanes[carrier as usize];
                lane.in_flight -= usize::from(!late);
                let response = Response { token, status, message_id, shared: false, waited };
                let class = match Whose::of(token) {
                    Some(_) => self.bundle_answered(carrier, &response, body, now),
                    None => self.submitted(carrier, &response, now),
                };
                if class == Class::Session {
                    // The carrier does not take this session for bound: the link comes back and binds anew.
                    self.attention.closing.insert(sid);
                }
            }
            Event::TimedOut { token } if Whose::is_relayed(token) => said.relayed.push(Relayed::none(token)),
            // As long again for a late response, where the carrier holds.
            Event::TimedOut { token } => {
                let patience = self.carrier_table(carrier).response_timeout;
                self.unanswered(carrier, token, now + patience);
            }
            Event::Bad { reason } => {
                let peer = &self.tables.config.carriers[carrier as usize].id;
                self.tally.bad(peer, reason.name());
            }
            Event::Closed { .. } => {
                self.lanes[carrier as usize].links[link as usize] = None;
                self.attention.links.insert(carrier);
                self.attention.closing.insert(sid);
            }
            Event::Bind { .. } | Event::Outbind { .. } | Event::Unbound => {}
        }
        self.attention.carriers.insert(carrier);
    }

    /// The bind that waits for an answer.
    pub fn bind_request(&mut self, sid: u32) -> Option<&BindRequest> {
        self.peer(sid)?.bind.as_ref()
    }

    /// Lets a peer in as an account.
    pub fn accept_bind(&mut self, sid: u32, account: u16, now: Micros) {
        let table = &self.tables.config.accounts[account as usize];
        let (inward, out) = (table.window, table.deliver_window);
        let Some(peer) = self.peer(sid) else { return };
        let Some(request) = peer.bind.take() else {
            return;
        };
        peer.kind = Kind::Esme { account };
        peer.session.set_windows(out, inward);
        peer.session.accept_bind(now, request.sequence);
        self.desks[account as usize].sessions.push(sid);
        self.wrote(sid);
        self.attention.accounts.insert(account);
    }

    /// Sends a peer away with a command_status.
    pub fn refuse_bind(&mut self, sid: u32, status: u32) {
        let Some(peer) = self.peer(sid) else { return };
        let Some(request) = peer.bind.take() else {
            return;
        };
        peer.session.refuse_bind(request.sequence, status);
        self.tally.bad("unauthenticated", "bind_refused");
        self.wrote(sid);
    }

    /// Begins an orderly end.
    pub fn unbind(&mut self, sid: u32, now: Micros) {
        if let Some(peer) = self.peer(sid) {
            peer.session.unbind(now);
            self.wrote(sid);
        }
    }

    /// Takes what is to be written.
    pub fn output(&mut self, sid: u32) -> Vec<u8> {
        self.write(sid, <[u8]>::to_vec)
    }

    /// Lends what is to be written, once.
    pub fn write<T>(&mut self, sid: u32, on: impl FnOnce(&[u8]) -> T) -> T {
        match self.peer(sid) {
            Some(peer) => peer.session.take(on),
            None => on(&[]),
        }
    }

    /// What has arrived of a PDU that is not whole yet.
    pub fn pending(&self, sid: u32) -> &[u8] {
        let peer = self.peers.get(sid as usize).and_then(|place| place.peer.as_ref());
        peer.map_or(&[], |peer| peer.session.pending())
    }

    /// The connection is gone: what it had not answered goes back to where it came from.
    pub fn closed(&mut self, sid: u32) {
        let Some(peer) = self.peers.get_mut(sid as usize).and_then(|p| p.peer.take()) else {
            return;
        };
        self.free_peers.push(sid);
        let mut tokens = peer.session.unanswered();
        // Each returns to the head, so the first must be the last to return.
        tokens.reverse();
        match peer.kind {
            Kind::Esme { account: NOBODY } => {}
            Kind::Esme { account } => {
                let desk = &mut self.desks[account as usize];
                desk.sessions.retain(|s| *s != sid);
                for token in tokens {
                    self.untold(token, account);
                }
                self.attention.accounts.insert(account);
            }
            Kind::Link { carrier, link } => {
                let lane = &mut self.lanes[carrier as usize];
                if lane.links[link as usize] == Some(sid) {
                    lane.links[link as usize] = None;
                }
                for token in tokens {
                    if Whose::is_relayed(token) {
                        // It changes no message, so it needs no time.
                        self.request_answered(carrier, &Relayed::none(token), 0);
                    } else {
                        // No response can come any more.
                        self.unanswered(carrier, token, 0);
                    }
                }
                self.attention.links.insert(carrier);
                self.attention.carriers.insert(carrier);
            }
        }
    }

    /// Counts what the node found wrong with a session's stream: one of [`BAD_STREAMS`].
    pub fn bad_stream(&mut self, sid: u32, reason: &str) {
        let kind = self.peer(sid).map_or(Kind::Esme { account: NOBODY }, |peer| peer.kind);
        let config = &self.tables.config;
        let peer = match kind {
            Kind::Esme { account } => config.accounts.get(account as usize).map(|a| &a.id),
            Kind::Link { carrier, .. } => config.carriers.get(carrier as usize).map(|c| &c.id),
        };
        if let Some(reason) = BAD_STREAMS.iter().find(|known| **known == reason) {
            self.tally.bad(peer.map_or("unauthenticated", |id| id), reason);
        }
    }

    /// A response whose page is durable.
    pub(super) fn answer(&mut self, answer: &Answer, now: Micros) {
        let Some(peer) = self.answered_peer(answer) else { return };
        let id = answer.id.map(|(id, naming)| naming.in_response(id)).unwrap_or_default();
        peer.session.respond(answer.sequence, answer.command, answer.status, &id);
        self.answered(answer, now);
    }

    /// The response to a submit_multi whose page is durable.
    pub(super) fn answer_multi(&mut self, answer: &Answer, failures: &[Failure], now: Micros) {
        let Some(peer) = self.answered_peer(answer) else { return };
        let id = answer.id.map(|(id, naming)| naming.in_response(id)).unwrap_or_default();
        let write = |out: &mut Vec<u8>| pdu::put_multi_resp(out, &id, failures);
        peer.session.respond_with(answer.sequence, answer.command, answer.status, write);
        self.answered(answer, now);
    }

    fn answered_peer(&mut self, answer: &Answer) -> Option<&mut Peer> {
        let place = self.peers.get_mut(answer.session as usize)?;
        if place.epoch == answer.epoch { place.peer.as_deref_mut() } else { None }
    }

    fn answered(&mut self, answer: &Answer, now: Micros) {
        self.wrote(answer.session);
        if matches!(answer.command, command::SUBMIT_SM | command::DATA_SM | command::SUBMIT_MULTI)
            && answer.id.is_some()
        {
            self.tally.accept.observe(now.saturating_sub(answer.since));
        }
    }

    /// A carrier says that a phone can be reached again: those receivers are told whose number it names (4.12).
    fn alerted(&mut self, carrier: u16, pdu: &Pdu, now: Micros) {
        self.tally.carriers[carrier as usize].alerts += 1;
        let number = self.tables.number(pdu.text("esme_addr"));
        let Some(account) = number.and_then(|n| self.tables.config.numbers[n as usize].account) else {
            return;
        };
        for sid in self.desks[account as usize].sessions.clone() {
            let Some(peer) = self.peer(sid) else { continue };
            let known = |out: &mut Vec<u8>, version| {
                let octets = pdu.encode().unwrap_or_default();
                let fields = octets.len() - pdu.tlvs.iter().map(|(_, value)| value.len() + 4).sum::<usize>();
                out.extend_from_slice(&octets[frame::HEADER..fields]);
                out.extend_from_slice(&tlv::known_to(&octets[fields..], version));
            };
            let version = peer.session.version();
            if peer.session.alert(now, |out| known(out, version)).is_ok() {
                self.wrote(sid);
                return;
            }
        }
    }

    pub(super) fn epoch(&self, sid: u32) -> u32 {
        self.peers.get(sid as usize).map_or(0, |p| p.epoch)
    }

    /// Links of a carrier that are bound, by link.
    pub fn links_up(&self, carrier: u16) -> Vec<bool> {
        let lane = self.lanes.get(carrier as usize);
        lane.map_or_else(Vec::new, |lane| lane.links.iter().map(Option::is_some).collect())
    }

    /// Sessions of an account, in the order of their binds.
    pub fn sessions_of(&self, account: u16) -> &[u32] {
        self.desks.get(account as usize).map_or(&[], |d| &d.sessions)
    }

    pub(super) fn carrier_table(&self, carrier: u16) -> &tables::Carrier {
        &self.tables.config.carriers[carrier as usize]
    }
}
