//! National tables, modes and headers: vectors, and properties against slow references.

use proptest::collection::vec;
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::properties::fewest;
use super::vectors::{lines, number, octets, text};
use crate::text::national::{Languages, NAMES, Shift, identifier};
use crate::text::{
    Choice, DefaultAlphabet, Encoding, Mode, SegmentOptions, Segments, Transliteration, alphabet, analyze_with, decode,
    gsm7, segment, segment_with, udh,
};

#[test]
fn table_vectors() {
    let mut seen = 0;
    for v in lines(include_str!("../../../../../tests/vectors/national.jsonl")) {
        let id = identifier(text(&v["language"])).unwrap();
        assert_eq!(usize::from(id), number(&v["id"]));
        let locking = text(&v["kind"]) == "locking";
        let shift = if locking { Shift { locking: id, single: 0 } } else { Shift { locking: 0, single: id } };
        let cells = v["cells"].as_object().unwrap();
        for (code, c) in cells {
            let code = u8::from_str_radix(code, 16).unwrap();
            let septets = if locking { vec![code] } else { vec![0x1B, code] };
            assert_eq!(gsm7::decode_with(&septets, shift).unwrap(), text(c), "{} {code:02X}", v["clause"]);
            seen += 1;
        }
        if locking {
            let held = (0..128).filter(|code| *code != 0x1B && shift.plain(*code).is_some()).count();
            assert_eq!(held, cells.len(), "{}", v["clause"]);
        }
    }
    assert_eq!(seen, 2294);
}

fn mode(name: &str) -> (Mode, u8) {
    match name {
        "udh16" => (Mode::Udh, 16),
        "sar" => (Mode::Sar, 8),
        "payload" => (Mode::Payload, 8),
        _ => (Mode::Udh, 8),
    }
}

#[test]
fn language_vectors() {
    for v in lines(include_str!("../../../../../tests/vectors/languages.jsonl")) {
        let message = [text(&v["prefix"]), &text(&v["unit"]).repeat(number(&v["repeat"])), text(&v["suffix"])].concat();
        let (mode, reference_bits) = mode(text(&v["mode"]));
        let languages = Languages::from_names(v["languages"].as_array().unwrap().iter().map(text)).unwrap();
        let options = SegmentOptions { languages, mode, reference_bits, reference: 7, ..Default::default() };
        let header = octets(&v["udh"]);
        let cost = analyze_with(&message, &header, None, &options).unwrap();
        let names = [cost.shift.locking, cost.shift.single].map(|id| (id > 0).then(|| NAMES[usize::from(id)]));
        assert_eq!(names, [v["locking"].as_str(), v["single"].as_str()], "{v}");
        let want: Vec<_> = v["segment_units"].as_array().unwrap().iter().map(number).collect();
        assert_eq!((cost.encoding.name(), &cost.segment_units), (text(&v["encoding"]), &want), "{v}");
        let made = segment_with(&message, &header, None, &options).unwrap();
        if !text(&v["header"]).is_empty() || made.parts[0].udh_len == 0 {
            assert_eq!(made.parts[0].udh(), octets(&v["header"]), "{v}");
        }
        assert_eq!(read(&made, false), message, "{v}");
    }
}

fn read(segments: &Segments, packed: bool) -> String {
    let parts = segments.parts.iter();
    parts.map(|p| decode(p.body(), segments.data_coding, p.udh(), packed, DefaultAlphabet::Gsm7).unwrap()).collect()
}

/// Texts of characters from a few tables at a time.
fn national_text(longest: usize) -> impl Strategy<Value = String> {
    let one = (0u8..14, 0u8..128, any::<bool>()).prop_map(|(id, code, escaped)| {
        let shift = Shift { locking: id, single: id };
        let c = if escaped { shift.extended(code) } else { shift.plain(code) };
        c.filter(|c| *c != '\u{1B}').unwrap_or('a')
    });
    let few = vec(one, 1..6).prop_flat_map(move |few| vec(proptest::sample::select(few), 0..longest));
    few.prop_map(String::from_iter)
}

fn languages() -> impl Strategy<Value = Languages> {
    let some = vec(1usize..14, 0..4).prop_map(|ids| Languages::from_names(ids.iter().map(|id| NAMES[*id])).unwrap());
    prop_oneof![some, Just(Languages::ALL)]
}

const PORTS: &[u8] = &[6, 5, 4, 0x15, 0x81, 0x15, 0x81];

fn options() -> impl Strategy<Value = SegmentOptions> {
    let mode = proptest::sample::select(vec![(Mode::Udh, 8), (Mode::Udh, 16), (Mode::Sar, 8), (Mode::Payload, 8)]);
    (languages(), mode, any::<bool>()).prop_map(|(languages, (mode, reference_bits), packed)| SegmentOptions {
        languages,
        mode,
        reference_bits,
        packed,
        reference: 9,
        ..SegmentOptions::default()
    })
}

/// The fewest segments with septets, by trying every pair of permitted tables and every cut.
fn fewest_with_tables(message: &str, options: &SegmentOptions, elements: usize) -> Option<usize> {
    let room = |shift: usize| {
        let own = elements + 3 * shift;
        let alone = if own == 0 { 0 } else { own + 1 };
        let concat = if options.reference_bits == 16 { 7 } else { 6 };
        let header = if options.mode == Mode::Udh { own + concat } else { alone };
        ((140 - alone) * 8 / 7, (140 - header) * 8 / 7)
    };
    let permitted = |id: &u8| *id == 0 || options.languages.contains(*id);
    let mut best = None;
    for locking in (0..14).filter(permitted).filter(|id| *id != 2) {
        for single in (0..14).filter(permitted) {
            let shift = Shift { locking, single };
            let widths: Option<Vec<_>> =
                message.chars().map(|c| shift.septets(c).map(|s| if s > 0x7F { 2 } else { 1 })).collect();
            let (alone, part) = room(usize::from(locking > 0) + usize::from(single > 0));
            let count = widths.map(|widths| fewest(&widths, alone, part));
            best = [best, count].into_iter().flatten().min();
        }
    }
    best
}

proptest! {
    #[test]
    fn what_is_split_reads_the_same_in_every_mode(message in national_text(500), options in options(), ports: bool) {
        let header = if ports { PORTS } else { b"" };
        let made = segment_with(&message, header, None, &options).unwrap();
        let got = read(&made, options.packed);
        let one_more = options.packed && message.ends_with('\r') && got.strip_suffix('\r') == Some(message.as_str());
        prop_assert!(got == message || one_more, "{got:?} is not {message:?}");
        for part in &made.parts {
            prop_assert_eq!(Shift::of(part.udh()), made.shift);
            prop_assert_eq!(udh::elements(part.udh()).iter().any(|e| e.iei == 5), ports);
            let wide = made.encoding == Encoding::Ucs2 || options.packed;
            let limit = if wide { 140 } else { part.udh_len + Encoding::Gsm7.capacity(part.udh_len) };
            prop_assert!(options.mode == Mode::Payload || part.octets.len() <= limit);
        }
        prop_assert!(options.mode != Mode::Payload || made.parts.len() == 1);
        let cost = analyze_with(&message, header, None, &options).unwrap();
        prop_assert_eq!((cost.encoding, cost.shift), (made.encoding, made.shift));
        prop_assert_eq!(cost.forced_by.is_empty(), made.encoding == Encoding::Gsm7);
    }

    #[test]
    fn the_count_is_minimal_over_all_permitted_tables(message in national_text(400), options in options(), ports: bool) {
        prop_assume!(options.mode != Mode::Payload);
        let header = if ports { PORTS } else { b"" };
        let cost = analyze_with(&message, header, None, &options).unwrap();
        let elements = header.len().saturating_sub(1);
        let ucs2 = analyze_with(&message, header, None, &SegmentOptions { encoding: Choice::Ucs2, ..options }).unwrap();
        let by_default = message.chars().all(|c| alphabet::septets(c).is_some());
        let want = if by_default {
            let none = SegmentOptions { languages: Languages::default(), ..options };
            fewest_with_tables(&message, &none, elements)
        } else {
            fewest_with_tables(&message, &options, elements)
        };
        prop_assert_eq!(cost.segments, want.map_or(ucs2.segments, |septets| septets.min(ucs2.segments)));
        prop_assert!(!by_default || cost.shift == Shift::NONE);
    }

    #[test]
    fn no_cluster_is_divided_where_as_many_segments_do(
        message in vec(proptest::sample::select(vec!["ж", "👨‍👩‍👧‍👦", "🇸🇪", "e\u{301}", "👍🏽", "\r\n", "한"]), 0..150)
    ) {
        let message = message.concat();
        let options = SegmentOptions { encoding: Choice::Ucs2, ..Default::default() };
        let made = segment(&message, &options).unwrap();
        let units = |s: &str| s.chars().map(char::len_utf16).sum::<usize>();
        let characters: Vec<_> = message.chars().map(char::len_utf16).collect();
        let clusters: Vec<_> = message.graphemes(true).map(units).collect();
        prop_assert_eq!(made.parts.len(), fewest(&characters, 70, 67));
        if fewest(&clusters, 70, 67) == made.parts.len() {
            let edges: Vec<_> = message.grapheme_indices(true).map(|(at, _)| at).collect();
            let mut at = 0;
            for part in &made.parts {
                prop_assert!(at == 0 || edges.contains(&at), "{:?} is cut at {}", message, at);
                at += decode(part.body(), 8, b"", false, DefaultAlphabet::Gsm7).unwrap().len();
            }
        }
        prop_assert_eq!(read(&made, false), message);
    }

    #[test]
    fn transliteration_says_all_that_it_did(message in any::<String>(), languages in languages()) {
        let table = Transliteration::default();
        let options = SegmentOptions { languages, ..Default::default() };
        let with = analyze_with(&message, b"", Some(&table), &options).unwrap();
        let without = analyze_with(&message, b"", None, &options).unwrap();
        prop_assert!(with.segments <= without.segments || without.encoding == Encoding::Ucs2);
        if with.replaced.is_empty() {
            prop_assert_eq!(&with.segment_units, &without.segment_units);
        } else {
            prop_assert_eq!((with.encoding, without.encoding), (Encoding::Gsm7, Encoding::Ucs2));
            prop_assert!(with.replaced.iter().all(|(from, _)| message.contains(&**from)));
        }
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let base = SegmentOptions::default();
    let code =
        |text: &str, udh: &[u8], options: SegmentOptions| segment_with(text, udh, None, &options).unwrap_err().code;
    assert_eq!(code("a", &[3, 0x24, 1, 1], base), "text.bad_udh", "a language is asked for by name");
    assert_eq!(code("a", &[3, 0x24, 1], base), "text.bad_udh");
    assert_eq!(code(&"a".repeat(200), &[5, 0, 3, 1, 2, 1], base), "text.bad_udh", "a part cannot be split again");
    let long: Vec<u8> = [&[136, 0x70, 134][..], &[0; 134]].concat();
    assert_eq!(code("abcdefgh", &long, base), "text.bad_udh");
    let payload = SegmentOptions { mode: Mode::Payload, ..base };
    assert_eq!(code(&"a".repeat(65_536), b"", payload), "text.too_many_segments");
    assert_eq!(segment(&"a".repeat(65_535), &payload).unwrap().parts.len(), 1);
    let sar = SegmentOptions { mode: Mode::Sar, reference: 65_535, ..base };
    assert_eq!(segment(&"a".repeat(255 * 160), &sar).unwrap().parts.len(), 255);
    assert_eq!(code(&"a".repeat(255 * 160 + 1), b"", sar), "text.too_many_segments");
    assert_eq!(Languages::from_names(["tr", "xx"]).unwrap_err().code, "text.bad_argument");
    let gsm7 = SegmentOptions { encoding: Choice::Gsm7, languages: Languages::from_names(["tr"]).unwrap(), ..base };
    assert_eq!(segment_with("aşж", b"", None, &gsm7).unwrap_err().offset, Some(2));
}
