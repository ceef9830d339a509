//! Runs `stronghold_fuzz::token`.
#![no_main]
stronghold_fuzz::target!(token);
