//! Any octets under any data_coding are a text or a documented error.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| septet_fuzz::text::decoding(data));
