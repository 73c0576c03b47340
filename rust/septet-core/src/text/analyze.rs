//! What a text will cost, without making its segments.

use std::collections::HashSet;

use super::national::{self, Shift};
use super::plan::{check_header, plan};
use super::segment::{SegmentOptions, check};
use super::transliterate::{Replaced, Transliteration};
use super::{Encoding, alphabet};
use crate::error::Result;

/// The cost of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Analysis {
    /// The encoding that the automatic choice takes.
    pub encoding: Encoding,
    /// The tables of national languages that it takes.
    pub shift: Shift,
    /// Septets, UTF-16 units or octets over all segments, headers not counted.
    pub units: usize,
    /// How many short messages.
    pub segments: usize,
    /// Units of each segment.
    pub segment_units: Vec<usize>,
    /// The characters that force UCS-2, each once, in order of appearance: those that no permitted table holds, or, where it is
    /// only together that they fit into none, those that the default tables lack.
    pub forced_by: Vec<char>,
    /// What transliteration replaced by what, each once, in order of appearance.
    pub replaced: Vec<Replaced>,
}

/// Analyses `text` as [`segment`](super::segment()) would split it with an automatic encoding.
pub fn analyze(text: &str, reference_bits: u8, transliterate: bool) -> Result<Analysis> {
    analyze_with(text, b"", None, &SegmentOptions { reference_bits, transliterate, ..SegmentOptions::default() })
}

/// Analyses `text` as [`segment_with`](super::segment_with) would split it with the same arguments.
pub fn analyze_with(
    text: &str,
    udh: &[u8],
    table: Option<&Transliteration>,
    options: &SegmentOptions,
) -> Result<Analysis> {
    check(*options)?;
    check_header(udh)?;
    let built_in = Transliteration::default();
    let table = table.or_else(|| options.transliterate.then_some(&built_in));
    let made = plan(text, udh, table, options)?;
    let forced_by = if made.encoding == Encoding::Ucs2 { forced_by(text, table, options) } else { Vec::new() };
    Ok(Analysis {
        encoding: made.encoding,
        shift: made.shift,
        units: made.pieces.iter().sum(),
        segments: made.pieces.len(),
        segment_units: made.pieces,
        forced_by,
        replaced: made.replaced,
    })
}

fn forced_by(text: &str, table: Option<&Transliteration>, options: &SegmentOptions) -> Vec<char> {
    let held = |c: char| national::holds(options.languages, c);
    let replaced = table.and_then(|t| t.apply(text, held));
    let rest = replaced.as_ref().map_or(text, |(rest, _)| rest);
    let lacking = |rest: &str, held: &dyn Fn(char) -> bool| -> Vec<char> {
        let mut seen = HashSet::new();
        rest.chars().filter(|c| !held(*c) && seen.insert(*c)).collect()
    };
    let out = lacking(rest, &held);
    if out.is_empty() { lacking(text, &|c| alphabet::septets(c).is_some()) } else { out }
}
