//! How long the value of a TLV may be (3.4 §5.3.2, 5.0 §4.8.4). A peer's TLV of another length is its own mistake to begin
//! with, and ours once it is passed on.

/// True if a value of this length may be sent under this tag. Tags that no specification has may have any.
pub const fn fits(tag: u16, length: usize) -> bool {
    let (least, most) = match tag {
        // One octet, which is most of them. The four that 5.0 gives ms_validity (0x1204) too are nothing for a 3.4 peer.
        0x0005..=0x0007
        | 0x000D..=0x000F
        | 0x0019
        | 0x0030
        | 0x0201
        | 0x0205
        | 0x020D..=0x0210
        | 0x0302
        | 0x0304
        | 0x0420..=0x0422
        | 0x0425..=0x0428
        | 0x0501
        | 0x0600
        | 0x0603
        | 0x0608
        | 0x0611
        | 0x1201
        | 0x1204
        | 0x1380 => (1, 1),
        // Ports, references, dest_telematics_id, broadcast_rep_num, sms_signal, its_session_info.
        0x0008 | 0x0204 | 0x020A..=0x020C | 0x0604 | 0x1203 | 0x1383 => (2, 2),
        // source_telematics_id: one in 3.4, two in 5.0.
        0x0010 => (1, 2),
        // network_error_code, broadcast_content_type, broadcast_frequency_interval.
        0x0423 | 0x0601 | 0x0605 => (3, 3),
        // qos_time_to_live, broadcast_error_status.
        0x0017 | 0x0607 => (4, 4),
        // Node ids; number portability.
        0x060F | 0x0610 => (6, 6),
        0x0612 => (10, 10),
        0x0613 => (1, 5),
        // additional_status_info_text, receipted_message_id.
        0x001D => (1, 256),
        0x001E => (1, 65),
        // Subaddresses, callback_num_atag, callback_num.
        0x0202 | 0x0203 => (2, 23),
        0x0303 => (0, 65),
        0x0381 => (4, 19),
        // broadcast_content_type_info, _area_identifier, _end_time, _service_group; billing_identification; network ids.
        0x0602 => (0, 255),
        0x0606 => (1, 101),
        0x0609 => (16, 17),
        0x060A => (1, 255),
        0x060B => (1, 1024),
        0x060D | 0x060E => (7, 66),
        // alert_on_message_delivery: nothing, in 5.0 one octet or nothing.
        0x130C => (0, 1),
        _ => (0, u16::MAX as usize),
    };
    least <= length && length <= most
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_length_is_that_of_the_specification() {
        for (tag, good, bad) in [
            (0x020C, 2, 1),  // sar_msg_ref_num
            (0x020E, 1, 2),  // sar_total_segments
            (0x0204, 2, 0),  // user_message_reference
            (0x0010, 2, 3),  // source_telematics_id
            (0x0202, 23, 1), // source_subaddress
            (0x0381, 4, 20), // callback_num
            (0x130C, 0, 2),  // alert_on_message_delivery
            (0x0423, 3, 4),  // network_error_code
        ] {
            assert!(fits(tag, good), "{tag:#06x} {good}");
            assert!(!fits(tag, bad), "{tag:#06x} {bad}");
        }
    }

    #[test]
    fn a_vendor_decides_for_itself_and_a_payload_is_as_long_as_it_is() {
        assert!([0, 1, 65_535].iter().all(|length| fits(0x1400, *length) && fits(0x0424, *length)));
    }
}
