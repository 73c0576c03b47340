//! The carrier: any number of connections, one memory of what is still owed to them.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, VecDeque};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use super::book::{Book, Entry};
use super::flood::Flood;
use super::options::Options;
use super::shelf::Shelf;
use crate::clock::{Micros, SECOND, WallMs};
use crate::smpp::command::{self, max};
use crate::smpp::field::put_cstring;
use crate::smpp::receipt::{self, State};
use crate::smpp::session::{Config, Event, Role, Session};
use crate::smpp::sm::{Addr, Sm};
use crate::smpp::status;
use crate::smpp::tlv::{self, Tlvs};
use crate::text::{self, SegmentOptions};

/// Counts since the start, but for `bound`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections bound now.
    pub bound: u64,
    /// Binds accepted.
    pub binds: u64,
    /// submit_sm, data_sm and destinations of submit_multi received.
    pub submits: u64,
    /// Those answered ESME_ROK.
    pub accepted: u64,
    /// Those refused.
    pub refused: u64,
    /// Those never answered.
    pub unanswered: u64,
    /// Receipts written, repeats included.
    pub receipts: u64,
    /// Receipts answered ESME_ROK.
    pub receipts_acked: u64,
    /// Parts of MOs written, repeats included.
    pub mos: u64,
    /// Those answered ESME_ROK.
    pub mos_acked: u64,
    /// Receipts that were lost on purpose.
    pub lost: u64,
    /// query_sm received.
    pub queries: u64,
    /// Messages withdrawn by cancel_sm.
    pub cancelled: u64,
    /// Messages replaced by replace_sm.
    pub replaced: u64,
    /// The most submits received in any second.
    pub most_in_a_second: u64,
}

/// Something for the node: a receipt or a part of an MO, kept until it is answered ESME_ROK.
#[derive(Clone, Debug)]
pub(super) enum Owed {
    Receipt { id: u64, from: Box<[u8]>, to: Box<[u8]>, state: State, text: [u8; 20] },
    Part { from: String, to: String, octets: Vec<u8>, data_coding: u8, esm_class: u8 },
}

/// What happens later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Later {
    Answer { connection: u32, epoch: u32, answer: Answer },
    Owe(u64),
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Answer {
    sequence: u32,
    command: u32,
    status: u32,
    body: Vec<u8>,
}

struct Connection {
    epoch: u32,
    session: Option<Box<Session>>,
}

/// See the module.
pub struct Carrier {
    /// Its behaviour; may change at any time.
    pub options: Options,
    /// What it has taken.
    pub shelf: Shelf,
    pub(super) stats: Stats,
    pub(super) book: Book,
    chance: ChaCha8Rng,
    next_id: u64,
    next_owed: u64,
    connections: Vec<Connection>,
    free: Vec<u32>,
    later: BinaryHeap<Reverse<(Micros, Later)>>,
    pub(super) owed: HashMap<u64, Owed>,
    ready: VecDeque<u64>,
    flood: Flood,
    recent: VecDeque<Micros>,
    output: BTreeSet<u32>,
    closing: BTreeSet<u32>,
    pub(super) wall_zero: WallMs,
}

impl Carrier {
    /// `wall_zero` is the wall clock when `now` was 0; it only dates receipts.
    pub fn new(options: Options, seed: u64, wall_zero: WallMs) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        Self {
            options,
            shelf: Shelf::default(),
            stats: Stats::default(),
            book: Book::default(),
            next_id: 1_000_000_000 + chance.next_u64() % 1_000_000_000,
            next_owed: 0,
            chance,
            connections: Vec::new(),
            free: Vec::new(),
            later: BinaryHeap::new(),
            owed: HashMap::new(),
            ready: VecDeque::new(),
            flood: Flood::default(),
            recent: VecDeque::new(),
            output: BTreeSet::new(),
            closing: BTreeSet::new(),
            wall_zero,
        }
    }

    /// Somebody has connected.
    pub fn open(&mut self, now: Micros) -> u32 {
        let config = Config {
            window_out: self.options.window,
            window_in: 100_000,
            system_id: b"sim".to_vec(),
            ..Config::new(Role::Server)
        };
        let session = Some(Box::new(Session::new(config, now)));
        if let Some(place) = self.free.pop() {
            let connection = &mut self.connections[place as usize];
            *connection = Connection { epoch: connection.epoch + 1, session };
            return place;
        }
        self.connections.push(Connection { epoch: 0, session });
        self.connections.len() as u32 - 1
    }

    /// One chunk as it was read.
    pub fn receive(&mut self, connection: u32, chunk: &[u8], now: Micros) {
        self.drive(connection, now, |session, on| session.receive(now, chunk, on));
        self.send(now);
    }

    /// The connection is gone: what it had not answered goes to another.
    pub fn closed(&mut self, connection: u32) {
        let Some(session) = self.connections.get_mut(connection as usize).and_then(|c| c.session.take()) else {
            return;
        };
        self.stats.bound -= u64::from(session.mode().is_some());
        for owed in session.unanswered().into_iter().rev() {
            self.ready.push_front(owed);
        }
        self.free.push(connection);
    }

    /// Timers; call it when [`Carrier::next_deadline`] has come.
    pub fn tick(&mut self, now: Micros) {
        while self.later.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            let Some(Reverse((_, later))) = self.later.pop() else { break };
            match later {
                Later::Answer { connection, epoch, answer } => self.answer((connection, epoch), &answer),
                Later::Owe(owed) => self.ready.push_back(owed),
            }
        }
        for connection in 0..self.connections.len() as u32 {
            let session = self.connections[connection as usize].session.as_ref();
            if session.and_then(|s| s.next_deadline()).is_some_and(|due| due <= now) {
                self.drive(connection, now, |session, on| session.tick(now, on));
            }
        }
        self.send(now);
    }

    /// When `tick` has something to do.
    pub fn next_deadline(&self) -> Option<Micros> {
        let sessions = self.connections.iter().filter_map(|c| c.session.as_ref()?.next_deadline());
        self.later.peek().map(|Reverse((at, _))| *at).into_iter().chain(sessions).min()
    }

    /// A text from a person, in as many parts as it takes; gives their number.
    pub fn mo(&mut self, from: &str, to: &str, text: &str, now: Micros) -> crate::Result<usize> {
        let reference = self.below(256) as u16;
        let segments = text::segment(text, &SegmentOptions { reference, ..SegmentOptions::default() })?;
        let esm_class = if segments.udhi { 0x40 } else { 0 };
        let count = segments.parts.len();
        for part in segments.parts {
            let (from, to) = (from.to_owned(), to.to_owned());
            let data_coding = segments.data_coding;
            let owed = self.owe(Owed::Part { from, to, octets: part.octets, data_coding, esm_class });
            self.ready.push_back(owed);
        }
        self.send(now);
        Ok(count)
    }

    /// Many people write at once, instead of those of an earlier flood that have not yet written.
    pub fn flood(&mut self, flood: Flood, now: Micros) {
        self.flood = flood;
        self.send(now);
    }

    /// Connections with octets to write.
    pub fn writable(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.output).into_iter().collect()
    }

    /// Connections to close once their output is written.
    pub fn closing(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.closing).into_iter().collect()
    }

    /// Takes what is to be written.
    pub fn output(&mut self, connection: u32) -> Vec<u8> {
        let session = self.connections.get_mut(connection as usize).and_then(|c| c.session.as_mut());
        session.map(|s| std::mem::take(s.output())).unwrap_or_default()
    }

    /// Counts.
    pub fn stats(&self) -> Stats {
        self.stats.clone()
    }

    /// Receipts and parts of MOs that the node has not answered.
    pub fn owing(&self) -> usize {
        self.owed.len()
    }

    fn drive(&mut self, place: u32, now: Micros, run: impl FnOnce(&mut Session, &mut dyn FnMut(Event<'_>))) {
        let Some(connection) = self.connections.get_mut(place as usize) else { return };
        let (epoch, Some(mut session)) = (connection.epoch, connection.session.take()) else { return };
        let mut bind = None;
        let mut answers = Vec::new();
        run(&mut session, &mut |event| match event {
            Event::Bind { sequence, system_id, password, .. } => {
                let known = |wanted: &str, given: &[u8]| wanted.is_empty() || wanted.as_bytes() == given;
                let welcome = known(&self.options.system_id, system_id) && known(&self.options.password, password);
                bind = Some((sequence, welcome));
            }
            Event::Message { command: command @ (command::SUBMIT_SM | command::DATA_SM), sequence, sm } => {
                let (delay, status, body) = self.submitted(command, &sm, now);
                let answer = Answer { sequence, command, status, body };
                answers.extend(self.answer_after(delay, (place, epoch), answer, now));
            }
            Event::Message { command, sequence, .. } => {
                answers.push(Answer { sequence, command, status: status::ESME_RINVCMDID, body: Vec::new() });
            }
            Event::Operation { pdu } if pdu.command == command::SUBMIT_MULTI => {
                let delay = self.within(self.options.submit_delay);
                let (status, body) = self.submitted_to_many(pdu, delay, now);
                let answer = Answer { sequence: pdu.sequence, command: pdu.command, status, body };
                answers.extend(self.answer_after(delay, (place, epoch), answer, now));
            }
            Event::Operation { pdu } => {
                let (status, body) = self.operated(pdu, now);
                answers.push(Answer { sequence: pdu.sequence, command: pdu.command, status, body });
            }
            Event::Response { token, status, late: false, .. } => self.taken(token, status, now),
            Event::TimedOut { token } => self.ready.push_back(token),
            Event::Closed { .. } => {
                self.closing.insert(place);
            }
            _ => {}
        });
        match bind {
            Some((sequence, true)) => {
                session.accept_bind(now, sequence);
                self.stats.binds += 1;
                self.stats.bound += 1;
            }
            Some((sequence, false)) => session.refuse_bind(sequence, status::ESME_RINVPASWD),
            None => {}
        }
        for Answer { sequence, command, status, body } in answers {
            session.respond_with(sequence, command, status, |out| out.extend_from_slice(&body));
        }
        if !session.output().is_empty() {
            self.output.insert(place);
        }
        self.connections[place as usize].session = Some(session);
    }

    /// Takes a submit; gives when it is answered, and how.
    fn submitted(&mut self, command: u32, sm: &Sm<'_>, now: Micros) -> (Micros, u32, Vec<u8>) {
        let status = self.refusal(now);
        let delay = self.within(self.options.submit_delay);
        let mut body = Vec::new();
        if status == 0 {
            let id = self.take(sm, None, now + delay, now);
            put_cstring(&mut body, id.to_string().as_bytes(), max::MESSAGE_ID);
        } else if command == command::DATA_SM {
            // 4.7.2: it has its message_id also where it is refused.
            body.push(0);
        }
        (delay, status, body)
    }

    /// Whether one more message is taken: a status.
    pub(super) fn refusal(&mut self, now: Micros) -> u32 {
        self.stats.submits += 1;
        while self.recent.front().is_some_and(|at| *at + SECOND <= now) {
            self.recent.pop_front();
        }
        let throttled = self.options.throttle > 0 && self.recent.len() as u64 >= u64::from(self.options.throttle);
        self.recent.push_back(now);
        self.stats.most_in_a_second = self.stats.most_in_a_second.max(self.recent.len() as u64);
        let status = if throttled {
            self.recent.pop_back();
            status::ESME_RTHROTTLED
        } else if self.happens(self.options.error_rate) {
            self.options.error_status
        } else {
            0
        };
        self.stats.refused += u64::from(status != 0);
        status
    }

    /// Takes a message, under the name of an earlier one of the same request or its own id; gives that name.
    pub(super) fn take(&mut self, sm: &Sm<'_>, name: Option<u64>, answered: Micros, now: Micros) -> u64 {
        self.next_id += 1;
        let id = self.next_id;
        self.stats.accepted += 1;
        self.shelf.put(id, sm, self.options.keep);
        let name = name.unwrap_or(id);
        let entry = self.promise(name, sm, answered, now);
        self.note(id, entry);
        name
    }

    /// The answer if it is due at once; one that somebody took something for may be lost.
    fn answer_after(
        &mut self,
        delay: Micros,
        (connection, epoch): (u32, u32),
        answer: Answer,
        now: Micros,
    ) -> Option<Answer> {
        if answer.status == 0 && self.happens(self.options.no_reply_rate) {
            self.stats.unanswered += 1;
            return None;
        }
        if delay == 0 {
            return Some(answer);
        }
        self.later.push(Reverse((now + delay, Later::Answer { connection, epoch, answer })));
        None
    }

    fn answer(&mut self, (place, epoch): (u32, u32), answer: &Answer) {
        let Some(connection) = self.connections.get_mut(place as usize).filter(|c| c.epoch == epoch) else { return };
        let Some(session) = connection.session.as_mut() else { return };
        let body = |out: &mut Vec<u8>| out.extend_from_slice(&answer.body);
        session.respond_with(answer.sequence, answer.command, answer.status, body);
        self.output.insert(place);
    }

    /// What becomes of a message, and its receipt after its delay; an early one at once, a lost one never.
    fn promise(&mut self, name: u64, sm: &Sm<'_>, answered: Micros, now: Micros) -> Entry {
        let failed = self.happens(self.options.dlr_fail_rate);
        let state = if failed { State::Undeliverable } else { State::Delivered };
        let early = self.happens(self.options.early_dlr_rate);
        let due = if early { now } else { answered + self.within(self.options.dlr_delay) };
        let mut entry = Entry::of(name, sm, state, due, Vec::new());
        let asked = sm.registered & 3;
        if asked == 0 || state == State::Delivered && asked == 2 {
            return entry;
        }
        if self.happens(self.options.lost_dlr_rate) {
            self.stats.lost += 1;
            return entry;
        }
        let (from, to) = (sm.dest.addr.into(), sm.source.addr.into());
        let receipt = Owed::Receipt { id: name, from, to, state, text: start_of(sm.payload()) };
        let twice = self.happens(self.options.double_dlr_rate);
        for _ in 0..=u8::from(twice) {
            let owed = self.owe(receipt.clone());
            entry.owed.push(owed);
            if early {
                self.ready.push_front(owed);
            } else {
                self.later.push(Reverse((due, Later::Owe(owed))));
            }
        }
        entry
    }

    fn owe(&mut self, what: Owed) -> u64 {
        self.next_owed += 1;
        self.owed.insert(self.next_owed, what);
        self.next_owed
    }

    fn taken(&mut self, token: u64, status: u32, now: Micros) {
        if status != 0 {
            // The node could not take it: once more, later.
            self.later.push(Reverse((now + SECOND, Later::Owe(token))));
            return;
        }
        match self.owed.remove(&token) {
            Some(Owed::Receipt { .. }) => self.stats.receipts_acked += 1,
            Some(Owed::Part { .. }) => self.stats.mos_acked += 1,
            None => {}
        }
    }

    /// Writes what is ready to whichever connection may receive.
    fn send(&mut self, now: Micros) {
        let wall = self.wall_zero + now / 1_000;
        for place in 0..self.connections.len() {
            let Some(session) = self.connections[place].session.as_mut() else { continue };
            while session.can_send(command::DELIVER_SM) && session.window_free() > 0 {
                let token = if let Some(token) = self.ready.pop_front() {
                    token
                } else if let Some(part) = self.flood.next() {
                    self.next_owed += 1;
                    self.owed.insert(self.next_owed, part);
                    self.next_owed
                } else {
                    break;
                };
                let Some(owed) = self.owed.get(&token) else { continue };
                if write(session, token, owed, wall, now) {
                    match owed {
                        Owed::Receipt { .. } => self.stats.receipts += 1,
                        Owed::Part { .. } => self.stats.mos += 1,
                    }
                } else {
                    self.ready.push_front(token);
                    break;
                }
            }
            if !session.output().is_empty() {
                self.output.insert(place as u32);
            }
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.chance.next_u64() % bound.max(1)
    }

    fn happens(&mut self, rate: f64) -> bool {
        rate > 0.0 && (self.chance.next_u64() >> 11) as f64 / ((1u64 << 53) as f64) < rate
    }

    fn within(&mut self, (least, most): (Micros, Micros)) -> Micros {
        least + if most > least { self.below(most - least + 1) } else { 0 }
    }
}

/// What a receipt quotes of a text.
pub(super) fn start_of(text: &[u8]) -> [u8; 20] {
    let mut start = [b' '; 20];
    let shown = text.iter().filter(|o| o.is_ascii_graphic() || **o == b' ');
    start.iter_mut().zip(shown).for_each(|(place, octet)| *place = *octet);
    start
}

/// An address with its type. A short code is no international number: a peer that takes it for one writes a plus before it.
fn typed(addr: &[u8]) -> Addr<'_> {
    let (ton, npi) = match addr {
        _ if !addr.iter().all(u8::is_ascii_digit) => (5, 0),
        [_, _, _, _, _, _, _, ..] => (1, 1),
        _ => (3, 0),
    };
    Addr { ton, npi, addr }
}

fn write(session: &mut Session, token: u64, owed: &Owed, wall: WallMs, now: Micros) -> bool {
    let mut text = Vec::new();
    let mut tlvs = Vec::new();
    let sm = match owed {
        Owed::Receipt { id, from, to, state, text: start } => {
            let id = id.to_string();
            let delivered = u16::from(*state == State::Delivered);
            let error: &[u8] = if delivered == 1 { b"000" } else { b"001" };
            let form = receipt::Form {
                id: id.as_bytes(),
                state: *state,
                err: error,
                submit: wall,
                done: wall,
                text: start,
                sub: 1,
                dlvrd: delivered,
                seconds: false,
            };
            form.write(&mut text);
            tlv::put(&mut tlvs, tlv::RECEIPTED_MESSAGE_ID, format!("{id}\0").as_bytes());
            tlv::put(&mut tlvs, tlv::MESSAGE_STATE, &[state.message_state()]);
            Sm {
                source: typed(from),
                dest: typed(to),
                esm_class: 0x04,
                short_message: &text,
                tlvs: Tlvs::new(&tlvs),
                ..Sm::default()
            }
        }
        Owed::Part { from, to, octets, data_coding, esm_class } => Sm {
            source: typed(from.as_bytes()),
            dest: typed(to.as_bytes()),
            esm_class: *esm_class,
            data_coding: *data_coding,
            short_message: octets,
            ..Sm::default()
        },
    };
    session.request(now, command::DELIVER_SM, token, |out| sm.write(command::DELIVER_SM, out)).is_ok()
}
