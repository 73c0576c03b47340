//! Texts out and octets in: nothing lost, nothing split, no part too many, no error without its code.

use septet_core::text::flat::{Body, Flat, Quick, Read};
use septet_core::text::national::{Languages, NAMES, Shift};
use septet_core::text::{
    Choice, DefaultAlphabet, Encoding, SegmentOptions, Segments, alphabet, analyze_with, decode, gsm7, is_binary,
    segment, udh,
};

use crate::steer::Steer;

/// Characters of most drawn texts. One in four of these is held to the fewest parts, found by trying every cut.
const SHORT: usize = 400;
/// Characters of one text in 32; enough for more than 255 segments of UCS-2.
const LONG: usize = 20_000;

fn options(steer: &mut Steer<'_>) -> SegmentOptions {
    let flags = steer.octet();
    let wide = flags & 4 != 0;
    let reference = steer.word();
    let encoding = [Choice::Auto, Choice::Gsm7, Choice::Ucs2, Choice::Latin1][usize::from(flags & 3)];
    // Some texts may use up to three languages: each pair of their tables is tried, so more would only take long.
    let permitted = if flags & 0x60 == 0x60 && encoding == Choice::Auto { steer.word() } else { 0 };
    let names = [0, 4, 8].map(|shift| NAMES.get(usize::from(permitted >> shift & 15)).copied().unwrap_or_default());
    let names = names.into_iter().filter(|name| !name.is_empty());
    SegmentOptions {
        encoding,
        languages: Languages::from_names(names).expect("names of languages"),
        reference: if wide { reference } else { reference & 0xFF },
        reference_bits: if wide { 16 } else { 8 },
        packed: flags & 8 != 0,
        transliterate: flags & 16 != 0,
        ..SegmentOptions::default()
    }
}

/// Any text under any options: what is split reads the same, and no split is longer than it has to be.
pub fn roundtrip(data: &[u8]) {
    let mut steer = Steer::new(data);
    let (how, options) = (steer.octet(), options(&mut steer));
    let text = steer.text(how, if how >> 3 == 31 { LONG } else { SHORT });
    flat(&text, &options);
    let segments = match segment(&text, &options) {
        Ok(segments) => segments,
        Err(error) => return refused(&text, &options, &error),
    };
    assert!((1..=255).contains(&segments.parts.len()));
    headers(&segments, &options);
    let read = read(&segments, &options);
    if options.transliterate && read != text {
        // What it was replaced by needs no further replacement, and goes out alike.
        let again = segment(&read, &SegmentOptions { transliterate: false, ..options });
        let again = again.expect("a transliterated text can be sent");
        let replaced = segments.replaced.clone();
        assert!(options.packed || !replaced.is_empty());
        assert!(options.packed || Segments { replaced, ..again } == segments, "{text:?} became {read:?}");
    } else {
        // TS 23.038 §6.1.2.3.1: a packed text that ends in CR on an octet boundary is read with one CR more.
        let one_more = options.packed && text.ends_with('\r') && read.strip_suffix('\r') == Some(&text);
        assert!(read == text || one_more, "{read:?} is not {text:?}");
        if how & 0x0C == 0 {
            minimal(&text, &segments, &options);
        }
    }
    if options.encoding == Choice::Auto && !options.packed {
        analysed(&text, &segments, &options);
    }
}

/// What is counted and cut many characters at a time is what the plan says, in every width that holds the text.
fn flat(text: &str, options: &SegmentOptions) {
    let four: Vec<u32> = text.chars().map(u32::from).collect();
    let two: Option<Vec<u16>> = four.iter().map(|c| u16::try_from(*c).ok()).collect();
    let one: Option<Vec<u8>> = four.iter().map(|c| u8::try_from(*c).ok()).collect();
    let Ok(Some(quick)) = Quick::new(b"", None, options) else { return };
    let views = [Some(Flat::Four(&four)), two.as_deref().map(Flat::Two), one.as_deref().map(Flat::One)];
    let (full, parts) = (analyze_with(text, b"", None, options), segment(text, options));
    for view in views.into_iter().flatten() {
        assert_eq!(view.to_text().expect("no surrogates"), text);
        if let Some(cost) = quick.cost(view) {
            let full = full.as_ref().expect("has a cost");
            assert_eq!((cost.encoding, cost.units, cost.segments), (full.encoding, full.units, full.segments));
            if let Some(quick) = quick.analyze(view) {
                assert_eq!(quick, *full);
            }
        }
        if let Some(segments) = quick.segment(view) {
            assert_eq!(Ok(segments), parts);
        }
    }
}

fn refused(text: &str, options: &SegmentOptions, error: &septet_core::Error) {
    match (error.code, options.encoding) {
        ("text.unencodable", Choice::Gsm7 | Choice::Latin1) => {
            let at = error.offset.expect("the character has a place");
            let length = text.chars().count();
            // Transliteration may lengthen the text before the place.
            assert!(at < length * 4, "{at} of {length}");
            if !options.transliterate {
                let c = text.chars().nth(at).expect("the place is in the text");
                assert!(if options.encoding == Choice::Gsm7 { alphabet::septets(c).is_none() } else { c > '\u{FF}' });
            }
        }
        ("text.too_many_segments", _) => {
            let units: usize = text.chars().map(char::len_utf16).sum();
            // A replacement is at most three characters long (`…` is `...`).
            let longest = if options.transliterate { units * 3 } else { units };
            assert!(longest > 255 * 60, "{units} units fit");
        }
        _ => panic!("{error:?} under {options:?}"),
    }
}

fn headers(segments: &Segments, options: &SegmentOptions) {
    let total = segments.parts.len();
    for (index, part) in segments.parts.iter().enumerate() {
        let unpacked = segments.encoding == Encoding::Gsm7 && !options.packed;
        if unpacked {
            assert!(part.body().len() <= Encoding::Gsm7.capacity(part.udh().len()));
        } else {
            assert!(part.octets.len() <= 140);
        }
        assert_eq!(udh::split(&part.octets, segments.udhi), (part.udh(), part.body()));
        match udh::concat(part.udh()) {
            None => assert_eq!(total, 1),
            Some(concat) => {
                assert_eq!((usize::from(concat.total), usize::from(concat.sequence)), (total, index + 1));
                assert_eq!((concat.reference, concat.wide), (options.reference, options.reference_bits == 16));
            }
        }
    }
}

/// Each part alone: a cut escape or surrogate pair would change the text, or be an error.
fn read(segments: &Segments, options: &SegmentOptions) -> String {
    let coding = segments.data_coding;
    let one = |part: &septet_core::text::Part| {
        assert!(options.packed || segments.encoding != Encoding::Gsm7 || !ends_in_escape(part.body()));
        decode(part.body(), coding, part.udh(), options.packed, DefaultAlphabet::Gsm7).expect("a part reads alone")
    };
    segments.parts.iter().map(one).collect()
}

fn ends_in_escape(septets: &[u8]) -> bool {
    septets.iter().rev().take_while(|septet| **septet == alphabet::ESCAPE).count() % 2 == 1
}

fn minimal(text: &str, segments: &Segments, options: &SegmentOptions) {
    // A packed part may have to give up its last CR, which costs a septet that the plain reference does not know; nor does it
    // know national tables.
    if options.packed || segments.shift != Shift::NONE || text.chars().count() > SHORT {
        return;
    }
    let header = if options.reference_bits == 16 { 7 } else { 6 };
    let width = |c: char| match segments.encoding {
        Encoding::Gsm7 => 1 + usize::from(alphabet::septets(c).expect("GSM 7-bit has it") > 0x7F),
        Encoding::Ucs2 => c.len_utf16(),
        Encoding::Latin1 | Encoding::Binary => 1,
    };
    let (single, each) = match segments.encoding {
        Encoding::Gsm7 => (160, (140 - header) * 8 / 7),
        Encoding::Ucs2 => (70, (140 - header) / 2),
        Encoding::Latin1 | Encoding::Binary => (140, 140 - header),
    };
    let widths: Vec<usize> = text.chars().map(width).collect();
    assert_eq!(segments.parts.len(), fewest(&widths, single, each), "{text:?}");
}

/// The fewest parts, by trying every cut.
fn fewest(widths: &[usize], single: usize, part: usize) -> usize {
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

fn analysed(text: &str, segments: &Segments, options: &SegmentOptions) {
    let analysis = analyze_with(text, b"", None, options).expect("what can be sent has a cost");
    let width = if segments.encoding == Encoding::Ucs2 { 2 } else { 1 };
    let lengths: Vec<usize> = segments.parts.iter().map(|part| part.body().len() / width).collect();
    assert_eq!(analysis.encoding, segments.encoding);
    assert_eq!((analysis.segments, analysis.units), (lengths.len(), lengths.iter().sum()));
    assert_eq!(analysis.segment_units, lengths);
    assert_eq!(analysis.forced_by.is_empty(), segments.encoding == Encoding::Gsm7);
    let mut seen = std::collections::HashSet::new();
    assert!(analysis.forced_by.iter().all(|c| seen.insert(*c) && alphabet::septets(*c).is_none() && text.contains(*c)));
}

/// Any octets under any data_coding, with any header: a text that its octets account for, or a documented error.
pub fn decoding(data: &[u8]) {
    let mut steer = Steer::new(data);
    let (coding, flags) = (steer.octet(), steer.octet());
    let header = steer.octets(usize::from(flags >> 3));
    let body = steer.all();
    let alphabet =
        [DefaultAlphabet::Gsm7, DefaultAlphabet::Latin1, DefaultAlphabet::Ascii][usize::from(flags % 4).min(2)];
    let packed = flags & 4 != 0;
    let plain = decode(body, coding, header, packed, alphabet);
    let quick = Body { octets: body, data_coding: coding, udh: header, packed, default_alphabet: alphabet };
    assert_eq!(quick.count(), plain.clone().map(|text| text.chars().count()));
    let read = quick.read().map(|read| match read {
        Read::Ascii(octets) => Flat::One(octets).to_text().expect("ASCII"),
        Read::Two(chars) => Flat::Two(&chars).to_text().expect("no surrogates"),
        Read::Four(chars) => Flat::Four(&chars).to_text().expect("no surrogates"),
        Read::Text(text) => text,
    });
    assert_eq!(read, plain);
    match plain {
        Ok(text) => {
            assert!(!is_binary(coding));
            assert!(text.chars().count() <= body.len() * 8 / 7);
            assert!(text.len() <= body.len() * 4);
            reencoded(&text, body, coding, packed, alphabet, Shift::of(header));
        }
        Err(error) => {
            assert!(["text.undecodable", "text.bad_data_coding", "text.bad_udh"].contains(&error.code), "{error:?}");
            assert!(error.offset.is_none_or(|at| at <= body.len()), "{error:?}");
            assert!(error.code != "text.undecodable" || error.offset.is_some(), "{error:?}");
        }
    }
    packing(body, flags);
}

/// Where a coding says one thing for sure, the text gives the octets back.
fn reencoded(text: &str, body: &[u8], coding: u8, packed: bool, alphabet: DefaultAlphabet, shift: Shift) {
    match (coding, alphabet) {
        (0x08, _) => assert_eq!(text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>(), body),
        (0x03, _) | (0, DefaultAlphabet::Latin1) => {
            assert!(text.chars().map(u32::from).eq(body.iter().map(|o| u32::from(*o))))
        }
        (0x01, _) | (0, DefaultAlphabet::Ascii) => assert_eq!(text.as_bytes(), body),
        (0, DefaultAlphabet::Gsm7) if !packed => {
            // §6.2.1.1 reads unknown codes as known characters, so only the second reading must agree with the first.
            let septets = gsm7::encode_with(text, shift).expect("what was read can be written");
            assert_eq!(gsm7::decode_with(&septets, shift).expect("septets"), text);
            assert!(septets.len() <= body.len());
        }
        _ => {}
    }
}

/// Septets out of any octets, and back into the same.
fn packing(octets: &[u8], flags: u8) {
    let fill = flags % 7;
    let count = gsm7::capacity(octets.len(), fill);
    let septets = gsm7::unpack(octets, count, fill).expect("the octets hold that many");
    assert!(gsm7::unpack(octets, count + 1, fill).is_err());
    let again = gsm7::pack(&septets, fill).expect("septets");
    assert_eq!(gsm7::unpack(&again, count, fill).expect("as many"), septets);
    let bits = count * 7 + usize::from(fill);
    let bit = |of: &[u8], at: usize| of[at / 8] >> (at % 8) & 1;
    assert!(
        (0..again.len() * 8)
            .all(|at| { bit(&again, at) == if at < usize::from(fill) || at >= bits { 0 } else { bit(octets, at) } })
    );
}
