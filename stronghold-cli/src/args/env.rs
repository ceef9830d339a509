//! `env`.

use clap::{Args, Subcommand};
use std::{ffi::OsString, path::PathBuf};

/// A command of `env`.
#[derive(Debug, Subcommand)]
pub(crate) enum EnvCommand {
    /// Write a profile's secrets to standard output or a file
    Pull(PullArgs),
    /// Add and update a profile's secrets from a file
    Push(PushArgs),
    /// Run a command with a profile's secrets in its environment
    Run(RunArgs),
}

/// Which profile is read, and how old it may be.
#[derive(Args, Debug)]
pub(crate) struct ReadArgs {
    /// Name or id of the profile
    #[arg(short, long, env = "API_STRONGHOLD_PROFILE", value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// Refuse a revision below this one
    #[arg(long, env = "API_STRONGHOLD_MIN_REVISION", value_name = "N")]
    pub(crate) min_revision: Option<String>,
    /// Accept that the server is behind what this agent remembers, as after a restore, and remember that
    #[arg(long)]
    pub(crate) accept_rollback: bool,
    /// Only secrets with these names; `*` stands for any text
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// No secrets with these names; `*` stands for any text
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) except: Vec<String>,
    /// Pass on a secret with this name, though shells or programs act on it (PATH, BASH_ENV, RANDOM);
    /// may be given several times
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) allow_name: Vec<String>,
    #[command(flatten)]
    pub(crate) references: ReferenceArgs,
}

/// What becomes of secrets that refer to others.
#[derive(Args, Debug, Default)]
pub(crate) struct ReferenceArgs {
    /// Follow references to this profile, by the name or id that they use; each is a read of its own
    #[arg(long, env = "API_STRONGHOLD_ALLOW_REFERENCE", value_name = "PROFILE", value_delimiter = ',')]
    pub(crate) allow_reference: Vec<String>,
    /// Show what references refer to in place of the values
    #[arg(long)]
    pub(crate) raw: bool,
}

/// Arguments of `env pull`.
#[derive(Args, Debug)]
pub(crate) struct PullArgs {
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// dotenv, json or shell [default: by the file's ending, else dotenv]
    #[arg(short, long, value_name = "FORMAT", value_parser = ["dotenv", "json", "shell"])]
    pub(crate) format: Option<String>,
    /// Write to this file, all or nothing, readable by you only; what is not a regular file is written through
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Arguments of `env push`.
#[derive(Args, Debug)]
pub(crate) struct PushArgs {
    /// Name or id of the profile
    #[arg(short, long, env = "API_STRONGHOLD_PROFILE", value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// The file; `-` is standard input
    pub(crate) file: PathBuf,
    /// dotenv or json [default: by the file's ending, else dotenv]
    #[arg(short, long, value_name = "FORMAT", value_parser = ["dotenv", "json"])]
    pub(crate) format: Option<String>,
    /// Also delete what the file does not hold
    #[arg(long)]
    pub(crate) prune: bool,
    /// Only say what would happen
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Arguments of `env run`.
#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// Start from an empty environment: only PATH, HOME, USER, LANG, TERM and TZ are inherited
    #[arg(long)]
    pub(crate) no_inherit_env: bool,
    /// Inherit this variable, though it would not be: those of this program, API_STRONGHOLD_*, are
    /// not; may be given several times
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) keep: Vec<String>,
    /// Variables that are set already win over secrets of the same name
    #[arg(long)]
    pub(crate) preserve_env: bool,
    /// The command and its arguments, as they are; no shell is involved
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}
