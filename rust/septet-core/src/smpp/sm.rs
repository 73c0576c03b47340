//! `submit_sm`, `deliver_sm` and `data_sm` (4.4.1, 4.6.1, 4.7.1), borrowed from the body they came in.
//!
//! The same layouts as in [`super::command::TABLE`], read without a table and without an allocation: this is what a
//! router does for every message. A property test holds the two readers together.

use super::command::{self, max};
pub use super::field::Malformed;
use super::field::{Reader, put_cstring};
use super::status as st;
use super::tlv::{self, Tlvs};

/// An address (5.2.5 to 5.2.9). `addr` holds no NUL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Addr<'a> {
    /// Type of number: 0 unknown, 1 international, 2 national, 3 network, 4 subscriber, 5 alphanumeric, 6 abbreviated.
    pub ton: u8,
    /// Numbering plan: 0 unknown, 1 ISDN (E.164), …
    pub npi: u8,
    /// Digits or, with type 5, characters.
    pub addr: &'a [u8],
}

impl Addr<'_> {
    fn put(&self, out: &mut Vec<u8>, max: usize) {
        out.extend_from_slice(&[self.ton, self.npi]);
        put_cstring(out, self.addr, max);
    }
}

/// The parameters of a message. Those that `data_sm` does not have are 0 or empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sm<'a> {
    /// `service_type`, at most 5 octets.
    pub service_type: &'a [u8],
    /// Who sends; at most 20 octets, 64 in `data_sm`.
    pub source: Addr<'a>,
    /// Who receives; at most 20 octets, 64 in `data_sm`.
    pub dest: Addr<'a>,
    /// Mode, type and features (5.2.12).
    pub esm_class: u8,
    /// GSM TP-PID.
    pub protocol_id: u8,
    /// 0 to 3.
    pub priority: u8,
    /// `schedule_delivery_time`, see [`super::time`]; empty: at once.
    pub schedule: &'a [u8],
    /// `validity_period`, see [`super::time`]; empty: the message centre's default.
    pub validity: &'a [u8],
    /// `registered_delivery` (5.2.17).
    pub registered: u8,
    /// `replace_if_present_flag`.
    pub replace: u8,
    /// `data_coding` (5.2.19).
    pub data_coding: u8,
    /// `sm_default_msg_id`.
    pub default_msg_id: u8,
    /// At most 255 octets; longer ones are written as `message_payload`.
    pub short_message: &'a [u8],
    /// Optional parameters; whole elements.
    pub tlvs: Tlvs<'a>,
}

/// `esm_class` bits 5 to 2: what kind of message (5.2.12).
pub const TYPE_MASK: u8 = 0x3C;
/// `esm_class`: a delivery receipt.
pub const TYPE_RECEIPT: u8 = 0x04;
/// `esm_class`: an intermediate notification.
pub const TYPE_INTERMEDIATE: u8 = 0x20;
/// `registered_delivery`: intermediate notifications are asked for (5.2.17).
pub const INTERMEDIATE: u8 = 0x10;
/// `esm_class`: the message begins with a user data header.
pub const UDHI: u8 = 0x40;

impl<'a> Sm<'a> {
    /// Reads a body. `command` is one of the three ids; another is [`st::ESME_RINVCMDID`].
    #[inline]
    pub fn parse(command: u32, body: &'a [u8]) -> Result<Self, Malformed> {
        match command {
            command::SUBMIT_SM | command::DELIVER_SM => Self::parse_message(body),
            command::DATA_SM => Self::parse_data(body),
            _ => Err(Malformed { status: st::ESME_RINVCMDID, reason: "this operation carries no message", offset: 0 }),
        }
    }

    #[inline]
    fn parse_message(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let service_type = service_type(&mut r)?;
        let source = source(&mut r, max::ADDR)?;
        let dest = dest(&mut r, max::ADDR)?;
        let [esm_class, protocol_id, priority] = r.array()?;
        let schedule =
            r.cstring(max::TIME, st::ESME_RINVSCHED, "schedule_delivery_time is longer than 16 octets or has no end")?;
        let validity =
            r.cstring(max::TIME, st::ESME_RINVEXPIRY, "validity_period is longer than 16 octets or has no end")?;
        let [registered, replace, data_coding, default_msg_id, sm_length] = r.array()?;
        let short_message =
            r.octets(usize::from(sm_length), st::ESME_RINVMSGLEN, "sm_length is more than what follows it")?;
        Ok(Self {
            service_type,
            source,
            dest,
            esm_class,
            protocol_id,
            priority,
            schedule,
            validity,
            registered,
            replace,
            data_coding,
            default_msg_id,
            short_message,
            tlvs: tlvs(&r)?,
        })
    }

    #[inline]
    fn parse_data(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let service_type = service_type(&mut r)?;
        let source = source(&mut r, max::LONG_ADDR)?;
        let dest = dest(&mut r, max::LONG_ADDR)?;
        let [esm_class, registered, data_coding] = r.array()?;
        let tlvs = tlvs(&r)?;
        Ok(Self { service_type, source, dest, esm_class, registered, data_coding, tlvs, ..Self::default() })
    }

    /// Appends the body. Fields within their limits come back from [`Sm::parse`] as they were; a `short_message` that
    /// does not fit its length octet, or that `data_sm` has no field for, goes into `message_payload` (5.3.2.32).
    pub fn write(&self, command: u32, out: &mut Vec<u8>) {
        let data = command == command::DATA_SM;
        let addr_max = if data { max::LONG_ADDR } else { max::ADDR };
        put_cstring(out, self.service_type, max::SERVICE_TYPE);
        self.source.put(out, addr_max);
        self.dest.put(out, addr_max);
        if data {
            out.extend_from_slice(&[self.esm_class, self.registered, self.data_coding]);
            self.write_payload(out);
        } else {
            self.write_rest(out);
        }
    }

    /// What follows the destination.
    fn write_rest(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.esm_class, self.protocol_id, self.priority]);
        put_cstring(out, self.schedule, max::TIME);
        put_cstring(out, self.validity, max::TIME);
        let in_field = self.short_message.len() <= max::SHORT_MESSAGE + 1;
        let text = if in_field { self.short_message } else { b"" };
        out.extend_from_slice(&[self.registered, self.replace, self.data_coding, self.default_msg_id]);
        out.push(text.len() as u8);
        if in_field {
            out.extend_from_slice(text);
            out.extend_from_slice(self.tlvs.raw());
        } else {
            self.write_payload(out);
        }
    }

    /// The text as a TLV, and the other TLVs.
    fn write_payload(&self, out: &mut Vec<u8>) {
        if !self.short_message.is_empty() {
            tlv::put(out, tlv::MESSAGE_PAYLOAD, self.short_message);
        }
        out.extend_from_slice(self.tlvs.raw());
    }

    /// Appends the body of a submit_multi (4.5.1), to these instead of the one destination.
    pub fn write_multi(&self, dests: &[Addr<'_>], out: &mut Vec<u8>) {
        debug_assert!(dests.len() < 256, "as many as its count can tell");
        put_cstring(out, self.service_type, max::SERVICE_TYPE);
        self.source.put(out, max::ADDR);
        out.push(dests.len() as u8);
        for dest in dests {
            // dest_flag 1: an address, not a list.
            out.push(1);
            dest.put(out, max::ADDR);
        }
        self.write_rest(out);
    }

    /// The message's octets: `short_message` or, where it is empty, the TLV `message_payload`.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        if self.short_message.is_empty() && !self.tlvs.is_empty() {
            return self.tlvs.get(tlv::MESSAGE_PAYLOAD).unwrap_or_default();
        }
        self.short_message
    }

    /// True if the message begins with a user data header.
    pub const fn has_udh(&self) -> bool {
        self.esm_class & UDHI != 0
    }
}

#[inline]
fn service_type<'a>(r: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    r.cstring(max::SERVICE_TYPE, st::ESME_RINVSERTYP, "service_type is longer than 5 octets or has no end")
}

#[inline]
fn source<'a>(r: &mut Reader<'a>, max: usize) -> Result<Addr<'a>, Malformed> {
    let [ton, npi] = r.array()?;
    let addr = r.cstring(max, st::ESME_RINVSRCADR, "source_addr is too long or has no end")?;
    Ok(Addr { ton, npi, addr })
}

#[inline]
fn dest<'a>(r: &mut Reader<'a>, max: usize) -> Result<Addr<'a>, Malformed> {
    let [ton, npi] = r.array()?;
    let addr = r.cstring(max, st::ESME_RINVDSTADR, "destination_addr is too long or has no end")?;
    Ok(Addr { ton, npi, addr })
}

#[inline]
fn tlvs<'a>(r: &Reader<'a>) -> Result<Tlvs<'a>, Malformed> {
    Tlvs::check(r.rest()).map_err(|at| Malformed {
        status: st::ESME_RINVOPTPARSTREAM,
        reason: "a TLV is cut short",
        offset: r.offset() + at,
    })
}
