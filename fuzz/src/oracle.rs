//! The SMPP codec beside an independent one: alike to the octet, or different for a reason that is written down.

#[allow(dead_code, reason = "the list of explanations is for the test that documents them")]
#[path = "../../rust/septet-core/tests/oracle/mod.rs"]
mod beside;

use septet_core::smpp::{command, frame};

use crate::steer::Steer;

/// Any octets: as a PDU, and as the body of any operation.
pub fn any(data: &[u8]) {
    beside::compare(data);
    let mut steer = Steer::new(data);
    let row = &command::TABLE[usize::from(steer.octet()) % command::TABLE.len()];
    let mut whole = Vec::new();
    frame::put(&mut whole, row.id, steer.octet().into(), 1, |out| out.extend_from_slice(steer.clone().all()));
    beside::compare(&whole);
}
