//! A receipt as a link writes it: where it says what, which words mean what, and in which alphabet its text stands.

use super::{Outcome, Receipt, State, scan};
use crate::smpp::sm::{Sm, TYPE_INTERMEDIATE, TYPE_MASK, TYPE_RECEIPT};
use crate::smpp::tlv;
use crate::text::coding::{Alphabet, DataCoding};
use crate::text::{gsm7, udh};

/// Where a link's receipts are to be believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Source {
    /// The TLVs win, the text fills in what they leave out.
    #[default]
    Both,
    /// The TLVs alone.
    Tlv,
    /// The text alone.
    Text,
}

/// What to think of a message whose esm_class does not say that it is a receipt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unmarked {
    /// A receipt if its text has an id, a known state and a date, or its TLVs an id and a state.
    #[default]
    Strict,
    /// A receipt if its text has an id and a known state.
    Loose,
    /// Never a receipt.
    Never,
}

/// How a link writes receipts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dialect {
    /// Where id and state are read.
    pub source: Source,
    /// What else than marked messages is a receipt.
    pub unmarked: Unmarked,
    /// Words of `stat:` that mean something else to this link, or that only it knows; any case.
    pub words: Vec<(Box<[u8]>, State)>,
    /// Bodies in the default alphabet are packed, eight septets in seven octets.
    pub packed: bool,
}

impl Dialect {
    fn state(&self, stat: &[u8]) -> Option<State> {
        let own = self.words.iter().find(|(word, _)| same_word(stat, word));
        own.map(|(_, state)| *state).or_else(|| State::from_stat(stat))
    }
}

/// Equal but for case; 0x11 is the underscore of the GSM alphabet.
pub(super) fn same_word(found: &[u8], word: &[u8]) -> bool {
    found.len() == word.len()
        && found.iter().zip(word).all(|(a, b)| a.eq_ignore_ascii_case(b) || (*a == 0x11 && *b == b'_'))
}

/// What a message from a carrier is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading<'a> {
    /// Somebody's message.
    Message,
    /// A receipt.
    Receipt(Outcome<'a>),
    /// Marked as a receipt, but without an id.
    Unreadable,
}

impl<'a> Reading<'a> {
    /// The receipt, if it is one that can be read.
    pub fn receipt(self) -> Option<Outcome<'a>> {
        match self {
            Self::Receipt(outcome) => Some(outcome),
            Self::Message | Self::Unreadable => None,
        }
    }
}

/// Reads a `deliver_sm` or `data_sm`. `esm_class` says that it is a receipt or an intermediate notification; where it says
/// nothing at all, the dialect does. `scratch` holds a text that had to be transcribed.
pub fn read<'a>(sm: &Sm<'a>, dialect: &Dialect, scratch: &'a mut Vec<u8>) -> Reading<'a> {
    let kind = sm.esm_class & TYPE_MASK;
    let marked = matches!(kind, TYPE_RECEIPT | TYPE_INTERMEDIATE);
    if !marked && (sm.esm_class != 0 || dialect.unmarked == Unmarked::Never) {
        return Reading::Message;
    }
    let text = text_of(sm, dialect, marked, scratch).unwrap_or_default();
    let (by_tlv, by_text) = (dialect.source != Source::Text, dialect.source != Source::Tlv);
    let tlvs = if by_tlv { sm.tlvs } else { tlv::Tlvs::default() };
    let id = tlvs.text(tlv::RECEIPTED_MESSAGE_ID).filter(|id| !id.is_empty());
    let told = tlvs.int(tlv::MESSAGE_STATE).and_then(|value| State::from_message_state(u8::try_from(value).ok()?));
    let stat = text.stat.and_then(|stat| dialect.state(stat)).filter(|_| by_text);
    if !marked {
        let dated = text.done_date.is_some() || text.submit_date.is_some();
        let plain = text.id.is_some() && stat.is_some() && (dated || dialect.unmarked == Unmarked::Loose);
        if !(plain || id.is_some() && told.is_some()) {
            return Reading::Message;
        }
    }
    let Some(id) = id.or(text.id.filter(|_| by_text)).filter(|id| !id.is_empty()) else {
        return Reading::Unreadable;
    };
    let silent = text.stat.is_none_or(<[u8]>::is_empty) || !by_text;
    let guess = || match kind {
        TYPE_INTERMEDIATE => State::Enroute,
        _ if silent && by_text => counted(&text),
        _ => State::Unknown,
    };
    Reading::Receipt(Outcome {
        id,
        state: told.or(stat).unwrap_or_else(guess),
        err: text.err.filter(|err| !err.is_empty()),
        network_error: sm.tlvs.get(tlv::NETWORK_ERROR_CODE).and_then(|code| code.try_into().ok()),
    })
}

/// Without a word for the state, the counts tell it.
fn counted(text: &Receipt<'_>) -> State {
    let number = |field: Option<&[u8]>| std::str::from_utf8(field?).ok()?.parse::<u32>().ok();
    match (number(text.sub), number(text.dlvrd)) {
        (_, Some(1..)) => State::Delivered,
        (Some(1..), Some(0)) => State::Undeliverable,
        _ => State::Unknown,
    }
}

/// The text's fields, whatever alphabet it stands in.
fn text_of<'a>(sm: &Sm<'a>, dialect: &Dialect, marked: bool, scratch: &'a mut Vec<u8>) -> Option<Receipt<'a>> {
    let body = sm.payload();
    let (header, after) = udh::split(body, sm.has_udh());
    let coding = DataCoding::of(sm.data_coding).alphabet;
    let septets = matches!(coding, Alphabet::Default | Alphabet::Gsm7);
    let wide = coding == Alphabet::Ucs2;
    if wide || dialect.packed && septets {
        if wide {
            narrow(after, scratch);
        } else {
            unpack(after, header.len(), scratch);
        }
        return scan(scratch).filter(|text| text.id.is_some());
    }
    let plain = scan(after).or_else(|| scan(body)).filter(|text| text.id.is_some());
    if plain.is_some() || !marked {
        return plain;
    }
    // A data_coding that does not say what the body is: it may be UCS-2 or packed all the same.
    if after.first() == Some(&0) {
        narrow(after, scratch);
    } else {
        unpack(after, header.len(), scratch);
    }
    scan(scratch).filter(|text| text.id.is_some())
}

/// UTF-16 as octets: what does not fit in one becomes `?`, which is in no key, id or word.
fn narrow(body: &[u8], out: &mut Vec<u8>) {
    let (pairs, _) = body.as_chunks::<2>();
    out.extend(pairs.iter().map(|[high, low]| if *high == 0 { *low } else { b'?' }));
}

fn unpack(body: &[u8], header: usize, out: &mut Vec<u8>) {
    if let Ok(septets) = gsm7::unpack_body(body, gsm7::fill_bits(header)) {
        out.extend(septets.iter().map(|septet| match septet {
            0x00 => b'@',
            0x11 => b'_',
            other => *other,
        }));
    }
}
