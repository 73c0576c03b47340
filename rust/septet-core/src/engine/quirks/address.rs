//! Numbers as a link writes them. Inside the node they are international digits.

use crate::engine::tables::digits;

/// The longest address of a submit_sm (SMPP 3.4 §5.2.8).
const LONGEST: usize = 20;
/// Up to this many digits it is a short code, which has no international form.
const SHORT_CODE: usize = 6;

/// How national numbers are told from international ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Country {
    /// The country code, e.g. `46`; empty: numbers stay as they are.
    pub code: String,
    /// What stands before a national number, e.g. `0`; may be empty.
    pub trunk: String,
}

/// How a link wants numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// As their sender wrote them.
    #[default]
    AsIs,
    /// International digits alone.
    Digits,
    /// With `+` before them.
    Plus,
    /// With `00` before them.
    ZeroZero,
    /// National where they are of this country, else international digits.
    National(Country),
}

/// An address of 20 octets at most, with its type and plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Written {
    pub(in crate::engine) ton: u8,
    pub(in crate::engine) npi: u8,
    octets: [u8; LONGEST],
    length: usize,
}

impl Written {
    fn of(ton: u8, npi: u8, parts: [&[u8]; 2]) -> Option<Self> {
        let mut octets = [0; LONGEST];
        let length = parts[0].len() + parts[1].len();
        octets.get_mut(..parts[0].len())?.copy_from_slice(parts[0]);
        octets.get_mut(parts[0].len()..length)?.copy_from_slice(parts[1]);
        Some(Self { ton, npi, octets, length })
    }

    pub(in crate::engine) fn addr(&self) -> &[u8] {
        &self.octets[..self.length]
    }
}

fn is_number(addr: &[u8]) -> bool {
    addr.len() > SHORT_CODE && addr.iter().all(u8::is_ascii_digit)
}

impl Country {
    /// The international form of a national number; `None` if it is none, or there is no country.
    pub(in crate::engine) fn international(&self, ton: u8, addr: &[u8]) -> Option<Written> {
        if self.code.is_empty() || digits(addr).len() != addr.len() || !is_number(addr) || ton > 4 {
            return None;
        }
        let trunk = self.trunk.as_bytes();
        let rest = addr.strip_prefix(trunk).filter(|_| !trunk.is_empty());
        // No country code begins with 0, whatever the type says; any other trunk prefix may be one.
        let national = ton == 2 || rest.is_some() && (ton != 1 || trunk[0] == b'0');
        if national { Written::of(1, 1, [self.code.as_bytes(), rest.unwrap_or(addr)]) } else { None }
    }
}

impl Style {
    /// The number as the link wants it; `None`: as it is. Names and short codes are no numbers.
    pub(in crate::engine) fn write(&self, ton: u8, npi: u8, addr: &[u8]) -> Option<Written> {
        let plain = digits(addr);
        if *self == Self::AsIs || !is_number(plain) {
            return None;
        }
        match self {
            Self::AsIs => None,
            Self::Digits => Written::of(ton, npi, [b"", plain]),
            Self::Plus => Written::of(ton, npi, [b"+", plain]),
            Self::ZeroZero => Written::of(ton, npi, [b"00", plain]),
            Self::National(country) => match plain.strip_prefix(country.code.as_bytes()) {
                Some(rest) => Written::of(2, npi, [country.trunk.as_bytes(), rest]),
                None => Written::of(ton, npi, [b"", plain]),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweden() -> Country {
        Country { code: "46".into(), trunk: "0".into() }
    }

    fn international(country: &Country, ton: u8, addr: &str) -> Option<String> {
        let found = country.international(ton, addr.as_bytes())?;
        assert_eq!((found.ton, found.npi), (1, 1));
        Some(String::from_utf8(found.addr().to_vec()).unwrap())
    }

    #[test]
    fn national_numbers_get_their_country() {
        for (ton, addr) in [(2, "701234567"), (2, "0701234567"), (0, "0701234567"), (1, "0701234567")] {
            assert_eq!(international(&sweden(), ton, addr).as_deref(), Some("46701234567"), "{ton} {addr}");
        }
        for (ton, addr) in
            [(1, "46701234567"), (0, "+46701234567"), (0, "0046701234567"), (3, "71234"), (5, "0Company0")]
        {
            assert_eq!(international(&sweden(), ton, addr), None, "{ton} {addr}");
        }
        assert_eq!(international(&Country::default(), 2, "0701234567"), None);
        let russia = Country { code: "7".into(), trunk: "8".into() };
        assert_eq!(international(&russia, 0, "89161234567").as_deref(), Some("79161234567"));
        assert_eq!(
            international(&russia, 1, "82101234567"),
            None,
            "a Korean number, which says that it is international"
        );
    }

    #[test]
    fn numbers_are_written_as_the_link_wants_them() {
        let written = |style: &Style, addr: &str| {
            style.write(1, 1, addr.as_bytes()).map(|w| (w.ton, String::from_utf8(w.addr().to_vec()).unwrap()))
        };
        for (style, expected) in [
            (Style::Digits, (1, "46701234567")),
            (Style::Plus, (1, "+46701234567")),
            (Style::ZeroZero, (1, "0046701234567")),
            (Style::National(sweden()), (2, "0701234567")),
        ] {
            for addr in ["46701234567", "+46701234567", "0046701234567"] {
                assert_eq!(written(&style, addr), Some((expected.0, expected.1.to_owned())));
            }
            assert_eq!(written(&style, "12345"), None);
            assert_eq!(written(&style, "ACME"), None);
        }
        assert_eq!(written(&Style::AsIs, "+46701234567"), None);
        assert_eq!(written(&Style::National(sweden()), "+4512345678"), Some((1, "4512345678".to_owned())));
        assert_eq!(written(&Style::Plus, &"1".repeat(20)), None, "it would be longer than the field");
    }
}
