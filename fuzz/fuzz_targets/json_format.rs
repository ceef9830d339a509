#![no_main]
stronghold_fuzz::target!(json_format);
