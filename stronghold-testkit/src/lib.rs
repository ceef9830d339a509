//! For tests only: runs the two programs as a user would, and looks at them from outside.
//!
//! Nothing here links the server or the SDK: what a test sees is what a script, a pipeline or an attacker on the machine
//! sees. Everything panics with what went wrong, as tests do.
//!
//! - [`Server`] spawns `stronghold-server`, [`Cli`] runs `api-stronghold-cli`; both with an empty environment.
//! - [`Org`] is both together: a server, an organization, its owner signed in.
//! - [`Proxy`] stands between them and counts requests; [`Stub`] answers what no server should;
//!   [`Receiver`] takes webhooks.
//! - [`Exchange`] holds what goes between them against the description of the API.
//! - [`Nginx`] is a real proxy, as operators have one.
//! - [`Needles`] and [`memory`] look for secrets where none may be.
//! - [`Sandbox`] makes full disks, read-only mounts and the file system of a container.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test says no"
)]

mod bodies;
mod cli;
pub mod leaks;
pub mod memory;
mod nginx;
mod org;
mod program;
mod proxy;
mod random;
mod receiver;
mod sandbox;
mod scan;
mod server;
mod stub;
mod tls;
mod wait;

pub use bodies::Exchange;
pub use cli::{Cli, Run};
pub use nginx::Nginx;
pub use org::{Org, Token};
pub use program::program;
pub use proxy::Proxy;
pub use random::{Seeded, random_bytes, random_word};
pub use receiver::{Delivery, Manner, Receiver};
pub use sandbox::{Chroot, Sandbox};
pub use scan::{Finding, Needles};
pub use server::{Server, ServerOptions};
pub use stub::Stub;
pub use tls::Authority;
pub use wait::until;
