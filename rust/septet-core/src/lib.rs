//! The pure core of the Septet SMS router: no socket, no clock, no Python.
//!
//! Every function that depends on time takes `now`; every function that depends on chance takes a seed.
#![forbid(unsafe_code)]

pub mod clock;
pub mod engine;
pub mod error;
pub mod keywords;
pub mod load;
pub mod page;
pub mod sim;
pub mod smpp;
pub mod text;

pub use error::{Error, Result};
