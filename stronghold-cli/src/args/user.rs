//! `user`.

use super::auth::{LoginArgs, PasswordArgs, SheetArgs};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// A command of `user`.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Invite somebody and print the code to give them, this once
    Invite(InviteArgs),
    /// Accept an invitation: make your keys and sign in; an owner or admin then confirms you
    Accept(AcceptArgs),
    /// Make a person who accepted an invitation a member, or put in force the new keys that a member asks for
    Confirm(ConfirmArgs),
    /// List the members and the open invitations
    List,
    /// Give a member another role
    SetRole {
        /// Their e-mail address or id
        user: String,
        /// owner, admin, editor or auditor
        #[arg(value_parser = ["owner", "admin", "editor", "auditor"])]
        role: String,
    },
    /// Remove a member for good, or cancel an open invitation; what a member could read is encrypted anew
    Remove {
        /// Their e-mail address or id
        user: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Change your own keys; the old ones open and sign nothing from then on. Who is no owner asks for new ones, which an owner or admin confirms
    RotateKeys(LoginArgs),
}

/// Arguments of `user confirm`.
#[derive(Args, Debug)]
pub(crate) struct ConfirmArgs {
    /// Their e-mail address, or the invitation's or member's id
    pub(crate) user: String,
    /// The fingerprint of their keys, which `user accept` or `user rotate-keys` told them: only these keys are confirmed
    #[arg(long, value_name = "FINGERPRINT", allow_hyphen_values = true)]
    pub(crate) fingerprint: Option<String>,
    /// Do not ask whether the fingerprint is the one that they were told
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Arguments of `user invite`.
#[derive(Args, Debug)]
pub(crate) struct InviteArgs {
    /// Their e-mail address
    pub(crate) email: String,
    /// owner, admin, editor (writes what its groups may write) or auditor (reads the audit log only)
    #[arg(long, default_value = "editor", value_parser = ["owner", "admin", "editor", "auditor"])]
    pub(crate) role: String,
    /// Group that they join, by name or id; may be given several times
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Vec<String>,
    /// Until when it can be accepted: 7d, 12h, 2027-01-31
    #[arg(long, default_value = "7d", value_name = "WHEN")]
    pub(crate) expires: String,
}

/// Arguments of `user accept`.
#[derive(Args, Debug)]
pub(crate) struct AcceptArgs {
    /// The address that was invited
    #[arg(long, env = "API_STRONGHOLD_EMAIL", value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// The code that you were given [or API_STRONGHOLD_INVITE, or a prompt]: `-` reads it from standard input
    #[arg(long, value_name = "-")]
    pub(crate) invite: Option<String>,
    /// File with the code that you were given
    #[arg(long, value_name = "FILE", conflicts_with = "invite")]
    pub(crate) invite_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sheet: SheetArgs,
    #[command(flatten)]
    pub(crate) password: PasswordArgs,
}
