//! Receipts as the specification shows them and as carriers write them.

use super::*;
use crate::smpp::sm::Sm;
use crate::smpp::tlv::Tlvs;
use crate::text::gsm7;
use proptest::prelude::*;

const PLAIN: &[u8] =
    b"id:0123456789 sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:DELIVRD err:000 text:Hello";

fn octets(text: &str) -> &[u8] {
    text.as_bytes()
}

#[test]
fn the_form_of_the_appendix() {
    let receipt = parse(PLAIN).unwrap();
    let expected = Receipt {
        id: Some(octets("0123456789")),
        sub: Some(octets("001")),
        dlvrd: Some(octets("001")),
        submit_date: Some(octets("2601021504")),
        done_date: Some(octets("2601021505")),
        stat: Some(octets("DELIVRD")),
        err: Some(octets("000")),
        text: Some(octets("Hello")),
    };
    assert_eq!(receipt, expected);
}

#[test]
fn forms_from_the_field() {
    for (body, id, stat, err, done) in [
        ("ID:ab Stat:EXPIRED Err:e7f Text:", "ab", "EXPIRED", Some(octets("e7f")), None),
        (
            "id:1 sub:... dlvrd:... submit_date:260102150405 done_date:260102150406 stat:FAILED",
            "1",
            "FAILED",
            None,
            Some(octets("260102150406")),
        ),
        ("stat:UNDELIV  done date:0000000000   id: 7f-00 \0\0", "7f-00", "UNDELIV", None, Some(octets("0000000000"))),
        ("id:9 stat:DND_REJECTED err:xxx\r\n", "9", "DND_REJECTED", Some(octets("xxx")), None),
        ("id : 12345, stat : REJECTD, err:3;", "12345", "REJECTD", Some(octets("3")), None),
        ("id:2\nstat:ACCEPTD\nDone Date:1767366306000\n", "2", "ACCEPTD", None, Some(octets("1767366306000"))),
    ] {
        let receipt = parse(body.as_bytes()).unwrap_or_else(|| panic!("{body}"));
        assert_eq!(
            (receipt.id, receipt.stat, receipt.err, receipt.done_date),
            (Some(octets(id)), Some(octets(stat)), err, done),
            "{body}"
        );
        assert!(State::from_stat(stat.as_bytes()).is_some(), "{stat}");
    }
}

#[test]
fn the_text_is_the_subscribers_and_holds_no_keys() {
    let receipt = parse(b"id:1 stat:UNDELIV text:id:2 stat:DELIVRD err:0 ").unwrap();
    assert_eq!((receipt.id, receipt.stat), (Some(octets("1")), Some(octets("UNDELIV"))));
    assert_eq!((receipt.err, receipt.text), (None, Some(octets("id:2 stat:DELIVRD err:0 "))));
    assert_eq!(parse(b"id:1 id:2 stat:DELIVRD").unwrap().id, Some(octets("1")));
}

#[test]
fn a_date_alone_is_enough_and_its_key_does_not_end_another() {
    let receipt = parse(b"id:1 submit date:2601021504").unwrap();
    assert_eq!((receipt.submit_date, receipt.stat), (Some(octets("2601021504")), None));
}

#[test]
fn what_is_no_receipt() {
    for body in [
        &b"ACK/"[..],
        b"",
        b"id:",
        b"id:5",
        b"stat:DELIVRD",
        b"Hello, my valid:id stat of mind",
        b"id: stat:DELIVRD",
        b"\xFF\x00",
    ] {
        assert_eq!(parse(body), None, "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn states_have_a_word_a_number_and_an_end() {
    for (at, state) in State::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(state.message_state()), at + 1);
        assert_eq!(State::from_message_state(state.message_state()), Some(state));
        assert_eq!(State::from_stat(state.stat().to_lowercase().as_bytes()), Some(state));
        assert_eq!(state.stat().len(), 7);
    }
    let open: Vec<_> = State::ALL.into_iter().filter(|state| !state.is_final()).collect();
    assert_eq!(open, [State::Enroute, State::Accepted]);
    assert_eq!(State::from_message_state(10), None);
    assert_eq!(State::from_stat(b"NONSENSE"), None);
}

fn sm(esm_class: u8, text: &'static [u8], raw: &'static [u8]) -> Sm<'static> {
    Sm { esm_class, short_message: text, tlvs: Tlvs::new(raw), ..Sm::default() }
}

fn read_as(sm: &Sm<'static>, dialect: &Dialect) -> Reading<'static> {
    read(sm, dialect, Box::leak(Box::default()))
}

fn from_sm(sm: &Sm<'static>) -> Option<Outcome<'static>> {
    read_as(sm, &Dialect::default()).receipt()
}

const TLVS: &[u8] = b"\0\x1e\0\x03t1\0\x04\x27\0\x01\x05\x04\x23\0\x03\x03\x00\x0b";

#[test]
fn the_tlvs_win_over_the_text() {
    let sm = sm(0x04, PLAIN, TLVS);
    let outcome = from_sm(&sm).unwrap();
    assert_eq!((outcome.id, outcome.state), (&b"t1"[..], State::Undeliverable));
    assert_eq!((outcome.err, outcome.network_error), (Some(octets("000")), Some([3, 0, 11])));
}

#[test]
fn the_text_fills_what_the_tlvs_leave_out() {
    let only_id = sm(0x04, PLAIN, &TLVS[..7]);
    let outcome = from_sm(&only_id).unwrap();
    assert_eq!((outcome.id, outcome.state), (&b"t1"[..], State::Delivered));
    let no_text = sm(0x04, b"", TLVS);
    assert_eq!(from_sm(&no_text).unwrap().state, State::Undeliverable);
    let strange = sm(0x04, b"id:5 stat:WHATEVER", b"");
    assert_eq!(from_sm(&strange).unwrap().state, State::Unknown);
}

#[test]
fn esm_class_says_what_is_a_receipt() {
    for (class, expected) in [
        (0x04, true),
        (0x44, true),
        (0x20, true),
        (0x07, true),
        (0x00, true),
        (0x08, false),
        (0x40, false),
        (0x10, false),
    ] {
        assert_eq!(from_sm(&sm(class, PLAIN, b"")).is_some(), expected, "{class:#x}");
    }
}

#[test]
fn a_user_data_header_comes_before_the_text() {
    let with_header = sm(0x44, b"\x05\x00\x03\x4d\x01\x01id:8 stat:EXPIRED", b"");
    let outcome = from_sm(&with_header).unwrap();
    assert_eq!((outcome.id, outcome.state), (&b"8"[..], State::Expired));
    assert!(from_sm(&sm(0x44, b"\xFFx", b"")).is_none());
}

#[test]
fn an_unmarked_message_must_plainly_be_a_receipt() {
    assert!(from_sm(&sm(0, b"my id:4 stat:home", b"")).is_none());
    assert!(from_sm(&sm(0, b"id:4 stat:DELIVRD", b"")).is_none());
    assert!(from_sm(&sm(0, b"", TLVS)).is_some());
    let read = |class, text, dialect: &Dialect| read_as(&sm(class, text, b""), dialect);
    let default = Dialect::default();
    for body in [&b"no receipt at all"[..], b"ACK/", b"", b"\xFF\xFF"] {
        assert_eq!(read(0x04, body, &default), Reading::Unreadable);
        assert_eq!(read(0x00, body, &default), Reading::Message);
    }
    let loose = Dialect { unmarked: Unmarked::Loose, ..Dialect::default() };
    assert!(read(0x00, b"id:4 stat:DELIVRD", &loose).receipt().is_some());
    assert_eq!(read(0x00, b"my id:4 stat:home", &loose), Reading::Message);
    let never = Dialect { unmarked: Unmarked::Never, ..Dialect::default() };
    assert_eq!(read(0x00, PLAIN, &never), Reading::Message);
    assert_eq!(read_as(&sm(0, b"", TLVS), &never), Reading::Message);
}

#[test]
fn a_link_says_where_to_look_and_what_its_words_mean() {
    let of =
        |source| Dialect { source, words: vec![(b"FAILED".as_slice().into(), State::Rejected)], ..Dialect::default() };
    let told = |source, text, tlvs| read_as(&sm(0x04, text, tlvs), &of(source)).receipt().map(|o| (o.id, o.state));
    assert_eq!(told(Source::Both, PLAIN, TLVS), Some((&b"t1"[..], State::Undeliverable)));
    assert_eq!(told(Source::Text, PLAIN, TLVS), Some((&b"0123456789"[..], State::Delivered)));
    assert_eq!(told(Source::Tlv, PLAIN, TLVS), Some((&b"t1"[..], State::Undeliverable)));
    assert_eq!(told(Source::Tlv, PLAIN, b""), None);
    assert_eq!(told(Source::Text, b"id:1 stat:Failed", b""), Some((&b"1"[..], State::Rejected)));
    assert_eq!(told(Source::Text, b"id:1 stat:EXPIRED", b""), Some((&b"1"[..], State::Expired)));
}

#[test]
fn without_a_word_for_the_state_the_counts_and_the_kind_tell_it() {
    let told = |class, text| from_sm(&sm(class, text, b"")).map(|o| o.state);
    assert_eq!(told(0x04, b"id:1 sub:001 dlvrd:001 err:000"), Some(State::Delivered));
    assert_eq!(told(0x04, b"id:1 sub:001 dlvrd:000 err:001"), Some(State::Undeliverable));
    assert_eq!(told(0x04, b"id:1 sub:... dlvrd:... err:001"), Some(State::Unknown));
    assert_eq!(told(0x20, b"id:1 err:000"), Some(State::Enroute));
    assert_eq!(told(0x04, b"id:1 dlvrd:001 stat:WHATEVER"), Some(State::Unknown), "a word that nobody knows");
}

#[test]
fn padding_and_the_gsm_underscore() {
    let padded = from_sm(&sm(0x04, b"id:77@@ stat:DND\x11REJECTED done\x11date:2601021505 err:5\0\0", b"")).unwrap();
    assert_eq!((padded.id, padded.state, padded.err), (&b"77"[..], State::Rejected, Some(octets("5"))));
}

#[test]
fn what_is_written_is_the_form_of_the_appendix() {
    let mut out = Vec::new();
    let minute = 60_000;
    let submit = 1_767_366_240_000;
    let form = Form {
        id: b"abc",
        state: State::Delivered,
        submit,
        done: submit + minute,
        text: b"a text of more than twenty octets",
        sub: 1,
        dlvrd: 1,
        ..Form::default()
    };
    form.write(&mut out);
    let expected = "id:abc sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:DELIVRD err:000 text:a text of more than ";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    let mut out = Vec::new();
    Form { seconds: true, err: b"0E7F", ..form }.write(&mut out);
    let text = String::from_utf8(out).unwrap();
    assert!(
        text.contains(" submit date:260102150400 done date:260102150500 ") && text.contains(" err:0E7F "),
        "{text}"
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read(id in "[A-Za-z0-9-]{1,20}", state in 0usize..8, err in "[0-9a-f]{1,8}", seconds: bool, text in prop::collection::vec(any::<u8>(), 0..30)) {
        let mut out = Vec::new();
        let state = State::ALL[state];
        let at = 1_767_366_240_000;
        let form = Form { id: id.as_bytes(), state, err: err.as_bytes(), submit: at, done: at + 60_000, text: &text, sub: 3, dlvrd: 2, seconds };
        form.write(&mut out);
        let receipt = parse(&out).unwrap();
        prop_assert_eq!(receipt.submit_date.and_then(time::parse_stamp), Some(at));
        prop_assert_eq!(receipt.done_date.and_then(time::parse_stamp), Some(at + 60_000));
        prop_assert_eq!((receipt.sub, receipt.dlvrd), (Some(&b"003"[..]), Some(&b"002"[..])));
        prop_assert_eq!(receipt.id, Some(id.as_bytes()));
        prop_assert_eq!(receipt.stat.and_then(State::from_stat), Some(state));
        prop_assert_eq!(receipt.err, Some(err.as_bytes()));
        prop_assert_eq!(receipt.text, Some(&text[..text.len().min(20)]));
    }

    #[test]
    fn any_octets_are_a_receipt_or_not(body in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(prop::sample::select(&b"id:stat text:submit date:done \0"[..]), 0..200),
    ]) {
        if let Some(receipt) = parse(&body) {
            prop_assert!(!receipt.id.unwrap().is_empty());
        }
    }

    #[test]
    fn any_message_is_read(body in prop::collection::vec(any::<u8>(), 0..200), esm_class: u8, data_coding: u8, packed: bool, tlvs in prop::collection::vec(any::<u8>(), 0..40)) {
        for source in [Source::Both, Source::Tlv, Source::Text] {
            for unmarked in [Unmarked::Strict, Unmarked::Loose, Unmarked::Never] {
                let sm = Sm { esm_class, data_coding, short_message: &body, tlvs: Tlvs::new(&tlvs), ..Sm::default() };
                let dialect = Dialect { source, unmarked, packed, words: vec![(b"X".as_slice().into(), State::Expired)] };
                if let Reading::Receipt(outcome) = read(&sm, &dialect, &mut Vec::new()) {
                    prop_assert!(!outcome.id.is_empty());
                }
            }
        }
    }

    #[test]
    fn any_receipt_is_read_in_any_alphabet(id in "[A-Za-z0-9-]{1,20}", state in 0usize..8) {
        let state = State::ALL[state];
        let mut text = Vec::new();
        Form { id: id.as_bytes(), state, text: b"Hello", ..Form::default() }.write(&mut text);
        let wide: Vec<u8> = text.iter().flat_map(|octet| [0, *octet]).collect();
        let packed = gsm7::pack(&text, 0).unwrap();
        // With the data_coding that says so, and with one that does not.
        for (body, data_coding, packs) in [(&wide, 8, false), (&wide, 0, false), (&packed, 0, true), (&packed, 0, false)] {
            let sm = Sm { esm_class: 4, data_coding, short_message: body, ..Sm::default() };
            let mut scratch = Vec::new();
            let dialect = Dialect { packed: packs, ..Dialect::default() };
            let outcome = read(&sm, &dialect, &mut scratch).receipt().unwrap();
            prop_assert_eq!((outcome.id, outcome.state), (id.as_bytes(), state));
        }
    }
}
