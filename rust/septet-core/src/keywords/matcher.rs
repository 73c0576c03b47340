//! Keywords in a text, leftmost and longest.

use super::normalise::Words;
use super::table::{Table, extend, word_end};
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

/// Compiled keywords: a tree of words, walked from one word of the text to the next.
///
/// Keywords begin and end where words do, so a text is looked up word by word and not octet by octet. A word that begins
/// no keyword costs one look at the table; where one does, the walk is no longer than the longest keyword.
#[derive(Debug, Clone)]
pub struct Matcher {
    table: Table,
    mode: Mode,
    len: usize,
}

impl Matcher {
    /// Compiles `patterns`, which are normalised first. One that has no letter, digit or pictograph is `keywords.bad_pattern`.
    pub fn new<S: AsRef<str>>(patterns: &[S], mode: Mode) -> Result<Self> {
        let mut table = Table::new(patterns.len());
        let mut words = Words::new();
        for (at, pattern) in patterns.iter().enumerate() {
            let pattern = pattern.as_ref();
            words.read(pattern);
            if words.as_octets().is_empty() {
                let message = format!("keyword {at} ({pattern:?}) has no letter or digit to match");
                return Err(Error::at("keywords.bad_pattern", at, message));
            }
            if !u32::try_from(at).is_ok_and(|id| table.add(words.as_octets(), id)) {
                return Err(Error::at("keywords.bad_pattern", at, "the keywords are too many or too long"));
            }
        }
        table.shrink();
        Ok(Self { table, mode, len: patterns.len() })
    }

    /// The keyword that `normalised` (see [`normalise`](super::normalise())) means: the leftmost, and of several there the
    /// longest.
    pub fn find(&self, normalised: &str) -> Option<usize> {
        self.next(normalised.as_bytes(), 0).map(|hit| hit.id)
    }

    /// The keyword that `text` means, normalised by way of `words`, a buffer that is worth keeping.
    pub fn find_in(&self, text: &str, words: &mut Words) -> Option<usize> {
        words.read(text);
        self.next(words.as_octets(), 0).map(|hit| hit.id)
    }

    /// Every keyword in `normalised`, from left to right, none overlapping another; at most one unless the mode is anywhere.
    pub fn find_all(&self, normalised: &str) -> Vec<Hit> {
        let text = normalised.as_bytes();
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(hit) = self.next(text, at) {
            at = hit.end + 1;
            out.push(hit);
            if self.mode != Mode::Anywhere {
                break;
            }
        }
        out
    }

    /// Every keyword wherever the mode lets it stand in `normalised`, also within and across others: by start, then by end.
    pub fn find_overlapping(&self, normalised: &str) -> Vec<Hit> {
        let text = normalised.as_bytes();
        let mut out = Vec::new();
        let mut at = 0;
        while at < text.len() {
            self.walk(text, at, |hit| {
                if self.mode != Mode::WholeText || hit.end == text.len() {
                    out.push(hit);
                }
            });
            if self.mode != Mode::Anywhere {
                break;
            }
            at = word_end(text, at) + 1;
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
        size_of::<Self>() + self.table.footprint()
    }

    /// The first hit that begins at the word at `at`, or in mode anywhere at a later one: the longest there.
    fn next(&self, text: &[u8], mut at: usize) -> Option<Hit> {
        while at < text.len() {
            let mut longest = None;
            let end = self.walk(text, at, |hit| longest = Some(hit));
            if self.mode == Mode::WholeText {
                return longest.filter(|hit| hit.end == text.len());
            }
            if longest.is_some() || self.mode == Mode::FirstWord {
                return longest;
            }
            at = end + 1;
        }
        None
    }

    /// Reports the keywords that begin at `start`, shortest first, and returns where the first word ends.
    #[inline]
    fn walk(&self, text: &[u8], start: usize, mut report: impl FnMut(Hit)) -> usize {
        let first = word_end(text, start);
        let (mut hash, mut begin, mut end) = (0, start, first);
        loop {
            hash = extend(hash, text, begin, end);
            let Some(phrase) = self.table.get(hash, &text[start..end]) else { return first };
            if let Some(id) = phrase.id() {
                report(Hit { id, start, end });
            }
            if !phrase.goes_on || end == text.len() {
                return first;
            }
            begin = end + 1;
            end = word_end(text, begin);
        }
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
        let hits = matcher.find_all("stop it now");
        assert_eq!(hits, [Hit { id: 2, start: 0, end: 4 }, Hit { id: 1, start: 5, end: 11 }]);
        assert_eq!(matcher.find("unstoppable"), None);
    }

    #[test]
    fn overlapping_reports_everything() {
        let matcher = Matcher::new(&["a b", "b", "a b c d", "b c"], Mode::Anywhere).unwrap();
        let found: Vec<_> = matcher.find_overlapping("a b c").iter().map(|h| (h.id, h.start, h.end)).collect();
        assert_eq!(found, [(0, 0, 3), (1, 2, 3), (3, 2, 5)]);
        let whole = Matcher::new(&["a", "a b"], Mode::WholeText).unwrap();
        assert_eq!(whole.find_overlapping("a b").len(), 1);
        let first = Matcher::new(&["a", "a b", "b"], Mode::FirstWord).unwrap();
        assert_eq!(first.find_overlapping("a b").len(), 2);
    }

    #[test]
    fn a_hundred_thousand_keywords_fit_in_a_few_megabytes() {
        let words: Vec<String> = (0..100_000u32).map(|i| format!("word{i} of {}", i / 7)).collect();
        let matcher = Matcher::new(&words, Mode::Anywhere).unwrap();
        for at in [0, 1, 54_321, 99_999] {
            assert_eq!(matcher.find(&format!("x {} y", words[at])), Some(at));
        }
        assert_eq!(matcher.find("word1 of"), None);
        assert!(matcher.footprint() < 16 << 20, "{} octets", matcher.footprint());
    }

    #[test]
    fn a_keyword_without_letters_is_an_error_that_says_which() {
        let error = Matcher::new(&["ok", " !? "], Mode::FirstWord).unwrap_err();
        assert_eq!((error.code, error.offset), ("keywords.bad_pattern", Some(1)));
        assert!(Matcher::new(&[] as &[&str], Mode::Anywhere).unwrap().find("x").is_none());
    }
}
