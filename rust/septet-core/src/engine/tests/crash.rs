//! Promise 1 as a property: whatever happens, and wherever the node dies, what was acknowledged is not lost.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::world::{CONTACT, NUMBER, World, config};
use crate::clock::SECOND;
use crate::engine::quirks::{IdForm, LongText};
use crate::smpp::status;

const LONG_TEXTS: [LongText; 4] = [LongText::Udh8, LongText::Udh16, LongText::Sar, LongText::Payload];

/// Who gets one text in a batch.
const MANY: [&str; 4] = [CONTACT, "46702", "46703", "46704"];

#[derive(Clone, Debug)]
enum Step {
    Submit,
    Long,
    Post,
    Many,
    Receipt(usize, usize),
    Cut,
    Throttle,
    Refuse,
    Busy,
    Calm,
    HoldCommits,
    Leave,
    Crash,
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Submit),
        2 => Just(Step::Long),
        3 => Just(Step::Post),
        3 => Just(Step::Many),
        5 => (0usize..8, 0..MANY.len()).prop_map(|(n, to)| Step::Receipt(n, to)),
        1 => Just(Step::Cut),
        1 => Just(Step::Throttle),
        1 => Just(Step::Refuse),
        1 => Just(Step::Busy),
        2 => Just(Step::Calm),
        1 => Just(Step::HoldCommits),
        1 => Just(Step::Leave),
        2 => Just(Step::Crash),
        2 => Just(Step::Wait),
    ]
}

/// What the outside has seen: acknowledged texts and ids, and what the carriers received.
#[derive(Default)]
struct Seen {
    sent: BTreeMap<Vec<u8>, Vec<u8>>,
    received: BTreeSet<Vec<u8>>,
    /// The same by destination.
    reached: BTreeSet<(Vec<u8>, Vec<u8>)>,
    receipts: BTreeSet<Vec<u8>>,
}

impl Seen {
    /// Notes what the peers have; the order of answers is the order of submits.
    fn note(&mut self, world: &mut World, asked: &mut Vec<Vec<u8>>) {
        if let Some(end) = world.esme.as_mut() {
            for (_, code, id) in end.answers.drain(..) {
                let text = asked.remove(0);
                assert_eq!(code, 0);
                self.sent.insert(text, id);
            }
            self.receipts.extend(end.got.drain(..).filter_map(|got| got.receipted));
        }
        for end in world.carriers.iter_mut().flatten() {
            for got in end.got.drain(..) {
                self.reached.insert((got.dest, got.body.clone()));
                self.received.insert(got.body);
            }
        }
    }
}

fn reconnect(world: &mut World) {
    for carrier in 0..2 {
        if world.carriers[carrier as usize].is_none() {
            world.connect(carrier);
        }
    }
    if world.esme.is_none() {
        world.bind();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_acknowledged_is_lost(
        steps in proptest::collection::vec(step(), 1..40),
        long_texts in (0usize..4, 0usize..4),
        fold_case: bool,
        destinations in 1u8..4,
        spill in proptest::option::of((1usize..4, 1usize..2_000)),
    ) {
        let mut config = config();
        if let Some((hot, journal)) = spill {
            (config.limits.hot, config.limits.journal) = (hot, journal);
        }
        for (carrier, long_text) in config.carriers.iter_mut().zip([long_texts.0, long_texts.1]) {
            carrier.retry_attempts = u8::MAX;
            carrier.query_after_ms = 2_000;
            carrier.quirks.destinations = destinations;
            carrier.quirks.long_text = LONG_TEXTS[long_text];
            carrier.quirks.message_id = IdForm { fold_case, ..IdForm::default() };
        }
        let mut world = World::with(config);
        let mut seen = Seen::default();
        let mut asked: Vec<Vec<u8>> = Vec::new();
        let (mut posted, mut batches) = (BTreeMap::new(), Vec::new());
        for (n, step) in steps.into_iter().enumerate() {
            match step {
                Step::Submit | Step::Long => {
                    reconnect(&mut world);
                    let mut text = format!("s{n:03} ").into_bytes();
                    if matches!(step, Step::Long) {
                        text.resize(200, b'x');
                    }
                    asked.push(text.clone());
                    world.submit_sm(&text, 0, 0, 1);
                }
                Step::Post => {
                    let text = format!("p{n:03}");
                    let post = world.engine.post(0, &crate::engine::Post {
                        from: NUMBER, to: CONTACT, text: Some(&text), receipt: true,
                        ..Default::default()
                    }, world.now).unwrap();
                    let page = world.engine.page();
                    world.run();
                    if world.commits {
                        prop_assert!(world.pages.last().is_none_or(|p| p.seq >= page));
                        posted.insert(text.into_bytes(), post.id);
                    }
                }
                Step::Many => {
                    let text = format!("m{n:03}");
                    let batch = world.post_to(&MANY, &text);
                    if world.commits {
                        batches.extend(MANY.iter().zip(batch).map(|(to, one)| (*to, text.clone(), one.unwrap().id)));
                    }
                }
                Step::Receipt(n, to) => {
                    let Some(end) = &world.carriers[0] else { continue };
                    let taken = end.taken;
                    if taken > 0 {
                        world.receipt_about(0, MANY[to], &format!("c1-{}", n % taken), "DELIVRD");
                    }
                }
                Step::Cut if world.carriers[0].is_some() => world.cut(0),
                Step::Leave if world.esme.is_some() => {
                    seen.note(&mut world, &mut asked);
                    asked.clear();
                    world.leave();
                }
                Step::Throttle | Step::Refuse | Step::Busy | Step::Calm => {
                    let reply = match step {
                        Step::Throttle => Some(status::ESME_RTHROTTLED),
                        // It goes on to the other carrier, cut anew where that wants it otherwise.
                        Step::Refuse => Some(status::ESME_RSYSERR),
                        Step::Busy => None,
                        _ => Some(0),
                    };
                    world.carriers.iter_mut().flatten().for_each(|end| end.reply = reply);
                    world.commits = true;
                    if reply != Some(status::ESME_RTHROTTLED) {
                        world.run();
                    }
                }
                Step::HoldCommits => world.commits = false,
                Step::Crash => {
                    seen.note(&mut world, &mut asked);
                    asked.clear();
                    world.crash();
                    world.commits = true;
                    reconnect(&mut world);
                }
                Step::Wait => world.pass(1),
                Step::Cut | Step::Leave => {}
            }
            seen.note(&mut world, &mut asked);
        }
        // In the end everybody behaves.
        world.commits = true;
        reconnect(&mut world);
        world.carriers.iter_mut().flatten().for_each(|end| end.reply = Some(0));
        world.now += 61 * SECOND;
        world.pass(20);
        reconnect(&mut world);
        world.pass(5);
        seen.note(&mut world, &mut asked);
        for text in seen.sent.keys().chain(posted.keys()) {
            let found = if text.len() == 200 {
                seen.received.iter().any(|body| body.windows(5).any(|part| part == &text[..5]))
            } else {
                seen.received.contains(text)
            };
            prop_assert!(found, "lost: {}", String::from_utf8_lossy(text));
        }
        for (to, text, id) in batches {
            let key = (to.as_bytes().to_vec(), text.clone().into_bytes());
            prop_assert!(seen.reached.contains(&key), "lost: {text} to {to}");
            let status = world.view(&id.encode()).status;
            prop_assert!(matches!(status, "submitted" | "delivered"), "{status}");
        }
        for id in seen.sent.values() {
            let status = world.view(id).status;
            prop_assert!(matches!(status, "submitted" | "delivered"), "{status}");
            if status == "delivered" {
                prop_assert!(seen.receipts.contains(id), "the receipt is lost");
            }
        }
        prop_assert_eq!(world.engine.queue_depth(0) + world.engine.queue_depth(1), 0);
        prop_assert_eq!(world.engine.in_flight(0) + world.engine.in_flight(1), 0);
    }
}
