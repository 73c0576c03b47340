//! The phrases that lead to keywords, in an open hash table over one arena of octets.

/// Seeds and spreads the hash; odd, with bits everywhere (2^64 divided by the golden ratio).
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// No phrase, or a phrase that is no keyword.
const NONE: u32 = u32::MAX;

/// A phrase: the first words of a keyword, or all of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Phrase {
    start: u32,
    len: u32,
    id: u32,
    /// Whether a longer phrase begins with this one.
    pub(super) goes_on: bool,
}

impl Phrase {
    /// The keyword that consists of exactly these words.
    pub(super) fn id(&self) -> Option<usize> {
        (self.id != NONE).then_some(self.id as usize)
    }
}

/// Part of the hash, so that nearly every absent phrase is known by its slot alone.
#[derive(Debug, Clone, Copy)]
struct Slot {
    tag: u32,
    phrase: u32,
}

const EMPTY: Slot = Slot { tag: 0, phrase: NONE };

/// Phrases by their octets.
#[derive(Debug, Clone)]
pub(super) struct Table {
    octets: Vec<u8>,
    phrases: Vec<Phrase>,
    /// A power of two, at most half of them taken.
    slots: Vec<Slot>,
}

impl Table {
    /// A table with room for `keywords` phrases; more are fine.
    pub(super) fn new(keywords: usize) -> Self {
        let slots = (keywords * 2).next_power_of_two().max(8);
        Self { octets: Vec::new(), phrases: Vec::with_capacity(keywords), slots: vec![EMPTY; slots] }
    }

    /// Adds a keyword in its normal form. Of equal ones the first counts. False if there is no room for its octets.
    pub(super) fn add(&mut self, keyword: &[u8], id: u32) -> bool {
        let start = self.octets.len();
        if id == NONE || start + keyword.len() >= NONE as usize {
            return false;
        }
        self.octets.extend_from_slice(keyword);
        let mut hash = 0;
        let mut end = 0;
        let mut kept = false;
        while end < keyword.len() {
            let begin = if end == 0 { 0 } else { end + 1 };
            end = word_end(keyword, begin);
            hash = extend(hash, keyword, begin, end);
            let whole = end == keyword.len();
            if let Some(found) = self.position(hash, &keyword[..end]) {
                let phrase = &mut self.phrases[found];
                phrase.goes_on |= !whole;
                if whole && phrase.id == NONE {
                    phrase.id = id;
                }
            } else {
                let new =
                    Phrase { start: start as u32, len: end as u32, id: if whole { id } else { NONE }, goes_on: !whole };
                self.insert(hash, new);
                kept = true;
            }
        }
        if !kept {
            self.octets.truncate(start);
        }
        true
    }

    /// The phrase with these octets.
    #[inline]
    pub(super) fn get(&self, hash: u64, octets: &[u8]) -> Option<&Phrase> {
        self.position(hash, octets).map(|at| &self.phrases[at])
    }

    /// Octets on the heap.
    pub(super) fn footprint(&self) -> usize {
        self.octets.capacity()
            + self.phrases.capacity() * size_of::<Phrase>()
            + self.slots.capacity() * size_of::<Slot>()
    }

    /// Gives back what growing left over.
    pub(super) fn shrink(&mut self) {
        self.octets.shrink_to_fit();
        self.phrases.shrink_to_fit();
    }

    #[inline]
    fn position(&self, hash: u64, octets: &[u8]) -> Option<usize> {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at & mask];
            if slot.phrase == NONE {
                return None;
            }
            if slot.tag == tag(hash) {
                let phrase = &self.phrases[slot.phrase as usize];
                let start = phrase.start as usize;
                if self.octets[start..start + phrase.len as usize] == *octets {
                    return Some(slot.phrase as usize);
                }
            }
            at += 1;
        }
    }

    fn insert(&mut self, hash: u64, phrase: Phrase) {
        if (self.phrases.len() + 1) * 2 > self.slots.len() {
            let mut larger = vec![EMPTY; self.slots.len() * 2];
            for (at, old) in self.phrases.iter().enumerate() {
                let start = old.start as usize;
                place(&mut larger, hash_of(&self.octets[start..start + old.len as usize]), at);
            }
            self.slots = larger;
        }
        place(&mut self.slots, hash, self.phrases.len());
        self.phrases.push(phrase);
    }
}

fn place(slots: &mut [Slot], hash: u64, phrase: usize) {
    let mask = slots.len() - 1;
    let mut at = hash as usize & mask;
    while slots[at].phrase != NONE {
        at = (at + 1) & mask;
    }
    slots[at] = Slot { tag: tag(hash), phrase: phrase as u32 };
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// The end of the word that begins at `begin`.
#[inline]
pub(super) fn word_end(text: &[u8], begin: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut at = begin;
    while let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        // Where an octet is a space, it is zero here, and the lowest such one borrows into its own high bit first.
        let zero = u64::from_le_bytes(*eight) ^ (ONES * u64::from(b' '));
        let spaces = zero.wrapping_sub(ONES) & !zero & (ONES << 7);
        if spaces != 0 {
            return at + (spaces.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    text[at..].iter().position(|o| *o == b' ').map_or(text.len(), |n| at + n)
}

/// The hash of a phrase (0 for none) and the word `text[begin..end]` behind it.
#[inline]
pub(super) fn extend(hash: u64, text: &[u8], begin: usize, end: usize) -> u64 {
    let mut hash = hash ^ (end - begin) as u64;
    let mut at = begin;
    while at < end {
        let left = (end - at).min(8);
        // Eight octets at once where the text has them, whatever stands behind the word.
        let eight = if let Some(eight) = text[at..].first_chunk::<8>() {
            u64::from_le_bytes(*eight) & (u64::MAX >> (64 - 8 * left))
        } else {
            text[at..end].iter().rev().fold(0, |all, o| all << 8 | u64::from(*o))
        };
        hash = mix(hash ^ eight);
        at += 8;
    }
    hash
}

#[inline]
fn mix(value: u64) -> u64 {
    let wide = u128::from(value ^ SPREAD) * u128::from(SPREAD);
    (wide >> 64) as u64 ^ wide as u64
}

fn hash_of(phrase: &[u8]) -> u64 {
    let (mut hash, mut begin) = (0, 0);
    loop {
        let end = word_end(phrase, begin);
        hash = extend(hash, phrase, begin, end);
        if end == phrase.len() {
            return hash;
        }
        begin = end + 1;
    }
}
