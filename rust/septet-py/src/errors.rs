//! Core errors become `SeptetError`, with `.code` and, for bytes, `.offset`.
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// Turns a core error into the Python exception of `septet.errors`, which carries the code and the offset.
pub(crate) fn raise(py: Python<'_>, error: &septet_core::Error) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let build = || -> PyResult<PyErr> {
        let class = CLASS.import(py, "septet.errors", "SeptetError")?;
        let value = class.call1((error.message.as_str(), error.code, error.offset))?;
        Ok(PyErr::from_value(value))
    };
    build().unwrap_or_else(|e| e)
}

/// `result.or_raise(py)?` instead of a `map_err` at each call.
pub(crate) trait OrRaise<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> OrRaise<T> for septet_core::Result<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|e| raise(py, &e))
    }
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("ERROR_CODES", septet_core::error::CODES.to_vec())
}
