//! What links do differently, seen from the other end of them.

use super::world::{CONTACT, NUMBER, World, config};
use crate::engine::quirks::{Base, CarrierQuirks, Coding, Country, IdForm, Kind, LongText, SendTlvs, Style, VendorTlv};
use crate::engine::tables::Config;
use crate::engine::{Post, Posted, Refusal};
use crate::smpp::sm::{Addr, Sm};
use crate::smpp::status::{self, Class};
use crate::smpp::tlv::{self, Tlvs};
use crate::text::DefaultAlphabet;

/// A world whose first carrier has quirks.
fn north(quirks: CarrierQuirks) -> World {
    World::with(with_north(quirks))
}

fn with_north(quirks: CarrierQuirks) -> Config {
    let mut config = config();
    config.carriers[0].quirks = quirks;
    config
}

fn latin1() -> Coding {
    Coding { alphabet: DefaultAlphabet::Latin1, packed: false }
}

fn packed() -> Coding {
    Coding { alphabet: DefaultAlphabet::Gsm7, packed: true }
}

fn sweden() -> Country {
    Country { code: "46".into(), trunk: "0".into() }
}

fn bodies(got: &[super::world::Got]) -> Vec<Vec<u8>> {
    got.iter().map(|g| g.body.clone()).collect()
}

#[test]
fn an_id_in_hexadecimal_finds_its_receipt_in_decimal_also_after_a_crash() {
    let form = IdForm { response: Base::Hex, receipt: Base::Decimal, ..IdForm::default() };
    let mut world = north(CarrierQuirks { message_id: form, ..CarrierQuirks::default() });
    world.north().reply = None;
    let ids: Vec<_> = (0..2).map(|n| world.post(&format!("m{n}")).unwrap().id.encode()).collect();
    world.answer(0, "1B4");
    world.answer(0, "000001B5");
    world.receipt(0, "0000000436", "DELIVRD");
    assert_eq!(world.view(&ids[0]).status, "delivered");
    world.crash();
    world.connect(0);
    world.receipt(0, "437", "EXPIRED");
    assert_eq!(world.view(&ids[1]).status, "expired");
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn an_early_receipt_finds_its_message_by_the_same_form() {
    let form = IdForm { strip_zeros: true, fold_case: true, ..IdForm::default() };
    let mut world = north(CarrierQuirks { message_id: form, ..CarrierQuirks::default() });
    world.north().reply = None;
    let post = world.post("hello").unwrap();
    world.receipt(0, "00ABC", "DELIVRD");
    world.answer(0, "abc");
    assert_eq!((world.view(&post.id.encode()).status, world.engine.alive()), ("delivered", 0));
}

#[test]
fn ids_are_the_same_only_where_the_carrier_says_so() {
    let mut world = World::new();
    world.north().reply = None;
    world.post("hello").unwrap();
    world.answer(0, "abc");
    world.receipt(0, "ABC", "DELIVRD");
    world.receipt(0, "0abc", "DELIVRD");
    assert_eq!(world.engine.alive(), 3, "two receipts wait for a message of theirs");
}

#[test]
fn a_status_means_what_the_carrier_means_by_it() {
    let statuses = vec![(status::ESME_RINVDSTADR, Class::Throttle), (0x401, Class::Permanent)];
    let mut world = north(CarrierQuirks { statuses, ..CarrierQuirks::default() });
    world.north().reply = Some(0x401);
    let lost = world.post("never").unwrap();
    assert_eq!(world.view(&lost.id.encode()).status, "rejected");
    world.north().reply = Some(status::ESME_RINVDSTADR);
    let post = world.post("later").unwrap();
    assert!(world.engine.tally().carriers[0].throttled > 0);
    assert_eq!(world.view(&post.id.encode()).status, "queued");
    assert_eq!(world.south().got, [], "a throttled message stays");
}

#[test]
fn a_long_text_goes_as_the_carrier_wants_it() {
    let text = "a".repeat(400);
    for (long_text, parts) in [(LongText::Udh8, 3), (LongText::Udh16, 3), (LongText::Sar, 3), (LongText::Payload, 1)] {
        let mut world = north(CarrierQuirks { long_text, ..CarrierQuirks::default() });
        let post = world.post(&text).unwrap();
        assert_eq!(post.segments, parts);
        let got = std::mem::take(&mut world.north().got);
        assert_eq!(got.len(), parts, "{long_text:?}");
        let int = |at: usize, tag: u16| got[at].tlvs.iter().find(|(t, _)| *t == tag).map(|(_, v)| v.clone());
        match long_text {
            LongText::Udh8 => assert!(got.iter().all(|g| g.esm_class == 0x40 && g.body.starts_with(&[5, 0, 3]))),
            LongText::Udh16 => {
                assert!(got.iter().all(|g| g.esm_class == 0x40 && g.body.starts_with(&[6, 8, 4])));
                assert_eq!((got[2].body[5], got[2].body[6]), (3, 3));
            }
            LongText::Sar => {
                assert!(got.iter().all(|g| g.esm_class == 0));
                assert_eq!(int(0, tlv::SAR_MSG_REF_NUM), int(2, tlv::SAR_MSG_REF_NUM));
                assert_eq!(
                    (int(1, tlv::SAR_TOTAL_SEGMENTS), int(1, tlv::SAR_SEGMENT_SEQNUM)),
                    (Some(vec![3]), Some(vec![2]))
                );
                assert_eq!(bodies(&got).concat(), text.as_bytes());
            }
            LongText::Payload => {
                assert_eq!(
                    (&got[0].short_message[..], int(0, tlv::MESSAGE_PAYLOAD)),
                    (&b""[..], Some(text.clone().into()))
                );
            }
        }
        for part in 0..parts {
            world.receipt(0, &format!("c1-{part}"), "DELIVRD");
        }
        let view = world.view(&post.id.encode());
        assert_eq!((view.status, view.text.as_deref()), ("delivered", Some(&*text)));
        // A short text is the same for all of them.
        world.post("short").unwrap();
        let got = world.north().got.remove(0);
        assert_eq!((&got.short_message[..], &got.tlvs[..]), (&b"short"[..], &[][..]));
    }
}

#[test]
fn a_long_submit_goes_as_the_carrier_wants_it() {
    let mut world = north(CarrierQuirks { long_text: LongText::Sar, ..CarrierQuirks::default() });
    world.submit_sm(&[b'x'; 240], 0, 0, 1);
    assert_eq!(world.north().got.iter().map(|g| (g.esm_class, g.tlvs.len())).collect::<Vec<_>>(), [(0, 3), (0, 3)]);
}

#[test]
fn parts_that_an_esme_made_are_not_touched() {
    let mut world = north(CarrierQuirks { long_text: LongText::Payload, ..CarrierQuirks::default() });
    world.submit_sm(b"\x05\0\x03\x07\x02\x01first", 0, 0x40, 1);
    assert_eq!(world.north().got[0].short_message, b"\x05\0\x03\x07\x02\x01first");
}

#[test]
fn a_failover_makes_the_parts_anew() {
    let text = format!("{}€", "a".repeat(310));
    for (from, to) in [
        (LongText::Udh8, LongText::Sar),
        (LongText::Sar, LongText::Udh8),
        (LongText::Payload, LongText::Udh16),
        (LongText::Udh16, LongText::Payload),
    ] {
        let mut config = with_north(CarrierQuirks { long_text: from, ..CarrierQuirks::default() });
        config.carriers[1].quirks.long_text = to;
        let mut world = World::with(config);
        world.north().reply = Some(status::ESME_RSYSERR);
        let post = world.post(&text).unwrap();
        assert!(!world.north().got.is_empty());
        let got = world.south().got.clone();
        let parts = if to == LongText::Payload { 1 } else { 3 };
        assert_eq!(got.len(), parts, "{from:?} to {to:?}");
        assert_eq!(got.iter().all(|g| g.esm_class == 0x40), matches!(to, LongText::Udh8 | LongText::Udh16));
        let view = world.view(&post.id.encode());
        assert_eq!((view.status, view.text.as_deref(), view.segments), ("submitted", Some(&*text), parts));
        // What the journal holds is the new form.
        world.crash();
        assert_eq!(world.view(&post.id.encode()).segments, parts);
        world.connect(1);
        for part in 0..parts {
            world.receipt(1, &format!("c2-{part}"), "DELIVRD");
        }
        assert_eq!(world.view(&post.id.encode()).status, "delivered", "{from:?} to {to:?}");
    }
}

#[test]
fn a_failover_to_another_alphabet_makes_the_parts_anew() {
    let mut config = config();
    config.carriers[1].quirks.coding = latin1();
    let mut world = World::with(config);
    world.north().reply = Some(status::ESME_RSYSERR);
    world.post("plain @").unwrap();
    let euro = world.post(&"€".repeat(71)).unwrap();
    let got = world.south().got.clone();
    assert_eq!((got[0].data_coding, &got[0].body[..]), (0, &b"plain @"[..]));
    assert_eq!(got.iter().map(|g| g.data_coding).collect::<Vec<_>>(), [0, 8, 8]);
    assert_eq!(world.view(&euro.id.encode()).encoding, "ucs2");
}

#[test]
fn text_goes_in_the_default_alphabet_of_the_carrier() {
    let mut world = north(CarrierQuirks { coding: latin1(), ..CarrierQuirks::default() });
    world.post("@ä_").unwrap();
    world.post("€").unwrap();
    world.submit_sm(b"\0\x1b\x65", 0, 0, 0);
    let got = &world.north().got;
    assert_eq!((got[0].data_coding, &got[0].body[..]), (0, &b"@\xe4_"[..]));
    assert_eq!((got[1].data_coding, &got[1].body[..]), (8, &b"\x20\xac"[..]));
    assert_eq!((got[2].data_coding, &got[2].body[..]), (8, &b"\0@\x20\xac"[..]));
    let mut world = north(CarrierQuirks { coding: packed(), ..CarrierQuirks::default() });
    world.post("hellohello").unwrap();
    world.post(&"a".repeat(200)).unwrap();
    let got = &world.north().got;
    assert_eq!((got[0].data_coding, &got[0].body[..]), (0, &b"\xE8\x32\x9B\xFD\x46\x97\xD9\xEC\x37"[..]));
    assert_eq!(got[1].body.len(), 140);
}

#[test]
fn text_comes_in_the_default_alphabet_of_the_carrier() {
    for (coding, body, text) in
        [(latin1(), &b"@\xe4"[..], "@ä"), (packed(), b"\xE8\x32\x9B\xFD\x46\x97\xD9\xEC\x37", "hellohello")]
    {
        let mut world = north(CarrierQuirks { coding, ..CarrierQuirks::default() });
        world.mo(body);
        let got = world.esme().got.remove(0);
        let alphabet = DefaultAlphabet::Gsm7;
        assert_eq!(crate::text::decode(&got.body, got.data_coding, b"", false, alphabet).unwrap(), text);
        assert!(
            world
                .log
                .iter()
                .any(|row| crate::engine::view_of_record(&row.record).unwrap().text.as_deref() == Some(text))
        );
    }
    let mut world = north(CarrierQuirks { coding: packed(), ..CarrierQuirks::default() });
    world.mo(&crate::text::gsm7::pack(b"INFO", 0).unwrap());
    assert_eq!(world.north().got[0].body, crate::text::gsm7::pack(b"Open 9-17", 0).unwrap(), "a keyword is understood");
}

#[test]
fn an_account_may_have_another_alphabet_both_ways() {
    let mut config = config();
    config.accounts[0].quirks.coding = latin1();
    let mut world = World::with(config.clone());
    world.submit_sm(b"@\xe4", 0, 0, 1);
    world.submit_sm(b"\xe1", 0, 0, 0);
    assert_eq!((world.north().got[0].data_coding, &world.north().got[0].body[..]), (0, &b"\0\x7b"[..]));
    assert_eq!((world.north().got[1].data_coding, &world.north().got[1].body[..]), (3, &b"\xe1"[..]));
    world.mo(b"\0\x7b");
    assert_eq!((world.esme().got[0].data_coding, &world.esme().got[0].body[..]), (0, &b"@\xe4"[..]));
    world.mo(&[0x1B, 0x65].repeat(80));
    let euros = world.esme().got.pop().unwrap();
    assert_eq!((euros.data_coding, euros.body.len()), (8, 160), "what the account cannot read goes as UCS-2");
    world.receipt(0, "c1-0", "DELIVRD");
    let text = String::from_utf8_lossy(&world.esme().got.last().unwrap().body).into_owned();
    assert!(text.contains(" stat:DELIVRD err:000 text:@"), "{text}");
    config.accounts[0].quirks.coding = packed();
    let mut world = World::with(config);
    world.submit_sm(&crate::text::gsm7::pack(b"hello world", 0).unwrap(), 0, 0, 1);
    assert_eq!(world.north().got[0].body, b"hello world");
    world.receipt(0, "c1-0", "DELIVRD");
    let got = world.esme().got.remove(0);
    let text = crate::text::decode(&got.body, 0, b"", true, DefaultAlphabet::Gsm7).unwrap();
    assert!(text.starts_with("id:") && text.ends_with("text:hello world"), "{text}");
}

#[test]
fn a_nul_is_taken_away_and_added() {
    let mut config = with_north(CarrierQuirks { strip_nul: true, append_nul: true, ..CarrierQuirks::default() });
    config.accounts[0].quirks.strip_nul = true;
    config.accounts[0].quirks.append_nul = true;
    let mut world = World::with(config);
    world.submit_sm(b"hello\0", 0, 0, 1);
    world.submit_sm(b"\0h\0\0", 8, 0, 0);
    assert_eq!(world.north().got[0].body, b"hello\0");
    assert_eq!(world.north().got[1].body, b"\0h\0\0");
    let id = world.last_id();
    assert_eq!(world.view(&id).text.as_deref(), Some("h"));
    world.mo(b"INFO\0");
    assert_eq!(world.north().got[2].body, b"Open 9-17\0");
    assert_eq!(world.esme().got[0].body, b"INFO\0");
    world.receipt(0, "c1-0", "DELIVRD");
    assert!(world.esme().got[1].body.ends_with(b"text:hello\0"));
}

#[test]
fn numbers_are_written_as_the_carrier_wants_them() {
    let quirks = CarrierQuirks { source: Style::ZeroZero, dest: Style::Plus, ..CarrierQuirks::default() };
    let mut config = with_north(quirks);
    config.carriers[0].dest = (None, Some(8));
    let mut world = World::with(config);
    world.post("short code").unwrap();
    let post = Post { from: "+46731110000", to: CONTACT, text: Some("long number"), ..Post::default() };
    world.engine.post(0, &post, world.now).unwrap();
    world.run();
    let got = &world.north().got;
    assert_eq!((&got[0].source[..], &got[0].dest[..]), (NUMBER.as_bytes(), &b"+46701234567"[..]));
    assert_eq!((&got[1].source[..], got[1].types), (&b"0046731110000"[..], [(1, 1), (1, 8)]));
    let national = CarrierQuirks { dest: Style::National(sweden()), ..CarrierQuirks::default() };
    let mut world = north(national);
    world.post("national").unwrap();
    let got = &world.north().got[0];
    assert_eq!((&got.dest[..], got.types[1].0), (&b"0701234567"[..], 2));
}

#[test]
fn a_stop_from_a_national_number_stands_for_the_international_one() {
    let mut world = north(CarrierQuirks { country: sweden(), ..CarrierQuirks::default() });
    let source = Addr { ton: 2, npi: 1, addr: b"0701234567" };
    let dest = Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() };
    world.send_up(0, &Sm { source, dest, short_message: b"STOP", ..Sm::default() });
    assert_eq!(world.post("blocked").unwrap_err().code, "recipient_opted_out");
    assert_eq!(world.esme().got[0].source, CONTACT.as_bytes());
    assert_eq!(world.consent[0].contact, CONTACT);
}

#[test]
fn an_account_may_write_national_numbers_and_want_plus() {
    let mut config = config();
    config.accounts[0].quirks.country = sweden();
    config.accounts[0].quirks.style = Style::Plus;
    let mut world = World::with(config);
    let post = Post { from: NUMBER, to: "0701234567", text: Some("x"), ..Post::default() };
    world.engine.post(0, &post, world.now).unwrap();
    let international = Post { to: "+4670123456", ..post };
    world.engine.post(0, &international, world.now).unwrap();
    world.run();
    let end = world.esme.as_mut().unwrap();
    let sm = Sm {
        source: Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() },
        dest: Addr { ton: 2, npi: 1, addr: b"701234567" },
        short_message: b"y",
        registered: 1,
        ..Sm::default()
    };
    let write = |out: &mut Vec<u8>| sm.write(crate::smpp::command::SUBMIT_SM, out);
    end.session.request(world.now, crate::smpp::command::SUBMIT_SM, 0, write).unwrap();
    world.run();
    let sent: Vec<_> = world.north().got.iter().map(|g| (g.dest.clone(), g.types[1])).collect();
    let contact = CONTACT.as_bytes().to_vec();
    assert_eq!(sent, [(contact.clone(), (1, 1)), (b"4670123456".to_vec(), (1, 1)), (contact, (1, 1))]);
    world.receipt(0, "c1-2", "DELIVRD");
    world.mo(b"hi");
    for got in &world.esme().got {
        assert_eq!((&got.source[..], &got.dest[..]), (&b"+46701234567"[..], NUMBER.as_bytes()));
    }
}

fn billing(value: Option<&[u8]>) -> VendorTlv {
    VendorTlv { name: "billing".into(), tag: 0x1401, kind: Kind::Int(2), value: value.map(<[u8]>::to_vec) }
}

fn with_params(world: &mut World, params: &[(&str, &str)]) -> Result<Posted, Refusal> {
    let params: Vec<_> = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let post = Post { from: NUMBER, to: CONTACT, text: Some("x"), params: &params, ..Post::default() };
    let posted = world.engine.post(0, &post, world.now);
    world.run();
    posted
}

#[test]
fn tlvs_of_a_carriers_own_are_sent_and_told() {
    let mut config = with_north(CarrierQuirks { tlvs: vec![billing(Some(&[0, 1]))], ..CarrierQuirks::default() });
    // Another carrier has the same name under another tag, and a name of its own.
    let elsewhere = VendorTlv { name: "campaign".into(), tag: 0x1500, ..VendorTlv::default() };
    config.carriers[1].quirks.tlvs = vec![VendorTlv { tag: 0x1499, ..billing(None) }, elsewhere];
    let mut world = World::with(config);
    world.post("fixed").unwrap();
    assert_eq!(world.north().got[0].tlvs, [(0x1401, vec![0, 1])]);
    let post = with_params(&mut world, &[("billing", "258"), ("campaign", "spring")]).unwrap();
    assert_eq!(world.north().got[1].tlvs, [(0x1401, vec![1, 2])]);
    let told = [("billing".to_owned(), "258".to_owned()), ("campaign".to_owned(), "spring".to_owned())];
    assert_eq!(world.view(&post.id.encode()).params, told);
    for wrong in [("billing", "65536"), ("nobody", "x")] {
        let refusal = with_params(&mut world, &[wrong]).unwrap_err();
        assert_eq!((refusal.code, refusal.field), ("bad_param", "params"), "{wrong:?}");
    }
    world.north().reply = Some(status::ESME_RSYSERR);
    with_params(&mut world, &[("billing", "258"), ("campaign", "spring")]).unwrap();
    assert_eq!(world.south().got[0].tlvs, [(0x1499, vec![1, 2]), (0x1500, b"spring".to_vec())]);
}

#[test]
fn tlvs_of_a_carriers_own_come_with_an_mo_and_outlive_a_crash() {
    let mut world = north(CarrierQuirks { tlvs: vec![billing(None)], ..CarrierQuirks::default() });
    world.leave();
    let mut raw = Vec::new();
    tlv::put(&mut raw, 0x1401, &[1, 2]);
    tlv::put(&mut raw, 0x1402, b"unnamed");
    let part = |body: &'static [u8], esm_class| Sm {
        source: Addr { ton: 1, npi: 1, addr: CONTACT.as_bytes() },
        dest: Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() },
        short_message: body,
        esm_class,
        tlvs: Tlvs::new(&raw),
        ..Sm::default()
    };
    world.send_up(0, &part(b"\x05\0\x03\x07\x02\x01one ", 0x40));
    world.crash();
    world.connect(0);
    world.send_up(0, &part(b"\x05\0\x03\x07\x02\x02two", 0x40));
    world.crash();
    let found = world.engine.find(&crate::engine::Filter::default(), 10);
    assert_eq!(found[0].text.as_deref(), Some("one two"));
    assert_eq!(found[0].params, [("billing".to_owned(), "258".to_owned())]);
}

#[test]
fn tlvs_may_be_left_out_whatever_the_version() {
    let quirks =
        CarrierQuirks { tlvs: vec![billing(Some(&[0, 1]))], send_tlvs: SendTlvs::Never, ..CarrierQuirks::default() };
    let mut config = with_north(quirks);
    config.accounts[0].quirks.send_tlvs = SendTlvs::Never;
    let mut world = World::with(config);
    world.submit("hello");
    world.receipt(0, "c1-0", "DELIVRD");
    assert_eq!((world.north().got[0].tlvs.len(), world.esme().got[0].tlvs.len()), (0, 0));
}

#[test]
fn the_tag_that_the_node_keeps_for_itself_is_not_taken_from_an_esme() {
    let mut world = north(CarrierQuirks { tlvs: vec![billing(None)], ..CarrierQuirks::default() });
    let mut raw = Vec::new();
    tlv::put(&mut raw, 0, b"billing\x007");
    let end = world.esme.as_mut().unwrap();
    let sm = Sm {
        source: Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() },
        dest: Addr { ton: 1, npi: 1, addr: CONTACT.as_bytes() },
        short_message: b"x",
        tlvs: Tlvs::new(&raw),
        ..Sm::default()
    };
    let write = |out: &mut Vec<u8>| sm.write(crate::smpp::command::SUBMIT_SM, out);
    end.session.request(world.now, crate::smpp::command::SUBMIT_SM, 0, write).unwrap();
    world.run();
    assert_eq!(world.north().got[0].tlvs, []);
}
