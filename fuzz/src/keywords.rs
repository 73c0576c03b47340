//! Keywords against a search that tries every keyword at every word of the text.

use septet_core::keywords::{Hit, Matcher, Mode, Words, normalise};

use crate::steer::Steer;

/// Any keywords, one a line, and any text, the last line.
pub fn any(data: &[u8]) {
    let mut steer = Steer::new(data);
    let flags = steer.octet();
    let mode = [Mode::FirstWord, Mode::WholeText, Mode::Anywhere][usize::from(flags % 3)];
    let everything = steer.text(flags >> 2, 400);
    let mut lines: Vec<&str> = everything.split('\n').take(12).collect();
    let text = lines.pop().unwrap_or_default();
    let normal = normalised(text);
    let words: Vec<String> = lines.iter().map(|line| normalised(line)).collect();
    match Matcher::new(&lines, mode) {
        Err(error) => {
            assert_eq!(error.code, "keywords.bad_pattern");
            assert_eq!(error.offset, words.iter().position(String::is_empty));
        }
        Ok(matcher) => {
            assert!(words.iter().all(|word| !word.is_empty()));
            assert_eq!(matcher.len(), lines.len());
            let all = every(&words, mode, &normal);
            assert_eq!(matcher.find_all(&normal), all, "{words:?} in {normal:?}");
            let apart = apart(&all);
            assert_eq!(matcher.find_apart(&normal), apart, "{words:?} in {normal:?}");
            let first = apart.first().map(|hit| hit.id);
            assert_eq!(matcher.find(&normal), first, "{words:?} in {normal:?}");
            // A buffer that held another text answers the same.
            let mut buffer = Words::new();
            buffer.read(&everything);
            assert_eq!(matcher.find(buffer.read(text)), first, "{words:?} in {text:?}");
        }
    }
}

/// The normal form, checked: stable, one space between words, none around them, whatever the case.
fn normalised(text: &str) -> String {
    let once = normalise(text);
    assert_eq!(normalise(&once), once, "{text:?}");
    assert!(!once.starts_with(' ') && !once.ends_with(' ') && !once.contains("  "), "{once:?}");
    assert_eq!(normalise(&format!("  {text}! ")), once, "{text:?}");
    once
}

/// Every keyword at every word's start: by start, then by end; of equal keywords the first.
fn every(words: &[String], mode: Mode, text: &str) -> Vec<Hit> {
    let starts = text.match_indices(' ').map(|(at, _)| at + 1);
    let mut out = Vec::new();
    for start in std::iter::once(0).chain(starts).filter(|at| mode == Mode::Anywhere || *at == 0) {
        let mut here = Vec::new();
        for (id, word) in words.iter().enumerate() {
            let behind = text[start..].strip_prefix(word.as_str());
            let fits = behind.is_some_and(|b| b.is_empty() || mode != Mode::WholeText && b.starts_with(' '));
            if fits && !words[..id].contains(word) {
                here.push(Hit { id, start, end: start + word.len() });
            }
        }
        here.sort_by_key(|hit| hit.end);
        out.extend(here);
    }
    out
}

/// Leftmost, then longest; and on behind it.
fn apart(all: &[Hit]) -> Vec<Hit> {
    let mut out: Vec<Hit> = Vec::new();
    while let Some(next) = all.iter().find(|hit| out.last().is_none_or(|last| hit.start > last.end)) {
        let longest = all.iter().filter(|hit| hit.start == next.start).max_by_key(|hit| hit.end);
        out.extend(longest);
    }
    out
}
