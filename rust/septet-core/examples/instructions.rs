//! A fixed amount of work of the core, for counting its instructions: `bench/instructions.py` runs it under callgrind.
//!
//! ```text
//! cargo run --release -p septet-core --example instructions -- engine 10000
//! ```
//!
//! `text` and `codec` are what their names say. `engine` is the way of a message whole, in memory: the generator, the
//! engine with its journal, and the simulated carrier, receipts on; the same seed and the same clock each time.
use std::hint::black_box;

use septet_core::clock::{Micros, SECOND};
use septet_core::engine::Engine;
use septet_core::engine::quirks::CarrierQuirks;
use septet_core::engine::tables::{Account, Carrier, Config, Limits, Route, Smpp};
use septet_core::load::{Load, Options};
use septet_core::sim;
use septet_core::smpp::frame::{self, Front};
use septet_core::smpp::session::BindMode;
use septet_core::smpp::{Addr, Sm, command};
use septet_core::text::{SegmentOptions, segment};

const TEXT: &str = "Your parcel arrives today between ten and noon; please bring this message along. No. ";

fn text(count: u64) {
    for number in 0..count {
        let units = if number % 10 == 0 { "заказ готов" } else { "" };
        let text = format!("{TEXT}{number}{units}{}", if number % 4 == 0 { TEXT } else { "" });
        black_box(segment(&text, &SegmentOptions::default()).expect("a text of few parts"));
    }
}

fn codec(count: u64) {
    let mut octets = Vec::new();
    for number in 0..count {
        let dest = format!("4670{number:07}");
        let sm = Sm {
            source: Addr { ton: 0, npi: 1, addr: b"12345" },
            dest: Addr { ton: 1, npi: 1, addr: dest.as_bytes() },
            registered: 1,
            short_message: TEXT.as_bytes(),
            ..Sm::default()
        };
        frame::put(&mut octets, command::SUBMIT_SM, 0, number as u32 + 1, |out| sm.write(command::SUBMIT_SM, out));
    }
    let mut rest = &octets[..];
    while let Front::Pdu(header, body, later) = frame::front(rest, 70_000) {
        black_box(Sm::parse(header.command, body).expect("as it was written"));
        rest = later;
    }
    assert!(rest.is_empty());
}

fn config() -> Config {
    let window = 1000;
    Config {
        accounts: vec![Account { id: "bench".into(), window, deliver_window: window, ..Account::default() }],
        carriers: vec![Carrier {
            id: "carrier".into(),
            centre: 0,
            mode: BindMode::Transceiver,
            links: 1,
            window,
            system_id: "septet".into(),
            password: "secret".into(),
            system_type: String::new(),
            address_range: String::new(),
            service_type: String::new(),
            enquire_link: 30 * SECOND,
            response_timeout: 60 * SECOND,
            source: (None, None),
            dest: (None, None),
            retry_attempts: 2,
            retry_base: SECOND,
            retry_max: 10 * SECOND,
            interface_version: 0x34,
            hold: false,
            query_after_ms: 60_000,
            cancels: true,
            replaces: true,
            outbind: None,
            quirks: CarrierQuirks::default(),
        }],
        numbers: Vec::new(),
        keywords: Vec::new(),
        routes: vec![Route { prefixes: vec![String::new()], carriers: vec![(0, 1)], ..Route::default() }],
        words: Vec::new(),
        limits: Limits::default(),
        smpp: Smpp::default(),
    }
}

/// Turns of a millisecond: everybody reads, the page is committed, everybody writes.
fn engine(count: u64) {
    let mut now: Micros = SECOND;
    let mut engine = Engine::new(config(), [7; 32], 1_700_000_000_000).expect("sound tables");
    let mut carrier = sim::Carrier::new(sim::Options { keep: 0, window: 1000, ..Default::default() }, 1, 0);
    let mut load = Load::new(Options {
        window: 1000,
        count,
        receipts: true,
        system_id: b"bench".to_vec(),
        source: b"12345".to_vec(),
        ..Options::default()
    })
    .expect("sound options");
    let (esme, link) = (engine.open_esme(now), engine.open_link(0, 0, now));
    let (submitter, far) = (load.open(now), carrier.open(now));
    engine.set_usable(0, true);
    for _ in 0..100_000 {
        load.fill(submitter, now);
        let submits = std::mem::take(load.output(submitter).expect("opened"));
        engine.receive(esme, &submits, now);
        let back = carrier.output(far);
        engine.receive(link, &back, now);
        let attention = engine.attention();
        for sid in attention.binds {
            engine.accept_bind(sid, 0, now);
        }
        for sid in attention.inboxes {
            engine.admit(sid, u64::MAX, false, now);
        }
        engine.pump(0, u32::MAX, now);
        engine.deliver(0, now);
        while let Some(page) = engine.close_page() {
            engine.committed(page.seq, now);
            black_box(page);
        }
        carrier.receive(far, &engine.output(link), now);
        carrier.tick(now);
        load.receive(submitter, &engine.output(esme), now);
        if load.done() {
            break;
        }
        now += 1_000;
        engine.tick(now);
    }
    let report = load.report();
    assert!(report.success, "{report:?}");
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let count = arguments.get(2).and_then(|count| count.parse().ok()).unwrap_or(10_000);
    match arguments.get(1).map(String::as_str) {
        Some("text") => text(count),
        Some("codec") => codec(count),
        Some("engine") => engine(count),
        other => {
            eprintln!("{other:?} is none of text, codec and engine");
            std::process::exit(2);
        }
    }
}
