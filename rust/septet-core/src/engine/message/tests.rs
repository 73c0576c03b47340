//! Records as they are, and as they were.

use super::super::envelope::Draft;
use super::*;

fn sample() -> Mt {
    let env = Envelope::build(&Draft { id: Id(7), ..Draft::default() }, [&b"hello"[..]].into_iter());
    let mut mt = Mt::new(env, NOBODY, NOBODY);
    mt.note(5, Status::Submitted, 1, 0);
    mt.note_receipt(9, Status::Undeliverable, 1, 27, State::Undeliverable);
    mt.segments[0] = Segment { stage: Stage::Taken, carrier_id: (*b"c1").into(), receipt: None, shared: true };
    mt.cause = Cause::of(Some(b"0E7"), Some([3, 0, 27]));
    mt
}

#[test]
fn a_whole_record_comes_back() {
    let mut out = Vec::new();
    sample().put(&mut out, "north");
    assert_eq!(Mt::take(&mut Take::new(&out)).unwrap(), (sample(), "north".to_owned()));
}

#[test]
fn a_record_from_before_causes_were_kept_is_read() {
    let mut out = Vec::new();
    sample().put(&mut out, "north");
    // Two states of receipts, then the err and the network's code with their lengths.
    out.truncate(out.len() - 2 - 7 - 7);
    let (old, _) = Mt::take(&mut Take::new(&out)).unwrap();
    assert_eq!((old.status, old.cause, old.events.len()), (Status::Undeliverable, None, 2));
    assert!(old.events.iter().all(|event| event.receipt.is_none()));
    let mut held = Vec::new();
    let full = Held {
        id: Id(1),
        at: 2,
        carrier: "north".into(),
        carrier_id: (*b"a").into(),
        contact: (*b"467").into(),
        state: State::Expired,
        error: 3,
        cause: Cause::of(Some(b"3"), None),
        home: 0,
    };
    full.put(&mut held);
    assert_eq!(Held::take(&mut Take::new(&held)).unwrap(), full);
    held.truncate(held.len() - 7);
    let full = Held { contact: Box::default(), ..full };
    assert_eq!(Held::take(&mut Take::new(&held)).unwrap(), full);
    held.truncate(held.len() - 5 - 4);
    assert_eq!(Held::take(&mut Take::new(&held)).unwrap(), Held { cause: None, ..full });
}

#[test]
fn inbound_parts_with_and_without_named_tlvs_come_back() {
    for named in [&b""[..], b"\0\0\0\x03a\x007"] {
        let inbound =
            Inbound { carrier: "north".into(), octets: (*b"hi").into(), named: named.into(), ..Inbound::default() };
        let mut out = Vec::new();
        inbound.put_alone(&mut out);
        assert_eq!(Inbound::take_alone(&mut Take::new(&out)).unwrap(), inbound);
    }
}

#[test]
fn zeros_are_no_cause() {
    assert_eq!(Cause::of(Some(b"000"), Some([3, 0, 0])), None);
    assert_eq!(Cause::of(None, None), None);
    assert_eq!(Cause::of(Some(&[b'9'; 100]), None).unwrap().err.len(), 32);
}
