//! An Aho-Corasick automaton whose symbols are words.
//!
//! Its states are the phrases that some keyword begins with; the root is the empty one. A word leads from a state to the
//! state one word longer, and where there is none, to the longest state that ends the phrase read: so every word of a text
//! is read once, however many keywords there are. The transitions are one open hash table, because words, unlike octets,
//! are too many for an array.

/// Seeds and spreads the hash; odd, with bits everywhere (2^64 divided by the golden ratio).
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// No state, or no keyword.
const NONE: u32 = u32::MAX;

/// Where every text begins.
pub(super) const ROOT: u32 = 0;

/// A phrase that some keyword begins with.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    /// The phrase without its last word.
    parent: u32,
    /// The last word, in `Automaton::octets`.
    word: (u32, u32),
    /// Octets of the phrase, with the spaces between its words.
    len: u32,
    id: u32,
    /// The longest state that this phrase ends with, save itself.
    fallback: u32,
    /// The longest keyword that this phrase ends with, save itself; the root if none.
    shorter: u32,
    /// Whether a longer phrase begins with this one.
    pub(super) goes_on: bool,
}

impl State {
    /// The keyword that consists of exactly these words.
    pub(super) fn id(&self) -> Option<usize> {
        (self.id != NONE).then_some(self.id as usize)
    }

    /// Octets of the phrase.
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }
}

/// Part of the hash, so that nearly every absent word is known by its slot alone.
#[derive(Debug, Clone, Copy)]
struct Slot {
    tag: u32,
    state: u32,
}

const EMPTY: Slot = Slot { tag: 0, state: NONE };

/// Keywords in their normal form, compiled.
#[derive(Debug, Clone)]
pub(super) struct Automaton {
    octets: Vec<u8>,
    states: Vec<State>,
    /// A power of two, at most half of them taken.
    slots: Vec<Slot>,
}

impl Automaton {
    /// One with room for `keywords` states; more are fine.
    pub(super) fn new(keywords: usize) -> Self {
        let root = State {
            parent: NONE,
            word: (0, 0),
            len: 0,
            id: NONE,
            fallback: ROOT,
            shorter: ROOT,
            goes_on: true,
        };
        let mut states = Vec::with_capacity(keywords + 1);
        states.push(root);
        let slots = (keywords * 2).next_power_of_two().max(8);
        Self { octets: Vec::new(), states, slots: vec![EMPTY; slots] }
    }

    /// Adds a keyword in its normal form. Of equal ones the first counts. False if there is no room for it.
    pub(super) fn add(&mut self, keyword: &[u8], id: u32) -> bool {
        // No keyword has more words than octets, so this counts states too.
        if id == NONE || self.octets.len() + self.states.len() + keyword.len() >= NONE as usize {
            return false;
        }
        let mut state = ROOT;
        let mut begin = 0;
        while begin < keyword.len() {
            let end = word_end(keyword, begin);
            let word = &keyword[begin..end];
            let hash = from(state, hash(keyword, begin, end));
            state = match self.child(state, hash, word) {
                Some(next) => next,
                None => self.insert(state, hash, word, end),
            };
            begin = end + 1;
        }
        let last = &mut self.states[state as usize];
        if last.id == NONE {
            last.id = id;
        }
        true
    }

    /// Ends the building: works out what follows where no transition does, and gives back what growing left over.
    pub(super) fn link(&mut self) {
        // A fallback has fewer words than its state, so states go by their number of words; those with one fall back to the
        // root. A parent stands before its children.
        let mut words = vec![0u32; self.states.len()];
        let mut later = Vec::new();
        for at in 1..self.states.len() {
            words[at] = words[self.states[at].parent as usize] + 1;
            if words[at] > 1 {
                later.push(at as u32);
            }
        }
        later.sort_by_key(|at| words[*at as usize]);
        for at in later {
            let State { parent, word: (start, len), .. } = self.states[at as usize];
            let (start, end) = (start as usize, start as usize + len as usize);
            let hash = hash(&self.octets, start, end);
            let fallback = self.step(self.states[parent as usize].fallback, hash, &self.octets[start..end]);
            let target = self.states[fallback as usize];
            let state = &mut self.states[at as usize];
            state.fallback = fallback;
            state.shorter = if target.id == NONE { target.shorter } else { fallback };
        }
        self.octets.shrink_to_fit();
        self.states.shrink_to_fit();
    }

    /// The state of that number.
    #[inline]
    pub(super) fn state(&self, number: u32) -> &State {
        &self.states[number as usize]
    }

    /// The keywords that a state's phrase ends with, longest first.
    pub(super) fn keywords(&self, number: u32) -> impl Iterator<Item = &State> {
        let mut at = number;
        std::iter::from_fn(move || {
            while at != ROOT {
                let state = self.state(at);
                at = state.shorter;
                if state.id != NONE {
                    return Some(state);
                }
            }
            None
        })
    }

    /// Where `text[begin..end]`, a word, leads from a state, if a phrase goes on with it.
    #[inline]
    pub(super) fn next(&self, state: u32, text: &[u8], begin: usize, end: usize) -> Option<u32> {
        self.child(state, from(state, hash(text, begin, end)), &text[begin..end])
    }

    /// Where `text[begin..end]`, a word, leads from a state.
    #[inline]
    pub(super) fn read(&self, state: u32, text: &[u8], begin: usize, end: usize) -> u32 {
        self.step(state, hash(text, begin, end), &text[begin..end])
    }

    /// Octets on the heap.
    pub(super) fn footprint(&self) -> usize {
        self.octets.capacity() + self.states.capacity() * size_of::<State>() + self.slots.capacity() * size_of::<Slot>()
    }

    #[inline]
    fn step(&self, mut state: u32, hash: u64, word: &[u8]) -> u32 {
        loop {
            let here = self.state(state);
            if here.goes_on
                && let Some(next) = self.child(state, from(state, hash), word)
            {
                return next;
            }
            if state == ROOT {
                return ROOT;
            }
            state = here.fallback;
        }
    }

    #[inline]
    fn child(&self, parent: u32, hash: u64, word: &[u8]) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.state == NONE {
                return None;
            }
            if slot.tag == tag(hash) {
                let state = self.state(slot.state);
                let (start, len) = (state.word.0 as usize, state.word.1 as usize);
                if state.parent == parent && self.octets[start..start + len] == *word {
                    return Some(slot.state);
                }
            }
            at = (at + 1) & mask;
        }
    }

    /// A new state; `len` octets long.
    fn insert(&mut self, parent: u32, hash: u64, word: &[u8], len: usize) -> u32 {
        if self.states.len() * 2 > self.slots.len() {
            self.grow();
        }
        let number = self.states.len() as u32;
        let start = self.octets.len() as u32;
        self.octets.extend_from_slice(word);
        place(&mut self.slots, hash, number);
        self.states[parent as usize].goes_on = true;
        self.states.push(State {
            parent,
            word: (start, word.len() as u32),
            len: len as u32,
            id: NONE,
            fallback: ROOT,
            shorter: ROOT,
            goes_on: false,
        });
        number
    }

    fn grow(&mut self) {
        let mut larger = vec![EMPTY; self.slots.len() * 2];
        for (number, state) in self.states.iter().enumerate().skip(1) {
            let (start, len) = (state.word.0 as usize, state.word.1 as usize);
            place(&mut larger, from(state.parent, hash(&self.octets, start, start + len)), number as u32);
        }
        self.slots = larger;
    }
}

fn place(slots: &mut [Slot], hash: u64, state: u32) {
    let mask = slots.len() - 1;
    let mut at = hash as usize & mask;
    while slots[at].state != NONE {
        at = (at + 1) & mask;
    }
    slots[at] = Slot { tag: tag(hash), state };
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// The hash of a transition: a word's hash, read in a state.
#[inline]
fn from(state: u32, word: u64) -> u64 {
    word ^ u64::from(state).wrapping_mul(SPREAD)
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

/// The hash of the word `text[begin..end]`.
#[inline]
fn hash(text: &[u8], begin: usize, end: usize) -> u64 {
    let mut hash = (end - begin) as u64;
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
