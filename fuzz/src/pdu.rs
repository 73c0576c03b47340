//! PDUs: any octets decode into what encodes to the same octets, or are an error with a place; anything built comes back.

use septet_core::smpp::command::{self, Kind, Operation};
use septet_core::smpp::frame::{self, Header};
use septet_core::smpp::pdu::{Destination, Failure};
use septet_core::smpp::{Pdu, Sm, Value};

use crate::steer::Steer;

/// Any octets: as a PDU, as the body of any operation, and as decisions for a PDU that is well formed.
pub fn any(data: &[u8]) {
    octets(data);
    let mut steer = Steer::new(data);
    let row = &command::TABLE[usize::from(steer.octet()) % command::TABLE.len()];
    let mut whole = Vec::new();
    frame::put(&mut whole, row.id, steer.octet().into(), 1, |out| out.extend_from_slice(steer.clone().all()));
    octets(&whole);
    built(row, &mut steer);
}

fn octets(data: &[u8]) {
    match Pdu::decode_front(data) {
        Ok((pdu, rest)) => {
            let exact = &data[..data.len() - rest.len()];
            assert_eq!(pdu.encode().expect("what was decoded can be encoded"), exact);
            assert_eq!(Pdu::decode(exact).as_ref(), Ok(&pdu));
            assert_eq!(Pdu::decode(data).is_ok(), rest.is_empty());
            fast(&pdu, &exact[frame::HEADER..]);
        }
        Err(error) => {
            let codes = ["smpp.truncated", "smpp.bad_length", "smpp.bad_field", "smpp.unknown_command"];
            assert!(codes.contains(&error.code), "{error:?}");
            assert!(error.offset.is_none_or(|at| at <= data.len()), "{error:?}");
        }
    }
}

/// The reader without tables agrees with the one that has them, and undoes its own writing.
fn fast(pdu: &Pdu, body: &[u8]) {
    if ![command::SUBMIT_SM, command::DELIVER_SM, command::DATA_SM].contains(&pdu.command) {
        assert!(Sm::parse(pdu.command, body).is_err());
        return;
    }
    let sm = Sm::parse(pdu.command, body).expect("what one reader reads the other does too");
    let field = |name: &str| pdu.fields.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone());
    assert_eq!(field("source_addr"), Some(Value::Text(sm.source.addr.to_vec())));
    assert_eq!(field("destination_addr"), Some(Value::Text(sm.dest.addr.to_vec())));
    assert_eq!(field("esm_class"), Some(Value::Int(sm.esm_class.into())));
    assert_eq!(field("data_coding"), Some(Value::Int(sm.data_coding.into())));
    let tlvs: Vec<_> = sm.tlvs.iter().map(|(tag, value)| (tag, value.to_vec())).collect();
    assert_eq!(tlvs, pdu.tlvs);
    let mut again = Vec::new();
    sm.write(pdu.command, &mut again);
    assert_eq!(again, body);
}

fn text(steer: &mut Steer<'_>, max: usize) -> Vec<u8> {
    let length = usize::from(steer.octet()) % max;
    steer.octets(length).iter().map(|octet| octet.max(&1)).copied().collect()
}

fn value(steer: &mut Steer<'_>, kind: Kind) -> Value {
    match kind {
        Kind::Int1 => Value::Int(steer.octet().into()),
        Kind::Int4 => Value::Int(steer.long()),
        // Left at 0, which `build` reads as left out.
        Kind::Count => Value::Int(0),
        Kind::CString(max) => Value::Text(text(steer, max)),
        Kind::Octets => {
            let length = steer.octet();
            Value::Octets(steer.octets(length.into()).to_vec())
        }
        Kind::Destinations => {
            let one = |steer: &mut Steer<'_>| match steer.octet() % 2 {
                0 => Destination::List(text(steer, 21)),
                _ => Destination::Sme(steer.octet(), steer.octet(), text(steer, 21)),
            };
            Value::Destinations((0..steer.octet() % 8).map(|_| one(steer)).collect())
        }
        Kind::Failures => {
            let one = |steer: &mut Steer<'_>| Failure {
                ton: steer.octet(),
                npi: steer.octet(),
                addr: text(steer, 21),
                status: steer.long(),
            };
            Value::Failures((0..steer.octet() % 8).map(|_| one(steer)).collect())
        }
    }
}

fn built(row: &Operation, steer: &mut Steer<'_>) {
    let (status, sequence) = (steer.long(), steer.long());
    let given: Vec<_> = row.fields.iter().map(|field| (field.name.to_owned(), value(steer, field.kind))).collect();
    let mut tlvs = Vec::new();
    while !steer.is_over() {
        let (tag, length) = (steer.word(), steer.octet());
        tlvs.push((tag, steer.octets(length.into()).to_vec()));
    }
    let pdu = Pdu::build(row.id, status, sequence, given, tlvs).expect("every field has its form");
    let octets = pdu.encode().expect("it was built");
    assert_eq!(Header::read(&octets).map(|header| header.length as usize), Some(octets.len()));
    assert_eq!(Pdu::decode(&octets), Ok(pdu));
    let cut = &octets[..octets.len() - 1];
    assert_eq!(Pdu::decode(cut).map_err(|error| error.code), Err("smpp.truncated"));
}
