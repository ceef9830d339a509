//! Tests through the crate's public surface.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

mod accounts;
mod audit_archive;
mod audit_log;
mod audit_sinks;
mod audit_stream;
mod backup;
mod base_path;
mod console;
mod denials;
mod documents;
mod fail_closed;
mod http;
mod parts;
mod process;
mod replay;
mod routes;
mod service_history;
mod service_reads;
mod service_writes;
mod shown;
mod standing;
mod store;
mod world;
