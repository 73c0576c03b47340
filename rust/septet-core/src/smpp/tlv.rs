//! Optional parameters (3.2.4, 5.3): tag, length, value, two octets for each of the first two.

mod length;

use std::borrow::Cow;

use super::command::version::{V34, V50};
pub use length::fits;

/// A well-formed run of TLVs, kept as octets and read only when somebody asks.
///
/// ```text
///  0       2        4
/// +-------+--------+-----------------+-------
/// |  tag  | length | value (length)  |  …next
/// +-------+--------+-----------------+-------
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tlvs<'a>(&'a [u8]);

impl<'a> Tlvs<'a> {
    /// Wraps octets that may come from anywhere. Reading stops silently at the first incomplete element;
    /// use [`Tlvs::check`] where that must be an error.
    pub const fn new(raw: &'a [u8]) -> Self {
        Self(raw)
    }

    /// Wraps `raw` if it is whole elements only; otherwise the offset of the element that is cut short.
    pub fn check(raw: &'a [u8]) -> Result<Self, usize> {
        let mut iter = Self(raw).iter();
        iter.by_ref().for_each(drop);
        if iter.rest.is_empty() { Ok(Self(raw)) } else { Err(raw.len() - iter.rest.len()) }
    }

    /// The octets as they stand on the wire.
    pub const fn raw(&self) -> &'a [u8] {
        self.0
    }

    /// True if there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tag and value of each element, in wire order.
    pub const fn iter(&self) -> Iter<'a> {
        Iter { rest: self.0 }
    }

    /// The value of the first element with this tag.
    pub fn get(&self, tag: u16) -> Option<&'a [u8]> {
        self.iter().find(|(found, _)| *found == tag).map(|(_, value)| value)
    }

    /// A C-octet value, with or without its NUL: peers write both.
    pub fn text(&self, tag: u16) -> Option<&'a [u8]> {
        let value = self.get(tag)?;
        let end = value.iter().position(|octet| *octet == 0).unwrap_or(value.len());
        Some(&value[..end])
    }

    /// A big-endian integer of one to four octets; peers disagree about the width of some.
    pub fn int(&self, tag: u16) -> Option<u32> {
        let value = self.get(tag)?;
        if value.is_empty() || value.len() > 4 {
            return None;
        }
        Some(value.iter().fold(0, |sum, octet| sum << 8 | u32::from(*octet)))
    }
}

impl<'a> IntoIterator for &Tlvs<'a> {
    type Item = (u16, &'a [u8]);
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// See [`Tlvs::iter`].
#[derive(Debug, Clone)]
pub struct Iter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Iter<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[t0, t1, l0, l1], rest) = self.rest.split_first_chunk::<4>()?;
        let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([l0, l1])))?;
        self.rest = rest;
        Some((u16::from_be_bytes([t0, t1]), value))
    }
}

/// Appends one element. A value longer than 65,535 octets does not fit the length field and is cut there.
pub fn put(out: &mut Vec<u8>, tag: u16, value: &[u8]) {
    debug_assert!(u16::try_from(value.len()).is_ok(), "a TLV's length has two octets");
    let value = &value[..value.len().min(usize::from(u16::MAX))];
    out.extend_from_slice(&tag.to_be_bytes());
    out.extend_from_slice(&(value.len() as u16).to_be_bytes());
    out.extend_from_slice(value);
}

/// A row of the table of TLVs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv {
    /// Its tag on the wire.
    pub tag: u16,
    /// The specification's name.
    pub name: &'static str,
    /// The first version that has it.
    pub since: u8,
}

macro_rules! tags {
    ($($tag:literal $since:ident $ident:ident $name:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`, ", stringify!($tag), ".")]
            pub const $ident: u16 = $tag;
        )*
        /// Every TLV of versions 3.4 and 5.0, by rising tag; 3.3 has none.
        pub const TABLE: &[Tlv] = &[$(Tlv { tag: $tag, name: $name, since: $since },)*];
    };
}

tags! {
    0x0005 V34 DEST_ADDR_SUBUNIT "dest_addr_subunit";
    0x0006 V34 DEST_NETWORK_TYPE "dest_network_type";
    0x0007 V34 DEST_BEARER_TYPE "dest_bearer_type";
    0x0008 V34 DEST_TELEMATICS_ID "dest_telematics_id";
    0x000D V34 SOURCE_ADDR_SUBUNIT "source_addr_subunit";
    0x000E V34 SOURCE_NETWORK_TYPE "source_network_type";
    0x000F V34 SOURCE_BEARER_TYPE "source_bearer_type";
    0x0010 V34 SOURCE_TELEMATICS_ID "source_telematics_id";
    0x0017 V34 QOS_TIME_TO_LIVE "qos_time_to_live";
    0x0019 V34 PAYLOAD_TYPE "payload_type";
    0x001D V34 ADDITIONAL_STATUS_INFO_TEXT "additional_status_info_text";
    0x001E V34 RECEIPTED_MESSAGE_ID "receipted_message_id";
    0x0030 V34 MS_MSG_WAIT_FACILITIES "ms_msg_wait_facilities";
    0x0201 V34 PRIVACY_INDICATOR "privacy_indicator";
    0x0202 V34 SOURCE_SUBADDRESS "source_subaddress";
    0x0203 V34 DEST_SUBADDRESS "dest_subaddress";
    0x0204 V34 USER_MESSAGE_REFERENCE "user_message_reference";
    0x0205 V34 USER_RESPONSE_CODE "user_response_code";
    0x020A V34 SOURCE_PORT "source_port";
    0x020B V34 DESTINATION_PORT "destination_port";
    0x020C V34 SAR_MSG_REF_NUM "sar_msg_ref_num";
    0x020D V34 LANGUAGE_INDICATOR "language_indicator";
    0x020E V34 SAR_TOTAL_SEGMENTS "sar_total_segments";
    0x020F V34 SAR_SEGMENT_SEQNUM "sar_segment_seqnum";
    0x0210 V34 SC_INTERFACE_VERSION "sc_interface_version";
    0x0302 V34 CALLBACK_NUM_PRES_IND "callback_num_pres_ind";
    0x0303 V34 CALLBACK_NUM_ATAG "callback_num_atag";
    0x0304 V34 NUMBER_OF_MESSAGES "number_of_messages";
    0x0381 V34 CALLBACK_NUM "callback_num";
    0x0420 V34 DPF_RESULT "dpf_result";
    0x0421 V34 SET_DPF "set_dpf";
    0x0422 V34 MS_AVAILABILITY_STATUS "ms_availability_status";
    0x0423 V34 NETWORK_ERROR_CODE "network_error_code";
    0x0424 V34 MESSAGE_PAYLOAD "message_payload";
    0x0425 V34 DELIVERY_FAILURE_REASON "delivery_failure_reason";
    0x0426 V34 MORE_MESSAGES_TO_SEND "more_messages_to_send";
    0x0427 V34 MESSAGE_STATE "message_state";
    0x0428 V50 CONGESTION_STATE "congestion_state";
    0x0501 V34 USSD_SERVICE_OP "ussd_service_op";
    0x0600 V50 BROADCAST_CHANNEL_INDICATOR "broadcast_channel_indicator";
    0x0601 V50 BROADCAST_CONTENT_TYPE "broadcast_content_type";
    0x0602 V50 BROADCAST_CONTENT_TYPE_INFO "broadcast_content_type_info";
    0x0603 V50 BROADCAST_MESSAGE_CLASS "broadcast_message_class";
    0x0604 V50 BROADCAST_REP_NUM "broadcast_rep_num";
    0x0605 V50 BROADCAST_FREQUENCY_INTERVAL "broadcast_frequency_interval";
    0x0606 V50 BROADCAST_AREA_IDENTIFIER "broadcast_area_identifier";
    0x0607 V50 BROADCAST_ERROR_STATUS "broadcast_error_status";
    0x0608 V50 BROADCAST_AREA_SUCCESS "broadcast_area_success";
    0x0609 V50 BROADCAST_END_TIME "broadcast_end_time";
    0x060A V50 BROADCAST_SERVICE_GROUP "broadcast_service_group";
    0x060B V50 BILLING_IDENTIFICATION "billing_identification";
    0x060D V50 SOURCE_NETWORK_ID "source_network_id";
    0x060E V50 DEST_NETWORK_ID "dest_network_id";
    0x060F V50 SOURCE_NODE_ID "source_node_id";
    0x0610 V50 DEST_NODE_ID "dest_node_id";
    0x0611 V50 DEST_ADDR_NP_RESOLUTION "dest_addr_np_resolution";
    0x0612 V50 DEST_ADDR_NP_INFORMATION "dest_addr_np_information";
    0x0613 V50 DEST_ADDR_NP_COUNTRY "dest_addr_np_country";
    0x1201 V34 DISPLAY_TIME "display_time";
    0x1203 V34 SMS_SIGNAL "sms_signal";
    0x1204 V34 MS_VALIDITY "ms_validity";
    0x130C V34 ALERT_ON_MESSAGE_DELIVERY "alert_on_message_delivery";
    0x1380 V34 ITS_REPLY_TYPE "its_reply_type";
    0x1383 V34 ITS_SESSION_INFO "its_session_info";
}

/// The row of a tag, if the specification names it.
pub fn find(tag: u16) -> Option<&'static Tlv> {
    TABLE.binary_search_by_key(&tag, |row| row.tag).ok().map(|at| &TABLE[at])
}

/// The specification's name of a tag.
pub fn name(tag: u16) -> Option<&'static str> {
    find(tag).map(|row| row.name)
}

/// The tag called `name`.
pub fn named(name: &str) -> Option<u16> {
    TABLE.iter().find(|row| row.name == name).map(|row| row.tag)
}

/// Those elements of `raw` that a peer of this version may be sent: none before 3.4, and none that came later. A tag that
/// no version names is the vendor's own business and goes on.
pub fn known_to(raw: &[u8], version: u8) -> Cow<'_, [u8]> {
    let known = |tag: u16| find(tag).map_or(V34, |row| row.since) <= version;
    if Tlvs::new(raw).iter().all(|(tag, _)| known(tag)) {
        return Cow::Borrowed(raw);
    }
    let mut kept = Vec::new();
    for (tag, value) in Tlvs::new(raw).iter().filter(|(tag, _)| known(*tag)) {
        put(&mut kept, tag, value);
    }
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_rises_so_that_it_can_be_searched() {
        assert!(TABLE.windows(2).all(|pair| pair[0].tag < pair[1].tag));
        assert_eq!(name(0x0424), Some("message_payload"));
        assert_eq!(named("message_payload"), Some(MESSAGE_PAYLOAD));
        assert_eq!(name(0x1401), None);
    }

    #[test]
    fn a_version_is_sent_what_it_knows() {
        let mut raw = Vec::new();
        put(&mut raw, USER_MESSAGE_REFERENCE, &[0, 1]);
        put(&mut raw, DEST_NODE_ID, b"abcdef");
        put(&mut raw, 0x1401, b"own");
        let tags = |version| Tlvs::new(&known_to(&raw, version)).iter().map(|(tag, _)| tag).collect::<Vec<_>>();
        assert!(tags(0x33).is_empty());
        assert_eq!(tags(0x34), [USER_MESSAGE_REFERENCE, 0x1401]);
        assert_eq!(tags(0x50), [USER_MESSAGE_REFERENCE, DEST_NODE_ID, 0x1401]);
    }

    #[test]
    fn elements_come_back_in_wire_order_and_repeat() {
        let mut raw = Vec::new();
        put(&mut raw, CALLBACK_NUM, b"a");
        put(&mut raw, 0x1401, b"");
        put(&mut raw, CALLBACK_NUM, b"b");
        let tlvs = Tlvs::check(&raw).unwrap();
        let seen: Vec<_> = tlvs.iter().collect();
        assert_eq!(seen, [(CALLBACK_NUM, &b"a"[..]), (0x1401, b""), (CALLBACK_NUM, b"b")]);
        assert_eq!(tlvs.get(CALLBACK_NUM), Some(&b"a"[..]));
    }

    #[test]
    fn a_cut_element_is_named_by_its_offset() {
        let raw = [0, 5, 0, 1, 9, 0, 6, 0, 2, 1];
        assert_eq!(Tlvs::check(&raw), Err(5));
        assert_eq!(Tlvs::new(&raw).iter().count(), 1);
        assert_eq!(Tlvs::check(&raw[..7]), Err(5));
    }

    #[test]
    fn text_and_integers_are_read_as_peers_write_them() {
        let mut raw = Vec::new();
        put(&mut raw, RECEIPTED_MESSAGE_ID, b"ab\0");
        put(&mut raw, SAR_MSG_REF_NUM, &[1, 2]);
        put(&mut raw, MESSAGE_STATE, &[]);
        let tlvs = Tlvs::new(&raw);
        assert_eq!(tlvs.text(RECEIPTED_MESSAGE_ID), Some(&b"ab"[..]));
        assert_eq!(tlvs.int(SAR_MSG_REF_NUM), Some(0x102));
        assert_eq!(tlvs.int(MESSAGE_STATE), None);
    }
}
