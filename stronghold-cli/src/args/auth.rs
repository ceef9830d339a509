//! `auth`.

use clap::{Args, Subcommand};

/// A command of `auth`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuthCommand {
    /// Sign in as an agent with its token
    ApiUser(ApiUserArgs),
    /// Sign in as a person
    Login(LoginArgs),
    /// Show who is signed in, where credentials are kept, and which profiles can be read
    Status,
    /// List the identities of this configuration folder
    List,
    /// Make another identity the active one
    Switch {
        /// Name, address or id of the identity
        identity: String,
    },
    /// Forget an identity
    Logout {
        /// Name, address or id of the identity [default: the active one]
        identity: Option<String>,
        /// Forget all of them
        #[arg(long, conflicts_with = "identity")]
        all: bool,
    },
}

/// Arguments of `auth api-user`.
#[derive(Args, Debug)]
pub(crate) struct ApiUserArgs {
    /// The agent's token; `-` reads it from standard input
    #[arg(long, value_name = "AGENT_TOKEN", hide_env_values = true, env = "API_STRONGHOLD_TOKEN")]
    pub(crate) token: Option<String>,
    /// Do not ask the server whether it serves this agent
    #[arg(long)]
    pub(crate) offline: bool,
}

/// Arguments of `auth login`.
#[derive(Args, Debug)]
pub(crate) struct LoginArgs {
    /// Your e-mail address
    #[arg(long, env = "API_STRONGHOLD_EMAIL", value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// Your account key, from when you joined [or API_STRONGHOLD_ACCOUNT_KEY]; `-` reads it from standard input
    #[arg(long, value_name = "KEY", hide_env_values = true, env = "API_STRONGHOLD_ACCOUNT_KEY")]
    pub(crate) account_key: Option<String>,
    #[command(flatten)]
    pub(crate) password: PasswordArgs,
}

/// Where a password comes from: standard input, `API_STRONGHOLD_PASSWORD`, or a prompt.
#[derive(Args, Debug)]
pub(crate) struct PasswordArgs {
    /// Read the password from standard input [or API_STRONGHOLD_PASSWORD, or a prompt]
    #[arg(long)]
    pub(crate) password_stdin: bool,
}
