//! An Aho-Corasick automaton over normalised keywords, leftmost and longest.

use aho_corasick::{AhoCorasick, Anchored, Input, MatchKind, StartKind};

use super::normalise::normalise;
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
#[derive(Debug, Clone)]
pub struct Matcher {
    automaton: AhoCorasick,
    mode: Mode,
    len: usize,
}

impl Matcher {
    /// Compiles `patterns`, which are normalised first. One that has no letter, digit or pictograph is `keywords.bad_pattern`.
    pub fn new<S: AsRef<str>>(patterns: &[S], mode: Mode) -> Result<Self> {
        let mut padded = Vec::with_capacity(patterns.len());
        for (at, pattern) in patterns.iter().enumerate() {
            let pattern = pattern.as_ref();
            let normal = normalise(pattern);
            if normal.is_empty() {
                let message = format!("keyword {at} ({pattern:?}) has no letter or digit to match");
                return Err(Error::at("keywords.bad_pattern", at, message));
            }
            padded.push(pad(&normal));
        }
        let start = if mode == Mode::Anywhere { StartKind::Unanchored } else { StartKind::Anchored };
        let automaton =
            AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).start_kind(start).build(&padded).map_err(
                |e| Error::new("keywords.bad_pattern", format!("the keywords are too many or too long: {e}")),
            )?;
        Ok(Self { automaton, mode, len: patterns.len() })
    }

    /// The keyword that `normalised` (see [`normalise`]) means: the leftmost, and of several there the longest.
    pub fn find(&self, normalised: &str) -> Option<usize> {
        self.next(&pad(normalised), 0).map(|hit| hit.id)
    }

    /// Every keyword in `normalised`, from left to right, none overlapping another; at most one unless the mode is anywhere.
    pub fn find_all(&self, normalised: &str) -> Vec<Hit> {
        let text = pad(normalised);
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(hit) = self.next(&text, at) {
            // The space behind one word is the space before the next.
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

    /// The next hit in the padded text from `at`, with offsets into the text without padding.
    fn next(&self, text: &str, at: usize) -> Option<Hit> {
        let anchored = if self.mode == Mode::Anywhere { Anchored::No } else { Anchored::Yes };
        let input = Input::new(text).span(at..text.len()).anchored(anchored);
        let found = self.automaton.find(input)?;
        if self.mode == Mode::WholeText && found.end() != text.len() {
            return None;
        }
        // One octet of padding before the text, so a match of " word " at 0..6 is the word at 0..4.
        Some(Hit { id: found.pattern().as_usize(), start: found.start(), end: found.end() - 2 })
    }
}

/// A space on either side makes a word's edges part of the pattern, so that the automaton itself respects them.
fn pad(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(' ');
    out.push_str(text);
    out.push(' ');
    out
}

#[cfg(test)]
mod tests {
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
    fn a_keyword_without_letters_is_an_error_that_says_which() {
        let error = Matcher::new(&["ok", " !? "], Mode::FirstWord).unwrap_err();
        assert_eq!((error.code, error.offset), ("keywords.bad_pattern", Some(1)));
        assert!(Matcher::new(&[] as &[&str], Mode::Anywhere).unwrap().find("x").is_none());
    }
}
