//! A person's account: created with an organization, opened by logging in.
//!
//! The password never leaves this machine, and neither does the account key, without which nobody can test guesses of
//! the password, the server included.

use crate::{
    authenticator::LocalIdentity,
    client::Client,
    crypto::{
        aead,
        password::{self, ExportKey, PasswordInput},
        seal::{self, KemSecretKey},
    },
    error::{Error, MadeOnce, OnlyOnce},
    session::{DirectoryCache, holds, settle},
};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};
use stronghold_protocol::{
    api::{AccountBundle, CreateOrganization, LoginFinish, LoginStart, SetupStart},
    crypto::{SUITE, kdf::Kdf, kem::PublicKeys, random},
    directory::{Directory, HeaderRef, genesis_changes},
    encoding::{Base64Bytes, Context, base64url, decode_base64url},
    id::{GroupId, OrgId, UserId},
    json,
    name::{Email, Name},
    number::RosterVersion,
    roster::{Roster, RosterMember, RosterNonce},
    seal::Seal,
    signed::Signed,
    time::Clock,
    token::{AccountKey, RecoveryKit},
    transport::Transport,
};
use zeroize::Zeroizing;

/// A person's keys, once opened: what a client keeps between commands.
pub struct Account {
    /// Their organization.
    pub org: OrgId,
    /// Who.
    pub user: UserId,
    /// Their address.
    pub email: Email,
    /// The seed of their keys.
    pub seed: Zeroizing<[u8; 32]>,
    /// A header that is known to be the organization's.
    pub floor: HeaderRef,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({} of {})", self.user, self.org)
    }
}

/// What a new organization needs.
pub struct NewOrganization {
    /// Its name.
    pub name: Name,
    /// The first owner's address.
    pub email: Email,
    /// The first owner's password.
    pub password: Zeroizing<String>,
    /// The one-time code from the server's operator.
    pub setup_code: Zeroizing<String>,
}

/// A new organization's first owner: the only time that the account key and the recovery kit can be seen.
#[derive(Debug)]
pub struct NewOwner {
    /// The account, opened.
    pub account: Account,
    /// Needed, with the password, on every new device.
    pub account_key: AccountKey,
    /// Replaces a forgotten password.
    pub recovery_kit: RecoveryKit,
}

/// What a log-in needs.
pub struct LogIn {
    /// The account key; it names organization and user.
    pub account_key: AccountKey,
    /// The address, which must be the one that the directory states.
    pub email: Email,
    /// The password.
    pub password: Zeroizing<String>,
}

/// What the envelope holds, encrypted under the OPAQUE export key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    org: OrgId,
    user: UserId,
    email: Email,
    seed: Zeroizing<String>,
    floor: HeaderRef,
}

impl Account {
    /// Creates an organization with its first owner.
    ///
    /// 1. identities and the genesis roster, whose hash is the organization's id; 2. OPAQUE registration, allowed by the
    ///    setup code; 3. the genesis statement; 4. the admins' seed, the envelope and the recovery seed are sealed; 5. all of
    ///    it is sent at once.
    ///
    /// # Errors
    /// [`Error`] when the code is refused or the server cannot be reached. A code is used up only by success.
    pub async fn create_organization<T: Transport>(
        client: &Client<T>,
        new: NewOrganization,
        clock: &Arc<dyn Clock>,
    ) -> Result<NewOwner, Error> {
        // 1.
        let now = clock.now();
        let user = UserId::generate(now)?;
        let seed = random::secret::<32>()?;
        let recovery_seed = random::secret::<32>()?;
        let admins_seed = random::secret::<32>()?;
        let unbound = OrgId([0; 32]);
        let identity = LocalIdentity::from_seed(unbound, user.into(), &seed);
        let recovery = LocalIdentity::from_seed(unbound, user.into(), &recovery_seed).public_keys();
        let roster = Roster {
            version: RosterVersion::FIRST,
            prev: None,
            nonce: Some(RosterNonce(random::array()?)),
            owners: vec![RosterMember { user, keys: identity.public_keys() }],
            admins: Vec::new(),
            owner_threshold: 1,
            minimum_suite: SUITE,
        };
        let roster = Signed::create(&roster, &[identity.signing_key()])?;
        let org = OrgId(roster.hash_as::<Roster>().0);
        // 2.
        let account_key = AccountKey { org, user, key: random::secret()? };
        let input = PasswordInput::new(&new.password, &account_key.key);
        let (state, request) = password::registration_start(&input)?;
        let setup_code = new.setup_code.to_string();
        let start = SetupStart { setup_code: setup_code.clone(), org, user, registration: request };
        let started = client.setup(&start).await?;
        let finished = password::registration_finish(state, &input, &started.registration, &org, &user)?;
        // 3.
        let admins = KemSecretKey::from_seed(&admins_seed);
        let owner = (user, new.email.clone(), identity.public_keys(), recovery.clone());
        let changes = genesis_changes(roster.clone(), new.name, started.checkpoint_key, admins.public_key(), owner);
        let draft = Directory::draft_genesis(&roster, changes, now).map_err(Error::refused_change)?;
        let (statement, after) = draft.sign(&[identity.signing_key()]).map_err(Error::refused_change)?;
        // 4.
        let seals = after
            .wanted_seals(None, draft.changes(), now)
            .into_iter()
            .map(|wanted| {
                debug_assert_eq!(wanted.id.object, stronghold_protocol::seal::SealedObject::GroupSeed(GroupId::ADMINS));
                let sealed = seal::seal(&wanted.to, &wanted.id.info(&org), admins_seed.as_slice())?;
                Ok(Seal { id: wanted.id, sealed: sealed.into() })
            })
            .collect::<Result<Vec<Seal>, Error>>()?;
        let account = Self { org, user, email: new.email, seed, floor: after.head() };
        let bundle = account.bundle(&finished.export_key, finished.upload, &recovery)?;
        // 5.
        let head = after.head();
        let who = LocalIdentity::from_seed(org, user.into(), &account.seed);
        let recovery_kit = RecoveryKit { org, user, seed: recovery_seed };
        let new = MadeOnce::new(NewAccount { account, account_key, recovery_kit });
        let body = CreateOrganization { setup_code, statement, seals, account: bundle };
        let proof = match client.create_organization(&body).await {
            Ok(created) if created.org == org && created.head == head => Ok(()),
            Ok(_) => Err(Error::forged("the server says that it created another organization")),
            Err(error) => Err(error),
        };
        let written = match proof {
            Ok(()) => Ok(()),
            Err(error) => {
                // There is no receipt: nobody had a directory that could name the key. What was created is asked for.
                let shown = DirectoryCache::new(org, None).replay(client, &who, None).await;
                let found = shown.map(|shown| holds(&shown, &head)).into();
                settle(error, found, || format!("organization created: {}", after.policy().name))
            }
        };
        let ((), NewAccount { account, account_key, recovery_kit }) = new.after(written, NewAccount::told)?;
        Ok(NewOwner { account, account_key, recovery_kit })
    }

    /// Logs in: OPAQUE proves password and account key without showing them, and opens the envelope.
    ///
    /// # Errors
    /// [`Error`] when password or account key are wrong (the server cannot tell which), or the envelope is another's.
    pub async fn log_in<T: Transport>(client: &Client<T>, with: LogIn) -> Result<Self, Error> {
        Ok(Self::open(client, with).await?.0)
    }

    /// The same, with the key of the envelope.
    pub(super) async fn open<T: Transport>(client: &Client<T>, with: LogIn) -> Result<(Self, ExportKey), Error> {
        let AccountKey { org, user, key } = &with.account_key;
        let input = PasswordInput::new(&with.password, key);
        let (state, request) = password::login_start(&input)?;
        let started = client.login_start(&LoginStart { org: *org, user: *user, request }).await?;
        let finished =
            password::login_finish(state, &input, &started.response, org, user).map_err(|_| Error::login_refused())?;
        let finish = LoginFinish { login: started.login, finalization: finished.finalization };
        let reply = client.login_finish(&finish).await?;
        let account = Self::open_envelope(&finished.export_key, org, user, &reply.envelope)?;
        if account.email != with.email {
            return Err(Error::login_refused());
        }
        Ok((account, finished.export_key))
    }

    /// What the server keeps so that the account can be opened again.
    pub(super) fn bundle(
        &self,
        export_key: &[u8],
        registration: Base64Bytes,
        recovery: &PublicKeys,
    ) -> Result<AccountBundle, Error> {
        let (envelope, recovery) = (self.seal_envelope(export_key)?, self.seal_recovery(recovery)?);
        Ok(AccountBundle { user: self.user, registration, envelope, recovery })
    }

    /// The seed, sealed to the recovery kit.
    pub(super) fn seal_recovery(&self, recovery: &PublicKeys) -> Result<Base64Bytes, Error> {
        let context = recovery_context(&self.org, &self.user);
        Ok(Base64Bytes(seal::seal(&recovery.kem, context.as_ref(), self.seed.as_slice())?))
    }

    /// Everything that a client must know, encrypted under the OPAQUE export key.
    pub(super) fn seal_envelope(&self, export_key: &[u8]) -> Result<Base64Bytes, Error> {
        self.seal_envelope_at(export_key, self.floor)
    }

    /// The same with another floor than its own.
    pub(super) fn seal_envelope_at(&self, export_key: &[u8], floor: HeaderRef) -> Result<Base64Bytes, Error> {
        let envelope = Envelope {
            org: self.org,
            user: self.user,
            email: self.email.clone(),
            seed: Zeroizing::new(base64url(self.seed.as_slice())),
            floor,
        };
        let plain = Zeroizing::new(serde_json::to_vec(&envelope).map_err(|error| Error::invalid(error.to_string()))?);
        let context = envelope_context(&self.org, &self.user);
        Ok(Base64Bytes(aead::seal(&Kdf::new(export_key), context.as_ref(), &plain)?))
    }

    fn open_envelope(export_key: &[u8], org: &OrgId, user: &UserId, sealed: &Base64Bytes) -> Result<Self, Error> {
        let context = envelope_context(org, user);
        let plain = aead::open(&Kdf::new(export_key), context.as_ref(), &sealed.0)?;
        let envelope: Envelope = json::from_slice(&plain).map_err(|_| Error::wrong_key("account envelope"))?;
        if envelope.org != *org || envelope.user != *user {
            return Err(Error::wrong_key("account envelope"));
        }
        let seed = decode_base64url(&envelope.seed).map_err(|_| Error::wrong_key("account envelope"))?;
        Ok(Self { org: *org, user: *user, email: envelope.email, seed: Zeroizing::new(seed), floor: envelope.floor })
    }
}

/// A new account with what opens it: seen once, whatever comes of sending it.
pub(super) struct NewAccount {
    pub(super) account: Account,
    pub(super) account_key: AccountKey,
    pub(super) recovery_kit: RecoveryKit,
}

impl NewAccount {
    /// As an error carries it.
    pub(super) fn told(self) -> (Vec<OnlyOnce>, Option<Account>) {
        let Self { account, account_key, recovery_kit } = self;
        let once =
            vec![("account_key", account_key.to_secret_string()), ("recovery_kit", recovery_kit.to_secret_string())];
        (once, Some(account))
    }
}

fn envelope_context(org: &OrgId, user: &UserId) -> Context {
    Context::new("account-envelope").field(org).field(user)
}

pub(super) fn recovery_context(org: &OrgId, user: &UserId) -> Context {
    Context::new("recovery-seed").field(org).field(user)
}
