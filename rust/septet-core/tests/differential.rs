//! The SMPP codec and an independent one, on the specification's vectors, all their small changes, and drawn bodies.

mod oracle;

use std::collections::BTreeMap;
use std::path::Path;

use oracle::{EXPLAINED, compare};
use proptest::prelude::*;
use septet_core::smpp::command::TABLE;
use septet_core::smpp::frame;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn lines(name: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(root().join("tests/vectors").join(name)).expect("the vectors are there");
    text.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).expect("JSON lines")).collect()
}

fn octets(hex: &serde_json::Value) -> Option<Vec<u8>> {
    let hex: String = hex.as_str()?.split_whitespace().collect();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

/// With the length that it has.
fn sized(mut data: Vec<u8>) -> Vec<u8> {
    let length = data.len() as u32;
    data[..4].copy_from_slice(&length.to_be_bytes());
    data
}

#[test]
fn every_small_change_of_every_vector() {
    let mut seen = BTreeMap::<_, usize>::new();
    let mut look = |data: &[u8]| *seen.entry(compare(data)).or_default() += 1;
    for vector in lines("smpp.jsonl") {
        let data = octets(&vector["hex"]).expect("hex");
        look(&data);
        for end in frame::HEADER..data.len() {
            look(&sized(data[..end].to_vec()));
        }
        for at in 4..data.len() {
            for octet in [0, 1, 2, 0x7F, 0x80, 0xFF, data[at].wrapping_add(1), data[at].wrapping_sub(1)] {
                let mut changed = data.clone();
                changed[at] = octet;
                look(&changed);
            }
            let mut longer = data.clone();
            longer.insert(at, b'1');
            look(&sized(longer));
            let mut shorter = data.clone();
            shorter.remove(at);
            if shorter.len() >= frame::HEADER {
                look(&sized(shorter));
            }
        }
    }
    assert!(seen[&None] > 5_000, "{seen:?}");
}

proptest! {
    #[test]
    fn drawn_bodies(
        row in prop::sample::select(TABLE),
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..120),
            prop::collection::vec(prop_oneof![4 => Just(0u8), 2 => Just(b'4'), 1 => 0u8..6], 0..120),
        ],
    ) {
        let mut data = Vec::new();
        frame::put(&mut data, row.id, 0, 1, |out| out.extend_from_slice(&body));
        compare(&data);
    }
}

#[test]
fn each_difference_still_is_one_and_is_documented() {
    let page = std::fs::read_to_string(root().join("docs/differences.md")).expect("the page is there");
    let mut ids = Vec::new();
    for line in lines("smpp_differences.jsonl") {
        let id = line["id"].as_str().expect("an id").to_owned();
        let data = octets(&line["hex"]).expect("hex");
        assert_eq!(compare(&data), Some(id.as_str()), "{id}");
        let clause = line["clause"].as_str().expect("a clause");
        assert!(page.contains(&format!("`{id}`")) && page.contains(clause), "docs/differences.md says nothing of {id}");
        ids.push(id);
    }
    assert_eq!(ids, EXPLAINED);
}
