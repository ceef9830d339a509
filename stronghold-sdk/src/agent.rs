//! An agent: a token, a reader, and what is remembered between reads.

mod builder;
mod receipts;
mod rollback;

pub use builder::AgentBuilder;

use crate::{
    authenticator::{AgentAuthenticator, LocalIdentity},
    client::{Client, HttpTransport},
    error::Error,
    lock::Lock,
    open::{IdentityDecryptor, OpenedProfile, ProfileKey, Secret, SecretKind, Secrets, Want, open_part, open_profile},
    reader::ProfileReader,
    receipts::ReceiptFile,
    references::{PullOptions, ReadOther, resolve},
    state::{Remembered, StateDir},
};
use async_trait::async_trait;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};
use stronghold_protocol::{
    api::{ListedProfile, WhoAmI},
    directory::HeaderRef,
    evidence::{Anchor, ProfileFloor, ProfileSelector},
    id::{OrgId, ProfileId},
    name::{Name, SecretName},
    number::Revision,
    problem::ProblemCode,
    token::TokenFloor,
};

/// Reads profiles as an agent. Cheap to clone; clones share what is remembered.
///
/// Whatever a reader returns is verified from the token's pin on: a hostile server can refuse, but not make this return
/// anything that owners, admins or the profile's own editors did not sign.
pub struct Agent<R: ProfileReader = Client<HttpTransport>> {
    inner: Arc<Inner<R>>,
}

struct Inner<R> {
    reader: R,
    identity: Arc<LocalIdentity>,
    decryptor: IdentityDecryptor,
    floor: TokenFloor,
    state: Option<StateDir>,
    minimum: Option<Revision>,
    accept_replaced: bool,
    accept_rollback: bool,
    receipts: Option<ReceiptFile>,
    lock: Option<Lock>,
    pull_options: PullOptions,
    memory: Mutex<Memory>,
}

/// What this process remembers, whether or not it is also on disk.
#[derive(Default)]
struct Memory {
    known: Remembered,
    /// Keys by profile name or id as it was asked for, so that single secrets can be asked for by blind index.
    keys: BTreeMap<String, ProfileKey>,
    warning: Option<String>,
}

/// A profile that an agent may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadableProfile {
    /// Its id.
    pub id: ProfileId,
    /// Its name.
    pub name: Name,
    /// Its newest revision, as the server says; reading verifies it.
    pub revision: Revision,
    /// Whether its key was renewed and what it holds is still to be encrypted anew, as the server says: it can be read, not
    /// written.
    pub rekeying: bool,
}

impl ReadableProfile {
    /// A listed profile whose leaf was verified.
    pub(crate) fn of(listed: ListedProfile) -> Self {
        let leaf = listed.entry.leaf;
        Self { id: leaf.id, name: leaf.name, revision: listed.revision, rekeying: listed.epoch < leaf.epoch }
    }
}

impl Agent {
    /// An agent from the environment: `API_STRONGHOLD_TOKEN`, or the file that `API_STRONGHOLD_TOKEN_FILE` names, and
    /// `API_STRONGHOLD_URL` where the token does not carry the address. A blank variable counts as unset.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the variable that is missing or wrong.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().from_env()?.build()
    }

    /// Starts from nothing.
    #[must_use]
    pub fn builder() -> AgentBuilder {
        AgentBuilder::default()
    }
}

impl<R: ProfileReader> Clone for Agent<R> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<R: ProfileReader> fmt::Debug for Agent<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Agent({})", self.inner.identity.principal())
    }
}

impl<R: ProfileReader> Agent<R> {
    /// The organization that the token pins.
    #[must_use]
    pub fn org(&self) -> OrgId {
        self.inner.identity.org()
    }

    /// Pulls all secrets of a profile, by name or id, with the agent's [`AgentBuilder::pull_options`]: one request, and one
    /// for each other profile that its references lead to.
    ///
    /// # Errors
    /// [`Error`] when the server is not reached, refuses, or shows something forged or old. Nothing partial is returned,
    /// and nothing is remembered, before everything is verified.
    pub async fn pull(&self, profile: &str) -> Result<Secrets, Error> {
        self.pull_with(profile, &self.inner.pull_options).await
    }

    /// Pulls a profile with other options than the agent's own.
    ///
    /// # Errors
    /// As [`Self::pull`].
    pub async fn pull_with(&self, profile: &str, options: &PullOptions) -> Result<Secrets, Error> {
        self.check_lock(profile)?;
        resolve(self.open(profile, self.inner.minimum).await?, options, self).await
    }

    /// What to write into a lock file of a profile: pulls it, and gives the newest header and the revision that were verified.
    ///
    /// # Errors
    /// As [`Self::pull`].
    pub async fn floor_of(&self, profile: &str) -> Result<(HeaderRef, ProfileFloor), Error> {
        let opened = self.open(profile, self.inner.minimum).await?;
        Ok((opened.newest_header(), opened.floor()))
    }

    /// Pulls one secret of a profile; none when the profile is proven not to hold it. The agent's options apply as in
    /// [`Self::pull`]; where the secret is a reference, the profile is pulled whole.
    ///
    /// The first call for a profile pulls it whole, because the name's blind index needs the profile's key; later calls of
    /// this agent ask for the one secret.
    ///
    /// # Errors
    /// As [`Self::pull`].
    pub async fn get(&self, profile: &str, name: &str) -> Result<Option<Secret>, Error> {
        self.get_with(profile, name, &self.inner.pull_options).await
    }

    /// Pulls one secret of a profile with other options than the agent's own.
    ///
    /// # Errors
    /// As [`Self::pull`].
    pub async fn get_with(&self, profile: &str, name: &str, options: &PullOptions) -> Result<Option<Secret>, Error> {
        self.check_lock(profile)?;
        let name = SecretName::new(name)?;
        let known = self.memory().keys.get(profile).cloned();
        if let Some(key) = known
            && let Some(found) = self.get_part(profile, &name, &key).await?
        {
            let found = found.into_secrets().take(&name);
            if options.is_raw() || found.as_ref().is_none_or(|secret| secret.kind() == SecretKind::Value) {
                return Ok(found);
            }
        }
        let wanted = name.clone();
        let options = options.clone().only(move |other| other == wanted.expose());
        Ok(self.pull_with(profile, &options).await?.take(&name))
    }

    /// The profiles that this agent may read. The server can leave one out, but not invent or rename one.
    ///
    /// # Errors
    /// As [`Self::pull`].
    pub async fn profiles(&self) -> Result<Vec<ReadableProfile>, Error> {
        let anchor = self.anchor()?;
        let answered = self.inner.reader.list_profiles(&*self.inner.identity, &anchor).await?;
        let trusted = answered.reply.chain.verify(&anchor)?;
        let mut profiles = Vec::with_capacity(answered.reply.profiles.len());
        for listed in answered.reply.profiles {
            listed.entry.verify(&trusted.state_root()).map_err(Error::forged)?;
            profiles.push(ReadableProfile::of(listed));
        }
        Ok(profiles)
    }

    /// Who the server takes this agent for.
    ///
    /// # Errors
    /// [`Error`] when the server is not reached, refuses, or takes it for somebody else.
    pub async fn who_am_i(&self) -> Result<WhoAmI, Error> {
        let me = self.inner.reader.who_am_i(&*self.inner.identity).await?.reply;
        if me.principal == self.inner.identity.principal() {
            Ok(me)
        } else {
            Err(Error::forged("the server takes this agent for another one"))
        }
    }

    /// Takes the warning that what was verified could not be remembered on disk, if there is one.
    #[must_use]
    pub fn take_warning(&self) -> Option<String> {
        self.memory().warning.take()
    }

    async fn open(&self, profile: &str, minimum: Option<Revision>) -> Result<OpenedProfile, Error> {
        let selector: ProfileSelector = profile.parse()?;
        let (anchor, floors) = (self.anchor()?, self.floors());
        let inner = &self.inner;
        let answered = inner.reader.read_profile(&*inner.identity, &selector, &anchor).await?;
        let want = Want { profile: &selector, anchor: &anchor, floors: &floors, minimum };
        match open_profile(answered, &*inner.identity, &inner.decryptor, &want) {
            Err(error) if inner.accept_rollback && error.is_rollback() => self.open_older(profile, &want, error).await,
            opened => {
                let opened = opened?;
                self.keep_receipt(&opened)?;
                self.remember(profile, &opened);
                Ok(opened)
            }
        }
    }

    /// Asks for one secret under a key that is known. None when the profile has a new key by now.
    async fn get_part(
        &self,
        profile: &str,
        name: &SecretName,
        key: &ProfileKey,
    ) -> Result<Option<OpenedProfile>, Error> {
        let selector: ProfileSelector = profile.parse()?;
        let (anchor, floors) = (self.anchor()?, self.floors());
        let indexes = [key.blind_index(name)];
        let inner = &self.inner;
        let answered = inner.reader.read_secrets(&*inner.identity, &selector, &anchor, &indexes).await?;
        let want = Want { profile: &selector, anchor: &anchor, floors: &floors, minimum: inner.minimum };
        let opened = open_part(answered, &*inner.identity, &inner.decryptor, &want, &indexes)?;
        self.keep_receipt(&opened)?;
        self.remember(profile, &opened);
        Ok((opened.key().epoch() == key.epoch()).then_some(opened))
    }

    fn check_lock(&self, profile: &str) -> Result<(), Error> {
        let Some(lock) = &self.inner.lock else { return Ok(()) };
        lock.check(&self.inner.identity.org(), &profile.parse()?)
    }

    /// What is trusted before the next reply: the token's floor, and what is remembered.
    fn anchor(&self) -> Result<Anchor, Error> {
        let inner = &self.inner;
        if let Some(state) = &inner.state {
            let stored = state.load(&inner.identity.org())?;
            self.memory().known.raise(&stored);
        }
        let known = &self.memory().known;
        Ok(Anchor {
            org: inner.identity.org(),
            seq: inner.floor.seq,
            hash: inner.floor.hash_prefix.to_vec(),
            remembered: known.header,
            roster: known.roster,
        })
    }

    fn floors(&self) -> Vec<ProfileFloor> {
        let memory = self.memory();
        let profiles = memory.known.profiles.iter();
        if self.inner.accept_replaced { Vec::new() } else { profiles.cloned().collect() }
    }

    /// Remembers a profile that was verified, here and on disk. A disk that cannot be written is a warning.
    fn remember(&self, asked: &str, opened: &OpenedProfile) {
        let mut memory = self.memory();
        memory.keys.insert(asked.to_owned(), opened.key().clone());
        let seen = seen(opened);
        if self.inner.accept_replaced {
            memory.known.forget_name(&opened.floor());
        }
        drop(memory);
        self.remember_seen(&seen);
    }

    fn remember_seen(&self, seen: &Remembered) {
        let mut memory = self.memory();
        memory.known.raise(seen);
        if let Some(state) = &self.inner.state {
            let saved = state.save(&self.inner.identity.org(), seen, self.inner.accept_replaced);
            if let Err(error) = saved {
                memory.warning = Some(format!("what was verified cannot be remembered: {error}"));
            }
        }
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        // Nothing panics while it is held; and if something did, what is remembered is still true.
        self.inner.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to remember of a profile that was verified.
fn seen(opened: &OpenedProfile) -> Remembered {
    Remembered {
        header: Some(opened.newest_header()),
        roster: Some(opened.roster_version()),
        profiles: vec![opened.floor()],
        checkpoint: None,
    }
}

#[async_trait]
impl<R: ProfileReader> ReadOther for Agent<R> {
    async fn read_other(&self, profile: &ProfileSelector) -> Result<Option<OpenedProfile>, Error> {
        // The minimum is the asked profile's. What is remembered of this one holds for it as ever.
        let profile = profile.to_string();
        self.check_lock(&profile)?;
        match self.open(&profile, None).await {
            Err(error) if error.problem_code() == Some(ProblemCode::NotFound.as_str()) => Ok(None),
            opened => opened.map(Some),
        }
    }
}
