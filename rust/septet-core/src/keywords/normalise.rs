//! The form in which texts and keywords are compared.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

/// `text` as lower-case words with one space between them.
///
/// Compatibility forms are resolved (NFKD), case is folded without a locale (`ß` is `ss`, `ς` is `σ`, and of the Turkish
/// letters `İ` and `ı` both are `i`), accents and invisible characters are dropped, and what is neither letter, digit nor
/// pictograph counts as a space. Pictographs are words of their own, unless letters or digits stand beside them anywhere in
/// the text: then they are decoration. Applying it twice changes nothing.
pub fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    if text.is_ascii() {
        for byte in text.bytes() {
            push(&mut out, char::from(byte.to_ascii_lowercase()));
        }
        return trimmed(out);
    }
    // Folding may give characters that decompose again, hence the second pass.
    for c in text.nfkd().filter(|c| !is_dropped(*c)).flat_map(fold).nfkd().filter(|c| !is_dropped(*c)) {
        push(&mut out, c);
    }
    let out = trimmed(out);
    if out.is_empty() { pictographs(text) } else { out }
}

fn push(out: &mut String, c: char) {
    if is_part_of_word(c) {
        out.push(c);
    } else if !out.is_empty() && !out.ends_with(' ') {
        out.push(' ');
    }
}

fn trimmed(mut out: String) -> String {
    if out.ends_with(' ') {
        out.pop();
    }
    out
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

fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// The pictographs of a text that has nothing else to say, each a word.
fn pictographs(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().filter(|c| is_pictograph(*c) && !is_dropped(*c)) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}' | '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}'
        | '\u{1F000}'..='\u{1FAFF}')
        && !c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn every_character_is_stable_and_ignores_its_case() {
        for c in (0..=char::MAX as u32).filter_map(char::from_u32) {
            let once = normalise(&c.to_string());
            assert_eq!(normalise(&once), once, "{c:?} U+{:04X}", c as u32);
            let upper: String = c.to_uppercase().collect();
            assert_eq!(normalise(&upper), once, "{c:?} U+{:04X} upper", c as u32);
            let lower: String = c.to_lowercase().collect();
            assert_eq!(normalise(&lower), once, "{c:?} U+{:04X} lower", c as u32);
        }
    }
}
