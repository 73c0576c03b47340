//! The session (2.2, 2.5, 7.2): this module owns the whole state machine, and nothing else does.
//!
//! It has no socket and no clock. Octets come in through [`Session::receive`], time through `now`; events go to a
//! callback, octets to [`Session::output`]; [`Session::next_deadline`] says when [`Session::tick`] wants to be called.
//!
//! ```text
//!                 bind                accept                unbind()                  answered
//!  Open ─────────────────▶ Binding ───────────▶ Bound ─────────────────▶ Unbinding ───────────┐
//!    │                        │                   │  peer's unbind                            ▼
//!    │ session_init           │ refused           ├─────────────────────▶ Unbound ─────────▶ Closed
//!    └────────────────────────┴───────────────────┴── lost stream, silence ──────────────────▶ ▲
//! ```
//!
//! Between `Open` and `Binding` stands `Outbound`, if the message centre is the one that connects: it says outbind, and
//! then the ESME binds.
//!
//! Who may send what in which state and version is the last three columns of [`command::TABLE`], applied by `allows` and
//! `speaks` alone. A peer that breaks the table gets its own response with `ESME_RINVBNDSTS`, or `generic_nack` for what
//! its version does not have; nothing it sends ends the session except a length that loses the stream, and too much before
//! a bind.
//!
//! Both windows are counted here: ours in `window`, the peer's as a number, because each of its requests is reported
//! once and answered once.

mod event;
mod inbound;
mod timers;
mod window;

pub use event::{BadReason, BindMode, CloseReason, Config, Event, Refused, Role, State};

use super::command::{self, max, version};
use super::field::put_cstring;
use super::frame::{self, Framer};
use super::status as st;
use super::{receipt, tlv};
use crate::clock::Micros;
use window::Window;

/// Largest PDU before the bind: every bind fits many times over, and a stranger costs little memory.
const MAX_PDU_UNBOUND: u32 = 4_096;
/// PDUs before the bind; a patient client enquires a few times, no more.
const MAX_PDUS_UNBOUND: u32 = 64;
/// Highest sequence number (3.2, `sequence_number`).
const LAST_SEQUENCE: u32 = 0x7FFF_FFFF;

/// A request of our own that is not a message, or the peer's bind until it is decided.
#[derive(Debug, Clone, Copy)]
struct Ask {
    command: u32,
    sequence: u32,
    at: Micros,
}

/// One SMPP session, either end.
#[derive(Debug)]
pub struct Session {
    config: Config,
    framer: Framer,
    out: Vec<u8>,
    state: State,
    mode: Option<BindMode>,
    peer_version: u8,
    version: u8,
    sequence: u32,
    window: Window,
    window_in_used: usize,
    /// addr_ton and addr_npi of our bind (SMPP 3.4 §5.2.7).
    bind_address: (u8, u8),
    bind: Option<Ask>,
    enquire: Option<Ask>,
    unbind: Option<Ask>,
    /// The peer's unbind, answered once its requests are.
    peer_unbind: Option<u32>,
    unbind_answered: bool,
    /// When an unbind, either side's, stops waiting.
    leave_by: Micros,
    /// What `Closed` will say once leaving is done.
    leaving: CloseReason,
    /// Decided in a call that takes no callback; the next tick reports it.
    closing: Option<CloseReason>,
    opened: Micros,
    heard: Micros,
    last_message: Micros,
    early: u32,
}

impl Session {
    /// A connection that has just been made.
    pub fn new(config: Config, now: Micros) -> Self {
        Self {
            framer: Framer::new(config.max_pdu.min(MAX_PDU_UNBOUND)),
            window: Window::new(config.window_out),
            version: version::of(config.interface_version),
            config,
            out: Vec::new(),
            state: State::Open,
            mode: None,
            peer_version: 0,
            sequence: 0,
            window_in_used: 0,
            bind_address: (0, 0),
            bind: None,
            enquire: None,
            unbind: None,
            unbind_answered: false,
            peer_unbind: None,
            leave_by: Micros::MAX,
            leaving: CloseReason::Unbound,
            closing: None,
            opened: now,
            heard: now,
            last_message: now,
            early: 0,
        }
    }

    /// Octets for the socket. The caller takes them; [`Session::take`] is the cheaper way.
    pub const fn output(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// Lends the octets for the socket and forgets them. Room stays for about as many, so that a busy session does not ask for
    /// it again and a silent one holds none.
    pub fn take<T>(&mut self, on: impl FnOnce(&[u8]) -> T) -> T {
        let used = self.out.len();
        let outcome = on(&self.out);
        self.out.clear();
        if self.out.capacity() > 8 * used.max(64) {
            self.out.shrink_to(2 * used);
        }
        outcome
    }

    /// What has arrived of a PDU that is not whole yet.
    pub fn pending(&self) -> &[u8] {
        self.framer.pending()
    }

    /// Where the session stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// How it is bound; None before.
    pub const fn mode(&self) -> Option<BindMode> {
        self.mode
    }

    /// The peer's interface version once known: what it bound with, or what its bind response said (0x33 if nothing).
    pub const fn peer_version(&self) -> u8 {
        self.peer_version
    }

    /// The version that both ends speak: the older of ours and the peer's, one of [`version`].
    pub const fn version(&self) -> u8 {
        self.version
    }

    /// True if the peer may be sent TLVs (3.4: not with 3.3 and earlier).
    pub const fn takes_tlvs(&self) -> bool {
        self.version > version::V33
    }

    const fn meet(&mut self, peer: u8) {
        let (ours, theirs) = (version::of(self.config.interface_version), version::of(peer));
        self.peer_version = peer;
        self.version = if ours < theirs { ours } else { theirs };
    }

    /// How many more requests may be written now, as far as the window is concerned.
    pub const fn window_free(&self) -> usize {
        self.window.free()
    }

    /// Sets both windows, once it is known who the peer is. Requests already under way stay.
    pub const fn set_windows(&mut self, out: usize, inward: usize) {
        self.window.set_limit(out);
        self.config.window_in = inward;
    }

    /// Client: type and plan of the address_range that [`Session::bind`] will ask for.
    pub const fn set_bind_address(&mut self, ton: u8, npi: u8) {
        self.bind_address = (ton, npi);
    }

    /// Our unanswered requests.
    pub const fn window_used(&self) -> usize {
        self.window.used()
    }

    /// The peer's requests that were reported and not yet answered.
    pub const fn window_in_used(&self) -> usize {
        self.window_in_used
    }

    /// Tokens of our unanswered requests in the order of sending: what must be sent again after a cut.
    pub fn unanswered(&self) -> Vec<u64> {
        self.window.tokens()
    }

    /// True if this end may send the operation now, the window aside.
    pub fn can_send(&self, command: u32) -> bool {
        let row = command::find(command);
        self.state == State::Bound && row.is_some_and(|row| self.speaks(row) && self.allows(row, self.config.role))
    }

    /// May we send `row` at all? What the session's version does not have is not sent.
    const fn speaks(&self, row: &command::Operation) -> bool {
        row.since <= self.version
    }

    /// May the peer send `row` at all? Many bind as 3.3, or as nothing, and then speak 3.4: that is taken.
    const fn hears(&self, row: &command::Operation) -> bool {
        self.speaks(row) || row.since <= version::V34
    }

    /// The table's column for the present state; none once the session is over.
    const fn column(&self) -> u8 {
        match (self.state, self.mode) {
            (State::Open | State::Binding, _) => command::OPEN,
            (State::Outbound, _) => command::OUTBOUND,
            (State::Bound | State::Unbinding, Some(mode)) => mode.bit(),
            (State::Unbound, _) => command::UNBOUND,
            _ => 0,
        }
    }

    /// The one reader of the operation matrix: may `sender` send `row` in the present state?
    const fn allows(&self, row: &command::Operation, sender: Role) -> bool {
        let senders = match sender {
            Role::Client => row.esme,
            Role::Server => row.smsc,
        };
        senders & self.column() != 0
    }

    const fn next_sequence(&mut self) -> u32 {
        self.sequence = if self.sequence >= LAST_SEQUENCE { 1 } else { self.sequence + 1 };
        self.sequence
    }

    /// Writes a request of the session's own, outside the window.
    fn ask(&mut self, now: Micros, command: u32, body: impl FnOnce(&mut Vec<u8>)) -> Ask {
        let mut sequence = self.next_sequence();
        while self.window.blocked(sequence) {
            sequence = self.next_sequence();
        }
        frame::put(&mut self.out, command, st::ESME_ROK, sequence, body);
        Ask { command, sequence, at: now }
    }

    /// Server: the message centre has made the connection and asks the ESME to bind. Only in the state `Open`.
    pub fn outbind(&mut self, now: Micros, system_id: &[u8], password: &[u8]) {
        if self.state != State::Open || self.config.role != Role::Server {
            return;
        }
        self.ask(now, command::OUTBIND, |out| {
            put_cstring(out, system_id, max::SYSTEM_ID);
            put_cstring(out, password, max::PASSWORD);
        });
        self.opened = now;
        self.state = State::Outbound;
    }

    /// After [`Event::Outbind`]: the peer is the message centre, so this end is the ESME, by `config`, and shall bind.
    pub fn turn(&mut self, now: Micros, config: Config) {
        if self.state == State::Outbound {
            self.window = Window::new(config.window_out);
            self.version = version::of(config.interface_version);
            self.config = Config { role: Role::Client, ..config };
            self.opened = now;
        }
    }

    /// After [`Event::Outbind`]: the peer is nobody we know. There is no response to say it with; the next tick closes.
    pub fn refuse_outbind(&mut self) {
        if self.state == State::Outbound {
            self.closing = Some(CloseReason::OutbindRefused);
        }
    }

    /// Client: asks to bind. Only in the states `Open` and `Outbound`; otherwise nothing happens.
    pub fn bind(
        &mut self,
        now: Micros,
        mode: BindMode,
        system_id: &[u8],
        password: &[u8],
        system_type: &[u8],
        address_range: &[u8],
    ) {
        let may = matches!(self.state, State::Open | State::Outbound) && self.closing.is_none();
        if !may || self.config.role != Role::Client {
            return;
        }
        let version = self.config.interface_version;
        let (ton, npi) = self.bind_address;
        let ask = self.ask(now, mode.command(), |out| {
            put_cstring(out, system_id, max::SYSTEM_ID);
            put_cstring(out, password, max::PASSWORD);
            put_cstring(out, system_type, max::SYSTEM_TYPE);
            out.extend_from_slice(&[version, ton, npi]);
            put_cstring(out, address_range, max::ADDRESS_RANGE);
        });
        self.bind = Some(ask);
        self.opened = now;
        self.state = State::Binding;
    }

    /// Server: the peer is who it says it is. `sequence` is that of [`Event::Bind`].
    pub fn accept_bind(&mut self, now: Micros, sequence: u32) {
        let Some(ask) = self.take_bind(sequence) else {
            return;
        };
        self.mode = BindMode::of(ask.command);
        self.state = State::Bound;
        self.framer.set_max(self.config.max_pdu);
        (self.heard, self.last_message) = (now, now);
        // 5.3.2.25: the version that the session will have, so that a strict peer of an older one sees its own.
        let (version, tlvs) = (self.version, self.takes_tlvs());
        let system_id = &self.config.system_id;
        frame::put(&mut self.out, ask.command | command::RESPONSE, st::ESME_ROK, sequence, |out| {
            put_cstring(out, system_id, max::SYSTEM_ID);
            if tlvs {
                tlv::put(out, tlv::SC_INTERFACE_VERSION, &[version]);
            }
        });
    }

    /// Server: the peer may not bind. The next tick, due at once, reports `Closed`.
    pub fn refuse_bind(&mut self, sequence: u32, status: u32) {
        let Some(ask) = self.take_bind(sequence) else {
            return;
        };
        self.deny(ask.command, status, sequence);
        self.closing = Some(CloseReason::BindRefused);
    }

    /// Writes the response that refuses a bind. A status that is not 0 leaves out the body, say 4.1.2 of the transmitter and
    /// 4.1.4 of the receiver; 4.1.6 does not say so of the transceiver, and some peers lose the status without its body.
    fn deny(&mut self, command: u32, status: u32, sequence: u32) {
        let system_id = &self.config.system_id;
        frame::put(&mut self.out, command | command::RESPONSE, status, sequence, |out| {
            if command == command::BIND_TRANSCEIVER {
                put_cstring(out, system_id, max::SYSTEM_ID);
            }
        });
    }

    fn take_bind(&mut self, sequence: u32) -> Option<Ask> {
        if self.config.role != Role::Server || self.state != State::Binding {
            return None;
        }
        self.bind.take_if(|ask| ask.sequence == sequence)
    }

    /// Answers a [`Event::Message`]; once for each. `message_id` matters for status 0 alone.
    pub fn respond(&mut self, sequence: u32, request_command: u32, status: u32, message_id: &[u8]) {
        if self.state == State::Closed || self.window_in_used == 0 {
            return;
        }
        self.answer(sequence, request_command, status, message_id);
        self.answered();
    }

    /// Answers a [`Event::Operation`] whose response has more than a message id; once for each.
    pub fn respond_with(&mut self, sequence: u32, request: u32, status: u32, body: impl FnOnce(&mut Vec<u8>)) {
        if self.state == State::Closed || self.window_in_used == 0 {
            return;
        }
        frame::put(&mut self.out, request | command::RESPONSE, status, sequence, body);
        self.answered();
    }

    fn answered(&mut self) {
        self.window_in_used -= 1;
        self.answer_unbind();
    }

    fn answer(&mut self, sequence: u32, request: u32, status: u32, message_id: &[u8]) {
        let unknown = receipt::State::Unknown.message_state();
        frame::put(&mut self.out, request | command::RESPONSE, status, sequence, |out| match request {
            // 4.4.2: no body when the status is not 0.
            command::SUBMIT_SM if status == st::ESME_ROK => put_cstring(out, message_id, max::MESSAGE_ID),
            command::DATA_SM | command::BROADCAST_SM => put_cstring(out, message_id, max::MESSAGE_ID),
            // 4.5.2 and 4.8.2 do not let the body of a refusal be left out, and some peers lose the status without it; a broadcast's
            // is given for the same reason.
            command::SUBMIT_MULTI => out.extend_from_slice(&[0, 0]),
            command::QUERY_SM => out.extend_from_slice(&[0, 0, unknown, 0]),
            command::QUERY_BROADCAST_SM => {
                put_cstring(out, message_id, max::MESSAGE_ID);
                tlv::put(out, tlv::MESSAGE_STATE, &[unknown]);
            }
            // 4.6.2: message_id is unused and its one NUL is not optional.
            command::DELIVER_SM => out.push(0),
            _ => {}
        });
    }

    /// The peer's unbind is answered after what it still waits for, so that it reads its responses first.
    fn answer_unbind(&mut self) {
        if self.window_in_used == 0
            && let Some(sequence) = self.peer_unbind.take()
        {
            frame::put(&mut self.out, command::UNBIND_RESP, st::ESME_ROK, sequence, |_| {});
            self.closing = Some(CloseReason::PeerUnbound);
        }
    }

    /// Writes a request whose body `body` appends, and returns its sequence number. `token` comes back in
    /// [`Event::Response`] or [`Event::TimedOut`].
    pub fn request(
        &mut self,
        now: Micros,
        command: u32,
        token: u64,
        body: impl FnOnce(&mut Vec<u8>),
    ) -> Result<u32, Refused> {
        if self.state != State::Bound {
            return Err(Refused::NotBound);
        }
        let own = matches!(command, command::ENQUIRE_LINK | command::UNBIND);
        let row = command::find(command).filter(|row| row.response.is_some() && !own);
        if !row.is_some_and(|row| self.speaks(row) && self.allows(row, self.config.role)) {
            return Err(Refused::NotAllowed);
        }
        if self.window.free() == 0 {
            return Err(Refused::WindowFull);
        }
        self.window.reserve();
        let ask = self.ask(now, command, body);
        self.window.push(ask.sequence, command, token, now);
        self.last_message = now;
        Ok(ask.sequence)
    }

    /// Server: tells the ESME that a phone can be reached again (4.12). It has no response and takes no place in the window.
    pub fn alert(&mut self, now: Micros, body: impl FnOnce(&mut Vec<u8>)) -> Result<(), Refused> {
        if self.state != State::Bound {
            return Err(Refused::NotBound);
        }
        if !self.can_send(command::ALERT_NOTIFICATION) {
            return Err(Refused::NotAllowed);
        }
        self.ask(now, command::ALERT_NOTIFICATION, body);
        Ok(())
    }

    /// Leaves in order: refuses new requests, waits for our window, unbinds, and then reports `Closed`; not longer than
    /// the response time-out in all.
    pub fn unbind(&mut self, now: Micros) {
        self.leave(now, CloseReason::Unbound);
    }

    fn leave(&mut self, now: Micros, reason: CloseReason) {
        match self.state {
            State::Bound => {
                self.state = State::Unbinding;
                self.leaving = reason;
                self.leave_by = now.saturating_add(self.config.response_timeout);
                self.send_unbind(now);
            }
            State::Open | State::Outbound | State::Binding => self.closing = Some(reason),
            State::Unbinding | State::Unbound | State::Closed => {}
        }
    }

    fn send_unbind(&mut self, now: Micros) {
        if self.state == State::Unbinding && self.unbind.is_none() && self.window.used() == 0 {
            self.unbind = Some(self.ask(now, command::UNBIND, |_| {}));
        }
    }

    fn close(&mut self, reason: CloseReason, on: &mut dyn FnMut(Event<'_>)) {
        if self.state != State::Closed {
            self.state = State::Closed;
            on(Event::Closed { reason });
        }
    }
}

#[cfg(test)]
mod tests;
