//! The GSM 7-bit alphabet: text to septets and back (TS 23.038 §6.2.1), septets to packed octets and back (§6.1.2).
//!
//! "Septets" are octets that hold one septet each, the form in which most SMPP peers carry them.

use super::alphabet::{self, ESCAPE};
use crate::error::{Error, Result};

/// The most fill bits there can be before the first septet (TS 23.040 §9.2.3.24).
const MAX_FILL: u8 = 6;

/// Septets of `text`, escape pairs included. A character outside both tables is `text.unencodable`.
pub fn encode(text: &str) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() + 8);
    for (at, c) in text.chars().enumerate() {
        push(&mut out, c).ok_or_else(|| super::unencodable(c, at, "the GSM 7-bit alphabet"))?;
    }
    Ok(out)
}

/// Like [`encode`], but `None` at the first character that has no septets: the quick test behind the automatic choice.
pub(super) fn try_encode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() + 8);
    text.chars().try_for_each(|c| push(&mut out, c))?;
    Some(out)
}

#[inline]
fn push(out: &mut Vec<u8>, c: char) -> Option<()> {
    let code = alphabet::septets(c)?;
    if code > 0x7F {
        out.push(ESCAPE);
    }
    out.push(code as u8 & 0x7F);
    Some(())
}

/// Text of `septets`. An octet above 0x7F is `text.undecodable`.
///
/// §6.2.1.1: an escape to an unknown code shows the default table's character; an escape with nothing behind it shows nothing.
pub fn decode(septets: &[u8]) -> Result<String> {
    let mut out = String::with_capacity(septets.len());
    match super::quick::decode(septets, &mut out) {
        None => Ok(out),
        Some(at) => Err(Error::at(
            "text.undecodable",
            at,
            format!("octet 0x{:02X} at {at} is no septet: the text is packed or in another alphabet", septets[at]),
        )),
    }
}

/// Fill bits that bring text behind a header of `header` octets (its length octet included) to a septet boundary.
pub fn fill_bits(header: usize) -> u8 {
    ((7 - header * 8 % 7) % 7) as u8
}

/// Packs septets low bit first behind `fill_bits` zero bits; the unused high bits of the last octet are zero (§6.1.2.1.1).
pub fn pack(septets: &[u8], fill_bits: u8) -> Result<Vec<u8>> {
    check_fill(fill_bits)?;
    let mut out = Vec::with_capacity((septets.len() * 7 + usize::from(fill_bits)).div_ceil(8));
    let (done, held) = super::quick::pack_eights(septets, fill_bits, &mut out);
    let (mut held, mut bits) = (held as u32, u32::from(fill_bits));
    for (at, &septet) in septets.iter().enumerate().skip(done) {
        if septet > 0x7F {
            return Err(Error::at(
                "text.bad_argument",
                at,
                format!("0x{septet:02X} at {at} is no septet: pack takes values up to 0x7F"),
            ));
        }
        held |= u32::from(septet) << bits;
        bits += 7;
        while bits >= 8 {
            out.push(held as u8);
            held >>= 8;
            bits -= 8;
        }
    }
    if bits > 0 {
        out.push(held as u8);
    }
    Ok(out)
}

/// Reads `count` septets behind `fill_bits` bits. Fewer octets than that take is `text.undecodable`; more are left alone.
pub fn unpack(octets: &[u8], count: usize, fill_bits: u8) -> Result<Vec<u8>> {
    check_fill(fill_bits)?;
    let room = capacity(octets.len(), fill_bits);
    if count > room {
        return Err(Error::at(
            "text.undecodable",
            octets.len(),
            format!("{} octets hold {room} septets, not {count}", octets.len()),
        ));
    }
    let mut out = Vec::with_capacity(count);
    super::quick::unpack_eights(octets, count, fill_bits, &mut out);
    for i in out.len()..count {
        let bit = i * 7 + usize::from(fill_bits);
        let (at, shift) = (bit / 8, bit % 8);
        let next = octets.get(at + 1).copied().unwrap_or(0);
        out.push((u16::from_le_bytes([octets[at], next]) >> shift) as u8 & 0x7F);
    }
    Ok(out)
}

/// How many septets `octets` octets hold behind `fill_bits` bits.
pub fn capacity(octets: usize, fill_bits: u8) -> usize {
    (octets * 8).saturating_sub(usize::from(fill_bits)) / 7
}

fn check_fill(fill_bits: u8) -> Result<()> {
    if fill_bits > MAX_FILL {
        return Err(Error::new(
            "text.bad_argument",
            format!("fill_bits is {fill_bits}, but 0 to {MAX_FILL} are possible"),
        ));
    }
    Ok(())
}

/// Packs a body whose reader knows its octets but not its septets, as in an SMPP `short_message`.
///
/// Seven spare bits would read as `@`. §6.1.2.3.1 settles it where no count exists: they carry CR, which [`unpack_body`]
/// takes off again, and a text that itself ends in CR on an octet boundary gets one more (which stays: a second CR at the
/// end of a text shows nothing).
pub(super) fn pack_body(septets: &[u8], fill_bits: u8) -> Result<Vec<u8>> {
    if septets.is_empty() {
        return Ok(Vec::new());
    }
    let used = septets.len() * 7 + usize::from(fill_bits);
    let spare = used.div_ceil(8) * 8 - used;
    let padded = spare == 7 || (spare == 0 && septets.last() == Some(&CR));
    if !padded {
        return pack(septets, fill_bits);
    }
    let mut all = septets.to_vec();
    all.push(CR);
    pack(&all, fill_bits)
}

/// Reads what [`pack_body`] packed.
pub(super) fn unpack_body(octets: &[u8], fill_bits: u8) -> Result<Vec<u8>> {
    let count = capacity(octets.len(), fill_bits);
    let mut septets = unpack(octets, count, fill_bits)?;
    let on_boundary = count * 7 + usize::from(fill_bits) == octets.len() * 8;
    if on_boundary && septets.last() == Some(&CR) {
        septets.pop();
    }
    Ok(septets)
}

/// Carriage return, the padding of §6.1.2.3.1.
pub(super) const CR: u8 = 0x0D;
