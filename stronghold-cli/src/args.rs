//! What can be typed: commands, flags and their environment variables.

mod admin;
mod auth;
mod env;
mod history;
mod user;

pub(crate) use admin::{
    AgentCommand, AgentCreateArgs, AgentUpdateArgs, AuditCommand, AuditExportArgs, AuditFilterArgs, AuditListArgs,
    AuditVerifyArgs, ConditionArgs, GroupCommand, InProfile, MemberArgs, OrgCommand, OrgCreateArgs, OrgVerifyArgs,
    PolicyArgs, ProfileCommand, ProfileLockArgs, SecretCommand, SecretSetArgs,
};
pub(crate) use auth::{
    AccountKeyArgs, ApiUserArgs, AuthCommand, LoginArgs, NewPasswordArgs, PasswordArgs, RecoverArgs, SheetArgs,
};
pub(crate) use env::{EnvCommand, PullArgs, PushArgs, ReadArgs, ReferenceArgs, RunArgs};
pub(crate) use history::{
    CopyArgs, DiffArgs, PastSecretArgs, ProfileHistoryArgs, ProfileRestoreArgs, PurgeArgs, RollbackArgs,
};
pub(crate) use user::{AcceptArgs, ConfirmArgs, InviteArgs, UserCommand};

use clap::{
    Args, Parser, Subcommand,
    builder::{OsStringValueParser, TypedValueParser},
};
use std::path::PathBuf;

/// Give every script, pipeline, bot and service its own identity for reading secrets.
///
/// Secrets are encrypted and decrypted on this machine; the server can read none of them.
#[derive(Debug, Parser)]
#[command(name = "api-stronghold-cli", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 ok, 1 failure, 2 usage, 3 not authenticated or refused, 4 not found,
5 integrity violation (the server showed something forged or old), 6 server unreachable.
`env run` returns the command's own code.

Get going:   api-stronghold-cli quickstart
As an agent: api-stronghold-cli auth api-user --token <AGENT_TOKEN>
             api-stronghold-cli env pull --profile production -o .env";

/// Flags that every command takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// Address of the server; else the signed-in identity's or the token's own
    #[arg(long, global = true, env = "API_STRONGHOLD_URL", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Folder for credentials and remembered state [default: ~/.config/stronghold]
    #[arg(long, global = true, env = "API_STRONGHOLD_CONFIG_DIR", value_name = "DIR", value_parser = path())]
    pub(crate) config_dir: Option<PathBuf>,
    /// Print JSON on standard output; errors are problem details on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// `json` is the same as --json
    #[arg(long, global = true, value_name = "FORMAT", value_parser = ["text", "json"], default_value = "text")]
    pub(crate) output: String,
    /// Certificate authority to trust beside the system's (PEM); SSL_CERT_FILE is honoured too
    #[arg(long, global = true, env = "API_STRONGHOLD_CA_CERT", value_name = "FILE", value_parser = path())]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Why you do this; signed into the audit record
    #[arg(long, global = true, env = "API_STRONGHOLD_REASON", value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Lock file that `profile lock` made: refuse everything older, and profiles that are not in it
    #[arg(long, global = true, env = "API_STRONGHOLD_LOCK", value_name = "FILE", value_parser = path())]
    pub(crate) lock: Option<PathBuf>,
    /// Accept that another profile now has the name of one that this client remembers: that, and nothing else
    #[arg(long, global = true)]
    pub(crate) accept_replaced: bool,
    /// Keep the receipt of every read of secrets in this file; `audit verify --receipts` holds them against the log
    #[arg(long, global = true, env = "API_STRONGHOLD_KEEP_RECEIPTS", value_name = "FILE", value_parser = path())]
    pub(crate) keep_receipts: Option<PathBuf>,
    /// Give up when the server has not answered by then
    #[arg(long, global = true, env = "API_STRONGHOLD_TIMEOUT", value_name = "SECONDS")]
    pub(crate) timeout: Option<String>,
    /// No messages but errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// More messages; twice for the most
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// No colour, as with NO_COLOR
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
}

/// A path that may be blank, which counts as not given: clap's own parser of paths refuses it, also from a variable.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

impl Global {
    /// Whether results are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json || self.output == "json"
    }
}

/// A command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// From nothing to a working organization: server, owner, profile, group, agent
    Quickstart(QuickstartArgs),
    /// Who you are: sign in as an agent or a person, switch, sign out
    #[command(subcommand)]
    Auth(AuthCommand),
    /// Use a profile's secrets: as a file, for a command, or from a file
    #[command(subcommand)]
    Env(EnvCommand),
    /// Single secrets of a profile
    #[command(subcommand)]
    Secret(SecretCommand),
    /// People: invite, accept, confirm, change roles, remove
    #[command(subcommand)]
    User(UserCommand),
    /// Deployment profiles: named sets of secrets
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Groups: who shares access to which profiles
    #[command(subcommand)]
    Group(GroupCommand),
    /// Agents: non-human identities, each with a token of its own
    #[command(subcommand)]
    Agent(AgentCommand),
    /// The organization
    #[command(subcommand)]
    Org(OrgCommand),
    /// The audit log: who read what and when, verified
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Explain what is wrong: settings and their sources, connection, clock, identity
    Doctor,
    /// Print a completion script for a shell
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
}

/// Arguments of `quickstart`.
#[derive(Args, Debug)]
pub(crate) struct QuickstartArgs {
    /// Folder for the server's data [default: a new one]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// dotenv file to import into the profile `production` [default: a sample]
    #[arg(long, value_name = "FILE")]
    pub(crate) import: Option<PathBuf>,
    /// Where the server listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: String,
    /// Stop the server at the end instead of serving until Ctrl-C
    #[arg(long)]
    pub(crate) once: bool,
}
