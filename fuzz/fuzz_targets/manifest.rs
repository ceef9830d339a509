//! Runs `stronghold_fuzz::manifest`.
#![no_main]
stronghold_fuzz::target!(manifest);
