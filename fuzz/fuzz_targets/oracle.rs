//! Any PDU, read by two codecs.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| septet_fuzz::oracle::any(data));
