//! One event, as receivers get it.

use serde::Serialize;
use serde_json::value::RawValue;
use stronghold_protocol::{
    audit::AuditRecord,
    id::{EventId, OrgId},
};

/// Version of the form of an [`Event`]: members may be added to it; what changes raises it.
pub const EVENT_SCHEMA: u32 = 1;

/// An audit record on its way to a receiver: `{"schema", "id", "org", "position", "record"}`. Organization and position
/// never name another record, and neither does the id: a receiver drops what it has already.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    schema: u32,
    id: EventId,
    org: OrgId,
    position: u64,
    /// The exact bytes of the record: SHA-256 over a zero byte and them is its leaf in the log.
    record: Box<RawValue>,
    #[serde(skip)]
    parsed: AuditRecord,
}

/// What is stored at a position is no audit record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {position}: {reason}")]
pub struct NotAnEvent {
    position: u64,
    reason: String,
}

impl Event {
    /// The event of a record at a position of its organization's log, from its exact bytes.
    ///
    /// # Errors
    /// [`NotAnEvent`] when they are no record.
    pub fn new(position: u64, bytes: &[u8]) -> Result<Self, NotAnEvent> {
        let failed = |reason: &dyn std::fmt::Display| NotAnEvent { position, reason: reason.to_string() };
        let parsed = AuditRecord::parse(bytes).map_err(|error| failed(&error))?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|error| failed(&error))?;
        let record = RawValue::from_string(text).map_err(|error| failed(&error))?;
        Ok(Self { schema: EVENT_SCHEMA, id: parsed.id, org: parsed.org, position, record, parsed })
    }

    /// The record's stable id.
    #[must_use]
    pub const fn id(&self) -> EventId {
        self.id
    }

    /// The organization.
    #[must_use]
    pub const fn org(&self) -> OrgId {
        self.org
    }

    /// The record's position in the organization's log, from 0.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// What the record says.
    #[must_use]
    pub const fn record(&self) -> &AuditRecord {
        &self.parsed
    }
}
