//! Many people who write at once: MOs made one by one, as the connections' windows let them go.

use super::carrier::Owed;

/// So many texts to one address. The texts are `words` in turn, each from another person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flood {
    /// The short code, or long number, that all of them write to.
    pub to: String,
    /// What they write; each is to fit into one part, and there is at least one.
    pub words: Vec<String>,
    /// How many are still to come.
    pub left: u64,
}

impl Flood {
    /// The next; None once all are made.
    pub(super) fn next(&mut self) -> Option<Owed> {
        self.left = self.left.checked_sub(1)?;
        let word = self.words.get(self.left as usize % self.words.len().max(1))?;
        let from = format!("4670{:07}", self.left % 10_000_000);
        Some(Owed::Part { from, to: self.to.clone(), octets: word.clone().into_bytes(), data_coding: 0, esm_class: 0 })
    }
}
