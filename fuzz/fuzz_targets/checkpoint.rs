#![no_main]
stronghold_fuzz::target!(checkpoint);
