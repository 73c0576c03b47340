//! outbind (SMPP 3.4 §2.2.1, §4.1.7): whoever connects asks the other end to bind. Carriers do it to us, we to ESMEs.

use super::Engine;
use super::peers::Kind;
use crate::clock::Micros;

impl Engine {
    /// We have connected to an ESME ([`Engine::open_esme`]): asks it to bind.
    pub fn outbind(&mut self, sid: u32, system_id: &str, password: &str, now: Micros) {
        if let Some(peer) = self.peer(sid) {
            peer.session.outbind(now, system_id.as_bytes(), password.as_bytes());
            self.wrote(sid);
        }
    }

    /// The carrier that has connected to us and said outbind, and a link of it that is not up; None if nobody has, or it is
    /// nobody we know.
    pub fn outbind_request(&mut self, sid: u32) -> Option<(u16, u16)> {
        let (system_id, password) = self.peer(sid)?.outbind.clone()?;
        let fits = |own: &(String, String)| own.0.as_bytes() == system_id && own.1.as_bytes() == password;
        let carriers = &self.tables.config.carriers;
        let carrier = carriers.iter().position(|c| c.outbind.as_ref().is_some_and(fits))? as u16;
        let taken = |link: u16| {
            let kind = Kind::Link { carrier, link };
            self.peers.iter().any(|place| place.peer.as_ref().is_some_and(|peer| peer.kind == kind))
        };
        let link = (0..self.carrier_table(carrier).links).find(|link| !taken(*link))?;
        Some((carrier, link))
    }

    /// Binds to the carrier that said outbind, over the connection that it made.
    pub fn accept_outbind(&mut self, sid: u32, carrier: u16, link: u16, now: Micros) {
        let Some(mut peer) = self.peers.get_mut(sid as usize).and_then(|place| place.peer.take()) else {
            return;
        };
        peer.outbind = None;
        peer.kind = Kind::Link { carrier, link };
        peer.session.turn(now, self.link_config(carrier));
        self.bind_link(&mut peer.session, carrier, now);
        self.peers[sid as usize].peer = Some(peer);
        self.wrote(sid);
    }

    /// Sends a message centre away that nobody knows.
    pub fn refuse_outbind(&mut self, sid: u32) {
        let Some(peer) = self.peer(sid) else { return };
        if peer.outbind.take().is_some() {
            peer.session.refuse_outbind();
            self.watch(sid);
            self.tally.bad("unauthenticated", "outbind_refused");
        }
    }
}
