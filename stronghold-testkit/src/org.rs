//! A server, an organization on it, and its owner signed in.

use crate::{Cli, Run, Server, leaks, random_word};
use data_encoding::BASE64;
use serde_json::{Map, Value, json};
use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

/// The owner's address.
const OWNER: &str = "owner@acme.example";

/// An organization. Names that its methods make up are unique, so that tests can share one.
#[derive(Debug)]
pub struct Org {
    /// The server.
    pub server: Server,
    /// Commands as the owner.
    pub owner: Cli,
    /// What `org create` printed.
    pub created: Value,
    /// The owner's password.
    pub password: String,
    folders: AtomicU32,
}

/// A new agent, or a new token of one.
#[derive(Clone, Debug)]
pub struct Token {
    /// The agent's id.
    pub id: String,
    /// The agent's name.
    pub name: String,
    /// The token.
    pub token: String,
}

impl Org {
    /// A new server with a new organization.
    #[must_use]
    pub fn start() -> Self {
        Self::on(Server::start())
    }

    /// A new organization on a server that has none.
    #[must_use]
    pub fn on(server: Server) -> Self {
        let url = server.url().to_owned();
        Self::create(server, &url, |cli| cli)
    }

    /// A new organization on a server that is reached at `url`, with commands set up by `with`.
    #[must_use]
    pub fn create(server: Server, url: &str, with: impl Fn(Cli) -> Cli) -> Self {
        let password = random_word(24);
        leaks::look_for(&password);
        let owner = Cli::new(&server.folder().join("owner"))
            .var("API_STRONGHOLD_URL", url)
            .var("API_STRONGHOLD_PASSWORD", &password);
        let owner = with(owner);
        let code = server.setup_code_file();
        let code = code.to_str().expect("a path of UTF-8");
        let created = owner.json(&["org", "create", "Acme", "--setup-code-file", code, "--email", OWNER]);
        Self { server, owner, created, password, folders: AtomicU32::new(0) }
    }

    /// A folder that is not there yet, on the server's disk, gone with the server.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.server.folder().join(format!("folder-{}", self.folders.fetch_add(1, Ordering::Relaxed)))
    }

    /// The same as [`Self::folder`], made.
    #[must_use]
    pub fn made_folder(&self) -> PathBuf {
        let folder = self.folder();
        std::fs::create_dir(&folder).expect("the folder can be made");
        folder
    }

    /// A name that nothing has yet.
    #[must_use]
    pub fn name(&self, what: &str) -> String {
        format!("{what}-{}", random_word(12).to_lowercase())
    }

    /// Creates a profile with these secrets. Returns its name.
    #[must_use]
    pub fn profile(&self, secrets: &[(&str, &[u8])]) -> String {
        let name = self.name("profile");
        self.owner.json(&["profile", "create", &name]);
        if !secrets.is_empty() {
            self.push(&name, secrets);
        }
        name
    }

    /// Adds and updates a profile's secrets.
    pub fn push(&self, profile: &str, secrets: &[(&str, &[u8])]) -> Value {
        self.try_push(profile, secrets).succeeds().json()
    }

    /// The same, where it may fail.
    #[must_use]
    pub fn try_push(&self, profile: &str, secrets: &[(&str, &[u8])]) -> Run {
        let file: Map<String, Value> = secrets
            .iter()
            .map(|(name, value)| {
                let value = match std::str::from_utf8(value) {
                    Ok(text) => json!(text),
                    Err(_) => json!({"base64": BASE64.encode(value)}),
                };
                ((*name).to_owned(), value)
            })
            .collect();
        let file = Value::Object(file).to_string();
        self.owner.run_with(&["--json", "env", "push", "--profile", profile, "--format", "json", "-"], file.as_bytes())
    }

    /// Creates a group that may read these profiles. Returns its name.
    #[must_use]
    pub fn group(&self, profiles: &[&str]) -> String {
        let name = self.name("group");
        self.owner.json(&["group", "create", &name]);
        for profile in profiles {
            self.owner.json(&["group", "grant", &name, profile]);
        }
        name
    }

    /// Creates an agent in these groups.
    #[must_use]
    pub fn agent(&self, groups: &[&str]) -> Token {
        self.agent_with(groups, &[])
    }

    /// Creates an agent in these groups, with further arguments.
    #[must_use]
    pub fn agent_with(&self, groups: &[&str], arguments: &[&str]) -> Token {
        let name = self.name("agent");
        let mut all = vec!["agent", "create", &name];
        for group in groups {
            all.extend(["--group", group]);
        }
        all.extend(arguments);
        Token::of(&self.owner.json(&all))
    }

    /// Commands as an agent: only the token in the environment, and a configuration folder of its own.
    #[must_use]
    pub fn as_agent(&self, token: &Token) -> Cli {
        Cli::new(&self.folder()).var("API_STRONGHOLD_TOKEN", &token.token)
    }

    /// What an agent pulls, which must succeed.
    #[must_use]
    pub fn pull(&self, token: &Token, profile: &str) -> Value {
        self.as_agent(token).ok(&["env", "pull", "--profile", profile, "--format", "json"]).json()
    }

    /// The printed account key.
    #[must_use]
    pub fn account_key(&self) -> &str {
        self.created["account_key"].as_str().expect("org create prints an account key")
    }
}

impl Token {
    /// From what `agent create` and `agent rotate-token` print.
    #[must_use]
    pub fn of(printed: &Value) -> Self {
        let text =
            |name: &str| printed[name].as_str().unwrap_or_else(|| panic!("{name} is missing: {printed}")).to_owned();
        Self { id: text("agent_id"), name: text("name"), token: text("token") }
    }

    /// The seed that is in the token: what only the agent may know.
    #[must_use]
    pub fn seed(&self) -> Vec<u8> {
        let body = self.token.strip_prefix("stronghold_agent_").expect("an agent's token").to_uppercase();
        let body = data_encoding::BASE32_NOPAD.decode(body.as_bytes()).expect("base32");
        // version (1) | suite (2) | agent id (16) | org id (32) | seed (32)
        body[51..83].to_vec()
    }
}
