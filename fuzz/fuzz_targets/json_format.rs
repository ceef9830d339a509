//! Runs `stronghold_fuzz::json_format`.
#![no_main]
stronghold_fuzz::target!(json_format);
