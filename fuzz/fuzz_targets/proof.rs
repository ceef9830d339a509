//! Runs `stronghold_fuzz::proof`.
#![no_main]
stronghold_fuzz::target!(proof);
