//! Runs `stronghold_fuzz::signature_headers`.
#![no_main]
stronghold_fuzz::target!(signature_headers);
