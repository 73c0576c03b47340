//! `SimCarrier`: the core's simulated carrier, one call for each chunk.

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use septet_core::clock::Micros;
use septet_core::sim::{Carrier, Flood, Options};

use crate::errors::OrRaise;

/// A simulated carrier.
#[pyclass(module = "septet._septet")]
pub(crate) struct SimCarrier(Carrier);

fn set(options: &mut Options, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    match name {
        "system_id" => options.system_id = value.extract()?,
        "password" => options.password = value.extract()?,
        "submit_delay" => options.submit_delay = value.extract()?,
        "dlr_delay" => options.dlr_delay = value.extract()?,
        "error_rate" => options.error_rate = value.extract()?,
        "error_status" => options.error_status = value.extract()?,
        "no_reply_rate" => options.no_reply_rate = value.extract()?,
        "throttle" => options.throttle = value.extract()?,
        "dlr_fail_rate" => options.dlr_fail_rate = value.extract()?,
        "early_dlr_rate" => options.early_dlr_rate = value.extract()?,
        "double_dlr_rate" => options.double_dlr_rate = value.extract()?,
        "lost_dlr_rate" => options.lost_dlr_rate = value.extract()?,
        "window" => options.window = value.extract()?,
        "keep" => options.keep = value.extract()?,
        other => return Err(PyKeyError::new_err(other.to_owned())),
    }
    Ok(())
}

#[pymethods]
impl SimCarrier {
    #[new]
    fn new(seed: u64, wall_zero: u64) -> Self {
        Self(Carrier::new(Options::default(), seed, wall_zero))
    }

    /// Changes its behaviour; delays are pairs of microseconds.
    fn configure(&mut self, options: &Bound<'_, PyDict>) -> PyResult<()> {
        let mut changed = self.0.options.clone();
        for (name, value) in options {
            set(&mut changed, &name.extract::<String>()?, &value)?;
        }
        self.0.options = changed;
        Ok(())
    }

    fn open(&mut self, now: Micros) -> u32 {
        self.0.open(now)
    }

    fn receive(&mut self, connection: u32, chunk: &[u8], now: Micros) {
        self.0.receive(connection, chunk, now);
    }

    fn closed(&mut self, connection: u32) {
        self.0.closed(connection);
    }

    fn tick(&mut self, now: Micros) {
        self.0.tick(now);
    }

    fn next_deadline(&self) -> Option<Micros> {
        self.0.next_deadline()
    }

    fn mo(&mut self, py: Python<'_>, sender: &str, to: &str, text: &str, now: Micros) -> PyResult<usize> {
        self.0.mo(sender, to, text, now).or_raise(py)
    }

    /// So many MOs to one address, the words in turn, as fast as the windows let them go.
    fn flood(&mut self, to: String, words: Vec<String>, count: u64, now: Micros) {
        self.0.flood(Flood { to, words, left: count }, now);
    }

    fn writable(&mut self) -> Vec<u32> {
        self.0.writable()
    }

    fn closing(&mut self) -> Vec<u32> {
        self.0.closing()
    }

    fn output<'py>(&mut self, py: Python<'py>, connection: u32) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.output(connection))
    }

    fn clear(&mut self) {
        self.0.shelf.clear();
    }

    /// The newest whole messages, oldest first.
    fn messages<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for message in self.0.shelf.messages(limit) {
            let dict = PyDict::new(py);
            dict.set_item("id", message.id)?;
            dict.set_item("from", message.from)?;
            dict.set_item("to", message.to)?;
            dict.set_item("text", message.text)?;
            dict.set_item("data_coding", message.data_coding)?;
            dict.set_item("parts", message.parts)?;
            list.append(dict)?;
        }
        Ok(list)
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stats = self.0.stats();
        let dict = PyDict::new(py);
        for (name, value) in [
            ("bound", stats.bound),
            ("binds", stats.binds),
            ("submits", stats.submits),
            ("accepted", stats.accepted),
            ("refused", stats.refused),
            ("unanswered", stats.unanswered),
            ("receipts", stats.receipts),
            ("receipts_acked", stats.receipts_acked),
            ("lost", stats.lost),
            ("queries", stats.queries),
            ("cancelled", stats.cancelled),
            ("replaced", stats.replaced),
            ("mos", stats.mos),
            ("mos_acked", stats.mos_acked),
            ("most_in_a_second", stats.most_in_a_second),
            ("owing", self.0.owing() as u64),
        ] {
            dict.set_item(name, value)?;
        }
        Ok(dict)
    }
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<SimCarrier>()
}
