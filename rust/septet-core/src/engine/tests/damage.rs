//! Records that no engine writes, as a damaged journal may hold them.

use super::world::{World, config};
use crate::engine::envelope::{Draft, Envelope};
use crate::engine::journal::{Kind, VERSION};
use crate::engine::message::{Mt, Segment};
use crate::engine::view_of_record;
use crate::engine::wire::Put;

fn draft(due: u64) -> Mt {
    let draft = Draft { due, account: b"acme", ..Draft::default() };
    Mt::new(Envelope::build(&draft, [&b"text"[..]].into_iter()), 0, 0)
}

fn page(kind: Kind, body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut record = Vec::new();
    body(&mut record);
    let mut page = vec![VERSION, kind as u8];
    page.put_bytes(&record);
    page
}

#[test]
fn a_message_due_at_the_end_of_time_waits() {
    let mut world = World::empty(config());
    let page = page(Kind::Snapshot, |out| draft(u64::MAX).put(out, "north"));
    world.engine.replay(1, &page).unwrap();
    world.engine.resume_after(1, world.now);
    assert_eq!((world.engine.alive(), world.engine.queue_depth(0)), (1, 0));
}

#[test]
fn a_message_with_other_parts_than_its_envelope_is_refused() {
    for segments in [0, 2] {
        let mut mt = draft(0);
        mt.segments = vec![Segment::default(); segments];
        let page = page(Kind::Snapshot, |out| mt.put(out, "north"));
        let error = World::empty(config()).engine.replay(1, &page).unwrap_err();
        assert_eq!(error.code, "engine.bad_record");
        let mut record = vec![VERSION, Kind::Snapshot as u8];
        mt.put(&mut record, "north");
        assert_eq!(view_of_record(&record).unwrap_err().code, "engine.bad_record");
    }
}
