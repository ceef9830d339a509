//! Who a command acts as, and with which memory: every agent and every session of this program is made here.

use crate::{
    cmd::agent_rotation::warn_of_overdue,
    credentials::Identity,
    failure::Failure,
    input,
    output::Output,
    settings::{Settings, parse_token},
};
use secrecy::SecretString;
use std::path::Path;
use stronghold_sdk::{
    Agent, Client, HttpTransport,
    admin::{Account, Recollection, Session, SessionBuilder},
    lock::Lock,
    protocol::{
        number::Revision,
        problem::ProblemCode,
        token::{AgentToken, TokenUrl},
    },
};

/// What to do where `org verify` is refused.
const OLDER_THAN_KEYS: &str = "If the server was restored from a backup of before you joined or changed your keys, it does not know them: sign in with the password of that time in an empty --config-dir, or let another admin verify it.";

/// A session over HTTP.
pub(crate) type HttpSession = Session<HttpTransport>;
/// An agent over HTTP.
pub(crate) type HttpAgent = Agent<Client<HttpTransport>>;

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
        /// Their account, opened.
        account: Account,
        /// The server's address.
        url: Option<String>,
    },
}

/// What one read may accept, beside what is remembered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Freshness {
    /// The lock file is about to be written again.
    pub(crate) rewrites_lock: bool,
    /// Refuse a revision below this one.
    pub(crate) minimum: Option<Revision>,
    /// Accept less than is remembered, and remember that.
    pub(crate) accept_rollback: bool,
}

impl Settings {
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
            Some(identity @ Identity::User { url, .. }) => {
                Ok(Acting::User { account: identity.account()?, url: url.clone() })
            }
            None => Err(Failure::signed_out()),
        }
    }

    /// The acting agent, ready to read. A person cannot use what needs this.
    pub(crate) fn agent(&self, token: AgentToken, own_url: Option<&str>) -> Result<HttpAgent, Failure> {
        self.agent_with(token, own_url, Freshness::default(), self.lock()?)
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
        let output = Output::new(&self.global);
        let mut builder = Agent::builder()
            .token(token)
            .state_dir(self.state_folder())
            .on_warning(move |warning| output.warn(warning))
            .accept_replaced(self.global.accept_replaced)
            .accept_rollback(freshness.accept_rollback)
            .min_revision(freshness.minimum);
        builder = if freshness.rewrites_lock { builder.lock_to_rewrite(lock) } else { builder.lock(lock) };
        if let Some(file) = self.receipts() {
            builder = builder.receipts(file);
        }
        Ok(builder.build_with(self.client(&url)?)?)
    }

    /// The acting person's session. An agent cannot use what needs this.
    pub(crate) async fn session(&self) -> Result<HttpSession, Failure> {
        self.session_with(Freshness::default(), self.lock()?).await
    }

    /// The same with a lock file that was read already.
    pub(crate) async fn session_with(&self, freshness: Freshness, lock: Option<Lock>) -> Result<HttpSession, Failure> {
        self.session_of(self.acting()?, freshness, lock).await
    }

    /// The session of the signed-in person, whatever token the environment gives.
    pub(crate) async fn session_without_environment(&self) -> Result<HttpSession, Failure> {
        self.session_of(self.signed_in()?, Freshness::default(), None).await
    }

    async fn session_of(
        &self,
        acting: Acting,
        freshness: Freshness,
        lock: Option<Lock>,
    ) -> Result<HttpSession, Failure> {
        let (account, url) = person(acting)?;
        let client = self.client(&self.url(url.as_deref())?)?;
        let builder = self.remembering(&account).min_revision(freshness.minimum);
        let builder = if freshness.rewrites_lock { builder.lock_to_rewrite(lock) } else { builder.lock(lock) };
        let session = builder.open(client).await?;
        warn_of_overdue(&session, &Output::new(&self.global));
        Ok(session)
    }

    /// The acting person's session that knows nothing of before, and apart from it everything that this client remembers: to
    /// hold one against the other.
    pub(crate) async fn session_and_memory(&self) -> Result<(HttpSession, Recollection), Failure> {
        let (account, url) = person(self.acting()?)?;
        let memory = self.remembering(&account).recollect().await?;
        let client = self.client(&self.url(url.as_deref())?)?;
        let session = Session::<HttpTransport>::builder(&account).open_to_compare(client).await;
        let session = session.map_err(|error| {
            let unknown = error.problem_code() == Some(ProblemCode::Unauthenticated.as_str());
            let failure = Failure::from(error);
            if unknown { failure.with_hint(OLDER_THAN_KEYS) } else { failure }
        })?;
        Ok((session, memory))
    }

    /// A session's memory, as the flags say.
    fn remembering(&self, account: &Account) -> SessionBuilder {
        let output = Output::new(&self.global);
        Session::<HttpTransport>::builder(account)
            .state_dir(&self.state_folder())
            .on_warning(move |warning| output.warn(warning))
            .accept_replaced(self.global.accept_replaced)
            .receipts(self.receipts())
    }
}

fn person(acting: Acting) -> Result<(Account, Option<String>), Failure> {
    match acting {
        Acting::User { account, url } => Ok((account, url)),
        Acting::Agent { source, .. } => Err(Failure::refused("agents only read: this needs a person").with_hint(format!(
            "You act as an agent, by the token in {source}. Sign in with `auth login`, and unset API_STRONGHOLD_TOKEN if it is set."
        ))),
    }
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
