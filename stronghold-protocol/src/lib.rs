//! What every party of Stronghold must agree on.
//!
//! Identifiers, limits, the one cryptographic suite, token strings, signed objects, Merkle trees, the directory and
//! its pure [`directory::Directory::apply`], manifests, audit records, request signatures, and the traits by which a
//! reader and a server meet. There is no I/O here, and nothing in this crate opens a secret: what can decrypt lives in
//! `stronghold-sdk`, so that a server built on this crate cannot even link it.
//!
//! The bytes are specified in `docs/protocol.md`; each module names the section it implements.

pub mod acceptance;
pub mod api;
pub mod approval;
pub mod archive;
pub mod audit;
pub mod checkpoint;
pub mod crypto;
pub mod directory;
pub mod encoding;
pub mod evidence;
pub mod history;
pub mod id;
pub mod json;
pub mod key_request;
pub mod limits;
pub mod manifest;
pub mod merkle;
pub mod name;
pub mod number;
pub mod problem;
pub mod receipt;
pub mod request;
pub mod roster;
#[cfg(feature = "schema")]
pub mod schema;
pub mod seal;
pub mod secret;
pub mod signed;
pub mod time;
pub mod token;
pub mod transport;
pub mod visible;
