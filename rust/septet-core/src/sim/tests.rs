//! A simulated carrier and an ESME, in memory.

use super::{Carrier, Options};
use crate::clock::SECOND;
use crate::smpp::command;
use crate::smpp::session::{BindMode, Config, Event, Role, Session};
use crate::smpp::sm::{Addr, Sm};

struct Pair {
    carrier: Carrier,
    place: u32,
    esme: Session,
    now: u64,
    answers: Vec<(u64, u32, String)>,
    got: Vec<String>,
    types: Vec<(u8, u8)>,
}

impl Pair {
    fn new(options: Options) -> Self {
        let mut carrier = Carrier::new(options, 1, 1_700_000_000_000);
        let place = carrier.open(0);
        let config = Config { window_out: 1000, window_in: 1000, ..Config::new(Role::Client) };
        let mut esme = Session::new(config, 0);
        esme.bind(0, BindMode::Transceiver, b"septet", b"secret", b"", b"");
        let mut pair = Self { carrier, place, esme, now: 0, answers: Vec::new(), got: Vec::new(), types: Vec::new() };
        pair.run();
        pair
    }

    fn run(&mut self) {
        loop {
            let chunk = std::mem::take(self.esme.output());
            self.carrier.receive(self.place, &chunk, self.now);
            let back = self.carrier.output(self.place);
            if chunk.is_empty() && back.is_empty() {
                return;
            }
            let mut asked = Vec::new();
            self.esme.receive(self.now, &back, &mut |event| match event {
                Event::Response { token, status, message_id, .. } => {
                    self.answers.push((token, status, String::from_utf8_lossy(message_id).into_owned()));
                }
                Event::Message { sequence, sm, .. } => {
                    self.got.push(String::from_utf8_lossy(sm.payload()).into_owned());
                    self.types.push((sm.source.ton, sm.dest.ton));
                    asked.push(sequence);
                }
                _ => {}
            });
            for sequence in asked {
                self.esme.respond(sequence, command::DELIVER_SM, 0, b"");
            }
        }
    }

    fn submit(&mut self, token: u64, text: &[u8], registered: u8) {
        let sm = Sm {
            source: Addr { ton: 0, npi: 0, addr: b"12345" },
            dest: Addr { ton: 1, npi: 1, addr: b"46701" },
            short_message: text,
            registered,
            ..Sm::default()
        };
        self.esme
            .request(self.now, command::SUBMIT_SM, token, |out| sm.write(command::SUBMIT_SM, out))
            .expect("room in the window");
        self.run();
    }

    fn pass(&mut self, micros: u64) {
        self.now += micros;
        self.carrier.tick(self.now);
        self.run();
    }
}

#[test]
fn a_submit_is_answered_kept_and_receipted_after_its_delay() {
    let mut pair = Pair::new(Options { dlr_delay: (SECOND, SECOND), ..Options::default() });
    pair.submit(1, b"hello", 1);
    let id = pair.answers[0].2.clone();
    assert_eq!(pair.carrier.shelf.messages(10)[0].text, "hello");
    pair.pass(SECOND - 1);
    assert_eq!(pair.got.len(), 0);
    pair.pass(1);
    assert!(pair.got[0].starts_with(&format!("id:{id} ")) && pair.got[0].contains("stat:DELIVRD"));
    assert_eq!((pair.carrier.stats().receipts_acked, pair.carrier.owing()), (1, 0));
}

#[test]
fn without_a_request_there_is_no_receipt() {
    let mut pair = Pair::new(Options::default());
    pair.submit(1, b"hello", 0);
    pair.pass(SECOND);
    assert_eq!((pair.got.len(), pair.carrier.owing()), (0, 0));
}

#[test]
fn an_early_receipt_overtakes_its_response() {
    let options = Options { early_dlr_rate: 1.0, submit_delay: (SECOND, SECOND), ..Options::default() };
    let mut pair = Pair::new(options);
    pair.submit(1, b"hello", 1);
    assert_eq!((pair.got.len(), pair.answers.len()), (1, 0));
    pair.pass(SECOND);
    assert_eq!(pair.answers.len(), 1);
}

#[test]
fn errors_silence_and_throttling_as_asked() {
    let mut pair = Pair::new(Options { error_rate: 1.0, error_status: 0x58, ..Options::default() });
    pair.submit(1, b"x", 1);
    assert_eq!(pair.answers[0].1, 0x58);
    pair.carrier.options = Options { no_reply_rate: 1.0, ..Options::default() };
    pair.submit(2, b"x", 0);
    assert_eq!((pair.answers.len(), pair.carrier.stats().unanswered), (1, 1));
    pair.pass(2 * SECOND);
    pair.carrier.options = Options { throttle: 2, ..Options::default() };
    (3..8).for_each(|token| pair.submit(token, b"x", 0));
    let statuses: Vec<u32> = pair.answers[1..].iter().map(|a| a.1).collect();
    assert_eq!(statuses, [0, 0, 0x58, 0x58, 0x58]);
}

#[test]
fn a_receipt_is_kept_until_somebody_takes_it() {
    let mut pair = Pair::new(Options { dlr_delay: (SECOND, SECOND), ..Options::default() });
    pair.submit(1, b"hello", 1);
    pair.carrier.closed(pair.place);
    pair.carrier.tick(2 * SECOND);
    assert_eq!(pair.carrier.owing(), 1);
}

#[test]
fn an_address_has_the_type_that_its_form_says() {
    let mut pair = Pair::new(Options::default());
    for (from, to) in [("46701234567", "12345"), ("12345", "46701234567"), ("Septet", "123456")] {
        pair.carrier.mo(from, to, "hello", 0).unwrap();
    }
    pair.run();
    assert_eq!(pair.types, [(1, 3), (3, 1), (5, 3)]);
}

#[test]
fn a_long_text_from_a_person_comes_in_parts_and_ours_is_shown_whole() {
    let mut pair = Pair::new(Options::default());
    assert_eq!(pair.carrier.mo("46701", "12345", &"a".repeat(200), 0).unwrap(), 2);
    pair.run();
    assert_eq!(pair.got.len(), 2);
    assert_eq!(pair.carrier.stats().mos_acked, 2);
    let sm = |body: &'static [u8]| Sm { esm_class: 0x40, short_message: body, ..Sm::default() };
    pair.carrier.shelf.put(1, &sm(b"\x05\x00\x03\x09\x02\x02lo"), 10);
    pair.carrier.shelf.put(2, &sm(b"\x05\x00\x03\x09\x02\x01hel"), 10);
    let message = pair.carrier.shelf.messages(1).remove(0);
    assert_eq!((&*message.text, message.parts), ("hello", 2));
}
