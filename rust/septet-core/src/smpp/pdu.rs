//! Any operation, decoded and encoded by its row of [`command::TABLE`]. Owned and general, for people and tools;
//! messages on their way take [`super::sm`].

use super::command::{self, Field, Kind, Operation, max};
use super::field::{Malformed, Reader, fits, put_cstring};
use super::frame::{self, Front, HEADER, Header};
use super::layout::Layout;
use super::status as st;
use super::tlv;
use crate::{Error, Result};

/// The value of a mandatory parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An integer of one or four octets, or a count.
    Int(u32),
    /// A C-octet string, without its NUL.
    Text(Vec<u8>),
    /// An octet string.
    Octets(Vec<u8>),
    /// `dest_address` of `submit_multi`.
    Destinations(Vec<Destination>),
    /// `unsuccess_sme` of `submit_multi_resp`.
    Failures(Vec<Failure>),
}

impl Value {
    /// The value of a field from its octets, as [`Layout::field`] gives them.
    pub fn read(kind: Kind, octets: &[u8]) -> Self {
        let mut r = Reader::new(octets);
        match kind {
            Kind::Int1 | Kind::Int4 | Kind::Count => Self::Int(int(octets)),
            Kind::CString(_) => Self::Text(text(octets).to_vec()),
            Kind::Octets => Self::Octets(octets.to_vec()),
            Kind::Destinations => Self::Destinations(std::iter::from_fn(|| destination(&mut r).ok()).collect()),
            Kind::Failures => Self::Failures(std::iter::from_fn(|| failure(&mut r).ok()).collect()),
        }
    }
}

/// An integer's value.
#[inline]
pub fn int(octets: &[u8]) -> u32 {
    octets.iter().fold(0, |sum, octet| sum << 8 | u32::from(*octet))
}

/// A C-octet string without its NUL.
#[inline]
pub fn text(octets: &[u8]) -> &[u8] {
    octets.split_last().map_or(octets, |(_, text)| text)
}

/// One destination of `submit_multi` (4.5.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// `dest_flag` 1: type of number, numbering plan, address.
    Sme(u8, u8, Vec<u8>),
    /// `dest_flag` 2: the name of a distribution list.
    List(Vec<u8>),
}

/// One destination that `submit_multi` could not reach (4.5.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Type of number.
    pub ton: u8,
    /// Numbering plan.
    pub npi: u8,
    /// Address, without its NUL.
    pub addr: Vec<u8>,
    /// `error_status_code`.
    pub status: u32,
}

/// A whole PDU. `decode` and `encode` undo each other to the octet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    /// `command_id`, one of [`command::TABLE`].
    pub command: u32,
    /// `command_status`.
    pub status: u32,
    /// `sequence_number`.
    pub sequence: u32,
    /// Parameters in wire order. Empty in a response that came without a body (4.1.2, 4.4.2).
    pub fields: Vec<(&'static str, Value)>,
    /// TLVs in wire order.
    pub tlvs: Vec<(u16, Vec<u8>)>,
}

impl Pdu {
    /// Decodes exactly one PDU. The offset of an error counts from its first octet.
    pub fn decode(data: &[u8]) -> Result<Self> {
        let (pdu, rest) = Self::decode_front(data)?;
        alone(data, rest).map(|()| pdu)
    }

    /// Decodes the PDU at the front and returns what follows it.
    pub fn decode_front(data: &[u8]) -> Result<(Self, &[u8])> {
        let (header, body, rest) = cut(data)?;
        Ok((Self::decode_body(header, body)?, rest))
    }

    /// Decodes a PDU that a framer has cut out.
    pub fn decode_body(header: Header, body: &[u8]) -> Result<Self> {
        let Header { command, status, sequence, .. } = header;
        let row = row(command).map_err(|error| Error { offset: Some(4), ..error })?;
        let (fields, tlvs) = read(row, body).map_err(|bad| malformed(row, bad))?;
        Ok(Self { command, status, sequence, fields, tlvs })
    }

    /// A PDU from some of its parameters: what is left out is 0 or empty, counts follow from what they count. A response
    /// with a status other than 0 and no parameters has no body.
    pub fn build(
        command: u32,
        status: u32,
        sequence: u32,
        mut given: Vec<(String, Value)>,
        tlvs: Vec<(u16, Vec<u8>)>,
    ) -> Result<Self> {
        let row = row(command)?;
        let mut fields = Vec::with_capacity(row.fields.len());
        if !given.is_empty() || !row.is_response() || status == st::ESME_ROK {
            for field in row.fields {
                let at = given.iter().position(|(name, _)| name == field.name);
                let value = at.map_or_else(|| empty(field.kind), |at| given.swap_remove(at).1);
                fields.push((field.name, value));
            }
            for at in 1..fields.len() {
                if row.fields[at - 1].kind == Kind::Count && fields[at - 1].1 == Value::Int(0) {
                    fields[at - 1].1 = Value::Int(count(&fields[at].1) as u32);
                }
            }
        }
        if let Some((name, _)) = given.first() {
            return Err(no_field(row, name));
        }
        let pdu = Self { command, status, sequence, fields, tlvs };
        pdu.encode().map(|_| pdu)
    }

    fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// A string by its name; empty if the PDU has none.
    pub fn text(&self, name: &str) -> &[u8] {
        match self.field(name) {
            Some(Value::Text(octets) | Value::Octets(octets)) => octets,
            _ => b"",
        }
    }

    /// An integer of one octet by its name; 0 if the PDU has none.
    pub fn octet(&self, name: &str) -> u8 {
        match self.field(name) {
            Some(Value::Int(value)) => *value as u8,
            _ => 0,
        }
    }

    /// `dest_address` of `submit_multi`.
    pub fn destinations(&self) -> &[Destination] {
        match self.field("dest_address") {
            Some(Value::Destinations(all)) => all,
            _ => &[],
        }
    }

    /// The value of the first TLV with this tag.
    pub fn tlv(&self, tag: u16) -> Option<&[u8]> {
        self.tlvs.iter().find(|(found, _)| *found == tag).map(|(_, value)| value.as_slice())
    }

    /// The octets of the PDU.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let row = row(self.command)?;
        let mut out = Vec::with_capacity(128);
        let mut outcome = Ok(());
        frame::put(&mut out, self.command, self.status, self.sequence, |out| {
            outcome = self.write(row, out);
        });
        outcome.map(|()| out)
    }

    fn write(&self, row: &Operation, out: &mut Vec<u8>) -> Result<()> {
        if !self.fields.is_empty() || !row.is_response() {
            let names = self.fields.iter().map(|(name, _)| *name);
            if !names.eq(row.fields.iter().map(|field| field.name)) {
                return Err(Error::new(
                    "smpp.bad_field",
                    format!("{}: its fields are not those of the operation", row.name),
                ));
            }
            for (at, (field, (_, value))) in row.fields.iter().zip(&self.fields).enumerate() {
                if field.kind == Kind::Count && *value != Value::Int(count(&self.fields[at + 1].1) as u32) {
                    return Err(wrong(row, field, MISCOUNT));
                }
                put(out, field, value).map_err(|why| wrong(row, field, why))?;
            }
        }
        for (tag, value) in &self.tlvs {
            put_tlv(out, *tag, value)?;
        }
        Ok(())
    }
}

/// The error for a length that loses the stream.
pub fn bad_length(header: Header) -> Error {
    Error::at("smpp.bad_length", 0, format!("command_length {} cannot be true", header.length))
}

/// The row of a `command_id`.
pub fn row(command: u32) -> Result<&'static Operation> {
    command::find(command).ok_or_else(|| {
        Error::new(
            "smpp.unknown_command",
            format!("command_id 0x{command:08X} is not an operation of SMPP 3.3, 3.4 or 5.0"),
        )
    })
}

/// The PDU at the front: its header, its body and what follows it.
pub fn cut(data: &[u8]) -> Result<(Header, &[u8], &[u8])> {
    match frame::front(data, u32::MAX) {
        Front::Pdu(header, body, rest) => Ok((header, body, rest)),
        Front::Partial(need) => Err(Error::at(
            "smpp.truncated",
            data.len(),
            format!("the PDU has {need} octets or more, only {} are here", data.len()),
        )),
        Front::Lost(header) => Err(bad_length(header)),
    }
}

/// Refuses what follows the one PDU of `data`.
pub fn alone(data: &[u8], rest: &[u8]) -> Result<()> {
    if rest.is_empty() {
        return Ok(());
    }
    let at = data.len() - rest.len();
    Err(Error::at("smpp.bad_length", at, format!("{} octets follow the PDU, which ends at {at}", rest.len())))
}

/// The error for a body that is not its operation's; its offset counts from the PDU's first octet.
#[cold]
pub fn malformed(row: &Operation, bad: Malformed) -> Error {
    let at = bad.offset + HEADER;
    Error { offset: Some(at), message: format!("{}: {} (octet {at})", row.name, bad.reason), ..bad.into() }
}

/// Why a count is refused.
pub const MISCOUNT: &str = "does not count what follows it; leave it out";

/// The error for a field that cannot be written.
#[cold]
pub fn wrong(row: &Operation, field: &Field, why: &str) -> Error {
    Error::new("smpp.bad_field", format!("{}: {} {why}", row.name, field.name))
}

/// The error for a name that the operation does not have.
#[cold]
pub fn no_field(row: &Operation, name: &str) -> Error {
    let known: Vec<_> = row.fields.iter().map(|field| field.name).collect();
    Error::new("smpp.bad_field", format!("{} has no field {name:?}; it has: {}", row.name, known.join(", ")))
}

/// Appends a TLV that fits its length.
pub fn put_tlv(out: &mut Vec<u8>, tag: u16, value: &[u8]) -> Result<()> {
    if value.len() > usize::from(u16::MAX) {
        return Err(Error::new("smpp.bad_field", format!("TLV 0x{tag:04X} is longer than 65,535 octets")));
    }
    tlv::put(out, tag, value);
    Ok(())
}

const fn empty(kind: Kind) -> Value {
    match kind {
        Kind::Int1 | Kind::Int4 | Kind::Count => Value::Int(0),
        Kind::CString(_) => Value::Text(Vec::new()),
        Kind::Octets => Value::Octets(Vec::new()),
        Kind::Destinations => Value::Destinations(Vec::new()),
        Kind::Failures => Value::Failures(Vec::new()),
    }
}

const fn count(value: &Value) -> usize {
    match value {
        Value::Octets(octets) => octets.len(),
        Value::Destinations(all) => all.len(),
        Value::Failures(all) => all.len(),
        Value::Int(_) | Value::Text(_) => 0,
    }
}

type Parts = (Vec<(&'static str, Value)>, Vec<(u16, Vec<u8>)>);

pub(super) fn read(row: &Operation, body: &[u8]) -> std::result::Result<Parts, Malformed> {
    let layout = Layout::of(row, body)?;
    let fields = row.fields.iter().enumerate().take(layout.len());
    let fields = fields.map(|(at, field)| (field.name, Value::read(field.kind, layout.field(at, body)))).collect();
    Ok((fields, layout.tlvs(body).iter().map(|(tag, value)| (tag, value.to_vec())).collect()))
}

/// Reads one destination.
pub(super) fn destination(r: &mut Reader<'_>) -> std::result::Result<Destination, Malformed> {
    match r.int1()? {
        1 => {
            let [ton, npi] = r.array()?;
            let addr = r.cstring(max::ADDR, st::ESME_RINVDSTADR, "destination_addr is too long or has no end")?;
            Ok(Destination::Sme(ton, npi, addr.to_vec()))
        }
        2 => Ok(Destination::List(
            r.cstring(max::DL_NAME, st::ESME_RINVDLNAME, "dl_name is too long or has no end")?.to_vec(),
        )),
        _ => Err(r.fail(st::ESME_RINVDESTFLAG, "dest_flag is neither 1 nor 2")),
    }
}

/// Reads one failure.
pub(super) fn failure(r: &mut Reader<'_>) -> std::result::Result<Failure, Malformed> {
    let [ton, npi] = r.array()?;
    let addr = r.cstring(max::ADDR, st::ESME_RINVDSTADR, "destination_addr is too long or has no end")?.to_vec();
    Ok(Failure { ton, npi, addr, status: r.int4()? })
}

/// The failures in the body of a `submit_multi_resp` (4.5.2), as far as they can be read.
pub fn failures(body: &[u8]) -> Vec<Failure> {
    let id = body.iter().position(|octet| *octet == 0).map_or(body.len(), |end| end + 1);
    let mut r = Reader::new(&body[id..]);
    let count = r.int1().unwrap_or(0);
    (0..count).map_while(|_| failure(&mut r).ok()).collect()
}

/// Appends the body of a `submit_multi_resp` (4.5.2).
pub fn put_multi_resp(out: &mut Vec<u8>, message_id: &[u8], failures: &[Failure]) {
    put_cstring(out, message_id, max::MESSAGE_ID);
    debug_assert!(failures.len() < 256, "as many as a submit_multi can name");
    out.push(failures.len() as u8);
    for one in failures {
        out.extend_from_slice(&[one.ton, one.npi]);
        put_cstring(out, &one.addr, max::ADDR);
        out.extend_from_slice(&one.status.to_be_bytes());
    }
}

/// Appends a C-octet string of at most `max` octets with its NUL; an error says why not.
#[inline]
pub fn put_text(out: &mut Vec<u8>, text: &[u8], max: usize) -> std::result::Result<(), &'static str> {
    if !fits(text, max) {
        return Err("is too long or holds a NUL");
    }
    put_cstring(out, text, max);
    Ok(())
}

/// Appends a field's value; an error says why not.
pub fn put(out: &mut Vec<u8>, field: &Field, value: &Value) -> std::result::Result<(), &'static str> {
    match (field.kind, value) {
        (Kind::Int4, Value::Int(value)) => out.extend_from_slice(&value.to_be_bytes()),
        (Kind::Int1 | Kind::Count, Value::Int(value)) => {
            out.push(u8::try_from(*value).map_err(|_| "is more than 255")?);
        }
        (Kind::CString(max), Value::Text(value)) => put_text(out, value, max)?,
        (Kind::Octets, Value::Octets(octets)) => out.extend_from_slice(octets),
        (Kind::Destinations, Value::Destinations(all)) => {
            for one in all {
                match one {
                    Destination::Sme(ton, npi, addr) => {
                        out.extend_from_slice(&[1, *ton, *npi]);
                        put_text(out, addr, max::ADDR)?;
                    }
                    Destination::List(name) => {
                        out.push(2);
                        put_text(out, name, max::DL_NAME)?;
                    }
                }
            }
        }
        (Kind::Failures, Value::Failures(all)) => {
            for one in all {
                out.extend_from_slice(&[one.ton, one.npi]);
                put_text(out, &one.addr, max::ADDR)?;
                out.extend_from_slice(&one.status.to_be_bytes());
            }
        }
        _ => return Err("has a value of another type"),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
