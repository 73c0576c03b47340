//! Text on its way into and out of short messages: alphabets, headers, segments, reassembly.
//!
//! Nothing here damages a text silently: what cannot be encoded or decoded as asked is an error that names the place.

pub mod alphabet;
mod analyze;
pub mod coding;
mod cut;
mod decode;
pub mod flat;
mod grapheme;
pub mod gsm7;
pub mod national;
mod plan;
pub mod reassemble;
mod replacements;
mod segment;
mod transliterate;
pub mod udh;

#[cfg(test)]
mod tests;

pub use analyze::{Analysis, analyze, analyze_with};
pub use decode::{DefaultAlphabet, decode, is_binary};
pub use segment::{Mode, Part, SegmentOptions, Segments, segment, segment_binary, segment_with};
pub use transliterate::{Replaced, Transliteration};

use crate::error::{Error, Result};

/// Octets of user data in one short message (TS 23.040 §9.2.3.16).
pub const USER_DATA: usize = 140;
/// The most parts a concatenated message can have: its total is one octet (TS 23.040 §9.2.3.24.1).
pub const MAX_PARTS: usize = 255;

/// How a message's body is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// The GSM 7-bit default alphabet (TS 23.038 §6.2.1).
    Gsm7,
    /// UTF-16, big endian (TS 23.038 §6.2.3 as practised).
    Ucs2,
    /// ISO 8859-1.
    Latin1,
    /// Octets that are no text.
    Binary,
}

impl Encoding {
    /// The name in the public API: `gsm7`, `ucs2`, `latin1` or `binary`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gsm7 => "gsm7",
            Self::Ucs2 => "ucs2",
            Self::Latin1 => "latin1",
            Self::Binary => "binary",
        }
    }

    /// The SMPP `data_coding` that announces it (SMPP 3.4 §5.2.19).
    pub fn data_coding(self) -> u8 {
        match self {
            Self::Gsm7 => 0x00,
            Self::Latin1 => 0x03,
            Self::Binary => 0x04,
            Self::Ucs2 => 0x08,
        }
    }

    /// Units (septets, UTF-16 units or octets) that fit beside a header of `header` octets (TS 23.040 §9.2.3.24.1).
    pub fn capacity(self, header: usize) -> usize {
        let octets = USER_DATA.saturating_sub(header);
        match self {
            Self::Gsm7 => octets * 8 / 7,
            Self::Ucs2 => octets / 2,
            Self::Latin1 | Self::Binary => octets,
        }
    }
}

/// Which encoding a sender asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Choice {
    /// GSM 7-bit if every character has septets, in the default tables or in permitted ones, else UCS-2.
    #[default]
    Auto,
    /// GSM 7-bit or an error.
    Gsm7,
    /// UCS-2 always.
    Ucs2,
    /// ISO 8859-1 or an error.
    Latin1,
}

impl Choice {
    /// The choice of that name, or `text.bad_encoding`.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "auto" => Ok(Self::Auto),
            "gsm7" => Ok(Self::Gsm7),
            "ucs2" => Ok(Self::Ucs2),
            "latin1" => Ok(Self::Latin1),
            _ => Err(Error::new(
                "text.bad_encoding",
                format!("encoding {name:?} is unknown: use \"auto\", \"gsm7\", \"ucs2\" or \"latin1\""),
            )),
        }
    }
}

/// Octets of the header that concatenation alone needs, for 8- or 16-bit references.
fn concat_header(reference_bits: u8) -> Result<usize> {
    match reference_bits {
        8 => Ok(6),
        16 => Ok(7),
        other => Err(Error::new("text.bad_argument", format!("reference_bits is {other}: use 8 or 16"))),
    }
}

fn unencodable(c: char, at: usize, alphabet: &str) -> Error {
    Error::at(
        "text.unencodable",
        at,
        format!(
            "{c:?} (U+{:04X}) at character {at} is not in {alphabet}: leave it out or let the encoding be \"auto\"",
            c as u32
        ),
    )
}

fn too_many() -> Error {
    Error::new("text.too_many_segments", format!("the message needs more than {MAX_PARTS} segments: shorten it"))
}

fn ucs2(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 2);
    for unit in text.encode_utf16() {
        out.extend_from_slice(&unit.to_be_bytes());
    }
    out
}

fn latin1(text: &str) -> Result<Vec<u8>> {
    text.chars()
        .enumerate()
        .map(|(at, c)| u8::try_from(c as u32).map_err(|_| unencodable(c, at, "ISO 8859-1")))
        .collect()
}
