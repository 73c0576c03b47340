//! The GSM 7-bit alphabet: text to septets and back (TS 23.038 §6.2.1), septets to packed octets and back (§6.1.2).
//!
//! "Septets" are octets that hold one septet each, the form in which most SMPP peers carry them.

use super::alphabet::{self, DEFAULT, ESCAPE};
use super::national::{self, Languages, Shift};
use crate::error::{Error, Result};

/// The most fill bits there can be before the first septet (TS 23.040 §9.2.3.24).
const MAX_FILL: u8 = 6;

/// Septets of `text`, escape pairs included. A character outside both tables is `text.unencodable`.
pub fn encode(text: &str) -> Result<Vec<u8>> {
    encode_with(text, Shift::NONE)
}

/// Septets of `text` in the tables of `shift`.
pub fn encode_with(text: &str, shift: Shift) -> Result<Vec<u8>> {
    if shift == Shift::NONE {
        if alphabet::all_plain(text.as_bytes()) {
            return Ok(text.bytes().map(ascii).collect());
        }
        return collect(text, alphabet::septets, "the GSM 7-bit alphabet");
    }
    collect(text, |c| shift.septets(c), "these GSM 7-bit tables")
}

/// The septet of a plain ASCII character: three of them have other places.
fn ascii(octet: u8) -> u8 {
    match octet {
        b'@' => 0x00,
        b'$' => 0x02,
        b'_' => 0x11,
        same => same,
    }
}

/// Whether a septet of the default alphabet stands for the ASCII character of the same number.
fn alike(septet: u8) -> bool {
    matches!(septet, b'\n' | b'\r' | b' '..=b'#' | b'%'..=b'?' | b'A'..=b'Z' | b'a'..=b'z')
}

fn collect(text: &str, septets: impl Fn(char) -> Option<u16>, tables: &str) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() + 8);
    for (at, c) in text.chars().enumerate() {
        let code = septets(c).ok_or_else(|| super::unencodable(c, at, tables))?;
        if code > 0x7F {
            out.push(ESCAPE);
        }
        out.push(code as u8 & 0x7F);
    }
    Ok(out)
}

/// The cheapest tables for `text` among the default ones and those of `languages`, as a message of its own would take them.
pub fn choose(text: &str, languages: Languages) -> Result<Shift> {
    if super::plan::default_septets(text).is_some() {
        return Ok(Shift::NONE);
    }
    let septets =
        |shift: &Shift| text.chars().map(|c| shift.septets(c).map_or(0, |s| 1 + usize::from(s > 0x7F))).sum::<usize>();
    let cheapest = national::candidates(languages, text).into_iter().min_by_key(septets);
    cheapest.ok_or_else(|| super::plan::refused(text, None, languages))
}

/// Text of `septets`. An octet above 0x7F is `text.undecodable`.
///
/// §6.2.1.1: an escape to an unknown code shows the default table's character; an escape with nothing behind it shows nothing.
pub fn decode(septets: &[u8]) -> Result<String> {
    decode_with(septets, Shift::NONE)
}

/// Text of `septets` in the tables of `shift`. An octet above 0x7F, or one for which a table has an empty cell, is `text.undecodable`.
pub fn decode_with(septets: &[u8], shift: Shift) -> Result<String> {
    if shift == Shift::NONE && septets.iter().all(|o| alike(*o)) {
        return Ok(septets.iter().map(|o| char::from(*o)).collect());
    }
    let mut out = String::with_capacity(septets.len());
    let mut escaped = false;
    for (at, &code) in septets.iter().enumerate() {
        if code > 0x7F {
            return Err(Error::at(
                "text.undecodable",
                at,
                format!("octet 0x{code:02X} at {at} is no septet: the text is packed or in another alphabet"),
            ));
        }
        let c = match (escaped, shift == Shift::NONE) {
            (false, _) if code == ESCAPE => {
                escaped = true;
                continue;
            }
            (false, true) => Some(DEFAULT[usize::from(code)]),
            (true, true) => Some(alphabet::extended(code)),
            (false, false) => shift.plain(code),
            (true, false) => shift.extended(code),
        };
        escaped = false;
        out.push(c.ok_or_else(|| {
            Error::at(
                "text.undecodable",
                at,
                format!(
                    "septet 0x{code:02X} at {at} is an empty cell of the language's table: the header may be wrong"
                ),
            )
        })?);
    }
    Ok(out)
}

/// Fill bits that bring text behind a header of `header` octets (its length octet included) to a septet boundary.
pub fn fill_bits(header: usize) -> u8 {
    ((7 - header * 8 % 7) % 7) as u8
}

/// Packs septets low bit first behind `fill_bits` zero bits; the unused high bits of the last octet are zero (§6.1.2.1.1).
pub fn pack(septets: &[u8], fill_bits: u8) -> Result<Vec<u8>> {
    check_pack(septets, fill_bits)?;
    let mut out = Vec::with_capacity(packed_len(septets.len(), fill_bits) + 8);
    let (eights, rest) = septets.as_chunks::<8>();
    // What the last octet of the eights still holds, below `fill_bits`.
    let mut held = 0;
    for eight in eights {
        let bits = squeeze(u64::from_le_bytes(*eight)) << fill_bits | held;
        out.extend_from_slice(&bits.to_le_bytes());
        out.truncate(out.len() - 1);
        held = bits >> 56;
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let bits = squeeze(u64::from_le_bytes(last)) << fill_bits | held;
    out.extend_from_slice(&bits.to_le_bytes());
    out.truncate(packed_len(septets.len(), fill_bits));
    Ok(out)
}

/// Whether these are septets, and so many fill bits possible.
pub fn check_pack(septets: &[u8], fill_bits: u8) -> Result<()> {
    check_fill(fill_bits)?;
    if !septets.is_ascii()
        && let Some(at) = septets.iter().position(|septet| *septet > 0x7F)
    {
        return Err(Error::at(
            "text.bad_argument",
            at,
            format!("0x{:02X} at {at} is no septet: pack takes values up to 0x7F", septets[at]),
        ));
    }
    Ok(())
}

/// Octets that `septets` septets take behind `fill_bits` bits.
pub fn packed_len(septets: usize, fill_bits: u8) -> usize {
    (septets * 7 + usize::from(fill_bits)).div_ceil(8)
}

/// Eight septets, one to an octet, as one run of 56 bits: septets to pairs, pairs to fours, fours to the whole.
fn squeeze(mut bits: u64) -> u64 {
    bits = bits & 0x007F_007F_007F_007F | (bits & 0x7F00_7F00_7F00_7F00) >> 1;
    bits = bits & 0x0000_3FFF_0000_3FFF | (bits & 0x3FFF_0000_3FFF_0000) >> 2;
    bits & 0x0FFF_FFFF | (bits & 0x0FFF_FFFF_0000_0000) >> 4
}

/// The inverse of [`squeeze`]; bits above the 56 are left out.
fn spread(mut bits: u64) -> u64 {
    bits = bits & 0x0FFF_FFFF | bits << 4 & 0x0FFF_FFFF_0000_0000;
    bits = bits & 0x0000_3FFF_0000_3FFF | bits << 2 & 0x3FFF_0000_3FFF_0000;
    bits & 0x007F_007F_007F_007F | bits << 1 & 0x7F00_7F00_7F00_7F00
}

/// Reads `count` septets behind `fill_bits` bits. Fewer octets than that take is `text.undecodable`; more are left alone.
pub fn unpack(octets: &[u8], count: usize, fill_bits: u8) -> Result<Vec<u8>> {
    check_unpack(octets, count, fill_bits)?;
    let mut out = Vec::with_capacity(count + 8);
    for at in (0..octets.len()).step_by(7).take(count.div_ceil(8)) {
        let eight = octets[at..].first_chunk().copied().unwrap_or_else(|| {
            let mut last = [0; 8];
            last[..octets.len() - at].copy_from_slice(&octets[at..]);
            last
        });
        out.extend_from_slice(&spread(u64::from_le_bytes(eight) >> fill_bits).to_le_bytes());
    }
    out.truncate(count);
    Ok(out)
}

/// Whether so many septets can be read behind so many bits.
pub fn check_unpack(octets: &[u8], count: usize, fill_bits: u8) -> Result<()> {
    check_fill(fill_bits)?;
    let room = capacity(octets.len(), fill_bits);
    if count > room {
        return Err(Error::at(
            "text.undecodable",
            octets.len(),
            format!("{} octets hold {room} septets, not {count}", octets.len()),
        ));
    }
    Ok(())
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
pub(crate) fn pack_body(septets: &[u8], fill_bits: u8) -> Result<Vec<u8>> {
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
pub(crate) fn unpack_body(octets: &[u8], fill_bits: u8) -> Result<Vec<u8>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_is_what_the_table_says() {
        for code in 0..=255u8 {
            let same = code != ESCAPE && DEFAULT.get(usize::from(code)) == Some(&char::from(code));
            assert_eq!(alike(code), same, "{code:02X}");
        }
    }
}
