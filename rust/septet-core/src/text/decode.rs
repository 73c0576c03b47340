//! From `data_coding` and octets to text.

use encoding_rs::{DecoderResult, EUC_KR, ISO_2022_JP, ISO_8859_5, ISO_8859_8, SHIFT_JIS};

pub(super) use super::coding::Alphabet as Kind;
use super::coding::DataCoding;
use super::gsm7;
use super::national::Shift;
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

impl DefaultAlphabet {
    /// The alphabet that is meant on such a link.
    pub(super) fn kind(self, alphabet: Kind) -> Kind {
        match (alphabet, self) {
            (Kind::Default, Self::Gsm7) => Kind::Gsm7,
            (Kind::Default, Self::Latin1) => Kind::Latin1,
            (Kind::Default, Self::Ascii) => Kind::Ascii,
            (kind, _) => kind,
        }
    }
}

/// The kind of a `data_coding`, `None` for those not decoded here.
pub(super) fn kind(data_coding: u8) -> Option<Kind> {
    let kind = DataCoding::of(data_coding).alphabet;
    (kind != Kind::Unsupported).then_some(kind)
}

/// Whether a body with this `data_coding` is octets and no text.
pub fn is_binary(data_coding: u8) -> bool {
    kind(data_coding) == Some(Kind::Binary)
}

/// The text of a body.
///
/// `udh` is the header that stood before it: it names the tables of national languages, and its length decides the fill bits of a
/// packed body. `packed` applies to GSM 7-bit alone. Octets that the coding does not allow are `text.undecodable` with their offset.
pub fn decode(
    body: &[u8],
    data_coding: u8,
    udh: &[u8],
    packed: bool,
    default_alphabet: DefaultAlphabet,
) -> Result<String> {
    let coding = DataCoding::of(data_coding);
    let refuse =
        |why: &str| Err(Error::new("text.bad_data_coding", format!("data_coding 0x{data_coding:02X} is {why}")));
    let kind = default_alphabet.kind(coding.alphabet);
    match kind {
        Kind::Gsm7 | Kind::Default => {
            let shift = if udh.is_empty() { Shift::NONE } else { Shift::of(udh) };
            if packed {
                let fill = gsm7::fill_bits(udh.len());
                let read = gsm7::decode_with(&gsm7::unpack_body(body, fill)?, shift);
                // The septet's place as an octet of the body.
                read.map_err(|e| Error { offset: e.offset.map(|at| (at * 7 + usize::from(fill)) / 8), ..e })
            } else {
                gsm7::decode_with(body, shift)
            }
        }
        Kind::Ascii => ascii(body),
        Kind::Latin1 => Ok(body.iter().map(|o| char::from(*o)).collect()),
        Kind::Japanese if body.contains(&0x1B) => other(body, ISO_2022_JP, "ISO-2022-JP"),
        Kind::Japanese => other(body, SHIFT_JIS, "Shift_JIS"),
        Kind::Cyrillic => other(body, ISO_8859_5, "ISO 8859-5"),
        Kind::Hebrew => other(body, ISO_8859_8, "ISO 8859-8"),
        Kind::Korean => other(body, EUC_KR, "KS C 5601"),
        Kind::Ucs2 => utf16(body),
        Kind::Binary => refuse("binary: read the octets instead"),
        Kind::Unsupported if coding.compressed => refuse("compressed text (TS 23.042): read the octets instead"),
        Kind::Unsupported => refuse("not supported: 9, 11, 12 and 13 name no alphabet in use"),
    }
}

fn other(body: &[u8], encoding: &'static encoding_rs::Encoding, name: &str) -> Result<String> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(body.len()).unwrap_or(body.len() * 3 + 16);
    let mut out = String::with_capacity(room);
    match decoder.decode_to_string_without_replacement(body, &mut out, true) {
        (DecoderResult::Malformed(length, after), read) => {
            let at = read.saturating_sub(usize::from(length) + usize::from(after)).min(body.len() - 1);
            Err(undecodable(at, &format!("octet 0x{:02X}", body[at]), name))
        }
        _ => Ok(out),
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
