//! Parts in any order come out exactly once.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| septet_fuzz::reassembly::any(data));
