#![no_main]
stronghold_fuzz::target!(sealed_secret);
