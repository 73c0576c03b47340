//! Broadcasts (5.0 section 4.4): passed on to a carrier whose link speaks 5.0, and its answer passed back.
//!
//! A broadcast has no recipient, so consent, segments and receipts mean nothing to it, and it is not stored: the answer is
//! the carrier's, and a broadcast that is not answered was not acknowledged either. A query or cancel goes to the carrier
//! that a broadcast of the same source would go to.

use std::collections::HashMap;

use super::Engine;
use super::relayed::Whose;
use crate::clock::Micros;
use crate::smpp::{Pdu, command, status, tlv};

/// Whose request it was.
struct Origin {
    session: u32,
    epoch: u32,
    sequence: u32,
    command: u32,
}

/// Requests that a carrier has not answered.
#[derive(Default)]
pub(super) struct Relays {
    open: HashMap<u64, Origin>,
    next: u64,
}

const fn failed(command: u32) -> u32 {
    match command {
        command::BROADCAST_SM => status::ESME_RBCASTFAIL,
        command::QUERY_BROADCAST_SM => status::ESME_RBCASTQUERYFAIL,
        _ => status::ESME_RBCASTCANCELFAIL,
    }
}

impl Engine {
    /// Passes a broadcast, or a question about one, to a carrier; none that speaks 5.0: it fails.
    pub(super) fn relay(&mut self, session: u32, account: u16, pdu: &Pdu, now: Micros) {
        let (sequence, command) = (pdu.sequence, pdu.command);
        let origin = Origin { session, epoch: self.epoch(session), sequence, command };
        let link = self.broadcaster(account, pdu.text("source_addr"), command);
        let token = Whose::Broadcast.token(self.relays.next);
        // What an ESME gets wrong is not passed on.
        let mut pdu = pdu.clone();
        pdu.tlvs.retain(|(tag, value)| tlv::fits(*tag, value.len()));
        let sent = link.filter(|sid| {
            let Some(peer) = self.peers[*sid as usize].peer.as_mut() else {
                return false;
            };
            let body = pdu.encode().map(|octets| octets[16..].to_vec());
            body.is_ok_and(|body| peer.session.request(now, command, token, |out| out.extend_from_slice(&body)).is_ok())
        });
        let Some(sid) = sent else {
            self.relayed_back(&origin, failed(command), b"");
            return;
        };
        self.relays.next += 1;
        self.relays.open.insert(token, origin);
        self.wrote(sid);
    }

    /// A link with room, of the first carrier of the account's routes for this source that may carry a broadcast.
    fn broadcaster(&mut self, account: u16, source: &[u8], command: u32) -> Option<u32> {
        let route = self.tables.route(account, source, b"")?;
        let carriers = route.carriers.iter().map(|(carrier, _)| carrier).chain(&route.failover);
        let links: Vec<u32> = carriers.flat_map(|c| &self.lanes[*c as usize].links).filter_map(|sid| *sid).collect();
        links.into_iter().find(|sid| {
            let peer = self.peer(*sid);
            peer.is_some_and(|peer| peer.session.can_send(command) && peer.session.window_free() > 0)
        })
    }

    /// The carrier has answered, or will not any more (no status): so is the ESME.
    pub(super) fn relayed(&mut self, token: u64, status: Option<u32>, body: &[u8]) {
        if let Some(origin) = self.relays.open.remove(&token) {
            let status = status.unwrap_or_else(|| failed(origin.command));
            self.relayed_back(&origin, status, body);
        }
    }

    fn relayed_back(&mut self, origin: &Origin, status: u32, body: &[u8]) {
        let Origin { session, epoch, sequence, command } = *origin;
        if self.epoch(session) != epoch {
            return;
        }
        if let Some(peer) = self.peer(session) {
            if body.is_empty() {
                // A refusal of ours, or of a carrier that left its body out.
                peer.session.respond(sequence, command, status, b"");
            } else {
                peer.session.respond_with(sequence, command, status, |out| out.extend_from_slice(body));
            }
            self.wrote(session);
        }
    }
}
