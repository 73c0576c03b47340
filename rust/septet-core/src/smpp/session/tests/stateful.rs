//! Two sessions talk over a wire that cuts anywhere, and a hostile peer talks to a third, in any interleaving.

use super::*;
use crate::smpp::command::{Operation, version};
use crate::smpp::generate::{any_pdu, octets};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

#[derive(Debug, Clone)]
enum Step {
    /// An end asks for something that it may, chosen by number.
    Ask(usize, usize),
    /// An end answers the n-th of the requests it holds.
    Answer(usize, usize),
    /// So many octets go from an end to the other.
    Carry(usize, usize),
    /// Time passes, all tick.
    Wait(u64),
    /// An end wants to leave.
    Unbind(usize),
    /// The hostile peer sends any PDU, or a request with this sequence number, or a response to one of ours, or noise.
    Hostile(Harm),
}

#[derive(Debug, Clone)]
enum Harm {
    Pdu(Pdu),
    Plain(usize, u32),
    Response(usize),
    Noise(u32, Vec<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    let harm = prop_oneof![
        4 => any_pdu().prop_map(Harm::Pdu),
        6 => (any::<usize>(), 1u32..20).prop_map(|(row, sequence)| Harm::Plain(row, sequence)),
        3 => any::<usize>().prop_map(Harm::Response),
        2 => (any::<u32>(), octets(30)).prop_map(|(id, body)| Harm::Noise(id, body)),
    ];
    prop_oneof![
        16 => (0usize..3, any::<usize>()).prop_map(|(end, row)| Step::Ask(end, row)),
        12 => (0usize..3, any::<usize>()).prop_map(|(end, which)| Step::Answer(end, which)),
        12 => (0usize..2, prop_oneof![1usize..40, Just(usize::MAX)]).prop_map(|(end, n)| Step::Carry(end, n)),
        4 => (0u64..20).prop_map(Step::Wait),
        1 => (0usize..3).prop_map(Step::Unbind),
        8 => harm.prop_map(Step::Hostile),
    ]
}

/// What an end's owner, and an onlooker at its wire, know of it.
#[derive(Default)]
struct Owner {
    held: Vec<(u32, u32)>,
    sent: Vec<u64>,
    outcomes: HashMap<u64, u32>,
    timed_out: HashSet<u64>,
    closed: u32,
    /// Requests that the peer has sent, and answers that it got, by sequence number.
    asked: HashMap<u32, u32>,
    answered: HashMap<u32, u32>,
}

impl Owner {
    fn note(&mut self, events: Vec<Seen>) {
        for event in events {
            assert_eq!(self.closed, 0, "{event:?} after the end");
            match event {
                Seen::Message(command, sequence, _) => self.held.push((command, sequence)),
                Seen::Operation(command, sequence) => {
                    let row = command::find(command).expect("a row of the table");
                    if row.response.is_some() {
                        self.held.push((command, sequence));
                    }
                }
                Seen::Response { token, late, .. } => {
                    assert_eq!(late, self.timed_out.contains(&token));
                    *self.outcomes.entry(token).or_default() += 1;
                }
                Seen::TimedOut(token) => assert!(self.timed_out.insert(token)),
                Seen::Closed(_) => self.closed += 1,
                _ => {}
            }
        }
    }
}

/// Where a state leads (2.2, and 5.0 section 2.3).
fn leads(from: State, to: State) -> bool {
    use State::{Binding, Bound, Closed, Open, Outbound, Unbinding, Unbound};
    from == to
        || to == Closed
        || matches!(
            (from, to),
            (Open, Outbound | Binding)
                | (Outbound, Binding)
                | (Binding, Bound)
                | (Bound, Unbinding | Unbound)
                | (Unbinding, Unbound)
        )
}

/// The three sessions and what is known of each. The last is the node's end of the hostile peer's connection.
struct World {
    ends: [End; 3],
    owners: [Owner; 3],
    states: [(State, u8); 3],
    wires: [Vec<u8>; 3],
    window: usize,
}

impl World {
    fn new(window: usize, mode: BindMode, versions: (u8, u8), hostile: u8) -> Self {
        let limits = |version: u8| {
            move |config: &mut Config| {
                (config.window_in, config.window_out, config.interface_version) = (window, window, version);
            }
        };
        let mut client = End::new(Role::Client, limits(versions.0));
        let mut server = End::new(Role::Server, limits(versions.1));
        client.session.bind(0, mode, b"me", b"secret", b"", b"");
        let octets = std::mem::take(client.session.output());
        server.give(&octets);
        server.session.accept_bind(0, 1);
        let octets = std::mem::take(server.session.output());
        client.give(&octets);
        assert_eq!(client.session.version(), server.session.version());
        let mut third = End::new(Role::Server, limits(version::V50));
        let body = [&b"evil\0pw\0\0"[..], &[hostile, 0, 0], b"\0"].concat();
        third.give(&raw(mode.command(), 0, 1, &body));
        third.session.accept_bind(0, 1);
        third.session.output().clear();
        let ends = [client, server, third];
        let states = std::array::from_fn(|at: usize| (ends[at].session.state(), ends[at].session.column()));
        Self { ends, owners: Default::default(), states, wires: Default::default(), window }
    }

    /// What an end writes is in its version, and allowed by the table where it stood or stands; each request that it answers
    /// was asked and had no answer yet.
    fn look(&mut self, at: usize) -> Result<(), TestCaseError> {
        let before = self.states[at];
        let session = &self.ends[at].session;
        let now = (session.state(), session.column());
        prop_assert!(leads(before.0, now.0), "{before:?} led to {now:?}");
        prop_assert_eq!(now.1.count_ones(), u32::from(now.0 != State::Closed));
        self.states[at] = now;
        let (role, version) = (session.config.role, session.version());
        for pdu in self.ends[at].sent() {
            let row = command::find(pdu.command).expect("a row of the table");
            let column = if role == Role::Client { row.esme } else { row.smsc };
            // An end that is leaving still answers what it was asked while it was bound.
            let leaving = matches!(now.0, State::Unbinding | State::Unbound | State::Closed);
            let owed = row.is_response() && leaving;
            let nay = row.is_response() && pdu.status != st::ESME_ROK;
            prop_assert!(column & (before.1 | now.1) != 0 || owed || nay, "{} in {before:?} and {now:?}", row.name);
            prop_assert!(
                row.since <= version || row.is_response() && row.since <= version::V34,
                "{} in {version:X}",
                row.name
            );
            prop_assert!(version > version::V33 || pdu.tlvs.is_empty());
            if row.is_response() && row.id != command::GENERIC_NACK {
                *self.owners[at].answered.entry(pdu.sequence).or_default() += 1;
            }
            self.wires[at].extend(pdu.encode().expect("what was decoded"));
        }
        Ok(())
    }

    fn check(&mut self, at: usize) -> Result<(), TestCaseError> {
        self.look(at)?;
        let (session, owner) = (&self.ends[at].session, &self.owners[at]);
        prop_assert!(session.window_used() <= self.window && session.window_in_used() <= self.window);
        prop_assert!(owner.closed > 0 || owner.held.len() >= session.window_in_used());
        let open = session.unanswered();
        prop_assert_eq!(open.len(), session.window_used());
        for token in &owner.sent {
            // Waiting, timed out, or answered: always exactly one, and answered once.
            let answered = owner.outcomes.get(token).copied().unwrap_or(0);
            let (waiting, late) = (open.contains(token), owner.timed_out.contains(token));
            prop_assert!(answered <= 1);
            prop_assert_eq!(u32::from(waiting) + u32::from(late || answered == 1), 1);
        }
        for (sequence, answers) in &owner.answered {
            // The hostile peer may use a number twice: then it has two answers.
            let asked = owner.asked.get(sequence).copied().unwrap_or(0);
            prop_assert!(*answers <= asked, "{sequence}: {answers} answers to {asked} requests");
        }
        Ok(())
    }

    /// Octets that reach an end; each request in them will have one answer.
    fn arrive(&mut self, at: usize, chunk: &[u8]) {
        let end = &mut self.ends[at];
        let mut events = Vec::new();
        end.session.receive(end.now, chunk, &mut |event| events.push(seen(&event)));
        self.owners[at].note(events);
    }

    fn asks(&mut self, at: usize, row: &Operation, sequence: u32) {
        // What only a later version has is answered by generic_nack.
        let heard = row.since <= self.ends[at].session.version().max(version::V34);
        if row.response.is_some() && heard {
            *self.owners[at].asked.entry(sequence).or_default() += 1;
        }
    }
}

fn requests() -> Vec<&'static Operation> {
    command::TABLE.iter().filter(|row| !row.is_response()).collect()
}

fn plain(row: &Operation, status: u32, sequence: u32) -> Vec<u8> {
    Pdu::build(row.id, status, sequence, vec![], vec![]).and_then(|pdu| pdu.encode()).expect("an empty one")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]
    #[test]
    fn windows_hold_states_are_the_tables_and_each_request_has_one_answer(
        window in 1usize..5,
        mode in prop::sample::select(&[BindMode::Transmitter, BindMode::Receiver, BindMode::Transceiver][..]),
        versions in (prop::sample::select(&[0x33u8, 0x34, 0x50][..]), prop::sample::select(&[0x33u8, 0x34, 0x50][..])),
        hostile in any::<u8>(),
        steps in prop::collection::vec(step(), 0..100),
    ) {
        let mut world = World::new(window, mode, versions, hostile);
        for (token, step) in steps.into_iter().enumerate() {
            let token = token as u64;
            match step {
                Step::Ask(at, which) => {
                    let requests = requests();
                    let row = requests[which % requests.len()];
                    let end = &mut world.ends[at];
                    let session = &end.session;
                    let own = matches!(row.id, command::ENQUIRE_LINK | command::UNBIND) || row.response.is_none();
                    let column = if session.config.role == Role::Client { row.esme } else { row.smsc };
                    let may = column & mode.bit() != 0 && row.since <= session.version() && !own;
                    let expected = match session.state() {
                        State::Bound if !may => Err(Refused::NotAllowed),
                        State::Bound if session.window_free() == 0 => Err(Refused::WindowFull),
                        State::Bound => Ok(()),
                        _ => Err(Refused::NotBound),
                    };
                    let body = plain(row, 0, 1)[frame::HEADER..].to_vec();
                    let result = end.session.request(end.now, row.id, token, |out| out.extend_from_slice(&body));
                    prop_assert_eq!(result.map(|_| ()), expected, "{}", row.name);
                    if let Ok(sequence) = result {
                        world.owners[at].sent.push(token);
                        // The other end of its wire will be asked.
                        if at < 2 {
                            world.asks(1 - at, row, sequence);
                        }
                    }
                }
                Step::Answer(at, which) => {
                    if !world.owners[at].held.is_empty() {
                        let which = which % world.owners[at].held.len();
                        let (id, sequence) = world.owners[at].held.swap_remove(which);
                        let status = if which % 3 == 2 { st::ESME_RSYSERR } else { st::ESME_ROK };
                        world.ends[at].session.respond(sequence, id, status, b"id");
                    }
                }
                Step::Carry(from, count) => {
                    let count = count.min(world.wires[from].len());
                    let chunk: Vec<u8> = world.wires[from].drain(..count).collect();
                    world.arrive(1 - from, &chunk);
                }
                Step::Wait(seconds) => {
                    for at in 0..3 {
                        world.ends[at].now += seconds * SECOND;
                        let events = world.ends[at].tick();
                        world.owners[at].note(events);
                        let end = &world.ends[at];
                        // Ticking leaves nothing overdue, so an owner that obeys deadlines never spins.
                        prop_assert!(end.session.next_deadline().is_none_or(|next| next > end.now));
                    }
                }
                Step::Unbind(at) => {
                    let end = &mut world.ends[at];
                    end.session.unbind(end.now);
                }
                Step::Hostile(harm) => {
                    let octets = match harm {
                        Harm::Pdu(pdu) => {
                            let row = command::find(pdu.command).expect("a row of the table");
                            world.asks(2, row, pdu.sequence);
                            pdu.encode().expect("what was built")
                        }
                        Harm::Plain(which, sequence) => {
                            let requests = requests();
                            let row = requests[which % requests.len()];
                            world.asks(2, row, sequence);
                            plain(row, 0, sequence)
                        }
                        Harm::Response(which) => {
                            let responses: Vec<_> = command::TABLE.iter().filter(|row| row.is_response()).collect();
                            let sequence = (which as u32 >> 5) % 16;
                            plain(responses[which % responses.len()], 0, sequence)
                        }
                        Harm::Noise(id, body) => {
                            let sequence = id.wrapping_add(1_000_000);
                            if let Some(row) = command::find(id) {
                                world.asks(2, row, sequence);
                            }
                            raw(id, 0, sequence, &body)
                        }
                    };
                    world.arrive(2, &octets);
                }
            }
            for at in 0..3 {
                // The unbind and enquire_link of an end are asked by itself.
                let written = world.ends[at].session.output().clone();
                let mut rest = &written[..];
                while let Ok((pdu, after)) = Pdu::decode_front(rest) {
                    let row = command::find(pdu.command).expect("a row of the table");
                    if at < 2 && matches!(row.id, command::UNBIND | command::ENQUIRE_LINK) {
                        world.asks(1 - at, row, pdu.sequence);
                    }
                    rest = after;
                }
                world.check(at)?;
            }
        }
        // Whoever is still bound answers all that it holds, and then each request that it read has its one answer.
        for at in 0..3 {
            if world.ends[at].session.state() == State::Bound {
                for (id, sequence) in std::mem::take(&mut world.owners[at].held) {
                    world.ends[at].session.respond(sequence, id, 0, b"id");
                }
                prop_assert_eq!(world.ends[at].session.window_in_used(), 0);
                world.check(at)?;
            }
        }
        let third = &world.owners[2];
        if world.ends[2].session.state() == State::Bound {
            for (sequence, asked) in &third.asked {
                let answered = third.answered.get(sequence).copied().unwrap_or(0);
                prop_assert_eq!(answered, *asked, "the answers to {}", sequence);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whole, in two, octet by octet: the same events and the same answers.
    #[test]
    fn the_cut_of_the_stream_changes_nothing(
        pdus in prop::collection::vec(prop_oneof![
            (any::<u32>(), prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(seq, body)| raw(command::SUBMIT_SM, 0, seq, &body)),
            any::<u32>().prop_map(|seq| sm(command::SUBMIT_SM, seq, b"text")),
            (prop::sample::select(command::TABLE), any::<u32>(), prop::collection::vec(any::<u8>(), 0..9))
                .prop_map(|(row, seq, body)| raw(row.id, 0, seq, &body)),
            (any::<u32>(), any::<u32>()).prop_map(|(id, seq)| raw(id, 0, seq, b"")),
            prop::collection::vec(any::<u8>(), 0..20),
        ], 0..12),
        cut in any::<prop::sample::Index>(),
        bound in any::<bool>(),
    ) {
        let stream = pdus.concat();
        let run = |chunks: &mut dyn Iterator<Item = &[u8]>| {
            let mut end = if bound { End::bound_server(BindMode::Transceiver, |_| {}) } else { End::new(Role::Server, |_| {}) };
            let events: Vec<_> = chunks.flat_map(|chunk| end.give(chunk)).collect();
            (events, std::mem::take(end.session.output()), end.session.state())
        };
        let whole = run(&mut std::iter::once(&stream[..]));
        let (a, b) = stream.split_at(if stream.is_empty() { 0 } else { cut.index(stream.len()) });
        prop_assert_eq!(&whole, &run(&mut [a, b].into_iter()));
        prop_assert_eq!(&whole, &run(&mut stream.chunks(1)));
    }

    /// Any octets leave a session that holds at most one PDU and answers at most one for one.
    #[test]
    fn any_octets_are_bounded(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..10), server: bool) {
        let mut end = if server {
            End::bound_server(BindMode::Transceiver, |config| config.max_pdu = 300)
        } else {
            End::bound_client(BindMode::Transceiver, |config| config.max_pdu = 300)
        };
        end.sent();
        let mut total = 0;
        for chunk in chunks {
            total += chunk.len();
            end.give(&chunk);
            prop_assert!(end.session.framer.kept() <= 300);
        }
        prop_assert!(end.session.output().len() <= total + 16);
    }
}
