use proptest::prelude::*;

use super::*;
use crate::text::{DefaultAlphabet, Mode, SegmentOptions, analyze_with, decode, segment_with};

/// A text and the widths it can have: as a string of an interpreter, and as wider ones.
fn flats(text: &str) -> (Vec<u32>, Vec<u16>, Vec<u8>) {
    let four: Vec<u32> = text.chars().map(u32::from).collect();
    let two = four.iter().map_while(|c| u16::try_from(*c).ok()).collect();
    let one = four.iter().map_while(|c| u8::try_from(*c).ok()).collect();
    (four, two, one)
}

fn text() -> impl Strategy<Value = String> {
    let texts = [
        "[ -~\n\r]{0,400}",
        "[a-z€\\[\\^@$_é\\f`ÅΩ]{0,400}",
        "[a-zа-яё😀🎉]{0,200}",
        "(👍🏽|👩‍👩‍👧|🇸🇪|e\u{301}|\r\n|[a-f]{1,3}){0,120}",
        "[a-f\r\n€]{140,330}",
        ".{0,300}",
        "[a€]{0,40}[ -~]{140,330}",
        "[^ -~]{60,150}",
    ];
    prop::sample::select(texts.to_vec()).prop_flat_map(|pattern| pattern.prop_map(|text: String| text))
}

fn options() -> impl Strategy<Value = SegmentOptions> {
    let modes = prop::sample::select(vec![(Mode::Udh, 8), (Mode::Udh, 16), (Mode::Sar, 8), (Mode::Payload, 8)]);
    (modes, 0u16..256, any::<bool>()).prop_map(|((mode, reference_bits), reference, transliterate)| SegmentOptions {
        reference,
        reference_bits,
        transliterate,
        mode,
        ..SegmentOptions::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn flat_texts_cost_and_split_as_the_plan_says(text in text(), options in options()) {
        let quick = Quick::new(b"", None, &options).expect("sound").expect("no need of the plan");
        let (four, two, one) = flats(&text);
        let mut all = vec![Flat::Four(&four)];
        let fits = |len: usize| len == four.len();
        all.extend(fits(two.len()).then_some(Flat::Two(&two)));
        all.extend(fits(one.len()).then_some(Flat::One(&one)));
        for flat in all {
            prop_assert_eq!(&flat.to_text().expect("characters"), &text);
            match (quick.cost(flat), analyze_with(&text, b"", None, &options)) {
                (Some(cost), Ok(full)) => {
                    let want = Cost { encoding: full.encoding, units: full.units, segments: full.segments };
                    prop_assert_eq!(cost, want);
                }
                (Some(cost), Err(e)) => prop_assert!(false, "{:?} but {:?}", cost, e),
                (None, Ok(full)) => prop_assert!(options.transliterate, "{:?} left out", full),
                (None, Err(_)) => {}
            }
            if let Some(analysis) = quick.analyze(flat) {
                prop_assert_eq!(analysis, analyze_with(&text, b"", None, &options).expect("fits"));
            }
            if let Some(segments) = quick.segment(flat) {
                prop_assert_eq!(segments, segment_with(&text, b"", None, &options).expect("fits"));
            }
        }
    }

    #[test]
    fn bodies_read_as_decode_reads_them(
        octets in prop_oneof![
            prop::collection::vec(prop_oneof![0u8..128, 0x20u8..0x7B, Just(0x1B)], 0..80),
            prop::collection::vec(any::<u8>(), 0..80),
            ".{0,60}".prop_map(|text| text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ],
        data_coding in prop::sample::select(vec![0u8, 1, 3, 4, 8, 0x18, 0xF0]),
    ) {
        let body = Body {
            octets: &octets, data_coding, udh: b"", packed: false, default_alphabet: DefaultAlphabet::Gsm7,
        };
        let want = decode(&octets, data_coding, b"", false, DefaultAlphabet::Gsm7);
        prop_assert_eq!(body.count(), want.clone().map(|text| text.chars().count()));
        let read = body.read().map(|read| match read {
            Read::Ascii(octets) => Flat::One(octets).to_text().expect("ASCII"),
            Read::Two(chars) => Flat::Two(&chars).to_text().expect("no surrogates"),
            Read::Four(chars) => Flat::Four(&chars).to_text().expect("no surrogates"),
            Read::Text(text) => text,
        });
        prop_assert_eq!(read, want);
    }
}

#[test]
fn half_a_surrogate_pair_is_left_to_the_plan_and_named() {
    let quick = Quick::new(b"", None, &SegmentOptions::default()).expect("sound").expect("quick");
    for chars in [vec![0xD83D], vec![u16::from(b'a'), 0x439, 0xDC00]] {
        assert_eq!(quick.cost(Flat::Two(&chars)), None);
        assert!(quick.segment(Flat::Two(&chars)).is_none());
        assert_eq!(Flat::Two(&chars).to_text().unwrap_err().offset, Some(chars.len() - 1));
    }
}

#[test]
fn more_than_255_segments_are_left_to_the_plan() {
    let quick = Quick::new(b"", None, &SegmentOptions::default()).expect("sound").expect("quick");
    let longest = vec![b'a'; 153 * 255 + 1];
    assert_eq!(quick.cost(Flat::One(&longest[1..])).map(|cost| cost.segments), Some(255));
    assert_eq!(quick.cost(Flat::One(&longest)), None);
}
