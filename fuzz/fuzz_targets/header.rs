//! Runs `stronghold_fuzz::header`.
#![no_main]
stronghold_fuzz::target!(header);
