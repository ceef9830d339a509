//! Secrets, opened.

use super::{PlainSecret, SecretKind};
use secrecy::SecretString;
use std::{collections::BTreeMap, fmt};
use stronghold_protocol::{
    id::{ProfileId, SecretId},
    name::SecretName,
    number::{Revision, Version},
    time::Timestamp,
};
use zeroize::Zeroizing;

/// A secret. Its value is wiped when dropped, hidden from `Debug`, and does not serialize.
#[derive(Clone)]
pub struct Secret {
    id: SecretId,
    version: Version,
    plain: PlainSecret,
    /// What a reference led to.
    resolved: Option<Zeroizing<Vec<u8>>>,
}

impl Secret {
    pub(super) const fn new(id: SecretId, version: Version, plain: PlainSecret) -> Self {
        Self { id, version, plain, resolved: None }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> SecretId {
        self.id
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// When its author says this version was written.
    #[must_use]
    pub const fn updated_at(&self) -> Timestamp {
        self.plain.updated_at
    }

    /// A note for people.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.plain.note.as_deref().map(String::as_str)
    }

    /// Whether its value is its own, or another secret's. Everything else that is said of it is its own.
    #[must_use]
    pub const fn kind(&self) -> SecretKind {
        self.plain.kind
    }

    /// The value, the exact bytes; of a reference that was left as it is, the text of its target.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.resolved.as_ref().unwrap_or(&self.plain.value)
    }

    /// The value as text; none when it is not UTF-8.
    #[must_use]
    pub fn expose_str(&self) -> Option<&str> {
        std::str::from_utf8(self.expose()).ok()
    }

    /// The value as text in a type that keeps it hidden; none when it is not UTF-8.
    #[must_use]
    pub fn to_secret_string(&self) -> Option<SecretString> {
        self.expose_str().map(SecretString::from)
    }

    pub(crate) fn resolved_to(self, value: Zeroizing<Vec<u8>>) -> Self {
        Self { resolved: Some(value), ..self }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([REDACTED])")
    }
}

/// The secrets of one revision of a profile, sorted by name.
#[derive(Clone)]
pub struct Secrets {
    profile: ProfileId,
    revision: Revision,
    secrets: BTreeMap<SecretName, Secret>,
}

impl Secrets {
    pub(crate) const fn new(profile: ProfileId, revision: Revision, secrets: BTreeMap<SecretName, Secret>) -> Self {
        Self { profile, revision, secrets }
    }

    /// The profile.
    #[must_use]
    pub const fn profile(&self) -> ProfileId {
        self.profile
    }

    /// The revision.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// A secret by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.secrets.get(&SecretName::new(name).ok()?)
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&SecretName, &Secret)> {
        self.secrets.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.secrets.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    pub(crate) fn into_map(self) -> BTreeMap<SecretName, Secret> {
        self.secrets
    }

    pub(crate) fn take(mut self, name: &SecretName) -> Option<Secret> {
        self.secrets.remove(name)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} of {}, revision {})", self.secrets.len(), self.profile, self.revision)
    }
}
