#![no_main]
stronghold_fuzz::target!(signature_headers);
