//! How an agent is put together.

use super::{Agent, Inner};
use crate::{
    authenticator::LocalIdentity,
    ci,
    client::{Client, HttpTransport},
    error::Error,
    lock::Lock,
    memory::{Listener, Memory, MemorySettings, MemoryStore, StateFolder},
    open::IdentityDecryptor,
    reader::ProfileReader,
    receipts::ReceiptFile,
    references::PullOptions,
};
use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use stronghold_protocol::{
    number::Revision,
    request::{CiRun, RequestContext},
    time::{Clock, SystemClock},
    token::AgentToken,
};
use zeroize::Zeroizing;

/// Settings of an [`Agent`].
#[derive(Default)]
pub struct AgentBuilder {
    token: Option<AgentToken>,
    url: Option<String>,
    ca_cert: Option<PathBuf>,
    timeout: Option<Duration>,
    reason: Option<String>,
    ci: Option<CiRun>,
    clock: Option<Arc<dyn Clock>>,
    memory: MemorySettings,
    accept_rollback: bool,
    receipts: Option<ReceiptFile>,
    pull_options: PullOptions,
}

impl AgentBuilder {
    /// Takes token, address, reason and CI run from the environment, where they are not set yet ([`Agent::from_env`]), and
    /// allows references to the profiles that `API_STRONGHOLD_ALLOW_REFERENCE` names, separated by commas.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is no token, or what is there is none; [`Error::State`] when its file cannot be read.
    pub fn from_env(mut self) -> Result<Self, Error> {
        if self.token.is_none() {
            self.token = Some(token_of_environment()?);
        }
        self.url = self.url.or_else(|| variable("API_STRONGHOLD_URL"));
        self.reason = self.reason.or_else(|| variable("API_STRONGHOLD_REASON"));
        self.ci = self.ci.or_else(ci::detect_in_environment);
        let allowed = variable("API_STRONGHOLD_ALLOW_REFERENCE").unwrap_or_default();
        for profile in allowed.split(',').map(str::trim).filter(|profile| !profile.is_empty()) {
            self.pull_options = self.pull_options.allow_reference(profile)?;
        }
        Ok(self)
    }

    /// The token.
    #[must_use]
    pub fn token(mut self, token: AgentToken) -> Self {
        self.token = Some(token);
        self
    }

    /// The server's address, in place of the one that the token carries.
    #[must_use]
    pub fn url(mut self, url: &str) -> Self {
        self.url = Some(url.to_owned());
        self
    }

    /// A PEM file of certificate authorities to trust beside the system's.
    #[must_use]
    pub fn ca_cert(mut self, file: PathBuf) -> Self {
        self.ca_cert = Some(file);
        self
    }

    /// Gives up when a call has not been answered by then.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Why the agent reads: signed into the audit record.
    #[must_use]
    pub fn reason(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    /// The CI run that reads: signed into the audit record. [`crate::ci::detect`] tells it from the environment.
    #[must_use]
    pub fn ci(mut self, run: Option<CiRun>) -> Self {
        self.ci = run;
        self
    }

    /// Where the time comes from.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Remembers in this folder what was verified, so that no server can take the agent back behind it.
    #[must_use]
    pub fn state_dir(self, folder: PathBuf) -> Self {
        self.memory_store(Arc::new(StateFolder::new(folder)))
    }

    /// Remembers in a store of the caller's. Without one, and without [`Self::state_dir`], memory is this process's only.
    #[must_use]
    pub fn memory_store(mut self, store: Arc<dyn MemoryStore>) -> Self {
        self.memory.store = Some(store);
        self
    }

    /// Is told, once, that what was verified could not be kept: the work goes on, and the floors hold within this process.
    #[must_use]
    pub fn on_warning(mut self, listener: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.memory.listener = Some(Listener(Arc::new(listener)));
        self
    }

    /// Refuses revisions below this one.
    #[must_use]
    pub fn min_revision(mut self, minimum: Option<Revision>) -> Self {
        self.memory.minimum = minimum;
        self
    }

    /// Accepts that another profile has the name of one that is remembered: that, and nothing else. Each profile's own
    /// floor holds, and so does the lock file.
    #[must_use]
    pub fn accept_replaced(mut self, accept: bool) -> Self {
        self.memory.accept_replaced = accept;
        self
    }

    /// Accepts a server that is behind what is remembered, and remembers what it has from then on: for after a restore from a
    /// backup, when an admin's `org verify` has said what was lost. Nothing goes behind the token's own floor or a lock file,
    /// and a server that shows something else in the place of what is remembered is refused all the same.
    #[must_use]
    pub const fn accept_rollback(mut self, accept: bool) -> Self {
        self.accept_rollback = accept;
        self
    }

    /// Keeps the receipt of each read in this file. A read whose receipt cannot be kept fails.
    #[must_use]
    pub fn receipts(mut self, file: ReceiptFile) -> Self {
        self.receipts = Some(file);
        self
    }

    /// Reads nothing that is older than this lock file says, and no profile that it does not name.
    #[must_use]
    pub fn lock(mut self, lock: Option<Lock>) -> Self {
        self.memory.lock = lock;
        self
    }

    /// Refuses what is older than this lock file says, as [`Self::lock`] does, where the file is about to be written again
    /// from what is read: a replaced profile that is accepted is accepted for the file too.
    #[must_use]
    pub fn lock_to_rewrite(mut self, lock: Option<Lock>) -> Self {
        self.memory.rewrites_lock = true;
        self.lock(lock)
    }

    /// How profiles are pulled where a call does not say so itself: which references are followed.
    #[must_use]
    pub fn pull_options(mut self, options: PullOptions) -> Self {
        self.pull_options = options;
        self
    }

    /// Builds an agent that reads over HTTP. Connects to nothing yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is no token or no address, or the address is not allowed.
    pub fn build(self) -> Result<Agent, Error> {
        let own = self.token.as_ref().and_then(|token| token.url.as_ref()).map(|url| url.as_str().to_owned());
        let url = self.url.clone().or(own).ok_or_else(|| {
            Error::invalid("no server is known: the token carries no address; set API_STRONGHOLD_URL")
        })?;
        let mut http = HttpTransport::builder(&url);
        if let Some(file) = &self.ca_cert {
            http = http.ca_cert(file);
        }
        if let Some(timeout) = self.timeout {
            http = http.timeout(timeout);
        }
        let clock = self.clock.clone().unwrap_or_else(|| Arc::new(SystemClock));
        let context = RequestContext { reason: self.reason.clone(), ci: self.ci.clone(), ..RequestContext::default() };
        let client = Client::new(http.build()?, clock).with_context(context);
        self.build_with(client)
    }

    /// Builds an agent over any reader: a server in the same process, or one of a test.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is no token, or the lock file is of another organization.
    pub fn build_with<R: ProfileReader>(self, reader: R) -> Result<Agent<R>, Error> {
        let token = self.token.ok_or_else(|| Error::invalid("an agent needs a token"))?;
        let identity = Arc::new(LocalIdentity::from_token(&token));
        let inner = Inner {
            reader,
            decryptor: IdentityDecryptor::new(Arc::clone(&identity)),
            floor: token.floor,
            memory: Memory::new(token.org, None, self.memory)?,
            identity,
            accept_rollback: self.accept_rollback,
            receipts: self.receipts,
            receipt_key: Mutex::default(),
            pull_options: self.pull_options,
            keys: Mutex::default(),
        };
        Ok(Agent { inner: Arc::new(inner) })
    }
}

fn token_of_environment() -> Result<AgentToken, Error> {
    let (text, source) = match (variable("API_STRONGHOLD_TOKEN"), variable("API_STRONGHOLD_TOKEN_FILE")) {
        (Some(token), _) => (Zeroizing::new(token), "API_STRONGHOLD_TOKEN"),
        (None, Some(file)) => {
            let read = fs::read_to_string(&file);
            let text =
                read.map_err(|error| Error::state(format!("API_STRONGHOLD_TOKEN_FILE: {file} cannot be read"), error))?;
            (Zeroizing::new(text), "API_STRONGHOLD_TOKEN_FILE")
        }
        (None, None) => {
            return Err(Error::invalid(
                "no token: set API_STRONGHOLD_TOKEN, or API_STRONGHOLD_TOKEN_FILE to a file that holds it",
            ));
        }
    };
    AgentToken::parse(text.trim()).map_err(|error| Error::invalid(format!("{source}: {error}")))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}
