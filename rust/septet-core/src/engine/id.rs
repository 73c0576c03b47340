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

    /// What a session of 3.3 calls it, whose ids have eight octets: the last 32 of its random bits, in hexadecimal.
    pub fn alias(self) -> u32 {
        self.0 as u32
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

/// Reads an alias in either case; `None` if it cannot be one.
pub(super) fn parse_alias(text: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(text).ok().filter(|t| t.len() == 8 && t.bytes().all(|c| c.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
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
        let alias = format!("{:08X}", early.alias());
        assert_eq!(parse_alias(alias.as_bytes()), Some(early.alias()));
        assert_eq!(parse_alias(alias.to_ascii_lowercase().as_bytes()), Some(early.alias()));
        assert_eq!((parse_alias(b"+1234567"), parse_alias(b"123456789")), (None, None));
        assert_eq!(Id::parse(b"short"), None);
        assert_eq!(Id::parse(b"0123456789012345678U"), None);
    }
}
