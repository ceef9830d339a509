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
mod early;
mod fail_closed;
mod http;
mod log;
mod login_limits;
mod parts;
mod process;
mod proxies;
mod ready;
mod replay;
mod routes;
mod sealed_size;
mod service_history;
mod service_reads;
mod service_writes;
mod shares;
mod shown;
mod standing;
mod store;
mod world;
