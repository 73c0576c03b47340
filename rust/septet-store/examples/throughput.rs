//! Writes pages as fast as a store takes them, and prints one JSON object a line with what it managed.
//!
//! `cargo run --release -p septet-store --example throughput -- FOLDER full|os|memory MESSAGES [STEP]`
//!
//! A message costs three journal records of 180 octets, in three pages, and one log row, in the third; so a step of N
//! messages is three pages of N records. Destinations are spread over a million numbers. The journal keeps 50 pages. A
//! line is printed when the log holds 10^4 messages, 10^5, and so on up to MESSAGES; its figures are of the messages since
//! the line before, its look-ups of the whole log.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use septet_core::engine::Id;
use septet_core::page::{LogRow, Page};
use septet_store::{Backend, Durability, Error, Filter, Memory, Options, Store};

const RECORD: usize = 180;
const CONTACTS: u64 = 1_000_000;
/// 2026-11-25; a message a millisecond.
const START: u64 = 1_795_564_800_000;
const LOOKUPS: usize = 21;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, kind, messages, rest @ ..] = &arguments[..] else {
        eprintln!("usage: throughput FOLDER full|os|memory MESSAGES [STEP]");
        std::process::exit(2);
    };
    let number = |text: &String| text.parse::<u64>().unwrap_or_else(|_| panic!("not a number: {text}"));
    let (messages, step) = (number(messages), rest.first().map_or(500, number));
    let folder = Path::new(folder).join(format!("septet-throughput-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the folder can be made");
    let options = |durability| Options { durability, max_pages: 24, ..Options::new(folder.join("septet.db")) };
    let store: Box<dyn Backend> = match &kind[..] {
        "memory" => Box::new(Memory::open()?),
        "os" => Box::new(Store::open(options(Durability::Os))?),
        _ => Box::new(Store::open(options(Durability::Full))?),
    };
    let outcome = run(&*store, kind, messages, step);
    let closed = store.close();
    drop(store);
    let _ = fs::remove_dir_all(&folder);
    outcome.and(closed)
}

fn run(store: &dyn Backend, kind: &str, messages: u64, step: u64) -> Result<(), Error> {
    let (mut made, mut seq, mut mark) = (0, 0, 10_000);
    while mark <= messages {
        let before = (made, Usage::now());
        let start = Instant::now();
        let mut durations = Vec::new();
        while made < mark {
            for part in 0..3 {
                seq += 1;
                let last = mark.min(made + step);
                let log = if part == 2 { (made..last).map(row).collect() } else { Vec::new() };
                let journal = vec![7; RECORD * (last - made) as usize];
                let page = Page { seq, journal, log, keep_from: seq.saturating_sub(50), ..Page::default() };
                while store.room() == 0 {
                    std::thread::sleep(Duration::from_micros(100));
                }
                store.commit(page)?;
            }
            made = mark.min(made + step);
            durations.extend(store.finished().commit_seconds);
        }
        wait(store, |finished| finished.committed >= seq, &mut durations);
        let took = start.elapsed().as_secs_f64();
        let waiting = store.finished().waiting;
        let asked = Instant::now();
        store.query(&Filter { destination: Some(row(made - 1).to), ..Filter::default() })?;
        let asked = asked.elapsed().as_secs_f64();
        wait(store, |finished| finished.waiting == 0, &mut durations);
        let folded = start.elapsed().as_secs_f64();
        let (messages, usage) = ((made - before.0) as f64, Usage::now());
        durations.sort_by(f32::total_cmp);
        let at = |share: usize| durations.get(durations.len() * share / 100).map_or(0.0, |seconds| seconds * 1e3);
        println!(
            "{{\"store\": \"{kind}\", \"log\": {made}, \"messages_per_second\": {:.0}, \"folded_per_second\": {:.0}, \
             \"commit_ms_p50\": {:.2}, \"commit_ms_p99\": {:.2}, \"written_per_message\": {:.0}, \
             \"cpu_us_per_message\": {:.1}, \"waiting\": {waiting}, \"waiting_lookup_ms\": {:.1}, \"lookup_ms\": {}}}",
            messages / took,
            messages / folded,
            at(50),
            at(99),
            (usage.written - before.1.written) as f64 / messages,
            (usage.ticks - before.1.ticks) as f64 * 1e4 / messages,
            asked * 1e3,
            lookups(store, made)?,
        );
        mark *= 10;
    }
    Ok(())
}

fn wait(store: &dyn Backend, done: impl Fn(&septet_store::Finished) -> bool, durations: &mut Vec<f32>) {
    loop {
        let finished = store.finished();
        durations.extend(&finished.commit_seconds);
        if done(&finished) {
            return;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// The median time of each kind of look-up.
fn lookups(store: &dyn Backend, made: u64) -> Result<String, Error> {
    let some = |text: &str| Some(text.to_owned());
    let kinds: [(&str, &dyn Fn(u64) -> Filter); 5] = [
        ("id", &|n| Filter { id: Some(row(n).id), ..Filter::default() }),
        ("number", &|n| Filter { destination: Some(row(n).to), ..Filter::default() }),
        ("account", &|_| Filter { account: some("acme"), ..Filter::default() }),
        ("account_status", &|_| Filter { account: some("acme"), status: some("failed"), ..Filter::default() }),
        ("time", &|n| Filter { since: Some(START + n), until: Some(START + n + 100), ..Filter::default() }),
    ];
    let mut shown = Vec::new();
    for (name, filter) in kinds {
        let mut times = Vec::new();
        for turn in 0..LOOKUPS as u64 {
            let filter = filter(spread(turn) % made);
            let start = Instant::now();
            store.query(&filter)?;
            times.push(start.elapsed());
        }
        times.sort();
        shown.push(format!("\"{name}\": {:.2}", times[LOOKUPS / 2].as_secs_f64() * 1e3));
    }
    Ok(format!("{{{}}}", shown.join(", ")))
}

/// What the process has used, where the system says so.
struct Usage {
    written: u64,
    /// Hundredths of a second.
    ticks: u64,
}

impl Usage {
    fn now() -> Self {
        let io = fs::read_to_string("/proc/self/io").unwrap_or_default();
        let written = io.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok());
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let fields: Vec<i64> = stat.split(' ').filter_map(|field| field.parse().ok()).collect();
        // utime and stime: the 12th and 13th number, since name and state are none.
        let ticks: i64 = fields.get(11..13).map_or(0, |it| it.iter().sum());
        Self { written: written.unwrap_or(0), ticks: ticks.max(0) as u64 }
    }
}

/// Any fixed bijection that spreads neighbours far apart.
fn spread(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 8
}

/// Message `number`, with the id and addresses that the node would give it.
fn row(number: u64) -> LogRow {
    let contact = spread(number) % CONTACTS;
    LogRow {
        id: Id(Id::floor(START + number).0 | u128::from(contact)).to_string(),
        direction: "mt",
        account: "acme".to_owned(),
        from: "12345".to_owned(),
        to: format!("4670{contact:07}"),
        carrier: "north".to_owned(),
        segments: 1,
        status: if number.is_multiple_of(10_000) { "failed" } else { "delivered" },
        error: 0,
        created: START + number,
        updated: START + number + 1,
        record: vec![7; RECORD],
    }
}
