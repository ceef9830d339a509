#![no_main]
stronghold_fuzz::target!(dotenv);
