//! What a peer got wrong is not passed on: the next one may be strict.

use super::world::{CONTACT, NUMBER, World};
use crate::smpp::sm::{Addr, Sm};
use crate::smpp::status;
use crate::smpp::tlv::{self, Tlvs};

#[test]
fn a_header_that_is_none_is_refused_from_an_esme_and_hidden_from_it() {
    let mut world = World::new();
    world.submit_sm(b"hello, no header here", 0, 0x40, 1);
    assert_eq!(world.esme().answers[0].1, status::ESME_RINVESMCLASS);
    assert_eq!(world.north().got, []);
    world.submit_sm(b"\x05\x00\x03\x07\x01\x01hello", 0, 0x40, 1);
    assert_eq!(world.esme().answers[1].1, status::ESME_ROK);
    for (body, esm_class) in [(&b"hello, no header here"[..], 0), (b"\x05\x00\x03\x07\x01\x01hello", 0x40)] {
        world.mo_with(body, 0x40);
        let got = world.esme().got.remove(0);
        assert_eq!((&got.body[..], got.esm_class), (body, esm_class));
    }
}

#[test]
fn no_tlv_of_a_wrong_length_is_passed_on() {
    let mut world = World::new();
    let mut tlvs = Vec::new();
    tlv::put(&mut tlvs, tlv::USER_MESSAGE_REFERENCE, b"");
    tlv::put(&mut tlvs, 0x1400, b"a vendor's own");
    tlv::put(&mut tlvs, tlv::SAR_MSG_REF_NUM, b"\x01");
    let (source, dest) =
        (Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() }, Addr { ton: 1, npi: 1, addr: CONTACT.as_bytes() });
    let tlvs = Tlvs::new(&tlvs);
    world.submit_with(&Sm { source, dest, short_message: b"hello", tlvs, registered: 1, ..Sm::default() });
    assert_eq!(world.north().got[0].tlvs, [(0x1400, b"a vendor's own".to_vec())]);
    world.receipt(0, "c1-0", "DELIVRD");
    assert!(world.esme().got[0].tlvs.iter().all(|(tag, _)| *tag != tlv::USER_MESSAGE_REFERENCE));
}

#[test]
fn a_receipt_shows_only_what_can_be_printed_of_the_text() {
    let mut world = World::new();
    world.submit_sm(b"one\ntwo\x00", 3, 0, 1);
    world.receipt(0, "c1-0", "DELIVRD");
    let body = world.esme().got.remove(0).body;
    assert!(body.ends_with(b"text:onetwo"), "{}", String::from_utf8_lossy(&body));
}
