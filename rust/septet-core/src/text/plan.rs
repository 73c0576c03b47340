//! Which encoding a text takes, with which tables, and how many units go into each segment. No octet is made here.

use std::borrow::Cow;

use super::grapheme::spare;
use super::national::{self, Languages, Shift};
use super::segment::{Mode, SegmentOptions};
use super::transliterate::{Replaced, Transliteration};
use super::{Choice, Encoding, MAX_PARTS, USER_DATA, alphabet, concat_header, too_many, udh, unencodable};
use crate::error::{Error, Result};

/// Octets that a message_payload TLV can hold: its length has 16 bits (SMPP 3.4 §5.3.2.32).
const PAYLOAD: usize = 0xFFFF;

/// The least units that a part beside its header must take for a text to get anywhere.
pub(super) const LEAST: usize = 4;

/// How a text will be sent.
#[derive(Debug)]
pub(super) struct Plan<'t> {
    /// What is encoded: the text, or what transliteration made of it.
    pub text: Cow<'t, str>,
    pub encoding: Encoding,
    pub shift: Shift,
    /// Units of each segment, at least one entry.
    pub pieces: Vec<usize>,
    pub replaced: Vec<Replaced>,
}

/// Units that fit into a message of one part and into each of several.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub single: usize,
    /// 0 where several parts cannot be.
    pub part: usize,
    /// Octets of the header in each of several.
    pub header: usize,
}

/// The room beside the caller's header and the elements of `shift`, by encoding, mode and packing.
pub(super) fn room(encoding: Encoding, given: &[u8], shift: Shift, options: &SegmentOptions) -> Result<Room> {
    let own = given.len().saturating_sub(1) + shift.elements().len();
    let alone = if own == 0 { given.len() } else { own + 1 };
    let concat = concat_header(options.reference_bits)?;
    let capacity = |header: usize| match (options.mode, encoding) {
        (Mode::Payload, Encoding::Gsm7) if options.packed => PAYLOAD.saturating_sub(header) * 8 / 7,
        (Mode::Payload, Encoding::Ucs2) => PAYLOAD.saturating_sub(header) / 2,
        (Mode::Payload, _) => PAYLOAD.saturating_sub(header),
        _ => encoding.capacity(header),
    };
    let header = if options.mode == Mode::Udh { own + concat } else { alone };
    let part = if options.mode == Mode::Payload { 0 } else { capacity(header) };
    if alone > USER_DATA {
        return Err(no_room(alone));
    }
    Ok(Room { single: capacity(alone), part, header })
}

/// A header that leaves nothing for the body.
pub(super) fn no_room(header: usize) -> Error {
    Error::new("text.bad_udh", format!("a header of {header} octets leaves no room for a body"))
}

/// More parts than there are, for each of the modes.
pub(super) fn too_long(mode: Mode) -> Error {
    match mode {
        Mode::Payload => Error::new(
            "text.too_many_segments",
            format!("the body exceeds the {PAYLOAD} octets of message_payload: shorten it"),
        ),
        _ => too_many(),
    }
}

/// Plans `text`: the cheapest encoding that loses nothing, or the one asked for.
pub(super) fn plan<'t>(
    text: &'t str,
    given: &[u8],
    table: Option<&Transliteration>,
    options: &SegmentOptions,
) -> Result<Plan<'t>> {
    let seven_bit_allowed = matches!(options.encoding, Choice::Auto | Choice::Gsm7);
    if seven_bit_allowed && let Some(found) = seven_bit(text, given, table, options)? {
        return Ok(found);
    }
    let plain = |encoding, text: Cow<'t, str>, replaced| -> Result<Plan<'t>> {
        let width = |c: char| if encoding == Encoding::Ucs2 { c.len_utf16() } else { 1 };
        let total = text.chars().map(width).sum();
        let pieces = pieces(&text, &width, total, room(encoding, given, Shift::NONE, options)?, options.mode)?;
        Ok(Plan { text, encoding, shift: Shift::NONE, pieces, replaced })
    };
    match options.encoding {
        // UCS-2 has every character, so the writer's own signs stay.
        Choice::Auto | Choice::Ucs2 => plain(Encoding::Ucs2, text.into(), Vec::new()),
        Choice::Gsm7 => Err(refused(text, table, options.languages)),
        Choice::Latin1 => {
            let fits = |c: char| (c as u32) < 0x100;
            let (text, replaced) = match table.and_then(|t| t.apply(text, fits)) {
                Some((text, replaced)) => (Cow::Owned(text), replaced),
                None => (Cow::Borrowed(text), Vec::new()),
            };
            match text.chars().position(|c| !fits(c)) {
                Some(at) => Err(unencodable(text.chars().nth(at).unwrap_or_default(), at, "ISO 8859-1")),
                None => plain(Encoding::Latin1, text, replaced),
            }
        }
    }
}

/// The plan with septets, if one holds the text (or, on request, what transliteration makes of it).
fn seven_bit<'t>(
    text: &'t str,
    given: &[u8],
    table: Option<&Transliteration>,
    options: &SegmentOptions,
) -> Result<Option<Plan<'t>>> {
    if let Some(found) = lossless(text.into(), given, options)? {
        return Ok(Some(found));
    }
    let Some(table) = table else {
        return Ok(None);
    };
    let with = |languages: Languages| -> Result<Option<Plan<'t>>> {
        let Some((text, replaced)) = table.apply(text, |c| national::holds(languages, c)) else {
            return Ok(None);
        };
        let found = lossless(text.into(), given, &SegmentOptions { languages, ..*options })?;
        Ok(found.map(|plan| Plan { replaced, ..plan }))
    };
    // Letters that a permitted table has are kept before they are given up.
    match with(options.languages)? {
        None if !options.languages.is_empty() => with(Languages::default()),
        found => Ok(found),
    }
}

/// The default alphabet if it holds the text, else the cheapest of the permitted tables.
fn lossless<'t>(text: Cow<'t, str>, given: &[u8], options: &SegmentOptions) -> Result<Option<Plan<'t>>> {
    let made = |text, shift, pieces| Plan { text, encoding: Encoding::Gsm7, shift, pieces, replaced: Vec::new() };
    if let Some(total) = default_septets(&text) {
        let width = |c: char| alphabet::septets(c).map_or(0, widths_of);
        let room = room(Encoding::Gsm7, given, Shift::NONE, options)?;
        let pieces = pieces(&text, &width, total, room, options.mode)?;
        return Ok(Some(made(text, Shift::NONE, pieces)));
    }
    if options.languages.is_empty() {
        return Ok(None);
    }
    let mut best: Option<(Shift, Vec<usize>)> = None;
    for shift in national::candidates(options.languages, &text) {
        let width = |c: char| shift.septets(c).map_or(0, widths_of);
        let Ok(room) = room(Encoding::Gsm7, given, shift, options) else {
            continue;
        };
        let total = text.chars().map(width).sum();
        let Ok(pieces) = pieces(&text, &width, total, room, options.mode) else {
            continue;
        };
        let cost = |pieces: &[usize]| (pieces.len(), pieces.iter().sum::<usize>());
        if best.as_ref().is_none_or(|(_, least)| cost(&pieces) < cost(least)) {
            best = Some((shift, pieces));
        }
    }
    let Some((shift, found)) = best else {
        return Ok(None);
    };
    if options.encoding == Choice::Auto && found.len() > 1 {
        let width = |c: char| c.len_utf16();
        let total = text.chars().map(width).sum();
        let wide = room(Encoding::Ucs2, given, Shift::NONE, options)
            .and_then(|room| pieces(&text, &width, total, room, options.mode));
        if wide.is_ok_and(|wide| wide.len() < found.len()) {
            return Ok(None);
        }
    }
    Ok(Some(made(text, shift, found)))
}

fn widths_of(septets: u16) -> usize {
    1 + usize::from(septets > 0x7F)
}

/// Septets of `text` in the default tables, `None` if they lack a character.
pub(super) fn default_septets(text: &str) -> Option<usize> {
    if alphabet::all_plain(text.as_bytes()) {
        return Some(text.len());
    }
    text.chars().map(|c| alphabet::septets(c).map(widths_of)).sum()
}

/// Why `encoding="gsm7"` cannot be: the first character that no permitted table holds, or else the first that the default tables lack.
pub(super) fn refused(text: &str, table: Option<&Transliteration>, languages: Languages) -> Error {
    let replaced = table.and_then(|t| t.apply(text, |c| national::holds(languages, c)));
    let text = replaced.as_ref().map_or(text, |(text, _)| text);
    let first = |keeps: &dyn Fn(char) -> bool| text.chars().enumerate().find(|(_, c)| !keeps(*c));
    let (at, c) = first(&|c| national::holds(languages, c))
        .or_else(|| first(&|c| alphabet::septets(c).is_some()))
        .unwrap_or_default();
    unencodable(c, at, "the GSM 7-bit alphabet")
}

/// Units of each segment: the fewest segments, as full as can be but for clusters of characters that stay together.
///
/// Taking as much as fits each time is minimal because a piece that ends later never makes the rest longer.
fn pieces(text: &str, width: &impl Fn(char) -> usize, total: usize, room: Room, mode: Mode) -> Result<Vec<usize>> {
    if total <= room.single {
        return Ok(vec![total]);
    }
    if mode == Mode::Payload {
        return Err(too_long(mode));
    }
    if room.part < LEAST {
        return Err(no_room(room.header));
    }
    if alphabet::all_plain(text.as_bytes()) && !text.as_bytes().contains(&b'\r') && total == text.len() {
        return even(total, room.part, mode);
    }
    let mut out = Vec::with_capacity(total / room.part + 1);
    let mut used = 0;
    for c in text.chars() {
        let more = width(c);
        if used + more > room.part {
            out.push(used);
            used = 0;
            if out.len() == MAX_PARTS {
                return Err(too_long(mode));
            }
        }
        used += more;
    }
    out.push(used);
    Ok(spare(text, width, room.part, out))
}

/// The same where every character is one unit and stands alone.
fn even(total: usize, part: usize, mode: Mode) -> Result<Vec<usize>> {
    let count = total.div_ceil(part);
    if count > MAX_PARTS {
        return Err(too_long(mode));
    }
    let mut out = vec![part; count];
    out[count - 1] = total - part * (count - 1);
    Ok(out)
}

/// Whether a caller's header can go with a text: well formed, and silent about the alphabet.
pub(super) fn check_header(given: &[u8]) -> Result<()> {
    let Some(elements) = udh::parse(given) else {
        return Err(Error::at("text.bad_udh", 0, "the header's length does not match its elements"));
    };
    if elements.iter().any(|e| matches!(e.iei, udh::SINGLE_SHIFT | udh::LOCKING_SHIFT)) {
        return Err(Error::new("text.bad_udh", "the header names a national language: permit it by languages instead"));
    }
    Ok(())
}
