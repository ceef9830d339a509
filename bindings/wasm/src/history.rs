//! What was before: revisions, versions, and what is exposed.

use crate::{
    convert::to_js,
    edit::{Done, revision},
    error::Outcome,
    profiles::{ShownValue, profile},
    session::Session,
};
use serde::Serialize;
use stronghold_sdk::{
    Error,
    admin::{Difference, EditOutcome, ExposedSecret, VersionState},
    open::PlainSecret,
    protocol::{
        directory::Directory,
        id::{SecretId, UserId},
        number::Version,
        time::Timestamp,
    },
};
use wasm_bindgen::prelude::wasm_bindgen;

#[derive(Serialize)]
struct ListedRevision {
    revision: u64,
    time: Timestamp,
    author: String,
    written: usize,
    deleted: usize,
}

#[derive(Serialize)]
struct ListedVersion {
    version: u64,
    revision: u64,
    time: Timestamp,
    author: String,
    state: &'static str,
}

#[derive(Serialize)]
struct Deleted {
    secret_id: SecretId,
    name: String,
    version: u64,
    deleted_revision: u64,
}

#[derive(Serialize)]
struct ShownDifference {
    secret_id: SecretId,
    name: String,
    old: Option<Side>,
    new: Option<Side>,
}

#[derive(Serialize)]
struct Side {
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<ShownValue>,
}

#[wasm_bindgen]
impl Session {
    /// The revisions of a profile, newest first.
    #[wasm_bindgen(js_name = profileHistory)]
    pub async fn profile_history(&self, profile_id: String) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.profile(&profile_id)?;
        let history = open.session.history(id).await?;
        let directory = open.session.directory();
        let revisions = history.revisions().iter().rev().map(|known| ListedRevision {
            revision: known.number().get(),
            time: known.manifest().time,
            author: author(directory, &known.author()),
            written: known.written(),
            deleted: known.deleted(),
        });
        to_js(&revisions.collect::<Vec<_>>())
    }

    /// What differs between two revisions, with the values.
    pub async fn diff(&self, profile_id: String, old: u32, new: u32) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let (old, new) = (revision(old.into())?, revision(new.into())?);
        let id = open.profile(&profile_id)?;
        let differences = open.session.diff(id, old, new).await?;
        let differing = differences.iter().filter(|difference| !difference.is_same_value());
        to_js(&differing.map(ShownDifference::from).collect::<Vec<_>>())
    }

    /// Makes a profile hold what it held at a revision: a new revision, on top of the one that was compared with it.
    #[wasm_bindgen(js_name = restoreProfile)]
    pub async fn restore_profile(&self, profile_id: String, number: u32, shown: u32) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let (number, shown) = (revision(number.into())?, revision(shown.into())?);
        let id = open.profile(&profile_id)?;
        let outcome = open.session.restore_profile(id, number, Some(shown), false).await;
        done(outcome)
    }

    /// The versions of a secret, by name or id, newest first.
    #[wasm_bindgen(js_name = secretHistory)]
    pub async fn secret_history(&self, profile_id: String, secret: String) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.profile(&profile_id)?;
        let history = open.session.secret_history(id, &secret).await?;
        let directory = open.session.directory();
        let versions = history.versions.iter().map(|version| ListedVersion {
            version: version.version.get(),
            revision: version.revision.get(),
            time: version.time,
            author: author(directory, &version.author),
            state: match version.state {
                VersionState::Current => "current",
                VersionState::Kept => "kept",
                VersionState::Purged(_) => "purged",
            },
        });
        to_js(&versions.collect::<Vec<_>>())
    }

    /// The value that a secret had at a version.
    #[wasm_bindgen(js_name = secretVersion)]
    pub async fn secret_version(&self, profile_id: String, secret: String, number: u32) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.profile(&profile_id)?;
        let (_, plain) = open.session.secret_version(id, &secret, version(number)?).await?;
        to_js(&ShownValue::of(&plain))
    }

    /// Sets a secret to what it was at a version: a new version.
    #[wasm_bindgen(js_name = rollbackSecret)]
    pub async fn rollback_secret(&self, profile_id: String, secret: String, number: u32) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.profile(&profile_id)?;
        let outcome = open.session.rollback(id, &secret, version(number)?).await;
        done(outcome)
    }

    /// The secrets that were deleted and can be brought back.
    #[wasm_bindgen(js_name = deletedSecrets)]
    pub async fn deleted_secrets(&self, profile_id: String) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.profile(&profile_id)?;
        let deleted = open.session.deleted_secrets(id).await?;
        let deleted = deleted.iter().filter_map(|(plain, history)| {
            Some(Deleted {
                secret_id: history.id,
                name: plain.as_ref()?.name.expose().to_owned(),
                version: history.versions.first()?.version.get(),
                deleted_revision: history.deleted?.get(),
            })
        });
        to_js(&deleted.collect::<Vec<_>>())
    }

    /// Brings a deleted secret back: a new version of it.
    #[wasm_bindgen(js_name = restoreSecret)]
    pub async fn restore_secret(&self, profile_id: String, secret_id: String) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.profile(&profile_id)?;
        let outcome = open.session.restore_secret(id, &secret_id).await;
        done(outcome)
    }

    /// The secrets that somebody could read who cannot any more, until each is changed.
    pub async fn exposures(&self, profile_id: Option<String>) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let meant = profile_id.as_deref().map(profile).transpose()?;
        let exposures = open.session.exposures(meant, None).await?;
        to_js(&exposures.iter().map(ExposedSecret::from).collect::<Vec<_>>())
    }
}

fn done(outcome: Result<EditOutcome, Error>) -> Outcome {
    to_js(&Done::from(outcome?))
}

fn version(number: u32) -> Result<Version, Error> {
    Version::new(number.into()).map_err(|_| Error::invalid(format!("{number} is no version")))
}

fn author(directory: &Directory, id: &UserId) -> String {
    directory.user(id).map_or_else(|| id.to_string(), |user| user.email.to_string())
}

impl From<&Difference> for ShownDifference {
    fn from(difference: &Difference) -> Self {
        Self {
            secret_id: difference.secret,
            name: difference.name().map_or_else(|| difference.secret.to_string(), str::to_owned),
            old: difference.old.as_ref().map(Side::from),
            new: difference.new.as_ref().map(Side::from),
        }
    }
}

impl From<&(Version, Option<PlainSecret>)> for Side {
    fn from((version, plain): &(Version, Option<PlainSecret>)) -> Self {
        Self { version: version.get(), value: plain.as_ref().map(ShownValue::of) }
    }
}
