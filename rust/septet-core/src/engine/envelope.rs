//! The unchanging part of an MT, as one allocation that is also its journal record.
//!
//! ```text
//! 0   id 16   order 8   created 8   expires 8   due 8   flags 2
//! 50  esm_class  protocol_id  priority  registered  data_coding  encoding and (upper half) naming
//! 56  from ton npi   to ton npi   parts   default message
//! 62  end of each section, 9 × u32, counted from 98
//! 98  account · from · to · service_type · tlvs · client_ref · tags · part lengths (u16 each) · body
//! ```

use super::id::{Id, LENGTH, Naming};
use crate::clock::WallMs;
use crate::{Error, Result};

const SECTIONS: usize = 9;
const ENDS: usize = 62;
const HEADER: usize = ENDS + 4 * SECTIONS;

/// Flags of an MT.
pub mod flag {
    /// It came over SMPP, so its receipt goes back over SMPP.
    pub const VIA_SMPP: u16 = 1;
    /// The one confirmation of an opt-out, or an answer to HELP: allowed after the opt-out.
    pub const EXEMPT: u16 = 2;
    /// A receipt is asked of the carrier.
    pub const RECEIPT: u16 = 4;
    /// The node segmented it, so a failover may give it a new reference.
    pub const SEGMENTED: u16 = 8;
    /// The sender wants to hear of success.
    pub const TELL_SUCCESS: u16 = 16;
    /// The sender wants to hear of failure.
    pub const TELL_FAILURE: u16 = 32;
    /// Each part begins with a concatenation element of the node's own, with an 8-bit reference unless a flag says otherwise.
    pub const OWN_REFERENCE: u16 = 64;
    /// Its sender set its validity: the carrier is told what is left of it.
    pub const VALIDITY: u16 = 256;
    /// The node wrote it: an answer to an MO. Nobody is told.
    pub const VIA_NODE: u16 = 128;
    /// With OWN_REFERENCE: it has 16 bits.
    pub const WIDE: u16 = 512;
    /// With OWN_REFERENCE: the element is written as the SAR TLVs.
    pub const SAR: u16 = 1024;
    /// One part, too long for a short message: it goes as message_payload.
    pub const PAYLOAD: u16 = 2048;
    /// Among its TLVs are values of the sender's for TLVs of the carrier's own.
    pub const PARAMS: u16 = 4096;
    /// It takes the place of what waits for the same pair (SMPP 3.4 §5.2.18).
    pub const REPLACE: u16 = 0x2000;
    /// It came with others in one submit_multi: `client_ref` holds the id that its sender was given for them all.
    pub const MULTI: u16 = 0x4000;
}

/// An address on the wire: digits or letters, with its type and plan (SMPP 3.4 §5.2.5, §5.2.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Address<'a> {
    /// Type of number.
    pub ton: u8,
    /// Numbering plan.
    pub npi: u8,
    /// The address as written.
    pub addr: &'a [u8],
}

/// Everything an MT is made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Draft<'a> {
    /// Public id.
    pub id: Id,
    /// Order of acceptance; grows for ever.
    pub order: u64,
    /// When it was accepted.
    pub created: WallMs,
    /// When it is not worth sending any more.
    pub expires: WallMs,
    /// When it may leave; 0 = at once.
    pub due: WallMs,
    /// See [`flag`].
    pub flags: u16,
    /// SMPP 3.4 §5.2.12.
    pub esm_class: u8,
    /// SMPP 3.4 §5.2.13.
    pub protocol_id: u8,
    /// SMPP 3.4 §5.2.14.
    pub priority: u8,
    /// What the sender asked (SMPP 3.4 §5.2.17).
    pub registered: u8,
    /// SMPP 3.4 §5.2.19.
    pub data_coding: u8,
    /// SMPP 3.4 §5.2.20; the carrier knows the text.
    pub default_message: u8,
    /// The encoding as a number: 0 gsm7, 1 ucs2, 2 latin1, 3 binary.
    pub encoding: u8,
    /// How its sender is told its id.
    pub naming: Naming,
    /// The account's id.
    pub account: &'a [u8],
    /// Source address.
    pub from: Address<'a>,
    /// Destination address.
    pub to: Address<'a>,
    /// SMPP 3.4 §5.2.11.
    pub service_type: &'a [u8],
    /// Raw TLVs that travel with each part.
    pub tlvs: &'a [u8],
    /// The sender's own reference.
    pub client_ref: &'a [u8],
    /// The sender's tags, joined by U+001F.
    pub tags: &'a [u8],
}

/// The built record; immutable but for the reference of a failover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope(Box<[u8]>);

macro_rules! integer {
    ($(#[$doc:meta] $name:ident: $type:ty = $at:expr;)*) => {$(
        #[$doc]
        pub fn $name(&self) -> $type {
            let mut octets = [0; size_of::<$type>()];
            octets.copy_from_slice(&self.0[$at..$at + size_of::<$type>()]);
            <$type>::from_le_bytes(octets)
        }
    )*};
}

macro_rules! section {
    ($(#[$doc:meta] $name:ident = $index:expr;)*) => {$(
        #[$doc]
        pub fn $name(&self) -> &[u8] {
            self.section($index)
        }
    )*};
}

impl Envelope {
    /// Lays out a draft with its parts (each ready as short_message).
    pub fn build<'p>(draft: &Draft<'_>, parts: impl Iterator<Item = &'p [u8]> + Clone) -> Self {
        let texts = [
            draft.account,
            draft.from.addr,
            draft.to.addr,
            draft.service_type,
            draft.tlvs,
            draft.client_ref,
            draft.tags,
        ];
        let body: usize = parts.clone().map(<[u8]>::len).sum();
        let count = parts.clone().count();
        let size = HEADER + texts.iter().map(|t| t.len()).sum::<usize>() + 2 * count + body;
        let mut out = Vec::with_capacity(size);
        out.extend_from_slice(&draft.id.0.to_le_bytes());
        for value in [draft.order, draft.created, draft.expires, draft.due] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        out.extend_from_slice(&draft.flags.to_le_bytes());
        out.extend_from_slice(&[
            draft.esm_class,
            draft.protocol_id,
            draft.priority,
            draft.registered,
            draft.data_coding,
            draft.encoding | (draft.naming as u8) << 4,
            draft.from.ton,
            draft.from.npi,
            draft.to.ton,
            draft.to.npi,
            count.min(255) as u8,
            draft.default_message,
        ]);
        let mut end = 0u32;
        for length in texts.iter().map(|t| t.len()).chain([2 * count, body]) {
            end += length as u32;
            out.extend_from_slice(&end.to_le_bytes());
        }
        for text in texts {
            out.extend_from_slice(text);
        }
        for part in parts.clone() {
            out.extend_from_slice(&(part.len() as u16).to_le_bytes());
        }
        for part in parts {
            out.extend_from_slice(part);
        }
        Self(out.into_boxed_slice())
    }

    /// Checks octets from a journal, so that the accessors cannot fail.
    pub fn from_octets(octets: &[u8]) -> Result<Self> {
        let bad = |why| Err(Error::new("engine.bad_record", format!("not an MT record: {why}")));
        if octets.len() < HEADER {
            return bad("too short");
        }
        let this = Self(octets.into());
        let mut last = 0;
        for index in 0..SECTIONS {
            let end = this.end(index);
            if end < last {
                return bad("its sections overlap");
            }
            last = end;
        }
        if HEADER + last != octets.len() {
            return bad("its length is not the sum of its sections");
        }
        let lengths = this.section(7);
        let sum: usize = (0..lengths.len() / 2).map(|i| this.part_length(i)).sum();
        if lengths.len() != 2 * this.parts() as usize || sum != this.body().len() {
            return bad("its parts do not add up");
        }
        Ok(this)
    }

    /// The record.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    fn end(&self, index: usize) -> usize {
        let mut octets = [0; 4];
        octets.copy_from_slice(&self.0[ENDS + 4 * index..ENDS + 4 * index + 4]);
        u32::from_le_bytes(octets) as usize
    }

    fn section(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.end(index - 1) };
        &self.0[HEADER + start..HEADER + self.end(index)]
    }

    fn part_length(&self, index: usize) -> usize {
        let lengths = self.section(7);
        u16::from_le_bytes([lengths[2 * index], lengths[2 * index + 1]]) as usize
    }

    integer! {
        /// Order of acceptance.
        order: u64 = 16;
        /// When it was accepted.
        created: u64 = 24;
        /// When it is not worth sending any more.
        expires: u64 = 32;
        /// When it may leave; 0 = at once.
        due: u64 = 40;
        /// See [`flag`].
        flags: u16 = 48;
        /// SMPP esm_class.
        esm_class: u8 = 50;
        /// SMPP protocol_id.
        protocol_id: u8 = 51;
        /// SMPP priority_flag.
        priority: u8 = 52;
        /// What the sender asked.
        registered: u8 = 53;
        /// SMPP data_coding.
        data_coding: u8 = 54;
        /// How many segments.
        parts: u8 = 60;
        /// SMPP sm_default_msg_id.
        default_message: u8 = 61;
    }

    section! {
        /// The account's id.
        account = 0;
        /// SMPP service_type.
        service_type = 3;
        /// Raw TLVs.
        tlvs = 4;
        /// The sender's own reference.
        client_ref = 5;
        /// The sender's tags.
        tags = 6;
        /// All parts, one after the other.
        body = 8;
    }

    /// The encoding as a number.
    pub fn encoding(&self) -> u8 {
        self.0[55] & 0x0F
    }

    /// How its sender is told its id.
    pub fn naming(&self) -> Naming {
        Naming::from_number(self.0[55] >> 4)
    }

    /// Public id.
    pub fn id(&self) -> Id {
        let mut octets = [0; 16];
        octets.copy_from_slice(&self.0[..16]);
        Id(u128::from_le_bytes(octets))
    }

    /// Whether a flag is set.
    pub fn has(&self, flag: u16) -> bool {
        self.flags() & flag != 0
    }

    /// Source address.
    pub fn from(&self) -> Address<'_> {
        Address { ton: self.0[56], npi: self.0[57], addr: self.section(1) }
    }

    /// Destination address.
    pub fn to(&self) -> Address<'_> {
        Address { ton: self.0[58], npi: self.0[59], addr: self.section(2) }
    }

    /// One part, ready as short_message.
    pub fn part(&self, index: usize) -> &[u8] {
        let start: usize = (0..index).map(|i| self.part_length(i)).sum();
        &self.body()[start..start + self.part_length(index)]
    }

    /// Gives a draft its id and its order, once it is taken in. An id carries the time of its message: look-ups by time
    /// rely on it.
    pub fn name(&mut self, id: Id, order: u64) {
        self.0[..16].copy_from_slice(&id.0.to_le_bytes());
        self.0[16..24].copy_from_slice(&order.to_le_bytes());
        self.0[24..32].copy_from_slice(&id.at().to_le_bytes());
    }

    /// The id that its sender was given: its own, or that of the submit_multi it came with.
    pub fn given_id(&self) -> Id {
        let group = if self.has(flag::MULTI) { Id::parse(self.client_ref()) } else { None };
        group.unwrap_or_else(|| self.id())
    }

    /// Writes the id of a whole submit_multi over a `client_ref` of the same length.
    pub fn join(&mut self, group: Id) {
        debug_assert_eq!(self.client_ref().len(), LENGTH);
        let (start, end) = (HEADER + self.end(4), HEADER + self.end(5));
        self.0[start..end].copy_from_slice(&group.encode()[..end - start]);
    }

    /// What it was made of, to make another of it.
    pub fn draft(&self) -> Draft<'_> {
        Draft {
            id: self.id(),
            order: self.order(),
            created: self.created(),
            expires: self.expires(),
            due: self.due(),
            flags: self.flags(),
            esm_class: self.esm_class(),
            protocol_id: self.protocol_id(),
            priority: self.priority(),
            registered: self.registered(),
            data_coding: self.data_coding(),
            default_message: self.default_message(),
            encoding: self.encoding(),
            naming: self.naming(),
            account: self.account(),
            from: self.from(),
            to: self.to(),
            service_type: self.service_type(),
            tlvs: self.tlvs(),
            client_ref: self.client_ref(),
            tags: self.tags(),
        }
    }

    /// Gives every part another concatenation reference (only where the node made them: [`flag::OWN_REFERENCE`]).
    pub fn set_reference(&mut self, reference: u16) {
        debug_assert!(self.has(flag::OWN_REFERENCE));
        let [high, low] = reference.to_be_bytes();
        let mut at = HEADER + self.end(7);
        for index in 0..self.parts() as usize {
            let length = self.part_length(index);
            // UDHL, IEI 00, IEDL 03, then the reference (3GPP TS 23.040 §9.2.3.24.1), or IEI 08, IEDL 04 (§9.2.3.24.8).
            match &mut self.0[at..at + length] {
                [_, 0, 3, old, ..] => *old = low,
                [_, 8, 4, old_high, old_low, ..] => (*old_high, *old_low) = (high, low),
                _ => {}
            }
            at += length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Envelope {
        let draft = Draft {
            id: Id(42),
            order: 7,
            created: 1,
            expires: 2,
            flags: flag::OWN_REFERENCE,
            account: b"acme",
            from: Address { ton: 3, npi: 0, addr: b"12345" },
            to: Address { ton: 1, npi: 1, addr: b"46701234567" },
            client_ref: b"ref",
            encoding: 3,
            naming: Naming::DecimalToHex,
            ..Draft::default()
        };
        let parts: [&[u8]; 2] = [&[5, 0, 3, 9, 2, 1, b'a'], &[5, 0, 3, 9, 2, 2, b'b']];
        Envelope::build(&draft, parts.into_iter())
    }

    #[test]
    fn reads_back_what_was_laid_out() {
        let envelope = Envelope::from_octets(sample().octets()).unwrap();
        assert_eq!(envelope.id(), Id(42));
        assert_eq!((envelope.order(), envelope.created(), envelope.expires()), (7, 1, 2));
        assert_eq!(envelope.account(), b"acme");
        assert_eq!(envelope.to().addr, b"46701234567");
        assert_eq!((envelope.from().ton, envelope.to().npi), (3, 1));
        assert_eq!(envelope.client_ref(), b"ref");
        assert_eq!((envelope.encoding(), envelope.naming()), (3, Naming::DecimalToHex));
        assert_eq!(envelope.parts(), 2);
        assert_eq!(envelope.part(1), [5, 0, 3, 9, 2, 2, b'b']);
    }

    #[test]
    fn a_new_reference_changes_every_part_and_nothing_else() {
        let mut envelope = sample();
        envelope.set_reference(200);
        assert_eq!(envelope.part(0), [5, 0, 3, 200, 2, 1, b'a']);
        assert_eq!(envelope.part(1), [5, 0, 3, 200, 2, 2, b'b']);
    }

    #[test]
    fn a_draft_of_it_makes_the_same_again() {
        let envelope = sample();
        let parts = (0..2).map(|index| envelope.part(index));
        assert_eq!(Envelope::build(&envelope.draft(), parts), envelope);
    }

    #[test]
    fn a_message_of_many_is_known_by_the_id_of_them_all() {
        let draft = Draft { id: Id(1), flags: flag::MULTI, client_ref: &[b'0'; LENGTH], ..Draft::default() };
        let mut envelope = Envelope::build(&draft, std::iter::once(&b"x"[..]));
        envelope.join(Id(77));
        assert_eq!((envelope.id(), envelope.given_id()), (Id(1), Id(77)));
        assert_eq!(sample().given_id(), Id(42));
    }

    #[test]
    fn damage_is_an_error() {
        let octets = sample().octets().to_vec();
        for length in 0..octets.len() {
            assert!(Envelope::from_octets(&octets[..length]).is_err(), "{length}");
        }
        for at in [60, 62, 66, 98 + 23] {
            let mut damaged = octets.clone();
            damaged[at] ^= 0x40;
            assert!(Envelope::from_octets(&damaged).is_err(), "{at}");
        }
    }
}
