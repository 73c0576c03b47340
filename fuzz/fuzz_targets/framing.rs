//! Any stream, cut anywhere.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| septet_fuzz::framing::any(data));
