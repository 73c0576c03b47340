//! What is sent: destinations and texts that vary, and are the same again for the same seed.

use crate::text::{SegmentOptions, Segments, segment};

/// Which texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Texts {
    /// English, one part.
    #[default]
    Short,
    /// English, two or three parts.
    Long,
    /// UCS-2, one part or two.
    Unicode,
    /// By chance: seven of ten short, the others long or unicode alike.
    Mixed,
}

impl Texts {
    /// The texts called `short`, `long`, `unicode` or `mixed`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "short" => Some(Self::Short),
            "long" => Some(Self::Long),
            "unicode" => Some(Self::Unicode),
            "mixed" => Some(Self::Mixed),
            _ => None,
        }
    }
}

const ENGLISH: [&str; 32] = [
    "your", "parcel", "arrives", "today", "between", "ten", "and", "noon", "the", "code", "is", "valid", "for", "five",
    "minutes", "please", "bring", "this", "message", "along", "table", "booked", "thank", "you", "see", "soon",
    "train", "leaves", "from", "platform", "seven", "tomorrow",
];
const OTHERS: [&str; 16] = [
    "заказ",
    "готов",
    "сегодня",
    "вечером",
    "спасибо",
    "код",
    "поезд",
    "завтра",
    "你好",
    "谢谢",
    "明天",
    "καλημέρα",
    "✅",
    "🚆",
    "📦",
    "مرحبا",
];

/// Messages by number.
#[derive(Debug, Clone)]
pub struct Corpus {
    texts: Texts,
    seed: u64,
}

/// A message to be submitted.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The destination, E.164 digits without a plus.
    pub dest: [u8; 11],
    /// Its parts.
    pub segments: Segments,
}

impl Corpus {
    /// The messages of a seed.
    pub const fn new(texts: Texts, seed: u64) -> Self {
        Self { texts, seed }
    }

    /// Message `number`: always the same.
    pub fn message(&self, number: u64) -> Outgoing {
        let mut chance = Chance(self.seed ^ number.wrapping_mul(0xA076_1D64_78BD_642F));
        let dest = destination(&mut chance);
        let text = self.text(number, &mut chance);
        let options = SegmentOptions { reference: number as u16 & 0xFF, ..SegmentOptions::default() };
        let segments = segment(&text, &options).expect("a text of the corpus has few parts and no odd options");
        Outgoing { dest, segments }
    }

    fn text(&self, number: u64, chance: &mut Chance) -> String {
        let texts = match self.texts {
            Texts::Mixed => match chance.below(20) {
                0..14 => Texts::Short,
                14..17 => Texts::Long,
                _ => Texts::Unicode,
            },
            plain => plain,
        };
        let (words, least, spread): (&[&str], u64, u64) = match texts {
            Texts::Long => (&ENGLISH, 170, 260),
            Texts::Unicode => (&OTHERS, 20, 80),
            Texts::Short | Texts::Mixed => (&ENGLISH, 20, 120),
        };
        let length = (least + chance.below(spread)) as usize;
        let mut text = String::with_capacity(length * 4 + 16);
        text.push_str("No. ");
        text.push_str(&number.to_string());
        let mut units = text.len();
        while units < length {
            let word = words[chance.below(words.len() as u64) as usize];
            text.push(' ');
            text.push_str(word);
            units += 1 + if word.is_ascii() { word.len() } else { word.chars().count() };
        }
        text
    }
}

/// A Swedish mobile number: `46 70`, `72`, `73`, `76` or `79`, then seven digits.
fn destination(chance: &mut Chance) -> [u8; 11] {
    let mut dest = *b"46700000000";
    dest[3] = b"02369"[chance.below(5) as usize];
    let mut rest = chance.below(10_000_000);
    for digit in dest[4..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    dest
}

/// SplitMix64: small, fast, and good enough to vary a load.
struct Chance(u64);

impl Chance {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    const fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Encoding;
    use std::collections::HashSet;

    fn parts(texts: Texts) -> Vec<(Encoding, usize)> {
        let corpus = Corpus::new(texts, 7);
        (0..2_000)
            .map(|number| corpus.message(number).segments)
            .map(|segments| (segments.encoding, segments.parts.len()))
            .collect()
    }

    #[test]
    fn texts_are_of_the_kind_asked_for() {
        assert!(parts(Texts::Short).iter().all(|shape| *shape == (Encoding::Gsm7, 1)));
        let long = parts(Texts::Long);
        assert!(long.iter().all(|(encoding, parts)| *encoding == Encoding::Gsm7 && (2..=3).contains(parts)));
        assert!(long.iter().any(|(_, parts)| *parts == 2) && long.iter().any(|(_, parts)| *parts == 3));
        let unicode = parts(Texts::Unicode);
        assert!(unicode.iter().all(|(encoding, parts)| *encoding == Encoding::Ucs2 && (1..=2).contains(parts)));
        let mixed = parts(Texts::Mixed);
        let every = [(Encoding::Gsm7, 1), (Encoding::Gsm7, 2), (Encoding::Ucs2, 1)];
        assert!(every.iter().all(|shape| mixed.contains(shape)));
    }

    #[test]
    fn a_seed_repeats_itself_and_its_messages_differ() {
        let (one, two) = (Corpus::new(Texts::Short, 1), Corpus::new(Texts::Short, 2));
        let bodies = |corpus: &Corpus| (0..500).map(|n| corpus.message(n).segments).collect::<Vec<_>>();
        assert_eq!(bodies(&one), bodies(&one.clone()));
        assert_ne!(bodies(&one), bodies(&two));
        let dests: HashSet<_> = (0..500).map(|number| one.message(number).dest).collect();
        assert!(dests.len() > 450 && dests.iter().all(|dest| dest.starts_with(b"467")));
    }
}
