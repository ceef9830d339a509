//! What applies: flag, then environment, then the active identity's or token's own, then nothing.

use crate::{
    args::Global,
    cmd::{agent_rotation::warn_of_overdue, source::Freshness},
    credentials::{Credentials, Identity},
    failure::Failure,
    input,
    output::Output,
};
use secrecy::SecretString;
use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use stronghold_sdk::{
    Agent, Client, HttpTransport, LocalIdentity,
    admin::{DirectoryCache, Memory, Session},
    ci,
    lock::Lock,
    protocol::{
        directory::HeaderRef,
        encoding::decode_base64url,
        id::{OrgId, UserId},
        number::Revision,
        problem::ProblemCode,
        request::RequestContext,
        time::{Clock, SystemClock},
        token::{AgentToken, TokenUrl},
    },
    receipts::ReceiptFile,
    state::StateDir,
};
use zeroize::Zeroizing;

/// What to do where `org verify` is refused.
const OLDER_THAN_KEYS: &str = "If the server was restored from a backup of before you joined or changed your keys, it does not know them: sign in with the password of that time in an empty --config-dir, or let another admin verify it.";

/// A session over HTTP.
pub(crate) type HttpSession = Session<HttpTransport>;
/// An agent over HTTP.
pub(crate) type HttpAgent = Agent<Client<HttpTransport>>;

/// The settings of one command.
pub(crate) struct Settings {
    pub(crate) global: Global,
    pub(crate) folder: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Who a command acts as.
pub(crate) enum Acting {
    /// An agent, by its token.
    Agent {
        /// The token.
        token: AgentToken,
        /// Where it comes from.
        source: &'static str,
        /// The address that was given when it was signed in, if it was.
        url: Option<String>,
    },
    /// A person.
    User {
        /// Who.
        user: UserId,
        /// Their organization.
        org: OrgId,
        /// Their address.
        email: String,
        /// Their seed.
        seed: Zeroizing<[u8; 32]>,
        /// The server's address.
        url: Option<String>,
        /// A header that is known to exist.
        floor: Option<HeaderRef>,
    },
}

impl Settings {
    /// Works out the configuration folder; reads nothing yet.
    pub(crate) fn new(global: Global) -> Self {
        let given = global.config_dir.clone().filter(|folder| !folder.as_os_str().is_empty());
        let folder = given.unwrap_or_else(default_folder);
        Self { global, folder, clock: Arc::new(SystemClock) }
    }

    /// The signed-in identities.
    pub(crate) fn credentials(&self) -> Result<Credentials, Failure> {
        Credentials::open(&self.folder)
    }

    /// Where floors and the directory cache are remembered.
    pub(crate) fn state_folder(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// Who the command acts as: `API_STRONGHOLD_TOKEN`, else its file, else the active identity.
    pub(crate) fn acting(&self) -> Result<Acting, Failure> {
        if let Some(token) = token_of_environment()? {
            return Ok(token);
        }
        self.signed_in()
    }

    /// The active identity of the configuration folder.
    fn signed_in(&self) -> Result<Acting, Failure> {
        match self.credentials()?.active() {
            Some(Identity::Agent { token, url, .. }) => {
                Ok(Acting::Agent { token: parse_token(token)?, source: "the configuration folder", url: url.clone() })
            }
            Some(Identity::User { id, org, email, url, seed, floor }) => Ok(Acting::User {
                user: *id,
                org: *org,
                email: email.clone(),
                seed: Zeroizing::new(
                    decode_base64url(seed)
                        .map_err(|error| Failure::local("the stored credentials are damaged; sign in again", &error))?,
                ),
                url: url.clone(),
                floor: *floor,
            }),
            None => Err(Failure::signed_out()),
        }
    }

    /// The server's address: `--url` or `API_STRONGHOLD_URL`, else the identity's own.
    pub(crate) fn url(&self, own: Option<&str>) -> Result<String, Failure> {
        let url = input::given(self.global.url.as_ref()).or(own).map(str::to_owned);
        url.ok_or_else(|| Failure::usage("no server is known: say --url or set API_STRONGHOLD_URL"))
    }

    /// A connection to the server at `url`.
    pub(crate) fn transport(&self, url: &str) -> Result<HttpTransport, Failure> {
        let mut builder = HttpTransport::builder(url).timeout(self.timeout()?);
        if let Some(file) = self.global.ca_cert.as_ref().filter(|file| !file.as_os_str().is_empty()) {
            builder = builder.ca_cert(file);
        }
        Ok(builder.build()?)
    }

    /// A client of the server at `url`.
    pub(crate) fn client(&self, url: &str) -> Result<Client<HttpTransport>, Failure> {
        let context = RequestContext {
            reason: input::given(self.global.reason.as_ref()).map(str::to_owned),
            ci: ci::detect_in_environment(),
            ..RequestContext::default()
        };
        Ok(Client::new(self.transport(url)?, self.clock.clone()).with_context(context))
    }

    /// The acting agent, ready to read. A person cannot use what needs this.
    pub(crate) fn agent(
        &self,
        token: AgentToken,
        own_url: Option<&str>,
        minimum: Option<Revision>,
        accept_replaced: bool,
    ) -> Result<HttpAgent, Failure> {
        let freshness = Freshness { minimum, accept_replaced, accept_rollback: false };
        self.agent_with(token, own_url, freshness, self.lock()?)
    }

    /// The same with a lock file that was read already.
    pub(crate) fn agent_with(
        &self,
        token: AgentToken,
        own_url: Option<&str>,
        freshness: Freshness,
        lock: Option<Lock>,
    ) -> Result<HttpAgent, Failure> {
        let url = self.url(own_url.or(token.url.as_ref().map(TokenUrl::as_str)))?;
        let mut builder = Agent::builder()
            .token(token)
            .state_dir(self.state_folder())
            .accept_replaced(freshness.accept_replaced)
            .accept_rollback(freshness.accept_rollback)
            .min_revision(freshness.minimum)
            .lock(lock);
        if let Some(file) = self.receipts() {
            builder = builder.receipts(file);
        }
        Ok(builder.build_with(self.client(&url)?)?)
    }

    /// The lock file that nothing may be older than, if there is one.
    pub(crate) fn lock(&self) -> Result<Option<Lock>, Failure> {
        let Some(file) = self.lock_file() else { return Ok(None) };
        let lock = Lock::read(file)?.ok_or_else(|| {
            Failure::usage(format!("there is no lock file {}", file.display()))
                .with_hint("`profile lock` makes it; it is to be committed to the repository.")
        })?;
        Ok(Some(lock))
    }

    /// Its path.
    pub(crate) fn lock_file(&self) -> Option<&Path> {
        self.global.lock.as_deref().filter(|file| !file.as_os_str().is_empty())
    }

    /// Where receipts of reads are kept, if they are.
    pub(crate) fn receipts(&self) -> Option<ReceiptFile> {
        let file = self.global.keep_receipts.as_ref().filter(|file| !file.as_os_str().is_empty());
        file.cloned().map(ReceiptFile::new)
    }

    /// The acting person's session. An agent cannot use what needs this.
    pub(crate) async fn session(&self) -> Result<HttpSession, Failure> {
        self.session_of(self.acting()?, self.lock()?).await
    }

    /// The same with a lock file that was read already.
    pub(crate) async fn session_with(&self, lock: Option<Lock>) -> Result<HttpSession, Failure> {
        self.session_of(self.acting()?, lock).await
    }

    /// The acting person's session that knows nothing of before, and apart from it everything that this client remembers: to
    /// hold one against the other.
    pub(crate) async fn session_and_memory(&self) -> Result<(HttpSession, Memory), Failure> {
        let (user, org, seed, url, floor) = match self.acting()? {
            Acting::User { user, org, seed, url, floor, .. } => (user, org, seed, url, floor),
            Acting::Agent { source, .. } => return Err(needs_person(source)),
        };
        let memory = Memory::load(org, &self.state_folder(), floor)?;
        let url = self.url(url.as_deref())?;
        let who = Arc::new(LocalIdentity::from_seed(org, user.into(), &seed));
        let cache = DirectoryCache::new(org, None, None);
        let session = Session::open(self.client(&url)?, who, user, cache, self.clock.clone()).await;
        let session = session.map_err(|error| {
            let unknown = error.problem_code() == Some(ProblemCode::Unauthenticated.as_str());
            let failure = Failure::from(error);
            if unknown { failure.with_hint(OLDER_THAN_KEYS) } else { failure }
        })?;
        Ok((session, memory))
    }

    /// The session of the signed-in person, whatever token the environment gives.
    pub(crate) async fn session_without_environment(&self) -> Result<HttpSession, Failure> {
        self.session_of(self.signed_in()?, None).await
    }

    async fn session_of(&self, acting: Acting, lock: Option<Lock>) -> Result<HttpSession, Failure> {
        match acting {
            Acting::User { user, org, seed, url, floor, .. } => {
                let url = self.url(url.as_deref())?;
                let who = Arc::new(LocalIdentity::from_seed(org, user.into(), &seed));
                let cache = DirectoryCache::new(org, Some(&self.state_folder()), floor);
                let mut session = Session::open(self.client(&url)?, who, user, cache, self.clock.clone()).await?;
                let mut known = StateDir::new(self.state_folder()).load(&org)?;
                if let Some(lock) = lock {
                    lock.check_org(&org)?;
                    session.require_header(lock.header).await?;
                    known.raise(&lock.to_remembered());
                }
                session.set_floors(known.profiles);
                warn_of_overdue(&session, &Output::new(&self.global));
                Ok(session)
            }
            Acting::Agent { source, .. } => Err(needs_person(source)),
        }
    }

    /// The address of the signed-in person's server: what a new token carries as its hint.
    pub(crate) fn session_url(&self) -> Result<String, Failure> {
        self.url(self.credentials()?.active().and_then(Identity::url))
    }

    /// The profile of a command: the flag or `API_STRONGHOLD_PROFILE`.
    pub(crate) fn profile<'given>(&self, given: Option<&'given String>) -> Result<&'given str, Failure> {
        input::given(given).ok_or_else(|| Failure::usage("which profile? say --profile or set API_STRONGHOLD_PROFILE"))
    }

    /// Tells about state that could not be written; the command goes on.
    pub(crate) fn warn_of(&self, output: &Output, warning: Option<String>) {
        if let Some(warning) = warning {
            output.warn(warning);
        }
    }

    fn timeout(&self) -> Result<Duration, Failure> {
        let Some(text) = input::given(self.global.timeout.as_ref()) else { return Ok(Duration::from_secs(60)) };
        match text.parse() {
            Ok(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
            _ => Err(Failure::usage("--timeout is a number of seconds from 1 to 3600")),
        }
    }
}

fn needs_person(source: &str) -> Failure {
    Failure::refused("agents only read: this needs a person").with_hint(format!(
        "You act as an agent, by the token in {source}. Sign in with `auth login`, and unset API_STRONGHOLD_TOKEN if it is set."
    ))
}

/// Parses a token, wherever it comes from.
pub(crate) fn parse_token(text: &str) -> Result<AgentToken, Failure> {
    AgentToken::parse(text.trim()).map_err(|error| {
        Failure::refused(format!("the token is not one: {error}"))
            .with_hint("Copy it whole, as `agent create` printed it; it starts with stronghold_agent_.")
    })
}

/// The address as a token can carry it; none where it cannot (plain http in a network), so that it is set by hand.
pub(crate) fn token_url(url: &str) -> Option<TokenUrl> {
    TokenUrl::new(url.trim_end_matches('/')).ok()
}

/// The token that the environment gives, if it gives one.
fn token_of_environment() -> Result<Option<Acting>, Failure> {
    if let Some(token) = input::variable("API_STRONGHOLD_TOKEN")? {
        let token = SecretString::from(token);
        let token = parse_token(secrecy::ExposeSecret::expose_secret(&token))?;
        return Ok(Some(Acting::Agent { token, source: "API_STRONGHOLD_TOKEN", url: None }));
    }
    let Some(file) = input::variable("API_STRONGHOLD_TOKEN_FILE")? else { return Ok(None) };
    let bytes = input::file(Path::new(&file), 64 * 1024)?;
    let token = parse_token(&input::word(&bytes, "the file that API_STRONGHOLD_TOKEN_FILE names")?)?;
    Ok(Some(Acting::Agent { token, source: "API_STRONGHOLD_TOKEN_FILE", url: None }))
}

/// `stronghold` in the configuration home: XDG_CONFIG_HOME, else `.config` in the home folder, which is HOME, else what the
/// system knows of the user, else `/`, as containers have it for a user that nobody knows.
fn default_folder() -> PathBuf {
    let absolute = |path: Option<PathBuf>| path.filter(|path| path.is_absolute());
    let configured = absolute(env::var_os("XDG_CONFIG_HOME").map(PathBuf::from));
    let below_home = || absolute(env::home_dir()).unwrap_or_else(|| PathBuf::from("/")).join(".config");
    configured.unwrap_or_else(below_home).join("stronghold")
}
