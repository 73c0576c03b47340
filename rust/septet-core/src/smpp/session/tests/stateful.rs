//! Two sessions talk over a wire that cuts anywhere, in any interleaving.

use super::*;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

#[derive(Debug, Clone)]
enum Step {
    /// The client submits.
    Submit,
    /// The server delivers.
    Deliver,
    /// An end answers the n-th of the messages it holds.
    Answer(bool, usize),
    /// So many octets go from the client (true) or the server.
    Carry(bool, usize),
    /// Time passes, both tick.
    Wait(u64),
    /// An end wants to leave.
    Unbind(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Submit),
        8 => Just(Step::Deliver),
        12 => (any::<bool>(), any::<usize>()).prop_map(|(end, which)| Step::Answer(end, which)),
        12 => (any::<bool>(), prop_oneof![1usize..40, Just(usize::MAX)]).prop_map(|(end, n)| Step::Carry(end, n)),
        4 => (0u64..20).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Unbind),
    ]
}

#[derive(Default)]
struct Owner {
    held: Vec<(u32, u32)>,
    outcomes: HashMap<u64, u32>,
    timed_out: HashSet<u64>,
    closed: u32,
    bad: Vec<&'static str>,
}

impl Owner {
    fn note(&mut self, events: Vec<Seen>) {
        for event in events {
            assert_eq!(self.closed, 0, "{event:?} after the end");
            match event {
                Seen::Message(command, sequence, _) => self.held.push((command, sequence)),
                Seen::Response { token, late, .. } => {
                    assert_eq!(late, self.timed_out.contains(&token));
                    *self.outcomes.entry(token).or_default() += 1;
                }
                Seen::TimedOut(token) => assert!(self.timed_out.insert(token)),
                Seen::Bad(reason) => self.bad.push(reason),
                Seen::Closed(_) => self.closed += 1,
                _ => {}
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn windows_hold_and_each_request_has_one_outcome(
        window in 1usize..5,
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let limits = |config: &mut Config| (config.window_in, config.window_out) = (window, window);
        let mut ends = [End::bound_client(BindMode::Transceiver, limits), End::bound_server(BindMode::Transceiver, limits)];
        let mut wires: [Vec<u8>; 2] = Default::default();
        let mut owners: [Owner; 2] = Default::default();
        let mut sent: [Vec<u64>; 2] = Default::default();
        for (token, step) in steps.into_iter().enumerate() {
            let token = token as u64;
            match step {
                Step::Submit | Step::Deliver => {
                    let (at, id) = if matches!(step, Step::Submit) { (0, command::SUBMIT_SM) } else { (1, command::DELIVER_SM) };
                    let end = &mut ends[at];
                    let expected = match end.session.state() {
                        State::Bound if sent[at].len() > end.session.window_used() + 1_000 => unreachable!(),
                        State::Bound if end.session.window_free() == 0 => Err(Refused::WindowFull),
                        State::Bound => Ok(()),
                        _ => Err(Refused::NotBound),
                    };
                    let result = end.session.request(end.now, id, token, |out| message(b"hello").write(id, out));
                    prop_assert_eq!(result.map(|_| ()), expected);
                    if result.is_ok() {
                        sent[at].push(token);
                    }
                }
                Step::Answer(client, which) => {
                    let at = usize::from(!client);
                    if !owners[at].held.is_empty() {
                        let which = which % owners[at].held.len();
                        let (id, sequence) = owners[at].held.swap_remove(which);
                        ends[at].session.respond(sequence, id, 0, b"id");
                    }
                }
                Step::Carry(client, count) => {
                    let (from, to) = if client { (0, 1) } else { (1, 0) };
                    let octets = std::mem::take(ends[from].session.output());
                    wires[from].extend(octets);
                    let count = count.min(wires[from].len());
                    let chunk: Vec<u8> = wires[from].drain(..count).collect();
                    let events = ends[to].give(&chunk);
                    owners[to].note(events);
                }
                Step::Wait(seconds) => {
                    for (end, owner) in ends.iter_mut().zip(&mut owners) {
                        end.now += seconds * SECOND;
                        let events = end.tick();
                        owner.note(events);
                        // Ticking leaves nothing overdue, so an owner that obeys deadlines never spins.
                        prop_assert!(end.session.next_deadline().is_none_or(|next| next > end.now));
                    }
                }
                Step::Unbind(client) => {
                    let end = &mut ends[usize::from(!client)];
                    end.session.unbind(end.now);
                }
            }
            for at in 0..2 {
                let session = &ends[at].session;
                prop_assert!(session.window_used() <= window && session.window_in_used() <= window);
                prop_assert!(owners[at].closed > 0 || owners[at].held.len() >= session.window_in_used());
                let open = session.unanswered();
                prop_assert_eq!(open.len(), session.window_used());
                for token in &sent[at] {
                    // Waiting, timed out, or answered: always exactly one, and answered once.
                    let answered = owners[at].outcomes.get(token).copied().unwrap_or(0);
                    let waiting = open.contains(token);
                    let late = owners[at].timed_out.contains(token);
                    prop_assert!(answered <= 1);
                    prop_assert_eq!(u32::from(waiting) + u32::from(late || answered == 1), 1);
                }
            }
        }
    }

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
