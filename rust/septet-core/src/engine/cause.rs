//! Why a message was not delivered, in its carrier's own words.

use super::wire::{Put, Take};
use crate::Result;

/// What a receipt gives as the cause, as the carrier wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// Its `err:`.
    pub err: Box<[u8]>,
    /// network_error_code: network type, then two octets (SMPP 3.4 §5.3.2.31).
    pub network: Option<[u8; 3]>,
}

impl Cause {
    /// None if it names no error.
    pub(super) fn of(err: Option<&[u8]>, network: Option<[u8; 3]>) -> Option<Box<Self>> {
        let err = err.filter(|err| err.iter().any(|octet| *octet != b'0')).unwrap_or_default();
        let network = network.filter(|[_, high, low]| (*high, *low) != (0, 0));
        // No carrier's code is longer; a hostile one is cut.
        let err = &err[..err.len().min(32)];
        (!err.is_empty() || network.is_some()).then(|| Box::new(Self { err: err.into(), network }))
    }

    pub(super) fn put(cause: Option<&Self>, out: &mut Vec<u8>) {
        out.put_bytes(cause.map_or(&[], |cause| &cause.err));
        out.put_bytes(cause.and_then(|cause| cause.network.as_ref()).map_or(&[], |network| network));
    }

    /// Reads what [`Cause::put`] wrote; a record of an older version ends before it.
    pub(super) fn take(from: &mut Take<'_>) -> Result<Option<Box<Self>>> {
        if from.is_empty() {
            return Ok(None);
        }
        let err = from.bytes()?;
        Ok(Self::of(Some(err), from.bytes()?.try_into().ok()))
    }
}
