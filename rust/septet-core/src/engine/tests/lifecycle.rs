//! Nobody waits for ever: every way in which a message ends is told to whoever asked for it, once, wherever the node dies.

use super::world::{CONTACT, Got, NUMBER, WALL, World, config};
use crate::clock::SECOND;
use crate::engine::quirks::LongText;
use crate::engine::tables::Config;
use crate::engine::{HookKind, Post, view_of_record};
use crate::smpp::command;
use crate::smpp::pdu::Value;
use crate::smpp::sm::{Addr, Sm};
use crate::smpp::status;

const FIVE_SECONDS: &[u8] = b"000000000005000R";
const HOUR: &[u8] = b"000000010000000R";
const HOUR_MS: u64 = 3_600_000;

/// A way to end.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    setting: fn(&mut Config),
    /// Until the message is acknowledged and stands where it ends; gets a registered_delivery.
    begin: fn(&mut World, u8),
    /// From there to its end, in the same node or in the next.
    end: fn(&mut World),
    status: &'static str,
    /// message_state (5.2.28).
    state: u32,
}

fn submit_text(world: &mut World, registered: u8, text: &[u8], schedule: &[u8], validity: &[u8]) {
    world.submit_with(&Sm {
        source: Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() },
        dest: Addr { ton: 1, npi: 1, addr: CONTACT.as_bytes() },
        short_message: text,
        registered,
        schedule,
        validity,
        ..Sm::default()
    });
}

fn submit(world: &mut World, registered: u8, validity: &[u8]) {
    submit_text(world, registered, b"hello", b"", validity);
}

const LONG: [u8; 200] = [b'x'; 200];

fn nothing(_config: &mut Config) {}

fn impatient(config: &mut Config) {
    config.carriers[0].response_timeout = 2 * SECOND;
    config.limits.unknown_grace_ms = 3_000;
}

fn holding(config: &mut Config) {
    impatient(config);
    config.carriers[0].hold = true;
}

fn narrow(config: &mut Config) {
    config.carriers[0].window = 1;
    config.carriers[0].retry_base = SECOND / 10;
}

/// The carrier is down.
fn unreached(world: &mut World, registered: u8) {
    world.cut(0);
    submit(world, registered, FIVE_SECONDS);
}

/// The carrier has it and says nothing.
fn unanswered(world: &mut World, registered: u8) {
    world.north().reply = None;
    submit(world, registered, FIVE_SECONDS);
    assert_eq!(world.north().got.len(), 1);
}

fn taken(world: &mut World, registered: u8) {
    submit(world, registered, FIVE_SECONDS);
}

fn refused_for_now(world: &mut World, registered: u8) {
    world.north().reply = Some(status::ESME_RSYSERR);
    submit(world, registered, HOUR);
}

fn time_passes(world: &mut World) {
    world.pass(12);
}

/// Its carrier is there, and answers so.
fn answered(world: &mut World, mood: Option<u32>) {
    world.mood = mood;
    match &mut world.carriers[0] {
        Some(end) => end.reply = mood,
        None => world.connect(0),
    }
    world.pass(12);
}

fn receipt(world: &mut World, stat: &str) {
    if world.carriers[0].is_none() {
        world.connect(0);
    }
    world.receipt(0, "c1-0", stat);
}

/// The node comes back, and its carrier is not in the configuration any more.
fn removed(world: &mut World) {
    let mut config = world.engine.config().clone();
    config.carriers[0].id = "elsewhere".into();
    config.routes.clear();
    world.restart(config);
    world.bind();
    world.pass(12);
}

fn cancel(world: &mut World, fields: &[(&str, &[u8])]) {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), Value::Text(value.to_vec())));
    assert_eq!(world.ask(command::CANCEL_SM, fields.collect(), vec![]).status, 0);
}

#[allow(clippy::too_many_lines, reason = "a table")]
fn ways() -> Vec<Way> {
    let way = |name, setting, begin, end, status, state| Way { name, setting, begin, end, status, state };
    vec![
        way("its validity runs out in the queue", nothing, unreached, time_passes, "expired", 3),
        way(
            "its validity runs out while it rests after a refusal",
            |config| config.carriers[0].retry_base = 8 * SECOND,
            |world, registered| {
                world.north().reply = Some(status::ESME_RSYSERR);
                submit(world, registered, b"000000000003000R");
            },
            |world| answered(world, Some(status::ESME_RSYSERR)),
            "expired",
            3,
        ),
        way("it is never answered", impatient, unanswered, |world| answered(world, None), "expired", 3),
        way("it is never answered and held", holding, unanswered, |world| answered(world, None), "unknown", 7),
        way("it is never answered, held, and its carrier removed", holding, unanswered, removed, "unknown", 7),
        way("no receipt comes", impatient, taken, time_passes, "unknown", 7),
        way(
            "one part has its receipt and the other never",
            impatient,
            |world, registered| {
                submit_text(world, registered, &LONG, b"", FIVE_SECONDS);
                world.receipt(0, "c1-0", "DELIVRD");
            },
            time_passes,
            "unknown",
            7,
        ),
        way(
            "one part is taken and the carrier goes away",
            narrow,
            |world, registered| {
                world.north().reply = None;
                submit_text(world, registered, &LONG, b"", FIVE_SECONDS);
                world.answer(0, "first");
                assert_eq!(world.north().got.len(), 1, "the second");
                world.cut(0);
            },
            time_passes,
            "expired",
            3,
        ),
        way(
            "it is scheduled beyond its validity",
            nothing,
            |world, registered| submit_text(world, registered, b"hello", HOUR, FIVE_SECONDS),
            time_passes,
            "expired",
            3,
        ),
        way(
            "its sender cancels it",
            nothing,
            unreached,
            |world| {
                let id = String::from_utf8(world.oldest()).unwrap();
                cancel(world, &[("message_id", id.as_bytes()), ("source_addr", NUMBER.as_bytes())]);
            },
            "cancelled",
            4,
        ),
        way(
            "its sender cancels all between two numbers",
            nothing,
            unreached,
            |world| cancel(world, &[("source_addr", NUMBER.as_bytes()), ("destination_addr", CONTACT.as_bytes())]),
            "cancelled",
            4,
        ),
        way(
            "its sender cancels it before it may leave",
            nothing,
            |world, registered| submit_text(world, registered, b"hello", HOUR, b""),
            |world| cancel(world, &[("source_addr", NUMBER.as_bytes()), ("destination_addr", CONTACT.as_bytes())]),
            "cancelled",
            4,
        ),
        way("its carrier cancels it", nothing, taken, |world| receipt(world, "DELETED"), "cancelled", 4),
        way(
            "its tries are used up",
            nothing,
            refused_for_now,
            |world| answered(world, Some(status::ESME_RSYSERR)),
            "failed",
            5,
        ),
        way(
            "the tries of a long text are used up in a narrow window",
            narrow,
            |world, registered| {
                world.cut(0);
                submit_text(world, registered, &LONG, b"", HOUR);
            },
            |world| answered(world, Some(status::ESME_RSYSERR)),
            "failed",
            5,
        ),
        way(
            "its carrier refuses it for good",
            nothing,
            unreached,
            |world| answered(world, Some(status::ESME_RINVDSTADR)),
            "rejected",
            8,
        ),
        way("its carrier is removed before it has it", nothing, unreached, removed, "expired", 3),
        way("its carrier is removed before its receipt", impatient, taken, removed, "unknown", 7),
        way(
            "its recipient opts out while it waits",
            |config| config.numbers[0].stop_reply.clear(),
            |world, registered| {
                unreached(world, registered);
                world.send_up(
                    1,
                    &Sm {
                        source: Addr { ton: 1, npi: 1, addr: CONTACT.as_bytes() },
                        dest: Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() },
                        short_message: b"STOP",
                        ..Sm::default()
                    },
                );
            },
            |world| answered(world, Some(0)),
            "blocked",
            8,
        ),
        way("it is delivered", nothing, taken, |world| receipt(world, "DELIVRD"), "delivered", 2),
        way("it cannot be delivered", nothing, taken, |world| receipt(world, "UNDELIV"), "undeliverable", 5),
        way("it expires at its carrier", nothing, taken, |world| receipt(world, "EXPIRED"), "expired", 3),
        way("it is rejected by receipt", nothing, taken, |world| receipt(world, "REJECTD"), "rejected", 8),
        way("its carrier does not know", nothing, taken, |world| receipt(world, "UNKNOWN"), "unknown", 7),
    ]
}

/// Where the node dies.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Death {
    Never,
    /// Between the acknowledgement and the end.
    Before,
    /// After the end, with the news on its way.
    After,
}

fn receipts(world: &mut World) -> Vec<Got> {
    let got = std::mem::take(&mut world.esme().got);
    got.into_iter().filter(|got| got.esm_class & 0x3C == 4).collect()
}

fn run(way: &Way, registered: u8, death: Death) -> (World, Vec<Got>) {
    let mut config = config();
    config.routes[0].failover.clear();
    (way.setting)(&mut config);
    let mut world = World::with(config);
    (way.begin)(&mut world, registered);
    assert_eq!(receipts(&mut world), [], "{}: not yet", way.name);
    let mut told = Vec::new();
    match death {
        Death::Never => {}
        Death::Before => {
            world.mood = world.carriers[0].as_ref().map_or(Some(0), |end| end.reply);
            world.crash();
            world.bind();
            told = receipts(&mut world);
        }
        Death::After => {
            world.esme_mood = None;
            world.esme().reply = None;
        }
    }
    (way.end)(&mut world);
    told.append(&mut receipts(&mut world));
    if death == Death::After {
        // The ESME had it in its hands and never said so.
        let unsaid = std::mem::take(&mut told);
        world.esme_mood = Some(0);
        world.crash();
        world.bind();
        told = receipts(&mut world);
        assert_eq!(unsaid.len(), told.len(), "{}", way.name);
    }
    (world, told)
}

/// Not what the recipient wrote.
fn ours(text: &str) -> bool {
    text == "hello" || text.as_bytes() == LONG
}

#[test]
fn every_end_is_told_once_to_whoever_asked_for_it() {
    for way in ways() {
        for death in [Death::Never, Death::Before, Death::After] {
            for registered in 0..4 {
                let (mut world, told) = run(&way, registered, death);
                let name = format!("{}, registered_delivery {registered}, death {death:?}", way.name);
                let asked =
                    if way.status == "delivered" { [false, true, false, true] } else { [false, true, true, false] };
                let states: Vec<_> = told.iter().map(|got| got.state).collect();
                let expected = if asked[registered as usize] { vec![Some(way.state)] } else { vec![] };
                assert_eq!(states, expected, "{name}");
                if registered > 0 {
                    assert_eq!(world.engine.alive(), 0, "{name}");
                    assert_eq!((world.engine.queue_depth(0), world.engine.in_flight(0)), (0, 0), "{name}");
                    let views = world.log.iter().filter_map(|row| view_of_record(&row.record).ok());
                    let ended: Vec<_> =
                        views.filter(|v| v.text.as_deref().is_some_and(ours)).map(|v| v.status).collect();
                    assert_eq!(ended, [way.status], "{name}");
                }
                // And never again.
                world.crash();
                world.bind();
                world.pass(2);
                assert_eq!(receipts(&mut world), [], "{name}");
            }
        }
    }
}

#[test]
fn a_withdrawn_message_of_the_api_raises_its_one_event() {
    let mut config = config();
    config.accounts[0].webhook = true;
    let mut world = World::empty(config);
    let posted = world.post("hello").unwrap();
    assert_eq!(world.engine.cancel(posted.id, 0, world.now), Some(true));
    world.run();
    let [hook] = &world.engine.take_hooks(0, 10)[..] else { panic!("one event") };
    assert_eq!((hook.kind, hook.view.status), (HookKind::Failed, "cancelled"));
}

#[test]
fn the_parts_of_one_try_are_one_try() {
    let mut config = config();
    config.routes[0].failover.clear();
    let mut world = World::with(config);
    world.north().reply = Some(status::ESME_RSYSERR);
    world.submit(&"three parts ".repeat(30));
    assert_eq!(world.north().got.len(), 3);
    world.pass(12);
    assert_eq!(world.north().got.len(), 9, "the first try and retry_attempts more");
    assert_eq!(world.esme().got.len(), 1);
    assert_eq!((world.engine.queue_depth(0), world.engine.in_flight(0)), (0, 0));
}

#[test]
fn a_long_text_in_a_narrow_window_rests_between_its_tries() {
    let mut config = config();
    config.routes[0].failover.clear();
    narrow(&mut config);
    let mut world = World::with(config);
    world.north().reply = Some(status::ESME_RSYSERR);
    world.submit(std::str::from_utf8(&LONG).unwrap());
    assert_eq!(world.north().got.len(), 1);
    world.north().reply = Some(0);
    world.pass(1);
    assert_eq!(world.view(&world.oldest()).status, "submitted");
    assert_eq!(world.north().got.len(), 3);
}

#[test]
fn what_a_removed_carrier_left_goes_over_another_and_is_held_by_it() {
    let mut config = config();
    config.carriers[1].hold = true;
    config.carriers[1].quirks.long_text = LongText::Udh16;
    let mut world = World::with(config.clone());
    world.cut(0);
    world.cut(1);
    world.submit(std::str::from_utf8(&LONG).unwrap());
    world.submit("short");
    let id = world.last_id();
    config.carriers[0].id = "elsewhere".into();
    config.routes[0].carriers = vec![(1, 1)];
    world.restart(config.clone());
    world.mood = None;
    world.connect(1);
    let got = std::mem::take(&mut world.south().got);
    assert_eq!(got.len(), 3);
    assert_eq!(got[0].body[..3], [6, 8, 4], "cut as this carrier wants it");
    // It was written to a carrier that holds: that outlives the next crash.
    world.crash();
    world.connect(1);
    world.bind();
    world.pass(1);
    assert_eq!(world.south().got, []);
    assert_eq!(world.view(&id).status, "unknown");
    assert_eq!(receipts(&mut world).len(), 2);
}

#[test]
fn a_scheduled_message_leaves_by_the_wall_clock_however_it_jumps() {
    for jump_ms in [HOUR_MS as i64, -(HOUR_MS as i64)] {
        for crash in [false, true] {
            let mut world = World::new();
            let due = WALL as u64 + 2 * HOUR_MS;
            let post = Post { from: NUMBER, to: CONTACT, text: Some("later"), due, ..Post::default() };
            let id = world.engine.post(0, &post, world.now).unwrap().id.encode();
            world.run();
            if crash {
                world.crash();
                world.connect(0);
            }
            world.engine.set_wall_zero(WALL + jump_ms);
            let left = (2 * HOUR_MS as i64 - jump_ms) as u64 * 1_000;
            world.now = left - 2 * SECOND;
            world.pass(1);
            assert_eq!(world.view(&id).status, "scheduled", "{jump_ms}");
            world.pass(2);
            assert_eq!(world.view(&id).status, "submitted", "{jump_ms}");
        }
    }
}

#[test]
fn a_validity_that_its_sender_leaves_open_counts_from_when_it_may_leave() {
    let mut config = config();
    config.limits.validity_ms = HOUR_MS / 2;
    config.limits.validity_max_ms = HOUR_MS / 2;
    let mut world = World::with(config);
    submit_text(&mut world, 1, b"hello", HOUR, b"");
    let id = world.last_id();
    world.now += 3_595 * SECOND;
    world.pass(1);
    assert_eq!(world.view(&id).status, "scheduled");
    world.pass(10);
    assert_eq!(world.view(&id).status, "submitted");
}
