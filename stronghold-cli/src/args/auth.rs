//! `auth`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// A command of `auth`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuthCommand {
    /// Sign in as an agent with its token
    ApiUser(ApiUserArgs),
    /// Sign in as a person
    Login(LoginArgs),
    /// Show who is signed in, where credentials are kept, and which profiles can be read
    Status,
    /// Change your password; the old one opens nothing from then on
    Password(NewPasswordArgs),
    /// Replace a forgotten password with your recovery kit, and sign in; your account key is replaced too
    Recover(RecoverArgs),
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
    /// The agent's token [or API_STRONGHOLD_TOKEN, or a prompt]; `-` reads it from standard input
    #[arg(long, value_name = "AGENT_TOKEN")]
    pub(crate) token: Option<String>,
    /// File with the token [or API_STRONGHOLD_TOKEN_FILE]
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    pub(crate) token_file: Option<PathBuf>,
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
    #[command(flatten)]
    pub(crate) account_key: AccountKeyArgs,
    #[command(flatten)]
    pub(crate) password: PasswordArgs,
}

/// Arguments of `auth password`.
#[derive(Args, Debug)]
pub(crate) struct NewPasswordArgs {
    /// Your e-mail address
    #[arg(long, env = "API_STRONGHOLD_EMAIL", value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    #[command(flatten)]
    pub(crate) account_key: AccountKeyArgs,
    /// Make a new account key too, because somebody may know the old one
    #[arg(long)]
    pub(crate) new_account_key: bool,
    /// Read two lines from standard input: the password so far, then the new one [or API_STRONGHOLD_PASSWORD and
    /// API_STRONGHOLD_NEW_PASSWORD, or prompts]
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Read the two lines from this file
    #[arg(long, value_name = "FILE", conflicts_with = "password_stdin")]
    pub(crate) password_file: Option<PathBuf>,
}

/// Where the account key comes from. It is never an argument itself.
#[derive(Args, Debug)]
pub(crate) struct AccountKeyArgs {
    /// Your account key, from when you joined [or API_STRONGHOLD_ACCOUNT_KEY, or a prompt]: `-` reads it from standard input
    #[arg(long, value_name = "-")]
    pub(crate) account_key: Option<String>,
    /// File with your account key
    #[arg(long, value_name = "FILE", conflicts_with = "account_key")]
    pub(crate) account_key_file: Option<PathBuf>,
}

/// Arguments of `auth recover`.
#[derive(Args, Debug)]
pub(crate) struct RecoverArgs {
    /// Your recovery kit [or API_STRONGHOLD_RECOVERY_KIT, or a prompt]: `-` reads it from standard input
    #[arg(long, value_name = "-")]
    pub(crate) kit: Option<String>,
    /// File with your recovery kit: the kit's line alone
    #[arg(long, value_name = "FILE", conflicts_with = "kit")]
    pub(crate) kit_file: Option<PathBuf>,
    /// Where the new password comes from
    #[command(flatten)]
    pub(crate) password: PasswordArgs,
}

/// A printable sheet of the recovery kit.
#[derive(Args, Debug)]
pub(crate) struct SheetArgs {
    /// Write the recovery kit to this file as a sheet to print, with a QR code, readable by you only
    #[arg(long, value_name = "FILE")]
    pub(crate) recovery_kit: Option<PathBuf>,
}

/// Where a password comes from: standard input, a file, `API_STRONGHOLD_PASSWORD`, or a prompt.
#[derive(Args, Debug)]
pub(crate) struct PasswordArgs {
    /// Read the password from standard input [or API_STRONGHOLD_PASSWORD, or a prompt]
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Read the password from this file
    #[arg(long, value_name = "FILE", conflicts_with = "password_stdin")]
    pub(crate) password_file: Option<PathBuf>,
}
