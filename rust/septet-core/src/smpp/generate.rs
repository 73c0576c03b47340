//! One generator for every PDU, fed by the tables: a further row of them is tried without a further line here.

use super::command::{self, Kind, Operation, max};
use super::pdu::{Destination, Failure, Pdu, Value};
use super::tlv;
use proptest::prelude::*;

pub(crate) fn octets(max: usize) -> impl Strategy<Value = Vec<u8>> {
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

/// Any TLV: one of the table, or a tag that nobody knows.
fn any_tlv() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let tag = prop_oneof![3 => prop::sample::select(tlv::TABLE).prop_map(|row| row.tag), 1 => any::<u16>()];
    (tag, octets(40))
}

/// Any PDU of one operation.
pub(crate) fn pdu_of(row: &'static Operation) -> impl Strategy<Value = Pdu> {
    let fields: Vec<_> = row.fields.iter().map(|f| value(f.kind).prop_map(|v| (f.name.to_owned(), v))).collect();
    let tlvs = prop::collection::vec(any_tlv(), 0..5);
    (fields, any::<u32>(), any::<u32>(), tlvs)
        .prop_map(|(given, status, sequence, tlvs)| Pdu::build(row.id, status, sequence, given, tlvs).unwrap())
}

/// Any PDU of any operation.
pub(crate) fn any_pdu() -> impl Strategy<Value = Pdu> {
    prop::sample::select(command::TABLE).prop_flat_map(|row| pdu_of(row_of(row.id)))
}

fn row_of(id: u32) -> &'static Operation {
    command::find(id).expect("a row of the table")
}
