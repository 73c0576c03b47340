//! What a data_coding octet says.
//!
//! ```text
//! SMPP 3.4 §5.2.19                     GSM data coding scheme, TS 23.038 §4, as SMPP peers carry it
//! 0      the link's default            0x0F-0x3F  general: bit 5 compressed, bit 4 a class in bits 1-0, bits 3-2 the alphabet
//! 1      ASCII                         0x40-0x7F  the same, marked for automatic deletion
//! 2, 4   octets                        0x80-0xBF  reserved: the default alphabet
//! 3      ISO 8859-1                    0xC0-0xCF  message waiting, discard, 7-bit
//! 5, 10  JIS, ISO-2022-JP              0xD0-0xDF  message waiting, store, 7-bit
//! 6, 7   ISO 8859-5, ISO 8859-8        0xE0-0xEF  message waiting, store, UCS-2
//! 8      UCS-2                         0xF0-0xFF  class in bits 1-0: bit 2 is 7-bit (0) or octets (1)
//! 14     KS C 5601                     (9, 11-13: pictograms, reserved, extended kanji: not read)
//! ```

/// How the body is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alphabet {
    /// What the link means by 0.
    Default,
    /// GSM 7-bit, with the tables that the header names.
    Gsm7,
    /// US-ASCII (IA5).
    Ascii,
    /// ISO 8859-1.
    Latin1,
    /// JIS X 0208 as Shift_JIS, or as ISO-2022-JP where escapes say so.
    Japanese,
    /// ISO 8859-5.
    Cyrillic,
    /// ISO 8859-8 in logical order.
    Hebrew,
    /// KS C 5601 as EUC-KR.
    Korean,
    /// UTF-16, big endian.
    Ucs2,
    /// Octets that are no text.
    Binary,
    /// TS 23.042 compression, or an alphabet of SMPP's that is not read here.
    Unsupported,
}

impl Alphabet {
    /// The name in the public API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Gsm7 => "gsm7",
            Self::Ascii => "ascii",
            Self::Latin1 => "latin1",
            Self::Japanese => "jis",
            Self::Cyrillic => "iso8859-5",
            Self::Hebrew => "iso8859-8",
            Self::Korean => "euc-kr",
            Self::Ucs2 => "ucs2",
            Self::Binary => "binary",
            Self::Unsupported => "unsupported",
        }
    }
}

/// What waits (TS 23.038 §4, groups 1100 to 1110).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// `voice`, `fax`, `email` or `other`.
    pub kind: &'static str,
    /// Whether the indication is switched on.
    pub active: bool,
    /// Whether the message is to be kept beside the indication.
    pub store: bool,
}

/// The whole octet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DataCoding {
    /// How the body is written.
    pub alphabet: Alphabet,
    /// 0 shown at once (flash), 1 to the phone, 2 to the SIM, 3 to the terminal equipment; `None` without a class.
    pub class: Option<u8>,
    /// A message waiting indication.
    pub waiting: Option<Waiting>,
    /// TS 23.042 compression: such a body is not read.
    pub compressed: bool,
    /// To be deleted once it was read.
    pub delete_after_reading: bool,
}

impl DataCoding {
    /// Reads the octet. SMPP's own values 0 to 14 come before the GSM general group, which has other meanings for some of them.
    pub fn of(octet: u8) -> Self {
        let plain =
            |alphabet| Self { alphabet, class: None, waiting: None, compressed: false, delete_after_reading: false };
        match octet {
            0x00 => plain(Alphabet::Default),
            0x01 => plain(Alphabet::Ascii),
            0x02 | 0x04 => plain(Alphabet::Binary),
            0x03 => plain(Alphabet::Latin1),
            0x05 | 0x0A => plain(Alphabet::Japanese),
            0x06 => plain(Alphabet::Cyrillic),
            0x07 => plain(Alphabet::Hebrew),
            0x08 => plain(Alphabet::Ucs2),
            0x0E => plain(Alphabet::Korean),
            0x09 | 0x0B..=0x0D => plain(Alphabet::Unsupported),
            0x0F..=0x7F => {
                let compressed = octet & 0x20 != 0;
                let alphabet = match octet >> 2 & 0b11 {
                    _ if compressed => Alphabet::Unsupported,
                    0b01 => Alphabet::Binary,
                    0b10 => Alphabet::Ucs2,
                    // 0b11 is reserved, and §4 reads reserved codings as the default alphabet.
                    _ => Alphabet::Gsm7,
                };
                let class = (octet & 0x10 != 0).then_some(octet & 0b11);
                Self { class, compressed, delete_after_reading: octet & 0x40 != 0, ..plain(alphabet) }
            }
            0x80..=0xBF => plain(Alphabet::Gsm7),
            0xC0..=0xEF => {
                let waiting = Waiting {
                    kind: ["voice", "fax", "email", "other"][usize::from(octet & 0b11)],
                    active: octet & 0x08 != 0,
                    store: octet >= 0xD0,
                };
                let alphabet = if octet >= 0xE0 { Alphabet::Ucs2 } else { Alphabet::Gsm7 };
                Self { waiting: Some(waiting), ..plain(alphabet) }
            }
            0xF0..=0xFF => {
                let alphabet = if octet & 0b100 == 0 { Alphabet::Gsm7 } else { Alphabet::Binary };
                Self { class: Some(octet & 0b11), ..plain(alphabet) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_indications() {
        assert_eq!(DataCoding::of(0x18).class, Some(0));
        assert_eq!(DataCoding::of(0xF5).class, Some(1));
        assert_eq!(DataCoding::of(0x00).class, None);
        assert!(DataCoding::of(0x50).delete_after_reading && !DataCoding::of(0x10).delete_after_reading);
        assert!(DataCoding::of(0x20).compressed && DataCoding::of(0x7F).compressed && !DataCoding::of(0x1F).compressed);
        let fax = Waiting { kind: "fax", active: true, store: false };
        assert_eq!(DataCoding::of(0xC9).waiting, Some(fax));
        let other = Waiting { kind: "other", active: false, store: true };
        assert_eq!(DataCoding::of(0xE3).waiting, Some(other));
    }
}
