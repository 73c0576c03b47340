//! Any journal page and log record.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| septet_fuzz::engine::any(data));
