#![no_main]
stronghold_fuzz::target!(audit_record);
