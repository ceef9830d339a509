//! `secret history` and what else deals with a profile's past.

use super::admin::InProfile;
use clap::Args;
use stronghold_sdk::protocol::number::{Revision, Version};

/// A secret by name, or by id where another one has the name now.
#[derive(Args, Debug)]
pub(crate) struct PastSecretArgs {
    /// Its name; or its id, for one of several that had the name
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) at: InProfile,
}

/// Arguments of `secret rollback`.
#[derive(Args, Debug)]
pub(crate) struct RollbackArgs {
    #[command(flatten)]
    pub(crate) secret: PastSecretArgs,
    /// The version whose value is set again, as a new version
    #[arg(long, visible_alias = "to", value_name = "N")]
    pub(crate) version: Version,
}

/// Arguments of `secret copy`.
#[derive(Args, Debug)]
pub(crate) struct CopyArgs {
    /// Its name
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) at: InProfile,
    /// Name or id of the profile that it is copied to
    #[arg(long, value_name = "PROFILE")]
    pub(crate) to: String,
    /// Its name there, if it is another one
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) new_name: Option<String>,
}

/// Arguments of `secret purge`.
#[derive(Args, Debug)]
pub(crate) struct PurgeArgs {
    #[command(flatten)]
    pub(crate) secret: PastSecretArgs,
    /// The version to destroy; may be given several times
    #[arg(long, value_name = "N", value_delimiter = ',', required_unless_present = "all", conflicts_with = "all")]
    pub(crate) version: Vec<Version>,
    /// All versions but the one that the profile holds; of a deleted secret, all
    #[arg(long)]
    pub(crate) all: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Arguments of `profile history`.
#[derive(Args, Debug)]
pub(crate) struct ProfileHistoryArgs {
    #[command(flatten)]
    pub(crate) at: InProfile,
    /// At most this many, the newest; all are verified
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
}

/// Arguments of `profile diff`.
#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    /// The revision to start from
    #[arg(value_name = "REV1")]
    pub(crate) old: Revision,
    /// The revision to compare with
    #[arg(value_name = "REV2")]
    pub(crate) new: Revision,
    #[command(flatten)]
    pub(crate) at: InProfile,
    /// Show the values too
    #[arg(long)]
    pub(crate) show_values: bool,
}

/// Arguments of `profile restore`.
#[derive(Args, Debug)]
pub(crate) struct ProfileRestoreArgs {
    #[command(flatten)]
    pub(crate) at: InProfile,
    /// The revision whose secrets the profile is to hold again, as new versions
    #[arg(long, value_name = "N")]
    pub(crate) revision: Revision,
    /// Only say what would happen
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}
