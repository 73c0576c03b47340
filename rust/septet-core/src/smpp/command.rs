//! The operations as data: layout, response, and who may send them when and since which version (4.x, 2.2; 5.0 sections
//! 2.4 and 4).
//!
//! A further operation is a further row of [`TABLE`]; the generic codec and the session read only the rows, and
//! `docs/smpp.md` shows them.

use super::status as st;
use version::{V33, V34, V50};

/// Set in the id of every response (5.1.2.1).
pub const RESPONSE: u32 = 0x8000_0000;

/// The versions of SMPP, as `interface_version` writes them (5.2.4).
pub mod version {
    /// 3.3 and everything before: no TLVs, a `message_id` of at most eight octets.
    pub const V33: u8 = 0x33;
    /// 3.4.
    pub const V34: u8 = 0x34;
    /// 5.0.
    pub const V50: u8 = 0x50;

    /// The version that an `interface_version` stands for: a peer that names one between two speaks the older.
    pub const fn of(interface_version: u8) -> u8 {
        match interface_version {
            0..V34 => V33,
            V34..V50 => V34,
            V50.. => V50,
        }
    }
}

/// How a mandatory parameter stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One octet.
    Int1,
    /// Four octets, big-endian.
    Int4,
    /// C-octet string of at most this many octets with its NUL.
    CString(usize),
    /// One octet that counts what the next field holds.
    Count,
    /// As many octets as the count before it says.
    Octets,
    /// As many destinations as the count before it says: a flag, then an SME address (1) or a list's name (2) (4.5.1.1).
    Destinations,
    /// As many failures as the count before it says: an SME address and its status (4.5.2.1).
    Failures,
}

/// A mandatory parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The specification's name.
    pub name: &'static str,
    /// Its form.
    pub kind: Kind,
    /// The `command_status` that tells the peer that this field is wrong.
    pub refusal: u32,
}

/// Connected, before any bind.
pub const OPEN: u8 = 1;
/// Bound as a transmitter.
pub const TX: u8 = 2;
/// Bound as a receiver.
pub const RX: u8 = 4;
/// Bound as a transceiver.
pub const TRX: u8 = 8;
/// After an answered unbind, until the connection closes.
pub const UNBOUND: u8 = 16;
/// After an outbind, before the bind that it asks for.
pub const OUTBOUND: u8 = 32;
/// Where a bind may come and be answered.
pub const BEFORE: u8 = OPEN | OUTBOUND;
/// In every state.
pub const ANY: u8 = BEFORE | BOUND | UNBOUND;
/// However bound.
pub const BOUND: u8 = TX | RX | TRX;

/// One operation, or the response to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// `command_id`.
    pub id: u32,
    /// The specification's name.
    pub name: &'static str,
    /// Mandatory parameters in wire order.
    pub fields: &'static [Field],
    /// The id of its response, if it has one.
    pub response: Option<u32>,
    /// States in which the ESME may send it.
    pub esme: u8,
    /// States in which the message centre may send it.
    pub smsc: u8,
    /// The first version that has it.
    pub since: u8,
}

impl Operation {
    /// True for responses and `generic_nack`.
    pub const fn is_response(&self) -> bool {
        self.id & RESPONSE != 0
    }
}

macro_rules! ids {
    ($($ident:ident $id:literal;)*) => {
        $(#[doc = concat!("`", stringify!($ident), "`, ", stringify!($id), ".")] pub const $ident: u32 = $id;)*
    };
}

ids! {
    GENERIC_NACK 0x8000_0000;
    BIND_RECEIVER 0x0000_0001;
    BIND_RECEIVER_RESP 0x8000_0001;
    BIND_TRANSMITTER 0x0000_0002;
    BIND_TRANSMITTER_RESP 0x8000_0002;
    QUERY_SM 0x0000_0003;
    QUERY_SM_RESP 0x8000_0003;
    SUBMIT_SM 0x0000_0004;
    SUBMIT_SM_RESP 0x8000_0004;
    DELIVER_SM 0x0000_0005;
    DELIVER_SM_RESP 0x8000_0005;
    UNBIND 0x0000_0006;
    UNBIND_RESP 0x8000_0006;
    REPLACE_SM 0x0000_0007;
    REPLACE_SM_RESP 0x8000_0007;
    CANCEL_SM 0x0000_0008;
    CANCEL_SM_RESP 0x8000_0008;
    BIND_TRANSCEIVER 0x0000_0009;
    BIND_TRANSCEIVER_RESP 0x8000_0009;
    OUTBIND 0x0000_000B;
    ENQUIRE_LINK 0x0000_0015;
    ENQUIRE_LINK_RESP 0x8000_0015;
    SUBMIT_MULTI 0x0000_0021;
    SUBMIT_MULTI_RESP 0x8000_0021;
    ALERT_NOTIFICATION 0x0000_0102;
    DATA_SM 0x0000_0103;
    DATA_SM_RESP 0x8000_0103;
    BROADCAST_SM 0x0000_0111;
    BROADCAST_SM_RESP 0x8000_0111;
    QUERY_BROADCAST_SM 0x0000_0112;
    QUERY_BROADCAST_SM_RESP 0x8000_0112;
    CANCEL_BROADCAST_SM 0x0000_0113;
    CANCEL_BROADCAST_SM_RESP 0x8000_0113;
}

/// Octets of a field with its NUL, where Rust code writes them too (5.2).
pub mod max {
    /// `system_id`.
    pub const SYSTEM_ID: usize = 16;
    /// `password`.
    pub const PASSWORD: usize = 9;
    /// `system_type`.
    pub const SYSTEM_TYPE: usize = 13;
    /// `address_range`.
    pub const ADDRESS_RANGE: usize = 41;
    /// `service_type`.
    pub const SERVICE_TYPE: usize = 6;
    /// Addresses, except those of `data_sm` and `alert_notification`.
    pub const ADDR: usize = 21;
    /// Addresses of `data_sm` and `alert_notification` in 3.4.
    pub const LONG_ADDR: usize = 65;
    /// `message_id`.
    pub const MESSAGE_ID: usize = 65;
    /// Absolute and relative times.
    pub const TIME: usize = 17;
    /// `dl_name`.
    pub const DL_NAME: usize = 21;
    /// `short_message` in 3.4; one more in 5.0, which is accepted.
    pub const SHORT_MESSAGE: usize = 254;
}

const fn int1(name: &'static str, refusal: u32) -> Field {
    Field { name, kind: Kind::Int1, refusal }
}
const fn text(name: &'static str, max: usize, refusal: u32) -> Field {
    Field { name, kind: Kind::CString(max), refusal }
}

const SERVICE_TYPE: Field = text("service_type", max::SERVICE_TYPE, st::ESME_RINVSERTYP);
const SOURCE_TON: Field = int1("source_addr_ton", st::ESME_RINVSRCTON);
const SOURCE_NPI: Field = int1("source_addr_npi", st::ESME_RINVSRCNPI);
const SOURCE: Field = text("source_addr", max::ADDR, st::ESME_RINVSRCADR);
const LONG_SOURCE: Field = text("source_addr", max::LONG_ADDR, st::ESME_RINVSRCADR);
const DEST_TON: Field = int1("dest_addr_ton", st::ESME_RINVDSTTON);
const DEST_NPI: Field = int1("dest_addr_npi", st::ESME_RINVDSTNPI);
const DEST: Field = text("destination_addr", max::ADDR, st::ESME_RINVDSTADR);
const LONG_DEST: Field = text("destination_addr", max::LONG_ADDR, st::ESME_RINVDSTADR);
const ESM_CLASS: Field = int1("esm_class", st::ESME_RINVESMCLASS);
const PROTOCOL_ID: Field = int1("protocol_id", st::ESME_RINVCMDLEN);
const PRIORITY: Field = int1("priority_flag", st::ESME_RINVPRTFLG);
const SCHEDULE: Field = text("schedule_delivery_time", max::TIME, st::ESME_RINVSCHED);
const VALIDITY: Field = text("validity_period", max::TIME, st::ESME_RINVEXPIRY);
const REGISTERED: Field = int1("registered_delivery", st::ESME_RINVREGDLVFLG);
const REPLACE: Field = int1("replace_if_present_flag", st::ESME_RINVREPFLAG);
const DATA_CODING: Field = int1("data_coding", st::ESME_RINVCMDLEN);
const DEFAULT_ID: Field = int1("sm_default_msg_id", st::ESME_RINVDFTMSGID);
const SM_LENGTH: Field = Field { name: "sm_length", kind: Kind::Count, refusal: st::ESME_RINVMSGLEN };
const SHORT_MESSAGE: Field = Field { name: "short_message", kind: Kind::Octets, refusal: st::ESME_RINVMSGLEN };
const MESSAGE_ID: Field = text("message_id", max::MESSAGE_ID, st::ESME_RINVMSGID);
const SYSTEM_ID: Field = text("system_id", max::SYSTEM_ID, st::ESME_RINVSYSID);
const PASSWORD: Field = text("password", max::PASSWORD, st::ESME_RINVPASWD);

const BIND: &[Field] = &[
    SYSTEM_ID,
    PASSWORD,
    text("system_type", max::SYSTEM_TYPE, st::ESME_RINVSYSTYP),
    int1("interface_version", st::ESME_RINVCMDLEN),
    int1("addr_ton", st::ESME_RINVCMDLEN),
    int1("addr_npi", st::ESME_RINVCMDLEN),
    text("address_range", max::ADDRESS_RANGE, st::ESME_RBINDFAIL),
];
const MESSAGE: &[Field] = &[
    SERVICE_TYPE,
    SOURCE_TON,
    SOURCE_NPI,
    SOURCE,
    DEST_TON,
    DEST_NPI,
    DEST,
    ESM_CLASS,
    PROTOCOL_ID,
    PRIORITY,
    SCHEDULE,
    VALIDITY,
    REGISTERED,
    REPLACE,
    DATA_CODING,
    DEFAULT_ID,
    SM_LENGTH,
    SHORT_MESSAGE,
];
const MULTI: &[Field] = &[
    SERVICE_TYPE,
    SOURCE_TON,
    SOURCE_NPI,
    SOURCE,
    Field { name: "number_of_dests", kind: Kind::Count, refusal: st::ESME_RINVNUMDESTS },
    Field { name: "dest_address", kind: Kind::Destinations, refusal: st::ESME_RINVDSTADR },
    ESM_CLASS,
    PROTOCOL_ID,
    PRIORITY,
    SCHEDULE,
    VALIDITY,
    REGISTERED,
    REPLACE,
    DATA_CODING,
    DEFAULT_ID,
    SM_LENGTH,
    SHORT_MESSAGE,
];
const MULTI_RESP: &[Field] = &[
    MESSAGE_ID,
    Field { name: "no_unsuccess", kind: Kind::Count, refusal: st::ESME_RINVCMDLEN },
    Field { name: "unsuccess_sme", kind: Kind::Failures, refusal: st::ESME_RINVCMDLEN },
];
const DATA: &[Field] = &[
    SERVICE_TYPE,
    SOURCE_TON,
    SOURCE_NPI,
    LONG_SOURCE,
    DEST_TON,
    DEST_NPI,
    LONG_DEST,
    ESM_CLASS,
    REGISTERED,
    DATA_CODING,
];
const QUERY: &[Field] = &[MESSAGE_ID, SOURCE_TON, SOURCE_NPI, SOURCE];
const QUERY_RESP: &[Field] = &[
    MESSAGE_ID,
    text("final_date", max::TIME, st::ESME_RINVCMDLEN),
    int1("message_state", st::ESME_RINVCMDLEN),
    int1("error_code", st::ESME_RINVCMDLEN),
];
const CANCEL: &[Field] = &[SERVICE_TYPE, MESSAGE_ID, SOURCE_TON, SOURCE_NPI, SOURCE, DEST_TON, DEST_NPI, DEST];
const REPLACE_SM_FIELDS: &[Field] =
    &[MESSAGE_ID, SOURCE_TON, SOURCE_NPI, SOURCE, SCHEDULE, VALIDITY, REGISTERED, DEFAULT_ID, SM_LENGTH, SHORT_MESSAGE];
const ALERT: &[Field] = &[
    SOURCE_TON,
    SOURCE_NPI,
    LONG_SOURCE,
    int1("esme_addr_ton", st::ESME_RINVDSTTON),
    int1("esme_addr_npi", st::ESME_RINVDSTNPI),
    text("esme_addr", max::LONG_ADDR, st::ESME_RINVDSTADR),
];
/// 5.0 section 4.4.1: the text and the areas are TLVs.
const BROADCAST: &[Field] = &[
    SERVICE_TYPE,
    SOURCE_TON,
    SOURCE_NPI,
    SOURCE,
    MESSAGE_ID,
    PRIORITY,
    SCHEDULE,
    VALIDITY,
    REPLACE,
    DATA_CODING,
    DEFAULT_ID,
];
/// 5.0 section 4.6.3.
const CANCEL_BROADCAST: &[Field] = &[SERVICE_TYPE, MESSAGE_ID, SOURCE_TON, SOURCE_NPI, SOURCE];

#[derive(Clone, Copy)]
struct Row(u32, &'static str, &'static [Field], u8, u8, u8);

const fn request(row: Row) -> Operation {
    let Row(id, name, fields, esme, smsc, since) = row;
    Operation { id, name, fields, response: Some(id | RESPONSE), esme, smsc, since }
}
const fn alone(row: Row) -> Operation {
    Operation { response: None, ..request(row) }
}

/// Every operation of 3.3, 3.4 and 5.0, the commonest first.
#[rustfmt::skip]
pub const TABLE: &[Operation] = &[
    request(Row(SUBMIT_SM, "submit_sm", MESSAGE, TX | TRX, 0, V33)),
    alone(Row(SUBMIT_SM_RESP, "submit_sm_resp", &[MESSAGE_ID], 0, TX | TRX, V33)),
    request(Row(DELIVER_SM, "deliver_sm", MESSAGE, 0, RX | TRX, V33)),
    alone(Row(DELIVER_SM_RESP, "deliver_sm_resp", &[MESSAGE_ID], RX | TRX, 0, V33)),
    request(Row(DATA_SM, "data_sm", DATA, TX | TRX, RX | TRX, V34)),
    alone(Row(DATA_SM_RESP, "data_sm_resp", &[MESSAGE_ID], RX | TRX, TX | TRX, V34)),
    request(Row(ENQUIRE_LINK, "enquire_link", &[], ANY, ANY, V33)),
    alone(Row(ENQUIRE_LINK_RESP, "enquire_link_resp", &[], ANY, ANY, V33)),
    alone(Row(GENERIC_NACK, "generic_nack", &[], ANY, ANY, V33)),
    request(Row(BIND_RECEIVER, "bind_receiver", BIND, BEFORE, 0, V33)),
    alone(Row(BIND_RECEIVER_RESP, "bind_receiver_resp", &[SYSTEM_ID], 0, BEFORE, V33)),
    request(Row(BIND_TRANSMITTER, "bind_transmitter", BIND, BEFORE, 0, V33)),
    alone(Row(BIND_TRANSMITTER_RESP, "bind_transmitter_resp", &[SYSTEM_ID], 0, BEFORE, V33)),
    request(Row(BIND_TRANSCEIVER, "bind_transceiver", BIND, BEFORE, 0, V34)),
    alone(Row(BIND_TRANSCEIVER_RESP, "bind_transceiver_resp", &[SYSTEM_ID], 0, BEFORE, V34)),
    alone(Row(OUTBIND, "outbind", &[SYSTEM_ID, PASSWORD], 0, OPEN, V34)),
    request(Row(UNBIND, "unbind", &[], BOUND, BOUND, V33)),
    alone(Row(UNBIND_RESP, "unbind_resp", &[], BOUND, BOUND, V33)),
    request(Row(QUERY_SM, "query_sm", QUERY, TX | TRX, 0, V33)),
    alone(Row(QUERY_SM_RESP, "query_sm_resp", QUERY_RESP, 0, TX | TRX, V33)),
    request(Row(CANCEL_SM, "cancel_sm", CANCEL, TX | TRX, 0, V33)),
    alone(Row(CANCEL_SM_RESP, "cancel_sm_resp", &[], 0, TX | TRX, V33)),
    request(Row(REPLACE_SM, "replace_sm", REPLACE_SM_FIELDS, TX | TRX, 0, V33)),
    alone(Row(REPLACE_SM_RESP, "replace_sm_resp", &[], 0, TX | TRX, V33)),
    request(Row(SUBMIT_MULTI, "submit_multi", MULTI, TX | TRX, 0, V33)),
    alone(Row(SUBMIT_MULTI_RESP, "submit_multi_resp", MULTI_RESP, 0, TX | TRX, V33)),
    alone(Row(ALERT_NOTIFICATION, "alert_notification", ALERT, 0, RX | TRX, V34)),
    request(Row(BROADCAST_SM, "broadcast_sm", BROADCAST, TX | TRX, 0, V50)),
    alone(Row(BROADCAST_SM_RESP, "broadcast_sm_resp", &[MESSAGE_ID], 0, TX | TRX, V50)),
    request(Row(QUERY_BROADCAST_SM, "query_broadcast_sm", QUERY, TX | TRX, 0, V50)),
    alone(Row(QUERY_BROADCAST_SM_RESP, "query_broadcast_sm_resp", &[MESSAGE_ID], 0, TX | TRX, V50)),
    request(Row(CANCEL_BROADCAST_SM, "cancel_broadcast_sm", CANCEL_BROADCAST, TX | TRX, 0, V50)),
    alone(Row(CANCEL_BROADCAST_SM_RESP, "cancel_broadcast_sm_resp", &[], 0, TX | TRX, V50)),
];

/// The row of a `command_id`.
pub fn find(id: u32) -> Option<&'static Operation> {
    TABLE.iter().find(|row| row.id == id)
}

/// The row called `name`.
pub fn named(name: &str) -> Option<&'static Operation> {
    TABLE.iter().find(|row| row.name == name)
}

/// The name of a `command_id`, `unknown` for those not in the table.
pub fn name(id: u32) -> &'static str {
    find(id).map_or("unknown", |row| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_and_names_are_unique_and_every_response_exists() {
        let ids: HashSet<_> = TABLE.iter().map(|row| row.id).collect();
        let names: HashSet<_> = TABLE.iter().map(|row| row.name).collect();
        assert_eq!((ids.len(), names.len()), (TABLE.len(), TABLE.len()));
        for row in TABLE {
            if let Some(id) = row.response {
                assert_eq!(find(id).expect("a response row").name, format!("{}_resp", row.name));
            }
            assert_eq!(named(row.name), Some(row));
        }
    }

    #[test]
    fn a_count_stands_right_before_what_it_counts() {
        for row in TABLE {
            for (at, field) in row.fields.iter().enumerate() {
                let counted = matches!(field.kind, Kind::Octets | Kind::Destinations | Kind::Failures);
                let before = at > 0 && row.fields[at - 1].kind == Kind::Count;
                assert_eq!(counted, before, "{} {}", row.name, field.name);
            }
        }
    }

    /// 2.2: whoever may receive a request in a state may send its response there.
    #[test]
    fn a_response_may_be_sent_wherever_its_request_may_arrive() {
        for row in TABLE {
            let Some(response) = row.response.and_then(find) else {
                continue;
            };
            assert_eq!((row.esme, row.smsc), (response.smsc, response.esme), "{}", row.name);
        }
    }
}
