//! One generator, fed by the table, for every operation; and the fast reader against the general one.

use super::*;
use crate::smpp::sm::Sm;
use proptest::prelude::*;

fn octets(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..=max)
}

fn text(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(1u8..=255, 0..max)
}

fn sme() -> impl Strategy<Value = (u8, u8, Vec<u8>)> {
    (any::<u8>(), any::<u8>(), text(max::ADDR))
}

fn value(kind: Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Int1 => any::<u8>().prop_map(|v| Value::Int(v.into())).boxed(),
        Kind::Int4 => any::<u32>().prop_map(Value::Int).boxed(),
        // Left at 0, which `build` reads as left out.
        Kind::Count => Just(Value::Int(0)).boxed(),
        Kind::CString(max) => text(max).prop_map(Value::Text).boxed(),
        Kind::Octets => octets(255).prop_map(Value::Octets).boxed(),
        Kind::Destinations => {
            let one = prop_oneof![
                sme().prop_map(|(ton, npi, addr)| Destination::Sme(ton, npi, addr)),
                text(max::DL_NAME).prop_map(Destination::List)
            ];
            prop::collection::vec(one, 0..6).prop_map(Value::Destinations).boxed()
        }
        Kind::Failures => {
            let one = (sme(), any::<u32>()).prop_map(|((ton, npi, addr), status)| Failure { ton, npi, addr, status });
            prop::collection::vec(one, 0..6).prop_map(Value::Failures).boxed()
        }
    }
}

/// Any PDU of any operation.
fn any_pdu() -> impl Strategy<Value = Pdu> {
    let tlvs = prop::collection::vec((any::<u16>(), octets(40)), 0..5);
    (prop::sample::select(command::TABLE), any::<u32>(), any::<u32>(), tlvs).prop_flat_map(
        |(row, status, sequence, tlvs)| {
            let fields: Vec<_> =
                row.fields.iter().map(|f| value(f.kind).prop_map(|v| (f.name.to_owned(), v))).collect();
            fields.prop_map(move |given| Pdu::build(row.id, status, sequence, given, tlvs.clone()).unwrap())
        },
    )
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
