//! Runs `stronghold_fuzz::audit_record`.
#![no_main]
stronghold_fuzz::target!(audit_record);
