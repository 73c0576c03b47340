//! The lines of `tests/vectors`, which the Python tests read too.

use serde_json::Value;

use crate::text::{Choice, DefaultAlphabet, SegmentOptions, analyze, decode, gsm7, is_binary, segment, udh};

pub(super) fn lines(all: &str) -> impl Iterator<Item = Value> {
    all.lines().map(|line| serde_json::from_str(line).expect("a vector is JSON"))
}

pub(super) fn octets(value: &Value) -> Vec<u8> {
    let hex = value.as_str().expect("hex is a string");
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

pub(super) fn number(value: &Value) -> usize {
    value.as_u64().expect("a number") as usize
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn gsm7_vectors() {
    for v in lines(include_str!("../../../../../tests/vectors/gsm7.jsonl")) {
        match text(&v["what"]) {
            "encode" => {
                assert_eq!(gsm7::encode(text(&v["text"])).unwrap(), octets(&v["septets"]), "{v}");
                assert_eq!(gsm7::decode(&octets(&v["septets"])).unwrap(), text(&v["text"]), "{v}");
            }
            "decode" => assert_eq!(gsm7::decode(&octets(&v["septets"])).unwrap(), text(&v["text"]), "{v}"),
            "pack" => {
                let (septets, fill) = (octets(&v["septets"]), number(&v["fill_bits"]) as u8);
                assert_eq!(gsm7::pack(&septets, fill).unwrap(), octets(&v["octets"]), "{v}");
                assert_eq!(gsm7::unpack(&octets(&v["octets"]), septets.len(), fill).unwrap(), septets, "{v}");
            }
            "refuse" => {
                let error = gsm7::encode(text(&v["text"])).unwrap_err();
                assert_eq!((error.code, error.offset), ("text.unencodable", Some(number(&v["offset"]))), "{v}");
            }
            other => panic!("unknown kind of vector {other}"),
        }
    }
}

#[test]
fn segment_vectors() {
    for v in lines(include_str!("../../../../../tests/vectors/segment.jsonl")) {
        let message = [text(&v["prefix"]), &text(&v["unit"]).repeat(number(&v["repeat"])), text(&v["suffix"])].concat();
        let bits = number(&v["reference_bits"]) as u8;
        let want: Vec<_> = v["segment_units"].as_array().unwrap().iter().map(number).collect();
        let analysis = analyze(&message, bits, false).unwrap();
        assert_eq!(analysis.encoding.name(), text(&v["encoding"]), "{v}");
        assert_eq!(analysis.segment_units, want, "{v}");
        assert_eq!((analysis.segments, analysis.units), (want.len(), want.iter().sum()), "{v}");

        let options = SegmentOptions { reference_bits: bits, reference: 7, ..Default::default() };
        let segments = segment(&message, &options).unwrap();
        let width = if text(&v["encoding"]) == "ucs2" { 2 } else { 1 };
        let got: Vec<_> = segments.parts.iter().map(|p| p.body().len() / width).collect();
        assert_eq!(got, want, "{v}");
        assert_eq!(segments.udhi, want.len() > 1, "{v}");
        for (i, part) in segments.parts.iter().enumerate() {
            let concat = udh::concat(part.udh()).map(|c| (c.reference, c.wide, c.total, c.sequence));
            let expected = (7, bits == 16, want.len() as u8, i as u8 + 1);
            assert_eq!(concat, segments.udhi.then_some(expected), "{v}");
        }
    }
}

#[test]
fn decode_vectors() {
    for v in lines(include_str!("../../../../../tests/vectors/decode.jsonl")) {
        let alphabet = DefaultAlphabet::from_name(text(&v["default_alphabet"])).unwrap();
        let packed = v["packed"].as_bool().unwrap();
        let coding = number(&v["data_coding"]) as u8;
        let got = decode(&octets(&v["body"]), coding, &octets(&v["udh"]), packed, alphabet);
        match v["error"].as_str() {
            None => assert_eq!(got.unwrap(), text(&v["text"]), "{v}"),
            Some(code) => {
                let error = got.unwrap_err();
                assert_eq!((error.code, error.offset), (code, v["offset"].as_u64().map(|o| o as usize)), "{v}");
            }
        }
    }
    assert!([2, 4, 0x14, 0xF4].into_iter().all(is_binary));
    assert!(![0, 1, 3, 8, 0x10, 0x18, 0xF0, 0x80].into_iter().any(is_binary));
}

#[test]
fn udh_vectors() {
    for v in lines(include_str!("../../../../../tests/vectors/udh.jsonl")) {
        let got = udh::concat(&octets(&v["udh"]))
            .map(|c| [c.reference.into(), if c.wide { 16 } else { 8 }, c.total.into(), c.sequence.into()]);
        let want = v["concat"].as_array().map(|a| [number(&a[0]), number(&a[1]), number(&a[2]), number(&a[3])]);
        assert_eq!(got, want, "{v}");
    }
}

#[test]
fn more_than_255_parts_are_an_error() {
    let text = "a".repeat(255 * 153 + 1);
    let codes = [
        segment(&text, &SegmentOptions::default()).unwrap_err().code,
        analyze(&text, 8, false).unwrap_err().code,
        segment(&text, &SegmentOptions { encoding: Choice::Latin1, ..Default::default() }).unwrap_err().code,
    ];
    assert_eq!(codes, ["text.too_many_segments"; 3]);
}
