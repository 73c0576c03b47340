//! The common texts at the speed of memory: those that the default GSM tables hold, and those that can only be UCS-2.
//!
//! Sixteen octets at a time are looked at with plain comparisons, which the compiler turns into vector instructions. What is
//! not common (other encodings, national tables, transliteration at work, packed bodies, clusters that a cut may divide, errors)
//! is left to `analyze` and `segment`, whose answers these are, and a test holds them to that.

use super::alphabet::{self, ESCAPE};
use super::{Choice, Encoding, MAX_PARTS, SegmentOptions, Segments, concat_header, segment};
use crate::error::Result;

/// What a text costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cost {
    /// [`Encoding::Gsm7`] or [`Encoding::Ucs2`].
    pub encoding: Encoding,
    /// Septets or UTF-16 units over all segments, headers not counted.
    pub units: usize,
    /// How many short messages, 1 to 255.
    pub segments: usize,
}

/// Octets looked at together.
const STEP: usize = 16;

/// What `text` costs with an automatic encoding; `None` where [`analyze`](super::analyze()) has to say.
///
/// `plainly` means that neither national tables nor transliteration are permitted: then what GSM 7-bit does not hold is UCS-2.
pub fn cost(text: &str, reference_bits: u8, plainly: bool) -> Option<Cost> {
    let header = concat_header(reference_bits).ok()?;
    let (encoding, units, segments) = if let Some((units, segments)) = septets(text, Encoding::Gsm7.capacity(header)) {
        (Encoding::Gsm7, units, segments)
    } else if plainly {
        let (units, segments) = utf16(text.as_bytes(), Encoding::Ucs2.capacity(header));
        (Encoding::Ucs2, units, segments)
    } else {
        return None;
    };
    let segments = if units <= encoding.capacity(0) { 1 } else { segments };
    (segments <= MAX_PARTS).then_some(Cost { encoding, units, segments })
}

/// Units counted into segments that are filled one after the other.
struct Fill {
    capacity: usize,
    units: usize,
    used: usize,
    segments: usize,
}

impl Fill {
    fn new(capacity: usize) -> Self {
        Self { capacity, units: 0, used: 0, segments: 1 }
    }

    /// Adds `width` units, together if they fit; false if not.
    #[inline]
    fn add_all(&mut self, width: usize) -> bool {
        let fits = self.used + width <= self.capacity;
        if fits {
            self.used += width;
            self.units += width;
        }
        fits
    }

    /// Adds a character.
    #[inline]
    fn add(&mut self, width: usize) {
        if self.used + width > self.capacity {
            self.segments += 1;
            self.used = 0;
        }
        self.used += width;
        self.units += width;
    }
}

/// What sixteen ASCII characters are in the GSM tables.
struct Look {
    /// None of them is outside the tables, or outside ASCII.
    held: bool,
    /// How many are escape pairs.
    pairs: usize,
}

#[inline]
fn look(octets: &[u8; STEP]) -> Look {
    let mut outside = 0u8;
    let mut pairs = 0u8;
    for &o in octets {
        let pair = u8::from(o.wrapping_sub(b'[') < 4) | u8::from(o.wrapping_sub(b'{') < 4) | u8::from(o == 0x0C);
        let control = u8::from(o < 0x20) & u8::from(o != b'\n') & u8::from(o != b'\r') & u8::from(o != 0x0C);
        outside |= control | u8::from(o == b'`') | u8::from(o > 0x7E);
        // Wrapping, as all sums here: a check for overflow would undo the vectors.
        pairs = pairs.wrapping_add(pair);
    }
    Look { held: outside == 0, pairs: usize::from(pairs) }
}

/// Septets of `text` and the segments of `capacity` that they fill; `None` if the default tables lack a character.
fn septets(text: &str, capacity: usize) -> Option<(usize, usize)> {
    let octets = text.as_bytes();
    let mut fill = Fill::new(capacity);
    let mut at = 0;
    while at < octets.len() {
        if let Some(step) = octets[at..].first_chunk() {
            let seen = look(step);
            if seen.held && fill.add_all(STEP + seen.pairs) {
                at += STEP;
                continue;
            }
        }
        let end = (at + STEP).min(octets.len());
        while at < end {
            let (c, len) = character(octets, at);
            let code = alphabet::septets(c)?;
            fill.add(if code > 0x7F { 2 } else { 1 });
            at += len;
        }
    }
    Some((fill.units, fill.segments))
}

/// UTF-16 units of UTF-8, and the segments of `capacity` that they fill.
fn utf16(octets: &[u8], capacity: usize) -> (usize, usize) {
    let mut fill = Fill::new(capacity);
    // A character's first octet tells its width, so a step may end within one.
    let width = |o: u8| u8::from(o & 0xC0 != 0x80).wrapping_add(u8::from(o >= 0xF0));
    let (steps, rest) = octets.as_chunks::<STEP>();
    for step in steps {
        let total = step.iter().fold(0u8, |all, o| all.wrapping_add(width(*o)));
        if !fill.add_all(usize::from(total)) {
            for o in step {
                fill.add(usize::from(width(*o)));
            }
        }
    }
    for o in rest {
        fill.add(usize::from(width(*o)));
    }
    (fill.units, fill.segments)
}

/// The character at `at`, where one begins, and its octets. Four octets are no character of the tables, so not worked out.
#[inline]
fn character(octets: &[u8], at: usize) -> (char, usize) {
    let low = |i: usize| u32::from(octets.get(at + i).map_or(0, |o| o & 0x3F));
    let first = u32::from(octets[at]);
    let (code, len) = match octets[at] {
        0..0x80 => (first, 1),
        0x80..0xE0 => ((first & 0x1F) << 6 | low(1), 2),
        0xE0..0xF0 => ((first & 0x0F) << 12 | low(1) << 6 | low(2), 3),
        0xF0.. => (0xFFFD, 4),
    };
    (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), len)
}

/// Appends the septets of `text`; false, and `out` of no use, if the default tables lack a character.
fn encode(text: &str, out: &mut Vec<u8>) -> bool {
    let octets = text.as_bytes();
    out.reserve(octets.len() + STEP);
    let mut at = 0;
    while at < octets.len() {
        if let Some(step) = octets[at..].first_chunk::<STEP>() {
            let seen = look(step);
            if seen.held && seen.pairs == 0 {
                out.extend_from_slice(&step.map(same_but_three));
                at += STEP;
                continue;
            }
        }
        let end = (at + STEP).min(octets.len());
        while at < end {
            let (c, len) = character(octets, at);
            let Some(code) = alphabet::septets(c) else { return false };
            if code > 0x7F {
                out.push(ESCAPE);
            }
            out.push(code as u8 & 0x7F);
            at += len;
        }
    }
    true
}

/// The septet of an ASCII character of the default table: three of them have other places. No branch, hence vectors.
#[inline]
fn same_but_three(octet: u8) -> u8 {
    let moved = |from: u8, to: u8| u8::from(octet == from).wrapping_neg() & (from ^ to);
    octet ^ moved(b'@', 0x00) ^ moved(b'$', 0x02) ^ moved(b'_', 0x11)
}

/// Appends the text of septets up to the first that is none, and says where that is.
pub(super) fn decode(septets: &[u8], out: &mut String) -> Option<usize> {
    let mut at = 0;
    let mut escaped = false;
    while at < septets.len() {
        if !escaped
            && let Some(step) = septets[at..].first_chunk::<STEP>()
            && all_the_same(step)
        {
            out.push_str(std::str::from_utf8(step).unwrap_or_default());
            at += STEP;
            continue;
        }
        for &code in &septets[at..septets.len().min(at + STEP)] {
            if code > 0x7F {
                return Some(at);
            }
            if escaped {
                out.push(alphabet::extended(code));
                escaped = false;
            } else if code == ESCAPE {
                escaped = true;
            } else {
                out.push(alphabet::DEFAULT[usize::from(code)]);
            }
            at += 1;
        }
    }
    None
}

/// Whether these septets stand for the ASCII characters of the same codes.
#[inline]
fn all_the_same(septets: &[u8; STEP]) -> bool {
    let mut others = 0u8;
    for &s in septets {
        others |= u8::from(s < 0x20) & u8::from(s != b'\n') & u8::from(s != b'\r');
        others |= u8::from(s == 0x24) | u8::from(s == 0x40);
        others |= u8::from(s.wrapping_sub(0x5B) < 6) | u8::from(s > 0x7A);
    }
    others == 0
}

/// Packs as many whole eights of septets as there are, behind `fill` bits. Returns how many septets that were, and the bits of
/// the next octet; stops before an eight with an octet that is no septet.
pub(super) fn pack_eights(septets: &[u8], fill: u8, out: &mut Vec<u8>) -> (usize, u64) {
    let (mut done, mut held) = (0, 0);
    for eight in septets.as_chunks::<8>().0 {
        let mut bits = u64::from_le_bytes(*eight);
        if bits & 0x8080_8080_8080_8080 != 0 {
            break;
        }
        // Septets to pairs, pairs to fours, fours to one run of 56 bits.
        bits = bits & 0x007F_007F_007F_007F | (bits & 0x7F00_7F00_7F00_7F00) >> 1;
        bits = bits & 0x0000_3FFF_0000_3FFF | (bits & 0x3FFF_0000_3FFF_0000) >> 2;
        bits = bits & 0x0FFF_FFFF | (bits & 0x0FFF_FFFF_0000_0000) >> 4;
        bits = bits << fill | held;
        let [seven @ .., _] = bits.to_le_bytes();
        out.extend_from_slice(&seven);
        held = bits >> 56;
        done += 8;
    }
    (done, held)
}

/// Unpacks as many whole eights of `count` septets as can be read eight octets at a time, behind `fill` bits.
pub(super) fn unpack_eights(octets: &[u8], count: usize, fill: u8, out: &mut Vec<u8>) {
    for at in (0..count / 8).map(|i| i * 7) {
        let Some(eight) = octets[at..].first_chunk::<8>() else { return };
        let mut bits = u64::from_le_bytes(*eight) >> fill;
        bits = bits & 0x0FFF_FFFF | bits << 4 & 0x0FFF_FFFF_0000_0000;
        bits = bits & 0x0000_3FFF_0000_3FFF | bits << 2 & 0x3FFF_0000_3FFF_0000;
        bits = bits & 0x007F_007F_007F_007F | bits << 1 & 0x7F00_7F00_7F00_7F00;
        out.extend_from_slice(&bits.to_le_bytes());
    }
}

/// The segments of many texts, one after the other in one buffer.
#[derive(Debug, Default)]
pub struct Parcel {
    /// Headers and bodies of the parts of quick texts.
    octets: Vec<u8>,
    texts: Vec<Kept>,
    /// Of the text at hand.
    scratch: Vec<u8>,
}

#[derive(Debug)]
enum Kept {
    Quick { encoding: Encoding, start: usize, len: usize, cuts: Cuts },
    Whole(Box<Segments>),
}

/// The parts of a quick text: one of all its octets, or several, each with a header of `header` octets.
#[derive(Debug)]
enum Cuts {
    One,
    Several { header: u8, ends: Box<[u32]> },
}

impl Parcel {
    /// Adds the segments of `text`, as [`segment`](super::segment()) makes them.
    pub fn push(&mut self, text: &str, options: &SegmentOptions) -> Result<()> {
        let kept = match self.quick(text, *options) {
            Some(kept) => kept,
            None => Kept::Whole(Box::new(segment(text, options)?)),
        };
        self.texts.push(kept);
        Ok(())
    }

    /// How many texts.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// How many parts text `at` has.
    pub fn parts(&self, at: usize) -> usize {
        match &self.texts[at] {
            Kept::Quick { cuts: Cuts::One, .. } => 1,
            Kept::Quick { cuts: Cuts::Several { ends, .. }, .. } => ends.len(),
            Kept::Whole(segments) => segments.parts.len(),
        }
    }

    /// Text `at` as [`segment`](super::segment()) would give it, except that only part `number` is there.
    pub fn part(&self, at: usize, number: usize) -> (Encoding, u8, usize, &[u8]) {
        match &self.texts[at] {
            Kept::Quick { encoding, start, len, cuts } => {
                let all = &self.octets[*start..start + len];
                let (udh, octets) = match cuts {
                    Cuts::One => (0, all),
                    Cuts::Several { header, ends } => {
                        let from = number.checked_sub(1).map_or(0, |before| ends[before] as usize);
                        (usize::from(*header), &all[from..ends[number] as usize])
                    }
                };
                (*encoding, encoding.data_coding(), udh, octets)
            }
            Kept::Whole(segments) => {
                let part = &segments.parts[number];
                (segments.encoding, segments.data_coding, part.udh_len, &part.octets)
            }
        }
    }

    fn quick(&mut self, text: &str, options: SegmentOptions) -> Option<Kept> {
        if options.encoding != Choice::Auto || options.packed || options.transliterate {
            return None;
        }
        if options.reference_bits == 8 && options.reference > 0xFF {
            return None;
        }
        let header = concat_header(options.reference_bits).ok()?;
        self.scratch.clear();
        let encoding = if encode(text, &mut self.scratch) {
            Encoding::Gsm7
        } else {
            self.scratch.clear();
            to_utf16(text, &mut self.scratch);
            Encoding::Ucs2
        };
        let width = if encoding == Encoding::Ucs2 { 2 } else { 1 };
        let start = self.octets.len();
        if self.scratch.len() <= encoding.capacity(0) * width {
            self.octets.extend_from_slice(&self.scratch);
            return Some(Kept::Quick { encoding, start, len: self.scratch.len(), cuts: Cuts::One });
        }
        // Of the GSM characters only CR joins another, the LF behind it.
        let no_cluster = match encoding {
            Encoding::Gsm7 => !text.as_bytes().contains(&b'\r'),
            _ => text.chars().all(stands_alone),
        };
        if !no_cluster {
            return None;
        }
        let pieces = super::cut::cut(&self.scratch, encoding, encoding.capacity(header) * width).ok()?;
        let total = pieces.len() as u8;
        let mut ends = Vec::with_capacity(pieces.len());
        for (i, piece) in (1u8..).zip(&pieces) {
            if options.reference_bits == 8 {
                self.octets.extend_from_slice(&[5, 0, 3, options.reference as u8, total, i]);
            } else {
                let [high, low] = options.reference.to_be_bytes();
                self.octets.extend_from_slice(&[6, 8, 4, high, low, total, i]);
            }
            self.octets.extend_from_slice(piece);
            ends.push((self.octets.len() - start) as u32);
        }
        let cuts = Cuts::Several { header: header as u8, ends: ends.into() };
        Some(Kept::Quick { encoding, start, len: self.octets.len() - start, cuts })
    }
}

fn to_utf16(text: &str, out: &mut Vec<u8>) {
    out.resize(text.len() * 2, 0);
    let mut used = 0;
    for (unit, slot) in text.encode_utf16().zip(out.as_chunks_mut::<2>().0) {
        *slot = unit.to_be_bytes();
        used += 2;
    }
    out.truncate(used);
}

/// Whether `c` never makes one visible character with the next: what most messages are written in, and what is left out
/// only takes the longer way.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\n' | ' '..='\u{2FF}' | '\u{370}'..='\u{482}' | '\u{48A}'..='\u{52F}' | '\u{2010}'..='\u{2027}' | '\u{20A0}'..='\u{20BF}'
        | '\u{3001}'..='\u{3029}' | '\u{4E00}'..='\u{9FFF}' | '\u{FF01}'..='\u{FF60}' | '\u{1F300}'..='\u{1F3FA}'
        | '\u{1F400}'..='\u{1F64F}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{analyze, segment};
    use super::*;

    fn text() -> impl Strategy<Value = String> {
        let texts = [
            "[ -~\n]{0,400}",
            "[a-z€\\[\\^@$_é\\f`]{0,400}",
            "[a-zа-яё😀🎉]{0,200}",
            ".{0,300}",
            "[a€]{0,40}[ -~]{140,330}",
        ];
        prop::sample::select(texts.to_vec()).prop_flat_map(|pattern| pattern.prop_map(|text: String| text))
    }

    proptest! {
        #[test]
        fn costs_are_those_of_analyze(text in text(), wide in any::<bool>()) {
            let bits = if wide { 16 } else { 8 };
            let full = analyze(&text, bits, false).expect("fits");
            let want = Cost { encoding: full.encoding, units: full.units, segments: full.segments };
            prop_assert_eq!(cost(&text, bits, true), Some(want));
            prop_assert_eq!(cost(&text, bits, false), (full.encoding == Encoding::Gsm7).then_some(want));
        }

        #[test]
        fn parcels_hold_what_segment_makes(texts in prop::collection::vec(text(), 1..4), wide in any::<bool>()) {
            let reference_bits = if wide { 16 } else { 8 };
            let options = SegmentOptions { reference: 0xA5, reference_bits, ..SegmentOptions::default() };
            let mut parcel = Parcel::default();
            for text in &texts {
                parcel.push(text, &options).expect("fits");
            }
            for (at, text) in texts.iter().enumerate() {
                let want = segment(text, &options).expect("fits");
                prop_assert_eq!(parcel.parts(at), want.parts.len());
                for (number, part) in want.parts.iter().enumerate() {
                    prop_assert_eq!(
                        parcel.part(at, number), (want.encoding, want.data_coding, part.udh_len, part.octets.as_slice())
                    );
                }
            }
        }

        #[test]
        fn septets_are_read_one_by_one_alike(septets in prop::collection::vec(prop_oneof![0u8..128, 0x20u8..0x7B], 0..80)) {
            let (mut steps, mut ones) = (String::new(), String::new());
            prop_assert_eq!(decode(&septets, &mut steps), None);
            let mut escaped = false;
            for code in septets {
                match (escaped, code) {
                    (true, _) => ones.push(alphabet::extended(code)),
                    (false, ESCAPE) => {}
                    (false, _) => ones.push(alphabet::DEFAULT[usize::from(code)]),
                }
                escaped = !escaped && code == ESCAPE;
            }
            prop_assert_eq!(steps, ones);
        }
    }

    #[test]
    fn more_than_255_segments_are_left_to_say_so() {
        let longest = "a".repeat(153 * 255);
        assert_eq!(cost(&longest, 8, true).map(|c| c.segments), Some(255));
        assert_eq!(cost(&format!("{longest}a"), 8, true), None);
        let error = Parcel::default().push(&format!("{longest}a"), &SegmentOptions::default()).unwrap_err();
        assert_eq!(error.code, "text.too_many_segments");
    }
}
