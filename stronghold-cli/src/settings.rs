//! What applies: flag, then environment, then the active identity's or token's own, then nothing.

use crate::{
    args::Global,
    credentials::{Credentials, Identity},
    failure::Failure,
    input,
};
use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use stronghold_sdk::{
    Client, HttpTransport, ci,
    lock::Lock,
    protocol::{
        request::RequestContext,
        time::{Clock, SystemClock},
        token::{AgentToken, TokenUrl},
    },
    receipts::ReceiptFile,
};

/// The settings of one command.
pub(crate) struct Settings {
    pub(crate) global: Global,
    pub(crate) folder: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
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

    /// The address of the signed-in person's server: what a new token carries as its hint.
    pub(crate) fn session_url(&self) -> Result<String, Failure> {
        self.url(self.credentials()?.active().and_then(Identity::url))
    }

    /// The profile of a command: the flag or `API_STRONGHOLD_PROFILE`.
    pub(crate) fn profile<'given>(&self, given: Option<&'given String>) -> Result<&'given str, Failure> {
        input::given(given).ok_or_else(|| Failure::usage("which profile? say --profile or set API_STRONGHOLD_PROFILE"))
    }

    fn timeout(&self) -> Result<Duration, Failure> {
        let Some(text) = input::given(self.global.timeout.as_ref()) else { return Ok(Duration::from_secs(60)) };
        match text.parse() {
            Ok(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
            _ => Err(Failure::usage("--timeout is a number of seconds from 1 to 3600")),
        }
    }
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

/// `stronghold` in the configuration home: XDG_CONFIG_HOME, else `.config` in the home folder, which is HOME, else what the
/// system knows of the user, else `/`, as containers have it for a user that nobody knows.
fn default_folder() -> PathBuf {
    let absolute = |path: Option<PathBuf>| path.filter(|path| path.is_absolute());
    let configured = absolute(env::var_os("XDG_CONFIG_HOME").map(PathBuf::from));
    let below_home = || absolute(env::home_dir()).unwrap_or_else(|| PathBuf::from("/")).join(".config");
    configured.unwrap_or_else(below_home).join("stronghold")
}
