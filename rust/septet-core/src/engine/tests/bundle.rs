//! One submit_multi for messages that differ by their destination alone.

use super::world::{CONTACT, Got, NUMBER, World, config};
use crate::engine::quirks::Style;
use crate::engine::tables::Config;
use crate::smpp::command::{SUBMIT_MULTI, SUBMIT_SM};
use crate::smpp::pdu::{Destination, Value};
use crate::smpp::sm::{Addr, Sm};
use crate::smpp::{command, status};

const ALL: [&str; 5] = ["46701", "46702", "46703", "46704", "46705"];

fn many(destinations: u8) -> Config {
    let mut config = config();
    config.carriers[0].quirks.destinations = destinations;
    config.carriers[1].quirks.destinations = destinations;
    config.routes[0].failover.clear();
    config
}

/// What north got since the last look, a PDU a line: its command and its destinations.
fn seen(world: &mut World) -> Vec<(u32, Vec<String>)> {
    let mut pdus: Vec<(u32, u32, Vec<String>)> = Vec::new();
    for Got { command, sequence, dest, .. } in std::mem::take(&mut world.north().got) {
        let dest = String::from_utf8(dest).unwrap();
        match pdus.last_mut().filter(|pdu| pdu.1 == sequence) {
            Some((_, _, dests)) => dests.push(dest),
            None => pdus.push((command, sequence, vec![dest])),
        }
    }
    pdus.into_iter().map(|(command, _, dests)| (command, dests)).collect()
}

fn owned(dests: &[&str]) -> Vec<String> {
    dests.iter().map(|dest| (*dest).to_owned()).collect()
}

fn ids(world: &mut World, all: &[&str], text: &str) -> Vec<Vec<u8>> {
    world.post_to(all, text).into_iter().map(|posted| posted.unwrap().id.encode().to_vec()).collect()
}

fn statuses(world: &World, ids: &[Vec<u8>]) -> Vec<&'static str> {
    ids.iter().map(|id| world.view(id).status).collect()
}

#[test]
fn a_batch_goes_in_as_few_pdus_as_it_may_and_each_has_its_own_receipt() {
    let mut world = World::with(many(3));
    let ids = ids(&mut world, &ALL, "hello");
    assert_eq!(seen(&mut world), [(SUBMIT_MULTI, owned(&ALL[..3])), (SUBMIT_MULTI, owned(&ALL[3..]))]);
    assert_eq!(statuses(&world, &ids), ["submitted"; 5]);
    assert_eq!((world.engine.queue_depth(0), world.engine.in_flight(0)), (0, 0));
    assert_eq!(world.engine.tally().carriers[0].segments, 5, "each destination is a segment");
    world.receipt_about(0, "46702", "c1-0", "DELIVRD");
    world.receipt_about(0, "46705", "c1-1", "UNDELIV");
    assert_eq!(statuses(&world, &ids), ["submitted", "delivered", "submitted", "submitted", "undeliverable"]);
    world.crash();
    world.connect(0);
    world.receipt_about(0, "46701", "c1-0", "DELIVRD");
    world.receipt_about(0, "46704", "c1-1", "DELIVRD");
    assert_eq!(statuses(&world, &ids), ["delivered", "delivered", "submitted", "delivered", "undeliverable"]);
    assert_eq!(seen(&mut world), [], "nothing is sent again");
}

#[test]
fn a_snapshot_remembers_that_an_id_is_shared() {
    let mut config = many(3);
    config.limits.journal = 1;
    let mut world = World::with(config);
    let ids = ids(&mut world, &ALL[..3], "hello");
    for number in 0..8 {
        world.submit(&format!("fills pages {number}"));
    }
    world.crash();
    world.connect(0);
    world.receipt_about(0, "46703", "c1-0", "DELIVRD");
    assert_eq!(statuses(&world, &ids), ["submitted", "submitted", "delivered"]);
}

#[test]
fn what_is_not_alike_goes_alone_and_the_order_is_kept() {
    let mut world = World::with(many(100));
    world.north().reply = None;
    world.grant = 0;
    for (to, text) in
        [("46701", "a"), ("46702", "a"), ("46702", "a"), ("46703", "b"), ("46704", "a"), ("46701", "a"), ("46702", "a")]
    {
        world.post_to(&[to], text);
    }
    world.post_to(&["46708"], &"long ".repeat(60));
    world.grant = u32::MAX;
    world.run();
    let expected = [
        (SUBMIT_MULTI, owned(&["46701", "46702"])),
        (SUBMIT_SM, owned(&["46702"])),
        (SUBMIT_SM, owned(&["46703"])),
        (SUBMIT_MULTI, owned(&["46704", "46701", "46702"])),
        (SUBMIT_SM, owned(&["46708"])),
        (SUBMIT_SM, owned(&["46708"])),
    ];
    assert_eq!(seen(&mut world), expected);
}

#[test]
fn an_esmes_submit_multi_goes_on_as_one() {
    let mut world = World::with(many(100));
    let dests = ALL.iter().map(|to| Destination::Sme(1, 1, to.as_bytes().to_vec())).collect();
    let fields = vec![
        ("source_addr".to_owned(), Value::Text(NUMBER.into())),
        ("dest_address".to_owned(), Value::Destinations(dests)),
        ("registered_delivery".to_owned(), Value::Int(1)),
        ("short_message".to_owned(), Value::Octets(b"hi".to_vec())),
    ];
    let answer = world.ask(SUBMIT_MULTI, fields, vec![]);
    assert_eq!((answer.status, seen(&mut world)), (0, vec![(SUBMIT_MULTI, owned(&ALL))]));
    world.receipt_about(0, "46703", "c1-0", "DELIVRD");
    let got = &world.esme().got[0];
    assert_eq!((got.source.as_slice(), got.receipted.as_deref()), (&b"46703"[..], Some(answer.text("message_id"))));
}

#[test]
fn the_window_counts_pdus_and_the_ceiling_destinations() {
    let mut world = World::with(many(2));
    world.north().reply = None;
    let all: Vec<String> = (0..40).map(|n| format!("4670{n:02}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    world.grant = 7;
    world.post_to(&all, "hello");
    assert_eq!(seen(&mut world).iter().map(|(_, dests)| dests.len()).collect::<Vec<_>>(), [2, 2, 2, 1]);
    assert_eq!((world.grant, world.engine.in_flight(0)), (0, 4));
    world.grant = u32::MAX;
    world.run();
    assert_eq!(seen(&mut world).len(), 6, "ten PDUs are unanswered");
    assert_eq!((world.engine.in_flight(0), world.engine.queue_depth(0)), (10, 21));
}

#[test]
fn each_destination_that_is_not_reached_is_dealt_with_by_its_own_status() {
    let mut world = World::with(many(10));
    world.north().unreached =
        vec![("46702".into(), status::ESME_RINVDSTADR), ("+46704".into(), status::ESME_RTHROTTLED)];
    let ids = ids(&mut world, &ALL, "hello");
    let sent = seen(&mut world);
    assert_eq!(sent[0], (SUBMIT_MULTI, owned(&ALL)));
    assert_eq!(sent[1], (SUBMIT_SM, owned(&["46704"])), "throttled, so again");
    assert_eq!(statuses(&world, &ids), ["submitted", "rejected", "submitted", "submitted", "submitted"]);
    assert_eq!(world.view(&ids[1]).error, status::ESME_RINVDSTADR);
    assert_eq!((world.engine.queue_depth(0), world.engine.in_flight(0)), (0, 0));
}

#[test]
fn a_refusal_of_all_is_each_ones() {
    let mut world = World::with(many(10));
    world.north().reply = Some(status::ESME_RINVSRCADR);
    let ids = ids(&mut world, &ALL, "hello");
    assert_eq!(statuses(&world, &ids), ["rejected"; 5]);
}

#[test]
fn a_carrier_that_takes_no_submit_multi_gets_each_alone_until_it_comes_back() {
    for refusal in [status::ESME_RINVCMDID, status::ESME_RINVNUMDESTS] {
        let mut world = World::with(many(10));
        world.north().reply = None;
        let first = ids(&mut world, &ALL, "hello");
        let sequence = world.north().got[0].sequence;
        world.north().got.clear();
        world.north().session.respond(sequence, SUBMIT_MULTI, refusal, b"");
        world.north().reply = Some(0);
        world.run();
        assert_eq!(seen(&mut world), ALL.map(|to| (SUBMIT_SM, owned(&[to]))));
        assert_eq!(statuses(&world, &first), ["submitted"; 5]);
        world.cut(0);
        world.connect(0);
        world.post_to(&ALL, "again");
        assert_eq!(seen(&mut world), [(SUBMIT_MULTI, owned(&ALL))]);
    }
}

#[test]
fn receipts_that_overtake_the_response_find_their_destination() {
    let mut world = World::with(many(10));
    world.north().reply = None;
    let ids = ids(&mut world, &ALL, "hello");
    for (to, stat) in ALL.iter().zip(["DELIVRD", "UNDELIV", "DELIVRD", "EXPIRED", "REJECTD"]) {
        world.receipt_about(0, to, "one", stat);
    }
    world.receipt_about(0, "46799", "one", "DELIVRD");
    let sequence = world.north().got[0].sequence;
    world.north().session.respond_with(sequence, SUBMIT_MULTI, 0, |out| out.extend_from_slice(b"one\0\0"));
    world.run();
    assert_eq!(statuses(&world, &ids), ["delivered", "undeliverable", "delivered", "expired", "rejected"]);
}

#[test]
fn a_receipt_with_the_addresses_as_they_were_submitted_or_national_finds_it_too() {
    let mut config = many(10);
    let country = crate::engine::quirks::Country { code: "46".into(), trunk: "0".into() };
    config.carriers[0].quirks.dest = Style::National(country.clone());
    config.carriers[0].quirks.country = country;
    let mut world = World::with(config);
    let ids = ids(&mut world, &["46701111111", "46702222222"], "hello");
    assert_eq!(seen(&mut world), [(SUBMIT_MULTI, owned(&["0701111111", "0702222222"]))]);
    world.receipt_about(0, "0701111111", "c1-0", "DELIVRD");
    let text = b"id:c1-0 sub:001 dlvrd:001 submit date:2311142213 done date:2311142213 stat:DELIVRD err:000";
    world.send_up(
        0,
        &Sm {
            source: Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() },
            dest: Addr { ton: 2, npi: 1, addr: b"0702222222" },
            esm_class: 4,
            short_message: text,
            ..Sm::default()
        },
    );
    assert_eq!(statuses(&world, &ids), ["delivered", "delivered"]);
}

#[test]
fn consent_is_checked_for_each_when_it_is_written() {
    let mut world = World::with(many(10));
    world.grant = 0;
    let ids = ids(&mut world, &["46701", CONTACT, "46703"], "hello");
    world.mo(b"STOP");
    world.north().got.clear();
    world.grant = u32::MAX;
    world.run();
    assert_eq!(statuses(&world, &ids), ["submitted", "blocked", "submitted"]);
    assert!(seen(&mut world).iter().all(|(_, dests)| !dests.contains(&CONTACT.to_owned()) || dests.len() == 1));
}

#[test]
fn without_a_response_each_is_sent_again_or_held() {
    for (hold, late) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut config = many(10);
        config.carriers[0].hold = hold;
        let mut world = World::with(config);
        world.north().reply = None;
        let ids = ids(&mut world, &ALL[..3], "hello");
        let sequence = world.north().got[0].sequence;
        assert_eq!(seen(&mut world), [(SUBMIT_MULTI, owned(&ALL[..3]))]);
        world.grant = 0;
        world.pass(61);
        assert_eq!(world.engine.in_flight(0), 0);
        if late {
            world.north().session.respond_with(sequence, SUBMIT_MULTI, 0, |out| out.extend_from_slice(b"late\0\0"));
            let (sid, now) = (world.north().sid, world.now);
            let chunk = std::mem::take(world.north().session.output());
            world.engine.receive(sid, &chunk, now);
        }
        world.grant = u32::MAX;
        world.north().reply = Some(0);
        world.pass(65);
        let sent: Vec<_> = seen(&mut world);
        assert_eq!(sent.is_empty(), hold || late, "{hold} {late}");
        let expected = if hold && !late { "unknown" } else { "submitted" };
        assert_eq!(statuses(&world, &ids), [expected; 3], "{hold} {late}");
        assert_eq!((world.engine.queue_depth(0), world.engine.in_flight(0)), (0, 0));
    }
}

#[test]
fn a_cut_sends_all_of_it_again_in_its_order() {
    let mut world = World::with(many(3));
    world.north().reply = None;
    world.post_to(&ALL, "hello");
    let sent = seen(&mut world);
    world.cut(0);
    world.connect(0);
    assert_eq!(seen(&mut world), sent);
}

#[test]
fn one_of_many_is_withdrawn_by_its_destination_and_never_asked_about_by_id_alone() {
    let mut config = many(10);
    (config.carriers[0].cancels, config.carriers[0].replaces) = (true, true);
    config.carriers[0].query_after_ms = 1_000;
    let mut world = World::with(config);
    let dests = ALL.iter().map(|to| Destination::Sme(1, 1, to.as_bytes().to_vec())).collect();
    let text = |name: &str, value: &[u8]| (name.to_owned(), Value::Text(value.to_vec()));
    let fields = vec![
        text("source_addr", NUMBER.as_bytes()),
        ("dest_address".to_owned(), Value::Destinations(dests)),
        ("registered_delivery".to_owned(), Value::Int(1)),
        ("short_message".to_owned(), Value::Octets(b"hi".to_vec())),
    ];
    let id = world.ask(SUBMIT_MULTI, fields, vec![]).text("message_id").to_vec();
    world.north().bodies.clear();
    let one = vec![text("message_id", &id), text("destination_addr", b"46702")];
    assert_eq!(world.ask(command::CANCEL_SM, one, vec![]).status, 0);
    let cancels: Vec<_> = std::mem::take(&mut world.north().bodies);
    assert_eq!(cancels.iter().map(|pdu| pdu.text("destination_addr")).collect::<Vec<_>>(), [b"46702"]);
    let fields = vec![text("message_id", &id), ("short_message".to_owned(), Value::Octets(b"no".to_vec()))];
    assert_eq!(world.ask(command::REPLACE_SM, fields, vec![]).status, status::ESME_RREPLACEFAIL);
    world.pass(30);
    assert!(world.north().bodies.is_empty(), "{:?}", world.north().bodies);
}
