//! SMPP: the wire format and the session, without a socket and without a clock.
//!
//! Bottom up: [`status`], [`command`] and [`tlv`] are tables; [`field`] reads and writes single parameters;
//! [`frame`] cuts a stream into PDUs; [`layout`] walks a body by its table row; [`pdu`] decodes any operation; [`sm`] is the borrowed fast
//! path for the three operations that carry a message; [`receipt`] and [`time`] read what is inside them;
//! [`session`] owns the state machine; [`tap`] is what somebody who watches sees.
//!
//! Clause numbers are those of SMPP v3.4 issue 1.2 unless said otherwise.

pub mod command;
pub mod field;
pub mod frame;
pub mod layout;
pub mod pdu;
pub mod receipt;
pub mod session;
pub mod sm;
pub mod status;
pub mod tap;
pub mod time;
pub mod tlv;

pub use field::Malformed;
pub use pdu::{Pdu, Value};
pub use session::Session;
pub use sm::{Addr, Sm};
pub use tlv::Tlvs;

#[cfg(test)]
mod vectors;
