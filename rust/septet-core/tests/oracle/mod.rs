//! The codec beside rusmpp-core, which nobody here wrote. Where both accept a PDU, both give back its octets and read the
//! same from it; where they differ, one of [`EXPLAINED`] says why. The fuzz target `oracle` runs the same function.

use bytes::BytesMut;
use rusmpp_core::command::owned::Command;
use rusmpp_core::decode::owned::{Decode, DecodeWithLength};
use rusmpp_core::encode::owned::Encode;
use rusmpp_core::pdus::owned::Pdu as Theirs;
use rusmpp_core::tlvs::owned::Tlv;
use septet_core::Error;
use septet_core::smpp::frame::{self, Front, HEADER, Header};
use septet_core::smpp::pdu::Destination;
use septet_core::smpp::{Pdu, Value, command, tlv};

/// Every difference there may be; `tests/vectors/smpp_differences.jsonl` has an example of each and its clause.
pub const EXPLAINED: &[&str] = &[
    "not-ascii",
    "part-of-a-time",
    "long-address",
    "tlv-form",
    "tlv-anywhere",
    "reserved-bits",
    "no-body",
    "unknown-operation",
];

/// Panics on a difference that is not explained; returns the one that is. Octets that are not exactly one PDU are not compared,
/// because framing is no part of that codec.
pub fn compare(data: &[u8]) -> Option<&'static str> {
    let Front::Pdu(header, _, []) = frame::front(data, u32::MAX) else {
        return None;
    };
    let (ours, theirs) = (Pdu::decode(data), their(data));
    let found = match (&ours, &theirs) {
        (Ok(pdu), Some(theirs)) => both(data, pdu, theirs),
        (Ok(pdu), None) => only_ours(pdu),
        (Err(error), Some(_)) => only_theirs(data, header, error),
        (Err(_), None) => return None,
    };
    match found {
        Ok(explained) => explained,
        Err(what) => panic!("{what}\n octets {data:02x?}\n   ours {ours:?}\n theirs {theirs:?}"),
    }
}

/// A PDU that they read to its end.
fn their(data: &[u8]) -> Option<Command> {
    let mut octets = BytesMut::from(&data[4..]);
    let (found, size) = <Command as DecodeWithLength>::decode(&mut octets, data.len() - 4).ok()?;
    (size == data.len() - 4).then_some(found)
}

fn written(one: &impl Encode) -> BytesMut {
    let mut out = BytesMut::with_capacity(one.length());
    one.encode(&mut out);
    out
}

type Verdict = Result<Option<&'static str>, &'static str>;

fn both(data: &[u8], pdu: &Pdu, theirs: &Command) -> Verdict {
    if pdu.encode().as_deref() != Ok(data) {
        return Err("ours does not come back as it was");
    }
    if !pdu.tlvs.iter().all(has_form) {
        // Their reader lost its place, so what it read means nothing.
        return Ok(Some("tlv-form"));
    }
    if !pdu.tlvs.iter().all(keeps) {
        return Ok(Some("reserved-bits"));
    }
    if written(theirs)[..] != data[4..] {
        return Err("theirs does not come back as it was");
    }
    let read = match theirs.pdu() {
        Some(Theirs::SubmitSm(sm)) => message(
            [&sm.source_addr, &sm.destination_addr],
            Some(sm.short_message()),
            [sm.esm_class.into(), sm.data_coding.into()],
            sm.tlvs(),
        ),
        Some(Theirs::DeliverSm(sm)) => message(
            [&sm.source_addr, &sm.destination_addr],
            Some(sm.short_message()),
            [sm.esm_class.into(), sm.data_coding.into()],
            sm.tlvs(),
        ),
        Some(Theirs::DataSm(sm)) => message(
            [&sm.source_addr, &sm.destination_addr],
            None,
            [sm.esm_class.into(), sm.data_coding.into()],
            sm.tlvs(),
        ),
        _ => return Ok(None),
    };
    if read == ours(pdu) { Ok(None) } else { Err("the same octets are read differently") }
}

/// What is compared of a message.
type Read = (Vec<Value>, Vec<(u16, Vec<u8>)>);

fn message(addrs: [&[u8]; 2], short: Option<&[u8]>, flags: [u8; 2], tlvs: &[Tlv]) -> Read {
    let text = |octets: &[u8]| Value::Text(octets.strip_suffix(&[0]).unwrap_or(octets).to_vec());
    let mut values: Vec<_> = addrs.into_iter().map(text).collect();
    values.extend(flags.map(|flag| Value::Int(flag.into())));
    values.extend(short.map(|octets| Value::Octets(octets.to_vec())));
    let tlvs = tlvs.iter().map(|one| (u16::from(one.tag()), written(one)[4..].to_vec()));
    (values, tlvs.collect())
}

fn ours(pdu: &Pdu) -> Read {
    let names = ["source_addr", "destination_addr", "esm_class", "data_coding", "short_message"];
    let value = |name| pdu.fields.iter().find(|(found, _)| *found == name).map(|(_, value)| value.clone());
    (names.into_iter().filter_map(value).collect(), pdu.tlvs.clone())
}

/// The element at the front as their reader, which goes by a tag's type, takes it; and how many octets that was.
fn taken(element: &[u8]) -> Option<(Tlv, usize)> {
    <Tlv as Decode>::decode(&mut BytesMut::from(element)).ok()
}

fn element(tag: u16, value: &[u8]) -> Vec<u8> {
    let mut element = Vec::new();
    tlv::put(&mut element, tag, value);
    element
}

/// True if their reader takes exactly the octets that the length says.
fn has_form((tag, value): &(u16, Vec<u8>)) -> bool {
    let element = element(*tag, value);
    taken(&element).is_some_and(|(_, size)| size == element.len())
}

/// True if they write what they have read.
fn keeps((tag, value): &(u16, Vec<u8>)) -> bool {
    let element = element(*tag, value);
    taken(&element).is_some_and(|(one, _)| written(&one) == element[..])
}

/// A PDU that we accept and they refuse.
fn only_ours(pdu: &Pdu) -> Verdict {
    let row = command::find(pdu.command).ok_or("an operation without a row")?;
    if texts(pdu).any(|octets| !octets.is_ascii()) {
        return Ok(Some("not-ascii"));
    }
    let time = |name: &str| ["schedule_delivery_time", "validity_period", "final_date"].contains(&name);
    let cut = |value: &Value| matches!(value, Value::Text(octets) if (1..16).contains(&octets.len()));
    if pdu.fields.iter().any(|(name, value)| time(name) && cut(value)) {
        return Ok(Some("part-of-a-time"));
    }
    let long = |value: &Value| matches!(value, Value::Text(octets) if octets.len() > 20);
    if row.id == command::DATA_SM && pdu.fields.iter().any(|(name, value)| name.ends_with("_addr") && long(value)) {
        return Ok(Some("long-address"));
    }
    if !pdu.tlvs.iter().all(has_form) {
        return Ok(Some("tlv-form"));
    }
    if !pdu.tlvs.is_empty() {
        return Ok(Some("tlv-anywhere"));
    }
    Err("we accept what they refuse")
}

/// Every C-octet string.
fn texts(pdu: &Pdu) -> impl Iterator<Item = &[u8]> {
    pdu.fields.iter().flat_map(|(_, value)| match value {
        Value::Text(octets) => vec![&octets[..]],
        Value::Destinations(all) => all
            .iter()
            .map(|one| match one {
                Destination::Sme(_, _, a) | Destination::List(a) => &a[..],
            })
            .collect(),
        Value::Failures(all) => all.iter().map(|one| &one.addr[..]).collect(),
        Value::Int(_) | Value::Octets(_) => Vec::new(),
    })
}

/// A PDU that they accept and we refuse.
fn only_theirs(data: &[u8], header: Header, error: &Error) -> Verdict {
    let Some(row) = command::find(header.command) else {
        return Ok(Some("unknown-operation"));
    };
    if data.len() == HEADER && !row.is_response() {
        return Ok(Some("no-body"));
    }
    let at = error.offset.unwrap_or(0);
    if error.message.contains("a TLV is cut short") && misread(data, at) {
        return Ok(Some("tlv-form"));
    }
    Err("they accept what we refuse")
}

/// True if they read one of the elements up to the cut one at `at` by its type and not by its length.
fn misread(data: &[u8], at: usize) -> bool {
    let mut before = data[..at].to_vec();
    before[..4].copy_from_slice(&(at as u32).to_be_bytes());
    let whole = Pdu::decode(&before).is_ok_and(|pdu| pdu.tlvs.iter().all(has_form));
    !whole || taken(&data[at..]).is_some()
}
