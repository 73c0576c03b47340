//! A PDU from what Python gives: names and values of fields, written as octets at once.
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyMapping, PyString};
use septet_core::smpp::command::{Field, Kind, Operation};
use septet_core::smpp::pdu::{self, Destination, Failure};
use septet_core::smpp::{Value, frame, status};
use septet_core::{Error, Result};

use super::names::Names;
use crate::errors::OrRaise;

/// No operation has more fields.
const MOST: usize = 32;

/// Appends one PDU. Fields that are left out are 0 or empty, counts follow from what they count. A response with another
/// status than 0 and no fields has no body.
pub(super) fn put(
    py: Python<'_>,
    names: &Names,
    (status, sequence): (u32, u32),
    fields: Option<&Bound<'_, PyAny>>,
    tlvs: &[(u16, PyBackedBytes)],
    out: &mut Vec<u8>,
) -> PyResult<()> {
    let mut values = [const { None }; MOST];
    let given = fields.map_or(Ok(0), |fields| collect(names, fields, &mut values))?;
    let row = names.row;
    let mut outcome = Ok(());
    frame::put(out, row.id, status, sequence, |out| {
        if given > 0 || !row.is_response() || status == status::ESME_ROK {
            outcome = body(py, row, &values, out);
        }
        for (tag, value) in tlvs {
            if outcome.is_ok() {
                outcome = pdu::put_tlv(out, *tag, value).or_raise(py);
            }
        }
    });
    outcome
}

type Given<'py> = Option<Bound<'py, PyAny>>;

/// The given values by their places; how many there are.
fn collect<'py>(names: &Names, fields: &Bound<'py, PyAny>, values: &mut [Given<'py>; MOST]) -> PyResult<usize> {
    let mut next = 0;
    let mut one = |name: Bound<'py, PyAny>, value| {
        let Some(at) = names.place(&name, next) else {
            return Err(pdu::no_field(names.row, &name.extract::<String>()?)).or_raise(name.py());
        };
        next = at + 1;
        values[at] = Some(value);
        Ok(())
    };
    if let Ok(fields) = fields.cast_exact::<PyDict>() {
        fields.iter().try_for_each(|(name, value)| one(name, value))?;
        return Ok(fields.len());
    }
    let items = fields.cast::<PyMapping>()?.items()?;
    for item in items.iter() {
        let (name, value) = item.extract()?;
        one(name, value)?;
    }
    Ok(items.len())
}

fn body(py: Python<'_>, row: &Operation, values: &[Given<'_>], out: &mut Vec<u8>) -> PyResult<()> {
    let mut counted = None;
    for (field, value) in row.fields.iter().zip(values) {
        let start = out.len();
        let number = match value {
            None => empty(field.kind, out),
            Some(value) => write(row, field, value, out)?,
        };
        if field.kind == Kind::Count {
            counted = Some((field, start));
        } else if let Some((count, at)) = counted.take() {
            settle(count, &mut out[at], number).map_err(|why| pdu::wrong(row, count, why)).or_raise(py)?;
        }
    }
    Ok(())
}

/// Writes a count, now that what it counts is known. One that was given is right, or 0.
fn settle(field: &Field, place: &mut u8, number: usize) -> std::result::Result<(), &'static str> {
    debug_assert_eq!(field.kind, Kind::Count);
    let number = u8::try_from(number).map_err(|_| "is more than 255")?;
    if ![0, number].contains(place) {
        return Err(pdu::MISCOUNT);
    }
    *place = number;
    Ok(())
}

fn empty(kind: Kind, out: &mut Vec<u8>) -> usize {
    match kind {
        Kind::Int1 | Kind::Count | Kind::CString(_) => out.push(0),
        Kind::Int4 => out.extend_from_slice(&[0; 4]),
        Kind::Octets | Kind::Destinations | Kind::Failures => {}
    }
    0
}

fn wrong<T>(name: &str, why: &str) -> Result<T> {
    Err(Error::new("smpp.bad_field", format!("{name} {why}")))
}

/// Appends a value; how many there are of what a count would count.
fn write(row: &Operation, field: &Field, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<usize> {
    let (py, name) = (value.py(), field.name);
    let refused = |why| pdu::wrong(row, field, why);
    let (value, number) = match field.kind {
        Kind::Int1 | Kind::Int4 | Kind::Count => match value.extract() {
            Ok(number) => (Value::Int(number), 0),
            Err(_) => return wrong(name, "is an int that is not negative").or_raise(py),
        },
        Kind::CString(max) => {
            let done = text(name, value, |octets| pdu::put_text(out, octets, max))?;
            return done.map(|()| 0).map_err(refused).or_raise(py);
        }
        Kind::Octets => {
            let start = out.len();
            if let Ok(octets) = value.cast_exact::<PyBytes>() {
                out.extend_from_slice(octets.as_bytes());
            } else {
                match value.extract::<Vec<u8>>() {
                    Ok(octets) if !value.is_instance_of::<PyString>() => out.extend_from_slice(&octets),
                    _ => return wrong(name, "is bytes: encode a text first, with septet.segment").or_raise(py),
                }
            }
            return Ok(out.len() - start);
        }
        Kind::Destinations => {
            let all = each(value, destination)?;
            let number = all.len();
            (Value::Destinations(all), number)
        }
        Kind::Failures => {
            let all = each(value, failure)?;
            let number = all.len();
            (Value::Failures(all), number)
        }
    };
    pdu::put(out, field, &value).map(|()| number).map_err(refused).or_raise(py)
}

fn each<T>(all: &Bound<'_, PyAny>, one: impl Fn(&Bound<'_, PyAny>) -> PyResult<T>) -> PyResult<Vec<T>> {
    all.try_iter()?.map(|item| one(&item?)).collect()
}

/// Hands over the octets that a str stands for, one for each character.
fn text<T>(name: &str, value: &Bound<'_, PyAny>, take: impl FnOnce(&[u8]) -> T) -> PyResult<T> {
    let py = value.py();
    let Ok(text) = value.cast::<PyString>() else {
        return wrong(name, "is a str").or_raise(py);
    };
    let text = text.to_cow()?;
    if text.is_ascii() {
        return Ok(take(text.as_bytes()));
    }
    let octets: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    match octets {
        Some(octets) => Ok(take(&octets)),
        None => wrong(name, "holds a character beyond U+00FF, which no octet stands for").or_raise(py),
    }
}

fn characters(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    text(name, value, <[u8]>::to_vec)
}
fn item<'py>(one: &Bound<'py, PyAny>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(if one.contains(name)? { Some(one.get_item(name)?) } else { None })
}

fn octet(one: &Bound<'_, PyAny>, name: &str) -> PyResult<u8> {
    let Some(value) = item(one, name)? else {
        return Ok(0);
    };
    match value.extract() {
        Ok(value) => Ok(value),
        Err(_) => wrong(name, "is an int from 0 to 255").or_raise(one.py()),
    }
}

fn sme(one: &Bound<'_, PyAny>) -> PyResult<(u8, u8, Vec<u8>)> {
    let addr = item(one, "destination_addr")?;
    let addr = addr.map_or(Ok(Vec::new()), |addr| characters("destination_addr", &addr))?;
    Ok((octet(one, "dest_addr_ton")?, octet(one, "dest_addr_npi")?, addr))
}

/// A slip in a name must not send to nobody.
fn only(one: &Bound<'_, PyAny>, names: &[&str]) -> PyResult<()> {
    for name in one.try_iter()? {
        let name: String = name?.extract()?;
        if !names.contains(&name.as_str()) {
            let why = format!("is not part of this; the parts are: {}", names.join(", "));
            return wrong(&name, &why).or_raise(one.py());
        }
    }
    Ok(())
}

fn destination(one: &Bound<'_, PyAny>) -> PyResult<Destination> {
    if let Some(name) = item(one, "dl_name")? {
        only(one, &["dest_flag", "dl_name"])?;
        return characters("dl_name", &name).map(Destination::List);
    }
    only(one, &["dest_flag", "dest_addr_ton", "dest_addr_npi", "destination_addr"])?;
    sme(one).map(|(ton, npi, addr)| Destination::Sme(ton, npi, addr))
}

fn failure(one: &Bound<'_, PyAny>) -> PyResult<Failure> {
    only(one, &["dest_addr_ton", "dest_addr_npi", "destination_addr", "error_status_code"])?;
    let (ton, npi, addr) = sme(one)?;
    let status = item(one, "error_status_code")?.map_or(Ok(0), |status| status.extract())?;
    Ok(Failure { ton, npi, addr, status })
}
