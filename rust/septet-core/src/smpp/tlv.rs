//! Optional parameters (3.2.4, 5.3): tag, length, value, two octets for each of the first two.

mod length;

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

macro_rules! tags {
    ($($tag:literal $ident:ident $name:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`, ", stringify!($tag), ".")]
            pub const $ident: u16 = $tag;
        )*
        /// Tags and names of versions 3.4 and 5.0, by rising tag.
        pub const NAMES: &[(u16, &str)] = &[$(($tag, $name),)*];
    };
}

tags! {
    0x0005 DEST_ADDR_SUBUNIT "dest_addr_subunit";
    0x0006 DEST_NETWORK_TYPE "dest_network_type";
    0x0007 DEST_BEARER_TYPE "dest_bearer_type";
    0x0008 DEST_TELEMATICS_ID "dest_telematics_id";
    0x000D SOURCE_ADDR_SUBUNIT "source_addr_subunit";
    0x000E SOURCE_NETWORK_TYPE "source_network_type";
    0x000F SOURCE_BEARER_TYPE "source_bearer_type";
    0x0010 SOURCE_TELEMATICS_ID "source_telematics_id";
    0x0017 QOS_TIME_TO_LIVE "qos_time_to_live";
    0x0019 PAYLOAD_TYPE "payload_type";
    0x001D ADDITIONAL_STATUS_INFO_TEXT "additional_status_info_text";
    0x001E RECEIPTED_MESSAGE_ID "receipted_message_id";
    0x0030 MS_MSG_WAIT_FACILITIES "ms_msg_wait_facilities";
    0x0201 PRIVACY_INDICATOR "privacy_indicator";
    0x0202 SOURCE_SUBADDRESS "source_subaddress";
    0x0203 DEST_SUBADDRESS "dest_subaddress";
    0x0204 USER_MESSAGE_REFERENCE "user_message_reference";
    0x0205 USER_RESPONSE_CODE "user_response_code";
    0x020A SOURCE_PORT "source_port";
    0x020B DESTINATION_PORT "destination_port";
    0x020C SAR_MSG_REF_NUM "sar_msg_ref_num";
    0x020D LANGUAGE_INDICATOR "language_indicator";
    0x020E SAR_TOTAL_SEGMENTS "sar_total_segments";
    0x020F SAR_SEGMENT_SEQNUM "sar_segment_seqnum";
    0x0210 SC_INTERFACE_VERSION "sc_interface_version";
    0x0302 CALLBACK_NUM_PRES_IND "callback_num_pres_ind";
    0x0303 CALLBACK_NUM_ATAG "callback_num_atag";
    0x0304 NUMBER_OF_MESSAGES "number_of_messages";
    0x0381 CALLBACK_NUM "callback_num";
    0x0420 DPF_RESULT "dpf_result";
    0x0421 SET_DPF "set_dpf";
    0x0422 MS_AVAILABILITY_STATUS "ms_availability_status";
    0x0423 NETWORK_ERROR_CODE "network_error_code";
    0x0424 MESSAGE_PAYLOAD "message_payload";
    0x0425 DELIVERY_FAILURE_REASON "delivery_failure_reason";
    0x0426 MORE_MESSAGES_TO_SEND "more_messages_to_send";
    0x0427 MESSAGE_STATE "message_state";
    0x0428 CONGESTION_STATE "congestion_state";
    0x0501 USSD_SERVICE_OP "ussd_service_op";
    0x0600 BROADCAST_CHANNEL_INDICATOR "broadcast_channel_indicator";
    0x0601 BROADCAST_CONTENT_TYPE "broadcast_content_type";
    0x0602 BROADCAST_CONTENT_TYPE_INFO "broadcast_content_type_info";
    0x0603 BROADCAST_MESSAGE_CLASS "broadcast_message_class";
    0x0604 BROADCAST_REP_NUM "broadcast_rep_num";
    0x0605 BROADCAST_FREQUENCY_INTERVAL "broadcast_frequency_interval";
    0x0606 BROADCAST_AREA_IDENTIFIER "broadcast_area_identifier";
    0x0607 BROADCAST_ERROR_STATUS "broadcast_error_status";
    0x0608 BROADCAST_AREA_SUCCESS "broadcast_area_success";
    0x0609 BROADCAST_END_TIME "broadcast_end_time";
    0x060A BROADCAST_SERVICE_GROUP "broadcast_service_group";
    0x060B BILLING_IDENTIFICATION "billing_identification";
    0x060D SOURCE_NETWORK_ID "source_network_id";
    0x060E DEST_NETWORK_ID "dest_network_id";
    0x060F SOURCE_NODE_ID "source_node_id";
    0x0610 DEST_NODE_ID "dest_node_id";
    0x0611 DEST_ADDR_NP_RESOLUTION "dest_addr_np_resolution";
    0x0612 DEST_ADDR_NP_INFORMATION "dest_addr_np_information";
    0x0613 DEST_ADDR_NP_COUNTRY "dest_addr_np_country";
    0x1201 DISPLAY_TIME "display_time";
    0x1203 SMS_SIGNAL "sms_signal";
    0x1204 MS_VALIDITY "ms_validity";
    0x130C ALERT_ON_MESSAGE_DELIVERY "alert_on_message_delivery";
    0x1380 ITS_REPLY_TYPE "its_reply_type";
    0x1383 ITS_SESSION_INFO "its_session_info";
}

/// The specification's name of a tag.
pub fn name(tag: u16) -> Option<&'static str> {
    NAMES.binary_search_by_key(&tag, |row| row.0).ok().map(|at| NAMES[at].1)
}

/// The tag called `name`.
pub fn named(name: &str) -> Option<u16> {
    NAMES.iter().find(|row| row.1 == name).map(|row| row.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_rises_so_that_it_can_be_searched() {
        assert!(NAMES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(name(0x0424), Some("message_payload"));
        assert_eq!(named("message_payload"), Some(MESSAGE_PAYLOAD));
        assert_eq!(name(0x1401), None);
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
