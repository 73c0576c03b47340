//! User data headers: read by two readers that share no code, and carried through segmentation.

use septet_core::text::{SegmentOptions, segment_binary, udh};

use crate::steer::Steer;

/// Elements as (identifier, data), or `None` where a header is not exactly filled (TS 23.040 §9.2.3.24).
fn reference(header: &[u8]) -> Option<Vec<(u8, Vec<u8>)>> {
    let mut octets = header.iter().copied();
    let Some(length) = octets.next() else {
        return Some(Vec::new());
    };
    if header.len() != 1 + length as usize {
        return None;
    }
    let mut out = Vec::new();
    while let Some(iei) = octets.next() {
        let length = octets.next()?;
        let data: Vec<u8> = octets.by_ref().take(length.into()).collect();
        if data.len() < length.into() {
            return None;
        }
        out.push((iei, data));
    }
    Some(out)
}

/// Any octets as a header.
pub fn any(data: &[u8]) {
    let (head, body) = udh::split(data, true);
    assert_eq!([head, body].concat(), data);
    assert_eq!(udh::split(data, false), (&[][..], data));
    assert!(head.is_empty() || usize::from(head[0]) + 1 == head.len());
    for header in [data, head] {
        let want = reference(header);
        let got = udh::parse(header).map(|e| e.iter().map(|e| (e.iei, e.data.to_vec())).collect::<Vec<_>>());
        assert_eq!(got, want);
        assert_eq!(udh::elements(header).len(), want.as_ref().map_or(0, Vec::len));
        let concat = want.as_ref().and_then(|elements| {
            elements.iter().rev().find_map(|(iei, data)| {
                let (reference, rest) = match (iei, data.len()) {
                    (0, 3) => (u16::from(data[0]), &data[1..]),
                    (8, 4) => (u16::from(data[0]) * 256 + u16::from(data[1]), &data[2..]),
                    _ => return None,
                };
                (1..=rest[0]).contains(&rest[1]).then_some((reference, *iei == 8, rest[0], rest[1]))
            })
        });
        assert_eq!(udh::concat(header).map(|c| (c.reference, c.wide, c.total, c.sequence)), concat);
        if let Some(read) = udh::concat(header) {
            let written = udh::build(&read.element()).expect("an element is short");
            assert_eq!(udh::concat(&written), Some(read));
        }
        if want.is_some() && header.len() > 1 {
            assert_eq!(udh::build(&header[1..]).as_deref(), Some(header));
        }
    }
    carried(data);
}

/// A caller's header behind the concatenation of every part.
fn carried(data: &[u8]) {
    let mut steer = Steer::new(data);
    let (coding, flags) = (steer.octet(), steer.octet());
    let elements = steer.octets(usize::from(flags >> 1));
    let given = if elements.is_empty() { Vec::new() } else { [&[elements.len() as u8], elements].concat() };
    let body = steer.all().repeat(if flags & 1 == 1 { 60 } else { 1 });
    let options = SegmentOptions { reference: coding.into(), ..SegmentOptions::default() };
    let known = udh::parse(&given);
    match segment_binary(&body, &given, coding, &options) {
        Ok(segments) => {
            let known = known.expect("a broken header is refused");
            let mut joined = Vec::new();
            for part in &segments.parts {
                let split = udh::elements(part.udh());
                let skipped = split.len() - known.len();
                assert_eq!(skipped, usize::from(segments.parts.len() > 1));
                assert_eq!(split[skipped..], known[..]);
                // One septet per octet is the widest that goes: 160 where there is no header.
                assert!(part.udh().len() + (part.body().len() * 7).div_ceil(8) <= 140);
                joined.extend_from_slice(part.body());
            }
            assert_eq!(joined, body);
        }
        Err(error) => {
            assert!(
                ["text.bad_udh", "text.too_many_segments", "text.bad_data_coding"].contains(&error.code),
                "{error:?}"
            );
            assert!(known.is_none() || given.len() + body.len() > 140, "{error:?}");
        }
    }
}
