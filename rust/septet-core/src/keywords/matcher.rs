//! Keywords in a text.

use std::ops::ControlFlow::{Break, Continue};

use super::automaton::{Automaton, ROOT};
use super::normalise::Words;
use super::word::each_word;
use crate::error::{Error, Result};

/// Where in a text a keyword counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The text begins with the keyword (which may be several words), followed by a word's end.
    #[default]
    FirstWord,
    /// The text is the keyword.
    WholeText,
    /// The keyword stands somewhere, as whole words.
    Anywhere,
}

impl Mode {
    /// The mode of that name, or `keywords.bad_pattern`.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "first_word" => Ok(Self::FirstWord),
            "whole_text" => Ok(Self::WholeText),
            "anywhere" => Ok(Self::Anywhere),
            _ => Err(Error::new(
                "keywords.bad_pattern",
                format!("mode {name:?} is unknown: use \"first_word\", \"whole_text\" or \"anywhere\""),
            )),
        }
    }
}

/// A keyword found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The keyword's position in the list that was compiled; of equal ones the first.
    pub id: usize,
    /// First octet in the normalised text.
    pub start: usize,
    /// One past its last octet.
    pub end: usize,
}

/// Compiled keywords.
///
/// Keywords begin and end where words do, so a text is read word by word and not octet by octet.
#[derive(Debug, Clone)]
pub struct Matcher {
    automaton: Automaton,
    mode: Mode,
    len: usize,
}

impl Matcher {
    /// Compiles `patterns`, which are normalised first. One that has no letter, digit or pictograph is `keywords.bad_pattern`.
    pub fn new<S: AsRef<str>>(patterns: &[S], mode: Mode) -> Result<Self> {
        let mut automaton = Automaton::new(patterns.len());
        let mut words = Words::new();
        for (at, pattern) in patterns.iter().enumerate() {
            let pattern = pattern.as_ref();
            let normal: &[u8] = words.read(pattern).as_ref();
            if normal.is_empty() {
                let message = format!("keyword {at} ({pattern:?}) has no letter or digit to match");
                return Err(Error::at("keywords.bad_pattern", at, message));
            }
            if u32::try_from(at).ok().and_then(|id| automaton.add(normal, id)).is_none() {
                let message = format!("keyword {at} is one too many: together they exceed 4 GiB");
                return Err(Error::at("keywords.bad_pattern", at, message));
            }
        }
        automaton.link();
        Ok(Self { automaton, mode, len: patterns.len() })
    }

    /// The keyword that `normalised` (a `str` of [`normalise`](super::normalise()) or [`Words`]) means: the leftmost, and of
    /// several there the longest.
    pub fn find<T: AsRef<[u8]> + ?Sized>(&self, normalised: &T) -> Option<usize> {
        self.first(normalised.as_ref(), 0).map(|hit| hit.id)
    }

    /// Every keyword wherever the mode lets it stand in `normalised`, also within and across others: by start, then by end.
    pub fn find_all<T: AsRef<[u8]> + ?Sized>(&self, normalised: &T) -> Vec<Hit> {
        let text = normalised.as_ref();
        let mut out = Vec::new();
        if self.mode != Mode::Anywhere {
            self.at_start(text, |hit| out.push(hit));
            return out;
        }
        let mut state = ROOT;
        each_word(text, 0, |word| {
            state = self.automaton.read(state, word);
            for keyword in self.automaton.keywords(state) {
                out.extend(keyword.id().map(|id| Hit { id, start: word.end - keyword.len(), end: word.end }));
            }
            Continue(())
        });
        out.sort_unstable_by_key(|hit| (hit.start, hit.end));
        out
    }

    /// The keywords that [`find`](Self::find) would find one behind the other: none overlaps another.
    pub fn find_apart<T: AsRef<[u8]> + ?Sized>(&self, normalised: &T) -> Vec<Hit> {
        let text = normalised.as_ref();
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(hit) = self.first(text, at) {
            at = hit.end + 1;
            out.push(hit);
            if self.mode != Mode::Anywhere {
                break;
            }
        }
        out
    }

    /// How many keywords were compiled.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Octets that the compiled keywords take.
    pub fn footprint(&self) -> usize {
        size_of::<Self>() + self.automaton.footprint()
    }

    /// The leftmost-longest hit in `text[begin..]`, where a word begins at `begin`.
    fn first(&self, text: &[u8], begin: usize) -> Option<Hit> {
        let mut best: Option<Hit> = None;
        if self.mode != Mode::Anywhere {
            self.at_start(text, |hit| best = Some(hit));
            return best;
        }
        let mut state = ROOT;
        each_word(text, begin, |word| {
            let end = word.end;
            state = self.automaton.read(state, word);
            // What is still being read begins behind the best hit: neither can that grow, nor one begin before it.
            if best.is_some_and(|best| end - self.automaton.state(state).len() > best.start) {
                return Break(());
            }
            // The longest that ends here begins leftmost.
            if let Some(keyword) = self.automaton.keywords(state).next() {
                let start = end - keyword.len();
                if best.is_none_or(|best| start <= best.start) {
                    best = keyword.id().map(|id| Hit { id, start, end });
                }
            }
            Continue(())
        });
        best
    }

    /// Reports the keywords with which the text begins, or which it is, shortest first.
    fn at_start(&self, text: &[u8], mut report: impl FnMut(Hit)) {
        let mut state = ROOT;
        each_word(text, 0, |word| {
            let end = word.end;
            let Some(next) = self.automaton.next(state, word) else { return Break(()) };
            let phrase = self.automaton.state(next);
            if let Some(id) = phrase.id().filter(|_| self.mode != Mode::WholeText || end == text.len()) {
                report(Hit { id, start: 0, end });
            }
            state = next;
            if phrase.goes_on { Continue(()) } else { Break(()) }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::normalise;
    use super::*;

    fn find(words: &[&str], mode: Mode, text: &str) -> Option<usize> {
        Matcher::new(words, mode).unwrap().find(&normalise(text))
    }

    #[test]
    fn vectors() {
        for line in include_str!("../../../../tests/vectors/keywords.jsonl").lines() {
            let v: serde_json::Value = serde_json::from_str(line).expect("a vector is JSON");
            let words: Vec<_> = v["keywords"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
            let mode = Mode::from_name(v["mode"].as_str().unwrap()).unwrap();
            let want = v["id"].as_u64().map(|id| id as usize);
            assert_eq!(find(&words, mode, v["text"].as_str().unwrap()), want, "{v}");
        }
    }

    #[test]
    fn first_word_needs_a_words_end_and_takes_the_longest() {
        let words = ["stop", "stop all", "info"];
        assert_eq!(find(&words, Mode::FirstWord, "Stop texting me"), Some(0));
        assert_eq!(find(&words, Mode::FirstWord, "STOP ALL now"), Some(1));
        assert_eq!(find(&words, Mode::FirstWord, "stop alley"), Some(0));
        assert_eq!(find(&words, Mode::FirstWord, "stopping"), None);
        assert_eq!(find(&words, Mode::FirstWord, "please stop"), None);
    }

    #[test]
    fn whole_text_is_all_or_nothing() {
        let words = ["stop", "stop all"];
        assert_eq!(find(&words, Mode::WholeText, " stop. "), Some(0));
        assert_eq!(find(&words, Mode::WholeText, "stop all"), Some(1));
        assert_eq!(find(&words, Mode::WholeText, "stop it"), None);
        assert_eq!(find(&words, Mode::WholeText, ""), None);
    }

    #[test]
    fn anywhere_respects_word_edges_between_neighbours() {
        let matcher = Matcher::new(&["op it", "it now", "stop", "now"], Mode::Anywhere).unwrap();
        let hits = matcher.find_apart("stop it now");
        assert_eq!(hits, [Hit { id: 2, start: 0, end: 4 }, Hit { id: 1, start: 5, end: 11 }]);
        assert_eq!(matcher.find("unstoppable"), None);
    }

    #[test]
    fn the_leftmost_counts_even_if_a_shorter_one_ends_before_it() {
        let matcher = Matcher::new(&["a b c d", "b", "b c", "c d e"], Mode::Anywhere).unwrap();
        let first = |text: &str| matcher.find_apart(text).first().map(|h| (h.id, h.start, h.end));
        assert_eq!(first("a b c d e"), Some((0, 0, 7)));
        assert_eq!(first("a b c e"), Some((2, 2, 5)));
        assert_eq!(first("a b x c d e"), Some((1, 2, 3)));
        assert_eq!(first("a x c d e"), Some((3, 4, 9)));
    }

    #[test]
    fn all_hits_come_by_start_then_by_end() {
        let matcher = Matcher::new(&["a b", "b", "a b c d", "b c", "b"], Mode::Anywhere).unwrap();
        let found: Vec<_> = matcher.find_all("a b c").iter().map(|h| (h.id, h.start, h.end)).collect();
        assert_eq!(found, [(0, 0, 3), (1, 2, 3), (3, 2, 5)]);
        assert_eq!(Matcher::new(&["a", "a b"], Mode::WholeText).unwrap().find_all("a b").len(), 1);
        assert_eq!(Matcher::new(&["a", "a b", "b"], Mode::FirstWord).unwrap().find_all("a b").len(), 2);
    }

    #[test]
    fn a_hundred_thousand_keywords_fit_in_a_few_megabytes() {
        let words: Vec<String> = (0..100_000u32).map(|i| format!("word{i} of {}", i / 7)).collect();
        let matcher = Matcher::new(&words, Mode::Anywhere).unwrap();
        for at in [0, 1, 54_321, 99_999] {
            assert_eq!(matcher.find(&format!("x {} y", words[at])), Some(at));
        }
        assert_eq!(matcher.find("word1 of"), None);
        assert!(matcher.footprint() < 24 << 20, "{} octets", matcher.footprint());
    }

    #[test]
    fn a_keyword_without_letters_is_an_error_that_says_which() {
        let error = Matcher::new(&["ok", " !? "], Mode::FirstWord).unwrap_err();
        assert_eq!((error.code, error.offset), ("keywords.bad_pattern", Some(1)));
        assert!(Matcher::new(&[] as &[&str], Mode::Anywhere).unwrap().find("x").is_none());
    }
}
