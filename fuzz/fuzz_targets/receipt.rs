//! Runs `stronghold_fuzz::receipt`.
#![no_main]
stronghold_fuzz::target!(receipt);
