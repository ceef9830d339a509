//! Archives: files of an audit log's oldest records, in their exact bytes.
//!
//! An archive is JSON Lines: an [`ArchiveHeader`], then an [`ArchivedRecord`] for each position from `from` to before `to`. It
//! proves nothing by itself: whoever reads it hashes the records, and compares with a checkpoint of the log.
//!
//! Specified in `docs/protocol.md`, section 13.

use crate::{audit::RecordSchema, encoding::Base64Bytes, id::OrgId, json};
use serde::{Deserialize, Serialize};

/// The first line of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ArchiveHeader {
    /// Version of this form and of the records'.
    pub schema: RecordSchema,
    /// The organization.
    pub org: OrgId,
    /// Position of the first record.
    pub from: u64,
    /// Position after the last record.
    pub to: u64,
}

/// Another line of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ArchivedRecord {
    /// Its position in the log.
    pub position: u64,
    /// Its exact bytes.
    pub record: Base64Bytes,
}

/// A line is not of an archive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a line of an archive: {0}")]
pub struct InvalidArchive(String);

impl ArchiveHeader {
    /// The line, without its end.
    ///
    /// # Errors
    /// [`InvalidArchive`] when it does not serialize, which none does.
    pub fn encode(&self) -> Result<String, InvalidArchive> {
        encode(self)
    }

    /// Reads a line, strictly.
    ///
    /// # Errors
    /// [`InvalidArchive`] when it is something else.
    pub fn parse(line: &[u8]) -> Result<Self, InvalidArchive> {
        let header: Self = parse(line)?;
        if header.from < header.to { Ok(header) } else { Err(InvalidArchive("it holds nothing".to_owned())) }
    }

    /// Whether it holds the record at a position.
    #[must_use]
    pub const fn holds(&self, position: u64) -> bool {
        self.from <= position && position < self.to
    }
}

impl ArchivedRecord {
    /// The line, without its end.
    ///
    /// # Errors
    /// [`InvalidArchive`] when it does not serialize, which none does.
    pub fn encode(&self) -> Result<String, InvalidArchive> {
        encode(self)
    }

    /// Reads a line, strictly.
    ///
    /// # Errors
    /// [`InvalidArchive`] when it is something else.
    pub fn parse(line: &[u8]) -> Result<Self, InvalidArchive> {
        parse(line)
    }
}

fn encode(line: &impl Serialize) -> Result<String, InvalidArchive> {
    serde_json::to_string(line).map_err(|error| InvalidArchive(error.to_string()))
}

fn parse<T: serde::de::DeserializeOwned>(line: &[u8]) -> Result<T, InvalidArchive> {
    json::from_slice(line).map_err(|error| InvalidArchive(error.to_string()))
}
