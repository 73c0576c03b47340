//! Message ids: 100 bits as 20 Crockford base-32 characters, ordered by time, not guessable.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use crate::clock::WallMs;

/// A message id: 42 bits of milliseconds, 58 bits of chance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Id(pub u128);

/// Length of an id in characters.
pub const LENGTH: usize = 20;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHANCE_BITS: u32 = 58;

impl Id {
    /// The smallest id of this millisecond.
    pub fn floor(at: WallMs) -> Self {
        Self((u128::from(at) & ((1 << 42) - 1)) << CHANCE_BITS)
    }

    /// When it was made.
    pub fn at(self) -> WallMs {
        (self.0 >> CHANCE_BITS) as WallMs
    }

    /// The 20 characters, upper case.
    pub fn encode(self) -> [u8; LENGTH] {
        let mut text = [0; LENGTH];
        let mut rest = self.0;
        for place in text.iter_mut().rev() {
            *place = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        text
    }

    /// Reads an id in either case; `None` if it cannot be one.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() != LENGTH {
            return None;
        }
        text.iter().try_fold(Self(0), |Self(value), octet| {
            let digit = ALPHABET.iter().position(|a| *a == octet.to_ascii_uppercase())?;
            Some(Self(value << 5 | digit as u128))
        })
    }
}

/// How the sender of a message is told its id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub enum Naming {
    /// As it is.
    #[default]
    Own,
    /// Eight hexadecimal digits: ids of 3.3 have no more octets.
    Short,
    /// A number of 63 bits, in 16 hexadecimal digits.
    Hex,
    /// The same number, in 19 decimal digits.
    Decimal,
    /// Hexadecimal in responses, decimal in receipts.
    HexToDecimal,
    /// Decimal in responses, hexadecimal in receipts.
    DecimalToHex,
}

/// The second highest bit of 63: with it neither form ever begins with a zero, which a sender could lose.
const LEAD: u64 = 1 << 62;

impl Naming {
    const ALL: [Self; 6] = [Self::Own, Self::Short, Self::Hex, Self::Decimal, Self::HexToDecimal, Self::DecimalToHex];

    /// By its number in a record.
    pub(super) fn from_number(number: u8) -> Self {
        Self::ALL.get(number as usize).copied().unwrap_or_default()
    }

    /// The alias by which its sender knows a message, made of the random end of its id.
    pub(super) fn alias(self, id: Id) -> Option<u64> {
        match self {
            Self::Own => None,
            Self::Short => Some(u64::from(id.0 as u32)),
            _ => Some(LEAD | id.0 as u64 & (LEAD - 1)),
        }
    }

    fn write(self, id: Id, decimal: bool) -> Vec<u8> {
        match self.alias(id) {
            None => id.encode().to_vec(),
            Some(alias) if decimal => alias.to_string().into_bytes(),
            Some(alias) => format!("{alias:08X}").into_bytes(),
        }
    }

    /// An id as a response tells it.
    pub(super) fn in_response(self, id: Id) -> Vec<u8> {
        self.write(id, matches!(self, Self::Decimal | Self::DecimalToHex))
    }

    /// An id as a receipt tells it.
    pub(super) fn in_receipt(self, id: Id) -> Vec<u8> {
        self.write(id, matches!(self, Self::Decimal | Self::HexToDecimal))
    }
}

/// Reads an alias in either case; `None` if it cannot be one.
pub(super) fn parse_alias(text: &[u8]) -> Option<u64> {
    let (radix, length) = match text.len() {
        19 => (10, 19),
        length @ (8 | 16) => (16, length),
        _ => return None,
    };
    let digits = std::str::from_utf8(text).ok().filter(|t| t.bytes().all(|c| c.is_ascii_hexdigit()))?;
    let alias = u64::from_str_radix(digits, radix).ok()?;
    (length == 8 || alias / LEAD == 1).then_some(alias)
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.encode()))
    }
}

/// Makes ids from a seed: the core has no chance of its own.
pub(super) struct Ids(ChaCha12Rng);

impl Ids {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self(ChaCha12Rng::from_seed(seed))
    }

    pub(super) fn next(&mut self, now: WallMs) -> Id {
        let chance = self.0.next_u64() >> (64 - CHANCE_BITS);
        Id(Id::floor(now).0 | u128::from(chance))
    }

    /// A number below `bound`, for jitter.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_in_either_case_and_orders_by_time() {
        let mut ids = Ids::new([7; 32]);
        let (early, late) = (ids.next(1_700_000_000_000), ids.next(1_700_000_000_001));
        assert!(early < late);
        assert_eq!((early.at(), late.at()), (1_700_000_000_000, 1_700_000_000_001));
        assert!(early >= Id::floor(1_700_000_000_000) && early < Id::floor(1_700_000_000_001));
        for id in [early, late] {
            let text = id.encode();
            assert_eq!(Id::parse(&text), Some(id));
            assert_eq!(Id::parse(&text.to_ascii_lowercase()), Some(id));
        }
        assert_eq!(Id::parse(b"short"), None);
        assert_eq!(Id::parse(b"0123456789012345678U"), None);
    }

    #[test]
    fn an_alias_reads_back_in_every_form_and_has_always_as_many_digits() {
        for low in [0, 1, u64::MAX, u64::MAX >> 2, 0x0123_4567_89AB_CDEF] {
            let id = Id(5 << 64 | u128::from(low));
            for naming in Naming::ALL {
                assert_eq!(Naming::from_number(naming as u8), naming);
                for text in [naming.in_response(id), naming.in_receipt(id)] {
                    assert_eq!(parse_alias(&text), naming.alias(id), "{naming:?}");
                    assert_eq!(parse_alias(&text.to_ascii_lowercase()), naming.alias(id));
                    assert_eq!(Id::parse(&text).is_some(), naming == Naming::Own);
                }
            }
            let [hex, decimal] = [Naming::HexToDecimal.in_response(id), Naming::HexToDecimal.in_receipt(id)];
            assert_eq!((hex.len(), decimal.len()), (16, 19));
            assert_eq!([Naming::Hex.in_receipt(id), Naming::DecimalToHex.in_receipt(id)], [hex.clone(), hex]);
            assert_eq!(
                [Naming::Decimal.in_receipt(id), Naming::DecimalToHex.in_response(id)],
                [decimal.clone(), decimal]
            );
        }
        for none in [&b"+1234567"[..], b"123456789", b"0000000000000001", b"FFFFFFFFFFFFFFFF", b"0000000000000000001"] {
            assert_eq!(parse_alias(none), None);
        }
    }
}
