//! An SMPP load generator without sockets and without a clock: binds, submits as fast as it may, and holds the other end
//! to account for every answer and every receipt.
//!
//! ```text
//! open ─▶ every bind answered ─▶ fill ⇄ receive ─▶ done ─▶ unbind ─▶ over
//! ```
//!
//! Closed loop: as many unanswered submits as the windows allow. Open loop: at a rate, by `now`, in [`SLOT`]s; what the
//! windows held back is caught up with, and its latency counts from the slot in which it was due. Nothing is submitted
//! before every bind has an answer, so that the measure begins at once.
//!
//! A message is made anew from its number whenever it is needed, so memory holds ids, not texts.

mod corpus;
mod histogram;
mod ledger;
mod report;

pub use corpus::Texts;
pub use histogram::{Histogram, Latency};
pub use report::Report;

use std::collections::VecDeque;

use crate::clock::{Micros, SECOND};
use crate::error::{Error, Result};
use crate::smpp::command;
use crate::smpp::receipt;
use crate::smpp::session::{BindMode, Config, Event, Role, Session, State};
use crate::smpp::sm::{Addr, Sm, UDHI};
use crate::smpp::status as st;
use corpus::{Corpus, Outgoing};
use ledger::Ledger;

/// An open loop submits once in so long all that is due by then: no timer is finer.
pub const SLOT: Micros = SECOND / 1000;

/// How long a connection that was throttled writes nothing.
pub const THROTTLE_PAUSE: Micros = SECOND / 10;

/// What load.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections, at least 1.
    pub binds: usize,
    /// Unanswered submits on each, at least 1.
    pub window: usize,
    /// Messages in all; a long one is several submits.
    pub count: u64,
    /// Submits a second over all connections; 0: closed loop.
    pub rate: u64,
    /// Ask for receipts, and wait for them.
    pub receipts: bool,
    /// Which texts.
    pub texts: Texts,
    /// Varies texts and destinations.
    pub seed: u64,
    /// Who binds, at most 15 octets.
    pub system_id: Vec<u8>,
    /// Its proof, at most 8 octets.
    pub password: Vec<u8>,
    /// The sender: digits, or an alphanumeric name; at most 20 octets.
    pub source: Vec<u8>,
    /// How long a submit waits for its answer.
    pub response_timeout: Micros,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            binds: 1,
            window: 10,
            count: 1,
            rate: 0,
            receipts: false,
            texts: Texts::Short,
            seed: 0,
            system_id: Vec::new(),
            password: Vec::new(),
            source: Vec::new(),
            response_timeout: 60 * SECOND,
        }
    }
}

/// One part of one message, as a session's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    message: u64,
    part: u8,
}

impl Piece {
    const fn token(self) -> u64 {
        self.message << 8 | self.part as u64
    }

    const fn of(token: u64) -> Self {
        Self { message: token >> 8, part: token as u8 }
    }
}

#[derive(Debug)]
struct Connection {
    session: Session,
    /// The message being written: its number and the next part.
    current: Option<(u64, usize, Outgoing)>,
    paused_until: Micros,
    /// Submits written, for the rate.
    written: u64,
    /// Nothing more will come of it; its unanswered submits are counted.
    over: bool,
}

/// The generator. Connections are numbered from 0 in the order of [`Load::open`].
#[derive(Debug)]
pub struct Load {
    options: Options,
    corpus: Corpus,
    source: (u8, u8),
    connections: Vec<Connection>,
    tally: Tally,
    /// The first message that nobody has begun.
    next: u64,
    began: Option<Micros>,
}

/// What is counted while a session lends its events.
#[derive(Debug, Default)]
struct Tally {
    ledger: Ledger,
    receipts: bool,
    /// Throttled, or begun on a connection that is gone.
    again: VecDeque<Piece>,
    throttled: u64,
    /// Different submits written at least once.
    submits: u64,
    /// Written and neither answered nor given up.
    pending: u64,
    timed_out: u64,
    lost: u64,
    messages_in: u64,
    refused: Option<u32>,
    ended: Option<&'static str>,
    /// Requests to be answered once the session is free: sequence number and command.
    answers: Vec<(u32, u32)>,
}

impl Load {
    /// A generator that has no connection yet. What cannot go onto the wire is `load.bad_argument`.
    pub fn new(options: Options) -> Result<Self> {
        let bad = |message: &str| Err(Error::new("load.bad_argument", message));
        if options.binds == 0 || options.window == 0 || options.count == 0 {
            return bad("binds, window and count are at least 1");
        }
        if options.window > 1_000_000 || options.count >= 1 << 48 {
            return bad("window is at most 1000000 and count is below 2^48");
        }
        let octets = [&options.system_id, &options.password, &options.source];
        if octets.iter().any(|text| text.contains(&0)) {
            return bad("system_id, password and source hold no NUL");
        }
        if options.system_id.len() > 15 || options.password.len() > 8 || options.source.len() > 20 {
            return bad("system_id has at most 15 octets, password 8, source 20");
        }
        Ok(Self {
            corpus: Corpus::new(options.texts, options.seed),
            source: kind_of_address(&options.source),
            connections: Vec::new(),
            tally: Tally { receipts: options.receipts, ..Tally::default() },
            next: 0,
            began: None,
            options,
        })
    }

    /// A connection has been made: asks to bind, and gives the connection's number.
    pub fn open(&mut self, now: Micros) -> usize {
        let mut config = Config::new(Role::Client);
        config.window_out = self.options.window;
        // Receipts are answered within the chunk they came in; only a chunk bounds how many that is.
        config.window_in = usize::MAX;
        config.response_timeout = self.options.response_timeout;
        let mut session = Session::new(config, now);
        let Options { system_id, password, .. } = &self.options;
        session.bind(now, BindMode::Transceiver, system_id, password, b"", b"");
        self.connections.push(Connection { session, current: None, paused_until: 0, written: 0, over: false });
        self.connections.len() - 1
    }

    /// One chunk as it was read.
    pub fn receive(&mut self, connection: usize, chunk: &[u8], now: Micros) {
        let waiting = (self.tally.pending + self.tally.timed_out) as usize;
        let Some(at) = self.connections.get_mut(connection).filter(|at| !at.over) else { return };
        let (tally, paused_until) = (&mut self.tally, &mut at.paused_until);
        at.session.receive(now, chunk, &mut |event| tally.event(event, now, waiting, paused_until));
        for (sequence, command) in tally.answers.drain(..) {
            at.session.respond(sequence, command, st::ESME_ROK, b"");
        }
        self.settle(connection);
    }

    /// Writes what may be written on a connection now; gives how many submits.
    pub fn fill(&mut self, connection: usize, now: Micros) -> u64 {
        if !self.may_begin() {
            return 0;
        }
        let mut written = 0;
        let mut granted = self.granted(connection, now);
        while granted > 0 && self.write(connection, self.due(connection, now)) {
            granted -= 1;
            written += 1;
        }
        written
    }

    /// How many submits the rate still allows a connection; the shares of all add up to the rate.
    fn granted(&mut self, connection: usize, now: Micros) -> u64 {
        let Some(at) = self.connections.get(connection) else { return 0 };
        if at.paused_until > now {
            return 0;
        }
        let began = *self.began.get_or_insert(now);
        if self.options.rate == 0 {
            return u64::MAX;
        }
        let passed = now.saturating_sub(began) / SLOT * SLOT;
        let due = u128::from(passed) * u128::from(self.options.rate) / u128::from(SECOND);
        let share = (due + connection as u128) / self.connections.len() as u128;
        u64::try_from(share).unwrap_or(u64::MAX).saturating_sub(at.written)
    }

    /// When an open loop wants to write next.
    pub fn next_slot(&self, now: Micros) -> Micros {
        let began = self.began.unwrap_or(now);
        began + (now.saturating_sub(began) / SLOT + 1) * SLOT
    }

    /// When the next submit of a connection was to be written: the first slot that grants it. Without a rate it is now.
    /// At most half of the response time-out ago, for the time-out begins then too.
    fn due(&self, connection: usize, now: Micros) -> Micros {
        let (Some(began), rate @ 1..) = (self.began, u128::from(self.options.rate)) else { return now };
        let all = self.connections.len() as u128;
        let number = (u128::from(self.connections[connection].written) + 1) * all - connection as u128;
        let slots = (number * u128::from(SECOND)).div_ceil(rate * u128::from(SLOT));
        let due = began + (slots * u128::from(SLOT)) as Micros;
        due.max(now.saturating_sub(self.options.response_timeout / 2))
    }

    /// Whether every bind has its answer.
    fn may_begin(&self) -> bool {
        let waits = |at: &Connection| !at.over && at.session.state() == State::Binding;
        self.began.is_some() || (self.connections.len() >= self.options.binds && !self.connections.iter().any(waits))
    }

    /// Writes one submit, which waits for its answer since `due`; false if there is none, or no room.
    fn write(&mut self, connection: usize, due: Micros) -> bool {
        let at = &mut self.connections[connection];
        if at.over || at.session.state() != State::Bound || at.session.window_free() == 0 {
            return false;
        }
        let repeated;
        let (message, part, outgoing, first_time) = if let Some((message, part, outgoing)) = &mut at.current {
            *part += 1;
            (*message, *part - 1, &*outgoing, true)
        } else if let Some(piece) = self.tally.again.pop_front() {
            repeated = self.corpus.message(piece.message);
            (piece.message, usize::from(piece.part), &repeated, false)
        } else if self.next < self.options.count {
            let (_, _, outgoing) = &*at.current.insert((self.next, 1, self.corpus.message(self.next)));
            self.next += 1;
            self.tally.submits += outgoing.segments.parts.len() as u64;
            (self.next - 1, 0, outgoing, true)
        } else {
            return false;
        };
        let segments = &outgoing.segments;
        let sm = Sm {
            source: Addr { ton: self.source.0, npi: self.source.1, addr: &self.options.source },
            dest: Addr { ton: 1, npi: 1, addr: &outgoing.dest },
            esm_class: if segments.udhi { UDHI } else { 0 },
            registered: u8::from(self.options.receipts),
            data_coding: segments.data_coding,
            short_message: &segments.parts[part].octets,
            ..Sm::default()
        };
        let token = Piece { message, part: part as u8 }.token();
        let sent = at.session.request(due, command::SUBMIT_SM, token, |out| sm.write(command::SUBMIT_SM, out));
        debug_assert!(sent.is_ok(), "bound as transceiver, with room");
        if first_time && part + 1 == segments.parts.len() {
            at.current = None;
        }
        at.written += 1;
        self.tally.pending += 1;
        true
    }

    /// Octets for a connection's socket, which the caller takes. None if there is no such connection.
    pub fn output(&mut self, connection: usize) -> Option<&mut Vec<u8>> {
        Some(self.connections.get_mut(connection)?.session.output())
    }

    /// Timers; calling it early or often is harmless.
    pub fn tick(&mut self, now: Micros) {
        for connection in 0..self.connections.len() {
            let at = &mut self.connections[connection];
            if at.over {
                continue;
            }
            let (tally, paused_until) = (&mut self.tally, &mut at.paused_until);
            at.session.tick(now, &mut |event| tally.event(event, now, 0, paused_until));
            self.settle(connection);
        }
    }

    /// The socket of a connection is gone.
    pub fn closed(&mut self, connection: usize) {
        let Some(at) = self.connections.get_mut(connection).filter(|at| !at.over) else { return };
        at.over = true;
        let lost = at.session.unanswered().len() as u64;
        if at.session.state() != State::Closed {
            self.tally.ended.get_or_insert("connection_lost");
        }
        self.tally.lost += lost;
        self.tally.pending -= lost;
        if let Some((message, part, outgoing)) = at.current.take() {
            let rest = (part..outgoing.segments.parts.len()).map(|part| Piece { message, part: part as u8 });
            self.tally.again.extend(rest);
        }
    }

    /// Draws the consequences of a session that has ended.
    fn settle(&mut self, connection: usize) {
        if self.connections[connection].session.state() == State::Closed {
            self.closed(connection);
        }
    }

    /// Whether a connection has ended, so that its socket should be closed once its output is written.
    pub fn over(&self, connection: usize) -> bool {
        self.connections.get(connection).is_none_or(|at| at.over)
    }

    /// Leaves in order; [`Load::over`] then says when.
    pub fn unbind(&mut self, now: Micros) {
        for at in &mut self.connections {
            at.session.unbind(now);
        }
        self.tick(now);
    }

    /// True if nothing more is to be waited for: every submit has its answer and, if asked for, its receipt; or a bind was
    /// refused, or no connection is left.
    pub fn done(&self) -> bool {
        let tally = &self.tally;
        if tally.refused.is_some() {
            return true;
        }
        if self.connections.len() >= self.options.binds && self.connections.iter().all(|at| at.over) {
            return true;
        }
        let written = self.next == self.options.count && tally.again.is_empty();
        let settled = written && tally.pending == 0 && self.connections.iter().all(|at| at.current.is_none());
        settled && tally.ledger.owing() == 0
    }

    /// What has come of it until now.
    pub fn report(&self) -> Report {
        let begun = self.connections.iter().filter_map(|at| at.current.as_ref());
        let parts_left: usize = begun.map(|(_, part, outgoing)| outgoing.segments.parts.len() - part).sum();
        let unsent = self.options.count - self.next + (parts_left + self.tally.again.len()) as u64;
        self.tally.report(unsent, self.began)
    }
}

impl Tally {
    fn event(&mut self, event: Event<'_>, now: Micros, waiting: usize, paused_until: &mut Micros) {
        match event {
            Event::Response { token, status, message_id, waited, late, .. } => {
                if late {
                    self.timed_out -= 1;
                } else {
                    self.pending -= 1;
                }
                if matches!(status, st::ESME_RTHROTTLED | st::ESME_RMSGQFUL) {
                    self.throttled += 1;
                    self.again.push_back(Piece::of(token));
                    *paused_until = now.saturating_add(THROTTLE_PAUSE);
                    return;
                }
                let sent = now.saturating_sub(waited);
                self.ledger.answered(status, sent, now);
                if status == st::ESME_ROK && self.receipts {
                    self.ledger.expect(message_id, sent);
                }
            }
            Event::Message { command, sequence, sm } => {
                self.answers.push((sequence, command));
                match receipt::read(&sm, &receipt::Dialect::default(), &mut Vec::new()).receipt() {
                    Some(outcome) => self.ledger.receipt(outcome.id, outcome.state, now, waiting),
                    None => self.messages_in += 1,
                }
            }
            Event::TimedOut { .. } => {
                self.pending -= 1;
                self.timed_out += 1;
            }
            Event::BindRefused { status } => self.refused = Some(status),
            Event::Closed { reason } => {
                self.ended.get_or_insert(reason.name());
            }
            Event::Bind { .. }
            | Event::Outbind { .. }
            | Event::Bound { .. }
            | Event::Operation { .. }
            | Event::Bad { .. }
            | Event::Unbound => {}
        }
    }
}

/// Type of number and numbering plan of a sender: a name, a short code, or an international number.
fn kind_of_address(source: &[u8]) -> (u8, u8) {
    match source {
        digits if !digits.iter().all(u8::is_ascii_digit) => (5, 0),
        short if short.len() <= 6 => (0, 1),
        _ => (1, 1),
    }
}

#[cfg(test)]
mod tests;
