//! Any octets as a user data header.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| septet_fuzz::udh::any(data));
