//! The operations with their names as Python strings, made once: literals in Python source are interned too, so that a
//! name is mostly found by its address.
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;
use septet_core::smpp::command::{Operation, TABLE};

/// A row of the table and its fields' names.
pub(super) struct Names {
    pub(super) row: &'static Operation,
    fields: Vec<Py<PyString>>,
}

static ALL: PyOnceLock<Vec<Names>> = PyOnceLock::new();

fn all(py: Python<'_>) -> &'static [Names] {
    ALL.get_or_init(py, || {
        let intern = |name| PyString::intern(py, name).unbind();
        let names = |row: &'static Operation| row.fields.iter().map(|field| intern(field.name)).collect();
        TABLE.iter().map(|row| Names { row, fields: names(row) }).collect()
    })
}

impl Names {
    /// The operation of a `command_id`.
    pub(super) fn find(py: Python<'_>, id: u32) -> Option<&'static Self> {
        all(py).iter().find(|names| names.row.id == id)
    }

    /// The operation called `name`.
    pub(super) fn named(py: Python<'_>, name: &str) -> Option<&'static Self> {
        all(py).iter().find(|names| names.row.name == name)
    }

    /// The field's place in the row. The search begins at `guess`: who asks for several mostly asks in order.
    pub(super) fn place(&self, name: &Bound<'_, PyAny>, guess: usize) -> Option<usize> {
        let len = self.fields.len();
        let guess = guess.min(len);
        if let Some(at) = (guess..len).chain(0..guess).find(|at| self.fields[*at].as_ptr() == name.as_ptr()) {
            return Some(at);
        }
        let name = name.cast::<PyString>().ok()?.to_cow().ok()?;
        self.row.fields.iter().position(|field| *field.name == *name)
    }

    /// The names, in wire order.
    pub(super) fn fields(&self) -> &[Py<PyString>] {
        &self.fields
    }
}
