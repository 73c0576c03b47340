//! Which keyword a text means: texts are normalised, keywords compiled once into an automaton over words.

mod automaton;
mod matcher;
mod normalise;
mod page;
mod word;

pub use matcher::{Hit, Matcher, Mode};
pub use normalise::{Words, normalise};
