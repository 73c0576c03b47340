//! Every operation there and back, whole and cut; and the fast reader against the general one.

use super::*;
use crate::smpp::frame::Framer;
use crate::smpp::generate::{any_pdu, octets, pdu_of};
use crate::smpp::sm::Sm;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// No operation and no TLV is left to chance.
#[test]
fn every_operation_round_trips_with_every_tlv() {
    let mut runner = TestRunner::deterministic();
    for row in command::TABLE {
        for known in tlv::TABLE {
            let mut pdu = pdu_of(row).new_tree(&mut runner).unwrap().current();
            pdu.tlvs = vec![(known.tag, vec![1; usize::from(known.tag & 0x3F)])];
            if pdu.fields.is_empty() && row.is_response() && !row.fields.is_empty() {
                continue;
            }
            let octets = pdu.encode().unwrap();
            assert_eq!(Pdu::decode(&octets).unwrap(), pdu, "{} {}", row.name, known.name);
        }
    }
}

proptest! {
    #[test]
    fn every_pdu_round_trips_to_the_octet(pdu in any_pdu()) {
        let octets = pdu.encode().unwrap();
        prop_assert_eq!(Header::read(&octets).unwrap().length as usize, octets.len());
        let back = Pdu::decode(&octets).unwrap();
        prop_assert_eq!(back.encode().unwrap(), octets);
        prop_assert_eq!(back, pdu);
    }

    /// A stream of them, cut anywhere, comes out as the same PDUs.
    #[test]
    fn framing_gives_back_what_was_sent_however_it_is_cut(
        pdus in prop::collection::vec(any_pdu(), 0..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let stream: Vec<u8> = pdus.iter().flat_map(|pdu| pdu.encode().unwrap()).collect();
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        places.extend([0, stream.len()]);
        places.sort_unstable();
        let mut framer = Framer::new(u32::MAX);
        let mut got = Vec::new();
        for pair in places.windows(2) {
            framer.feed(&stream[pair[0]..pair[1]], |front| {
                let (header, body) = front.expect("a true length");
                got.push(Pdu::decode_body(header, body).unwrap());
                Some(u32::MAX)
            });
        }
        prop_assert_eq!(got, pdus);
        prop_assert_eq!(framer.kept(), 0);
    }

    #[test]
    fn a_cut_pdu_is_an_error_with_a_place(pdu in any_pdu(), cut in any::<prop::sample::Index>()) {
        let octets = pdu.encode().unwrap();
        let short = &octets[..cut.index(octets.len())];
        let error = Pdu::decode(short).unwrap_err();
        prop_assert_eq!(error.code, "smpp.truncated");
        prop_assert_eq!(error.offset, Some(short.len()));
    }

    #[test]
    fn any_body_is_a_pdu_that_round_trips_or_an_error_inside_it(
        row in prop::sample::select(command::TABLE),
        body in prop_oneof![octets(80), prop::collection::vec(0u8..3, 0..80)],
    ) {
        let mut whole = Vec::new();
        frame::put(&mut whole, row.id, 0, 1, |out| out.extend_from_slice(&body));
        match Pdu::decode(&whole) {
            Ok(pdu) => prop_assert_eq!(pdu.encode().unwrap(), whole),
            Err(error) => prop_assert!(error.offset.is_some_and(|at| (16..=whole.len()).contains(&at)), "{:?}", error),
        }
    }

    #[test]
    fn the_fast_reader_agrees_with_the_general_one(
        command in prop::sample::select(&[command::SUBMIT_SM, command::DELIVER_SM, command::DATA_SM][..]),
        body in prop_oneof![octets(80), prop::collection::vec(prop_oneof![3 => Just(0u8), 2 => Just(b'4'), 1 => 0u8..6], 0..60)],
    ) {
        let row = command::find(command).unwrap();
        match (Sm::parse(command, &body), read(row, &body)) {
            (Ok(sm), Ok((fields, tlvs))) => {
                let field = |name| fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
                prop_assert_eq!(field("source_addr"), Some(Value::Text(sm.source.addr.to_vec())));
                prop_assert_eq!(field("destination_addr"), Some(Value::Text(sm.dest.addr.to_vec())));
                prop_assert_eq!(field("esm_class"), Some(Value::Int(sm.esm_class.into())));
                prop_assert_eq!(field("data_coding"), Some(Value::Int(sm.data_coding.into())));
                prop_assert_eq!(field("registered_delivery"), Some(Value::Int(sm.registered.into())));
                prop_assert_eq!(field("short_message").unwrap_or(Value::Octets(vec![])), Value::Octets(sm.short_message.to_vec()));
                prop_assert_eq!(sm.tlvs.iter().map(|(t, v)| (t, v.to_vec())).collect::<Vec<_>>(), tlvs);
                let mut again = Vec::new();
                sm.write(command, &mut again);
                prop_assert_eq!(again, body);
            }
            (Err(fast), Err(general)) => {
                prop_assert_eq!((fast.status, fast.reason), (general.status, general.reason));
                prop_assert!(fast.offset <= general.offset || fast.status == st::ESME_RINVCMDLEN);
            }
            (fast, general) => prop_assert!(false, "{fast:?} {general:?}"),
        }
    }
}

#[test]
fn a_long_short_message_moves_to_the_payload() {
    let long = [b'x'; 300];
    for command in [command::SUBMIT_SM, command::DATA_SM] {
        let sm = Sm { short_message: &long, ..Sm::default() };
        let mut body = Vec::new();
        sm.write(command, &mut body);
        let back = Sm::parse(command, &body).unwrap();
        assert_eq!((back.short_message, back.payload()), (&b""[..], &long[..]));
    }
}

#[test]
fn what_build_is_not_told_is_empty_and_counted() {
    let text = ("short_message".to_owned(), Value::Octets(b"hej".to_vec()));
    let pdu = Pdu::build(command::SUBMIT_SM, 0, 1, vec![text], vec![]).unwrap();
    assert!(pdu.fields.contains(&("sm_length", Value::Int(3))));
    let refused = Pdu::build(command::SUBMIT_SM_RESP, st::ESME_RSUBMITFAIL, 1, vec![], vec![]).unwrap();
    assert_eq!(refused.encode().unwrap().len(), 16);
    let accepted = Pdu::build(command::DELIVER_SM_RESP, 0, 1, vec![], vec![]).unwrap();
    assert_eq!(accepted.encode().unwrap().len(), 17);
}

#[test]
fn what_cannot_be_encoded_is_named() {
    let build = |command, name: &str, value| Pdu::build(command, 0, 1, vec![(name.to_owned(), value)], vec![]);
    for (name, value, hint) in [
        ("source_addr", Value::Text(vec![b'4'; 21]), "source_addr"),
        ("source_addr", Value::Text(b"4\x006".to_vec()), "NUL"),
        ("short_message", Value::Octets(vec![0; 256]), "sm_length"),
        ("sm_length", Value::Int(3), "sm_length"),
        ("esm_class", Value::Int(256), "255"),
        ("esm_class", Value::Text(vec![]), "another type"),
        ("colour", Value::Int(1), "no field"),
    ] {
        let error = build(command::SUBMIT_SM, name, value).unwrap_err();
        assert_eq!(error.code, "smpp.bad_field");
        assert!(error.message.contains(hint), "{error}");
    }
    assert_eq!(build(0x999, "x", Value::Int(0)).unwrap_err().code, "smpp.unknown_command");
    assert!(Pdu::build(command::UNBIND, 0, 1, vec![], vec![(1, vec![0; 65_536])]).is_err());
}

#[test]
fn lengths_that_cannot_be_true_are_errors() {
    let unbind = Pdu::build(command::UNBIND, 0, 1, vec![], vec![]).unwrap().encode().unwrap();
    let with = |length: u32| [&length.to_be_bytes()[..], &unbind[4..]].concat();
    assert_eq!(Pdu::decode(&with(15)).unwrap_err().code, "smpp.bad_length");
    assert_eq!(Pdu::decode(&with(u32::MAX)).unwrap_err().code, "smpp.truncated");
    assert_eq!(Pdu::decode(&[&unbind[..], b"x"].concat()).unwrap_err().code, "smpp.bad_length");
    assert_eq!(Pdu::decode(b"").unwrap_err().code, "smpp.truncated");
}
