//! The lines of `tests/vectors/smpp*.jsonl`, which the Python tests read too.

use super::pdu::{Destination, Failure, Pdu, Value};
use super::receipt::{self, Receipt};
use serde_json::{Value as Json, json};

fn lines(text: &str) -> impl Iterator<Item = Json> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON"))
}

fn unhex(hex: &Json) -> Vec<u8> {
    let digits = hex.as_str().expect("hexadecimal").as_bytes();
    let digit = |octet: u8| char::from(octet).to_digit(16).expect("a digit") as u8;
    let (pairs, _) = digits.as_chunks::<2>();
    pairs.iter().map(|[high, low]| digit(*high) << 4 | digit(*low)).collect()
}

fn hex(octets: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).expect("four bits");
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}

fn latin(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

fn shown(value: &Value) -> Json {
    let destination = |one: &Destination| match one {
        Destination::Sme(ton, npi, addr) => {
            json!({"dest_flag": 1, "dest_addr_ton": ton, "dest_addr_npi": npi, "destination_addr": latin(addr)})
        }
        Destination::List(name) => json!({"dest_flag": 2, "dl_name": latin(name)}),
    };
    let failure = |one: &Failure| json!({"dest_addr_ton": one.ton, "dest_addr_npi": one.npi, "destination_addr": latin(&one.addr), "error_status_code": one.status});
    match value {
        Value::Int(value) => json!(value),
        Value::Text(octets) => json!(latin(octets)),
        Value::Octets(octets) => json!({"hex": hex(octets)}),
        Value::Destinations(all) => all.iter().map(destination).collect(),
        Value::Failures(all) => all.iter().map(failure).collect(),
    }
}

#[test]
fn pdus() {
    for vector in lines(include_str!("../../../../tests/vectors/smpp.jsonl")) {
        let clause = &vector["clause"];
        let data = unhex(&vector["hex"]);
        if let Some(code) = vector.get("error") {
            let error = Pdu::decode(&data).expect_err(clause.as_str().unwrap_or_default());
            assert_eq!((&json!(error.code), &json!(error.offset)), (code, &vector["offset"]), "{clause}");
            continue;
        }
        let pdu = Pdu::decode(&data).unwrap_or_else(|error| panic!("{clause}: {error}"));
        let fields: serde_json::Map<_, _> =
            pdu.fields.iter().map(|(name, value)| ((*name).to_owned(), shown(value))).collect();
        let tlvs: Vec<_> = pdu.tlvs.iter().map(|(tag, value)| json!([tag, hex(value)])).collect();
        assert_eq!(Json::from(fields), vector["fields"], "{clause}");
        assert_eq!(json!(tlvs), vector["tlvs"], "{clause}");
        let header = (json!(pdu.command), json!(pdu.status), json!(pdu.sequence));
        assert_eq!((&header.0, &header.1, &header.2), (&vector["command_id"], &vector["status"], &vector["sequence"]));
        assert_eq!(hex(&pdu.encode().expect("what was decoded")), vector["hex"], "{clause}");
    }
}

#[test]
fn receipts() {
    let parts = |receipt: Receipt<'_>| {
        let named = [
            ("id", receipt.id),
            ("sub", receipt.sub),
            ("dlvrd", receipt.dlvrd),
            ("submit_date", receipt.submit_date),
            ("done_date", receipt.done_date),
            ("stat", receipt.stat),
            ("err", receipt.err),
            ("text", receipt.text),
        ];
        let present =
            named.into_iter().filter_map(|(name, part)| Some((name.to_owned(), json!(String::from_utf8_lossy(part?)))));
        Json::Object(present.collect())
    };
    for vector in lines(include_str!("../../../../tests/vectors/smpp_receipts.jsonl")) {
        let body = vector["body"].as_str().expect("a text");
        let found = receipt::parse(body.as_bytes()).map_or(Json::Null, parts);
        assert_eq!(found, vector["receipt"], "{}", vector["clause"]);
    }
}
