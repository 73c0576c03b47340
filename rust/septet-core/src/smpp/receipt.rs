//! Delivery receipts (appendix B, 5.2.12, 5.3.2.35): read as carriers write them, written as the specification shows.
//!
//! ```text
//! id:IIIIIIIIII sub:SSS dlvrd:DDD submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DDDDDDD err:E text:…
//! ```
//!
//! Carriers change case, order and spacing and leave keys out. What never moves is that `text:` comes last, and that it
//! is the subscriber's: nothing after it is a key.

use super::sm::{Sm, TYPE_INTERMEDIATE, TYPE_MASK, TYPE_RECEIPT};
use super::time;
use super::tlv;
use crate::clock::WallMs;

/// What has become of a message (5.2.28), as far as a receipt can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
            _ => Self::ALL.into_iter().find(|state| state.message_state() == value),
        }
    }

    /// Reads `stat:` in any case, with the longer words that carriers write too.
    pub fn from_stat(stat: &[u8]) -> Option<Self> {
        const OTHERS: [(&str, State); 16] = [
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
        ];
        let is = |word: &str| stat.eq_ignore_ascii_case(word.as_bytes());
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
    let told = receipt.stat.is_some() || receipt.done_date.is_some() || receipt.submit_date.is_some();
    (receipt.id.is_some_and(|id| !id.is_empty()) && told).then_some(receipt)
}

/// The key that begins here, and the octets up to the end of its colon.
fn key_at(rest: &[u8]) -> Option<(usize, usize)> {
    KEYS.iter().enumerate().find_map(|(key, name)| {
        let head = rest.get(..name.len())?;
        let same = head.iter().zip(*name).all(|(is, wanted)| {
            is.eq_ignore_ascii_case(wanted) || (*wanted == b' ' && matches!(is, b'_' | b'-' | b'\t'))
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
        let end = value.iter().rposition(|octet| !matches!(octet, 0 | b',' | b';' | b'|' | b' '));
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

/// Reads a receipt from a `deliver_sm` or `data_sm`; None if it is an ordinary message. The TLVs win over the text,
/// whose form is each vendor's own. `esm_class` must say that it is a receipt or an intermediate notification; where it
/// says nothing at all, only a text that has the id, a known state and a date counts.
pub fn from_sm<'a>(sm: &Sm<'a>) -> Option<Outcome<'a>> {
    let marked = matches!(sm.esm_class & TYPE_MASK, TYPE_RECEIPT | TYPE_INTERMEDIATE);
    if !marked && sm.esm_class != 0 {
        return None;
    }
    let text = parse(after_header(sm)).or_else(|| parse(sm.payload()));
    let stat = text.and_then(|text| text.stat);
    if !marked {
        let plain = text.is_some_and(|text| text.done_date.is_some() || text.submit_date.is_some());
        let known = stat.and_then(State::from_stat).is_some();
        let tagged = sm.tlvs.get(tlv::RECEIPTED_MESSAGE_ID).is_some() && sm.tlvs.get(tlv::MESSAGE_STATE).is_some();
        if !(plain && known || tagged) {
            return None;
        }
    }
    let id = sm.tlvs.text(tlv::RECEIPTED_MESSAGE_ID).filter(|id| !id.is_empty());
    let state = sm.tlvs.int(tlv::MESSAGE_STATE).and_then(|value| State::from_message_state(u8::try_from(value).ok()?));
    let id = id.or_else(|| text.and_then(|text| text.id))?;
    Some(Outcome {
        id,
        state: state.or_else(|| stat.and_then(State::from_stat)).unwrap_or(State::Unknown),
        err: text.and_then(|text| text.err).filter(|err| !err.is_empty()),
        network_error: sm.tlvs.get(tlv::NETWORK_ERROR_CODE).and_then(|code| code.try_into().ok()),
    })
}

/// The message without its user data header, if it says that it has one (5.2.12).
fn after_header<'a>(sm: &Sm<'a>) -> &'a [u8] {
    let body = sm.payload();
    match body.split_first() {
        Some((length, rest)) if sm.has_udh() => rest.get(usize::from(*length)..).unwrap_or(body),
        _ => body,
    }
}

/// Appends the text of a receipt in the specification's form (appendix B), dates in UTC. `err` is at most three digits or
/// letters, `000` if empty; of `text` (default alphabet) the first 20 octets are written; `sub` and `dlvrd` count short
/// messages, at most 999.
#[expect(clippy::too_many_arguments, reason = "the fields of the appendix, one each")]
pub fn write_text(
    out: &mut Vec<u8>,
    id: &[u8],
    state: State,
    err: &[u8],
    submit: WallMs,
    done: WallMs,
    text: &[u8],
    sub: u16,
    dlvrd: u16,
) {
    let three = |out: &mut Vec<u8>, value: u16| {
        let value = value.min(999);
        out.extend([value / 100, value / 10 % 10, value % 10].map(|digit| b'0' + digit as u8));
    };
    out.extend_from_slice(b"id:");
    out.extend_from_slice(id);
    out.extend_from_slice(b" sub:");
    three(out, sub);
    out.extend_from_slice(b" dlvrd:");
    three(out, dlvrd);
    out.extend_from_slice(b" submit date:");
    time::write_stamp(out, submit);
    out.extend_from_slice(b" done date:");
    time::write_stamp(out, done);
    out.extend_from_slice(b" stat:");
    out.extend_from_slice(state.stat().as_bytes());
    out.extend_from_slice(b" err:");
    out.extend_from_slice(if err.is_empty() { b"000" } else { &err[..err.len().min(3)] });
    out.extend_from_slice(b" text:");
    out.extend_from_slice(&text[..text.len().min(20)]);
}

#[cfg(test)]
mod tests;
