//! The form in which texts and keywords are compared. `docs/keywords.md` describes it for users, with examples that a
//! test reads.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

use super::page;

/// `text` as lower-case words with one space between them.
///
/// Compatibility forms are resolved (NFKD), case is folded without a locale (`ß` is `ss`, `ς` is `σ`, and of the Turkish
/// letters `İ` and `ı` both are `i`), accents and invisible characters are dropped, and what is neither letter, digit nor
/// pictograph counts as a space. Pictographs are words of their own, unless letters or digits stand beside them anywhere in
/// the text: then they are decoration. Applying it twice changes nothing.
pub fn normalise(text: &str) -> String {
    let mut words = Words::new();
    words.read(text);
    words.octets.truncate(words.len);
    String::from_utf8(words.octets).expect("whole characters were written")
}

/// A text's normal form, in a buffer that is used again for the next text.
#[derive(Debug, Clone, Default)]
pub struct Words {
    octets: Vec<u8>,
    /// Octets of the normal form; those behind it are left from earlier texts.
    len: usize,
}

impl Words {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Holds the normal form of `text` from now on.
    pub fn read(&mut self, text: &str) -> &Self {
        self.len = page::write(text, &mut self.octets).unwrap_or_else(|| {
            // Marks that have an order of their own: rare enough to sort the whole text.
            self.keep(&words(stream(text)))
        });
        if self.len == 0 && !text.is_ascii() {
            self.len = self.keep(&pictographs(text));
        }
        self
    }

    fn keep(&mut self, normal: &str) -> usize {
        self.octets.clear();
        self.octets.extend_from_slice(normal.as_bytes());
        normal.len()
    }
}

impl AsRef<[u8]> for Words {
    fn as_ref(&self) -> &[u8] {
        &self.octets[..self.len]
    }
}

/// Whatever is no part of a word as one space, and none at either end.
fn words(characters: impl Iterator<Item = char>) -> String {
    let spaced: String = characters.map(|c| if is_part_of_word(c) { c } else { ' ' }).collect();
    joined(spaced.split(' ').filter(|word| !word.is_empty()))
}

fn joined<S: AsRef<str>>(words: impl Iterator<Item = S>) -> String {
    let mut out = String::new();
    for word in words {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word.as_ref());
    }
    out
}

/// The characters that are left of `text`, folded; those that are no part of a word are still among them.
pub(super) fn stream(text: &str) -> impl Iterator<Item = char> {
    // Folding may give characters that decompose again, hence the second pass.
    kept(text).flat_map(fold).nfkd().filter(|c| !is_dropped(*c))
}

/// The characters that are left before folding, which makes letters of some marks.
pub(super) fn kept(text: &str) -> impl Iterator<Item = char> {
    text.nfkd().filter(|c| !is_dropped(*c))
}

/// Full case folding by way of lower, upper, lower: the upper-case step brings together what only differs in small letters
/// (`ς` and `σ`, `ß` and `ss`), the first lower-case step does the same for capitals (`ẞ`).
fn fold(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// Accents, and characters that have no width of their own.
fn is_dropped(c: char) -> bool {
    is_invisible(c) || (is_combining_mark(c) && !spells(c))
}

/// Soft hyphen, joiners, directions, zero widths, selectors, enclosing marks, skin tones, tags.
#[rustfmt::skip]
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Marks that spell words, by their combining class: vowel signs, voicing marks, viramas, the iota subscript.
fn spells(mark: char) -> bool {
    matches!(canonical_combining_class(mark), 0 | 8 | 9 | 84 | 91 | 103 | 118 | 129 | 130 | 132 | 240)
}

pub(super) fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// The pictographs of a text that has nothing else to say, each a word.
fn pictographs(text: &str) -> String {
    joined(text.chars().filter(|c| is_pictograph(*c) && !is_dropped(*c)).map(String::from))
}

fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}' | '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}'
        | '\u{1F000}'..='\u{1FAFF}')
        && !c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, without tables or buffers.
    fn slow(text: &str) -> String {
        let out = words(stream(text));
        if out.is_empty() { pictographs(text) } else { out }
    }

    #[test]
    fn words_compare_alike() {
        for (text, want) in [
            ("  Stop! ", "stop"),
            ("OPT-OUT", "opt out"),
            ("Arrêt", "arret"),
            ("ARRE\u{302}T", "arret"),
            ("straße STRASSE STRAẞE", "strasse strasse strasse"),
            ("ΟΔΟΣ οδος", "οδοσ οδοσ"),
            ("İPTAL ıptal iptal", "iptal iptal iptal"),
            ("ＳＴＯＰ", "stop"),
            ("ST\u{200B}O\u{AD}P\u{FEFF}", "stop"),
            ("«Ja»\u{A0}…\n\t nein", "ja nein"),
            ("ﬁn", "fin"),
            ("STOP 🛑", "stop"),
            ("👍🏽", "👍"),
            ("...", ""),
            ("", ""),
            ("हिन्दी", "हिन्दी"),
        ] {
            assert_eq!(normalise(text), normalise(want), "{text:?}");
            assert_eq!(normalise(text), want.nfkd().collect::<String>(), "{text:?}");
        }
    }

    #[test]
    fn the_documents_examples_hold() {
        let page = include_str!("../../../../docs/keywords.md");
        let mut seen = 0;
        for line in page.lines().filter(|line| line.starts_with("| `\"")) {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let [text, want] = [cells[1], cells[2]].map(|cell| {
                serde_json::from_str::<String>(cell.trim_matches('`')).unwrap_or_else(|e| panic!("{line}: {e}"))
            });
            assert_eq!(normalise(&text), want, "{line}");
            seen += 1;
        }
        assert!(seen > 20, "{seen} examples");
    }

    #[test]
    fn every_character_is_stable_and_ignores_its_case() {
        for c in (0..=char::MAX as u32).filter_map(char::from_u32) {
            let once = normalise(&c.to_string());
            assert_eq!(once, slow(&c.to_string()), "{c:?} U+{:04X}", c as u32);
            assert_eq!(normalise(&once), once, "{c:?} U+{:04X}", c as u32);
            let upper: String = c.to_uppercase().collect();
            assert_eq!(normalise(&upper), once, "{c:?} U+{:04X} upper", c as u32);
            let lower: String = c.to_lowercase().collect();
            assert_eq!(normalise(&lower), once, "{c:?} U+{:04X} lower", c as u32);
        }
    }

    /// U+0345 is sorted as the mark that it is, before it is folded to a letter.
    #[test]
    fn a_mark_that_folds_to_a_letter_has_its_order() {
        for text in ["\u{345}\u{B4D}", "α\u{345}\u{B4D}\u{345}", "\u{B4D}\u{345}"] {
            assert_eq!(normalise(text), slow(text), "{text:?}");
        }
        assert_eq!(normalise("\u{345}\u{B4D}"), "\u{B4D}ι");
    }

    fn marks() -> Vec<char> {
        (0..=char::MAX as u32).filter_map(char::from_u32).filter(|c| canonical_combining_class(*c) != 0).collect()
    }

    proptest! {
        #[test]
        fn tables_change_nothing(text in ".{0,40}") {
            prop_assert_eq!(normalise(&text), slow(&text));
        }

        #[test]
        fn marks_keep_their_order(picked in prop::collection::vec((any::<prop::sample::Index>(), 0..6usize), 0..12)) {
            let marks = marks();
            let others = ['a', 'か', 'ก', ' ', '\u{200D}', 'न'];
            let text: String = picked
                .iter()
                .flat_map(|(at, other)| [marks[at.index(marks.len())], others[*other]].into_iter().take(1 + other % 2))
                .collect();
            prop_assert_eq!(normalise(&text), slow(&text));
        }
    }
}
