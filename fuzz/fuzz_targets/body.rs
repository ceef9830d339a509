//! Runs `stronghold_fuzz::body`.
#![no_main]
stronghold_fuzz::target!(body);
