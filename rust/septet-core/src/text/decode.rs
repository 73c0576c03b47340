//! From `data_coding` and octets to text.
//!
//! ```text
//! SMPP 3.4 §5.2.19          GSM data coding scheme, TS 23.038 §4, as carried by many SMPP peers
//! 0  the link's default      0x10-0x1F  general group with a class: bits 3-2 are the alphabet
//! 1  ASCII                   0xC0-0xDF  message waiting, 7-bit
//! 2, 4  octets               0xE0-0xEF  message waiting, UCS-2
//! 3  ISO 8859-1              0xF0-0xFF  class: bit 2 is 7-bit (0) or octets (1)
//! 8  UCS-2
//! ```

use super::gsm7;
use crate::error::{Error, Result};

/// What a link means by `data_coding` 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DefaultAlphabet {
    /// GSM 7-bit.
    #[default]
    Gsm7,
    /// ISO 8859-1.
    Latin1,
    /// US-ASCII.
    Ascii,
}

impl DefaultAlphabet {
    /// The alphabet of that name, or `text.bad_encoding`.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "gsm7" => Ok(Self::Gsm7),
            "latin1" => Ok(Self::Latin1),
            "ascii" => Ok(Self::Ascii),
            _ => Err(Error::new(
                "text.bad_encoding",
                format!("default_alphabet {name:?} is unknown: use \"gsm7\", \"latin1\" or \"ascii\""),
            )),
        }
    }
}

/// What a `data_coding` announces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Default,
    Gsm7,
    Ascii,
    Latin1,
    Ucs2,
    Binary,
}

/// The kind of a `data_coding`, `None` for those not decoded here.
pub(super) fn kind(data_coding: u8) -> Option<Kind> {
    Some(match data_coding {
        0x00 => Kind::Default,
        0x01 => Kind::Ascii,
        0x03 => Kind::Latin1,
        0x10..=0x1F => match data_coding >> 2 & 0b11 {
            0b01 => Kind::Binary,
            0b10 => Kind::Ucs2,
            // 0b11 is reserved, and TS 23.038 §4 reads reserved codings as the default alphabet.
            _ => Kind::Gsm7,
        },
        0xC0..=0xDF => Kind::Gsm7,
        0x08 | 0xE0..=0xEF => Kind::Ucs2,
        0xF0..=0xFF if data_coding & 0b100 == 0 => Kind::Gsm7,
        0x02 | 0x04 | 0xF0..=0xFF => Kind::Binary,
        _ => return None,
    })
}

/// Whether a body with this `data_coding` is octets and no text.
pub fn is_binary(data_coding: u8) -> bool {
    kind(data_coding) == Some(Kind::Binary)
}

/// The text of a body.
///
/// `udh` is the header that stood before it (its length decides the fill bits of a packed body); `packed` applies to GSM
/// 7-bit alone. Octets that the coding does not allow are `text.undecodable` with their offset.
pub fn decode(
    body: &[u8],
    data_coding: u8,
    udh: &[u8],
    packed: bool,
    default_alphabet: DefaultAlphabet,
) -> Result<String> {
    let kind = match (kind(data_coding), default_alphabet) {
        (Some(Kind::Default), DefaultAlphabet::Gsm7) => Some(Kind::Gsm7),
        (Some(Kind::Default), DefaultAlphabet::Latin1) => Some(Kind::Latin1),
        (Some(Kind::Default), DefaultAlphabet::Ascii) => Some(Kind::Ascii),
        (kind, _) => kind,
    };
    match kind {
        Some(Kind::Gsm7 | Kind::Default) if packed => {
            gsm7::decode(&gsm7::unpack_body(body, gsm7::fill_bits(udh.len()))?)
        }
        Some(Kind::Gsm7 | Kind::Default) => gsm7::decode(body),
        Some(Kind::Ascii) => ascii(body),
        Some(Kind::Latin1) => Ok(body.iter().map(|o| char::from(*o)).collect()),
        Some(Kind::Ucs2) => utf16(body),
        Some(Kind::Binary) => Err(Error::new(
            "text.bad_data_coding",
            format!("data_coding 0x{data_coding:02X} is binary: read the octets instead"),
        )),
        None => Err(Error::new(
            "text.bad_data_coding",
            format!("data_coding 0x{data_coding:02X} is not supported: 0, 1, 3, 8 and the GSM classes are"),
        )),
    }
}

fn ascii(body: &[u8]) -> Result<String> {
    match body.iter().position(|o| !o.is_ascii()) {
        None => Ok(body.iter().map(|o| char::from(*o)).collect()),
        Some(at) => Err(undecodable(at, &format!("octet 0x{:02X}", body[at]), "ASCII")),
    }
}

fn utf16(body: &[u8]) -> Result<String> {
    let (pairs, []) = body.as_chunks::<2>() else {
        return Err(undecodable(body.len() - 1, "an odd octet", "UCS-2"));
    };
    let mut out = String::with_capacity(body.len());
    let mut at = 0;
    for unit in char::decode_utf16(pairs.iter().map(|p| u16::from_be_bytes(*p))) {
        match unit {
            Ok(c) => {
                out.push(c);
                at += c.len_utf16() * 2;
            }
            Err(e) => {
                return Err(undecodable(at, &format!("the lone surrogate {:04X}", e.unpaired_surrogate()), "UCS-2"));
            }
        }
    }
    Ok(out)
}

fn undecodable(at: usize, what: &str, alphabet: &str) -> Error {
    Error::at("text.undecodable", at, format!("{what} at {at} is not {alphabet}: the data_coding may be wrong"))
}
