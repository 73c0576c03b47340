//! A session and a peer that sends anything.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| septet_fuzz::session::any(data));
