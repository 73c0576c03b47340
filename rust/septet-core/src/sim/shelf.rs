//! What the carrier has taken, to be looked at: short messages as they came, and joined to whole ones when asked.

use std::collections::{HashMap, VecDeque};

use crate::smpp::sm::Sm;
use crate::smpp::tlv;
use crate::text::{self, DefaultAlphabet, udh};

/// A short message as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Short {
    id: u64,
    from: Box<[u8]>,
    to: Box<[u8]>,
    data_coding: u8,
    /// Reference, total and sequence; total 1 for a message that stands alone.
    place: (u16, u8, u8),
    header: Box<[u8]>,
    body: Box<[u8]>,
}

/// A message as its recipient would read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The id given to its first part.
    pub id: String,
    /// Source address.
    pub from: String,
    /// Destination address.
    pub to: String,
    /// Its text; octets that are none are shown one character each.
    pub text: String,
    /// SMPP data_coding.
    pub data_coding: u8,
    /// How many parts.
    pub parts: usize,
}

/// The kept short messages.
#[derive(Debug, Default)]
pub struct Shelf {
    kept: VecDeque<Short>,
}

impl Shelf {
    pub(super) fn put(&mut self, id: u64, sm: &Sm<'_>, keep: usize) {
        if keep == 0 {
            return;
        }
        while self.kept.len() >= keep {
            self.kept.pop_front();
        }
        let (header, body) = udh::split(sm.payload(), sm.has_udh());
        let int = |tag| sm.tlvs.int(tag).unwrap_or(0);
        let sar =
            (int(tlv::SAR_MSG_REF_NUM) as u16, int(tlv::SAR_TOTAL_SEGMENTS) as u8, int(tlv::SAR_SEGMENT_SEQNUM) as u8);
        let place = match udh::concat(header) {
            Some(c) => (c.reference, c.total, c.sequence),
            None if sar.1 > 1 && (1..=sar.1).contains(&sar.2) => sar,
            None => (0, 1, 1),
        };
        self.kept.push_back(Short {
            id,
            from: sm.source.addr.into(),
            to: sm.dest.addr.into(),
            data_coding: sm.data_coding,
            place,
            header: header.into(),
            body: body.into(),
        });
    }

    /// Another text for a message; it keeps its header.
    pub(super) fn replace(&mut self, id: u64, body: &[u8]) {
        if let Ok(place) = self.kept.binary_search_by_key(&id, |short| short.id) {
            self.kept[place].body = body.into();
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.kept.clear();
    }

    /// The newest whole messages, oldest first; a message is where its last part came.
    pub fn messages(&self, limit: usize) -> Vec<Message> {
        let mut whole = Vec::new();
        let mut open: HashMap<_, Vec<Option<&Short>>> = HashMap::new();
        for short in &self.kept {
            let (reference, total, sequence) = short.place;
            if total == 1 {
                whole.push(joined(&[short]));
                continue;
            }
            let key = (&short.from, &short.to, reference, total);
            let set = open.entry(key).or_insert_with(|| vec![None; total as usize]);
            set[sequence as usize - 1] = Some(short);
            if let Some(parts) = set.iter().copied().collect::<Option<Vec<_>>>() {
                open.remove(&key);
                whole.push(joined(&parts));
            }
        }
        whole.split_off(whole.len().saturating_sub(limit))
    }
}

fn joined(parts: &[&Short]) -> Message {
    let first = parts[0];
    let string = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let body: Vec<u8> = parts.iter().flat_map(|p| p.body.iter().copied()).collect();
    let text = text::decode(&body, first.data_coding, &first.header, false, DefaultAlphabet::Gsm7);
    Message {
        id: first.id.to_string(),
        from: string(&first.from),
        to: string(&first.to),
        text: text.unwrap_or_else(|_| body.iter().map(|octet| char::from(*octet)).collect()),
        data_coding: first.data_coding,
        parts: parts.len(),
    }
}
