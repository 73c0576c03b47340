//! What differs from link to link, as data: one value for each carrier and one for each account. Inside the node a message
//! has one form (one septet to an octet, international digits); what a link wants otherwise is made and unmade at its border.

pub mod address;
pub mod coding;
pub mod message_id;
pub mod vendor;

pub use address::{Country, Style};
pub use coding::Coding;
pub use message_id::{Base, IdForm};
pub use vendor::{Kind, VendorTlv};

use std::borrow::Cow;

use super::id::Naming;
use crate::smpp::receipt::{Dialect, State};
use crate::smpp::sm::Sm;
use crate::smpp::status::{self, Class};

/// How the parts of a long text are told to belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LongText {
    /// A header with an 8-bit reference (3GPP TS 23.040 §9.2.3.24.1).
    #[default]
    Udh8,
    /// A header with a 16-bit reference (§9.2.3.24.8).
    Udh16,
    /// sar_msg_ref_num, sar_total_segments, sar_segment_seqnum (SMPP 3.4 §5.3.2.22-24).
    Sar,
    /// One PDU with message_payload (§5.3.2.32).
    Payload,
}

/// Whether TLVs are written to a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SendTlvs {
    /// If the peer named a version that has them (SMPP 3.4 §3.4).
    #[default]
    ByVersion,
    /// Whatever it named.
    Always,
    /// Not even if it named one.
    Never,
}

impl SendTlvs {
    /// Whether they are, where the version says `by_version`.
    pub(super) fn allow(self, by_version: bool) -> bool {
        match self {
            Self::ByVersion => by_version,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// What a carrier does differently. The default is the specification, and costs nothing.
#[derive(Clone, Debug, Default)]
pub struct CarrierQuirks {
    /// How its message ids are compared.
    pub message_id: IdForm,
    /// How it writes receipts.
    pub dialect: Dialect,
    /// What some statuses mean to it, by rising code.
    pub statuses: Vec<(u32, Class)>,
    /// It takes messages as data_sm, where its version has that.
    pub data_sm: bool,
    /// Messages of one text that go to it in one submit_multi, at most; 0 and 1 = each in its own PDU.
    pub destinations: u8,
    /// How long texts go to it.
    pub long_text: LongText,
    /// What data_coding 0 means to it.
    pub coding: Coding,
    /// How it wants senders that are international numbers.
    pub source: Style,
    /// How it wants recipients.
    pub dest: Style,
    /// How it writes national numbers.
    pub country: Country,
    /// addr_ton and addr_npi of its binds.
    pub address: (u8, u8),
    /// Its short messages end in a NUL that is no part of the text.
    pub strip_nul: bool,
    /// It wants a NUL after each short message.
    pub append_nul: bool,
    /// TLVs of its own.
    pub tlvs: Vec<VendorTlv>,
    /// Whether it gets TLVs.
    pub send_tlvs: SendTlvs,
}

impl CarrierQuirks {
    /// What a status means to it.
    pub fn class(&self, code: u32) -> Class {
        let own = self.statuses.iter().find(|(known, _)| *known == code);
        own.map_or_else(|| status::class(code), |(_, class)| *class)
    }

    /// Whether a message goes out as it lies in memory.
    pub(super) fn sends_plainly(&self) -> bool {
        self.coding.is_plain()
            && self.source == Style::AsIs
            && self.dest == Style::AsIs
            && !self.append_nul
            && self.tlvs.is_empty()
    }
}

/// What an account does differently.
#[derive(Clone, Debug)]
pub struct AccountQuirks {
    /// What data_coding 0 means to it.
    pub coding: Coding,
    /// How it writes national numbers.
    pub country: Country,
    /// How it wants the addresses of what is delivered to it.
    pub style: Style,
    /// Its short messages end in a NUL that is no part of the text.
    pub strip_nul: bool,
    /// It wants a NUL after each short message.
    pub append_nul: bool,
    /// How it is told the ids of its messages, from 3.4 on.
    pub naming: Naming,
    /// The final states it hears of over SMPP and by webhook.
    pub receipts: u16,
    /// Dates of its receipts have seconds.
    pub receipt_seconds: bool,
    /// Whether it gets TLVs.
    pub send_tlvs: SendTlvs,
}

impl Default for AccountQuirks {
    fn default() -> Self {
        Self {
            coding: Coding::default(),
            country: Country::default(),
            style: Style::default(),
            strip_nul: false,
            append_nul: false,
            naming: Naming::default(),
            receipts: u16::MAX,
            receipt_seconds: false,
            send_tlvs: SendTlvs::default(),
        }
    }
}

impl AccountQuirks {
    /// The text of a submit_sm in the node's form, and its data_coding.
    pub(super) fn read<'a>(&self, sm: &Sm<'a>) -> (Cow<'a, [u8]>, u8) {
        let body = sm.payload();
        let body = if self.strip_nul { without_nul(body, sm.data_coding) } else { body };
        self.coding.read(body, sm.data_coding, sm.has_udh(), true)
    }

    /// Whether it wants to hear of this state.
    pub fn wants(&self, state: State) -> bool {
        self.receipts & 1 << state.message_state() != 0
    }
}

/// The text without the NUL at its end, which has two octets in UCS-2.
pub(super) fn without_nul(body: &[u8], data_coding: u8) -> &[u8] {
    let wide = coding::is_ucs2(data_coding);
    match body {
        [rest @ .., 0, 0] if wide && rest.len().is_multiple_of(2) => rest,
        // What is left of an even body would not be UCS-2.
        [rest @ .., 0] if !wide || rest.len().is_multiple_of(2) => rest,
        _ => body,
    }
}

/// Appends the NUL that [`without_nul`] takes away.
pub(super) fn append_nul(body: &mut Vec<u8>, data_coding: u8) {
    body.extend_from_slice(if coding::is_ucs2(data_coding) { &[0, 0] } else { &[0] });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_nul_is_taken_away_and_no_more() {
        assert_eq!(without_nul(b"a\0\0", 0), b"a\0");
        assert_eq!(without_nul(b"a", 0), b"a");
        assert_eq!(without_nul(b"\0a\0\0", 8), b"\0a");
        assert_eq!(without_nul(b"\0a\0", 8), b"\0a");
        assert_eq!(without_nul(b"\x01\0", 8), b"\x01\0", "a character that ends in 00");
        for (text, coding) in [(&b"a"[..], 0), (b"\0a", 8), (b"", 4)] {
            let mut body = text.to_vec();
            append_nul(&mut body, coding);
            assert_eq!(without_nul(&body, coding), text);
        }
    }

    #[test]
    fn a_status_means_what_the_carrier_means_by_it() {
        let quirks = CarrierQuirks { statuses: vec![(0x08, Class::Throttle)], ..CarrierQuirks::default() };
        assert_eq!(quirks.class(0x08), Class::Throttle);
        assert_eq!(quirks.class(0x0B), Class::Permanent);
        assert_eq!(CarrierQuirks::default().class(0x08), Class::Retry);
    }
}
