//! Runs `stronghold_fuzz::heads`.
#![no_main]
stronghold_fuzz::target!(heads);
