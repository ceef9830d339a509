//! Which audit records are meant.

use crate::{args::AuditFilter, failure::Failure, settings::HttpSession, when};
use std::collections::BTreeMap;
use stronghold_sdk::{
    admin::{LogRecord, Resolve},
    protocol::{
        audit::{AuditRecord, Outcome, Released},
        directory::Directory,
        id::{AgentId, PrincipalId, ProfileId, SecretId, UserId},
        name::Email,
        request::decode_segment,
        time::Timestamp,
    },
};

/// A filter, with what was named looked up.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    principal: Option<PrincipalId>,
    profile: Option<(ProfileId, String)>,
    secret: Option<SecretId>,
    action: Option<String>,
    outcome: Option<Outcome>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    names: BTreeMap<SecretId, String>,
}

impl Filter {
    /// Looks up names; the secrets' only of a profile that is named, which is opened for that.
    pub(crate) async fn new(args: &AuditFilter, session: &HttpSession, now: Timestamp) -> Result<Self, Failure> {
        let directory = session.directory();
        let mut filter = Self {
            principal: principal(args, directory)?,
            action: args.action.clone(),
            outcome: args.outcome.as_deref().map(|outcome| match outcome {
                "denied" => Outcome::Denied,
                _ => Outcome::Allowed,
            }),
            since: args.since.as_deref().map(|text| when::parse_past(text, now)).transpose()?,
            until: args.until.as_deref().map(|text| when::parse_past(text, now)).transpose()?,
            ..Self::default()
        };
        let Some(profile) = &args.profile else { return Ok(filter) };
        let known = directory.find_profile(profile)?;
        filter.profile = Some((known.id, known.name.to_string()));
        // An auditor has no key: ids are shown then.
        if let Ok(opened) = session.open_profile(known.id).await {
            filter.names = opened.iter().map(|(sealed, plain)| (sealed.id, plain.name.expose().to_owned())).collect();
        }
        if let Some(wanted) = &args.secret {
            let by_name = filter.names.iter().find(|(_, name)| *name == wanted).map(|(id, _)| *id);
            let id = by_name.or_else(|| wanted.parse().ok());
            filter.secret = Some(id.ok_or_else(|| stronghold_sdk::Error::not_found("secret", wanted))?);
        }
        Ok(filter)
    }

    /// Whether everything before a record of this time is too old.
    pub(crate) fn is_before(&self, time: Timestamp) -> bool {
        self.since.is_some_and(|since| time < since)
    }

    /// The name of a secret of the profile that is asked for.
    pub(crate) fn secret_name(&self, id: &SecretId) -> Option<String> {
        self.names.get(id).cloned()
    }

    /// Whether a record is meant.
    pub(crate) fn matches(&self, entry: &LogRecord) -> bool {
        let record = &entry.record;
        self.principal.is_none_or(|principal| record.principal == Some(principal))
            && self.action.as_ref().is_none_or(|action| *action == record.action)
            && self.outcome.is_none_or(|outcome| outcome == record.outcome)
            && self.since.is_none_or(|since| record.time >= since)
            && self.until.is_none_or(|until| record.time < until)
            && self.profile.as_ref().is_none_or(|(id, name)| concerns_profile(record, id, name))
            && self.secret.is_none_or(|secret| concerns_secret(record, &secret))
    }
}

fn principal(args: &AuditFilter, directory: &Directory) -> Result<Option<PrincipalId>, Failure> {
    if let Some(agent) = &args.agent {
        // A deleted agent's records stay, and so does its id.
        let by_id = agent.parse::<AgentId>().ok().filter(|id| directory.agent(id).is_some());
        return Ok(Some(match by_id {
            Some(id) => id.into(),
            None => directory.find_agent(agent)?.id.into(),
        }));
    }
    let Some(user) = &args.user else { return Ok(None) };
    let by_id = user.parse::<UserId>().ok().and_then(|id| directory.user(&id));
    let by_email = || Email::new(user).ok().and_then(|email| directory.user_with_email(&email));
    let found = by_id.or_else(by_email).ok_or_else(|| stronghold_sdk::Error::not_found("user", user))?;
    Ok(Some(found.id.into()))
}

fn concerns_profile(record: &AuditRecord, id: &ProfileId, name: &str) -> bool {
    match &record.released {
        Some(
            Released::Profile { profile, .. } | Released::Secrets { profile, .. } | Released::Manifest { profile, .. },
        ) => profile == id,
        Some(Released::Statement { .. }) => false,
        None => named_profile(record).is_some_and(|named| named == name || named == id.to_string()),
    }
}

/// A read of the whole profile concerns every secret in it; so does one that was denied.
fn concerns_secret(record: &AuditRecord, id: &SecretId) -> bool {
    match &record.released {
        Some(Released::Secrets { secrets, .. }) => secrets.iter().any(|released| released.secret == *id),
        _ => true,
    }
}

/// The profile that a request's path names, as it was written.
pub(crate) fn named_profile(record: &AuditRecord) -> Option<String> {
    let path = record.request.parts().path();
    let (_, after) = path.split_once("/profiles/")?;
    let (segment, _) = after.split_once('/')?;
    decode_segment(segment).ok()
}
