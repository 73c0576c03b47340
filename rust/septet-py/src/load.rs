//! `LoadGenerator`: `septet_core::load` for Python. Thin: converts arguments and the report.
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use septet_core::Error;
use septet_core::clock::Micros;
use septet_core::load::{Latency, Load, Options, Report, Texts};
use septet_core::smpp::status;

use crate::errors::{OrRaise, raise};

/// An SMPP load without its sockets. Times are monotonic microseconds; connections are numbered from 0.
#[pyclass(module = "septet._septet")]
struct LoadGenerator(Load);

#[pymethods]
impl LoadGenerator {
    #[new]
    #[pyo3(signature = (*, system_id, password, source, binds, window, count, rate, receipts, texts, seed))]
    #[expect(clippy::too_many_arguments, reason = "keywords of the command, one each")]
    fn new(
        py: Python<'_>,
        system_id: &str,
        password: &str,
        source: &str,
        binds: usize,
        window: usize,
        count: u64,
        rate: u64,
        receipts: bool,
        texts: &str,
        seed: u64,
    ) -> PyResult<Self> {
        let Some(texts) = Texts::named(texts) else {
            let message = format!("texts is {texts:?}: use \"short\", \"long\", \"unicode\" or \"mixed\"");
            return Err(raise(py, &Error::new("load.bad_argument", message)));
        };
        let options = Options {
            binds,
            window,
            count,
            rate,
            receipts,
            texts,
            seed,
            system_id: system_id.into(),
            password: password.into(),
            source: source.into(),
            ..Options::default()
        };
        Ok(Self(Load::new(options).or_raise(py)?))
    }

    /// A connection has been made: asks to bind, and gives the connection's number.
    fn open(&mut self, now: Micros) -> usize {
        self.0.open(now)
    }

    /// One chunk as it was read.
    fn receive(&mut self, connection: usize, chunk: &[u8], now: Micros) {
        self.0.receive(connection, chunk, now);
    }

    /// Writes what may be written now; gives how many submits.
    fn fill(&mut self, connection: usize, now: Micros) -> u64 {
        self.0.fill(connection, now)
    }

    /// When an open loop wants to write next.
    fn next_slot(&self, now: Micros) -> Micros {
        self.0.next_slot(now)
    }

    /// Octets for a connection's socket.
    fn output<'py>(&mut self, py: Python<'py>, connection: usize) -> PyResult<Bound<'py, PyBytes>> {
        let Some(out) = self.0.output(connection) else {
            return Err(PyIndexError::new_err(format!("connection {connection}")));
        };
        let octets = PyBytes::new(py, out);
        out.clear();
        Ok(octets)
    }

    /// Timers; a hundred times a second, or as often as the rate wants.
    fn tick(&mut self, now: Micros) {
        self.0.tick(now);
    }

    /// The socket of a connection is gone.
    fn closed(&mut self, connection: usize) {
        self.0.closed(connection);
    }

    /// Whether a connection has ended, so that its socket should be closed once its output is written.
    fn over(&self, connection: usize) -> bool {
        self.0.over(connection)
    }

    /// Leaves in order.
    fn unbind(&mut self, now: Micros) {
        self.0.unbind(now);
    }

    /// True if nothing more is to be waited for.
    fn done(&self) -> bool {
        self.0.done()
    }

    /// What has come of it until now.
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        shown(py, &self.0.report())
    }
}

fn shown<'py>(py: Python<'py>, report: &Report) -> PyResult<Bound<'py, PyDict>> {
    let statuses = PyDict::new(py);
    for (code, count) in &report.by_status {
        let name = status::find(*code).map_or_else(|| format!("0x{code:08X}"), |row| row.name.to_owned());
        statuses.set_item(name, count)?;
    }
    let states = PyDict::new(py);
    for (state, count) in &report.by_state {
        states.set_item(state, count)?;
    }
    let dict = PyDict::new(py);
    dict.set_item("success", report.success)?;
    dict.set_item("submits", report.submits)?;
    dict.set_item("acked", report.acked)?;
    dict.set_item("by_status", statuses)?;
    dict.set_item("throttled", report.throttled)?;
    dict.set_item("timed_out", report.timed_out)?;
    dict.set_item("lost", report.lost)?;
    dict.set_item("pending", report.pending)?;
    dict.set_item("unsent", report.unsent)?;
    dict.set_item("by_state", states)?;
    dict.set_item("receipts", report.receipts)?;
    dict.set_item("receipts_early", report.receipts_early)?;
    dict.set_item("receipts_missing", report.receipts_missing)?;
    dict.set_item("receipts_duplicate", report.receipts_duplicate)?;
    dict.set_item("receipts_unknown", report.receipts_unknown)?;
    dict.set_item("duplicate_ids", report.duplicate_ids)?;
    dict.set_item("messages_in", report.messages_in)?;
    dict.set_item("bind_refused", report.bind_refused)?;
    dict.set_item("ended", report.ended)?;
    dict.set_item("ack_latency", latency(py, report.ack_latency)?)?;
    dict.set_item("receipt_latency", latency(py, report.receipt_latency)?)?;
    dict.set_item("acked_per_second", report.acked_per_second)?;
    dict.set_item("complete_per_second", report.complete_per_second)?;
    Ok(dict)
}

/// In microseconds.
fn latency(py: Python<'_>, latency: Latency) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    let Latency { p50, p90, p99, p99_9, max } = latency;
    for (name, value) in [("p50", p50), ("p90", p90), ("p99", p99), ("p99.9", p99_9), ("max", max)] {
        dict.set_item(name, value)?;
    }
    Ok(dict)
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<LoadGenerator>()
}
