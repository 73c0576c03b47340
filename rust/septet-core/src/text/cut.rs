//! Where a message may be cut into parts.

use super::alphabet::ESCAPE;
use super::{Encoding, MAX_PARTS, too_many};
use crate::error::Result;

/// Cuts `units` (one octet per septet, octets otherwise) into the fewest pieces of at most `capacity` octets.
///
/// No cut falls inside an escape pair, a UTF-16 unit or a surrogate pair (TS 23.040 §9.2.3.24.1, extended to pairs). Taking
/// as much as fits each time is minimal because a piece that ends later never makes the rest longer.
pub(super) fn cut(units: &[u8], encoding: Encoding, capacity: usize) -> Result<Vec<&[u8]>> {
    let mut pieces = Vec::with_capacity(units.len() / capacity.max(1) + 1);
    let mut rest = units;
    loop {
        let length = piece(rest, encoding, capacity);
        let (head, tail) = rest.split_at(length);
        pieces.push(head);
        if tail.is_empty() {
            return Ok(pieces);
        }
        if pieces.len() == MAX_PARTS || length == 0 {
            return Err(too_many());
        }
        rest = tail;
    }
}

/// Length of the longest piece of `rest` that may stand alone.
fn piece(rest: &[u8], encoding: Encoding, capacity: usize) -> usize {
    if rest.len() <= capacity {
        return rest.len();
    }
    match encoding {
        Encoding::Latin1 | Encoding::Binary => capacity,
        Encoding::Gsm7 => {
            let escapes = rest[..capacity].iter().rev().take_while(|o| **o == ESCAPE).count();
            capacity - escapes % 2
        }
        Encoding::Ucs2 => {
            let even = capacity & !1;
            let high_surrogate = even > 2 && matches!(rest[even - 2], 0xD8..=0xDB);
            if high_surrogate { even - 2 } else { even }
        }
    }
}
