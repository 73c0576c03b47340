//! What the carrier is asked beside messages: submit_multi, query_sm, cancel_sm and replace_sm (4.5, 4.8 to 4.10).

use super::book::Entry;
use super::carrier::{Carrier, Owed};
use crate::clock::Micros;
use crate::smpp::command::{self, max};
use crate::smpp::field::put_cstring;
use crate::smpp::pdu::{Destination, Failure, put_multi_resp};
use crate::smpp::receipt::State;
use crate::smpp::sm::{Addr, Sm};
use crate::smpp::tlv::{self, Tlvs};
use crate::smpp::{Pdu, status, time};

/// A status and a body.
type Answer = (u32, Vec<u8>);

fn id_of(pdu: &Pdu) -> Option<u64> {
    std::str::from_utf8(pdu.text("message_id")).ok()?.parse().ok()
}

impl Carrier {
    /// Answers at once.
    pub(super) fn operated(&mut self, pdu: &Pdu, now: Micros) -> Answer {
        match pdu.command {
            command::QUERY_SM => self.queried(pdu, now),
            command::CANCEL_SM => (self.cancelled(pdu, now), Vec::new()),
            command::REPLACE_SM => (self.replaced(pdu, now), Vec::new()),
            _ => (status::ESME_RINVCMDID, Vec::new()),
        }
    }

    /// The first message of this id, if its source is the one that is named.
    fn queried(&mut self, pdu: &Pdu, now: Micros) -> Answer {
        self.stats.queries += 1;
        let wall = self.wall_zero;
        // A refusal has a whole body too: some ESMEs cannot read another.
        let mut body = Vec::new();
        put_cstring(&mut body, pdu.text("message_id"), max::MESSAGE_ID);
        let nothing = [&body[..], &[0; 3]].concat();
        let Some(entry) = id_of(pdu).and_then(|id| self.book.get(id)) else {
            return (status::ESME_RINVMSGID, nothing);
        };
        if !entry.fits(pdu.text("source_addr"), b"", b"") {
            return (status::ESME_RQUERYFAIL, nothing);
        }
        let mut date = Vec::new();
        let mut state = State::Enroute;
        if !entry.waits(now) {
            time::write_absolute(&mut date, wall + entry.due / 1_000);
            state = entry.state;
        }
        put_cstring(&mut body, &date, max::TIME);
        body.extend_from_slice(&[state.message_state(), u8::from(state == State::Undeliverable)]);
        (0, body)
    }

    /// Takes back what is still on its way: by id, or all between two addresses.
    fn cancelled(&mut self, pdu: &Pdu, now: Micros) -> u32 {
        let (from, to) = (pdu.text("source_addr"), pdu.text("destination_addr"));
        let service_type = pdu.text("service_type");
        let mut found = if pdu.text("message_id").is_empty() {
            if from.is_empty() || to.is_empty() {
                return status::ESME_RCANCELFAIL;
            }
            self.book.waiting(now, |entry| entry.fits(from, to, service_type))
        } else {
            let named = id_of(pdu).map(|id| self.book.named(id)).unwrap_or_default();
            if named.is_empty() {
                return status::ESME_RINVMSGID;
            }
            named
        };
        found.retain(|id| {
            self.book.get(*id).is_some_and(|entry| entry.waits(now) && entry.fits(from, to, service_type))
        });
        for id in &found {
            let Some(entry) = self.book.get(*id) else { continue };
            (entry.state, entry.due) = (State::Deleted, now);
            let owed = std::mem::take(&mut entry.owed);
            self.call_back(&owed);
        }
        self.stats.cancelled += found.len() as u64;
        if found.is_empty() { status::ESME_RCANCELFAIL } else { status::ESME_ROK }
    }

    /// Gives what is still on its way another text; its receipts, if the sender wants none any more, are not sent.
    fn replaced(&mut self, pdu: &Pdu, now: Micros) -> u32 {
        let Some(id) = id_of(pdu) else { return status::ESME_RINVMSGID };
        let Some(entry) = self.book.get(id) else { return status::ESME_RINVMSGID };
        if !entry.waits(now) || !entry.fits(pdu.text("source_addr"), b"", b"") {
            return status::ESME_RREPLACEFAIL;
        }
        let text = match pdu.text("short_message") {
            b"" => pdu.tlv(tlv::MESSAGE_PAYLOAD).unwrap_or_default(),
            text => text,
        };
        let asked = pdu.octet("registered_delivery") & 3;
        let owed = if asked == 0 { std::mem::take(&mut entry.owed) } else { Vec::new() };
        let kept = entry.owed.clone();
        self.call_back(&owed);
        for owed in kept {
            if let Some(Owed::Receipt { text: start, .. }) = self.owed.get_mut(&owed) {
                *start = super::carrier::start_of(text);
            }
        }
        self.shelf.replace(id, text);
        self.stats.replaced += 1;
        status::ESME_ROK
    }

    /// A message for each destination, under the id of the first; a distribution list is none, and nobody else's.
    pub(super) fn submitted_to_many(&mut self, pdu: &Pdu, delay: Micros, now: Micros) -> Answer {
        let raw = pdu.tlvs.iter().fold(Vec::new(), |mut raw, (tag, value)| {
            tlv::put(&mut raw, *tag, value);
            raw
        });
        let sm = Sm {
            service_type: pdu.text("service_type"),
            source: Addr {
                ton: pdu.octet("source_addr_ton"),
                npi: pdu.octet("source_addr_npi"),
                addr: pdu.text("source_addr"),
            },
            esm_class: pdu.octet("esm_class"),
            registered: pdu.octet("registered_delivery"),
            data_coding: pdu.octet("data_coding"),
            short_message: pdu.text("short_message"),
            tlvs: Tlvs::new(&raw),
            ..Sm::default()
        };
        let mut failures = Vec::new();
        let mut name = None;
        for destination in pdu.destinations() {
            let (ton, npi, addr, refused) = match destination {
                Destination::Sme(ton, npi, addr) => (*ton, *npi, addr, self.refusal(now)),
                Destination::List(list) => (0, 0, list, status::ESME_RINVDLNAME),
            };
            if refused == 0 {
                let sm = Sm { dest: Addr { ton, npi, addr }, ..sm };
                name = Some(self.take(&sm, name, now + delay, now));
            } else {
                failures.push(Failure { ton, npi, addr: addr.clone(), status: refused });
            }
        }
        let mut body = Vec::new();
        put_multi_resp(&mut body, name.map(|id| id.to_string()).unwrap_or_default().as_bytes(), &failures);
        (if name.is_some() { status::ESME_ROK } else { status::ESME_RSUBMITFAIL }, body)
    }

    /// Receipts that will not leave.
    fn call_back(&mut self, owed: &[u64]) {
        for owed in owed {
            self.owed.remove(owed);
        }
    }

    /// Writes a message down.
    pub(super) fn note(&mut self, id: u64, entry: Entry) {
        self.book.put(id, entry, self.options.keep);
    }
}
