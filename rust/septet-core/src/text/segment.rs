//! A message as the parts that go out: encoding, header, body.

use super::cut::cut;
use super::decode::{Kind, kind};
use super::national::{Languages, Shift};
use super::plan::{self, LEAST, Plan, Room, check_header, plan, too_long};
use super::transliterate::{Replaced, Transliteration};
use super::udh::{self, Concat};
use super::{Choice, Encoding, concat_header, gsm7, latin1, ucs2};
use crate::error::{Error, Result};

/// How the parts of one message say that they belong together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// A concatenation element in each part's header (TS 23.040 §9.2.3.24.1 and .8).
    #[default]
    Udh,
    /// The caller sends sar_msg_ref_num, sar_total_segments and sar_segment_seqnum (SMPP 3.4 §5.3.2.22-24): no element takes room.
    Sar,
    /// One part, which the caller sends as message_payload (SMPP 3.4 §5.3.2.32).
    Payload,
}

/// How to split. The default: automatic encoding in the default tables, 8-bit reference 0 in the header, one septet per octet, no
/// transliteration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentOptions {
    /// The encoding asked for.
    pub encoding: Choice,
    /// Reference of the concatenation, if it comes to that; at most 255 with 8 bits in a header.
    pub reference: u16,
    /// 8 or 16.
    pub reference_bits: u8,
    /// GSM 7-bit bodies packed eight septets to seven octets, behind the header's fill bits.
    pub packed: bool,
    /// Replace characters by plain ones where that avoids UCS-2 or an error.
    pub transliterate: bool,
    /// The languages whose tables may be used.
    pub languages: Languages,
    /// What makes the parts one message.
    pub mode: Mode,
}

impl Default for SegmentOptions {
    fn default() -> Self {
        Self {
            encoding: Choice::Auto,
            reference: 0,
            reference_bits: 8,
            packed: false,
            transliterate: false,
            languages: Languages::default(),
            mode: Mode::Udh,
        }
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
    /// The tables of national languages that each part's header names.
    pub shift: Shift,
    /// What makes the parts one message.
    pub mode: Mode,
    /// The reference asked for: the value of sar_msg_ref_num in mode `Sar`.
    pub reference: u16,
    /// What transliteration replaced by what, each once, in order of appearance.
    pub replaced: Vec<Replaced>,
}

/// Splits `text` into the fewest parts. An empty text is one empty part.
///
/// A packed part that is full and ends in CR gives that CR to the next one, because a reader would take it for padding.
pub fn segment(text: &str, options: &SegmentOptions) -> Result<Segments> {
    segment_with(text, b"", None, options)
}

/// Like [`segment()`]. The elements of `udh` (with its length octet, may be empty) stand in each part, behind the concatenation and
/// the languages; `table` transliterates, the built-in one if it is `None` and the options ask for it.
pub fn segment_with(
    text: &str,
    udh: &[u8],
    table: Option<&Transliteration>,
    options: &SegmentOptions,
) -> Result<Segments> {
    check(*options)?;
    check_header(udh)?;
    let built_in = Transliteration::default();
    let table = table.or_else(|| options.transliterate.then_some(&built_in));
    let Plan { text, encoding, shift, pieces, replaced } = plan(text, udh, table, options)?;
    let (units, width) = match encoding {
        Encoding::Gsm7 => (gsm7::encode_with(&text, shift)?, 1),
        Encoding::Ucs2 => (ucs2(&text), 2),
        Encoding::Latin1 | Encoding::Binary => (latin1(&text)?, 1),
    };
    let packed = options.packed && encoding == Encoding::Gsm7;
    let room = plan::room(encoding, udh, shift, options)?;
    let bodies = if packed && ends_like_padding(&units, &pieces, room) {
        if options.mode == Mode::Payload {
            return Err(too_long(options.mode));
        }
        cut_packed(&units, room.part)?
    } else {
        let mut rest = units.as_slice();
        let mut take = |length: &usize| {
            let (head, tail) = rest.split_at(length * width);
            rest = tail;
            head
        };
        pieces.iter().map(&mut take).collect()
    };
    let parts = parts(&bodies, udh, shift, packed, options)?;
    Ok(Segments { shift, replaced, ..finish(encoding, encoding.data_coding(), parts, options) })
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
    let room = plan::room(encoding, udh, Shift::NONE, options)?;
    let octets = |units: usize| if encoding == Encoding::Ucs2 { units * 2 } else { units };
    let bodies = if data.len() <= octets(room.single) {
        vec![data]
    } else if options.mode == Mode::Payload {
        return Err(too_long(options.mode));
    } else if room.part < LEAST {
        return Err(plan::no_room(room.header));
    } else {
        cut(data, encoding, octets(room.part))?
    };
    let parts = parts(&bodies, udh, Shift::NONE, false, options)?;
    Ok(finish(encoding, data_coding, parts, options))
}

pub(super) fn check(options: SegmentOptions) -> Result<()> {
    concat_header(options.reference_bits)?;
    if options.mode == Mode::Udh && options.reference_bits == 8 && options.reference > 0xFF {
        return Err(Error::new(
            "text.bad_argument",
            format!("reference {} does not fit in 8 bits: use reference_bits 16", options.reference),
        ));
    }
    Ok(())
}

fn finish(encoding: Encoding, data_coding: u8, parts: Vec<Part>, options: &SegmentOptions) -> Segments {
    Segments {
        encoding,
        data_coding,
        udhi: parts[0].udh_len > 0,
        parts,
        shift: Shift::NONE,
        mode: options.mode,
        reference: options.reference,
        replaced: Vec::new(),
    }
}

/// Headers before bodies.
fn parts(bodies: &[&[u8]], given: &[u8], shift: Shift, packed: bool, options: &SegmentOptions) -> Result<Vec<Part>> {
    let too_wide = || Error::new("text.bad_udh", "the header is longer than 255 octets");
    let mut others = shift.elements();
    others.extend_from_slice(given.get(1..).unwrap_or_default());
    let several = bodies.len() > 1;
    if several && udh::elements(given).iter().any(|e| matches!(e.iei, udh::CONCAT_8 | udh::CONCAT_16)) {
        return Err(Error::new(
            "text.bad_udh",
            "the header already says which part this is, but the message exceeds one part",
        ));
    }
    let same = if shift == Shift::NONE { given.to_vec() } else { udh::build(&others).ok_or_else(too_wide)? };
    let mut out = Vec::with_capacity(bodies.len());
    for (i, body) in bodies.iter().enumerate() {
        let mut octets = if several && options.mode == Mode::Udh {
            let wide = options.reference_bits == 16;
            let (total, sequence) = (bodies.len() as u8, i as u8 + 1);
            let mut elements = Concat { reference: options.reference, wide, total, sequence }.element();
            elements.extend_from_slice(&others);
            udh::build(&elements).ok_or_else(too_wide)?
        } else {
            same.clone()
        };
        let udh_len = octets.len();
        if packed {
            octets.extend_from_slice(&gsm7::pack_body(body, gsm7::fill_bits(udh_len))?);
        } else {
            octets.extend_from_slice(body);
        }
        out.push(Part { udh_len, octets });
    }
    Ok(out)
}

/// Whether a full piece ends in CR, which a reader without a septet count would take for padding.
fn ends_like_padding(units: &[u8], pieces: &[usize], room: Room) -> bool {
    let full = if pieces.len() == 1 { room.single } else { room.part };
    let mut end = 0;
    pieces.iter().any(|length| {
        end += length;
        *length > 0 && is_padding_like(&units[end - length..end], full)
    })
}

/// Whether a piece fills its part and ends in CR.
fn is_padding_like(piece: &[u8], capacity: usize) -> bool {
    piece.len() == capacity && piece.last() == Some(&gsm7::CR)
}

/// The fewest pieces of which no full one ends in CR.
fn cut_packed(units: &[u8], capacity: usize) -> Result<Vec<&[u8]>> {
    let mut pieces = Vec::new();
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
    Ok(pieces)
}
