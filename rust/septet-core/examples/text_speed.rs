//! How fast the text functions are without Python, beside a memory copy of the same octets.
//!
//! ```text
//! cargo run --release -p septet-core --example text_speed
//! ```
//!
//! Each line is the best of many rounds over many different texts.

use std::hint::black_box;
use std::time::Instant;

use septet_core::keywords::{Matcher, Mode, Words};
use septet_core::text::quick::{Parcel, cost};
use septet_core::text::{DefaultAlphabet, SegmentOptions, decode, gsm7};

const TEXTS: usize = 600;
const ROUNDS: usize = 200;

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
        out
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

fn main() {
    let english = ["your", "code", "is", "parcel", "today", "at", "the", "delivery", "call", "us", "thank", "you"];
    let signs = ["your", "code", "€", "is", "[x]", "parcel", "today", "delivery", "thank", "{id}", "you", "meeting"];
    let russian = ["ваш", "код", "заказ", "сегодня", "завтра", "спасибо", "за", "покупку", "оплата", "получена"];
    for (name, words, length) in [
        ("ASCII, 80 characters", &english[..], 80),
        ("ASCII, 160 characters", &english[..], 155),
        ("ASCII, 1,440 characters", &english[..], 1440),
        ("extension, 80 characters", &signs[..], 80),
        ("Cyrillic, 64 characters", &russian[..], 60),
    ] {
        let texts = texts(words, length);
        let octets = texts.iter().map(String::len).sum();
        println!("{name}");
        let mut buffer = vec![0u8; octets];
        measure("memory copy", octets, || {
            let mut at = 0;
            for text in &texts {
                buffer[at..at + text.len()].copy_from_slice(text.as_bytes());
                at += text.len();
            }
            black_box(&buffer);
        });
        measure("analyze", octets, || {
            for text in &texts {
                black_box(cost(black_box(text), 8, true));
            }
        });
        let options = SegmentOptions::default();
        measure("segment", octets, || {
            let mut parcel = Parcel::default();
            for text in &texts {
                parcel.push(black_box(text), &options).expect("fits");
            }
            black_box(parcel);
        });
        let (bodies, coding): (Vec<Vec<u8>>, u8) = match texts.iter().map(|t| gsm7::encode(t)).collect() {
            Ok(bodies) => (bodies, 0),
            Err(_) => (texts.iter().map(|t| t.encode_utf16().flat_map(u16::to_be_bytes).collect()).collect(), 8),
        };
        measure("decode", bodies.iter().map(Vec::len).sum(), || {
            for body in &bodies {
                black_box(decode(black_box(body), coding, b"", false, DefaultAlphabet::Gsm7).expect("is text"));
            }
        });
        let matcher = Matcher::new(&(0..1000).map(|i| format!("word{i}")).collect::<Vec<_>>(), Mode::Anywhere);
        let (matcher, mut normal) = (matcher.expect("has letters"), Words::new());
        measure("normalise", octets, || {
            for text in &texts {
                normal.read(black_box(text));
                black_box(&normal);
            }
        });
        measure("normalise and match", octets, || {
            for text in &texts {
                black_box(matcher.find_in(black_box(text), &mut normal));
            }
        });
    }
}
