//! The generator against a message centre in memory, with an injected clock.

use super::*;
use crate::smpp::receipt::Form;
use crate::smpp::receipt::State as Fate;
use crate::smpp::sm::TYPE_RECEIPT;

const MS: Micros = 1_000;

/// What the centre does with the submit of a number, counted from 0 over all connections.
#[derive(Clone, Copy)]
enum Does {
    Accept,
    /// The receipt goes out before the answer.
    ReceiptFirst,
    TwoReceipts,
    NoReceipt,
    /// An ENROUTE comes before the final receipt.
    Enroute,
    StrangeReceipt,
    SameId,
    Answer(u32),
    Silence,
}

struct Centre {
    load: Load,
    ends: Vec<Session>,
    now: Micros,
    does: Box<dyn FnMut(u64) -> Does>,
    taken: u64,
    bodies: Vec<(usize, Vec<u8>, u8)>,
}

impl Centre {
    fn new(options: Options, does: impl FnMut(u64) -> Does + 'static) -> Self {
        let (binds, load) = (options.binds, Load::new(options).expect("sound options"));
        let mut centre =
            Self { load, ends: Vec::new(), now: SECOND, does: Box::new(does), taken: 0, bodies: Vec::new() };
        for at in 0..binds {
            assert_eq!(centre.load.open(centre.now), at);
            let mut config = Config::new(Role::Server);
            (config.window_in, config.window_out) = (1_000_000, 1_000_000);
            centre.ends.push(Session::new(config, centre.now));
        }
        centre
    }

    /// One exchange in each direction; gives how many submits were written.
    fn turn(&mut self) -> u64 {
        self.load.tick(self.now);
        let mut written = 0;
        for at in 0..self.ends.len() {
            written += self.load.fill(at, self.now);
            let sent = std::mem::take(self.load.output(at).expect("opened"));
            let answers = self.serve(at, &sent);
            self.load.receive(at, &answers, self.now);
        }
        written
    }

    fn serve(&mut self, at: usize, chunk: &[u8]) -> Vec<u8> {
        let (now, end) = (self.now, &mut self.ends[at]);
        let (mut binds, mut submits) = (Vec::new(), Vec::new());
        end.receive(now, chunk, &mut |event| match event {
            Event::Bind { sequence, password, .. } => binds.push((sequence, password == b"secret")),
            Event::Message { command, sequence, sm } => {
                assert_eq!((command, sm.source.addr), (command::SUBMIT_SM, &b"12345"[..]));
                submits.push((sequence, sm.short_message.to_vec(), sm.registered));
            }
            _ => {}
        });
        for (sequence, right) in binds {
            if right { end.accept_bind(now, sequence) } else { end.refuse_bind(sequence, st::ESME_RINVPASWD) }
        }
        for (sequence, body, registered) in submits {
            let number = self.taken;
            self.taken += 1;
            self.bodies.push((at, body, registered));
            let id = format!("id-{number}").into_bytes();
            let answer = |end: &mut Session, id: &[u8]| end.respond(sequence, command::SUBMIT_SM, st::ESME_ROK, id);
            let does = (self.does)(number);
            if matches!(does, Does::ReceiptFirst) {
                receipt_to(end, now, &id, Fate::Delivered);
            }
            match does {
                Does::Answer(status) => end.respond(sequence, command::SUBMIT_SM, status, b""),
                Does::Silence => {}
                Does::SameId => answer(end, b"same"),
                _ => answer(end, &id),
            }
            if registered == 1 {
                match does {
                    Does::Accept => receipt_to(end, now, &id, Fate::Delivered),
                    Does::TwoReceipts => {
                        receipt_to(end, now, &id, Fate::Delivered);
                        receipt_to(end, now, &id, Fate::Undeliverable);
                    }
                    Does::Enroute => {
                        receipt_to(end, now, &id, Fate::Enroute);
                        receipt_to(end, now, &id, Fate::Expired);
                    }
                    Does::StrangeReceipt => receipt_to(end, now, b"nobody's", Fate::Delivered),
                    _ => {}
                }
            }
        }
        std::mem::take(end.output())
    }

    /// Turns of a millisecond until the load is done, at most `turns`.
    fn run(mut self, turns: usize) -> Report {
        for _ in 0..turns {
            self.turn();
            if self.load.done() {
                break;
            }
            self.now += MS;
        }
        self.load.report()
    }
}

fn receipt_to(end: &mut Session, now: Micros, id: &[u8], state: Fate) {
    let mut text = Vec::new();
    Form { id, state, text: b"No. 1", sub: 1, dlvrd: 1, ..Form::default() }.write(&mut text);
    let sm = Sm { esm_class: TYPE_RECEIPT, short_message: &text, ..Sm::default() };
    end.request(now, command::DELIVER_SM, 0, |out| sm.write(command::DELIVER_SM, out)).expect("bound, with room");
}

fn options() -> Options {
    Options {
        binds: 2,
        window: 20,
        count: 1_000,
        receipts: true,
        system_id: b"demo".to_vec(),
        password: b"secret".to_vec(),
        source: b"12345".to_vec(),
        ..Options::default()
    }
}

/// The first `n` submits are treated so, the others accepted.
fn first(n: u64, does: Does) -> impl FnMut(u64) -> Does + 'static {
    move |number| if number < n { does } else { Does::Accept }
}

#[test]
fn every_submit_is_answered_and_every_receipt_matched() {
    let report = Centre::new(options(), |_| Does::Accept).run(1_000);
    assert!(report.success, "{report:?}");
    assert_eq!((report.submits, report.acked, report.receipts), (1_000, 1_000, 1_000));
    assert_eq!(report.by_state["DELIVRD"], 1_000);
    assert!(report.acked_per_second > 0.0 && report.complete_per_second > 0.0);
}

#[test]
fn without_receipts_none_is_asked_for_and_the_answers_suffice() {
    let mut centre = Centre::new(Options { receipts: false, ..options() }, |_| Does::Accept);
    while !centre.load.done() {
        centre.turn();
    }
    let report = centre.load.report();
    assert!(report.success && report.receipts == 0 && report.receipts_missing == 0);
    assert!(centre.bodies.iter().all(|(_, _, registered)| *registered == 0));
    let bodies: std::collections::HashSet<_> = centre.bodies.iter().map(|(_, body, _)| body).collect();
    assert_eq!(bodies.len(), 1_000);
    assert!([0, 1].iter().all(|bind| centre.bodies.iter().filter(|(at, ..)| at == bind).count() > 100));
}

#[test]
fn each_part_of_a_long_message_is_a_submit() {
    let report = Centre::new(Options { texts: Texts::Long, ..options() }, |_| Does::Accept).run(1_000);
    assert!(report.success && report.submits >= 2_000, "{report:?}");
}

#[test]
fn receipts_that_come_before_their_answer_are_matched() {
    let report = Centre::new(options(), |_| Does::ReceiptFirst).run(1_000);
    assert!(report.success);
    assert_eq!((report.receipts, report.receipts_early), (1_000, 1_000));
}

#[test]
fn receipts_on_the_way_are_not_the_last_word() {
    let report = Centre::new(options(), |_| Does::Enroute).run(1_000);
    assert!(report.success);
    assert_eq!((report.by_state["ENROUTE"], report.by_state["EXPIRED"]), (1_000, 1_000));
}

#[test]
fn duplicates_and_losses_are_told() {
    let report = Centre::new(options(), first(3, Does::TwoReceipts)).run(1_000);
    assert_eq!((report.success, report.receipts, report.receipts_duplicate), (false, 1_000, 3));

    let report = Centre::new(options(), first(3, Does::NoReceipt)).run(1_000);
    assert_eq!((report.success, report.receipts, report.receipts_missing), (false, 997, 3));

    let report = Centre::new(options(), first(1, Does::StrangeReceipt)).run(1_000);
    assert_eq!((report.success, report.receipts_missing, report.receipts_unknown), (false, 1, 1));

    let report = Centre::new(options(), first(2, Does::SameId)).run(1_000);
    assert_eq!((report.success, report.duplicate_ids), (false, 1));
}

#[test]
fn receipts_of_strangers_take_no_memory_without_end() {
    let mut centre = Centre::new(options(), |_| Does::Silence);
    centre.turn();
    centre.turn();
    let now = centre.now;
    for stranger in 0..500 {
        receipt_to(&mut centre.ends[0], now, format!("stranger-{stranger}").as_bytes(), Fate::Delivered);
    }
    let chunk = std::mem::take(centre.ends[0].output());
    centre.load.receive(0, &chunk, now);
    assert_eq!(centre.load.report().receipts_unknown, 500);
    assert_eq!(centre.load.tally.ledger.kept_early(), 40);
}

#[test]
fn throttled_submits_are_sent_again_after_a_pause() {
    let throttled = |n| if n < 10 { Does::Answer(st::ESME_RTHROTTLED) } else { Does::Accept };
    let mut centre = Centre::new(Options { binds: 1, window: 10, count: 50, ..options() }, throttled);
    centre.turn();
    assert_eq!(centre.turn(), 10);
    centre.now += THROTTLE_PAUSE - 1;
    assert_eq!(centre.turn(), 0);
    centre.now += 1;
    assert_eq!(centre.turn(), 10);
    assert_eq!(centre.bodies[..10], centre.bodies[10..20], "the same messages again");
    let report = centre.run(100);
    assert!(report.success, "{report:?}");
    assert_eq!((report.submits, report.acked, report.throttled), (50, 50, 10));
    assert!(!report.by_status.contains_key(&st::ESME_RTHROTTLED));
}

#[test]
fn a_full_queue_is_throttling_too_and_other_refusals_are_final() {
    let report = Centre::new(options(), first(5, Does::Answer(st::ESME_RMSGQFUL))).run(1_000);
    assert_eq!((report.success, report.throttled), (true, 5));
    let report = Centre::new(options(), first(5, Does::Answer(st::ESME_RINVDSTADR))).run(1_000);
    assert_eq!((report.success, report.acked, report.by_status[&st::ESME_RINVDSTADR]), (false, 995, 5));
}

#[test]
fn the_window_bounds_a_closed_loop_and_time_an_open_one() {
    let mut centre = Centre::new(options(), |_| Does::Silence);
    centre.turn();
    assert_eq!((centre.turn(), centre.turn()), (40, 0));

    let mut centre = Centre::new(Options { rate: 1_000, window: 1_000, ..options() }, |_| Does::Accept);
    centre.turn();
    let mut written = 0;
    for _ in 0..500 {
        written += centre.turn();
        centre.now += MS;
        assert!(written <= (centre.now - SECOND) / MS + 1);
    }
    assert!((498..=500).contains(&written), "{written}");
}

#[test]
fn what_a_stall_held_up_waits_since_it_was_due() {
    let mut centre = Centre::new(Options { binds: 1, count: 300, rate: 1_000, ..options() }, |_| Does::Accept);
    centre.turn();
    for now in [0, 100 * MS, 100 * MS + 500, 250 * MS] {
        centre.now = SECOND + now;
        centre.turn();
    }
    // One a millisecond is due, the window lets 20 go in each of the three turns, and their answers come at once.
    let latency = centre.load.report().ack_latency;
    assert_eq!(latency.max, 209 * MS, "the 41st goes at 250 ms");
    let report = centre.run(1_000);
    assert!(report.success && report.ack_latency.p50 > 0, "{report:?}");

    let rate = Options { binds: 1, count: 5_000, rate: 1_000, response_timeout: SECOND, ..options() };
    let mut centre = Centre::new(rate, |_| Does::Accept);
    centre.turn();
    for now in [0, 3 * SECOND] {
        centre.now = SECOND + now;
        centre.turn();
    }
    let report = centre.load.report();
    assert_eq!((report.timed_out, report.ack_latency.max), (0, SECOND / 2), "late, not lost");

    let mut centre = Centre::new(Options { rate: 3_000, ..options() }, |_| Does::Accept);
    for turn in 0..400 {
        centre.now = SECOND + turn * MS;
        centre.turn();
    }
    let report = centre.load.report();
    assert_eq!((report.acked, report.ack_latency.max), (1_000, 0), "in time, each in its slot");
    let began = centre.load.began.expect("it has");
    assert_eq!(centre.load.next_slot(began + 5 * MS + 1), began + 6 * MS);
    assert_eq!(centre.load.next_slot(began + 6 * MS), began + 7 * MS);
}

#[test]
fn no_answer_in_time_is_a_loss_until_it_comes_late() {
    let mut centre = Centre::new(Options { count: 5, response_timeout: SECOND, ..options() }, first(2, Does::Silence));
    centre.turn();
    centre.turn();
    assert!(!centre.load.done());
    centre.now += SECOND;
    centre.turn();
    let report = centre.load.report();
    assert!(centre.load.done());
    assert_eq!((report.success, report.timed_out, report.acked, report.pending), (false, 2, 3, 0));
}

#[test]
fn a_lost_connection_loses_its_submits_and_the_others_go_on() {
    let mut centre = Centre::new(Options { count: 100, texts: Texts::Long, window: 7, ..options() }, |_| Does::Accept);
    centre.turn();
    centre.load.fill(1, centre.now);
    centre.load.closed(1);
    centre.load.closed(1);
    assert_eq!(centre.load.fill(1, centre.now), 0);
    let report = centre.run(1_000);
    assert_eq!((report.success, report.lost, report.unsent, report.ended), (false, 7, 0, Some("connection_lost")));
    assert_eq!(report.acked, report.submits - 7);
}

#[test]
fn a_refused_bind_ends_it_all() {
    let mut centre = Centre::new(Options { password: b"wrong".to_vec(), ..options() }, |_| Does::Accept);
    centre.turn();
    // The centre closes on its next tick; the generator knows at once.
    assert!(centre.load.done() && centre.load.over(0));
    let report = centre.load.report();
    assert_eq!((report.success, report.bind_refused, report.submits), (false, Some(st::ESME_RINVPASWD), 0));
    assert_eq!(report.unsent, 1_000);
}

#[test]
fn it_leaves_in_order() {
    let mut centre = Centre::new(Options { count: 3, ..options() }, |_| Does::Accept);
    while !centre.load.done() {
        centre.turn();
    }
    centre.load.unbind(centre.now);
    centre.turn();
    assert!(centre.load.over(0) && centre.load.over(1));
    let report = centre.load.report();
    assert_eq!((report.success, report.ended), (true, Some("unbound")));
}

#[test]
fn what_cannot_go_onto_the_wire_is_refused() {
    let fails = |options: Options| Load::new(options).is_err_and(|error| error.code == "load.bad_argument");
    assert!(fails(Options { binds: 0, ..options() }));
    assert!(fails(Options { window: 0, ..options() }));
    assert!(fails(Options { count: 0, ..options() }));
    assert!(fails(Options { system_id: vec![b'x'; 16], ..options() }));
    assert!(fails(Options { source: b"a\0b".to_vec(), ..options() }));
    assert_eq!(kind_of_address(b"Septet"), (5, 0));
    assert_eq!((kind_of_address(b"12345"), kind_of_address(b"46701234567")), ((0, 1), (1, 1)));
}
