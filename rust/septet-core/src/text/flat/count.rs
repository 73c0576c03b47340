//! What a flat text costs.

use super::{Flat, STEP, Unit, septets, steps};
use crate::error::Result;
use crate::text::grapheme::parts_cluster;
use crate::text::national::Shift;
use crate::text::plan::{LEAST, Room, room};
use crate::text::{Analysis, Choice, Encoding, MAX_PARTS, SegmentOptions, Transliteration};

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

/// What is asked of many texts, as far as it can be answered quickly.
#[derive(Clone, Copy, Debug)]
pub struct Quick {
    pub(super) options: SegmentOptions,
    gsm7: Room,
    ucs2: Room,
    /// What the default tables do not hold is UCS-2.
    plainly: bool,
}

impl Quick {
    /// `None` if these options always need the whole plan, an error if no text can be sent with them.
    pub fn new(udh: &[u8], table: Option<&Transliteration>, options: &SegmentOptions) -> Result<Option<Self>> {
        crate::text::segment::check(*options)?;
        if options.encoding != Choice::Auto || options.packed || !udh.is_empty() {
            return Ok(None);
        }
        let room = |encoding| room(encoding, udh, Shift::NONE, options);
        let plainly = options.languages.is_empty() && table.is_none() && !options.transliterate;
        Ok(Some(Self { options: *options, gsm7: room(Encoding::Gsm7)?, ucs2: room(Encoding::Ucs2)?, plainly }))
    }

    /// What `text` costs; `None` where the whole plan has to say, be it that the text is an error.
    pub fn cost(&self, text: Flat<'_>) -> Option<Cost> {
        match text {
            Flat::One(chars) => self.count(chars),
            Flat::Two(chars) => self.count(chars),
            Flat::Four(chars) => self.count(chars),
        }
    }

    /// The same with the units of each segment and the characters that force UCS-2.
    pub fn analyze(&self, text: Flat<'_>) -> Option<Analysis> {
        match text {
            Flat::One(chars) => self.look_into(chars),
            Flat::Two(chars) => self.look_into(chars),
            Flat::Four(chars) => self.look_into(chars),
        }
    }

    fn look_into<U: Unit>(&self, chars: &[U]) -> Option<Analysis> {
        let cost = self.count(chars)?;
        let mut start = 0;
        let length = |end| {
            let units = chars[start..end].iter().map(|c| width(*c, cost.encoding)).sum();
            start = end;
            units
        };
        Some(Analysis {
            encoding: cost.encoding,
            shift: Shift::NONE,
            units: cost.units,
            segments: cost.segments,
            segment_units: self.ends(chars, cost)?.into_iter().map(length).collect(),
            forced_by: if cost.encoding == Encoding::Gsm7 { Vec::new() } else { forced_by(chars) },
            replaced: Vec::new(),
        })
    }

    pub(super) fn count<U: Unit>(&self, chars: &[U]) -> Option<Cost> {
        with_room(chars.len(), |tally| {
            let (encoding, pairs) = match gsm_pairs(chars, tally) {
                Some(pairs) => (Encoding::Gsm7, pairs),
                None if self.plainly => (Encoding::Ucs2, wide_pairs(chars, tally)?),
                None => return None,
            };
            let units = chars.len() + pairs;
            let room = self.room(encoding);
            let segments = if units <= room.single {
                1
            } else if room.part < LEAST {
                return None;
            } else if pairs == 0 {
                units.div_ceil(room.part)
            } else {
                cuts(chars, encoding, tally, room.part).count()
            };
            (segments <= MAX_PARTS).then_some(Cost { encoding, units, segments })
        })
    }

    /// Where the segments end; `None` if a visible character may be divided, which the plan spares.
    pub(super) fn ends<U: Unit>(&self, chars: &[U], cost: Cost) -> Option<Vec<usize>> {
        if cost.segments == 1 {
            return Some(vec![chars.len()]);
        }
        with_room(chars.len(), |tally| {
            match cost.encoding {
                Encoding::Gsm7 => gsm_pairs(chars, tally)?,
                _ => wide_pairs(chars, tally)?,
            };
            let mut ends = Vec::with_capacity(cost.segments);
            for end in cuts(chars, cost.encoding, tally, self.room(cost.encoding).part) {
                if chars.get(end).is_some_and(|next| parts_cluster(chars[end - 1].into(), (*next).into())) {
                    return None;
                }
                ends.push(end);
            }
            Some(ends)
        })
    }

    pub(super) fn room(&self, encoding: Encoding) -> Room {
        if encoding == Encoding::Gsm7 { self.gsm7 } else { self.ucs2 }
    }
}

/// Lends `work` an octet for each step of a text of so many characters.
fn with_room<T>(chars: usize, work: impl FnOnce(&mut [u8]) -> T) -> T {
    let steps = chars.div_ceil(STEP);
    let mut few = [0; 160];
    match few.get_mut(..steps) {
        Some(few) => work(few),
        None => work(&mut vec![0; steps]),
    }
}

/// How many characters are escape pairs, in all and (`tally`) in each step; `None` if the default tables lack one.
fn gsm_pairs<U: Unit>(chars: &[U], tally: &mut [u8]) -> Option<usize> {
    tallied(chars, tally, |step| {
        let seen = U::look(step);
        if seen.held {
            return Some(seen.pairs);
        }
        step.iter().map(|c| septets(*c).map(|code| usize::from(code > 0x7F))).sum()
    })
}

/// How many characters are surrogate pairs, in all and (`tally`) in each step; `None` if one is a lone surrogate.
fn wide_pairs<U: Unit>(chars: &[U], tally: &mut [u8]) -> Option<usize> {
    tallied(chars, tally, |step| {
        let (wide, surrogate) = U::wide(step);
        (!surrogate).then_some(wide)
    })
}

fn tallied<U: Unit>(
    chars: &[U],
    tally: &mut [u8],
    mut pairs: impl FnMut(&[U; STEP]) -> Option<usize>,
) -> Option<usize> {
    let (mut all, mut places) = (0, tally.iter_mut());
    let sound = steps(chars, |step| match (pairs(step), places.next()) {
        (Some(pairs), Some(place)) => {
            *place = pairs as u8;
            all += pairs;
            true
        }
        _ => false,
    });
    sound.then_some(all)
}

/// Units of a character that has been found to be encodable.
fn width<U: Unit>(c: U, encoding: Encoding) -> usize {
    let pair = match encoding {
        Encoding::Gsm7 => septets(c).is_some_and(|code| code > 0x7F),
        _ => c.into() > 0xFFFF,
    };
    1 + usize::from(pair)
}

/// Where parts of at most `part` units end, each as late as can be: counts of characters from the start.
///
/// The characters have been found to be encodable, with so many pairs in each step.
fn cuts<U: Unit>(chars: &[U], encoding: Encoding, tally: &[u8], part: usize) -> impl Iterator<Item = usize> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let mut left = part;
        let start = at;
        while at < chars.len() {
            let step = STEP + usize::from(tally[at / STEP]);
            let more = if at % STEP == 0 && at + STEP <= chars.len() && step <= left {
                at += STEP;
                step
            } else {
                let more = width(chars[at], encoding);
                if more > left {
                    break;
                }
                at += 1;
                more
            };
            left -= more;
        }
        (at > start).then_some(at)
    })
}

/// The characters that the default tables lack, each once, in order of appearance.
fn forced_by<U: Unit>(chars: &[U]) -> Vec<char> {
    let mut out = Vec::new();
    // By the low bits of a code, whether one with the same bits has been seen: most characters are told apart so.
    let mut seen = [0u64; 4];
    for &c in chars {
        let code: u32 = c.into();
        let (word, bit) = ((code >> 6 & 3) as usize, 1 << (code & 63));
        let new = seen[word] & bit == 0;
        if new && septets(c).is_some() {
            continue;
        }
        if let Some(c) = char::from_u32(code)
            && (new || !out.contains(&c) && septets(code).is_none())
        {
            seen[word] |= bit;
            out.push(c);
        }
    }
    out
}
