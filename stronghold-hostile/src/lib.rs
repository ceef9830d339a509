//! For tests only: a server that lies, one way at a time, to every client. It is never shipped.
//!
//! It stands in front of an honest server and works with its data, as whoever runs that server could: it reads the database, signs
//! with the checkpoint key, keeps what was answered before, and has accomplices ([`Accomplices`]). What it does to an answer is a
//! [`Lie`].
//!
//! - [`Operator`] changes answers, whatever carried them: the tests of the SDK use it in one process.
//! - [`Hostile`] is the same behind HTTP, for the command line; the program `stronghold-hostile` for Node and browsers.
//! - [`Matrix`] collects what each client made of each lie, and says it.
//! - [`put_back`] takes tables of a database back in time.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a panic is how a test says no"
)]

mod bytes;
mod client;
mod database;
mod http;
mod lie;
mod lies;
mod matrix;
mod operator;
mod route;

pub use client::{Client, Expected};
pub use database::{Back, put_back, tables};
pub use http::Hostile;
pub use lie::Lie;
pub use matrix::{Matrix, Seen};
pub use operator::{Accomplices, Answer, Asked, Operator};
