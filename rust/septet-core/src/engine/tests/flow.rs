//! MT, receipts, MO: the straight way, and each bend of it.

use super::world::{CONTACT, NUMBER, World, config};
use crate::clock::SECOND;
use crate::smpp::status;

#[test]
fn a_message_is_acknowledged_after_the_commit_and_not_before() {
    let mut world = World::new();
    world.commits = false;
    world.submit("hello");
    assert_eq!(world.esme().answers, []);
    assert_eq!(world.north().got, []);
    world.commits = true;
    world.run();
    assert_eq!(world.esme().answers[0].1, 0);
    assert_eq!(world.esme().answers[0].2.len(), 20);
    assert_eq!(world.north().got[0].body, b"hello");
    assert_eq!(world.north().got[0].registered, 1);
}

#[test]
fn a_receipt_comes_back_with_the_id_that_was_given() {
    let mut world = World::new();
    world.submit("hello");
    let id = world.last_id();
    assert_eq!(world.view(&id).status, "submitted");
    world.receipt(0, "c1-0", "DELIVRD");
    let got = world.esme().got.remove(0);
    assert_eq!(got.receipted.as_deref(), Some(&id[..]));
    assert_eq!((got.esm_class, got.state), (4, Some(2)));
    assert_eq!((&got.source[..], &got.dest[..]), (CONTACT.as_bytes(), NUMBER.as_bytes()));
    let start = [b"id:", &id[..], b" sub:001 dlvrd:001 submit date:"].concat();
    assert!(got.body.starts_with(&start), "{}", String::from_utf8_lossy(&got.body));
    assert_eq!(world.view(&id).status, "delivered");
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn a_receipt_that_overtakes_its_response_is_kept_for_it() {
    let mut world = World::new();
    world.north().reply = None;
    world.submit("hello");
    world.receipt(0, "early", "DELIVRD");
    assert_eq!(world.esme().got, []);
    let sequence = world.north().got[0].sequence;
    let now = world.now;
    world.north().session.respond(sequence, crate::smpp::command::SUBMIT_SM, 0, b"early");
    world.now = now;
    world.run();
    let id = world.last_id();
    assert_eq!(world.view(&id).status, "delivered");
    assert_eq!(world.esme().got.len(), 1);
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn a_receipt_comes_over_another_carrier_at_the_same_message_centre_alone() {
    for (centre, status) in [(0, "delivered"), (1, "submitted")] {
        let mut config = config();
        config.carriers[1].centre = centre;
        let mut world = World::with(config);
        world.submit("hello");
        let id = world.last_id();
        world.receipt(1, "c1-0", "DELIVRD");
        assert_eq!(world.view(&id).status, status);
    }
}

#[test]
fn a_receipt_nobody_waits_for_is_kept_for_its_time_and_counted() {
    let mut world = World::new();
    world.receipt(0, "stranger", "DELIVRD");
    assert_eq!(world.engine.alive(), 1);
    world.now += 86_400 * SECOND + SECOND;
    world.pass(1);
    assert_eq!(world.engine.alive(), 0);
    assert_eq!(world.engine.tally().carriers[0].unmatched, 1);
}

#[test]
fn a_long_text_is_one_message_with_one_receipt() {
    let mut world = World::new();
    let post = world.post(&"a".repeat(400)).unwrap();
    assert_eq!(post.segments, 3);
    assert_eq!(world.north().got.len(), 3);
    assert!(world.north().got.iter().all(|g| g.esm_class == 0x40));
    let id = post.id.encode();
    for part in 0..3 {
        assert_eq!(world.view(&id).status, "submitted");
        world.receipt(0, &format!("c1-{part}"), "DELIVRD");
    }
    assert_eq!(world.view(&id).status, "delivered");
    assert_eq!(world.view(&id).text.as_deref(), Some(&*"a".repeat(400)));
}

#[test]
fn a_long_submit_is_split_and_its_receipt_is_one() {
    let mut world = World::new();
    world.submit_sm(&[b'x'; 240], 0, 0, 1);
    assert_eq!(world.north().got.len(), 2);
    world.receipt(0, "c1-0", "DELIVRD");
    assert_eq!(world.esme().got.len(), 0);
    world.receipt(0, "c1-1", "DELIVRD");
    assert_eq!(world.esme().got.len(), 1);
}

#[test]
fn a_failed_part_fails_the_message_at_once() {
    let mut world = World::new();
    let post = world.post(&"a".repeat(300)).unwrap();
    world.receipt(0, "c1-1", "UNDELIV");
    assert_eq!(world.view(&post.id.encode()).status, "undeliverable");
    world.receipt(0, "c1-0", "DELIVRD");
    assert_eq!(world.view(&post.id.encode()).status, "undeliverable");
}

#[test]
fn without_a_receipt_the_submit_is_the_end() {
    let mut world = World::new();
    world.submit_sm(b"hi", 0, 0, 0);
    assert_eq!(world.north().got[0].registered, 0);
    let id = world.last_id();
    assert_eq!(world.view(&id).status, "submitted");
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn a_permanent_refusal_ends_the_message_and_says_so() {
    let mut world = World::new();
    world.north().reply = Some(status::ESME_RINVDSTADR);
    world.submit("hello");
    let id = world.last_id();
    assert_eq!((world.view(&id).status, world.view(&id).error), ("rejected", status::ESME_RINVDSTADR));
    assert_eq!(world.esme().got[0].state, Some(8));
}

#[test]
fn a_temporary_refusal_goes_to_the_next_carrier_of_the_route() {
    let mut world = World::new();
    world.north().reply = Some(status::ESME_RSYSERR);
    world.submit("hello");
    assert_eq!((world.north().got.len(), world.south().got.len()), (1, 1));
    world.receipt(1, "c2-0", "DELIVRD");
    let id = world.last_id();
    assert_eq!((world.view(&id).status, &*world.view(&id).carrier), ("delivered", "south"));
}

#[test]
fn refused_everywhere_it_is_tried_again_after_pauses_and_then_fails() {
    let mut world = World::new();
    world.north().reply = Some(status::ESME_RSYSERR);
    world.south().reply = Some(status::ESME_RSYSERR);
    world.submit("hello");
    assert_eq!((world.north().got.len(), world.south().got.len()), (1, 1));
    assert_eq!(world.engine.queue_depth(1), 1);
    world.pass(30);
    let id = world.last_id();
    assert_eq!(world.view(&id).status, "failed");
    assert_eq!((world.engine.queue_depth(0), world.engine.queue_depth(1)), (0, 0));
}

#[test]
fn a_carrier_that_has_refused_is_not_tried_again_after_a_crash() {
    let mut world = World::new();
    world.north().reply = Some(status::ESME_RSYSERR);
    world.south().reply = None;
    world.submit("hello");
    assert_eq!((world.north().got.len(), world.south().got.len()), (1, 1));
    let id = world.last_id();
    world.crash();
    world.mood = Some(status::ESME_RSYSERR);
    world.connect(0);
    world.connect(1);
    world.bind();
    assert_eq!((world.north().got.len(), world.south().got.len()), (0, 1));
    world.pass(30);
    assert_eq!(world.north().got, []);
    assert_eq!(world.view(&id).status, "failed");
}

#[test]
fn a_carrier_that_takes_us_for_unbound_is_bound_anew() {
    let mut world = World::new();
    world.commits = false;
    world.post("hello").unwrap();
    let sid = world.north().sid;
    world.north().reply = Some(status::ESME_RINVBNDSTS);
    world.commits = true;
    let closing = world.run_until_closing();
    assert!(closing.contains(&sid));
    world.cut(0);
    world.connect(0);
    assert_eq!(world.north().got.last().unwrap().body, b"hello");
}

#[test]
fn a_late_answer_does_not_revive_a_message_that_has_failed() {
    let mut world = World::new();
    world.north().reply = None;
    let post = world.post(&"a".repeat(300)).unwrap();
    let sequences: Vec<u32> = world.north().got.iter().map(|g| g.sequence).collect();
    let submit = crate::smpp::command::SUBMIT_SM;
    world.north().session.respond(sequences[0], submit, 0, b"one");
    world.run();
    world.receipt(0, "one", "UNDELIV");
    world.north().session.respond(sequences[1], submit, 0, b"two");
    world.run();
    assert_eq!(world.view(&post.id.encode()).status, "undeliverable");
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn a_throttled_message_stays_first() {
    let mut world = World::new();
    world.north().reply = Some(status::ESME_RTHROTTLED);
    let sid = world.north().sid;
    world.post("one").unwrap();
    assert!(world.engine.tally().carriers[0].throttled > 0);
    world.north().reply = Some(0);
    world.north().got.clear();
    world.post("two").unwrap();
    let bodies: Vec<_> = world.north().got.iter().map(|g| g.body.clone()).collect();
    assert_eq!(bodies.last().unwrap(), b"two");
    assert_eq!(world.north().sid, sid);
    assert_eq!(world.engine.queue_depth(0), 0);
}

#[test]
fn what_a_cut_link_had_not_answered_is_sent_again_in_order() {
    let mut world = World::new();
    world.north().reply = None;
    for text in ["one", "two", "three"] {
        world.submit(text);
    }
    assert_eq!(world.engine.in_flight(0), 3);
    world.cut(0);
    assert_eq!((world.engine.in_flight(0), world.engine.queue_depth(0)), (0, 3));
    world.connect(0);
    let bodies: Vec<_> = world.north().got.iter().map(|g| g.body.clone()).collect();
    assert_eq!(bodies, [&b"one"[..], b"two", b"three"]);
}

#[test]
fn a_carrier_that_is_down_gives_its_queue_to_others() {
    let mut world = World::new();
    world.cut(0);
    world.submit("waiting");
    assert_eq!(world.south().got.len(), 0);
    world.engine.set_usable(0, false);
    assert_eq!(world.engine.reroute(0, world.now), 1);
    world.run();
    assert_eq!(world.south().got.len(), 1);
    world.submit("straight");
    assert_eq!(world.south().got.len(), 2);
}

#[test]
fn a_retry_that_finds_its_carrier_down_goes_to_another() {
    let mut world = World::new();
    world.engine.set_usable(1, false);
    world.north().reply = Some(status::ESME_RSYSERR);
    world.submit("hello");
    assert_eq!((world.north().got.len(), world.south().got.len()), (1, 0));
    world.cut(0);
    world.engine.set_usable(0, false);
    world.engine.set_usable(1, true);
    world.pass(3);
    assert_eq!(world.south().got.len(), 1);
    assert_eq!((world.engine.queue_depth(0), world.engine.queue_depth(1)), (0, 0));
}

#[test]
fn the_window_of_a_link_is_kept() {
    let mut world = World::new();
    world.north().reply = None;
    for n in 0..25 {
        world.submit(&format!("m{n}"));
    }
    assert_eq!(world.north().got.len(), 10);
    assert_eq!((world.engine.in_flight(0), world.engine.queue_depth(0)), (10, 15));
}

#[test]
fn what_a_crash_would_send_again_is_never_more_than_the_window() {
    let mut world = World::new();
    world.north().reply = None;
    for n in 0..25 {
        world.submit(&format!("m{n}"));
    }
    world.commits = false;
    let first = world.north().got.clone();
    for got in &first {
        let id = format!("a{}", got.sequence);
        world.north().session.respond(got.sequence, crate::smpp::command::SUBMIT_SM, 0, id.as_bytes());
    }
    world.run();
    assert_eq!((world.engine.in_flight(0), world.north().got.len()), (0, 10));
    world.commits = true;
    world.run();
    assert_eq!(world.north().got.len(), 20);
}

#[test]
fn validity_runs_out_in_the_queue() {
    let mut world = World::empty(config());
    world.bind();
    world.submit("late");
    world.now += 86_401 * SECOND;
    world.pass(2);
    let id = world.last_id();
    assert_eq!(world.view(&id).status, "expired");
    assert_eq!(world.esme().got[0].state, Some(3));
}

#[test]
fn a_validity_that_the_sender_set_goes_on_to_the_carrier() {
    let mut world = World::new();
    world.post("node's own").unwrap();
    assert_eq!(world.north().got[0].validity, b"");
    let post = crate::engine::Post {
        from: NUMBER,
        to: CONTACT,
        text: Some("x"),
        validity_ms: 3_600_000,
        ..Default::default()
    };
    world.engine.post(0, &post, world.now).unwrap();
    world.run();
    assert_eq!(world.north().got[1].validity, b"000000010000000R");
}

#[test]
fn what_waited_for_a_carrier_that_is_no_more_goes_to_another() {
    let mut world = World::empty(config());
    world.bind();
    world.submit("waiting");
    let mut without = config();
    without.carriers[0].id = "east".into();
    world.restart(without);
    world.connect(0);
    assert_eq!(world.north().got[0].body, b"waiting");
}

#[test]
fn no_receipt_by_validity_and_grace_is_unknown() {
    let mut world = World::new();
    let post = world.post("hello").unwrap();
    world.now += (86_400 + 3_601) * SECOND;
    world.pass(2);
    assert_eq!(world.view(&post.id.encode()).status, "unknown");
}

#[test]
fn cancelling_is_possible_until_it_has_left() {
    let mut world = World::empty(config());
    let post = world.post("hello").unwrap();
    assert_eq!(world.engine.cancel(post.id, 1, world.now), None);
    assert_eq!(world.engine.cancel(post.id, 0, world.now), Some(true));
    world.run();
    assert_eq!((world.view(&post.id.encode()).status, world.engine.queue_depth(0)), ("cancelled", 0));
    world.connect(0);
    assert_eq!(world.north().got, []);
    let post = world.post("gone").unwrap();
    assert_eq!(world.engine.cancel(post.id, 0, world.now), Some(false));
}

#[test]
fn a_receipt_waits_while_the_esme_is_away() {
    let mut world = World::new();
    world.submit("hello");
    world.leave();
    world.receipt(0, "c1-0", "DELIVRD");
    assert_eq!(world.engine.alive(), 1);
    world.bind();
    assert_eq!(world.esme().got.len(), 1);
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn an_esme_that_cannot_take_it_now_is_told_again() {
    let mut world = World::new();
    world.submit("hello");
    world.esme().reply = Some(status::ESME_RX_T_APPN);
    world.receipt(0, "c1-0", "DELIVRD");
    assert_eq!(world.esme().got.len(), 1);
    world.esme().reply = Some(0);
    world.pass(3);
    assert_eq!(world.esme().got.len(), 2);
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn the_node_is_full_and_says_so() {
    let mut full = config();
    full.limits.live = 2;
    let mut world = World::empty(full);
    world.bind();
    for text in ["one", "two", "three"] {
        world.submit(text);
    }
    let statuses: Vec<_> = world.esme().answers.iter().map(|a| a.1).collect();
    assert_eq!(statuses, [status::ESME_RMSGQFUL, 0, 0].into_iter().rev().collect::<Vec<_>>());
    assert_eq!(world.post("four").unwrap_err().code, "node_full");
}

#[test]
fn what_cannot_be_sent_is_refused_with_a_reason() {
    let mut world = World::new();
    let post = |from, to| crate::engine::Post { from, to, text: Some("x"), ..Default::default() };
    for (from, to, code) in
        [(NUMBER, "", "bad_destination"), (NUMBER, "hello", "bad_destination"), ("", CONTACT, "bad_source")]
    {
        assert_eq!(world.engine.post(0, &post(from, to), world.now).unwrap_err().code, code);
    }
    assert_eq!(world.engine.post(1, &post(NUMBER, CONTACT), world.now).unwrap_err().code, "source_not_owned");
    let mut bare = config();
    bare.routes.clear();
    bare.numbers[0].carrier = None;
    let mut world = World::with(bare);
    assert_eq!(world.post("hello").unwrap_err().code, "no_route");
}

#[test]
fn the_page_of_a_response_waits_a_moment_for_company_and_then_goes_alone() {
    let answered = || {
        let mut world = World::new();
        world.north().reply = None;
        world.submit("hello");
        world.commits = false;
        let sequence = world.north().got[0].sequence;
        world.north().session.respond(sequence, crate::smpp::command::SUBMIT_SM, 0, b"taken");
        world.run();
        assert!(world.engine.is_dirty());
        assert_eq!(world.engine.close_page_at(world.now), Err(crate::engine::AtLeisure));
        world
    };
    let mut alone = answered();
    let page = alone.engine.close_page_at(alone.now + 1_000).unwrap();
    assert!(page.is_some_and(|page| !page.journal.is_empty()));
    let mut joined = answered();
    joined.submit("and another");
    assert!(joined.engine.close_page_at(joined.now).unwrap().is_some());
}
