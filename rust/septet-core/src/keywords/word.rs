//! The words of a normal form, found and hashed many octets at a time.

use std::ops::ControlFlow;

/// Every octet one.
const ONES: u64 = 0x0101_0101_0101_0101;
/// All but the high bit of every octet.
const LOW: u64 = ONES * 0x7F;
/// Multiplied by this, the lowest bits of eight octets become the highest octet, in order.
const GATHER: u64 = 0x0102_0408_1020_4080;
/// Odd, with bits everywhere: the first digits of the golden ratio and of the square root of two.
const SEEDS: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0x6A09_E667_F3BC_C909];

/// A word in its surroundings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a> {
    text: &'a [u8],
    begin: usize,
    /// One past its last octet.
    pub(super) end: usize,
}

impl<'a> Word<'a> {
    /// `text[begin..end]`.
    pub(super) fn new(text: &'a [u8], begin: usize, end: usize) -> Self {
        Self { text, begin, end }
    }

    #[inline]
    pub(super) fn octets(&self) -> &'a [u8] {
        &self.text[self.begin..self.end]
    }

    /// Sixteen octets at a time, whatever stands behind the word: hardly a word needs a second turn, and a processor does not
    /// have to guess how long it is.
    #[expect(clippy::inline_always, reason = "see `each_word`")]
    #[inline(always)]
    pub(super) fn hash(&self) -> u64 {
        let mut hash = (self.end - self.begin) as u64;
        let mut at = self.begin;
        loop {
            let left = self.end - at;
            let sixteen = sixteen(self.text, at);
            let (low, high) = (sixteen as u64 & mask(left), (sixteen >> 64) as u64 & mask(left.saturating_sub(8)));
            let wide = u128::from(low ^ hash ^ SEEDS[0]) * u128::from(high ^ SEEDS[1]);
            hash = (wide >> 64) as u64 ^ wide as u64;
            if left <= 16 {
                return hash;
            }
            at += 16;
        }
    }
}

/// The sixteen octets from `at`, zero behind the end.
#[inline]
fn sixteen(text: &[u8], at: usize) -> u128 {
    if let Some(here) = text[at..].first_chunk() {
        u128::from_le_bytes(*here)
    } else if let Some(last) = text.last_chunk() {
        // Near the end the last sixteen are read instead, and moved.
        u128::from_le_bytes(*last) >> (8 * (16 + at - text.len()))
    } else {
        text[at..].iter().rev().fold(0, |all, octet| all << 8 | u128::from(*octet))
    }
}

/// The lowest `octets` octets.
#[inline]
fn mask(octets: usize) -> u64 {
    if octets < 8 { (1 << (8 * octets)) - 1 } else { u64::MAX }
}

/// Gives the words of a normal form from `begin` on, where one begins, until `visit` breaks off.
#[expect(clippy::inline_always, reason = "a word that goes through memory takes longer than all that is done with it")]
#[inline(always)]
pub(super) fn each_word<'a>(text: &'a [u8], mut begin: usize, mut visit: impl FnMut(Word<'a>) -> ControlFlow<()>) {
    let mut at = begin;
    while begin < text.len() {
        // A bit for each of 64 octets; the text's end counts as a space.
        let mut spaces = spaces(text, at) | if text.len() - at < 64 { 1 << (text.len() - at) } else { 0 };
        while spaces != 0 {
            let end = at + spaces.trailing_zeros() as usize;
            spaces &= spaces - 1;
            if visit(Word { text, begin, end }).is_break() {
                return;
            }
            begin = end + 1;
        }
        at += 64;
    }
}

/// Where spaces are among the 64 octets from `at`, a bit for each.
#[inline]
fn spaces(text: &[u8], at: usize) -> u64 {
    let end = text.len().min(at + 64);
    let mut all = 0;
    for start in (at..end).step_by(16) {
        let sixteen = sixteen(text, start);
        let found = spaces_of_eight(sixteen as u64) | spaces_of_eight((sixteen >> 64) as u64) << 8;
        all |= found << (start - at);
    }
    all
}

#[inline]
fn spaces_of_eight(eight: u64) -> u64 {
    // Zero where a space is; then the high bit alone says which octets are.
    let zero = eight ^ (ONES * u64::from(b' '));
    let found = !(((zero & LOW) + LOW) | zero | LOW);
    (found >> 7).wrapping_mul(GATHER) >> 56
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_are_those_of_a_plain_split(text in "([a-zä\u{7f}]{1,40}( [a-zя\u{1f}!]{1,9}){0,40})?") {
            let mut found = Vec::new();
            each_word(text.as_bytes(), 0, |word| {
                found.push(word.octets().to_vec());
                ControlFlow::Continue(())
            });
            let plain: Vec<_> = text.split(' ').filter(|w| !w.is_empty()).map(|w| w.as_bytes().to_vec()).collect();
            prop_assert_eq!(found, plain);
        }

        #[test]
        fn a_hash_does_not_depend_on_what_stands_around(word in "[a-zя]{1,40}", before in "[a-z]{0,9}", after in "[a-z]{0,40}") {
            let text = format!("{before} {word} {after}");
            let begin = before.len() + 1;
            let inside = Word::new(text.as_bytes(), begin, begin + word.len()).hash();
            prop_assert_eq!(inside, Word::new(word.as_bytes(), 0, word.len()).hash());
        }
    }
}
