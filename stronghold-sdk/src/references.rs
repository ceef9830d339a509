//! References: secrets whose value is another secret's. They are resolved here, on the reader's machine.
//!
//! A reference is a kind of secret, stated in its encrypted `meta`; nothing is ever found by looking into values. Its target
//! is in the same profile, or in another one that the reader allows with [`PullOptions::allow_reference`]: each other profile
//! is one read of its own, verified and audited like any. Specified in `docs/protocol.md`, section 10.

use crate::{
    error::Error,
    open::{OpenedProfile, Secret, SecretKind, Secrets},
};
use async_trait::async_trait;
use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};
use stronghold_protocol::{
    evidence::ProfileSelector,
    id::ProfileId,
    limits,
    name::{InvalidName, Name, SecretName},
    number::Revision,
};
use zeroize::Zeroizing;

/// What a reference points at: `SECRET` in the same profile, or `PROFILE/SECRET`.
///
/// The profile ends at the first `/`; a secret of the same profile with a `/` in its name is written `/SECRET`, and a profile
/// with one in its name by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceTarget {
    profile: Option<ProfileSelector>,
    secret: SecretName,
}

impl ReferenceTarget {
    /// A secret of a profile, which is named by its id where its name holds a `/`.
    pub(crate) fn in_profile(id: ProfileId, name: &Name, secret: SecretName) -> Self {
        let named = !name.as_str().contains('/');
        let profile = if named { ProfileSelector::Name(name.clone()) } else { ProfileSelector::Id(id) };
        Self { profile: Some(profile), secret }
    }

    /// The other profile, if it is in another one.
    #[must_use]
    pub const fn profile(&self) -> Option<&ProfileSelector> {
        self.profile.as_ref()
    }

    /// The secret's name.
    #[must_use]
    pub const fn secret(&self) -> &SecretName {
        &self.secret
    }

    /// What the value of a reference holds: the text that parses to this target.
    #[must_use]
    pub fn to_value(&self) -> Zeroizing<Vec<u8>> {
        let secret = self.secret.expose();
        Zeroizing::new(match &self.profile {
            Some(profile) => format!("{profile}/{secret}").into_bytes(),
            None if secret.contains('/') => format!("/{secret}").into_bytes(),
            None => secret.as_bytes().to_vec(),
        })
    }

    pub(crate) fn from_value(value: &[u8]) -> Option<Self> {
        std::str::from_utf8(value).ok()?.parse().ok()
    }
}

impl FromStr for ReferenceTarget {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let (profile, secret) = match text.split_once('/') {
            None => (None, text),
            Some(("", secret)) => (None, secret),
            Some((profile, secret)) => (Some(profile.parse()?), secret),
        };
        Ok(Self { profile, secret: SecretName::new(secret)? })
    }
}

/// Why a reference has no value. Each names the way from the secret that was asked for, as `PROFILE/SECRET`, to what it led to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// It leads to a secret that is not there.
    #[error("{way}: profile {profile} holds no such secret")]
    MissingSecret {
        /// The way.
        way: String,
        /// The profile that does not hold the last one.
        profile: Name,
    },
    /// It leads to a profile that does not exist or that the reader may not read: the two look the same.
    #[error("{way}: there is no profile {profile:?} that you can read")]
    MissingProfile {
        /// The way.
        way: String,
        /// How the reference names the profile.
        profile: String,
    },
    /// It leads to another profile, and the reader did not allow that one.
    #[error("{way}: references to {profile:?} are not allowed here")]
    NotAllowed {
        /// The way.
        way: String,
        /// How the reference names the profile.
        profile: String,
    },
    /// It leads back to where it came from.
    #[error("{way}: the references go in a circle")]
    Cycle {
        /// The way, up to the first secret that it passes twice.
        way: String,
    },
    /// It goes on for longer than [`limits::REFERENCE_DEPTH`].
    #[error("{way}: more than {} references after one another", limits::REFERENCE_DEPTH)]
    TooDeep {
        /// The way.
        way: String,
    },
    /// What it holds is no target.
    #[error("{way}: the reference names no secret")]
    Malformed {
        /// The way.
        way: String,
    },
}

/// What to make of a profile that is pulled.
#[derive(Clone, Default)]
pub struct PullOptions {
    raw: bool,
    allowed: Vec<ProfileSelector>,
    only: Option<Arc<Filter>>,
}

type Filter = dyn Fn(&str) -> bool + Send + Sync;

impl fmt::Debug for PullOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PullOptions(raw: {}, allowed: {:?})", self.raw, self.allowed)
    }
}

impl PullOptions {
    /// Leaves references as they are: the value of one is the text of its target.
    #[must_use]
    pub const fn raw(mut self, raw: bool) -> Self {
        self.raw = raw;
        self
    }

    /// Allows references to a profile, by name or id, as the references name it. May be called several times.
    ///
    /// # Errors
    /// [`Error::Invalid`] when this can be no profile's name.
    pub fn allow_reference(mut self, profile: &str) -> Result<Self, Error> {
        self.allowed.push(profile.parse()?);
        Ok(self)
    }

    /// Gives only the secrets whose name passes; references of others are not followed. What they refer to need not pass.
    #[must_use]
    pub fn only(mut self, filter: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.only = Some(Arc::new(filter));
        self
    }

    pub(crate) const fn is_raw(&self) -> bool {
        self.raw
    }

    fn passes(&self, name: &SecretName) -> bool {
        self.only.as_ref().is_none_or(|filter| filter(name.expose()))
    }
}

/// Reads the other profiles that references lead to.
#[async_trait]
pub(crate) trait ReadOther: Sync {
    /// Reads, verifies and opens one. None where there is no such profile, or the reader may not read it.
    async fn read_other(&self, profile: &ProfileSelector) -> Result<Option<OpenedProfile>, Error>;
}

/// What a profile holds, with its references resolved as `options` say.
pub(crate) async fn resolve(
    opened: OpenedProfile,
    options: &PullOptions,
    others: &dyn ReadOther,
) -> Result<Secrets, Error> {
    let mut resolver = Resolver { options, others, pages: vec![Page::new(opened)] };
    let mut values = Vec::new();
    for name in resolver.wanted() {
        let value = resolver.follow(&name).await?;
        values.push((name, value));
    }
    let mut first = resolver.pages.swap_remove(0);
    first.secrets.retain(|name, _| options.passes(name));
    for (name, value) in values {
        if let Some(secret) = first.secrets.remove(&name) {
            first.secrets.insert(name, secret.resolved_to(value));
        }
    }
    Ok(Secrets::new(first.id, first.revision, first.secrets))
}

/// A profile that was read.
struct Page {
    id: ProfileId,
    name: Name,
    revision: Revision,
    secrets: BTreeMap<SecretName, Secret>,
}

impl Page {
    fn new(opened: OpenedProfile) -> Self {
        let (id, name) = (opened.leaf().id, opened.leaf().name.clone());
        let revision = opened.manifest().value().revision;
        Self { id, name, revision, secrets: opened.into_secrets().into_map() }
    }

    fn is(&self, selector: &ProfileSelector) -> bool {
        match selector {
            ProfileSelector::Name(name) => *name == self.name,
            ProfileSelector::Id(id) => *id == self.id,
        }
    }
}

/// Follows references through the profiles that were read, and reads each other profile once.
struct Resolver<'a> {
    options: &'a PullOptions,
    others: &'a dyn ReadOther,
    /// The first is the one that was asked for.
    pages: Vec<Page>,
}

impl Resolver<'_> {
    /// The names of the references that are to be followed.
    fn wanted(&self) -> Vec<SecretName> {
        if self.options.raw {
            return Vec::new();
        }
        let all = self.pages.first().into_iter().flat_map(|page| &page.secrets);
        let wanted = all.filter(|(name, secret)| secret.kind() == SecretKind::Reference && self.options.passes(name));
        wanted.map(|(name, _)| name.clone()).collect()
    }

    /// The value at the end of the references that start with a secret of the first profile.
    async fn follow(&mut self, start: &SecretName) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut passed: Vec<(usize, SecretName)> = Vec::new();
        let (mut at, mut name) = (0, start.clone());
        loop {
            let step = (at, name.clone());
            let cyclic = passed.contains(&step);
            passed.push(step);
            if cyclic {
                return Err(ReferenceError::Cycle { way: self.way(&passed) }.into());
            }
            let Some(page) = self.pages.get(at) else { return Err(Error::invalid("a profile was not read")) };
            let Some(secret) = page.secrets.get(&name) else {
                let profile = page.name.clone();
                return Err(ReferenceError::MissingSecret { way: self.way(&passed), profile }.into());
            };
            if secret.kind() == SecretKind::Value {
                return Ok(Zeroizing::new(secret.expose().to_vec()));
            }
            if passed.len() > limits::REFERENCE_DEPTH {
                return Err(ReferenceError::TooDeep { way: self.way(&passed) }.into());
            }
            let Some(target) = ReferenceTarget::from_value(secret.expose()) else {
                return Err(ReferenceError::Malformed { way: self.way(&passed) }.into());
            };
            if let Some(profile) = target.profile() {
                at = self.page(profile, &target, &passed).await?;
            }
            name = target.secret;
        }
    }

    /// Where a profile is among those that were read; reads it if it is none of them and the reader allows it.
    async fn page(
        &mut self,
        profile: &ProfileSelector,
        target: &ReferenceTarget,
        passed: &[(usize, SecretName)],
    ) -> Result<usize, Error> {
        if let Some(at) = self.pages.iter().position(|page| page.is(profile)) {
            return Ok(at);
        }
        let way = || format!("{} -> {profile}/{}", self.way(passed), target.secret.expose());
        if !self.options.allowed.contains(profile) {
            return Err(ReferenceError::NotAllowed { way: way(), profile: profile.to_string() }.into());
        }
        let Some(opened) = self.others.read_other(profile).await? else {
            return Err(ReferenceError::MissingProfile { way: way(), profile: profile.to_string() }.into());
        };
        self.pages.push(Page::new(opened));
        Ok(self.pages.len() - 1)
    }

    fn way(&self, passed: &[(usize, SecretName)]) -> String {
        let step = |(at, name): &(usize, SecretName)| {
            self.pages.get(*at).map(|page| format!("{}/{}", page.name, name.expose()))
        };
        passed.iter().filter_map(step).collect::<Vec<_>>().join(" -> ")
    }
}
