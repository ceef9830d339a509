//! Runs `stronghold_fuzz::roster`.
#![no_main]
stronghold_fuzz::target!(roster);
