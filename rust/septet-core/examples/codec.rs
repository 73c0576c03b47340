//! The codec alone, timed over a file of submit_sm PDUs: `make bench` runs it beside other codecs.
//!
//! Prints a line for each operation: its name, PDUs a second (the best of some rounds), and what shows that it was done:
//! the sum of the octets of four fields, or how many PDUs came out other than they went in.
use std::hint::black_box;
use std::time::{Duration, Instant};

use septet_core::smpp::frame::{self, Front, Header};
use septet_core::smpp::{Pdu, Sm, Value};

const ROUNDS: usize = 100;
const MAX: u32 = 70_000;

/// Each PDU of a run of octets.
fn each<'a>(mut octets: &'a [u8], mut one: impl FnMut(Header, &'a [u8])) {
    while let Front::Pdu(header, body, rest) = frame::front(octets, MAX) {
        one(header, body);
        octets = rest;
    }
}

fn best(mut run: impl FnMut()) -> Duration {
    let mut once = || {
        let began = Instant::now();
        run();
        began.elapsed()
    };
    (0..ROUNDS).map(|_| once()).min().unwrap_or_default()
}

fn sum(octets: &[u8]) -> u64 {
    octets.iter().map(|octet| u64::from(*octet)).sum()
}

fn main() {
    let path = std::env::args_os().nth(1).expect("the argument is a file of submit_sm PDUs");
    let octets = std::fs::read(path).expect("the file can be read");
    let mut all = Vec::new();
    each(&octets, |header, body| all.push((header, Sm::parse(header.command, body).expect("a submit_sm"))));
    let say = |name: &str, took: Duration, check: u64| {
        println!("{name}\t{:.0}\t{check}", all.len() as f64 / took.as_secs_f64());
    };

    // What shows that all of it was read.
    let check = |(_, sm): &(Header, Sm<'_>)| {
        sum(sm.source.addr) + sum(sm.dest.addr) + u64::from(sm.data_coding) + sum(sm.short_message)
    };
    let took = best(|| {
        each(&octets, |header, body| {
            black_box(Sm::parse(header.command, body)).expect("a submit_sm");
        });
    });
    say("decode, borrowed", took, all.iter().map(check).sum());

    let mut total = 0;
    let took = best(|| {
        total = 0;
        each(&octets, |header, body| {
            let pdu = black_box(Pdu::decode_body(header, body)).expect("a submit_sm");
            for (_, value) in pdu.fields.iter().skip(3) {
                total += usize::from(matches!(value, Value::Octets(_)));
            }
        });
    });
    assert_eq!(total, all.len());
    say("decode, owned", took, all.iter().map(check).sum());

    let mut out = Vec::with_capacity(octets.len());
    let took = best(|| {
        out.clear();
        for (header, sm) in &all {
            frame::put(&mut out, header.command, header.status, header.sequence, |out| sm.write(header.command, out));
        }
        black_box(&out);
    });
    let other = u64::from(out != octets);
    say("encode", took, other);
}
