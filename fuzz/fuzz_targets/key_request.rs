//! Runs `stronghold_fuzz::key_request`.
#![no_main]
stronghold_fuzz::target!(key_request);
