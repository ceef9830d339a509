//! Runs `stronghold_fuzz::directory`.
#![no_main]
stronghold_fuzz::target!(directory);
