//! Runs `stronghold_fuzz::checkpoint`.
#![no_main]
stronghold_fuzz::target!(checkpoint);
