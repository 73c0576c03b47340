//! Writes pages as fast as the store takes them and prints what it managed.
//!
//! `cargo run --release -p septet-store --example throughput -- [FOLDER] [full|os] [SECONDS]`
//!
//! A message costs three journal records of 180 octets, in three pages, and one log row, in the third; so a step of N
//! messages is three pages of N records. Destinations are spread over a million numbers. The journal keeps 50 pages.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use septet_core::page::{LogRow, Page};
use septet_store::{Durability, Error, Options, Store};

const RECORD: usize = 180;
const CONTACTS: u64 = 1_000_000;

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let durability = match arguments.next().as_deref() {
        Some("os") => Durability::Os,
        _ => Durability::Full,
    };
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(3.0);
    println!(
        "{durability:?}: messages a step, messages/s, journal records/s, pages a commit, commit p50 and p99 in ms"
    );
    for messages in [1, 100, 500, 2000] {
        let path = folder.join(format!("septet-throughput-{}.db", std::process::id()));
        run(&path, durability, messages, Duration::from_secs_f64(seconds))?;
        for end in ["", "-wal", "-shm", "-lock"] {
            let _ = std::fs::remove_file(format!("{}{end}", path.display()));
        }
    }
    Ok(())
}

fn run(path: &std::path::Path, durability: Durability, messages: u64, time: Duration) -> Result<(), Error> {
    let store = Store::open(Options { path: path.to_owned(), durability, max_pages: 24, ..Options::new(path) })?;
    let mut durations = Vec::new();
    let mut made = 0;
    let mut seq = 0;
    let start = Instant::now();
    while start.elapsed() < time {
        for part in 0..3 {
            seq += 1;
            let log = if part == 2 { (made..made + messages).map(row).collect() } else { Vec::new() };
            let page = Page {
                seq,
                journal: vec![7; RECORD * messages as usize],
                log,
                keep_from: u64::saturating_sub(seq, 50),
                ..Page::default()
            };
            while store.room() == 0 {
                std::thread::sleep(Duration::from_micros(100));
            }
            store.commit(page)?;
        }
        made += messages;
        durations.extend(store.finished().commit_seconds);
    }
    store.close()?;
    let took = start.elapsed().as_secs_f64();
    let finished = store.finished();
    assert_eq!(finished.committed, seq, "everything must be durable after close");
    durations.extend(finished.commit_seconds);
    durations.sort_by(f32::total_cmp);
    let at = |share: usize| durations.get(durations.len() * share / 100).map_or(0.0, |seconds| seconds * 1e3);
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let (made, seq, commits) = (made as f64, seq as f64, finished.commits as f64);
    println!(
        "{messages:6} {:10.0} {:10.0} {:8.1} {:8.2} {:8.2}",
        made / took,
        3.0 * made / took,
        seq / commits,
        at(50),
        at(99),
    );
    Ok(())
}

/// Message `number`, with the id and addresses that the node would give it.
fn row(number: u64) -> LogRow {
    // Any fixed bijection that spreads neighbours far apart.
    let contact = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % CONTACTS;
    LogRow {
        id: format!("{number:012}abcdefgh"),
        direction: "mt",
        account: "acme".to_owned(),
        from: "12345".to_owned(),
        to: format!("4670{contact:07}"),
        carrier: "north".to_owned(),
        segments: 1,
        status: "delivered",
        error: 0,
        created: number,
        updated: number + 1,
        record: vec![7; RECORD],
    }
}
