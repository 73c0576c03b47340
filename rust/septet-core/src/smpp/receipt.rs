//! Delivery receipts (appendix B, 5.2.12, 5.3.2.35): read as carriers write them, written as the specification shows.
//!
//! ```text
//! id:IIIIIIIIII sub:SSS dlvrd:DDD submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DDDDDDD err:E text:…
//! ```
//!
//! Carriers change case, order and spacing and leave keys out. What never moves is that `text:` comes last, and that it
//! is the subscriber's: nothing after it is a key.

mod dialect;

pub use dialect::{Dialect, Reading, Source, Unmarked, read};

use super::time;
use crate::clock::WallMs;

/// What has become of a message (5.2.28), as far as a receipt can say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// On its way.
    Enroute,
    /// Delivered.
    Delivered,
    /// Its validity ran out.
    Expired,
    /// Deleted.
    Deleted,
    /// Cannot be delivered.
    Undeliverable,
    /// Accepted by somebody on the subscriber's behalf; not the end.
    Accepted,
    /// The message centre does not know.
    #[default]
    Unknown,
    /// Rejected.
    Rejected,
}

impl State {
    /// Every one, by its `message_state`, which starts at 1.
    pub const ALL: [Self; 8] = [
        Self::Enroute,
        Self::Delivered,
        Self::Expired,
        Self::Deleted,
        Self::Undeliverable,
        Self::Accepted,
        Self::Unknown,
        Self::Rejected,
    ];

    /// The word in a receipt's `stat:`, seven characters.
    pub const fn stat(self) -> &'static str {
        match self {
            Self::Enroute => "ENROUTE",
            Self::Delivered => "DELIVRD",
            Self::Expired => "EXPIRED",
            Self::Deleted => "DELETED",
            Self::Undeliverable => "UNDELIV",
            Self::Accepted => "ACCEPTD",
            Self::Unknown => "UNKNOWN",
            Self::Rejected => "REJECTD",
        }
    }

    /// The value of the TLV `message_state`.
    pub const fn message_state(self) -> u8 {
        self as u8 + 1
    }

    /// Reads `message_state`; 5.0's SCHEDULED (0) is on its way, its SKIPPED (9) will never arrive.
    pub fn from_message_state(value: u8) -> Option<Self> {
        match value {
            0 => Some(Self::Enroute),
            9 => Some(Self::Undeliverable),
            _ => Self::stored(value),
        }
    }

    /// Reads what [`State::message_state`] wrote; 0 = none.
    pub fn stored(value: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.message_state() == value)
    }

    /// Reads `stat:` in any case, with the longer words that carriers write too.
    pub fn from_stat(stat: &[u8]) -> Option<Self> {
        const OTHERS: [(&str, State); 20] = [
            ("DELIVERED", State::Delivered),
            ("DELIVERD", State::Delivered),
            ("DELIVER", State::Delivered),
            ("UNDELIVERABLE", State::Undeliverable),
            ("UNDELIVERED", State::Undeliverable),
            ("UNDELIVRD", State::Undeliverable),
            ("FAILED", State::Undeliverable),
            ("ACCEPTED", State::Accepted),
            ("BUFFERED", State::Accepted),
            ("BUFFRED", State::Accepted),
            ("EXPIRD", State::Expired),
            ("REJECTED", State::Rejected),
            ("REJECT", State::Rejected),
            ("DND_REJECTED", State::Rejected),
            ("EN_ROUTE", State::Enroute),
            ("SCHEDULED", State::Enroute),
            ("PENDING", State::Enroute),
            ("UNDELIVERD", State::Undeliverable),
            ("UNKNOWN_ERROR", State::Unknown),
            ("CANCELLED", State::Deleted),
        ];
        let is = |word: &str| dialect::same_word(stat, word.as_bytes());
        let plain = Self::ALL.into_iter().find(|state| is(state.stat()));
        plain.or_else(|| OTHERS.into_iter().find(|(word, _)| is(word)).map(|(_, state)| state))
    }

    /// True if nothing more is to come. More receipts may follow ENROUTE and ACCEPTD.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Enroute | Self::Accepted)
    }
}

/// The text of a receipt, each part as written, or None where it is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receipt<'a> {
    /// The message's id at whoever wrote the receipt.
    pub id: Option<&'a [u8]>,
    /// How many were submitted.
    pub sub: Option<&'a [u8]>,
    /// How many were delivered.
    pub dlvrd: Option<&'a [u8]>,
    /// When it was submitted, in the writer's own time and form; see [`time::parse_stamp`].
    pub submit_date: Option<&'a [u8]>,
    /// When it reached its state.
    pub done_date: Option<&'a [u8]>,
    /// The state's word.
    pub stat: Option<&'a [u8]>,
    /// The writer's own error code.
    pub err: Option<&'a [u8]>,
    /// The beginning of the message.
    pub text: Option<&'a [u8]>,
}

const KEYS: [&[u8]; 8] = [b"id", b"sub", b"dlvrd", b"submit date", b"done date", b"stat", b"err", b"text"];
const TEXT: usize = 7;

impl<'a> Receipt<'a> {
    fn slot(&mut self, key: usize) -> &mut Option<&'a [u8]> {
        match key {
            0 => &mut self.id,
            1 => &mut self.sub,
            2 => &mut self.dlvrd,
            3 => &mut self.submit_date,
            4 => &mut self.done_date,
            5 => &mut self.stat,
            6 => &mut self.err,
            _ => &mut self.text,
        }
    }
}

/// Reads the text of a receipt; None if it is none. A receipt names an id and, besides, a state or a date.
pub fn parse(body: &[u8]) -> Option<Receipt<'_>> {
    scan(body).filter(|receipt| {
        let told = receipt.stat.is_some() || receipt.done_date.is_some() || receipt.submit_date.is_some();
        receipt.id.is_some_and(|id| !id.is_empty()) && told
    })
}

/// What fields a body has; None if it has none.
fn scan(body: &[u8]) -> Option<Receipt<'_>> {
    let mut receipt = Receipt::default();
    let mut open: Option<(usize, usize)> = None;
    let mut at = 0;
    while at < body.len() {
        let begins = at == 0 || is_blank(body[at - 1]) || matches!(body[at - 1], b',' | b';' | b'|');
        let Some((key, length)) = (if begins { key_at(&body[at..]) } else { None }) else {
            at += 1;
            continue;
        };
        if let Some((before, start)) = open.replace((key, at + length)) {
            close(&mut receipt, before, &body[start..at]);
        }
        at += length;
        if key == TEXT {
            break;
        }
    }
    if let Some((key, start)) = open {
        close(&mut receipt, key, &body[start..]);
    }
    open?;
    if receipt.stat.is_none() {
        bare_word(&mut receipt);
    }
    Some(receipt)
}

/// Some leave out `stat:` and write its word alone, behind a date.
fn bare_word(receipt: &mut Receipt<'_>) {
    for slot in [4, 3] {
        let date = receipt.slot(slot);
        let Some((at, value)) = date.and_then(|value| Some((value.iter().rposition(|o| is_blank(*o))?, value))) else {
            continue;
        };
        let word = &value[at + 1..];
        if State::from_stat(word).is_some() {
            *date = Some(value[..at].trim_ascii());
            receipt.stat = Some(word);
            return;
        }
    }
}

/// The key that begins here, and the octets up to the end of its colon.
fn key_at(rest: &[u8]) -> Option<(usize, usize)> {
    KEYS.iter().enumerate().find_map(|(key, name)| {
        let head = rest.get(..name.len())?;
        let same = head.iter().zip(*name).all(|(is, wanted)| {
            is.eq_ignore_ascii_case(wanted) || (*wanted == b' ' && matches!(is, b'_' | b'-' | b'\t' | 0x11))
        });
        let blanks = rest[name.len()..].iter().take(3).take_while(|octet| is_blank(**octet)).count();
        let colon = rest.get(name.len() + blanks) == Some(&b':');
        (same && colon).then_some((key, name.len() + blanks + 1))
    })
}

/// Keeps the first value of a key, without the blanks and separators around it.
fn close<'a>(receipt: &mut Receipt<'a>, key: usize, value: &'a [u8]) {
    let slot = receipt.slot(key);
    if slot.is_some() {
        return;
    }
    *slot = Some(if key == TEXT {
        value
    } else {
        let value = value.trim_ascii();
        let padding = |octet: &u8| matches!(octet, 0 | b'@' | b',' | b';' | b'|' | b' ' | b'\r' | b'\n' | b'\t');
        let end = value.iter().rposition(|octet| !padding(octet));
        &value[..end.map_or(0, |end| end + 1)]
    });
}

const fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}

/// What a receipt says about a message, from wherever it says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome<'a> {
    /// The message's id as the sender of the receipt wrote it; to be normalised per link.
    pub id: &'a [u8],
    /// The state; [`State::Unknown`] for a word that nobody knows.
    pub state: State,
    /// The text's `err:`.
    pub err: Option<&'a [u8]>,
    /// The TLV `network_error_code`: network type, then two octets (5.3.2.31).
    pub network_error: Option<[u8; 3]>,
}

/// A receipt to be written, in the specification's form (appendix B), dates in UTC.
#[derive(Debug, Clone, Copy, Default)]
pub struct Form<'a> {
    /// The message's id, as its sender knows it.
    pub id: &'a [u8],
    /// The state.
    pub state: State,
    /// The error code, at most 8 octets of it; empty is written as `000`.
    pub err: &'a [u8],
    /// When the message was accepted.
    pub submit: WallMs,
    /// When it reached its state.
    pub done: WallMs,
    /// The message in the default alphabet, of which the first 20 octets are written.
    pub text: &'a [u8],
    /// Short messages, at most 999.
    pub sub: u16,
    /// Those of them that were delivered, at most 999.
    pub dlvrd: u16,
    /// Dates have seconds: twelve digits in place of the specification's ten.
    pub seconds: bool,
}

impl Form<'_> {
    /// Appends the text.
    pub fn write(&self, out: &mut Vec<u8>) {
        let three = |out: &mut Vec<u8>, value: u16| {
            let value = value.min(999);
            out.extend([value / 100, value / 10 % 10, value % 10].map(|digit| b'0' + digit as u8));
        };
        let stamp = if self.seconds { time::write_stamp_seconds } else { time::write_stamp };
        out.extend_from_slice(b"id:");
        out.extend_from_slice(self.id);
        out.extend_from_slice(b" sub:");
        three(out, self.sub);
        out.extend_from_slice(b" dlvrd:");
        three(out, self.dlvrd);
        out.extend_from_slice(b" submit date:");
        stamp(out, self.submit);
        out.extend_from_slice(b" done date:");
        stamp(out, self.done);
        out.extend_from_slice(b" stat:");
        out.extend_from_slice(self.state.stat().as_bytes());
        out.extend_from_slice(b" err:");
        out.extend_from_slice(if self.err.is_empty() { b"000" } else { &self.err[..self.err.len().min(8)] });
        out.extend_from_slice(b" text:");
        out.extend_from_slice(&self.text[..self.text.len().min(20)]);
    }
}

#[cfg(test)]
mod tests;
