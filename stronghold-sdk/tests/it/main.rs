//! Integration tests of the SDK, through its public surface.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod access;
mod approvals;
mod audit;
mod audit_reading;
mod ci;
mod crypto;
mod crypto_vectors;
mod database;
mod ended;
mod exposure;
mod formats;
mod grace;
mod guesses;
mod heads;
mod history;
mod history_tampering;
mod key_requests;
mod lies;
mod loader;
mod lock;
mod passwords;
mod people;
mod people_ended;
mod published;
mod published_hpke;
mod readers;
mod records;
mod references;
mod rekey;
mod state;
mod world;
