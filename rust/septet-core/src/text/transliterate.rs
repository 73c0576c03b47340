//! Characters that cost a message its 7-bit alphabet, replaced by what a reader takes for the same. Only on request.

use std::collections::HashMap;

use unicode_normalization::char::{canonical_combining_class, compose, decompose_canonical};

use super::replacements::REPLACEMENTS;
use crate::error::{Error, Result};

/// A table of replacements: the built-in one, under what a user adds. Mapping a character to itself takes a built-in row away.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Transliteration {
    own: HashMap<char, Box<str>>,
}

/// What was replaced by what.
pub type Replaced = (Box<str>, Box<str>);

impl Transliteration {
    /// The built-in table with these rows on top. A key of more or less than one character is `text.bad_argument`.
    pub fn with<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut own = HashMap::new();
        for (key, value) in rows {
            let mut characters = key.chars();
            let (Some(c), None) = (characters.next(), characters.next()) else {
                return Err(Error::new(
                    "text.bad_argument",
                    format!("transliterate: the key {key:?} is not one character"),
                ));
            };
            own.insert(c, value.into());
        }
        Ok(Self { own })
    }

    /// What stands for `c` in an alphabet that has the characters for which `keeps` holds.
    fn replacement(&self, c: char, keeps: &impl Fn(char) -> bool) -> Option<Box<str>> {
        let fits = |s: &str| s.chars().all(keeps);
        if let Some(own) = self.own.get(&c) {
            return fits(own).then(|| own.clone());
        }
        if let Ok(at) = REPLACEMENTS.binary_search_by_key(&c, |(k, _)| *k) {
            let built_in = REPLACEMENTS[at].1;
            return fits(built_in).then(|| built_in.into());
        }
        let (mut base, mut marks) = (None, true);
        decompose_canonical(c, |d| match base {
            None => base = Some(d),
            Some(_) => marks &= canonical_combining_class(d) != 0,
        });
        let base = base.filter(|b| marks && *b != c && keeps(*b))?;
        Some(base.encode_utf8(&mut [0; 4]).into())
    }

    /// `text` with each character replaced that `keeps` refuses and the table knows, and what was replaced, each once in order of
    /// appearance; `None` if nothing was.
    ///
    /// A combining mark joins the letter before it if the alphabet has both in one, and else goes.
    pub(super) fn apply(&self, text: &str, keeps: impl Fn(char) -> bool) -> Option<(String, Vec<Replaced>)> {
        let mut out = String::with_capacity(text.len());
        let mut replaced: Vec<Replaced> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut note = |from: Box<str>, to: Box<str>| {
            if seen.insert(from.clone()) {
                replaced.push((from, to));
            }
        };
        for c in text.chars() {
            if keeps(c) {
                out.push(c);
                continue;
            }
            let key = || Box::from(&*c.encode_utf8(&mut [0; 4]));
            if canonical_combining_class(c) != 0 && !self.own.contains_key(&c) {
                let before = out.pop();
                let joined = before.and_then(|b| compose(b, c)).filter(|j| keeps(*j));
                match (before, joined) {
                    (Some(before), Some(joined)) => {
                        note(format!("{before}{c}").into(), joined.to_string().into());
                        out.push(joined);
                    }
                    (before, _) => {
                        out.extend(before);
                        note(key(), "".into());
                    }
                }
            } else if let Some(to) = self.replacement(c, &keeps) {
                out.push_str(&to);
                note(key(), to);
            } else {
                out.push(c);
            }
        }
        (!replaced.is_empty()).then_some((out, replaced))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::alphabet::septets;

    #[test]
    fn the_table_ascends_and_leads_into_the_default_alphabet() {
        assert!(REPLACEMENTS.is_sorted_by(|a, b| a.0 < b.0));
        for (c, to) in REPLACEMENTS {
            assert!(septets(*c).is_none(), "{c:?} needs no replacement");
            assert!(to.chars().all(|t| septets(t).is_some()), "{c:?} leads to {to:?}");
        }
    }

    #[test]
    fn marks_and_accents() {
        let table = Transliteration::with([("★", "*"), ("–", "–"), ("ç", "Ç")]).unwrap();
        let (text, replaced) = table.apply("e\u{301}x\u{301} áç★–й", |c| septets(c).is_some()).unwrap();
        assert_eq!(text, "éx aÇ*–й");
        let got: Vec<(&str, &str)> = replaced.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(got, [("e\u{301}", "é"), ("\u{301}", ""), ("á", "a"), ("ç", "Ç"), ("★", "*")]);
        assert_eq!(table.apply("plain é", |c| septets(c).is_some()), None);
        assert_eq!(Transliteration::with([("ab", "c")]).unwrap_err().code, "text.bad_argument");
    }
}
