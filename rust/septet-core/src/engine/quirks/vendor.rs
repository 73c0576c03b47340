//! TLVs of a carrier's own (SMPP 3.4 §5.3.1 gives vendors 0x1400 to 0x3FFF), by name.

use crate::smpp::tlv::{self, Tlvs};

/// How a value is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Octets of UTF-8.
    #[default]
    String,
    /// The same with a NUL after it.
    CString,
    /// A big-endian integer of that many octets: 1, 2 or 4.
    Int(u8),
    /// Octets, given in hexadecimal.
    Hex,
}

/// One of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VendorTlv {
    /// Its name in the API and in webhooks.
    pub name: String,
    /// Its tag.
    pub tag: u16,
    /// How its value is written.
    pub kind: Kind,
    /// What is sent where the sender gives nothing else, as it is on the wire; `None`: nothing.
    pub value: Option<Vec<u8>>,
}

impl Kind {
    /// The octets of a value; `None` if it is none of this kind.
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::String => Some(text.as_bytes().to_vec()),
            Self::CString => (!text.contains('\0')).then(|| [text.as_bytes(), &[0]].concat()),
            Self::Int(width) => {
                let value: u32 = text.parse().ok()?;
                let octets = value.to_be_bytes();
                let (zeros, rest) = octets.split_at_checked(4usize.checked_sub(usize::from(width))?)?;
                zeros.iter().all(|octet| *octet == 0).then(|| rest.to_vec())
            }
            Self::Hex => {
                let (pairs, rest) = text.as_bytes().as_chunks::<2>();
                let digit = |octet: u8| char::from(octet).to_digit(16).map(|digit| digit as u8);
                let octets: Option<Vec<u8>> = pairs.iter().map(|[h, l]| Some(digit(*h)? << 4 | digit(*l)?)).collect();
                octets.filter(|_| rest.is_empty())
            }
        }
    }

    /// The value of octets from the wire, as text.
    pub fn decode(self, octets: &[u8]) -> String {
        let hex =
            || octets.iter().flat_map(|o| [o >> 4, o & 15]).filter_map(|d| char::from_digit(d.into(), 16)).collect();
        match self {
            Self::String | Self::CString => {
                let end = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
                String::from_utf8(octets[..end].to_vec()).unwrap_or_else(|_| hex())
            }
            Self::Int(_) if !octets.is_empty() && octets.len() <= 4 => {
                octets.iter().fold(0u32, |sum, octet| sum << 8 | u32::from(*octet)).to_string()
            }
            Self::Int(_) | Self::Hex => hex(),
        }
    }
}

/// The tag under which a sender's values lie in a message: reserved by §5.3.1, so on no wire. Its value is name, NUL, text.
pub(in crate::engine) const PARAM: u16 = 0;

/// Appends a sender's value, to be written once its carrier is known.
pub(in crate::engine) fn put_param(out: &mut Vec<u8>, name: &str, text: &str) {
    tlv::put(out, PARAM, &[name.as_bytes(), &[0], text.as_bytes()].concat());
}

/// A sender's values in a message.
pub(in crate::engine) fn params<'a>(tlvs: &Tlvs<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    tlvs.iter()
        .filter(|(tag, _)| *tag == PARAM)
        .filter_map(|(_, value)| std::str::from_utf8(value).ok()?.split_once('\0'))
}

/// Appends a message's TLVs and the carrier's own, the sender's values in place of the fixed ones.
pub(in crate::engine) fn write(own: &[VendorTlv], tlvs: &Tlvs<'_>, out: &mut Vec<u8>) {
    for (tag, value) in tlvs.iter().filter(|(tag, _)| *tag != PARAM) {
        tlv::put(out, tag, value);
    }
    for one in own.iter().filter(|one| tlvs.get(one.tag).is_none()) {
        let given = params(tlvs).find(|(name, _)| *name == one.name).and_then(|(_, text)| one.kind.encode(text));
        if let Some(value) = given.as_ref().or(one.value.as_ref()) {
            tlv::put(out, one.tag, value);
        }
    }
}

/// Those of a message from the carrier that have a name, as octets for its record.
pub(in crate::engine) fn known(own: &[VendorTlv], tlvs: &Tlvs<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    for one in own {
        if let Some(value) = tlvs.get(one.tag) {
            put_param(&mut out, &one.name, &one.kind.decode(value));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_kind() {
        for (kind, text, octets) in [
            (Kind::String, "abc", &b"abc"[..]),
            (Kind::CString, "abc", b"abc\0"),
            (Kind::Int(1), "255", b"\xff"),
            (Kind::Int(2), "255", b"\0\xff"),
            (Kind::Int(4), "4294967295", b"\xff\xff\xff\xff"),
            (Kind::Hex, "00ff", b"\0\xff"),
        ] {
            assert_eq!(kind.encode(text).as_deref(), Some(octets));
            assert_eq!(kind.decode(octets), text);
        }
        for (kind, text) in
            [(Kind::Int(1), "256"), (Kind::Int(2), "x"), (Kind::Hex, "0"), (Kind::Hex, "zz"), (Kind::CString, "a\0")]
        {
            assert_eq!(kind.encode(text), None, "{text}");
        }
        assert_eq!(Kind::String.decode(b"\xff"), "ff");
    }

    #[test]
    fn the_senders_value_wins_over_the_fixed_one_and_another_carriers_is_left_out() {
        let own = |name: &str, tag, value: Option<&[u8]>| VendorTlv {
            name: name.into(),
            tag,
            value: value.map(<[u8]>::to_vec),
            ..VendorTlv::default()
        };
        let table =
            [own("billing", 0x1401, Some(b"std")), own("campaign", 0x1402, None), own("fixed", 0x1403, Some(b"f"))];
        let mut message = Vec::new();
        tlv::put(&mut message, tlv::USER_MESSAGE_REFERENCE, &[0, 7]);
        put_param(&mut message, "billing", "gold");
        put_param(&mut message, "elsewhere", "x");
        let mut out = Vec::new();
        write(&table, &Tlvs::new(&message), &mut out);
        let sent: Vec<_> = Tlvs::new(&out).iter().map(|(tag, value)| (tag, value.to_vec())).collect();
        assert_eq!(sent, [(0x0204, vec![0, 7]), (0x1401, b"gold".to_vec()), (0x1403, b"f".to_vec())]);
    }
}
