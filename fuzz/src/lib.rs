//! What each fuzz target asserts, as functions of the octets that the fuzzer draws.
//!
//! A target in `fuzz_targets` only hands its octets to one of these. A panic here is a finding; every error that the core
//! documents is an answer. Octets steer the case first (options), the rest of them is its content.
#![forbid(unsafe_code)]

pub mod engine;
pub mod framing;
pub mod keywords;
pub mod oracle;
pub mod pdu;
pub mod reassembly;
pub mod receipt;
pub mod session;
pub mod steer;
pub mod text;
pub mod udh;
