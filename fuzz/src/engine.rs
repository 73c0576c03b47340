//! The journal's way back: any octets, and genuine pages with octets changed, are state or an error, never a panic.

use std::sync::OnceLock;

use septet_core::clock::SECOND;
use septet_core::engine::quirks::CarrierQuirks;
use septet_core::engine::tables::{Account, Carrier, Config, Limits, Number, Route, Smpp};
use septet_core::engine::{Engine, Filter, Post, View, view_of_record};
use septet_core::smpp::command::version;
use septet_core::smpp::session::BindMode;

use crate::steer::Steer;

const WALL: i64 = 1_700_000_000_000;

fn engine() -> Engine {
    let config = Config {
        accounts: vec![Account {
            id: "acme".into(),
            window: 10,
            deliver_window: 10,
            mo_smpp: true,
            ..Account::default()
        }],
        carriers: vec![Carrier {
            id: "north".into(),
            centre: 0,
            mode: BindMode::Transceiver,
            links: 1,
            window: 10,
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
            interface_version: version::V34,
            hold: false,
            query_after_ms: 60_000,
            cancels: true,
            replaces: true,
            outbind: None,
            quirks: CarrierQuirks { destinations: 3, ..CarrierQuirks::default() },
        }],
        numbers: vec![Number { address: "12345".into(), account: Some(0), carrier: Some(0), ..Number::default() }],
        keywords: Vec::new(),
        routes: vec![Route { prefixes: vec![String::new()], carriers: vec![(0, 1)], ..Route::default() }],
        words: Vec::new(),
        limits: Limits { validity_ms: 1_000, ..Limits::default() },
        smpp: Smpp::default(),
    };
    Engine::new(config, [7; 32], WALL).expect("the tables are sound")
}

/// Pages and log records.
type Journal = (Vec<Vec<u8>>, Vec<Vec<u8>>);

/// Those that an engine wrote itself.
fn genuine() -> &'static Journal {
    static PAGES: OnceLock<Journal> = OnceLock::new();
    PAGES.get_or_init(|| {
        let mut engine = engine();
        engine.set_usable(0, true);
        let long = "long € ".repeat(60);
        for (text, data) in [(Some("short"), &b""[..]), (Some("😀ж"), b""), (Some(&long[..]), b""), (None, b"\x01\xFF")]
        {
            let post = Post {
                from: "12345",
                to: "46701234567",
                text,
                data,
                validity_ms: 1_000,
                receipt: true,
                client_ref: "ref",
                tags: "a\u{1f}b",
                ..Post::default()
            };
            engine.post(0, &post, SECOND).expect("a message is taken");
        }
        let (mut pages, mut rows) = (Vec::new(), Vec::new());
        let mut now = SECOND;
        for _ in 0..50 {
            if let Some(page) = engine.close_page() {
                engine.committed(page.seq, now);
                rows.extend(page.log.into_iter().map(|row| row.record));
                pages.push(page.journal);
            }
            now += 60 * SECOND;
            engine.tick(now);
        }
        assert!(pages.iter().any(|page| page.len() > 100), "nothing was journalled");
        assert!(!rows.is_empty(), "nothing was folded");
        (pages, rows)
    })
}

/// Octets changed, cut out, put in.
fn changed(octets: &[u8], steer: &mut Steer<'_>) -> Vec<u8> {
    let mut out = octets.to_vec();
    for _ in 0..steer.octet() % 8 {
        let (at, how, value) = (usize::from(steer.word()), steer.octet(), steer.octet());
        let at = if out.is_empty() { 0 } else { at % out.len() };
        match how % 4 {
            0 | 1 if !out.is_empty() => out[at] = value,
            2 => out.insert(at, value),
            3 => out.truncate(at),
            _ => {}
        }
    }
    out
}

/// Any octets as a journal page and as a log record.
pub fn any(data: &[u8]) {
    let mut steer = Steer::new(data);
    let flags = steer.octet();
    let (pages, rows) = genuine();
    let which = usize::from(flags >> 2);
    match flags & 3 {
        0 => record(&changed(&rows[which % rows.len()], &mut steer)),
        1 => record(steer.clone().all()),
        2 => {
            let pages: Vec<_> = pages.iter().map(|page| changed(page, &mut steer)).collect();
            replayed(&pages, flags & 4 == 0);
        }
        _ => {
            let kind = steer.octet();
            let body = steer.all();
            let head = [&[1, kind][..], &(body.len() as u32).to_le_bytes(), body].concat();
            replayed(&[pages[which % pages.len()].clone(), head, body.to_vec()], true);
        }
    }
}

fn record(octets: &[u8]) {
    match view_of_record(octets) {
        Ok(view) => assert!(weight(&view) <= 64 * octets.len() + 1_024, "{} octets grew", octets.len()),
        Err(error) => assert_eq!(error.code, "engine.bad_record"),
    }
}

fn weight(view: &View) -> usize {
    view.text.as_ref().map_or(0, String::len) + view.data.as_ref().map_or(0, Vec::len) + view.events.len()
}

fn replayed(pages: &[Vec<u8>], resume: bool) {
    let run = || {
        let mut engine = engine();
        let mut last = 0;
        for page in pages {
            match engine.replay(last + 1, page) {
                Ok(()) => last += 1,
                Err(error) => {
                    assert_eq!(error.code, "engine.bad_record");
                    return None;
                }
            }
        }
        // A record of any kind has six octets before its body.
        assert!(engine.alive() <= pages.iter().map(Vec::len).sum::<usize>() / 6);
        let before = engine.find(&Filter::default(), 100);
        for seq in engine.take_pages() {
            // What a damaged page says of what is cold may be wrong; then it stays wanted.
            let page = pages.get(seq as usize - 1).map(Vec::as_slice);
            if let Err(error) = engine.thaw(seq, page, SECOND) {
                assert!(matches!(error.code, "engine.bad_record" | "engine.page_missing"), "{error}");
            }
        }
        if resume {
            engine.resume_after(last, SECOND);
            engine.tick(2 * SECOND);
            while let Some(page) = engine.close_page() {
                engine.committed(page.seq, 2 * SECOND);
            }
            engine.tick(1 << 40);
        }
        Some((before, engine.find(&Filter::default(), 100), engine.alive()))
    };
    // The same pages are the same state, whatever order a map walks in.
    assert_eq!(run(), run());
}
