//! The other end of one of the engine's sessions: a peer that takes, answers and notes everything.

use crate::clock::Micros;
use crate::smpp::command;
use crate::smpp::frame;
use crate::smpp::pdu::{self, Destination, Failure, Pdu};
use crate::smpp::session::{self, Event, Role, Session};
use crate::smpp::sm::{Addr, Sm};
use crate::smpp::tlv::{self, Tlvs};

/// A short message as a peer received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Got {
    pub(super) command: u32,
    pub(super) sequence: u32,
    pub(super) source: Vec<u8>,
    pub(super) dest: Vec<u8>,
    /// Type and plan of both.
    pub(super) types: [(u8, u8); 2],
    pub(super) data_coding: u8,
    pub(super) short_message: Vec<u8>,
    pub(super) tlvs: Vec<(u16, Vec<u8>)>,
    pub(super) esm_class: u8,
    pub(super) registered: u8,
    pub(super) validity: Vec<u8>,
    /// replace_if_present_flag and sm_default_msg_id.
    pub(super) asked: (u8, u8),
    pub(super) body: Vec<u8>,
    pub(super) receipted: Option<Vec<u8>>,
    pub(super) state: Option<u32>,
}

impl Got {
    fn of(command: u32, sequence: u32, sm: &Sm<'_>) -> Self {
        Self {
            command,
            sequence,
            source: sm.source.addr.to_vec(),
            dest: sm.dest.addr.to_vec(),
            types: [sm.source, sm.dest].map(|at| (at.ton, at.npi)),
            data_coding: sm.data_coding,
            short_message: sm.short_message.to_vec(),
            tlvs: sm.tlvs.iter().map(|(tag, value)| (tag, value.to_vec())).collect(),
            esm_class: sm.esm_class,
            registered: sm.registered,
            validity: sm.validity.to_vec(),
            asked: (sm.replace, sm.default_msg_id),
            body: sm.payload().to_vec(),
            receipted: sm.tlvs.text(tlv::RECEIPTED_MESSAGE_ID).map(<[u8]>::to_vec),
            state: sm.tlvs.int(tlv::MESSAGE_STATE),
        }
    }
}

/// A submit_multi as so many messages.
fn got_by_many(pdu: &Pdu) -> Vec<Got> {
    let mut tlvs = Vec::new();
    pdu.tlvs.iter().for_each(|(tag, value)| tlv::put(&mut tlvs, *tag, value));
    let source = Addr { ton: 3, npi: 0, addr: pdu.text("source_addr") };
    let message = |dest: &Destination| match dest {
        Destination::Sme(ton, npi, addr) => Got::of(
            pdu.command,
            pdu.sequence,
            &Sm {
                source,
                dest: Addr { ton: *ton, npi: *npi, addr },
                registered: pdu.octet("registered_delivery"),
                data_coding: pdu.octet("data_coding"),
                short_message: pdu.text("short_message"),
                validity: pdu.text("validity_period"),
                tlvs: Tlvs::new(&tlvs),
                ..Sm::default()
            },
        ),
        Destination::List(name) => panic!("the node knows no list {name:?}"),
    };
    pdu.destinations().iter().map(message).collect()
}

/// The other end of one of the engine's sessions.
pub(super) struct End {
    pub(super) session: Session,
    pub(super) sid: u32,
    pub(super) got: Vec<Got>,
    /// (token, status, message id) of each response.
    pub(super) answers: Vec<(u64, u32, Vec<u8>)>,
    /// Responses and operations, whole.
    pub(super) bodies: Vec<Pdu>,
    pub(super) bound: Option<bool>,
    /// Status with which submits are answered, or none for silence.
    pub(super) reply: Option<u32>,
    pub(super) taken: usize,
    /// What a submit_multi does not reach, and why.
    pub(super) unreached: Vec<(String, u32)>,
    /// message_state and error_code of what is queried.
    pub(super) state: (u8, u8),
}

impl End {
    pub(super) fn new(role: Role, sid: u32, version: u8, now: Micros) -> Self {
        let interface_version = version;
        let config =
            session::Config { window_out: 1000, window_in: 1000, interface_version, ..session::Config::new(role) };
        Self {
            session: Session::new(config, now),
            sid,
            got: Vec::new(),
            answers: Vec::new(),
            bodies: Vec::new(),
            bound: None,
            reply: Some(0),
            taken: 0,
            unreached: Vec::new(),
            state: (1, 0),
        }
    }

    pub(super) fn read(&mut self, chunk: &[u8], prefix: &str, now: Micros) {
        let Self { session, got, answers, bodies, bound, reply, taken, unreached, state, .. } = self;
        let mut answer = Vec::new();
        let mut bind = None;
        session.receive(now, chunk, &mut |event| match event {
            Event::Bind { sequence, .. } => bind = Some(sequence),
            Event::Bound { .. } => *bound = Some(true),
            Event::BindRefused { .. } => *bound = Some(false),
            Event::Message { command, sequence, sm } => {
                got.push(Got::of(command, sequence, &sm));
                answer.push((sequence, command));
            }
            Event::Response { token, command, status, message_id, body, .. } => {
                answers.push((token, status, message_id.to_vec()));
                let mut whole = Vec::new();
                frame::put(&mut whole, command, status, 1, |out| out.extend_from_slice(body));
                bodies.push(Pdu::decode(&whole).expect("a well-formed response"));
            }
            Event::Operation { pdu } => {
                bodies.push(pdu.clone());
                if pdu.command == command::SUBMIT_MULTI {
                    got.extend(got_by_many(pdu));
                }
                if command::find(pdu.command).is_some_and(|row| row.response.is_some()) {
                    answer.push((pdu.sequence, pdu.command));
                }
            }
            _ => {}
        });
        if let Some(sequence) = bind {
            session.accept_bind(now, sequence);
        }
        for (sequence, command) in answer {
            if let Some(status) = *reply {
                let id = format!("{prefix}{taken}");
                let message = matches!(command, command::SUBMIT_SM | command::DATA_SM | command::SUBMIT_MULTI);
                *taken += usize::from(status == 0 && message);
                if command == command::SUBMIT_MULTI {
                    let failure = |(addr, status): &(String, u32)| Failure {
                        ton: 1,
                        npi: 1,
                        addr: addr.clone().into_bytes(),
                        status: *status,
                    };
                    let failures: Vec<Failure> = unreached.iter().map(failure).collect();
                    let id = if status == 0 { id.as_bytes() } else { b"" };
                    let write = |out: &mut Vec<u8>| pdu::put_multi_resp(out, id, &failures);
                    session.respond_with(sequence, command, status, write);
                    continue;
                }
                if command == command::QUERY_SM && status == 0 {
                    let asked = bodies.last().map(|pdu| pdu.text("message_id").to_vec()).unwrap_or_default();
                    session.respond_with(sequence, command, status, |out| {
                        out.extend_from_slice(&[&asked, &b"\0\0"[..], &[state.0, state.1]].concat());
                    });
                    continue;
                }
                if command == command::QUERY_BROADCAST_SM {
                    let asked = bodies.last().map(|pdu| pdu.text("message_id").to_vec()).unwrap_or_default();
                    session.respond_with(sequence, command, status, |out| {
                        out.extend_from_slice(&[&asked, &b"\0"[..]].concat());
                    });
                    continue;
                }
                session.respond(sequence, command, status, if status == 0 { id.as_bytes() } else { b"" });
            }
        }
    }
}
