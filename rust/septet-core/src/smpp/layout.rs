//! Where each mandatory parameter of a body stands: the one walk over an operation's row, without an allocation.
//!
//! Every other reader of an operation starts from here, so that all of them accept the same octets.

use super::command::{Field, Kind, Operation};
use super::field::{Malformed, Reader};
use super::pdu::{destination, failure};
use super::status as st;
use super::tlv::Tlvs;

/// Fields of the longest row, submit_sm, and the end of the last.
const PLACES: usize = 19;

/// The places of a checked body's fields. It means something only together with the row and the body it was made of.
///
/// ```text
///  place 0        place 1         …  place `len`
/// +--------------+--------------+---+------------
/// | field 0      | field 1      | … | TLVs
/// +--------------+--------------+---+------------
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    places: [u16; PLACES],
    len: u8,
}

impl Layout {
    /// Walks a body: every field has its form, and whole TLVs follow. A response without a body has no fields (4.1.2, 4.4.2).
    #[inline]
    pub fn of(row: &Operation, body: &[u8]) -> Result<Self, Malformed> {
        let mut found = Self { places: [0; PLACES], len: 0 };
        if body.is_empty() && row.is_response() {
            return Ok(found);
        }
        let mut r = Reader::new(body);
        let mut counted = 0;
        for (field, place) in row.fields.iter().zip(&mut found.places[1..]) {
            match field.kind {
                Kind::Int1 => drop(r.int1()?),
                Kind::Int4 => drop(r.int4()?),
                Kind::Count => counted = usize::from(r.int1()?),
                Kind::CString(max) => match r.cstring(max, field.refusal, "") {
                    Ok(_) => {}
                    Err(bad) => return Err(Malformed { reason: too_long(field), ..bad }),
                },
                Kind::Octets => {
                    r.octets(counted, field.refusal, "sm_length is more than what follows it")?;
                }
                Kind::Destinations => {
                    for _ in 0..counted {
                        destination(&mut r)?;
                    }
                }
                Kind::Failures => {
                    for _ in 0..counted {
                        failure(&mut r)?;
                    }
                }
            }
            // No row of the table can be longer: 255 destinations have less than 6,200 octets.
            *place = r.offset() as u16;
        }
        if !r.rest().is_empty() {
            Tlvs::check(r.rest()).map_err(|at| Malformed {
                status: st::ESME_RINVOPTPARSTREAM,
                reason: "a TLV is cut short",
                offset: r.offset() + at,
            })?;
        }
        found.len = row.fields.len() as u8;
        Ok(found)
    }

    /// How many fields there are: those of the row, or none.
    #[inline]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// True if there are no fields.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The octets of a field, a C-octet string's with its NUL; empty where the row has no such field.
    #[inline]
    pub fn field<'a>(&self, at: usize, body: &'a [u8]) -> &'a [u8] {
        if at >= self.len() {
            return &[];
        }
        body.get(usize::from(self.places[at])..usize::from(self.places[at + 1])).unwrap_or_default()
    }

    /// The TLVs.
    #[inline]
    pub fn tlvs<'a>(&self, body: &'a [u8]) -> Tlvs<'a> {
        Tlvs::new(body.get(usize::from(self.places[self.len()])..).unwrap_or_default())
    }
}

/// The reason names the field, so that a log line is enough to find a peer's mistake.
#[cold]
fn too_long(field: &Field) -> &'static str {
    match field.name {
        "service_type" => "service_type is longer than 5 octets or has no end",
        "source_addr" => "source_addr is too long or has no end",
        "destination_addr" => "destination_addr is too long or has no end",
        "schedule_delivery_time" => "schedule_delivery_time is longer than 16 octets or has no end",
        "validity_period" => "validity_period is longer than 16 octets or has no end",
        "message_id" => "message_id is longer than 64 octets or has no end",
        "system_id" => "system_id is longer than 15 octets or has no end",
        "password" => "password is longer than 8 octets or has no end",
        "system_type" => "system_type is longer than 12 octets or has no end",
        "address_range" => "address_range is longer than 40 octets or has no end",
        _ => "a C-octet string is too long or has no end",
    }
}

#[cfg(test)]
mod tests {
    use super::super::command::{SUBMIT_SM, TABLE, find};
    use super::*;

    #[test]
    fn every_row_fits() {
        assert_eq!(TABLE.iter().map(|row| row.fields.len()).max(), Some(PLACES - 1));
    }

    #[test]
    fn fields_stand_one_after_the_other_and_tlvs_behind_them() {
        let body = b"\0\x05\0Me\0\x01\x0146\0\0\0\0\0\0\0\0\0\0\x02hi\x14\x01\0\x01x";
        let layout = Layout::of(find(SUBMIT_SM).unwrap(), body).unwrap();
        let fields: Vec<_> = (0..layout.len()).map(|at| layout.field(at, body)).collect();
        assert_eq!(fields[..7], [&b"\0"[..], b"\x05", b"\0", b"Me\0", b"\x01", b"\x01", b"46\0"]);
        assert_eq!(fields[16..], [&b"\x02"[..], b"hi"]);
        assert_eq!(layout.field(18, body), b"");
        assert_eq!(layout.tlvs(body).iter().collect::<Vec<_>>(), [(0x1401, &b"x"[..])]);
    }
}
