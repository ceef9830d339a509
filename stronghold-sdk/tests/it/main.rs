//! Integration tests of the SDK, through its public surface.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod access;
mod answers;
mod answers_once;
mod answers_to_reads;
mod approvals;
mod approvals_ended;
mod audit;
mod audit_denials;
mod audit_reading;
mod bounds;
mod ci;
mod crypto;
mod database;
mod ended;
mod exposure;
mod forge;
mod forged_answer;
mod formats;
mod golden;
mod grace;
mod guesses;
mod heads;
mod history;
mod history_tampering;
mod hostile;
mod key_requests;
mod lies;
mod loader;
mod lock;
mod memory_model;
mod names;
mod open_secret;
mod parts;
mod passwords;
mod people;
mod people_ended;
mod problems;
mod published;
mod published_hpke;
mod readers;
mod records;
mod references;
mod rekey;
mod state;
mod vectors;
mod views;
mod wire;
mod world;
