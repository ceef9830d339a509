#![no_main]
stronghold_fuzz::target!(signed_object);
