//! Runs `stronghold_fuzz::acceptance`.
#![no_main]
stronghold_fuzz::target!(acceptance);
