//! The machine with an injected clock: each state, each timer, each answer.

use super::super::pdu::Pdu;
use super::*;
use crate::clock::SECOND;
use crate::smpp::sm::{Addr, Sm};

/// An event without its borrowed parts, to be compared.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Bind(BindMode, u32, Vec<u8>, Vec<u8>, u8),
    Bound(Vec<u8>, Option<u8>),
    BindRefused(u32),
    Message(u32, u32, Vec<u8>),
    Outbind(Vec<u8>, Vec<u8>),
    Operation(u32, u32),
    Response { token: u64, command: u32, status: u32, id: Vec<u8>, waited: Micros, late: bool },
    TimedOut(u64),
    Bad(&'static str),
    Unbound,
    Closed(&'static str),
}

fn seen(event: &Event<'_>) -> Seen {
    match *event {
        Event::Bind { mode, sequence, system_id, password, interface_version, .. } => {
            Seen::Bind(mode, sequence, system_id.to_vec(), password.to_vec(), interface_version)
        }
        Event::Bound { system_id, sc_interface_version } => Seen::Bound(system_id.to_vec(), sc_interface_version),
        Event::BindRefused { status } => Seen::BindRefused(status),
        Event::Message { command, sequence, sm } => Seen::Message(command, sequence, sm.payload().to_vec()),
        Event::Outbind { system_id, password } => Seen::Outbind(system_id.to_vec(), password.to_vec()),
        Event::Operation { pdu } => Seen::Operation(pdu.command, pdu.sequence),
        Event::Response { token, command, status, message_id, waited, late, .. } => {
            Seen::Response { token, command, status, id: message_id.to_vec(), waited, late }
        }
        Event::TimedOut { token } => Seen::TimedOut(token),
        Event::Bad { reason } => Seen::Bad(reason.name()),
        Event::Unbound => Seen::Unbound,
        Event::Closed { reason } => Seen::Closed(reason.name()),
    }
}

struct End {
    session: Session,
    now: Micros,
}

impl End {
    fn new(role: Role, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(role);
        config.system_id = b"centre".to_vec();
        change(&mut config);
        Self { session: Session::new(config, 0), now: 0 }
    }

    fn bound_server(mode: BindMode, change: impl FnOnce(&mut Config)) -> Self {
        let mut end = Self::new(Role::Server, change);
        end.give(&bind(mode, 1));
        end.session.accept_bind(end.now, 1);
        assert_eq!(end.answers(), [(mode.command() | command::RESPONSE, 0, 1)]);
        end
    }

    fn bound_client(mode: BindMode, change: impl FnOnce(&mut Config)) -> Self {
        let mut end = Self::new(Role::Client, change);
        end.session.bind(0, mode, b"me", b"secret", b"", b"");
        let asked = end.sent();
        let answer = raw(mode.command() | command::RESPONSE, 0, asked[0].sequence, b"centre\0\x02\x10\0\x01\x34");
        assert_eq!(end.give(&answer), [Seen::Bound(b"centre".to_vec(), Some(0x34))]);
        end
    }

    fn give(&mut self, octets: &[u8]) -> Vec<Seen> {
        let mut events = Vec::new();
        self.session.receive(self.now, octets, &mut |event| events.push(seen(&event)));
        events
    }

    fn tick(&mut self) -> Vec<Seen> {
        let mut events = Vec::new();
        self.session.tick(self.now, &mut |event| events.push(seen(&event)));
        events
    }

    /// Waits for the next deadline and ticks, like a well-behaved owner.
    fn wait(&mut self) -> (Micros, Vec<Seen>) {
        self.now = self.now.max(self.session.next_deadline().expect("a deadline"));
        (self.now, self.tick())
    }

    fn sent(&mut self) -> Vec<Pdu> {
        let octets = std::mem::take(self.session.output());
        let mut rest = &octets[..];
        let mut pdus = Vec::new();
        while !rest.is_empty() {
            let (pdu, after) = Pdu::decode_front(rest).expect("we write well-formed PDUs");
            pdus.push(pdu);
            rest = after;
        }
        pdus
    }

    /// Command, status and sequence of each PDU written.
    fn answers(&mut self) -> Vec<(u32, u32, u32)> {
        self.sent().iter().map(|pdu| (pdu.command, pdu.status, pdu.sequence)).collect()
    }

    fn deliver(&mut self, token: u64) -> Result<u32, Refused> {
        self.session.request(self.now, command::DELIVER_SM, token, |out| {
            message(b"x").write(command::DELIVER_SM, out);
        })
    }

    fn submit(&mut self, token: u64) -> Result<u32, Refused> {
        self.session.request(self.now, command::SUBMIT_SM, token, |out| {
            message(b"x").write(command::SUBMIT_SM, out);
        })
    }
}

fn message(text: &[u8]) -> Sm<'_> {
    Sm {
        source: Addr { ton: 1, npi: 1, addr: b"46700000001" },
        dest: Addr { ton: 1, npi: 1, addr: b"46700000002" },
        short_message: text,
        ..Sm::default()
    }
}

fn raw(command: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    frame::put(&mut out, command, status, sequence, |out| {
        out.extend_from_slice(body);
    });
    out
}

fn bind(mode: BindMode, sequence: u32) -> Vec<u8> {
    raw(mode.command(), 0, sequence, b"me\0secret\0\0\x34\0\0\0")
}

fn sm(command: u32, sequence: u32, text: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    message(text).write(command, &mut body);
    raw(command, 0, sequence, &body)
}

mod answers;
mod asking;
mod leaving;
mod stateful;
mod timing;
mod versions;
