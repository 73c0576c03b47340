//! How fast the text functions are without Python, beside a memory copy of the same octets.
//!
//! ```text
//! cargo run --release -p septet-core --example text_speed
//! ```
//!
//! Each line is the best of many rounds over many different texts.

use std::hint::black_box;
use std::time::Instant;

use septet_core::text::flat::{Body, Flat, Quick};
use septet_core::text::{DefaultAlphabet, SegmentOptions, gsm7};

const TEXTS: usize = 600;
const ROUNDS: usize = 200;

/// Texts of so many characters, each different.
fn texts(words: &[&str], length: usize) -> Vec<String> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        words[(state >> 16) as usize % words.len()]
    };
    let mut text = || {
        let mut out = String::new();
        while out.chars().count() < length {
            out.push_str(next());
            out.push(' ');
        }
        out.chars().take(length).collect()
    };
    (0..TEXTS).map(|_| text()).collect()
}

fn measure(what: &str, octets: usize, mut round: impl FnMut()) {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        round();
        best = best.min(start.elapsed().as_secs_f64());
    }
    let (rate, gigabytes) = (TEXTS as f64 / best / 1e6, octets as f64 / best / 1e9);
    println!("  {what:<22} {rate:8.2} M texts/s  {gigabytes:7.2} GB/s");
}

/// A text in characters of the least width, as CPython holds it.
enum Held {
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
}

impl Held {
    fn new(text: &str) -> Self {
        let four: Vec<u32> = text.chars().map(u32::from).collect();
        match four.iter().max() {
            Some(0x1_0000..) => Self::Four(four),
            Some(0x100..) => Self::Two(four.iter().map(|c| *c as u16).collect()),
            _ => Self::One(four.iter().map(|c| *c as u8).collect()),
        }
    }

    fn flat(&self) -> Flat<'_> {
        match self {
            Self::One(chars) => Flat::One(chars),
            Self::Two(chars) => Flat::Two(chars),
            Self::Four(chars) => Flat::Four(chars),
        }
    }

    fn octets(&self) -> usize {
        match self {
            Self::One(chars) => chars.len(),
            Self::Two(chars) => chars.len() * 2,
            Self::Four(chars) => chars.len() * 4,
        }
    }
}

fn main() {
    let english = ["your", "code", "is", "parcel", "today", "at", "the", "delivery", "call", "us", "thank", "you"];
    let signs = ["your", "code", "€", "is", "[x]", "parcel", "today", "delivery", "thank", "{id}", "you", "meeting"];
    let accents = ["votre", "colis", "est", "arrivé", "à", "l'été", "où", "français", "naïve", "über", "straße"];
    let russian = ["ваш", "код", "заказ", "сегодня", "завтра", "спасибо", "за", "покупку", "оплата", "получена"];
    let emoji = ["your", "parcel", "🚚", "today", "👍🏽", "thank", "you", "❤️", "delivery", "🎉", "call", "us"];
    for (name, words, length) in [
        ("ASCII, 80 characters", &english[..], 80),
        ("ASCII, 160 characters", &english[..], 160),
        ("ASCII, 1,440 characters", &english[..], 1440),
        ("extension, 80 characters", &signs[..], 80),
        ("extension, 1,440 characters", &signs[..], 1440),
        ("accents, 80 characters", &accents[..], 80),
        ("Cyrillic, 64 characters", &russian[..], 64),
        ("Cyrillic, 640 characters", &russian[..], 640),
        ("emoji, 60 characters", &emoji[..], 60),
    ] {
        let texts = texts(words, length);
        let held: Vec<Held> = texts.iter().map(|text| Held::new(text)).collect();
        let octets = held.iter().map(Held::octets).sum();
        println!("{name}");
        let mut buffer = vec![0u8; octets];
        let source = vec![1u8; octets];
        measure("memory copy", octets, || {
            let mut at = 0;
            for text in &held {
                let end = at + text.octets();
                buffer[at..end].copy_from_slice(black_box(&source[at..end]));
                at = end;
            }
            black_box(&buffer);
        });
        let quick = Quick::new(b"", None, &SegmentOptions::default()).expect("sound").expect("needs no plan");
        measure("analyze", octets, || {
            for text in &held {
                black_box(quick.cost(black_box(text.flat())));
            }
        });
        measure("segment", octets, || {
            for text in &held {
                black_box(quick.segment(black_box(text.flat())));
            }
        });
        let (bodies, data_coding): (Vec<Vec<u8>>, u8) = match texts.iter().map(|t| gsm7::encode(t)).collect() {
            Ok(bodies) => (bodies, 0),
            Err(_) => (texts.iter().map(|t| t.encode_utf16().flat_map(u16::to_be_bytes).collect()).collect(), 8),
        };
        let octets = bodies.iter().map(Vec::len).sum();
        let body =
            |octets| Body { octets, data_coding, udh: b"", packed: false, default_alphabet: DefaultAlphabet::Gsm7 };
        measure("decode: count", octets, || {
            for octets in &bodies {
                black_box(body(black_box(octets)).count().expect("is text"));
            }
        });
        measure("decode: read", octets, || {
            for octets in &bodies {
                black_box(body(black_box(octets)).read().expect("is text"));
            }
        });
        if data_coding == 0 {
            measure("pack", octets, || {
                for octets in &bodies {
                    black_box(gsm7::pack(black_box(octets), 0).expect("septets"));
                }
            });
        }
    }
}
