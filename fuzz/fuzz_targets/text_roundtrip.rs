//! Any text under any options is read back from the fewest parts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| septet_fuzz::text::roundtrip(data));
