//! An agent: a token, a reader, and what is remembered between reads.

mod builder;
mod receipts;
mod rollback;

pub use builder::AgentBuilder;

use crate::{
    authenticator::{AgentAuthenticator, LocalIdentity},
    client::{Client, HttpTransport},
    error::Error,
    memory::{Memory, Remembered},
    open::{
        IdentityDecryptor, OpenedProfile, ProfileKey, Secret, SecretKind, Secrets, Want, open_part, open_profile,
        receipt::{self, Asker},
    },
    reader::{Answered, ProfileReader},
    receipts::ReceiptFile,
    references::{PullOptions, ReadOther, resolve},
};
use async_trait::async_trait;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use stronghold_protocol::{
    api::{ListedProfile, WhoAmI},
    crypto::sign::SigningPublicKey,
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
    memory: Memory,
    accept_rollback: bool,
    receipts: Option<ReceiptFile>,
    pull_options: PullOptions,
    /// Keys by profile name or id as it was asked for, so that single secrets can be asked for by blind index.
    keys: Mutex<BTreeMap<String, ProfileKey>>,
    /// The newest header that receipts named, and the key that signed them.
    receipt_key: Mutex<Option<(HeaderRef, SigningPublicKey)>>,
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
        self.inner.memory.check_locked(&profile.parse()?)?;
        resolve(self.open(profile, self.inner.memory.minimum()).await?, options, self).await
    }

    /// What to write into a lock file of a profile: pulls it, and gives the newest header and the revision that were verified.
    ///
    /// # Errors
    /// As [`Self::pull`].
    pub async fn floor_of(&self, profile: &str) -> Result<(HeaderRef, ProfileFloor), Error> {
        let opened = self.open(profile, self.inner.memory.minimum()).await?;
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
        self.inner.memory.check_locked(&profile.parse()?)?;
        let name = SecretName::new(name)?;
        let known = self.keys().get(profile).cloned();
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
        let anchor = self.anchor().await?;
        let Answered { request, reply } = self.inner.reader.list_profiles(&*self.inner.identity, &anchor).await?;
        let trusted = reply.chain.verify(&anchor)?;
        self.check_receipt(&reply.receipt, &request, "profile.list", trusted.head())?;
        let mut profiles = Vec::with_capacity(reply.profiles.len());
        for listed in reply.profiles {
            listed.entry.verify(&trusted.state_root()).map_err(Error::forged)?;
            profiles.push(ReadableProfile::of(listed));
        }
        let seen =
            Remembered { header: Some(trusted.head()), roster: Some(trusted.roster_ref()), ..Remembered::default() };
        self.remember(&seen, &anchor).await?;
        Ok(profiles)
    }

    /// Who the server takes this agent for.
    ///
    /// # Errors
    /// [`Error`] when the server is not reached, refuses, or takes it for somebody else.
    pub async fn who_am_i(&self) -> Result<WhoAmI, Error> {
        let Answered { request, reply: me } = self.inner.reader.who_am_i(&*self.inner.identity).await?;
        let record = receipt::check(&me.receipt, &request, Asker::of(&*self.inner.identity), "self.read", None)?;
        self.check_key(&me.receipt, record.directory)?;
        if me.principal == self.inner.identity.principal() {
            Ok(me)
        } else {
            Err(Error::forged("the server takes this agent for another one"))
        }
    }

    /// Takes the warning that what was verified could not be remembered on disk, if there is one.
    #[must_use]
    pub fn take_warning(&self) -> Option<String> {
        self.inner.memory.take_warning()
    }

    async fn open(&self, profile: &str, minimum: Option<Revision>) -> Result<OpenedProfile, Error> {
        let selector: ProfileSelector = profile.parse()?;
        let anchor = self.anchor().await?;
        let inner = &self.inner;
        let answered = inner.reader.read_profile(&*inner.identity, &selector, &anchor).await?;
        let floors = inner.memory.floors(&selector, answered.reply.profile.leaf.leaf.id);
        let want = Want { profile: &selector, anchor: &anchor, floors: &floors, minimum };
        match open_profile(answered, &*inner.identity, &inner.decryptor, &want) {
            Err(error) if inner.accept_rollback && error.is_rollback() => self.open_older(profile, &want, error).await,
            opened => {
                let opened = opened?;
                self.keep(profile, &opened, &anchor).await?;
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
        let anchor = self.anchor().await?;
        let indexes = [key.blind_index(name)];
        let inner = &self.inner;
        let answered = inner.reader.read_secrets(&*inner.identity, &selector, &anchor, &indexes).await?;
        let floors = inner.memory.floors(&selector, answered.reply.profile.leaf.leaf.id);
        let want = Want { profile: &selector, anchor: &anchor, floors: &floors, minimum: inner.memory.minimum() };
        let opened = open_part(answered, &*inner.identity, &inner.decryptor, &want, &indexes)?;
        self.keep(profile, &opened, &anchor).await?;
        Ok((opened.key().epoch() == key.epoch()).then_some(opened))
    }

    /// What is trusted before the next reply: the token's floor, and what is remembered.
    async fn anchor(&self) -> Result<Anchor, Error> {
        let inner = &self.inner;
        inner.memory.recall().await?;
        self.prove().await?;
        Ok(Anchor {
            org: inner.identity.org(),
            seq: inner.floor.seq,
            hash: inner.floor.hash_prefix.to_vec(),
            remembered: inner.memory.highest_header(),
            roster: inner.memory.known().roster,
        })
    }

    /// Keeps receipt, floors and key of a profile that was verified.
    async fn keep(&self, asked: &str, opened: &OpenedProfile, anchor: &Anchor) -> Result<(), Error> {
        self.check_opened(opened)?;
        self.keep_receipt(opened)?;
        self.remember(&opened.seen(), anchor).await?;
        self.keys().insert(asked.to_owned(), opened.key().clone());
        Ok(())
    }

    /// Remembers what was verified from `anchor` on. A disk that cannot be written is a warning.
    async fn remember(&self, seen: &Remembered, anchor: &Anchor) -> Result<(), Error> {
        while !self.inner.memory.raise(seen, anchor.remembered).await? {
            self.prove().await?;
        }
        Ok(())
    }

    /// Has the server prove that headers which were seen apart from each other are of one history. Listing profiles counts
    /// as no use of the token.
    async fn prove(&self) -> Result<(), Error> {
        let inner = &self.inner;
        for pair in inner.memory.unproven() {
            let (low, high) = if pair.0.seq < pair.1.seq { pair } else { (pair.1, pair.0) };
            let anchor = Anchor {
                org: inner.identity.org(),
                seq: low.seq,
                hash: low.hash.0.to_vec(),
                remembered: Some(high),
                roster: None,
            };
            let Answered { request, reply } = inner.reader.list_profiles(&*inner.identity, &anchor).await?;
            let trusted = reply.chain.verify(&anchor)?;
            self.check_receipt(&reply.receipt, &request, "profile.list", trusted.head())?;
            inner.memory.prove(pair);
        }
        Ok(())
    }

    fn keys(&self) -> MutexGuard<'_, BTreeMap<String, ProfileKey>> {
        self.inner.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl<R: ProfileReader> ReadOther for Agent<R> {
    async fn read_other(&self, profile: &ProfileSelector) -> Result<Option<OpenedProfile>, Error> {
        // The minimum is the asked profile's. What is remembered of this one holds for it as ever.
        self.inner.memory.check_locked(profile)?;
        match self.open(&profile.to_string(), None).await {
            Err(error) if error.problem_code() == Some(ProblemCode::NotFound.as_str()) => Ok(None),
            opened => opened.map(Some),
        }
    }
}
