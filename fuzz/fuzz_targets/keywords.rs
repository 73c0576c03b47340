//! Keywords against a naive search.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| septet_fuzz::keywords::any(data));
