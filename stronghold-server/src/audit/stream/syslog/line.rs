//! One message: header, structured data, and the event as JSON (RFC 5424, section 6).

use crate::audit::stream::{EVENT_SCHEMA, Event};
use std::fmt::Write;
use stronghold_protocol::{
    audit::{Outcome, Released},
    id::PrincipalId,
};

/// Facility 13, "log audit" (section 6.2.1).
const FACILITY: u8 = 13;
const INFORMATIONAL: u8 = 6;
const WARNING: u8 = 4;

/// The id of the structured data. 32473 is the enterprise number that RFC 5612 sets aside for those who have none.
const DATA_ID: &str = "stronghold@32473";

/// Says that what follows is UTF-8 (section 6.4).
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Whose messages these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    host: String,
    process: u32,
}

impl Origin {
    /// A machine's name and a process's number.
    #[must_use]
    pub fn new(host: &str, process: u32) -> Self {
        Self { host: field(host, 255), process }
    }

    /// The name of this machine, as it says itself, and the number of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self::new(&rustix::system::uname().nodename().to_string_lossy(), std::process::id())
    }

    /// The message of an event.
    pub(super) fn message(&self, event: &Event) -> serde_json::Result<Vec<u8>> {
        let record = event.record();
        let severity = match record.outcome {
            Outcome::Allowed => INFORMATIONAL,
            Outcome::Denied => WARNING,
        };
        let header = format!(
            "<{}>1 {} {} stronghold-server {} {} ",
            FACILITY * 8 + severity,
            record.time,
            self.host,
            self.process,
            field(&record.action, 32)
        );
        let data = structured_data(event);
        Ok([header.as_bytes(), data.as_bytes(), b" ", BOM, &serde_json::to_vec(event)?].concat())
    }
}

/// What a receiver may want to index, without reading the JSON.
fn structured_data(event: &Event) -> String {
    let record = event.record();
    let principal = record.principal.map(|principal| match principal {
        PrincipalId::User(id) => ("user", id.to_string()),
        PrincipalId::Agent(id) => ("agent", id.to_string()),
    });
    let (kind, principal) = principal.unzip();
    let released = record.released.as_ref().and_then(|released| match released {
        Released::Profile { profile, revision, .. }
        | Released::Secrets { profile, revision, .. }
        | Released::Manifest { profile, revision, .. } => Some((profile.to_string(), Some(revision.to_string()))),
        Released::Versions { profile, .. } | Released::Revisions { profile, .. } => Some((profile.to_string(), None)),
        Released::Statement { .. } => None,
    });
    let (profile, revision) = released.unzip();
    let revision = revision.flatten();
    let outcome = match record.outcome {
        Outcome::Allowed => "allowed",
        Outcome::Denied => "denied",
    };
    let parameters = [
        ("schema", Some(EVENT_SCHEMA.to_string())),
        ("id", Some(event.id().to_string())),
        ("org", Some(event.org().to_string())),
        ("position", Some(event.position().to_string())),
        ("action", Some(record.action.clone())),
        ("outcome", Some(outcome.to_owned())),
        ("reason", record.reason.clone()),
        ("kind", kind.map(str::to_owned)),
        ("principal", principal),
        ("profile", profile),
        ("revision", revision),
        ("ip", record.address.clone()),
    ];
    let mut data = format!("[{DATA_ID}");
    for (name, value) in parameters.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        // Writing to a string does not fail.
        let _ = write!(data, " {name}=\"{}\"", escaped(&value));
    }
    data.push(']');
    data
}

/// A value of a parameter: `"`, `\` and `]` are escaped (section 6.3.3).
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]")
}

/// A field of the header: printable ASCII without spaces, `-` for none (section 6).
fn field(text: &str, limit: usize) -> String {
    let kept: String = text.chars().filter(char::is_ascii_graphic).take(limit).collect();
    if kept.is_empty() { "-".to_owned() } else { kept }
}
