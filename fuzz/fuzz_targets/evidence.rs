//! Runs `stronghold_fuzz::evidence`.
#![no_main]
stronghold_fuzz::target!(evidence);
