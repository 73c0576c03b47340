//! Which keyword a text means: texts are normalised, keywords compiled once into a tree of words.

mod matcher;
mod normalise;
mod page;
mod table;

pub use matcher::{Hit, Matcher, Mode};
pub use normalise::{Words, normalise};
