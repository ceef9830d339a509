//! Which audit records are meant.

use super::audit_context::{Wanted, context_of};
use crate::{args::AuditFilter, failure::Failure, settings::HttpSession, when};
use std::collections::BTreeMap;
use stronghold_sdk::{
    Error, ErrorKind,
    admin::{LogRecord, OpenHistory, Resolve},
    open::OpenedProfile,
    protocol::{
        audit::{AuditRecord, Outcome, Released},
        directory::Directory,
        id::{AgentId, PrincipalId, ProfileId, SecretId, UserId},
        name::{Email, SecretName},
        number::{Epoch, Revision, Version},
        request::decode_segment,
        secret::BlindIndex,
        time::Timestamp,
    },
};

/// A filter, with what was named looked up.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    principal: Option<PrincipalId>,
    profile: Option<(ProfileId, String)>,
    secret: Option<Asked>,
    context: Vec<Wanted>,
    action: Option<String>,
    outcome: Option<Outcome>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    names: BTreeMap<SecretId, String>,
}

/// The secret that is asked about.
#[derive(Debug)]
struct Asked {
    id: SecretId,
    /// Its blind index, where it is the only one that it ever had: each new key of the profile gives it another.
    index: Option<BlindIndex>,
    /// Its version at each revision that was looked into; none where the revision did not hold it.
    versions: BTreeMap<Revision, Option<Version>>,
}

impl Filter {
    /// Looks up names; the secrets' only of a profile that is named, which is opened for that.
    pub(crate) async fn new(args: &AuditFilter, session: &mut HttpSession, now: Timestamp) -> Result<Self, Failure> {
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
            context: args.context.iter().map(|text| Wanted::parse(text)).collect::<Result<_, _>>()?,
            ..Self::default()
        };
        let Some(profile) = &args.profile else { return Ok(filter) };
        let known = directory.find_profile(profile)?;
        filter.profile = Some((known.id, known.name.to_string()));
        let id = known.id;
        let past = match args.secret {
            Some(_) if session.may_read_history(id) => Some(session.open_history(id).await?),
            _ => None,
        };
        filter.look_into(args, session, past.as_ref()).await?;
        Ok(filter)
    }

    /// Opens the profile that is asked about, for its names, and for the secret that is asked about. Its past tells of
    /// deleted secrets, and which version each revision held.
    async fn look_into(
        &mut self,
        args: &AuditFilter,
        session: &HttpSession,
        past: Option<&OpenHistory>,
    ) -> Result<(), Error> {
        let Some((id, _)) = &self.profile else { return Ok(()) };
        let id = *id;
        let opened = match session.open_profile(id).await {
            Ok(opened) => Some(opened),
            // An auditor has no key: ids are shown then.
            Err(error) if matches!(error.kind(), ErrorKind::Refused | ErrorKind::NotFound) => None,
            Err(error) => return Err(error),
        };
        let names = opened.iter().flat_map(OpenedProfile::iter);
        self.names.extend(names.map(|(sealed, plain)| (sealed.id, plain.name.expose().to_owned())));
        if let Some(wanted) = &args.secret {
            let by_name = self.names.iter().find(|(_, name)| *name == wanted).map(|(id, _)| *id);
            let deleted = || past.and_then(|past| past.find(wanted).ok()).map(|(id, _)| id);
            let wanted_id = by_name.or_else(deleted).or_else(|| wanted.parse().ok());
            let id = wanted_id.ok_or_else(|| Error::not_found("secret", wanted))?;
            let mut asked = Asked { id, index: None, versions: BTreeMap::new() };
            if let Some(opened) = &opened {
                let name = self.names.get(&id).and_then(|name| SecretName::new(name).ok());
                let only_key = opened.key().epoch() == Epoch::FIRST;
                asked.index = name.filter(|_| only_key).map(|name| opened.key().blind_index(&name));
                let version = opened.iter().find(|(sealed, _)| sealed.id == id).map(|(sealed, _)| sealed.version);
                asked.versions.insert(opened.manifest().value().revision, version);
            }
            if let Some(past) = past {
                asked.versions.extend(past.history().versions_over_time(&id));
            }
            self.secret = Some(asked);
        }
        Ok(())
    }

    /// Whether this profile is asked about.
    pub(crate) fn is_of(&self, profile: &ProfileId) -> bool {
        self.profile.as_ref().is_some_and(|(id, _)| id == profile)
    }

    /// Looks into the profile again, after a new revision. What was known of earlier ones stays.
    pub(crate) async fn renew(&mut self, args: &AuditFilter, session: &HttpSession) -> Result<(), Error> {
        let before = self.secret.take();
        let looked = self.look_into(args, session, None).await;
        match (&mut self.secret, before) {
            (Some(asked), Some(before)) if asked.id == before.id => asked.versions.extend(before.versions),
            // It has left the profile, or another one has its name now: the question stays the same.
            (now, before) => *now = before,
        }
        match looked {
            Err(Error::NotFound { .. }) => Ok(()),
            other => other,
        }
    }

    /// Whether everything before a record of this time is too old.
    pub(crate) fn is_before(&self, time: Timestamp) -> bool {
        self.since.is_some_and(|since| time < since)
    }

    /// The name of a secret of the profile that is asked for.
    pub(crate) fn secret_name(&self, id: &SecretId) -> Option<String> {
        self.names.get(id).cloned()
    }

    /// The secret that is asked about, and its version at a revision where that is known; none where the revision is known
    /// not to hold it, or no secret is asked about.
    pub(crate) fn asked_at(&self, revision: Revision) -> Option<(SecretId, Option<Version>)> {
        let asked = self.secret.as_ref()?;
        match asked.versions.get(&revision) {
            Some(None) => None,
            Some(known) => Some((asked.id, *known)),
            None => Some((asked.id, None)),
        }
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
            && self.secret.as_ref().is_none_or(|asked| asked.is_in(record))
            && (self.context.is_empty() || {
                let context = context_of(entry);
                self.context.iter().all(|wanted| wanted.matches(&context))
            })
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
    let found = by_id.or_else(by_email).ok_or_else(|| Error::not_found("user", user))?;
    Ok(Some(found.id.into()))
}

fn concerns_profile(record: &AuditRecord, id: &ProfileId, name: &str) -> bool {
    match &record.released {
        Some(
            Released::Profile { profile, .. }
            | Released::Secrets { profile, .. }
            | Released::Versions { profile, .. }
            | Released::Revisions { profile, .. }
            | Released::Manifest { profile, .. },
        ) => profile == id,
        Some(Released::Statement { .. }) => false,
        None => named_profile(record).is_some_and(|named| named == name || named == id.to_string()),
    }
}

impl Asked {
    /// A read of the whole profile concerns every secret in it; so does one that was denied, unless it was of others only.
    fn is_in(&self, record: &AuditRecord) -> bool {
        match &record.released {
            Some(Released::Secrets { secrets, absent, .. }) => {
                secrets.iter().any(|released| released.secret == self.id)
                    || self.index.is_some_and(|index| absent.contains(&index))
            }
            Some(Released::Profile { revision, .. } | Released::Manifest { revision, .. }) => {
                !matches!(self.versions.get(revision), Some(None))
            }
            Some(Released::Versions { secrets, .. }) => secrets.iter().any(|released| released.secret == self.id),
            // What those revisions wrote, of any secret.
            Some(Released::Revisions { .. }) => true,
            Some(Released::Statement { .. }) => false,
            // A question that was answered without a secret, such as which profiles there are.
            None if record.outcome == Outcome::Allowed => false,
            None => {
                let parts = record.request.parts();
                let indexes: Vec<_> = parts.query().split('&').filter_map(|pair| pair.strip_prefix("index=")).collect();
                self.index.is_none_or(|index| indexes.is_empty() || indexes.contains(&index.to_string().as_str()))
            }
        }
    }
}

/// The profile that a request's path names, as it was written.
pub(crate) fn named_profile(record: &AuditRecord) -> Option<String> {
    let path = record.request.parts().path();
    let (_, after) = path.split_once("/profiles/")?;
    let (segment, _) = after.split_once('/')?;
    decode_segment(segment).ok()
}
