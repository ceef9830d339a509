//! Runs `stronghold_fuzz::sealed_secret`.
#![no_main]
stronghold_fuzz::target!(sealed_secret);
