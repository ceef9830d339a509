//! Runs `stronghold_fuzz::api`.
#![no_main]
stronghold_fuzz::target!(api);
