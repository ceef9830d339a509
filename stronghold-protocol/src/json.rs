//! The one way in for JSON: everything that is decoded from outside goes through [`from_slice`].
//!
//! What serde's derived code reads is more than what is written: arrays in the place of objects, objects without their
//! optional members, numbers that other languages round. Two implementations that accept different bytes keep different
//! chains, so there is one form of each value here. Anything else is refused:
//!
//! 1. an array where an object is meant, and an object where a text is meant;
//! 2. a member that the type does not have, one that stands there twice, and one that is missing. A member that can be
//!    without a value is always there and then `null`, but for those in [`EXCEPTIONS`], which are left out and never
//!    `null`;
//! 3. a number that is no integer below 2^53;
//! 4. anything after the value.
//!
//! The text is read as a stream, so that a large body costs no tree of it. Specified in `docs/protocol.md`, section 1.

mod kind;
mod members;
mod pairs;
mod strict;

pub use kind::{ByKind, by_kind};
pub use pairs::Pairs;

use serde::de::DeserializeOwned;
use strict::Strict;

/// A type whose members are not all always there.
#[derive(Clone, Copy, Debug)]
pub struct Exception {
    /// The type.
    pub name: &'static str,
    /// Members that are left out where there is nothing to say, and never `null`.
    pub optional: &'static [&'static str],
    /// Whether members that this version does not know are skipped.
    pub open: bool,
}

/// Every type whose members are not all always there.
pub const EXCEPTIONS: &[Exception] = &[
    Exception { name: "AuditRecord", optional: &["key_id", "reason", "released", "address", "request"], open: false },
    Exception { name: "SignedRequest", optional: &["content_digest", "if_none_match", "context"], open: false },
    Exception { name: "RequestContext", optional: &["reason", "clock_corrected_seconds", "ci"], open: true },
    Exception { name: "CiRun", optional: &["provider", "repository", "run_id"], open: true },
    Exception { name: "SecretMeta", optional: &["note"], open: false },
    // What comes first in a file whose form may be a later one.
    Exception { name: "FormatNumber", optional: &[], open: true },
    // RFC 9457, sections 3.1 and 3.2.
    Exception {
        name: "Problem",
        optional: &["type", "title", "detail", "server_time", "head_seq", "retry_after_seconds"],
        open: true,
    },
];

/// Bytes are not the JSON of the type that is read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NotStrict {
    reason: String,
    line: usize,
    column: usize,
}

impl NotStrict {
    /// The line at which reading stopped, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The column at which reading stopped, from 1.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }
}

impl From<serde_json::Error> for NotStrict {
    fn from(error: serde_json::Error) -> Self {
        Self { reason: error.to_string(), line: error.line(), column: error.column() }
    }
}

/// Reads a value of a type, strictly.
///
/// # Errors
/// [`NotStrict`] when the bytes are not JSON in the one form of such a value. Its text can repeat what was found.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, NotStrict> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = T::deserialize(Strict(&mut deserializer))?;
    deserializer.end()?;
    Ok(value)
}
