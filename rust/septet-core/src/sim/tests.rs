//! A simulated carrier and an ESME, in memory.

use super::{Carrier, Flood, Options};
use crate::clock::SECOND;
use crate::smpp::pdu::{Destination, Value};
use crate::smpp::session::{BindMode, Config, Event, Role, Session};
use crate::smpp::sm::{Addr, Sm};
use crate::smpp::tlv::{self, Tlvs};
use crate::smpp::{Pdu, command, frame, status};

struct Pair {
    carrier: Carrier,
    place: u32,
    esme: Session,
    now: u64,
    answers: Vec<(u64, u32, String)>,
    got: Vec<String>,
    types: Vec<(u8, u8)>,
    bodies: Vec<Pdu>,
}

impl Pair {
    fn new(options: Options) -> Self {
        let mut carrier = Carrier::new(options, 1, 1_700_000_000_000);
        let place = carrier.open(0);
        let config = Config { window_out: 1000, window_in: 1000, ..Config::new(Role::Client) };
        let mut esme = Session::new(config, 0);
        esme.bind(0, BindMode::Transceiver, b"septet", b"secret", b"", b"");
        let (answers, got, types, bodies) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut pair = Self { carrier, place, esme, now: 0, answers, got, types, bodies };
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
                Event::Response { token, command, status, message_id, body, .. } => {
                    let mut whole = Vec::new();
                    frame::put(&mut whole, command, status, 1, |out| out.extend_from_slice(body));
                    self.bodies.push(Pdu::decode(&whole).expect("a well-formed response"));
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

fn asked(pair: &mut Pair, command: u32, fields: Vec<(&str, Value)>) -> Pdu {
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let body = Pdu::build(command, 0, 1, fields, vec![]).unwrap().encode().unwrap()[frame::HEADER..].to_vec();
    pair.esme.request(pair.now, command, 9, |out| out.extend_from_slice(&body)).expect("room in the window");
    pair.run();
    pair.bodies.pop().expect("an answer")
}

fn about(id: &str) -> Vec<(&'static str, Value)> {
    vec![("message_id", Value::Text(id.into())), ("source_addr", Value::Text(b"12345".to_vec()))]
}

fn state(pair: &mut Pair, id: &str) -> (u32, u8, u8, bool) {
    let answer = asked(pair, command::QUERY_SM, about(id));
    let dated = !answer.text("final_date").is_empty();
    (answer.status, answer.octet("message_state"), answer.octet("error_code"), dated)
}

fn slow() -> Options {
    Options { dlr_delay: (SECOND, SECOND), ..Options::default() }
}

#[test]
fn a_flood_writes_as_the_window_lets_it_each_word_in_turn() {
    let mut pair = Pair::new(Options { window: 3, ..Options::default() });
    let words = vec!["ONE".to_owned(), "TWO".to_owned()];
    pair.carrier.flood(Flood { to: "12345".into(), words, left: 10 }, 0);
    assert_eq!((pair.carrier.stats().mos, pair.carrier.owing()), (3, 3), "no more than the window");
    pair.run();
    assert_eq!((pair.carrier.stats().mos_acked, pair.carrier.owing()), (10, 0));
    assert_eq!(pair.got.iter().filter(|text| *text == "TWO").count(), 5);
    pair.carrier.flood(Flood { left: 5, ..Flood::default() }, 0);
    pair.run();
    assert_eq!(pair.carrier.stats().mos, 10, "without words there is nothing to write");
}

#[test]
fn a_query_tells_the_state_of_the_receipt_once_that_is_due_also_if_it_is_lost() {
    for (fails, registered, ended) in [(0.0, 1, (0, 2, 0, true)), (1.0, 1, (0, 5, 1, true)), (0.0, 0, (0, 2, 0, true))]
    {
        let mut pair = Pair::new(Options { dlr_fail_rate: fails, lost_dlr_rate: 1.0, ..slow() });
        pair.submit(1, b"hello", registered);
        let id = pair.answers[0].2.clone();
        assert_eq!(state(&mut pair, &id), (0, 1, 0, false));
        pair.pass(SECOND);
        assert_eq!((state(&mut pair, &id), pair.got.len(), pair.carrier.owing()), (ended, 0, 0));
        assert_eq!(pair.carrier.stats().lost, u64::from(registered));
    }
}

#[test]
fn a_query_after_what_is_not_there_fails() {
    let mut pair = Pair::new(Options { keep: 1, ..Options::default() });
    pair.submit(1, b"old", 0);
    pair.submit(2, b"new", 0);
    let (old, new) = (pair.answers[0].2.clone(), pair.answers[1].2.clone());
    for unknown in [&*old, "", "no number", "0", "99999999999999999999"] {
        assert_eq!(asked(&mut pair, command::QUERY_SM, about(unknown)).status, status::ESME_RINVMSGID, "{unknown}");
        let expected = if unknown.is_empty() { status::ESME_RCANCELFAIL } else { status::ESME_RINVMSGID };
        assert_eq!(asked(&mut pair, command::CANCEL_SM, about(unknown)).status, expected, "{unknown}");
    }
    let mut other = about(&new);
    other[1].1 = Value::Text(b"999".to_vec());
    assert_eq!(asked(&mut pair, command::QUERY_SM, other.clone()).status, status::ESME_RQUERYFAIL);
    assert_eq!(asked(&mut pair, command::CANCEL_SM, other.clone()).status, status::ESME_RCANCELFAIL);
    assert_eq!(asked(&mut pair, command::REPLACE_SM, other).status, status::ESME_RREPLACEFAIL);
}

#[test]
fn what_is_withdrawn_in_time_has_no_receipt_and_is_deleted() {
    let mut pair = Pair::new(slow());
    for token in 1..4 {
        pair.submit(token, b"hello", 1);
    }
    let ids: Vec<String> = pair.answers.iter().map(|answer| answer.2.clone()).collect();
    assert_eq!(asked(&mut pair, command::CANCEL_SM, about(&ids[0])).status, 0);
    assert_eq!(asked(&mut pair, command::CANCEL_SM, about(&ids[0])).status, status::ESME_RCANCELFAIL);
    assert_eq!(state(&mut pair, &ids[0]), (0, 4, 0, true));
    let all =
        vec![("source_addr", Value::Text(b"12345".to_vec())), ("destination_addr", Value::Text(b"46701".to_vec()))];
    assert_eq!(asked(&mut pair, command::CANCEL_SM, all.clone()).status, 0);
    assert_eq!(asked(&mut pair, command::CANCEL_SM, all).status, status::ESME_RCANCELFAIL);
    pair.pass(2 * SECOND);
    assert_eq!((pair.got.len(), pair.carrier.owing(), pair.carrier.stats().cancelled), (0, 0, 3));
    pair.submit(4, b"late", 1);
    pair.pass(SECOND);
    let id = pair.answers.last().unwrap().2.clone();
    assert_eq!(asked(&mut pair, command::CANCEL_SM, about(&id)).status, status::ESME_RCANCELFAIL);
}

#[test]
fn another_text_is_shown_and_receipted() {
    let mut pair = Pair::new(slow());
    pair.submit(1, b"old", 1);
    let id = pair.answers[0].2.clone();
    let mut fields = about(&id);
    fields.push(("short_message", Value::Octets(b"new".to_vec())));
    fields.push(("registered_delivery", Value::Int(1)));
    assert_eq!(asked(&mut pair, command::REPLACE_SM, fields.clone()).status, 0);
    assert_eq!(pair.carrier.shelf.messages(1)[0].text, "new");
    pair.pass(SECOND);
    assert!(pair.got[0].ends_with("text:new                 "), "{}", pair.got[0]);
    assert_eq!(asked(&mut pair, command::REPLACE_SM, fields).status, status::ESME_RREPLACEFAIL);
    assert_eq!(pair.carrier.stats().replaced, 1);
}

#[test]
fn a_submit_multi_names_whom_it_does_not_reach() {
    let mut pair = Pair::new(Options { throttle: 2, ..slow() });
    let sme = |addr: &str| Destination::Sme(1, 1, addr.into());
    let all = vec![sme("46701"), Destination::List(b"all".to_vec()), sme("46702"), sme("46703")];
    let fields = vec![
        ("source_addr", Value::Text(b"12345".to_vec())),
        ("dest_address", Value::Destinations(all)),
        ("registered_delivery", Value::Int(1)),
        ("short_message", Value::Octets(b"hi".to_vec())),
    ];
    let answer = asked(&mut pair, command::SUBMIT_MULTI, fields.clone());
    let failed = |pdu: &Pdu| match &pdu.fields.last().unwrap().1 {
        Value::Failures(all) => all.iter().map(|f| (f.addr.clone(), f.status)).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let expected = [(b"all".to_vec(), status::ESME_RINVDLNAME), (b"46703".to_vec(), status::ESME_RTHROTTLED)];
    assert_eq!((answer.status, failed(&answer)), (0, expected.to_vec()));
    let id = String::from_utf8_lossy(answer.text("message_id")).into_owned();
    // One of the two is withdrawn by the id that they share, the other has its receipt.
    let mut one = about(&id);
    one.push(("destination_addr", Value::Text(b"46702".to_vec())));
    assert_eq!(asked(&mut pair, command::CANCEL_SM, one).status, 0);
    pair.pass(SECOND);
    assert_eq!(pair.got.len(), 1);
    assert!(pair.got[0].starts_with(&format!("id:{id} ")), "{}", pair.got[0]);
    pair.carrier.options.error_rate = 1.0;
    let answer = asked(&mut pair, command::SUBMIT_MULTI, fields);
    assert_eq!((answer.status, failed(&answer).len()), (status::ESME_RSUBMITFAIL, 4));
}

#[test]
fn a_data_sm_is_a_message_like_any_other() {
    let mut pair = Pair::new(Options::default());
    let mut tlvs = Vec::new();
    tlv::put(&mut tlvs, tlv::MESSAGE_PAYLOAD, b"payload");
    let source = Addr { ton: 0, npi: 0, addr: b"12345" };
    let sm = Sm { source, registered: 1, tlvs: Tlvs::new(&tlvs), ..Sm::default() };
    let write = |out: &mut Vec<u8>| sm.write(command::DATA_SM, out);
    pair.esme.request(0, command::DATA_SM, 1, write).expect("room in the window");
    pair.run();
    pair.pass(1);
    assert_eq!(pair.carrier.shelf.messages(1)[0].text, "payload");
    assert!(pair.got[0].starts_with(&format!("id:{} ", pair.answers[0].2)));
}
