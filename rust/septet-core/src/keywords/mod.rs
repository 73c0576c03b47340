//! Which keyword a text means: texts are normalised, keywords compiled once into an automaton.

mod matcher;
mod normalise;

pub use matcher::{Hit, Matcher, Mode};
pub use normalise::normalise;
