//! Texts in characters of one width, as interpreters hold them, looked at sixteen characters at a time.
//!
//! What is common is done here at nearly the speed of memory: texts of the default GSM tables, and texts that can only be UCS-2,
//! without a national table, a replacement or packed octets. Everything else, errors among it, is left to
//! [`plan`](super::plan), whose answers these are; a property test holds them to that.

mod count;
mod encode;
mod read;
#[cfg(test)]
mod tests;

pub use count::{Cost, Quick};
pub use read::{Body, Read};

use super::alphabet;
use crate::error::{Error, Result};

/// A text whose characters (Unicode code points) take one, two or four octets each.
///
/// Surrogates may be among them, as in a Python `str`: those have no place in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flat<'t> {
    /// Characters up to U+00FF.
    One(&'t [u8]),
    /// Characters up to U+FFFF.
    Two(&'t [u16]),
    /// Any characters.
    Four(&'t [u32]),
}

impl<'t> Flat<'t> {
    /// An ASCII text, which is flat already.
    pub fn ascii(text: &'t str) -> Option<Self> {
        text.is_ascii().then_some(Self::One(text.as_bytes()))
    }

    /// The same text as UTF-8. Half a surrogate pair is `text.unencodable`.
    pub fn to_text(self) -> Result<String> {
        fn collect(chars: impl Iterator<Item = u32>) -> Result<String> {
            chars
                .enumerate()
                .map(|(at, code)| {
                    char::from_u32(code).ok_or_else(|| {
                        Error::at(
                            "text.unencodable",
                            at,
                            format!(
                                "U+{code:04X} at character {at} is half a surrogate pair and no character: leave it out"
                            ),
                        )
                    })
                })
                .collect()
        }
        match self {
            Self::One(chars) => Ok(chars.iter().map(|c| char::from(*c)).collect()),
            Self::Two(chars) => collect(chars.iter().map(|c| u32::from(*c))),
            Self::Four(chars) => collect(chars.iter().copied()),
        }
    }
}

/// Characters looked at together: plain comparisons over them become vector instructions.
const STEP: usize = 16;

/// What sixteen characters are in the GSM tables.
struct Look {
    /// All of them are of ASCII or `€`, in the tables, and no control character but LF.
    held: bool,
    /// How many are escape pairs, if they are held.
    pairs: usize,
}

/// A character's code in a text of one width.
trait Unit: Copy + Into<u32> + 'static {
    /// A character that is one septet, to fill a step with.
    const BLANK: Self;

    fn look(step: &[Self; STEP]) -> Look;
    /// How many take two UTF-16 units, and whether a surrogate is among them.
    fn wide(step: &[Self; STEP]) -> (usize, bool);
    /// The septets of characters that are held and no pairs.
    fn septets(step: &[Self; STEP]) -> [u8; STEP];
}

macro_rules! unit {
    ($t:ty, $euro:expr, $wide:expr, $surrogate:expr) => {
        impl Unit for $t {
            const BLANK: Self = b' ' as $t;

            #[inline]
            #[allow(clippy::needless_bitwise_bool)] // a lazy operator is a branch
            fn look(step: &[Self; STEP]) -> Look {
                // Lanes as wide as the characters, and sums that wrap (they cannot here): else there are no vectors.
                let (mut outside, mut pairs): ($t, $t) = (0, 0);
                for &c in step {
                    let euro = $euro(c);
                    let control = (c < 0x20) & (c != b'\n' as $t);
                    outside |= (control | (c == b'`' as $t) | ((c > 0x7E) & !euro)) as $t;
                    // `[\]^` and `{|}~` differ by one bit.
                    pairs = pairs.wrapping_add((((c | 0x20).wrapping_sub(b'{' as $t) < 4) | euro) as $t);
                }
                Look { held: outside == 0, pairs: pairs as usize }
            }

            #[inline]
            fn wide(step: &[Self; STEP]) -> (usize, bool) {
                let (mut wide, mut surrogate): ($t, $t) = (0, 0);
                for &c in step {
                    wide = wide.wrapping_add($wide(c) as $t);
                    surrogate |= $surrogate(c) as $t;
                }
                (wide as usize, surrogate != 0)
            }

            #[inline]
            fn septets(step: &[Self; STEP]) -> [u8; STEP] {
                step.map(|c| same_but_three(c as u8))
            }
        }
    };
}

unit!(u8, |_| false, |_| false, |_| false);
unit!(u16, |c: u16| c == 0x20AC, |_| false, |c: u16| c & 0xF800 == 0xD800);
unit!(u32, |c: u32| c == 0x20AC, |c: u32| c > 0xFFFF, |c: u32| c & 0xFFFF_F800 == 0xD800);

/// The septet of an ASCII character of the default table: three of them have other places.
#[inline]
fn same_but_three(octet: u8) -> u8 {
    let moved = |from: u8, to: u8| u8::from(octet == from).wrapping_neg() & (from ^ to);
    octet ^ moved(b'@', 0x00) ^ moved(b'$', 0x02) ^ moved(b'_', 0x11)
}

/// The septets of any character, as [`alphabet::septets`] has them.
#[inline]
fn septets<U: Unit>(c: U) -> Option<u16> {
    alphabet::septets(char::from_u32(c.into())?)
}

/// The steps of `chars`; the last one is filled up with blanks. Returns as soon as `on` says false.
#[inline]
fn steps<U: Unit>(chars: &[U], mut on: impl FnMut(&[U; STEP]) -> bool) -> bool {
    let (whole, rest) = chars.as_chunks::<STEP>();
    if !whole.iter().all(&mut on) {
        return false;
    }
    if rest.is_empty() {
        return true;
    }
    let mut last = [U::BLANK; STEP];
    last[..rest.len()].copy_from_slice(rest);
    on(&last)
}
