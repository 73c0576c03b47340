//! Typographic characters that cost a message its 7-bit alphabet, and what a reader takes for the same.
//!
//! Only signs whose replacement changes no word; letters are never touched.

use std::borrow::Cow;

/// What stands for `c`, if it is such a sign.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        '\t' | '\u{00A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => " ",
        '\u{00AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}' => "",
        '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{201B}' | '\u{2032}' | '\u{2039}' | '\u{203A}' | '\u{00B4}' | '`' => {
            "'"
        }
        '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{201F}' | '\u{2033}' | '\u{00AB}' | '\u{00BB}' => "\"",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{2022}' | '\u{00B7}' => "*",
        '\u{2026}' => "...",
        '\u{2028}' | '\u{2029}' => "\n",
        '\u{2044}' => "/",
        _ => return None,
    })
}

/// `text` with each such sign replaced.
pub(super) fn transliterate(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| plain(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match plain(c) {
            Some(replacement) => out.push_str(replacement),
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}
