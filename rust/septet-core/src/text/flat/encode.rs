//! The segments of a flat text.

use super::{Flat, Quick, STEP, Unit, septets, steps};
use crate::text::alphabet::ESCAPE;
use crate::text::national::Shift;
use crate::text::segment::{Mode, Part, Segments};
use crate::text::udh::Concat;
use crate::text::{Encoding, udh};

impl Quick {
    /// The segments of `text`; `None` where the whole plan has to say.
    pub fn segment(&self, text: Flat<'_>) -> Option<Segments> {
        match text {
            Flat::One(chars) => self.split(chars),
            Flat::Two(chars) => self.split(chars),
            Flat::Four(chars) => self.split(chars),
        }
    }

    fn split<U: Unit>(&self, chars: &[U]) -> Option<Segments> {
        let cost = self.count(chars)?;
        let encoding = cost.encoding;
        let encode = |chars: &[U], out: &mut Vec<u8>| match encoding {
            Encoding::Gsm7 => encode_septets(chars, out),
            _ => encode_utf16(chars, out),
        };
        let width = if encoding == Encoding::Ucs2 { 2 } else { 1 };
        let several = cost.segments > 1;
        let header =
            if several && self.options.mode == Mode::Udh { self.header(cost.segments as u8) } else { Vec::new() };
        let mut parts = Vec::with_capacity(cost.segments);
        let room = if several { self.room(encoding).part } else { cost.units };
        let mut start = 0;
        for (number, end) in (1..=u8::MAX).zip(self.ends(chars, cost)?) {
            let mut octets = Vec::with_capacity(header.len() + room * width);
            octets.extend_from_slice(&header);
            if let Some(sequence) = octets.last_mut() {
                *sequence = number;
            }
            encode(&chars[start..end], &mut octets);
            parts.push(Part { udh_len: header.len(), octets });
            start = end;
        }
        Some(Segments {
            encoding,
            data_coding: encoding.data_coding(),
            udhi: !header.is_empty(),
            parts,
            shift: Shift::NONE,
            mode: self.options.mode,
            reference: self.options.reference,
            replaced: Vec::new(),
        })
    }

    /// The header of a part; its last octet is the part's number.
    fn header(&self, total: u8) -> Vec<u8> {
        let wide = self.options.reference_bits == 16;
        let concat = Concat { reference: self.options.reference, wide, total, sequence: 0 };
        udh::build(&concat.element()).unwrap_or_default()
    }
}

/// Appends the septets of characters that the default tables hold.
fn encode_septets<U: Unit>(chars: &[U], out: &mut Vec<u8>) {
    let mut left = chars.len();
    steps(chars, |step| {
        let count = left.min(STEP);
        left -= count;
        let seen = U::look(step);
        if seen.held && seen.pairs == 0 {
            out.extend_from_slice(&U::septets(step)[..count]);
            return true;
        }
        let (mut some, mut used) = ([ESCAPE; 2 * STEP], 0);
        for code in step[..count].iter().filter_map(|c| septets(*c)) {
            used += usize::from(code > 0x7F);
            some[used] = code as u8 & 0x7F;
            used += 1;
        }
        out.extend_from_slice(&some[..used]);
        true
    });
}

/// Appends UTF-16, big endian, of characters among which is no surrogate.
fn encode_utf16<U: Unit>(chars: &[U], out: &mut Vec<u8>) {
    let mut left = chars.len();
    steps(chars, |step| {
        let count = left.min(STEP);
        left -= count;
        if U::wide(step).0 == 0 {
            let units = step.map(|c| (c.into() as u16).to_be_bytes());
            out.extend_from_slice(units[..count].as_flattened());
            return true;
        }
        for c in step[..count].iter().filter_map(|c| char::from_u32((*c).into())) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.extend_from_slice(&unit.to_be_bytes());
            }
        }
        true
    });
}
