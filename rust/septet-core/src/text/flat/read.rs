//! Bodies as flat text.

use super::STEP;
use crate::error::Result;
use crate::text::alphabet::{self, DEFAULT, ESCAPE};
use crate::text::coding::{Alphabet, DataCoding};
use crate::text::{DefaultAlphabet, decode};

/// A body and what says how to read it: the arguments of [`decode`].
#[derive(Clone, Copy, Debug)]
pub struct Body<'b> {
    /// What is read.
    pub octets: &'b [u8],
    /// SMPP 3.4 §5.2.19.
    pub data_coding: u8,
    /// The header that stood before it.
    pub udh: &'b [u8],
    /// Eight septets in seven octets, where the alphabet is GSM 7-bit.
    pub packed: bool,
    /// What the link means by data_coding 0.
    pub default_alphabet: DefaultAlphabet,
}

/// The text of a body, in the form that was the quickest to have.
#[derive(Debug, PartialEq, Eq)]
pub enum Read<'b> {
    /// The body itself: it is ASCII.
    Ascii(&'b [u8]),
    /// Characters up to U+FFFF.
    Two(Vec<u16>),
    /// Any characters.
    Four(Vec<u32>),
    /// UTF-8.
    Text(String),
}

/// Units looked at together: so few that no sum of an octet's width wraps, which keeps the sums vectors.
const SOME: usize = 128;

/// What can be read here; the rest, and what is wrong, is left to [`decode`].
enum Easy<'b> {
    /// Septets in the default tables.
    Septets(&'b [u8]),
    /// UTF-16 units.
    Units(&'b [[u8; 2]]),
}

impl<'b> Body<'b> {
    fn easy(&self) -> Option<Easy<'b>> {
        match self.default_alphabet.kind(DataCoding::of(self.data_coding).alphabet) {
            Alphabet::Gsm7 if !self.packed && self.udh.is_empty() => {
                self.octets.is_ascii().then_some(Easy::Septets(self.octets))
            }
            Alphabet::Ucs2 => match self.octets.as_chunks() {
                (units, []) => Some(Easy::Units(units)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Characters of the text, once the body is known to be one.
    pub fn count(&self) -> Result<usize> {
        let quick = match self.easy() {
            Some(Easy::Septets(septets)) => Some(characters(septets)),
            Some(Easy::Units(units)) => pairs(units).map(|pairs| units.len() - pairs),
            None => None,
        };
        quick.map_or_else(|| self.text().map(|text| text.chars().count()), Ok)
    }

    /// The text.
    pub fn read(&self) -> Result<Read<'b>> {
        let quick = match self.easy() {
            Some(Easy::Septets(septets)) => Some(read_septets(septets)),
            Some(Easy::Units(units)) => pairs(units).map(|pairs| read_units(units, pairs)),
            None => None,
        };
        quick.map_or_else(|| self.text().map(Read::Text), Ok)
    }

    fn text(&self) -> Result<String> {
        decode(self.octets, self.data_coding, self.udh, self.packed, self.default_alphabet)
    }
}

/// How many surrogate pairs there are; `None` if half of one stands alone.
fn pairs(units: &[[u8; 2]]) -> Option<usize> {
    let is = |unit: [u8; 2], first: u8| {
        u16::from_ne_bytes(unit) & u16::from_ne_bytes([0xFC, 0]) == u16::from_ne_bytes([first, 0])
    };
    let (high, low) = (|unit| is(unit, 0xD8), |unit| is(unit, 0xDC));
    if units.first().is_some_and(|unit| low(*unit)) || units.last().is_some_and(|unit| high(*unit)) {
        return None;
    }
    let mut pairs = 0;
    let mut alone = 0u16;
    let behind = units.get(1..).unwrap_or_default();
    for (units, behind) in units.chunks(SOME).zip(behind.chunks(SOME)) {
        let mut some = 0u16;
        for (unit, next) in units.iter().zip(behind) {
            some = some.wrapping_add(u16::from(high(*unit)));
            alone |= u16::from(high(*unit)) ^ u16::from(low(*next));
        }
        pairs += usize::from(some);
    }
    (alone == 0).then_some(pairs)
}

fn read_units<'b>(units: &[[u8; 2]], pairs: usize) -> Read<'b> {
    if pairs == 0 {
        return Read::Two(units.iter().map(|unit| u16::from_be_bytes(*unit)).collect());
    }
    let chars = char::decode_utf16(units.iter().map(|unit| u16::from_be_bytes(*unit)));
    let mut out = Vec::with_capacity(units.len() - pairs);
    out.extend(chars.map(|c| c.map_or(0xFFFD, u32::from)));
    Read::Four(out)
}

/// Characters of septets: escapes show nothing of their own, but for a second one, which is shown as a space.
fn characters(septets: &[u8]) -> usize {
    let count = |some: &[u8]| some.iter().fold(0u8, |all, o| all.wrapping_add(u8::from(*o == ESCAPE)));
    let escapes: usize = septets.chunks(SOME).map(|some| usize::from(count(some))).sum();
    let behind = septets.get(1..).unwrap_or_default();
    let doubled = |some: &[u8], behind: &[u8]| {
        let both = |(a, b): (&u8, &u8)| u8::from(*a == ESCAPE) & u8::from(*b == ESCAPE);
        some.iter().zip(behind).map(both).fold(0, |any, both| any | both) != 0
    };
    if escapes > 1 && septets.chunks(SOME).zip(behind.chunks(SOME)).any(|(some, behind)| doubled(some, behind)) {
        let mut escaped = false;
        return septets
            .iter()
            .filter(|o| {
                escaped = !escaped && **o == ESCAPE;
                !escaped
            })
            .count();
    }
    septets.len() - escapes
}

fn read_septets(septets: &[u8]) -> Read<'_> {
    let (steps, rest) = septets.as_chunks::<STEP>();
    if rest.iter().all(|o| is_same(*o)) && steps.iter().all(are_same) {
        return Read::Ascii(septets);
    }
    let mut out = Vec::with_capacity(septets.len());
    let mut escaped = false;
    for some in septets.chunks(STEP) {
        if let Ok(step) = some.try_into()
            && !escaped
            && are_same(step)
        {
            out.extend_from_slice(&step.map(u16::from));
            continue;
        }
        let (mut chars, mut used) = ([0; STEP], 0);
        for &code in some {
            let c = if escaped { alphabet::extended(code) } else { DEFAULT[usize::from(code)] };
            chars[used] = c as u16;
            escaped = !escaped && code == ESCAPE;
            used += usize::from(!escaped);
        }
        out.extend_from_slice(&chars[..used]);
    }
    Read::Two(out)
}

/// Whether these septets stand for the ASCII characters of the same codes.
#[inline]
fn are_same(septets: &[u8; STEP]) -> bool {
    septets.iter().fold(0, |others, o| others | u8::from(!is_same(*o))) == 0
}

#[inline]
#[allow(clippy::needless_bitwise_bool)] // a lazy operator is a branch
fn is_same(septet: u8) -> bool {
    let low = (septet < 0x20) & (septet != b'\n') & (septet != b'\r');
    !(low | (septet == 0x24) | (septet == 0x40) | (septet.wrapping_sub(0x5B) < 6) | (septet > 0x7A))
}
