//! Runs `stronghold_fuzz::dotenv`.
#![no_main]
stronghold_fuzz::target!(dotenv);
