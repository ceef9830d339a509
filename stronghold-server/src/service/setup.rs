//! Creating an organization with a one-time setup code.

use super::{
    Inner, Service,
    commit_statement::statement_bytes,
    gate::Refused,
    join::ACCOUNT_BYTES,
    orgs::{OrgState, genesis_org},
    public::Refusal,
    seal_check::check_seals,
    task::malformed,
};
use crate::{
    audit::{Event, record},
    store::{PasswordRecord, Store, StoreError, StoredStatement, Tx},
};
use std::{fmt, net::IpAddr, sync::Arc};
use stronghold_protocol::{
    api::{CreateOrganization, CreatedOrganization, SetupStart, SetupStarted},
    audit::{Released, UnsignedAction},
    crypto::{
        hash::{Hash, sha256},
        password::{self, Account},
        random::{self, RandomnessUnavailable},
    },
    directory::{Body, Directory},
    encoding::Context,
    id::OrgId,
    json,
    problem::{Problem, ProblemCode},
    time::Clock,
};
use zeroize::Zeroizing;

/// A one-time code with which one organization can be created. The store keeps only its hash.
pub struct SetupCode(Zeroizing<String>);

impl SetupCode {
    /// Makes a code with 130 random bits: 26 letters and digits that are not mistaken for each other.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`] when the operating system gives no randomness.
    pub fn generate() -> Result<Self, RandomnessUnavailable> {
        const ALPHABET: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";
        let random = random::secret::<26>()?;
        let letters = random.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32)).copied().map(char::from));
        Ok(Self(Zeroizing::new(letters.collect())))
    }

    /// The code itself, to be shown to the server's operator and nobody else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetupCode([REDACTED])")
    }
}

impl<S: Store> Service<S> {
    /// Makes a code good for creating one organization.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn allow_setup(&self, code: &SetupCode) -> Result<(), StoreError> {
        allow_setup(&self.inner.store, code, self.inner.clock.as_ref()).await
    }

    /// Whether a code was ever made: the first start makes one.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn had_setup_code(&self) -> Result<bool, StoreError> {
        self.inner.store.snapshot(|tx| tx.had_setup_code()).await
    }
}

/// Makes a code good for creating one organization, without a service; servers on the same store accept it at once.
///
/// # Errors
/// [`StoreError`] when the store fails.
pub async fn allow_setup<S: Store>(store: &S, code: &SetupCode, clock: &dyn Clock) -> Result<(), StoreError> {
    let (code, now) = (code_hash(code.expose()), clock.now());
    store.locked(None, move |tx| tx.put_setup_code(&code, now)).await
}

impl<S: Store> Inner<S> {
    /// Registers the first owner's password; the code is not used up yet. There is no organization yet whose log this could be in.
    pub(super) async fn setup_start(
        self: &Arc<Self>,
        asked: SetupStart,
        _address: Option<IpAddr>,
    ) -> Result<SetupStarted, Refusal> {
        let code = code_hash(&asked.setup_code);
        if !self.store.snapshot(move |tx| tx.has_setup_code(&code)).await? {
            return Err(refused().into());
        }
        let account = Account::new(&asked.org, &asked.user);
        let registration = self.evaluations.register(&account, &asked.registration)?;
        Ok(SetupStarted { registration, checkpoint_key: self.keys.checkpoint_public_key() })
    }

    /// Creates an organization. Its id is the hash of the roster in its genesis statement, which is verified like every
    /// replay of it will be; the code is used up in the same transaction.
    ///
    /// The log begins with its record, which nobody could sign as a request: it names the genesis, which its owners signed.
    pub(super) async fn create_org(
        self: &Arc<Self>,
        asked: CreateOrganization,
        address: Option<IpAddr>,
    ) -> Result<CreatedOrganization, Refusal> {
        let genesis = self.check_genesis(&asked)?;
        let (org, head) = (genesis.directory.org(), genesis.directory.head());
        let code = code_hash(&asked.setup_code);
        let stored = StoredStatement { at: head, bytes: statement_bytes(&asked.statement)? };
        let record = password::password_record(&asked.account.registration);
        let record = record.map_err(|_| malformed("the password registration is malformed".to_owned()))?;
        let password = PasswordRecord {
            record: record.as_bytes().to_vec(),
            envelope: asked.account.envelope.0.clone(),
            recovery: asked.account.recovery.0.clone(),
        };
        let (inner, state) = (Arc::clone(self), genesis.clone());
        let created = self.store.locked(None, move |tx| {
            // A refusal leaves nothing behind: the code is looked up first and taken last.
            if !tx.has_setup_code(&code)? {
                return Ok(Err(refused()));
            }
            match inner.store_genesis(tx, &state.directory, &asked, &stored, &password, address)? {
                Err(problem) => Ok(Err(problem)),
                Ok(()) if tx.take_setup_code(&code)? => Ok(Ok(())),
                Ok(()) => Err(StoreError::GivenUp("the setup code was used meanwhile".to_owned())),
            }
        });
        created.await??;
        self.orgs.note(&org, genesis);
        Ok(CreatedOrganization { org, head })
    }

    fn check_genesis(&self, asked: &CreateOrganization) -> Result<OrgState, Problem> {
        let invalid = |reason: String| Problem::new(ProblemCode::InvalidStatement, reason);
        let org = genesis_org(&asked.statement);
        let org: OrgId = org.ok_or_else(|| invalid("directory: a genesis starts with the roster".to_owned()))?;
        let state = OrgState::genesis(&asked.statement, &org).map_err(invalid)?;
        if state.directory.checkpoint_key() != self.keys.checkpoint_public_key() {
            return Err(invalid("the genesis names another checkpoint key than this server's".to_owned()));
        }
        if state.directory.user(&asked.account.user).is_none() {
            return Err(invalid("the account is not an owner's of the genesis".to_owned()));
        }
        let sizes = [&asked.account.envelope, &asked.account.recovery];
        if sizes.iter().any(|bytes| bytes.0.len() > ACCOUNT_BYTES) {
            return Err(Problem::new(ProblemCode::TooLarge, "the account is larger than it can be"));
        }
        Ok(state)
    }

    fn store_genesis(
        &self,
        tx: &mut dyn Tx,
        directory: &Directory,
        asked: &CreateOrganization,
        stored: &StoredStatement,
        password: &PasswordRecord,
        address: Option<IpAddr>,
    ) -> Result<Result<(), Problem>, StoreError> {
        let body = json::from_slice::<Body>(&asked.statement.body.0);
        let changes = body.map_err(|error| StoreError::GivenUp(error.to_string()))?.changes;
        let (org, now) = (directory.org(), self.now());
        match check_seals(tx, None, directory, &changes, &asked.seals, now) {
            Ok(()) => {}
            Err(Refused::Problem(problem)) => return Ok(Err(problem)),
            Err(Refused::Store(error)) => return Err(error),
        }
        if !tx.create_org(&org, stored, now)? {
            return Ok(Err(Problem::conflict(stored.at.seq)));
        }
        tx.put_seals(&org, &asked.seals)?;
        tx.put_password(&org, &asked.account.user, password)?;
        let event = Event {
            at: now,
            org,
            principal: Some(asked.account.user.into()),
            action: UnsignedAction::OrgCreate.name(),
            profile: None,
            address,
            directory: stored.at,
            request: None,
        };
        record(tx, &event, Ok(Some(&Released::Statement { seq: stored.at.seq, hash: stored.at.hash })))?;
        Ok(Ok(()))
    }
}

fn code_hash(code: &str) -> Hash {
    sha256(&[Context::new("setup-code").field(code.trim()).as_ref()])
}

fn refused() -> Problem {
    let detail = "check the code, or make another one with: stronghold-server setup-code --data-dir DIR";
    Problem::new(ProblemCode::SetupCodeRefused, detail)
}
