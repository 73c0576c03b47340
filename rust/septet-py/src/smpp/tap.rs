//! Watched sessions, as Python sees them.
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use septet_core::clock::WallMs;
use septet_core::engine::MAX_PDU;
use septet_core::smpp::tap::{Seen, Tap, Way};

/// What passes over watched sessions, bounded; nothing of them depends on it.
#[pyclass(module = "septet._septet", name = "Tap")]
pub(crate) struct PyTap(Tap);

type Line<'py> = (WallMs, u64, &'static str, Bound<'py, PyBytes>);

#[pymethods]
impl PyTap {
    /// Room for so many PDUs, and octets in all.
    #[new]
    fn new(pdus: usize, octets: usize) -> Self {
        Self(Tap::new(pdus, octets, MAX_PDU))
    }

    /// Begins to watch a session that holds `begun` of a PDU still arriving.
    fn join(&mut self, session: u32, begun: &[u8]) {
        self.0.join(session, begun);
    }

    /// The session is over.
    fn leave(&mut self, session: u32) {
        self.0.leave(session);
    }

    /// Octets came from the peer.
    fn received(&mut self, session: u32, octets: &[u8], at: WallMs) {
        self.0.pass(session, Way::In, octets, at);
    }

    /// Octets went to the peer.
    fn sent(&mut self, session: u32, octets: &[u8], at: WallMs) {
        self.0.pass(session, Way::Out, octets, at);
    }

    /// (wall milliseconds, session, `in` or `out`, PDU) of the oldest; or (0, how many, `lost`, nothing) in their place.
    fn take<'py>(&mut self, py: Python<'py>, limit: usize) -> Vec<Line<'py>> {
        let line = |seen| match seen {
            Seen::Pdu { at, session, way, octets } => {
                let way = if way == Way::In { "in" } else { "out" };
                (at, u64::from(session), way, PyBytes::new(py, &octets))
            }
            Seen::Lost(count) => (0, count, "lost", PyBytes::new(py, b"")),
        };
        self.0.take(limit).into_iter().map(line).collect()
    }
}
