//! The user data header (3GPP TS 23.040 §9.2.3.24).
//!
//! ```text
//! | UDHL | IEI | IEDL | data … | IEI | IEDL | data … |
//!   UDHL counts what follows it; the text begins after that.
//! ```

/// Concatenation with an 8-bit reference (§9.2.3.24.1).
pub const CONCAT_8: u8 = 0x00;
/// Concatenation with a 16-bit reference (§9.2.3.24.8).
pub const CONCAT_16: u8 = 0x08;
/// National language single shift (§9.2.3.24.15): hexadecimal 24.
pub const SINGLE_SHIFT: u8 = 0x24;
/// National language locking shift (§9.2.3.24.16): hexadecimal 25.
pub const LOCKING_SHIFT: u8 = 0x25;

/// One information element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its identifier.
    pub iei: u8,
    /// Its data, without identifier and length.
    pub data: &'a [u8],
}

/// What a concatenation element says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Concat {
    /// The message's reference, alike in all its parts.
    pub reference: u16,
    /// True for a 16-bit reference; the same number in the other width is another message.
    pub wide: bool,
    /// How many parts there are, at least 1.
    pub total: u8,
    /// This part's place, 1 to `total`.
    pub sequence: u8,
}

impl Concat {
    /// The element as octets: identifier, length, data.
    pub fn element(&self) -> Vec<u8> {
        let [high, low] = self.reference.to_be_bytes();
        if self.wide {
            vec![CONCAT_16, 4, high, low, self.total, self.sequence]
        } else {
            vec![CONCAT_8, 3, low, self.total, self.sequence]
        }
    }

    /// §9.2.3.24.1: with a total of zero, or a sequence of zero or past the total, the element counts as absent.
    pub fn checked(self) -> Option<Self> {
        (self.sequence != 0 && self.sequence <= self.total).then_some(self)
    }
}

/// Splits a `short_message` into header (length octet included) and body.
///
/// Without the indicator everything is body; so it is with a header that runs past the end.
pub fn split(octets: &[u8], udhi: bool) -> (&[u8], &[u8]) {
    match octets.first() {
        Some(&length) if udhi && octets.len() > usize::from(length) => octets.split_at(usize::from(length) + 1),
        _ => (&[], octets),
    }
}

/// Whether octets begin with a whole header that its elements fill exactly.
pub fn leads(octets: &[u8]) -> bool {
    let (header, _) = split(octets, true);
    !header.is_empty() && parse(header).is_some()
}

/// The elements of a header (with its length octet) in order; none if the header is not exactly filled by them.
///
/// §9.2.3.24: a last element with too few or too many octets makes a receiver ignore the whole header.
pub fn elements(udh: &[u8]) -> Vec<Element<'_>> {
    parse(udh).unwrap_or_default()
}

/// Like [`elements`], but tells a broken header (`None`) from one without elements.
pub fn parse(udh: &[u8]) -> Option<Vec<Element<'_>>> {
    let Some((&length, mut rest)) = udh.split_first() else {
        return Some(Vec::new());
    };
    if rest.len() != usize::from(length) {
        return None;
    }
    let mut out = Vec::new();
    while !rest.is_empty() {
        let (&[iei, length], data) = rest.split_first_chunk::<2>()?;
        let (data, after) = data.split_at_checked(usize::from(length))?;
        out.push(Element { iei, data });
        rest = after;
    }
    Some(out)
}

/// The concatenation of a header, if a valid element is there.
///
/// §9.2.3.24: an element of the wrong length or with impossible numbers counts as absent; of several, the last one counts.
pub fn concat(udh: &[u8]) -> Option<Concat> {
    parse(udh)?.iter().rev().find_map(|element| {
        let (reference, wide, total, sequence) = match (element.iei, element.data) {
            (CONCAT_8, &[low, total, sequence]) => (u16::from(low), false, total, sequence),
            (CONCAT_16, &[high, low, total, sequence]) => (u16::from_be_bytes([high, low]), true, total, sequence),
            _ => return None,
        };
        Concat { reference, wide, total, sequence }.checked()
    })
}

/// A header out of elements: length octet first. `None` past 255 octets; empty without elements.
pub fn build(elements: &[u8]) -> Option<Vec<u8>> {
    if elements.is_empty() {
        return Some(Vec::new());
    }
    let mut out = Vec::with_capacity(elements.len() + 1);
    out.push(u8::try_from(elements.len()).ok()?);
    out.extend_from_slice(elements);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_past_the_end_counts_as_none() {
        assert_eq!(split(&[5, 0, 3, 1], true), (&[][..], &[5, 0, 3, 1][..]));
        assert_eq!(split(&[1, 9], true), (&[1, 9][..], &[][..]));
        assert_eq!(split(&[], true), (&[][..], &[][..]));
        assert_eq!(split(&[0, b'a'], false).1, &[0, b'a']);
    }

    #[test]
    fn a_header_leads_only_if_it_is_whole() {
        assert!(leads(&[5, 0, 3, 1, 2, 1, b'a']) && leads(&[5, 0, 3, 1, 2, 1]) && leads(&[0, b'a']));
        let broken: [&[u8]; 4] = [&[], &[5, 0, 3, 1], &[5, 0, 4, 1, 2, 1, b'a'], b"hello there, this is no header"];
        assert!(broken.iter().all(|octets| !leads(octets)));
    }

    #[test]
    fn the_last_valid_element_counts() {
        let both = [11, 0, 3, 7, 2, 1, 8, 4, 1, 2, 3, 2];
        assert_eq!(concat(&both), Some(Concat { reference: 0x0102, wide: true, total: 3, sequence: 2 }));
        let last_impossible = [10, 0, 3, 7, 2, 1, 0, 3, 9, 0, 1];
        assert_eq!(concat(&last_impossible).map(|c| c.reference), Some(7));
        assert_eq!(concat(&[6, 0, 4, 1, 2, 1, 0]), None, "wrong length for its identifier");
        assert_eq!(concat(&[5, 0, 4, 1, 2, 1]), None, "last element too short for the header");
        assert_eq!(concat(&[5, 0, 3, 1, 2, 3]), None, "sequence past total");
    }

    #[test]
    fn elements_round_trip() {
        let c = Concat { reference: 300, wide: true, total: 9, sequence: 4 };
        let udh = build(&c.element()).unwrap();
        assert_eq!(udh.len(), 7);
        assert_eq!(concat(&udh), Some(c));
    }
}
