//! What holds for every text: nothing lost, nothing split, no part too many.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::text::{
    Choice, DefaultAlphabet, Encoding, SegmentOptions, Segments, alphabet, analyze, decode, gsm7, segment,
    segment_binary, udh,
};

/// Texts that meet the edges: plain, extension and packing-sensitive characters, and optionally ones that force UCS-2.
fn gsm_text(longest: usize) -> impl Strategy<Value = String> {
    let characters =
        prop_oneof![6 => Just('a'), 2 => Just('€'), 1 => Just('{'), 1 => Just('@'), 2 => Just('\r'), 1 => Just('Σ')];
    vec(characters, 0..longest).prop_map(String::from_iter)
}

fn any_text(longest: usize) -> impl Strategy<Value = String> {
    let characters = prop_oneof![4 => Just('a'), 2 => Just('€'), 3 => Just('😀'), 1 => Just('ж'), 1 => any::<char>()];
    vec(characters, 0..longest).prop_map(String::from_iter)
}

fn options() -> impl Strategy<Value = SegmentOptions> {
    (any::<u16>(), any::<bool>(), any::<bool>()).prop_map(|(reference, wide, packed)| SegmentOptions {
        encoding: Choice::Auto,
        reference: if wide { reference } else { reference & 0xFF },
        reference_bits: if wide { 16 } else { 8 },
        packed,
        ..SegmentOptions::default()
    })
}

fn read(segments: &Segments, packed: bool) -> String {
    let parts = segments.parts.iter();
    parts.map(|p| decode(p.body(), segments.data_coding, p.udh(), packed, DefaultAlphabet::Gsm7).unwrap()).collect()
}

/// The fewest parts, by trying every cut: the slow reference. `widths` are the units of each character.
pub(super) fn fewest(widths: &[usize], single: usize, part: usize) -> usize {
    if widths.iter().sum::<usize>() <= single {
        return 1;
    }
    let mut best = vec![usize::MAX; widths.len() + 1];
    best[0] = 0;
    for end in 1..=widths.len() {
        let mut units = 0;
        for start in (0..end).rev() {
            units += widths[start];
            if units > part {
                break;
            }
            best[end] = best[end].min(best[start].saturating_add(1));
        }
    }
    best[widths.len()]
}

proptest! {
    #[test]
    fn what_is_split_reads_the_same(text in prop_oneof![gsm_text(700), any_text(400)], options in options()) {
        let segments = segment(&text, &options).unwrap();
        let got = read(&segments, options.packed);
        let one_more = options.packed && text.ends_with('\r') && got.strip_suffix('\r') == Some(text.as_str());
        prop_assert!(got == text || one_more, "{got:?} is not {text:?}");
        for part in &segments.parts {
            let limit = if segments.encoding == Encoding::Gsm7 && !options.packed {
                part.udh_len + Encoding::Gsm7.capacity(part.udh_len)
            } else {
                140
            };
            prop_assert!(part.octets.len() <= limit);
            prop_assert_eq!(udh::split(&part.octets, segments.udhi), (part.udh(), part.body()));
        }
    }

    #[test]
    fn the_count_is_minimal_and_as_analysed(text in prop_oneof![gsm_text(700), any_text(400)], wide: bool) {
        let bits = if wide { 16 } else { 8 };
        let segments = segment(&text, &SegmentOptions { reference_bits: bits, ..Default::default() }).unwrap();
        let gsm: Option<Vec<_>> = text.chars().map(|c| alphabet::septets(c).map(|s| if s > 0x7F { 2 } else { 1 })).collect();
        let (want, width) = if let Some(widths) = gsm {
            (fewest(&widths, 160, if wide { 152 } else { 153 }), 1)
        } else {
            let widths: Vec<_> = text.chars().map(char::len_utf16).collect();
            (fewest(&widths, 70, if wide { 66 } else { 67 }), 2)
        };
        prop_assert_eq!(segments.parts.len(), want);
        let analysis = analyze(&text, bits, false).unwrap();
        let lengths: Vec<_> = segments.parts.iter().map(|p| p.body().len() / width).collect();
        prop_assert_eq!(analysis.encoding, segments.encoding);
        prop_assert_eq!(analysis.segment_units, lengths);
        prop_assert_eq!(analysis.forced_by.is_empty(), segments.encoding == Encoding::Gsm7);
    }

    #[test]
    fn packing_keeps_every_length_and_fill(septets in vec(0u8..0x80, 0..200), fill in 0u8..7) {
        let octets = gsm7::pack(&septets, fill).unwrap();
        let used = septets.len() * 7 + usize::from(fill);
        prop_assert_eq!(octets.len(), used.div_ceil(8));
        prop_assert_eq!(gsm7::unpack(&octets, septets.len(), fill).unwrap(), septets);
        let spare = octets.len() * 8 - used;
        prop_assert!(octets.last().is_none_or(|last| spare == 0 || last >> (8 - spare) == 0));
    }

    #[test]
    fn octets_keep_their_order_and_every_part_its_header(data in vec(any::<u8>(), 0..600), ports: bool) {
        let given: &[u8] = if ports { &[6, 5, 4, 0x0B, 0x84, 0x23, 0xF0] } else { &[] };
        let segments = segment_binary(&data, given, 4, &SegmentOptions::default()).unwrap();
        let joined: Vec<u8> = segments.parts.iter().flat_map(|p| p.body().to_vec()).collect();
        prop_assert_eq!(joined, data);
        for part in &segments.parts {
            prop_assert!(part.octets.len() <= 140);
            prop_assert_eq!(udh::elements(part.udh()).iter().any(|e| e.iei == 5), ports);
        }
    }

    #[test]
    fn any_octets_give_text_or_an_error(body in vec(any::<u8>(), 0..200), coding: u8, header in vec(any::<u8>(), 0..20), packed: bool) {
        for alphabet in [DefaultAlphabet::Gsm7, DefaultAlphabet::Latin1, DefaultAlphabet::Ascii] {
            if let Err(error) = decode(&body, coding, &header, packed, alphabet) {
                prop_assert!(["text.undecodable", "text.bad_data_coding"].contains(&error.code));
            }
        }
        let (head, tail) = udh::split(&body, true);
        prop_assert_eq!([head, tail].concat(), body.clone());
        prop_assert!(udh::concat(head).is_none_or(|c| c.sequence >= 1 && c.sequence <= c.total));
        let _ = segment_binary(&body, &header, coding, &SegmentOptions::default());
    }
}

#[test]
fn every_short_length_survives_packing() {
    for header in [0usize, 6, 7] {
        let fill = gsm7::fill_bits(header);
        assert_eq!((header * 8 + usize::from(fill)) % 7, 0);
        for length in 0..=Encoding::Gsm7.capacity(header) {
            for last in [b'a', b'@' - 0x40, gsm7::CR] {
                let mut septets = vec![b'x'; length];
                if let Some(end) = septets.last_mut() {
                    *end = last;
                }
                let body = gsm7::pack_body(&septets, fill).unwrap();
                let mut want = septets.clone();
                // TS 23.038 §6.1.2.3.1: a CR that ends on an octet boundary is sent, and read, twice.
                if last == gsm7::CR && length > 0 && (length * 7 + usize::from(fill)) % 8 == 0 {
                    want.push(last);
                }
                assert_eq!(gsm7::unpack_body(&body, fill).unwrap(), want, "{length} septets, fill {fill}, last {last}");
            }
        }
    }
}

#[test]
fn text_is_transliterated_only_when_it_helps() {
    let plain = SegmentOptions { transliterate: true, ..Default::default() };
    let segments = segment("“It’s” – 5\u{A0}€…", &plain).unwrap();
    assert_eq!((segments.encoding, read(&segments, false).as_str()), (Encoding::Gsm7, "\"It's\" - 5 €..."));
    assert_eq!(segments.replaced.len(), 6);
    let russian = segment("«Да»…", &plain).unwrap();
    assert_eq!((russian.encoding, read(&russian, false).as_str()), (Encoding::Ucs2, "«Да»…"));
    let analysis = analyze("«Да»", 8, true).unwrap();
    assert_eq!(analysis.forced_by, ['Д', 'а']);
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let code = |text: &str, options: SegmentOptions| segment(text, &options).unwrap_err().code;
    let base = SegmentOptions::default();
    assert_eq!(code("a", SegmentOptions { reference_bits: 12, ..base }), "text.bad_argument");
    assert_eq!(code("a", SegmentOptions { reference: 256, ..base }), "text.bad_argument");
    assert_eq!(code("ж", SegmentOptions { encoding: Choice::Gsm7, ..base }), "text.unencodable");
    assert_eq!(code("ж", SegmentOptions { encoding: Choice::Latin1, ..base }), "text.unencodable");
    let code = |data: &[u8], udh: &[u8]| segment_binary(data, udh, 4, &base).unwrap_err().code;
    assert_eq!(code(&[0], &[9, 0]), "text.bad_udh");
    assert_eq!(code(&[0; 200], &[5, 0, 3, 1, 2, 1]), "text.bad_udh", "a part cannot be split again");
    let long: Vec<u8> = [&[139, 0x70, 137][..], &[0; 137]].concat();
    assert_eq!(code(&[0; 10], &long), "text.bad_udh");
}

#[test]
fn a_part_made_elsewhere_passes_untouched() {
    let udh = [5, 0, 3, 9, 2, 1];
    let segments = segment_binary(b"part", &udh, 0, &SegmentOptions::default()).unwrap();
    assert_eq!(segments.parts[0].octets, [&udh[..], b"part"].concat());
    assert_eq!((segments.parts.len(), segments.udhi, segments.data_coding), (1, true, 0));
}
