//! One audit record, as it is shown.

use super::{AuditFilter, LogRecord, audit_filter::named_profile};
use serde::Serialize;
use stronghold_protocol::{
    audit::{Outcome, Released},
    directory::{Directory, HeaderRef},
    id::{EventId, PrincipalId, ProfileId, SecretId},
    number::Version,
    request::RequestContext,
    time::Timestamp,
};

/// An audit record with the names of what it is about, as the server says: only [`super::Session::verify_audit`] says
/// whether it was logged and signed. Its JSON is what the command line prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Version of this form, [`Self::SCHEMA`].
    pub schema: u32,
    /// The record's position in the log, from 0.
    pub position: u64,
    /// Its stable id.
    pub event_id: EventId,
    /// When the server decided.
    pub time: Timestamp,
    /// Who asked; none when no principal has the key.
    pub principal: Option<AuditPrincipal>,
    /// Whether it holds that principal's signed request. What nobody could sign, a log-in, is the server's word.
    pub signed: bool,
    /// The route's action, for example `profile.read`.
    pub action: String,
    /// What the server decided.
    pub outcome: Outcome,
    /// Why it was denied: a problem code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The profile that was released or written, else the one that the request named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<AuditProfile>,
    /// The secrets that were released one by one; of a whole profile only the one that the filter asks about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<AuditSecret>,
    /// Position of the directory's statement that was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<u64>,
    /// From where, as the server saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What the caller said of itself.
    #[serde(skip_serializing_if = "is_silent")]
    pub context: RequestContext,
    /// The newest directory header, as of which the server decided.
    pub directory: HeaderRef,
}

/// Who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditPrincipal {
    /// `user` or `agent`.
    pub kind: &'static str,
    /// The id.
    pub id: String,
    /// The name that it has, or had: a person's address, an agent's name; the id where neither is known.
    pub name: String,
}

/// The profile that a record is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditProfile {
    /// The id; none where it was only named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_id: Option<ProfileId>,
    /// Its name now, or as it was named in the request; the id where there is no such profile any more.
    pub name: String,
    /// The revision that was released or written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

/// A secret that was released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditSecret {
    /// The id.
    pub secret_id: SecretId,
    /// Its name, where the filter opened the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// None where a whole profile was read, at a revision that cannot be looked into.
    pub version: Option<u64>,
}

impl AuditEntry {
    /// Version of this form: what is added keeps it, what changes raises it.
    pub const SCHEMA: u32 = 1;

    /// A record, with the names that the directory has and those of secrets that the filter knows.
    #[must_use]
    pub fn of(entry: &LogRecord, directory: &Directory, filter: &AuditFilter) -> Self {
        let record = &entry.record;
        let (secrets, statement) = match &record.released {
            Some(Released::Secrets { secrets, .. } | Released::Versions { secrets, .. }) => {
                let shown = secrets.iter().map(|released| secret(filter, released.secret, Some(released.version)));
                (shown.collect(), None)
            }
            Some(Released::Statement { seq, .. }) => (Vec::new(), Some(seq.get())),
            // All secrets of the revision; the one that is asked about is named.
            Some(Released::Profile { revision, .. } | Released::Manifest { revision, .. }) => {
                let asked = filter.asked_at(*revision).map(|(id, version)| secret(filter, id, version));
                (asked.into_iter().collect(), None)
            }
            Some(Released::Revisions { .. }) | None => (Vec::new(), None),
        };
        Self {
            schema: Self::SCHEMA,
            position: entry.position,
            event_id: record.id,
            time: record.time,
            principal: record.principal.map(|id| AuditPrincipal {
                kind: id.kind(),
                id: id_text(&id),
                name: name_of(directory, &id),
            }),
            signed: record.signed().is_some(),
            action: record.action.clone(),
            outcome: record.outcome,
            reason: record.reason.clone(),
            profile: profile_of(entry, directory),
            secrets,
            statement,
            address: record.address.clone(),
            context: entry.context(),
            directory: record.directory,
        }
    }
}

fn is_silent(context: &RequestContext) -> bool {
    *context == RequestContext::default()
}

fn secret(filter: &AuditFilter, id: SecretId, version: Option<Version>) -> AuditSecret {
    let name = filter.secret_name(&id).map(|name| name.expose().to_owned());
    AuditSecret { secret_id: id, name, version: version.map(Version::get) }
}

fn id_text(id: &PrincipalId) -> String {
    match id {
        PrincipalId::User(id) => id.to_string(),
        PrincipalId::Agent(id) => id.to_string(),
    }
}

/// The name that a principal has, or had.
fn name_of(directory: &Directory, id: &PrincipalId) -> String {
    let known = match id {
        PrincipalId::User(id) => directory.user(id).map(|user| user.email.to_string()),
        PrincipalId::Agent(id) => directory.agent(id).map(|agent| agent.name.to_string()),
    };
    known.unwrap_or_else(|| id_text(id))
}

/// The profile that a record is about: the one that was released, else the one that the request named.
fn profile_of(entry: &LogRecord, directory: &Directory) -> Option<AuditProfile> {
    let released = entry.record.released.as_ref().and_then(|released| match released {
        Released::Profile { profile, revision, .. }
        | Released::Secrets { profile, revision, .. }
        | Released::Manifest { profile, revision, .. } => Some((*profile, Some(revision.get()))),
        Released::Versions { profile, .. } | Released::Revisions { profile, .. } => Some((*profile, None)),
        Released::Statement { .. } => None,
    });
    match released {
        Some((id, revision)) => {
            let name = directory.profile(&id).map_or_else(|| id.to_string(), |profile| profile.name.to_string());
            Some(AuditProfile { profile_id: Some(id), name, revision })
        }
        None => {
            let name = named_profile(&entry.record)?;
            Some(AuditProfile { profile_id: None, name, revision: None })
        }
    }
}
