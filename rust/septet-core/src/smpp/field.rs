//! Reading and writing single mandatory parameters (3.1): integers, C-octet strings, octet strings.

use super::status;
use crate::Error;

/// A body that does not follow its operation's layout, and how to answer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// The `command_status` that the request's own response should carry.
    pub status: u32,
    /// What is wrong, naming the field where there is one.
    pub reason: &'static str,
    /// Octets from the start of the body.
    pub offset: usize,
}

impl From<Malformed> for Error {
    fn from(bad: Malformed) -> Self {
        let code = match bad.status {
            status::ESME_RINVCMDLEN => "smpp.truncated",
            status::ESME_RINVCMDID => "smpp.unknown_command",
            _ => "smpp.bad_field",
        };
        Error::at(code, bad.offset, format!("{} at octet {} of the body", bad.reason, bad.offset))
    }
}

/// A cursor over a body. Every read either moves on or names what stopped it.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    whole: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first octet of `body`.
    pub const fn new(body: &'a [u8]) -> Self {
        Self { rest: body, whole: body.len() }
    }

    /// Octets read so far.
    pub const fn offset(&self) -> usize {
        self.whole - self.rest.len()
    }

    /// What has not been read.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// An error at the present place.
    #[cold]
    pub const fn fail(&self, status: u32, reason: &'static str) -> Malformed {
        Malformed { status, reason, offset: self.offset() }
    }

    /// `N` octets.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let Some((head, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(self.fail(status::ESME_RINVCMDLEN, "the body ends inside its integers"));
        };
        self.rest = rest;
        Ok(*head)
    }

    /// One octet.
    #[inline]
    pub fn int1(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[octet]| octet)
    }

    /// Four octets, big-endian.
    #[inline]
    pub fn int4(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    /// A C-octet string of at most `max` octets with its NUL, returned without it. `refusal` is the status that
    /// names this field to the peer.
    #[inline]
    pub fn cstring(&mut self, max: usize, refusal: u32, reason: &'static str) -> Result<&'a [u8], Malformed> {
        let window = &self.rest[..self.rest.len().min(max)];
        let Some(end) = find_nul(window) else {
            return Err(self.fail(refusal, reason));
        };
        let text = &window[..end];
        self.rest = &self.rest[end + 1..];
        Ok(text)
    }

    /// Exactly `count` octets.
    #[inline]
    pub fn octets(&mut self, count: usize, refusal: u32, reason: &'static str) -> Result<&'a [u8], Malformed> {
        let Some((head, rest)) = self.rest.split_at_checked(count) else {
            return Err(self.fail(refusal, reason));
        };
        self.rest = rest;
        Ok(head)
    }
}

/// The first NUL. Eight octets at a time, because addresses are most of what a router reads.
#[inline]
fn find_nul(text: &[u8]) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    if text.first() == Some(&0) {
        return Some(0);
    }
    let (chunks, tail) = text.as_chunks::<8>();
    for (at, chunk) in chunks.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        let zeros = word.wrapping_sub(LOW) & !word & HIGH;
        if zeros != 0 {
            return Some(at * 8 + zeros.trailing_zeros() as usize / 8);
        }
    }
    tail.iter().position(|octet| *octet == 0).map(|at| chunks.len() * 8 + at)
}

/// Appends a C-octet string. What would break the frame (a NUL inside, more than `max` octets) is cut off:
/// callers check first, and a peer must never read our field boundary from a subscriber's text.
#[inline]
pub fn put_cstring(out: &mut Vec<u8>, text: &[u8], max: usize) {
    debug_assert!(fits(text, max), "a C-octet string of at most {max} octets with its NUL: {text:?}");
    let text = &text[..text.len().min(max - 1)];
    let end = find_nul(text).unwrap_or(text.len());
    out.extend_from_slice(&text[..end]);
    out.push(0);
}

/// True if `text` can be a C-octet string of at most `max` octets with its NUL.
pub fn fits(text: &[u8], max: usize) -> bool {
    text.len() < max && find_nul(text).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_wide_search_finds_what_the_narrow_one_finds(text in prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(0x80), any::<u8>()], 0..40)) {
            prop_assert_eq!(find_nul(&text), text.iter().position(|o| *o == 0));
        }
    }

    #[test]
    fn a_string_without_its_nul_in_reach_is_refused() {
        let mut reader = Reader::new(b"abcdef\0");
        assert_eq!(reader.cstring(6, status::ESME_RINVSERTYP, "long").unwrap_err().status, status::ESME_RINVSERTYP);
        assert_eq!(reader.cstring(7, status::ESME_RINVSERTYP, "long").unwrap(), b"abcdef");
        assert_eq!(reader.offset(), 7);
        assert!(reader.int1().is_err());
    }
}
