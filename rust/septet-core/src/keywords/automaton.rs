//! An Aho-Corasick automaton whose symbols are words.
//!
//! Its states are the phrases that some keyword begins with; the root is the empty one. A word leads from a state to the
//! state one word longer, and where there is none, to the longest state that ends the phrase read: so every word of a text
//! is read once, however many keywords there are. The transitions are one hash table, because words, unlike octets, are too
//! many for an array.

use std::ops::ControlFlow;

use hashbrown::HashTable;

use super::word::{Word, each_word};

/// Spreads the bits of a state's number; odd (2^64 divided by the golden ratio).
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// No keyword, or no state.
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
    fn new(parent: u32, word: (u32, u32), len: u32) -> Self {
        Self { parent, word, len, id: NONE, fallback: ROOT, shorter: ROOT, goes_on: false }
    }

    /// The keyword that consists of exactly these words.
    pub(super) fn id(&self) -> Option<usize> {
        (self.id != NONE).then_some(self.id as usize)
    }

    /// Octets of the phrase.
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// The last word among the automaton's octets.
    fn last<'a>(&self, octets: &'a [u8]) -> Word<'a> {
        let start = self.word.0 as usize;
        Word::new(octets, start, start + self.word.1 as usize)
    }
}

/// Keywords in their normal form, compiled.
#[derive(Debug, Clone)]
pub(super) struct Automaton {
    octets: Vec<u8>,
    states: Vec<State>,
    /// Every state but the root, by its parent and its last word.
    transitions: HashTable<u32>,
    /// A bit for each hash of a transition, some sixteen for one: a single look says of nearly every word of a text that
    /// nothing begins with it.
    hashes: Vec<u64>,
}

impl Automaton {
    /// One with room for `keywords` states; more are fine.
    pub(super) fn new(keywords: usize) -> Self {
        let mut states = Vec::with_capacity(keywords + 1);
        states.push(State::new(NONE, (0, 0), 0));
        Self { octets: Vec::new(), states, transitions: HashTable::with_capacity(keywords), hashes: Vec::new() }
    }

    /// Adds a keyword in its normal form. Of equal ones the first counts. None if there is no room for it.
    pub(super) fn add(&mut self, keyword: &[u8], id: u32) -> Option<()> {
        let mut state = Some(ROOT);
        each_word(keyword, 0, |word| {
            state = state.and_then(|state| self.next(state, word).or_else(|| self.insert(state, word)));
            ControlFlow::Continue(())
        });
        let last = &mut self.states[state? as usize];
        if last.id == NONE {
            last.id = id;
        }
        (id != NONE).then_some(())
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
        self.hashes = vec![0; (self.states.len() / 4).next_power_of_two()];
        for state in &self.states[1..] {
            let (at, bit) = place(&self.hashes, from(state.parent, state.last(&self.octets).hash()));
            self.hashes[at] |= bit;
        }
        later.sort_by_key(|at| words[*at as usize]);
        for at in later {
            let state = self.state(at);
            let fallback = self.read(self.state(state.parent).fallback, state.last(&self.octets));
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

    /// Where a word leads from a state, if a phrase goes on with it.
    #[expect(clippy::inline_always, reason = "see `each_word`")]
    #[inline(always)]
    pub(super) fn next(&self, state: u32, word: Word) -> Option<u32> {
        let is_it = |other: &u32| {
            let other = self.state(*other);
            other.parent == state && other.last(&self.octets).octets() == word.octets()
        };
        self.transitions.find(from(state, word.hash()), is_it).copied()
    }

    /// Where a word leads from a state.
    #[expect(clippy::inline_always, reason = "see `each_word`")]
    #[inline(always)]
    pub(super) fn read(&self, mut state: u32, word: Word) -> u32 {
        loop {
            let (at, bit) = place(&self.hashes, from(state, word.hash()));
            if self.hashes[at] & bit != 0
                && let Some(next) = self.next(state, word)
            {
                return next;
            }
            if state == ROOT {
                return ROOT;
            }
            state = self.state(state).fallback;
        }
    }

    /// Octets on the heap.
    pub(super) fn footprint(&self) -> usize {
        self.octets.capacity()
            + self.states.capacity() * size_of::<State>()
            + self.transitions.allocation_size()
            + self.hashes.capacity() * size_of::<u64>()
    }

    /// A new state, unless numbers have run out.
    fn insert(&mut self, parent: u32, word: Word) -> Option<u32> {
        let number = u32::try_from(self.states.len()).ok().filter(|number| *number != NONE)?;
        let start = u32::try_from(self.octets.len()).ok()?;
        let len = u32::try_from(word.octets().len()).ok()?;
        start.checked_add(len)?;
        let before = self.state(parent).len;
        let whole = before.checked_add(u32::from(parent != ROOT))?.checked_add(len)?;
        self.octets.extend_from_slice(word.octets());
        self.states[parent as usize].goes_on = true;
        self.states.push(State::new(parent, (start, len), whole));
        let (states, octets) = (&self.states, &self.octets);
        let hash_of = |number: &u32| {
            let state = &states[*number as usize];
            from(state.parent, state.last(octets).hash())
        };
        self.transitions.insert_unique(from(parent, word.hash()), number, hash_of);
        Some(number)
    }
}

/// Where the bit of a hash is.
#[inline]
fn place(bits: &[u64], hash: u64) -> (usize, u64) {
    // The table takes the lowest bits and the highest seven.
    ((hash >> 32) as usize & (bits.len() - 1), 1 << (hash >> 26 & 63))
}

/// The hash of a transition: a word's hash, read in a state.
#[inline]
fn from(state: u32, word: u64) -> u64 {
    word ^ u64::from(state).wrapping_mul(SPREAD)
}
