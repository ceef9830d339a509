//! One audit record, as it is shown.

use super::{
    audit_context::{context_of, line, texts},
    audit_filter::Filter,
};
use serde::Serialize;
use stronghold_sdk::{
    admin::LogRecord,
    protocol::{
        audit::{Outcome, Released},
        directory::{Directory, HeaderRef},
        id::{EventId, PrincipalId, ProfileId, SecretId},
        request::RequestContext,
        time::Timestamp,
    },
};

/// Version of this form: what is added keeps it, what changes raises it.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
pub(crate) struct Entry {
    schema: u32,
    position: u64,
    event_id: EventId,
    time: Timestamp,
    principal: Option<Principal>,
    action: String,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Profile>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// What the caller said of itself.
    #[serde(skip_serializing_if = "is_silent")]
    context: RequestContext,
    directory: HeaderRef,
}

#[derive(Serialize)]
struct Principal {
    kind: &'static str,
    id: String,
    name: String,
}

#[derive(Serialize)]
struct Profile {
    #[serde(skip_serializing_if = "Option::is_none")]
    profile_id: Option<ProfileId>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
}

#[derive(Serialize)]
struct Secret {
    secret_id: SecretId,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// None where a whole profile was read, at a revision that cannot be looked into.
    version: Option<u64>,
}

fn is_silent(context: &RequestContext) -> bool {
    *context == RequestContext::default()
}

impl Entry {
    pub(crate) fn of(entry: &LogRecord, directory: &Directory, filter: &Filter) -> Self {
        let record = &entry.record;
        let (secrets, statement) = match &record.released {
            Some(Released::Secrets { secrets, .. } | Released::Versions { secrets, .. }) => {
                let shown = secrets.iter().map(|released| Secret {
                    secret_id: released.secret,
                    name: filter.secret_name(&released.secret),
                    version: Some(released.version.get()),
                });
                (shown.collect(), None)
            }
            Some(Released::Statement { seq, .. }) => (Vec::new(), Some(seq.get())),
            Some(Released::Revisions { .. }) => (Vec::new(), None),
            // All secrets of the revision; the one that is asked about is named.
            Some(Released::Profile { revision, .. } | Released::Manifest { revision, .. }) => {
                let asked = filter.asked_at(*revision).map(|(id, version)| Secret {
                    secret_id: id,
                    name: filter.secret_name(&id),
                    version: version.map(stronghold_sdk::protocol::number::Version::get),
                });
                (asked.into_iter().collect(), None)
            }
            None => (Vec::new(), None),
        };
        Self {
            schema: SCHEMA,
            position: entry.position,
            event_id: record.id,
            time: record.time,
            principal: record.principal.map(|id| Principal {
                kind: id.kind(),
                id: id_text(&id),
                name: name_of(directory, &id),
            }),
            action: record.action.clone(),
            outcome: record.outcome,
            reason: record.reason.clone(),
            profile: profile_of(entry, directory),
            secrets,
            statement,
            address: record.address.clone(),
            context: context_of(entry),
            directory: record.directory,
        }
    }

    /// For a table.
    pub(crate) fn row(&self) -> Vec<String> {
        let who = self.principal.as_ref().map_or_else(|| "?".to_owned(), |who| who.name.clone());
        let profile = self.profile.as_ref().map_or_else(String::new, |profile| profile.name.clone());
        let outcome = match &self.reason {
            Some(reason) => format!("denied: {reason}"),
            None => "allowed".to_owned(),
        };
        let from = self.address.clone().unwrap_or_default();
        let cells = [self.time.to_string(), who, self.action.clone(), profile, self.what(), outcome, from];
        // What a caller says of itself must not steer a terminal.
        cells.into_iter().chain([line(&self.context)]).map(|cell| cell.replace(char::is_control, " ")).collect()
    }

    /// The columns of [`Self::row`].
    pub(crate) const HEADING: [&str; 8] = ["TIME", "WHO", "ACTION", "PROFILE", "WHAT", "OUTCOME", "FROM", "CONTEXT"];

    fn what(&self) -> String {
        if let Some(seq) = self.statement {
            return format!("statement {seq}");
        }
        let named = self.secrets.iter().map(|secret| {
            let name = secret.name.clone().unwrap_or_else(|| secret.secret_id.to_string());
            secret.version.map_or_else(|| name.clone(), |version| format!("{name} v{version}"))
        });
        let revision = self.profile.as_ref().and_then(|profile| profile.revision);
        let revision = revision.map(|revision| format!("revision {revision}"));
        named.chain(revision).collect::<Vec<_>>().join(", ")
    }

    pub(crate) const CSV_HEADING: &str = "position,event_id,time,kind,principal,name,action,outcome,reason,profile,revision,what,address,\
         context_reason,ci_provider,ci_repository,ci_run_id\n";

    /// A line of CSV (RFC 4180), without its end. What a spreadsheet would take for a formula is quoted as text.
    pub(crate) fn csv(&self) -> String {
        let who = self.principal.as_ref();
        let profile = self.profile.as_ref();
        let outcome = if self.reason.is_some() { "denied" } else { "allowed" };
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let [said_reason, provider, repository, run_id] =
            texts(&self.context).map(|said| said.cloned().unwrap_or_default());
        let fields = [
            self.position.to_string(),
            self.event_id.to_string(),
            self.time.to_string(),
            text(who.map(|who| who.kind)),
            text(who.map(|who| who.id.as_str())),
            text(who.map(|who| who.name.as_str())),
            self.action.clone(),
            outcome.to_owned(),
            text(self.reason.as_deref()),
            text(profile.map(|profile| profile.name.as_str())),
            profile.and_then(|profile| profile.revision).map_or_else(String::new, |revision| revision.to_string()),
            self.what(),
            text(self.address.as_deref()),
            said_reason,
            provider,
            repository,
            run_id,
        ];
        fields.map(|field| csv_field(&field)).join(",")
    }
}

fn csv_field(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
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
fn profile_of(entry: &LogRecord, directory: &Directory) -> Option<Profile> {
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
            Some(Profile { profile_id: Some(id), name, revision })
        }
        None => {
            let name = super::audit_filter::named_profile(&entry.record)?;
            Some(Profile { profile_id: None, name, revision: None })
        }
    }
}
