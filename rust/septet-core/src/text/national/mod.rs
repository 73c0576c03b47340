//! National languages in the 7-bit alphabet (3GPP TS 23.038 §6.2.1.2 and annex A): which tables a message uses, and how its
//! header says so.
//!
//! ```text
//! locking shift   takes the default alphabet's place           element 0x25, one octet: the language
//! single shift    takes the place of what follows the escape   element 0x24, one octet: the language
//! ```
//!
//! A receiver that does not know a language reads the default tables instead (§6.2.1.2.4), so a sender asks for them by name.

mod locking;
mod single;

use std::sync::LazyLock;

use locking::LOCKING;
use single::SINGLE;

use super::alphabet::ESCAPE;
use super::udh;
use crate::error::{Error, Result};

/// Stands for an empty cell; no text holds it, since it is the noncharacter U+FFFF.
const VOID: char = '\u{FFFF}';

/// Names by language identifier (§6.2.1.2.4), as ISO 639-1 has them; 0 is the default alphabet.
pub const NAMES: [&str; 14] = ["", "tr", "es", "pt", "bn", "gu", "hi", "kn", "ml", "or", "pa", "ta", "te", "ur"];

/// Spanish has a single shift table only.
const SPANISH: u8 = 2;

/// A set of languages that a sender permits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Languages(u16);

impl Languages {
    /// Every language there is a table for.
    pub const ALL: Self = Self(0b11_1111_1111_1110);

    /// The languages of these names (see [`NAMES`]); another name is `text.bad_argument`.
    pub fn from_names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Self> {
        let mut bits = 0;
        for name in names {
            bits |= 1 << identifier(name.as_ref())?;
        }
        Ok(Self(bits))
    }

    /// Whether none is permitted.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the language of this identifier is permitted.
    pub fn contains(self, language: u8) -> bool {
        language < 14 && self.0 >> language & 1 == 1
    }
}

/// The identifier of a language's name.
pub fn identifier(name: &str) -> Result<u8> {
    match NAMES.iter().position(|n| *n == name) {
        Some(id) if id > 0 => Ok(id as u8),
        _ => Err(Error::new(
            "text.bad_argument",
            format!("languages: {name:?} has no table: use {}", NAMES[1..].join(", ")),
        )),
    }
}

/// Which tables a message uses: language identifiers, 0 for the default table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub struct Shift {
    /// The table of plain septets.
    pub locking: u8,
    /// The table behind the escape code.
    pub single: u8,
}

impl Shift {
    /// The default alphabet with its extension.
    pub const NONE: Self = Self { locking: 0, single: 0 };

    /// What a header says (TS 23.040 §9.2.3.24.15 and .16). An element of another length or with an unknown language counts as
    /// absent; of several the last one counts; a broken header says nothing.
    pub fn of(udh: &[u8]) -> Self {
        let mut out = Self::NONE;
        for element in udh::elements(udh) {
            match (element.iei, element.data) {
                (udh::SINGLE_SHIFT, &[id]) if (1..14).contains(&id) => out.single = id,
                (udh::LOCKING_SHIFT, &[id]) if (1..14).contains(&id) && id != SPANISH => out.locking = id,
                _ => {}
            }
        }
        out
    }

    /// The elements that announce it, 0, 3 or 6 octets.
    pub fn elements(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(6);
        for (iei, id) in [(udh::SINGLE_SHIFT, self.single), (udh::LOCKING_SHIFT, self.locking)] {
            if id != 0 {
                out.extend([iei, 1, id]);
            }
        }
        out
    }

    /// The language's name, both joined by `+` (locking first) if they differ, `None` for the default tables.
    pub fn name(self) -> Option<String> {
        let [locking, single] = [self.locking, self.single].map(|id| NAMES[usize::from(id) % 14]);
        match (locking, single) {
            ("", "") => None,
            (one, "") | ("", one) => Some(one.to_owned()),
            (one, other) if one == other => Some(one.to_owned()),
            (one, other) => Some(format!("{one}+{other}")),
        }
    }

    /// The septets of `c` in these tables: below 0x80 one, else `0x1B00 | code` for an escape pair.
    pub fn septets(self, c: char) -> Option<u16> {
        let find = |table: &[(char, u8)]| table.binary_search_by_key(&c, |(t, _)| *t).ok().map(|at| table[at].1);
        let inverse = &INVERSE[usize::from(self.locking) % 14];
        find(&inverse.locking).map(u16::from).or_else(|| {
            find(&INVERSE[usize::from(self.single) % 14].single).map(|code| u16::from(ESCAPE) << 8 | u16::from(code))
        })
    }

    /// What a plain septet stands for; `None` in an empty cell.
    pub fn plain(self, code: u8) -> Option<char> {
        let c = LOCKING[usize::from(self.locking) % 14][usize::from(code & 0x7F)];
        (c != VOID).then_some(c)
    }

    /// What the escape code followed by `code` stands for.
    ///
    /// §6.2.1.1 and the notes of A.2: a second escape shows a space; a code without a character there shows that of the table of plain
    /// septets, be it the default or the locking shift one.
    pub fn extended(self, code: u8) -> Option<char> {
        if code == ESCAPE {
            return Some(' ');
        }
        let table = SINGLE[usize::from(self.single) % 14];
        table.iter().find(|(c, _)| *c == code).map_or_else(|| self.plain(code), |(_, c)| Some(*c))
    }
}

struct Inverse {
    locking: Vec<(char, u8)>,
    single: Vec<(char, u8)>,
}

/// Character to code for each table, ascending by character. Of two codes for one character the lower is kept.
static INVERSE: LazyLock<[Inverse; 14]> = LazyLock::new(|| {
    let sorted = |mut pairs: Vec<(char, u8)>| {
        pairs.sort_unstable();
        pairs.dedup_by_key(|(c, _)| *c);
        pairs
    };
    std::array::from_fn(|id| {
        let cells = LOCKING[id].iter().enumerate().map(|(code, c)| (*c, code as u8));
        Inverse {
            locking: sorted(cells.filter(|(c, code)| *c != VOID && *code != ESCAPE).collect()),
            single: sorted(SINGLE[id].iter().map(|(code, c)| (*c, *code)).collect()),
        }
    })
});

/// In which tables a character is: one bit per language identifier, bit 0 for the default tables.
#[derive(Clone, Copy)]
struct Homes {
    locking: u16,
    single: u16,
}

/// Every character of any table with its homes, ascending.
static HOMES: LazyLock<Vec<(char, Homes)>> = LazyLock::new(|| {
    let mut all = std::collections::BTreeMap::new();
    for (id, inverse) in INVERSE.iter().enumerate() {
        for (c, _) in &inverse.locking {
            all.entry(*c).or_insert(Homes { locking: 0, single: 0 }).locking |= 1 << id;
        }
        for (c, _) in &inverse.single {
            all.entry(*c).or_insert(Homes { locking: 0, single: 0 }).single |= 1 << id;
        }
    }
    all.into_iter().collect()
});

fn homes(c: char) -> Homes {
    match HOMES.binary_search_by_key(&c, |(h, _)| *h) {
        Ok(at) => HOMES[at].1,
        Err(_) => Homes { locking: 0, single: 0 },
    }
}

/// Whether `c` is in a default table or one that is permitted.
pub(super) fn holds(languages: Languages, c: char) -> bool {
    let homes = homes(c);
    (homes.locking | homes.single) & (languages.0 | 1) != 0
}

/// The tables that hold all of `text`, for each permitted locking shift the single shift that costs least: none if the default
/// extension does, else the one with the lowest identifier. In order of preference among equals: fewer elements, then lower identifiers.
///
/// The choice of the single shift does not change how many septets a text takes: what is not in the table of plain septets takes
/// two in any other. So at most 14 pairs are worth a look.
pub(super) fn candidates(languages: Languages, text: &str) -> Vec<Shift> {
    let permitted = languages.0 | 1;
    let mut single = [permitted; 14];
    let mut plain = [true; 14];
    for c in text.chars() {
        let home = homes(c);
        let mut missing = !home.locking & permitted;
        while missing != 0 {
            let id = missing.trailing_zeros() as usize;
            single[id] &= home.single;
            plain[id] = false;
            missing &= missing - 1;
        }
    }
    let mut out: Vec<Shift> = (0..14u8)
        .filter(|id| *id != SPANISH && permitted >> id & 1 == 1)
        .filter_map(|id| {
            let at = usize::from(id);
            let by_escape = (single[at] != 0).then(|| single[at].trailing_zeros() as u8);
            let single = if plain[at] { 0 } else { by_escape? };
            Some(Shift { locking: id, single })
        })
        .collect();
    out.sort_by_key(|shift| shift.elements().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_its_inverse() {
        for id in 0..14u8 {
            let shift = Shift { locking: id, single: id };
            for code in (0..128).filter(|c| *c != ESCAPE) {
                if let Some(c) = shift.plain(code) {
                    assert_eq!(shift.septets(c), Some(u16::from(code)), "{id} {c:?}");
                }
            }
            for (code, c) in SINGLE[usize::from(id)] {
                assert_eq!(shift.extended(*code), Some(*c));
                let back = shift.septets(*c).unwrap();
                let same = if back > 0x7F { shift.extended(back as u8) } else { shift.plain(back as u8) };
                assert_eq!(same, Some(*c), "{id} {c:?}");
            }
            let codes: Vec<u8> = SINGLE[usize::from(id)].iter().map(|(code, _)| *code).collect();
            assert!(codes.is_sorted() && !codes.contains(&ESCAPE));
        }
    }

    #[test]
    fn a_header_says_which_tables() {
        let both = Shift { locking: 1, single: 3 };
        assert_eq!(Shift::of(&udh::build(&both.elements()).unwrap()), both);
        assert_eq!(both.name().as_deref(), Some("tr+pt"));
        let unknown_ignored = [9, 0x24, 1, 14, 0x25, 1, 2, 0x24, 1, 0];
        assert_eq!(Shift::of(&unknown_ignored), Shift::NONE);
        assert_eq!(Shift::of(&[6, 0x24, 1, 1, 0x24, 1, 2]).single, 2, "the last one counts");
        assert_eq!(Shift::of(&[4, 0x24, 2, 1, 1]), Shift::NONE, "wrong length");
        assert_eq!(Shift::of(&[3, 0x24, 2, 1]), Shift::NONE, "broken header");
    }
}
