//! What the peer sends: each PDU is answered, reported, or counted and ignored.

use super::super::command::{self, max, version};
use super::super::field::{Malformed, Reader};
use super::super::frame::{self, Framer, Header};
use super::super::pdu::{self, Pdu};
use super::super::sm::Sm;
use super::super::status as st;
use super::super::tlv::{self, Tlvs};
use super::{Ask, BadReason, BindMode, CloseReason, Event, MAX_PDUS_UNBOUND, Role, Session, State};
use crate::clock::Micros;

type On<'f> = &'f mut dyn FnMut(Event<'_>);

/// `message_id` longer than this is not handed on: 3.4 allows 64, some carriers write more.
const LONGEST_ID: usize = 255;

impl Session {
    /// Takes a chunk from the socket, cut anywhere, and reports what is in it.
    pub fn receive(&mut self, now: Micros, chunk: &[u8], on: &mut dyn FnMut(Event<'_>)) {
        if self.state == State::Closed {
            return;
        }
        // The framer lends its octets to the handlers, which change the rest of the session.
        let mut framer = std::mem::replace(&mut self.framer, Framer::new(0));
        framer.feed(chunk, |pdu| {
            match pdu {
                Ok((header, body)) => self.pdu(now, header, body, on),
                Err(header) => self.lost(header, on),
            }
            // After each PDU, not after the chunk: where the peer's octets are cut must change nothing.
            self.settle(now, on);
            (self.state != State::Closed).then(|| self.max_pdu())
        });
        self.framer = framer;
    }

    fn max_pdu(&self) -> u32 {
        match self.state {
            State::Open | State::Outbound | State::Binding => self.config.max_pdu.min(super::MAX_PDU_UNBOUND),
            _ => self.config.max_pdu,
        }
    }

    fn pdu(&mut self, now: Micros, header: Header, body: &[u8], on: On<'_>) {
        self.heard = now;
        if matches!(self.state, State::Open | State::Outbound | State::Binding) {
            self.early += 1;
            if self.early > MAX_PDUS_UNBOUND {
                bad(BadReason::TooMuchBeforeBind, on);
                self.close(CloseReason::TooMuchBeforeBind, on);
                return;
            }
        }
        match header.command {
            command::SUBMIT_SM | command::DELIVER_SM | command::DATA_SM => {
                self.message(now, header, body, on);
            }
            command::GENERIC_NACK => self.nack(now, header, on),
            command::ENQUIRE_LINK => {
                frame::put(&mut self.out, command::ENQUIRE_LINK_RESP, st::ESME_ROK, header.sequence, |_| {});
            }
            command::ENQUIRE_LINK_RESP => {
                if self.enquire.take_if(|ask| ask.sequence == header.sequence).is_none() {
                    bad(BadReason::UnaskedResponse, on);
                }
            }
            command::BIND_RECEIVER | command::BIND_TRANSMITTER | command::BIND_TRANSCEIVER => {
                self.bind_request(header, body, on);
            }
            command::BIND_RECEIVER_RESP | command::BIND_TRANSMITTER_RESP | command::BIND_TRANSCEIVER_RESP => {
                self.bind_response(now, header, body, on);
            }
            command::UNBIND => self.unbind_request(now, header, on),
            command::UNBIND_RESP => self.unbind_response(header, on),
            id if id & command::RESPONSE != 0 => self.response(now, header, body, on),
            command::OUTBIND => self.outbind_request(header, body, on),
            _ => self.other(now, header, body, on),
        }
    }

    /// 4.3: a length that is too short or too long means that the data is corrupt.
    fn lost(&mut self, header: Header, on: On<'_>) {
        frame::put(&mut self.out, command::GENERIC_NACK, st::ESME_RINVCMDLEN, header.sequence, |_| {});
        bad(BadReason::BadLength, on);
        self.close(CloseReason::BadLength, on);
    }

    const fn peer(&self) -> Role {
        match self.config.role {
            Role::Server => Role::Client,
            Role::Client => Role::Server,
        }
    }

    fn peer_may_send(&self, id: u32) -> bool {
        // Once our unbind is out, the peer has been told that we take no more.
        self.unbind.is_none() && self.may(id)
    }

    /// Refuses a message that crossed our unbind. That is nobody's fault, and nothing is wrong with it for another session.
    fn crossed(&mut self, command: u32, sequence: u32) -> bool {
        let crossed = self.unbind.is_some() && self.may(command);
        if crossed {
            self.answer(sequence, command, st::ESME_RMSGQFUL, b"");
        }
        crossed
    }

    fn may(&self, id: u32) -> bool {
        let may = |row: &command::Operation| self.hears(row) && self.allows(row, self.peer());
        command::find(id).is_some_and(may)
    }

    fn message(&mut self, now: Micros, header: Header, body: &[u8], on: On<'_>) {
        let Header { command, sequence, .. } = header;
        if self.crossed(command, sequence) {
            return;
        }
        let (status, reason) = if !self.peer_may_send(command) {
            (st::ESME_RINVBNDSTS, BadReason::WrongState)
        } else if self.window_in_used >= self.config.window_in {
            (st::ESME_RTHROTTLED, BadReason::OverWindow)
        } else {
            match Sm::parse(command, body) {
                Ok(sm) => {
                    self.window_in_used += 1;
                    self.last_message = now;
                    on(Event::Message { command, sequence, sm });
                    return;
                }
                Err(Malformed { status, .. }) => (status, BadReason::Malformed),
            }
        };
        self.answer(sequence, command, status, b"");
        bad(reason, on);
    }

    fn response(&mut self, now: Micros, header: Header, body: &[u8], on: On<'_>) {
        let Header { command, status, sequence, .. } = header;
        let Some(asked) = self.window.take(sequence, |request| request | command::RESPONSE == command) else {
            let known = command::find(command).is_some();
            // An unknown response is not answered: nothing answers a response.
            bad(if known { BadReason::UnaskedResponse } else { BadReason::UnknownCommand }, on);
            return;
        };
        let (message_id, tlvs, sound) = response_body(command, body);
        if !sound {
            bad(BadReason::MalformedResponse, on);
        }
        self.last_message = now;
        let waited = now.saturating_sub(asked.sent);
        on(Event::Response { token: asked.token, command, status, message_id, tlvs, body, waited, late: asked.late });
    }

    /// 4.3: a `generic_nack` is the response to whatever has its sequence number; nothing answers it.
    fn nack(&mut self, now: Micros, header: Header, on: On<'_>) {
        let Header { command, status, sequence, .. } = header;
        let is = |ask: &mut Ask| ask.sequence == sequence;
        if let Some(asked) = self.window.take(sequence, |_| true) {
            let waited = now.saturating_sub(asked.sent);
            on(Event::Response {
                token: asked.token,
                command,
                status,
                message_id: b"",
                tlvs: Tlvs::default(),
                body: b"",
                waited,
                late: asked.late,
            });
        } else if self.config.role == Role::Client && self.bind.take_if(is).is_some() {
            on(Event::BindRefused { status });
            self.close(CloseReason::BindRefused, on);
        } else if self.unbind.is_some_and(|ask| ask.sequence == sequence) {
            // It does not know how to unbind; there is nothing left to wait for.
            self.unbind_answered = true;
        } else if self.enquire.take_if(is).is_none() {
            bad(BadReason::UnaskedNack, on);
        }
    }

    fn bind_request(&mut self, header: Header, body: &[u8], on: On<'_>) {
        let Header { command, sequence, .. } = header;
        let refuse = |this: &mut Self, status, reason, on: On<'_>| {
            this.deny(command, status, sequence);
            bad(reason, on);
        };
        match self.state {
            _ if self.config.role == Role::Client => {
                refuse(self, st::ESME_RINVBNDSTS, BadReason::WrongState, on);
            }
            State::Open | State::Outbound if self.closing.is_none() => match bind_fields(command, sequence, body) {
                Ok((event, version)) => {
                    self.bind = Some(Ask { command, sequence, at: self.heard });
                    self.meet(version);
                    self.state = State::Binding;
                    on(event);
                }
                Err(Malformed { status, .. }) => refuse(self, status, BadReason::Malformed, on),
            },
            State::Binding | State::Bound | State::Unbinding => {
                refuse(self, st::ESME_RALYBND, BadReason::AlreadyBound, on);
            }
            _ => refuse(self, st::ESME_RINVBNDSTS, BadReason::WrongState, on),
        }
    }

    fn bind_response(&mut self, now: Micros, header: Header, body: &[u8], on: On<'_>) {
        let ours = |ask: &mut Ask| ask.sequence == header.sequence && ask.command | command::RESPONSE == header.command;
        let waiting = self.config.role == Role::Client && self.state == State::Binding;
        let Some(ask) = (if waiting { self.bind.take_if(ours) } else { None }) else {
            bad(BadReason::UnaskedResponse, on);
            return;
        };
        if header.status != st::ESME_ROK {
            on(Event::BindRefused { status: header.status });
            self.close(CloseReason::BindRefused, on);
            return;
        }
        let (system_id, tlvs, sound) = response_body(header.command, body);
        if !sound {
            bad(BadReason::MalformedResponse, on);
        }
        let version = tlvs.int(tlv::SC_INTERFACE_VERSION).map(|version| version as u8);
        self.state = State::Bound;
        self.mode = BindMode::of(ask.command);
        self.meet(version.unwrap_or(version::V33));
        self.last_message = now;
        on(Event::Bound { system_id, sc_interface_version: version });
    }

    fn unbind_request(&mut self, now: Micros, header: Header, on: On<'_>) {
        let Header { command, sequence, .. } = header;
        match self.state {
            State::Bound | State::Unbinding => {
                self.state = State::Unbound;
                self.peer_unbind = Some(sequence);
                self.leave_by = now.saturating_add(self.config.response_timeout);
                on(Event::Unbound);
                self.answer_unbind();
            }
            _ => {
                self.answer(sequence, command, st::ESME_RINVBNDSTS, b"");
                bad(BadReason::WrongState, on);
            }
        }
    }

    fn unbind_response(&mut self, header: Header, on: On<'_>) {
        if self.unbind.is_some_and(|ask| ask.sequence == header.sequence) && !self.unbind_answered {
            self.unbind_answered = true;
        } else {
            bad(BadReason::UnaskedResponse, on);
        }
    }

    /// 2.2.1: a message centre connects to an ESME and asks it to bind. We listen for both, so the peer may be either.
    fn outbind_request(&mut self, header: Header, body: &[u8], on: On<'_>) {
        if self.config.role == Role::Client || self.state != State::Open || self.closing.is_some() {
            // It has no response to say it with.
            bad(BadReason::WrongState, on);
            return;
        }
        let mut r = Reader::new(body);
        let fields = r
            .cstring(max::SYSTEM_ID, st::ESME_RINVSYSID, "system_id")
            .and_then(|system_id| Ok((system_id, r.cstring(max::PASSWORD, st::ESME_RINVPASWD, "password")?)));
        match fields {
            Ok((system_id, password)) => {
                self.state = State::Outbound;
                on(Event::Outbind { system_id, password });
            }
            Err(Malformed { status, .. }) => {
                frame::put(&mut self.out, command::GENERIC_NACK, status, header.sequence, |_| {});
                bad(BadReason::Malformed, on);
            }
        }
    }

    /// Every other request of the table: judged by it, read by it, and reported.
    fn other(&mut self, now: Micros, header: Header, body: &[u8], on: On<'_>) {
        let Header { command, status, sequence, .. } = header;
        let row = command::find(command);
        let Some(row) = row.filter(|row| self.hears(row)) else {
            // 4.3; what came with a later version is as unknown to this session as what no version has.
            frame::put(&mut self.out, command::GENERIC_NACK, st::ESME_RINVCMDID, sequence, |_| {});
            bad(if row.is_some() { BadReason::WrongVersion } else { BadReason::UnknownCommand }, on);
            return;
        };
        let answered = row.response.is_some();
        if command == command::SUBMIT_MULTI && self.crossed(command, sequence) {
            return;
        }
        let (status, reason) = if !self.peer_may_send(command) {
            (st::ESME_RINVBNDSTS, BadReason::WrongState)
        } else if answered && self.window_in_used >= self.config.window_in {
            (st::ESME_RTHROTTLED, BadReason::OverWindow)
        } else {
            match pdu::read(row, body) {
                Ok((fields, tlvs)) => {
                    self.window_in_used += usize::from(answered);
                    self.last_message = now;
                    on(Event::Operation { pdu: &Pdu { command, status, sequence, fields, tlvs } });
                    return;
                }
                Err(Malformed { status, .. }) => (status, BadReason::Malformed),
            }
        };
        if answered {
            self.answer(sequence, command, status, b"");
        }
        bad(reason, on);
    }
}

fn bad(reason: BadReason, on: On<'_>) {
    on(Event::Bad { reason });
}

fn bind_fields(command: u32, sequence: u32, body: &[u8]) -> Result<(Event<'_>, u8), Malformed> {
    let mut r = Reader::new(body);
    let system_id = r.cstring(max::SYSTEM_ID, st::ESME_RINVSYSID, "system_id")?;
    let password = r.cstring(max::PASSWORD, st::ESME_RINVPASWD, "password")?;
    let system_type = r.cstring(max::SYSTEM_TYPE, st::ESME_RINVSYSTYP, "system_type")?;
    let [interface_version, _ton, _npi] = r.array()?;
    let address_range = r.cstring(max::ADDRESS_RANGE, st::ESME_RBINDFAIL, "address_range")?;
    let mode = BindMode::of(command).ok_or_else(|| r.fail(st::ESME_RINVCMDID, "not a bind"))?;
    let event = Event::Bind { mode, sequence, system_id, password, system_type, interface_version, address_range };
    Ok((event, interface_version))
}

/// The first C-octet string and the TLVs of a response, as far as they can be read. Peers leave the body out, leave the
/// NUL out, or send it where there should be none; none of that makes the outcome unknown.
fn response_body(command: u32, body: &[u8]) -> (&[u8], Tlvs<'_>, bool) {
    if body.is_empty() || command::find(command).is_none_or(|row| row.fields.is_empty()) {
        return (b"", Tlvs::default(), true);
    }
    let end = body.iter().take(LONGEST_ID + 1).position(|octet| *octet == 0);
    let (text, rest) = match end {
        Some(end) => (&body[..end], &body[end + 1..]),
        None if body.len() <= LONGEST_ID => (body, &body[body.len()..]),
        None => return (b"", Tlvs::default(), false),
    };
    let tlvs_follow = command::find(command).is_some_and(|row| row.fields.len() == 1);
    match Tlvs::check(if tlvs_follow { rest } else { b"" }) {
        Ok(tlvs) => (text, tlvs, end.is_some()),
        Err(_) => (text, Tlvs::default(), false),
    }
}
