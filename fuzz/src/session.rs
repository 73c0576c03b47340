//! A session and a peer that sends anything: windows hold, output is bounded, nothing follows the end.

use septet_core::clock::{Micros, SECOND};
use septet_core::smpp::session::{BindMode, Config, Event, Role, Session, State};
use septet_core::smpp::{Sm, command, frame};

use crate::steer::Steer;

const WINDOW: usize = 4;
const MAX_PDU: u32 = 400;

/// What the session's owner knows.
#[derive(Default)]
struct Owner {
    binds: Vec<u32>,
    held: Vec<(u32, u32)>,
    answered: Vec<u64>,
    timed_out: Vec<u64>,
    closed: bool,
    trace: Vec<String>,
}

impl Owner {
    fn note(&mut self, event: Event<'_>) {
        assert!(!self.closed, "{event:?} after the end");
        match event {
            Event::Bind { sequence, .. } => self.binds.push(sequence),
            Event::Message { command, sequence, .. } => self.held.push((sequence, command)),
            Event::Response { token, late, .. } => {
                assert!(!self.answered.contains(&token), "answered twice");
                assert_eq!(late, self.timed_out.contains(&token));
                self.answered.push(token);
            }
            Event::TimedOut { token } => {
                assert!(!self.timed_out.contains(&token) && !self.answered.contains(&token));
                self.timed_out.push(token);
            }
            Event::Closed { .. } => self.closed = true,
            _ => {}
        }
        self.trace.push(format!("{event:?}"));
    }
}

fn session(server: bool) -> Session {
    let config = Config {
        window_out: WINDOW,
        window_in: WINDOW,
        inactivity: 100 * SECOND,
        max_pdu: MAX_PDU,
        system_id: b"septet".to_vec(),
        ..Config::new(if server { Role::Server } else { Role::Client })
    };
    Session::new(config, 0)
}

/// A PDU whose header makes sense, around octets that need not.
fn pdu(steer: &mut Steer<'_>, last: u32) -> Vec<u8> {
    let kind = steer.octet();
    let row = &command::TABLE[usize::from(kind & 0x3F) % command::TABLE.len()];
    let sequence = if kind & 0x40 == 0 { last } else { u32::from(steer.octet()) };
    let mut out = Vec::new();
    let status = u32::from(kind >> 7);
    if [command::SUBMIT_SM, command::DELIVER_SM, command::DATA_SM].contains(&row.id) && status == 0 {
        frame::put(&mut out, row.id, 0, sequence, |out| Sm::default().write(row.id, out));
    } else {
        let length = steer.octet();
        let body = steer.octets(usize::from(length & 63));
        frame::put(&mut out, row.id, status, sequence, |out| out.extend_from_slice(body));
    }
    out
}

/// Any octets as steps of the peer, of the owner and of time.
pub fn any(data: &[u8]) {
    let mut steer = Steer::new(data);
    let flags = steer.octet();
    let mut session = session(flags & 1 == 1);
    let mut owner = Owner::default();
    let (mut now, mut heard, mut steps, mut token, mut sent): (Micros, _, _, _, u32) = (0, 0, 0, 0, 0);
    let mut stream = Vec::new();
    if flags & 2 == 2 {
        let all = (&b"esme"[..], &b"pw"[..], &b""[..]);
        session.bind(now, BindMode::Transceiver, all.0, all.1, all.2, b"");
        frame::put(
            &mut stream,
            command::BIND_TRANSCEIVER | if flags & 1 == 0 { command::RESPONSE } else { 0 },
            0,
            1,
            |out| {
                out.extend_from_slice(if flags & 1 == 0 { b"smsc\0" } else { b"esme\0pw\0\0\x34\0\0\0" });
            },
        );
    }
    while !steer.is_over() || !stream.is_empty() {
        steps += 1;
        let chunk = std::mem::take(&mut stream);
        let step = if chunk.is_empty() { steer.octet() } else { 0 };
        match step % 8 {
            0 if !chunk.is_empty() => {
                heard += chunk.len();
                session.receive(now, &chunk, &mut |event| owner.note(event));
            }
            0 => stream = steer.octets(usize::from(step >> 3)).to_vec(),
            1..=3 => stream = pdu(&mut steer, sent),
            4 => {
                now += Micros::from(step >> 3) * SECOND;
                session.tick(now, &mut |event| owner.note(event));
                assert!(session.next_deadline().is_none_or(|next| next > now), "overdue after a tick");
            }
            5 => {
                let id = if flags & 1 == 1 { command::DELIVER_SM } else { command::SUBMIT_SM };
                let (free, can) = (session.window_free(), session.can_send(id));
                let result = session.request(now, id, token, |out| Sm::default().write(id, out));
                assert_eq!(result.is_ok(), can && free > 0);
                sent = result.unwrap_or(sent);
                token += 1;
            }
            6 => match owner.held.pop() {
                Some((sequence, id)) => session.respond(sequence, id, u32::from(step >> 3 & 1), b"id"),
                None => {
                    if let Some(sequence) = owner.binds.pop() {
                        session.accept_bind(now, sequence);
                    }
                }
            },
            _ if step >> 3 == 31 => session.unbind(now),
            _ => {}
        }
        assert!(session.window_used() <= WINDOW && session.window_in_used() <= WINDOW);
        assert_eq!(session.unanswered().len(), session.window_used());
        // At most one answer for each PDU heard, and little of the session's own for each step.
        assert!(session.output().len() <= 2 * heard + 96 * steps, "{} octets", session.output().len());
        assert_eq!(owner.closed, session.state() == State::Closed);
    }
    cut(data, flags & 1 == 1);
}

/// The same octets in one chunk, in halves and one by one: the same events, the same output, the same state.
fn cut(data: &[u8], server: bool) {
    let mut steer = Steer::new(data);
    let mut stream = Vec::new();
    while !steer.is_over() {
        let sequence = u32::from(steer.octet() & 3);
        stream.extend(pdu(&mut steer, sequence));
    }
    let run = |chunks: &mut dyn Iterator<Item = &[u8]>| {
        let (mut session, mut owner) = (session(server), Owner::default());
        for chunk in chunks {
            session.receive(0, chunk, &mut |event| owner.note(event));
        }
        (owner.trace, std::mem::take(session.output()), session.state())
    };
    let whole = run(&mut std::iter::once(&stream[..]));
    assert_eq!(run(&mut stream.chunks(stream.len() / 2 + 1)), whole);
    assert_eq!(run(&mut stream.chunks(1)), whole);
}
