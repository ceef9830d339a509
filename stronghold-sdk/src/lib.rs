//! Read secrets as an agent, and manage an organization as a person, with encryption that the server cannot undo.
//!
//! ```no_run
//! use stronghold_sdk::Agent;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secrets = Agent::from_env()?.pull("production").await?;
//! for (name, secret) in secrets.iter() {
//!     println!("{} has {} bytes", name.expose(), secret.expose().len());
//! }
//! # Ok(()) }
//! ```
//!
//! **What to rely on.** The server is not trusted. An agent's token pins the organization and a point in its history; from
//! there every answer is verified: who signed the directory, what it says of the profile, which secrets the revision
//! holds, that the audit record states this very request. A hostile server can refuse and delay. Without a state folder
//! ([`AgentBuilder::state_dir`]) a new process knows no more than its token, and can be shown anything since then.
//!
//! **Parts.** [`AgentAuthenticator`] signs requests, [`ProfileReader`] fetches sealed profiles, [`SecretDecryptor`] opens
//! keys; [`Agent`] ties them together. [`admin`] is what people do, [`loader`] fills structs at start-up, [`mod@format`] writes
//! files for other programs, [`memory`] remembers, [`lock`] does so in a repository, [`heads`] compares two
//! clients' views, [`receipts`] are evidence of reads, [`references`]
//! are followed, `files` (on Unix) finds out where an output file really goes, [`ci`] tells the CI run for the audit record.

pub mod admin;
mod agent;
mod authenticator;
pub mod ci;
mod client;
pub mod crypto;
mod error;
#[cfg(unix)]
pub mod files;
pub mod format;
pub mod heads;
pub mod loader;
pub mod lock;
pub mod memory;
pub mod open;
mod reader;
pub mod receipts;
pub mod references;
mod session;

pub use agent::{Agent, AgentBuilder, ReadableProfile};
pub use authenticator::{AgentAuthenticator, LocalIdentity, SigningFailed};
pub use client::{Client, HttpBuilder, HttpTransport};
pub use error::{Error, ErrorKind, Integrity, OnlyOnce, Unproven};
pub use open::{Secret, SecretDecryptor, Secrets};
pub use reader::{Answered, ProfileReader};
pub use references::PullOptions;
pub use stronghold_protocol as protocol;
