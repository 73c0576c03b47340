//! Keywords against a search that looks at every word of every text.

use septet_core::keywords::{Hit, Matcher, Mode, normalise};

use crate::steer::Steer;

/// Any keywords, one a line, and any text, the last line.
pub fn any(data: &[u8]) {
    let mut steer = Steer::new(data);
    let flags = steer.octet();
    let mode = [Mode::FirstWord, Mode::WholeText, Mode::Anywhere][usize::from(flags % 3)];
    let all = steer.text(flags >> 2, 400);
    let mut lines: Vec<&str> = all.split('\n').take(12).collect();
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
            let want = search(&words, mode, &normal);
            assert_eq!(matcher.find(&normal), want.first().map(|hit| hit.id), "{words:?} in {normal:?}");
            let found = matcher.find_all(&normal);
            for hit in &found {
                assert_eq!(&normal[hit.start..hit.end], words[hit.id]);
                assert!(is_edge(&normal, hit.start) && is_edge(&normal, hit.end));
            }
            assert!(want.iter().all(|hit| found.contains(hit)), "{found:?} lacks some of {want:?}");
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

fn is_edge(text: &str, at: usize) -> bool {
    let octets = text.as_bytes();
    at == 0 || at == octets.len() || octets[at - 1] == b' ' || octets[at] == b' '
}

/// Leftmost, then longest, then first; and on behind it.
fn search(words: &[String], mode: Mode, text: &str) -> Vec<Hit> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let mut best: Option<Hit> = None;
        for (id, word) in words.iter().enumerate() {
            let behind = rest.strip_prefix(word.as_str());
            let fits = behind.is_some_and(|b| b.is_empty() || mode != Mode::WholeText && b.starts_with(' '));
            if fits && best.is_none_or(|b| word.len() > b.end - b.start) {
                best = Some(Hit { id, start: at, end: at + word.len() });
            }
        }
        out.extend(best);
        if mode != Mode::Anywhere {
            break;
        }
        at = match best {
            Some(hit) => hit.end + 1,
            None => rest.find(' ').map_or(text.len(), |space| at + space + 1),
        };
    }
    out
}
