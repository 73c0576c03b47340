//! A message as the parts that go out: encoding, header, body.

use super::cut::cut;
use super::decode::{Kind, kind};
use super::transliterate::transliterate;
use super::udh::{self, Concat};
use super::{Choice, Encoding, USER_DATA, concat_header, gsm7, latin1, ucs2};
use crate::error::{Error, Result};

/// How to split. The default: automatic encoding, 8-bit reference 0, one septet per octet, no transliteration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentOptions {
    /// The encoding asked for.
    pub encoding: Choice,
    /// Reference of the concatenation, if it comes to that; at most 255 with 8 bits.
    pub reference: u16,
    /// 8 or 16.
    pub reference_bits: u8,
    /// GSM 7-bit bodies packed eight septets to seven octets, behind the header's fill bits.
    pub packed: bool,
    /// Replace typographic signs by plain ones where that avoids UCS-2 or an error.
    pub transliterate: bool,
}

impl Default for SegmentOptions {
    fn default() -> Self {
        Self { encoding: Choice::Auto, reference: 0, reference_bits: 8, packed: false, transliterate: false }
    }
}

/// One part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// Octets of the header, its length octet included; 0 without one.
    pub udh_len: usize,
    /// Header and body: the `short_message`.
    pub octets: Vec<u8>,
}

impl Part {
    /// The header with its length octet, empty if there is none.
    pub fn udh(&self) -> &[u8] {
        &self.octets[..self.udh_len]
    }

    /// What follows the header.
    pub fn body(&self) -> &[u8] {
        &self.octets[self.udh_len..]
    }
}

/// A message ready to send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segments {
    /// The encoding of every part.
    pub encoding: Encoding,
    /// The SMPP `data_coding` of every part.
    pub data_coding: u8,
    /// Whether the parts begin with a header, so that `esm_class` needs the indicator 0x40.
    pub udhi: bool,
    /// The parts in order, 1 to 255.
    pub parts: Vec<Part>,
}

/// Splits `text` into the fewest parts. An empty text is one empty part.
///
/// A packed part that is full and ends in CR gives that CR to the next one, because a reader would take it for padding.
pub fn segment(text: &str, options: &SegmentOptions) -> Result<Segments> {
    check(*options)?;
    let (encoding, units) = encode(text, *options)?;
    pack_parts(&units, encoding, encoding.data_coding(), &[], *options)
}

/// Splits octets that are already encoded as `data_coding` says. The elements of `udh` (with its length octet, may be empty)
/// are repeated in each part, behind the concatenation.
pub fn segment_binary(data: &[u8], udh: &[u8], data_coding: u8, options: &SegmentOptions) -> Result<Segments> {
    check(*options)?;
    if options.packed {
        return Err(Error::new("text.bad_argument", "octets are sent as they are: packed applies to text"));
    }
    if udh::parse(udh).is_none() {
        return Err(Error::at("text.bad_udh", 0, "the header's length does not match its elements"));
    }
    let encoding = match kind(data_coding) {
        Some(Kind::Ucs2) => Encoding::Ucs2,
        Some(Kind::Default | Kind::Gsm7) if data.iter().all(|o| *o < 0x80) => Encoding::Gsm7,
        Some(Kind::Latin1) => Encoding::Latin1,
        _ => Encoding::Binary,
    };
    pack_parts(data, encoding, data_coding, udh, *options)
}

fn check(options: SegmentOptions) -> Result<()> {
    concat_header(options.reference_bits)?;
    if options.reference_bits == 8 && options.reference > 0xFF {
        return Err(Error::new(
            "text.bad_argument",
            format!("reference {} does not fit in 8 bits: use reference_bits 16", options.reference),
        ));
    }
    Ok(())
}

fn encode(text: &str, options: SegmentOptions) -> Result<(Encoding, Vec<u8>)> {
    let plain = || {
        if options.transliterate { transliterate(text) } else { text.into() }
    };
    Ok(match options.encoding {
        Choice::Auto => match gsm7::try_encode(&plain()) {
            Some(septets) => (Encoding::Gsm7, septets),
            // UCS-2 has every character, so the writer's own signs stay.
            None => (Encoding::Ucs2, ucs2(text)),
        },
        Choice::Gsm7 => (Encoding::Gsm7, gsm7::encode(&plain())?),
        Choice::Latin1 => {
            (Encoding::Latin1, latin1(text).or_else(|e| if options.transliterate { latin1(&plain()) } else { Err(e) })?)
        }
        Choice::Ucs2 => (Encoding::Ucs2, ucs2(text)),
    })
}

fn pack_parts(
    units: &[u8],
    encoding: Encoding,
    data_coding: u8,
    given: &[u8],
    options: SegmentOptions,
) -> Result<Segments> {
    let packed = options.packed && encoding == Encoding::Gsm7;
    let others = given.get(1..).unwrap_or_default();
    let single = room(encoding, given.len());
    let pieces = if units.len() <= single && !(packed && is_padding_like(units, single)) {
        vec![units]
    } else {
        if udh::elements(given).iter().any(|e| matches!(e.iei, udh::CONCAT_8 | udh::CONCAT_16)) {
            return Err(Error::new(
                "text.bad_udh",
                "the header already says which part this is, but the octets exceed one part",
            ));
        }
        let header = others.len() + concat_header(options.reference_bits)?;
        let capacity = room(encoding, header);
        if capacity < 4 {
            return Err(Error::new("text.bad_udh", format!("a header of {header} octets leaves no room for a body")));
        }
        if packed { cut_packed(units, capacity)? } else { cut(units, encoding, capacity)? }
    };
    let total = pieces.len() as u8;
    let mut parts = Vec::with_capacity(pieces.len());
    for (i, piece) in pieces.iter().enumerate() {
        let udh = if total == 1 {
            given.to_vec()
        } else {
            let wide = options.reference_bits == 16;
            let concat = Concat { reference: options.reference, wide, total, sequence: i as u8 + 1 };
            let mut elements = concat.element();
            elements.extend_from_slice(others);
            udh::build(&elements).ok_or_else(|| Error::new("text.bad_udh", "the header is longer than 255 octets"))?
        };
        let udh_len = udh.len();
        let mut octets = udh;
        if packed {
            octets.extend_from_slice(&gsm7::pack_body(piece, gsm7::fill_bits(udh_len))?);
        } else {
            octets.extend_from_slice(piece);
        }
        parts.push(Part { udh_len, octets });
    }
    Ok(Segments { encoding, data_coding, udhi: parts[0].udh_len > 0, parts })
}

/// Octets of unpacked body beside a header: one per septet in GSM 7-bit.
fn room(encoding: Encoding, header: usize) -> usize {
    match encoding {
        Encoding::Gsm7 => encoding.capacity(header),
        _ => USER_DATA.saturating_sub(header),
    }
}

/// Whether a reader without a septet count would take the last character of a full packed part for padding.
fn is_padding_like(piece: &[u8], capacity: usize) -> bool {
    piece.len() == capacity && piece.last() == Some(&gsm7::CR)
}

/// [`cut`], except that no full piece ends in CR.
fn cut_packed(units: &[u8], capacity: usize) -> Result<Vec<&[u8]>> {
    let mut pieces = cut(units, Encoding::Gsm7, capacity)?;
    if pieces.iter().any(|p| is_padding_like(p, capacity)) {
        pieces.clear();
        let mut rest = units;
        while !rest.is_empty() {
            let head = cut(&rest[..rest.len().min(capacity + 1)], Encoding::Gsm7, capacity)?[0];
            let keep = head.len() - usize::from(is_padding_like(head, capacity));
            pieces.push(&head[..keep]);
            rest = &rest[keep..];
        }
        if pieces.len() > super::MAX_PARTS {
            return Err(super::too_many());
        }
    }
    Ok(pieces)
}
