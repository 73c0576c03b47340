//! What a link means by data_coding 0, and whether it packs septets. Inside the node, text in the default alphabet has one
//! GSM septet to an octet.

use std::borrow::Cow;

use crate::text::coding::{Alphabet, DataCoding};
use crate::text::{DefaultAlphabet, gsm7, udh};

/// data_coding of ISO 8859-1, of which ASCII is a part (SMPP 3.4 §5.2.19).
const LATIN1: u8 = 3;
const UCS2: u8 = 8;

/// How a link writes text in its default alphabet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coding {
    /// The alphabet.
    pub alphabet: DefaultAlphabet,
    /// GSM septets are packed, eight in seven octets.
    pub packed: bool,
}

/// A body and its data_coding.
pub(in crate::engine) type Coded<'a> = (Cow<'a, [u8]>, u8);

/// Whether a body of this data_coding is UTF-16.
pub(in crate::engine) fn is_ucs2(data_coding: u8) -> bool {
    DataCoding::of(data_coding).alphabet == Alphabet::Ucs2
}

impl Coding {
    /// The node's own form: nothing to do.
    pub(in crate::engine) fn is_plain(self) -> bool {
        self == Self::default()
    }

    fn concerns(self, data_coding: u8) -> bool {
        match DataCoding::of(data_coding).alphabet {
            Alphabet::Default => !self.is_plain(),
            // Coding groups with a class name the GSM alphabet, so only the packing is left open.
            Alphabet::Gsm7 => self.packed,
            _ => false,
        }
    }

    /// What came from the link in the node's form. Text in another alphabet than GSM keeps its octets, and gets the
    /// data_coding that says so; with `prefer_gsm` it is written in GSM where that has every character.
    pub(in crate::engine) fn read(self, octets: &[u8], data_coding: u8, udhi: bool, prefer_gsm: bool) -> Coded<'_> {
        if !self.concerns(data_coding) {
            return (Cow::Borrowed(octets), data_coding);
        }
        let (header, body) = udh::split(octets, udhi);
        if self.alphabet == DefaultAlphabet::Gsm7 {
            return match gsm7::unpack_body(body, gsm7::fill_bits(header.len())) {
                Ok(septets) => (joined(header, &septets), data_coding),
                Err(_) => (Cow::Borrowed(octets), data_coding),
            };
        }
        let text: String = body.iter().map(|octet| char::from(*octet)).collect();
        match gsm7::encode(&text) {
            Ok(septets) if prefer_gsm => (joined(header, &septets), data_coding),
            _ => (Cow::Borrowed(octets), LATIN1),
        }
    }

    /// What the node holds as the link wants it. A text that the link's default alphabet cannot write goes as UCS-2.
    pub(in crate::engine) fn write(self, octets: &[u8], data_coding: u8, udhi: bool) -> Coded<'_> {
        if !self.concerns(data_coding) {
            return (Cow::Borrowed(octets), data_coding);
        }
        let (header, body) = udh::split(octets, udhi);
        if self.alphabet == DefaultAlphabet::Gsm7 {
            return match gsm7::pack_body(body, gsm7::fill_bits(header.len())) {
                Ok(packed) => (joined(header, &packed), data_coding),
                Err(_) => (Cow::Borrowed(octets), data_coding),
            };
        }
        let Ok(text) = crate::text::decode(body, data_coding, header, false, DefaultAlphabet::Gsm7) else {
            return (Cow::Borrowed(octets), data_coding);
        };
        if let Some(own) = self.octets(&text) {
            return (joined(header, &own), data_coding);
        }
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        (joined(header, &units), UCS2)
    }

    /// Whether every character of a text is in the link's default alphabet, where that is not GSM.
    pub(in crate::engine) fn has(self, text: &str) -> bool {
        self.alphabet == DefaultAlphabet::Gsm7 || self.octets(text).is_some()
    }

    fn octets(self, text: &str) -> Option<Vec<u8>> {
        let last = if self.alphabet == DefaultAlphabet::Ascii { 0x7F } else { 0xFF };
        text.chars().map(|c| u8::try_from(c as u32).ok().filter(|octet| *octet <= last)).collect()
    }
}

fn joined<'a>(header: &[u8], body: &[u8]) -> Cow<'a, [u8]> {
    Cow::Owned([header, body].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PACKED: Coding = Coding { alphabet: DefaultAlphabet::Gsm7, packed: true };
    const LATIN: Coding = Coding { alphabet: DefaultAlphabet::Latin1, packed: false };
    const ASCII: Coding = Coding { alphabet: DefaultAlphabet::Ascii, packed: false };

    #[test]
    fn septets_are_packed_behind_the_fill_bits_of_a_header() {
        let (octets, coding) = PACKED.write(b"hellohello", 0, false);
        assert_eq!((&octets[..], coding), (&b"\xE8\x32\x9B\xFD\x46\x97\xD9\xEC\x37"[..], 0), "3GPP TS 23.038 §6.1.2");
        let part = b"\x05\0\x03\x01\x02\x01abc";
        let (octets, _) = PACKED.write(part, 0xF0, true);
        assert_eq!(&octets[..6], &part[..6]);
        assert_eq!(PACKED.read(&octets, 0xF0, true, false).0, &part[..]);
    }

    #[test]
    fn only_what_the_quirk_is_about_is_touched() {
        for (coding, data_coding) in
            [(PACKED, 8), (PACKED, 4), (LATIN, 8), (LATIN, 3), (LATIN, 0xF0), (Coding::default(), 0)]
        {
            assert_eq!(coding.write(b"\0a", data_coding, false), (Cow::Borrowed(&b"\0a"[..]), data_coding));
            assert_eq!(coding.read(b"\0a", data_coding, false, true), (Cow::Borrowed(&b"\0a"[..]), data_coding));
        }
    }

    #[test]
    fn the_default_alphabet_of_a_link_may_be_another() {
        // @ is 0x00 and ä is 0x7B in GSM; ISO 8859-1 has them at 0x40 and 0xE4.
        assert_eq!(LATIN.write(b"\0\x7b", 0, false), (Cow::Borrowed(&b"\x40\xe4"[..]), 0));
        assert_eq!(LATIN.read(b"\x40\xe4", 0, false, true), (Cow::Borrowed(&b"\0\x7b"[..]), 0));
        assert_eq!(LATIN.read(b"\x40\xe4", 0, false, false), (Cow::Borrowed(&b"\x40\xe4"[..]), 3));
        assert_eq!(LATIN.read(b"\xe1", 0, false, true), (Cow::Borrowed(&b"\xe1"[..]), 3), "á is not in GSM");
        assert_eq!(ASCII.write(b"\x7b", 0, false), (Cow::Borrowed(&b"\0\xe4"[..]), 8), "ä is not in ASCII");
        assert_eq!(LATIN.write(b"\x1b\x65", 0, false), (Cow::Borrowed(&b"\x20\xac"[..]), 8), "the euro sign");
        assert!(LATIN.has("ä") && !LATIN.has("€") && !ASCII.has("ä") && PACKED.has("€"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(septets in prop::collection::vec((0u8..0x80).prop_filter("CR is padding", |s| *s != 0x0D && *s != 0x1B), 0..160)) {
            let (octets, coding) = PACKED.write(&septets, 0, false);
            prop_assert_eq!(&PACKED.read(&octets, coding, false, true).0[..], &septets[..]);
            let (octets, coding) = LATIN.write(&septets, 0, false);
            if coding == 0 {
                prop_assert_eq!(&LATIN.read(&octets, coding, false, true).0[..], &septets[..]);
            }
        }

        #[test]
        fn any_octets_are_read_and_written(octets in prop::collection::vec(any::<u8>(), 0..200), coding: u8, udhi: bool) {
            for link in [PACKED, LATIN, ASCII] {
                let _ = (link.read(&octets, coding, udhi, true), link.write(&octets, coding, udhi));
            }
        }
    }
}
