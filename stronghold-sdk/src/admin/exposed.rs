//! What ended accesses expose: what is told right after a removal, and what is listed until it was changed.

use super::{ExposedTo, Exposure, Session};
use crate::error::Error;
use serde::Serialize;
use stronghold_protocol::{
    id::{PrincipalId, SecretId},
    number::Seq,
    time::Timestamp,
    transport::Transport,
};

/// What a removal exposes: to be rotated where it is issued.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Exposed {
    /// What was read at least, as the audit log says.
    pub read: Vec<ExposedItem>,
    /// All that could be read.
    pub could_read: Vec<ExposedItem>,
}

/// A secret that somebody may know who lost access.
#[derive(Clone, Debug, Serialize)]
pub struct ExposedItem {
    /// The profile's name.
    pub profile: String,
    /// The secret.
    pub secret_id: SecretId,
    /// Its name.
    pub name: String,
    /// Its newest version, which they may know.
    pub version: u64,
}

impl From<&Exposure> for ExposedItem {
    fn from(exposure: &Exposure) -> Self {
        Self {
            profile: exposure.profile_name.to_string(),
            secret_id: exposure.secret,
            name: exposure.name.expose().to_owned(),
            version: exposure.version.get(),
        }
    }
}

/// An exposed secret, with everyone who may know it. Its JSON is what the command line prints.
#[derive(Clone, Debug, Serialize)]
pub struct ExposedSecret {
    /// The secret.
    #[serde(flatten)]
    pub item: ExposedItem,
    /// Whose access ended.
    pub exposed_to: Vec<ExposedPrincipal>,
}

/// Somebody whose access ended.
#[derive(Clone, Debug, Serialize)]
pub struct ExposedPrincipal {
    /// `user` or `agent`.
    pub kind: &'static str,
    /// The id.
    pub id: String,
    /// The name that it has, or had: a person's address, an agent's name.
    pub name: String,
    /// When the access ended, as the statement's author said.
    pub ended_at: Timestamp,
    /// Whether the audit log says that it was read; none where the log could not be read so far back.
    pub read: Option<bool>,
}

impl From<&Exposure> for ExposedSecret {
    fn from(exposure: &Exposure) -> Self {
        Self { item: exposure.into(), exposed_to: exposure.to.iter().map(ExposedPrincipal::from).collect() }
    }
}

impl From<&ExposedTo> for ExposedPrincipal {
    fn from(to: &ExposedTo) -> Self {
        let id = match to.principal {
            PrincipalId::Agent(id) => id.to_string(),
            PrincipalId::User(id) => id.to_string(),
        };
        Self { kind: to.principal.kind(), id, name: to.name.clone(), ended_at: to.ended_at, read: to.read }
    }
}

impl<T: Transport> Session<T> {
    /// What is exposed to those whose access ended in a statement after `before`: to one of them, or to all.
    ///
    /// # Errors
    /// As [`Session::exposures`].
    pub async fn exposed_since(&mut self, before: Seq, to: Option<PrincipalId>) -> Result<Exposed, Error> {
        let meant = |exposed: &&ExposedTo| to.is_none_or(|to| to == exposed.principal);
        let mut exposed = Exposed::default();
        for exposure in &self.exposures(None, Some(before)).await? {
            let mut meant = exposure.to.iter().filter(meant).peekable();
            if meant.peek().is_some() {
                exposed.could_read.push(exposure.into());
            }
            if meant.any(|to| to.read == Some(true)) {
                exposed.read.push(exposure.into());
            }
        }
        Ok(exposed)
    }
}
