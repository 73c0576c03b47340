//! What a text will cost, without making its segments.

use std::collections::HashSet;

use super::transliterate::transliterate;
use super::{Encoding, MAX_PARTS, alphabet, concat_header, too_many};
use crate::error::Result;

/// The cost of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Analysis {
    /// The encoding that the automatic choice takes.
    pub encoding: Encoding,
    /// Septets or UTF-16 units over all segments, headers not counted.
    pub units: usize,
    /// How many short messages.
    pub segments: usize,
    /// Units of each segment.
    pub segment_units: Vec<usize>,
    /// The characters that force UCS-2, each once, in order of appearance.
    pub forced_by: Vec<char>,
}

/// Analyses `text` as [`segment`](super::segment) would split it with an automatic encoding.
pub fn analyze(text: &str, reference_bits: u8, transliterate_first: bool) -> Result<Analysis> {
    let header = concat_header(reference_bits)?;
    let plain = if transliterate_first { transliterate(text) } else { text.into() };
    let septets: Option<usize> = plain.chars().map(width_gsm7).sum();
    let (encoding, segment_units) = if let Some(total) = septets {
        let widths = plain.chars().filter_map(width_gsm7);
        (Encoding::Gsm7, fill(widths, total, Encoding::Gsm7, header)?)
    } else {
        let widths = text.chars().map(char::len_utf16);
        let total = widths.clone().sum();
        (Encoding::Ucs2, fill(widths, total, Encoding::Ucs2, header)?)
    };
    let mut forced_by = Vec::new();
    if encoding == Encoding::Ucs2 {
        let mut seen = HashSet::new();
        forced_by.extend(plain.chars().filter(|c| width_gsm7(*c).is_none() && seen.insert(*c)));
    }
    Ok(Analysis {
        encoding,
        units: segment_units.iter().sum(),
        segments: segment_units.len(),
        segment_units,
        forced_by,
    })
}

fn width_gsm7(c: char) -> Option<usize> {
    alphabet::septets(c).map(|code| if code > 0x7F { 2 } else { 1 })
}

/// Units of each segment when characters of these widths fill them in order.
fn fill(widths: impl Iterator<Item = usize>, total: usize, encoding: Encoding, header: usize) -> Result<Vec<usize>> {
    if total <= encoding.capacity(0) {
        return Ok(vec![total]);
    }
    let capacity = encoding.capacity(header);
    let mut out = Vec::with_capacity(total / capacity + 1);
    let mut used = 0;
    for width in widths {
        if used + width > capacity {
            out.push(used);
            used = 0;
            if out.len() == MAX_PARTS {
                return Err(too_many());
            }
        }
        used += width;
    }
    out.push(used);
    Ok(out)
}
