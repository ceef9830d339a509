//! Which audit records are meant.

use super::{ContextQuery, LogRecord, OpenHistory, Resolve, Session};
use crate::{
    error::{Error, ErrorKind},
    open::OpenedProfile,
};
use std::collections::BTreeMap;
use stronghold_protocol::{
    api::parse_profile_segment,
    audit::{AuditRecord, Outcome, Released},
    directory::Directory,
    id::{AgentId, PrincipalId, ProfileId, SecretId, UserId},
    name::{Email, SecretName},
    number::{Epoch, Revision, Version},
    secret::BlindIndex,
    time::Timestamp,
    transport::Transport,
};

/// What a person asks of the audit log: records to which all of this applies. What is left out asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only this agent's: by name or id, deleted ones by id.
    pub agent: Option<String>,
    /// Only this person's: by address or id, removed ones too. Not together with [`Self::agent`].
    pub user: Option<String>,
    /// Only what concerns this profile: by name or id.
    pub profile: Option<String>,
    /// Only what concerns this secret of the profile, reads of the whole profile too: by name or id.
    pub secret: Option<String>,
    /// Only this action, for example `profile.read`.
    pub action: Option<String>,
    /// Only what was allowed, or denied.
    pub outcome: Option<Outcome>,
    /// Only from then on.
    pub since: Option<Timestamp>,
    /// Only before then.
    pub until: Option<Timestamp>,
    /// Only where the caller said all of this of itself.
    pub context: Vec<ContextQuery>,
}

/// An [`AuditQuery`] with what it names looked up. The default means every record.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    query: AuditQuery,
    principal: Option<PrincipalId>,
    profile: Option<(ProfileId, String)>,
    secret: Option<Asked>,
    /// Of the profile's secrets.
    names: BTreeMap<SecretId, SecretName>,
}

/// The secret that is asked about.
#[derive(Clone, Debug)]
struct Asked {
    id: SecretId,
    /// Its blind index, where it is the only one that it ever had: each new key of the profile gives it another.
    index: Option<BlindIndex>,
    /// Its version at each revision that was looked into; none where the revision did not hold it.
    versions: BTreeMap<Revision, Option<Version>>,
}

impl AuditFilter {
    /// Looks up what is named, in the directory as far as the session replayed it. A profile that is named is opened for its
    /// secrets' names, where the person can; its history too, where a secret is asked about.
    ///
    /// # Errors
    /// [`Error::NotFound`] when something that is named does not exist; [`Error::Invalid`] for a secret without its profile,
    /// or an agent and a person at once; [`Error`] when the profile does not verify, or the server cannot be reached.
    pub async fn new<T: Transport>(query: AuditQuery, session: &mut Session<T>) -> Result<Self, Error> {
        if query.secret.is_some() && query.profile.is_none() {
            return Err(Error::invalid("a secret is asked about within its profile: name that too"));
        }
        let mut filter = Self { principal: principal(&query, session.directory())?, query, ..Self::default() };
        let Some(profile) = &filter.query.profile else { return Ok(filter) };
        let known = session.find_profile(profile)?;
        let id = known.id;
        filter.profile = Some((id, known.name.to_string()));
        let past = match filter.query.secret {
            Some(_) if session.may_read_history(id) => Some(session.open_history(id).await?),
            _ => None,
        };
        filter.look_into(session, past.as_ref()).await?;
        Ok(filter)
    }

    /// Opens the profile that is asked about, for its names, and for the secret that is asked about. Its past tells of
    /// deleted secrets, and which version each revision held.
    async fn look_into<T: Transport>(&mut self, session: &Session<T>, past: Option<&OpenHistory>) -> Result<(), Error> {
        let Some((profile, _)) = &self.profile else { return Ok(()) };
        let opened = match session.open_profile(*profile).await {
            Ok(opened) => Some(opened),
            // An auditor has no key: ids are shown then.
            Err(error) if matches!(error.kind(), ErrorKind::Refused | ErrorKind::NotFound) => None,
            Err(error) => return Err(error),
        };
        let names = opened.iter().flat_map(OpenedProfile::iter);
        self.names.extend(names.map(|(sealed, plain)| (sealed.id, plain.name.clone())));
        let Some(wanted) = &self.query.secret else { return Ok(()) };
        let by_name = self.names.iter().find(|(_, name)| name.expose() == wanted).map(|(id, _)| *id);
        let deleted = || past.and_then(|past| past.find(wanted).ok()).map(|(id, _)| id);
        let wanted_id = by_name.or_else(deleted).or_else(|| wanted.parse().ok());
        let id = wanted_id.ok_or_else(|| Error::not_found("secret", wanted))?;
        let mut asked = Asked { id, index: None, versions: BTreeMap::new() };
        if let Some(opened) = &opened {
            let only_key = opened.key().epoch() == Epoch::FIRST;
            let name = self.names.get(&id).filter(|_| only_key);
            asked.index = name.map(|name| opened.key().blind_index(name));
            let version = opened.iter().find(|(sealed, _)| sealed.id == id).map(|(sealed, _)| sealed.version);
            asked.versions.insert(opened.manifest().value().revision, version);
        }
        if let Some(past) = past {
            asked.versions.extend(past.history().versions_over_time(&id));
        }
        self.secret = Some(asked);
        Ok(())
    }

    /// Looks into the profile again, after a new revision. What was known of earlier ones stays.
    ///
    /// # Errors
    /// [`Error`] when the profile does not verify, or the server cannot be reached.
    pub async fn renew<T: Transport>(&mut self, session: &Session<T>) -> Result<(), Error> {
        // Not taken out: who stops waiting here keeps the question.
        let before = self.secret.clone();
        let looked = self.look_into(session, None).await;
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

    /// Whether a record is meant.
    #[must_use]
    pub fn matches(&self, entry: &LogRecord) -> bool {
        let (record, query) = (&entry.record, &self.query);
        self.principal.is_none_or(|principal| record.principal == Some(principal))
            && query.action.as_ref().is_none_or(|action| *action == record.action)
            && query.outcome.is_none_or(|outcome| outcome == record.outcome)
            && query.since.is_none_or(|since| record.time >= since)
            && query.until.is_none_or(|until| record.time < until)
            && self.profile.as_ref().is_none_or(|(id, name)| concerns_profile(record, id, name))
            && self.secret.as_ref().is_none_or(|asked| asked.is_in(record))
            && (query.context.is_empty() || {
                let context = entry.context();
                query.context.iter().all(|wanted| wanted.matches(&context))
            })
    }

    /// Whether this profile is asked about.
    pub(super) fn is_of(&self, profile: &ProfileId) -> bool {
        self.profile.as_ref().is_some_and(|(id, _)| id == profile)
    }

    /// Whether everything before a record of this time is too old.
    pub(super) fn is_before(&self, time: Timestamp) -> bool {
        self.query.since.is_some_and(|since| time < since)
    }

    /// The name of a secret of the profile that is asked for.
    pub(super) fn secret_name(&self, id: &SecretId) -> Option<&SecretName> {
        self.names.get(id)
    }

    /// The secret that is asked about, and its version at a revision where that is known; none where the revision is known
    /// not to hold it, or no secret is asked about.
    pub(super) fn asked_at(&self, revision: Revision) -> Option<(SecretId, Option<Version>)> {
        let asked = self.secret.as_ref()?;
        match asked.versions.get(&revision) {
            Some(None) => None,
            Some(known) => Some((asked.id, *known)),
            None => Some((asked.id, None)),
        }
    }
}

fn principal(query: &AuditQuery, directory: &Directory) -> Result<Option<PrincipalId>, Error> {
    match (&query.agent, &query.user) {
        (None, None) => Ok(None),
        (Some(agent), None) => {
            // A deleted agent's records stay, and so does its id.
            let by_id = agent.parse::<AgentId>().ok().filter(|id| directory.agent(id).is_some());
            Ok(Some(match by_id {
                Some(id) => id.into(),
                None => directory.find_agent(agent)?.id.into(),
            }))
        }
        (None, Some(user)) => {
            let by_id = user.parse::<UserId>().ok().and_then(|id| directory.user(&id));
            let by_email = || Email::new(user).ok().and_then(|email| directory.user_with_email(&email));
            let found = by_id.or_else(by_email).ok_or_else(|| Error::not_found("user", user))?;
            Ok(Some(found.id.into()))
        }
        (Some(_), Some(_)) => Err(Error::invalid("a record is an agent's or a person's: name one of them")),
    }
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
                let Some(request) = &record.request else { return false };
                let indexes: Vec<_> =
                    request.parts().query().split('&').filter_map(|pair| pair.strip_prefix("index=")).collect();
                self.index.is_none_or(|index| indexes.is_empty() || indexes.contains(&index.to_string().as_str()))
            }
        }
    }
}

/// The profile that a request's path names, by name or id.
pub(super) fn named_profile(record: &AuditRecord) -> Option<String> {
    let (_, after) = record.request.as_ref()?.parts().path().rsplit_once("/profiles/")?;
    let (segment, _) = after.split_once('/')?;
    parse_profile_segment(segment).map(|profile| profile.to_string())
}
