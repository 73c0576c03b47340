//! The Python extension `septet._septet`: thin classes over the core, and the mapping of its errors.
use pyo3::prelude::*;

mod codec;
mod engine;
mod errors;
mod keywords;
mod load;
mod sim;
mod smpp;
mod store;

#[pymodule]
fn _septet(m: &Bound<'_, PyModule>) -> PyResult<()> {
    errors::register(m)?;
    codec::register(m)?;
    keywords::register(m)?;
    smpp::register(m)?;
    sim::register(m)?;
    store::register(m)?;
    engine::register(m)?;
    load::register(m)?;
    Ok(())
}
