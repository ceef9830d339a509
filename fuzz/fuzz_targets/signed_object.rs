//! Runs `stronghold_fuzz::signed_object`.
#![no_main]
stronghold_fuzz::target!(signed_object);
