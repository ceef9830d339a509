//! `org`, `profile`, `secret`, `group` and `agent`.

use super::{
    auth::{PasswordArgs, SheetArgs},
    env::ReferenceArgs,
    history::{CopyArgs, DiffArgs, PastSecretArgs, ProfileHistoryArgs, ProfileRestoreArgs, PurgeArgs, RollbackArgs},
};
use clap::{Args, Subcommand};
use std::{ffi::OsString, path::PathBuf};
use stronghold_sdk::protocol::number::Version;

/// A command of `org`.
#[derive(Debug, Subcommand)]
pub(crate) enum OrgCommand {
    /// Create an organization and sign in as its owner
    Create(OrgCreateArgs),
    /// Show the organization: id, name, owners and admins, newest statement
    Show,
    /// Show what owners decide for the whole organization, or change it
    Policy(PolicyArgs),
    /// List the changes that wait for the signatures of other owners
    Approvals,
    /// Sign a change that waits; the last signature that it lacks makes it
    Approve {
        /// Its id, or how that begins
        id: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Give up a change that waits
    Withdraw {
        /// Its id, or how that begins
        id: String,
    },
    /// Verify the organization's whole directory and every profile's whole past, and that it is what this client remembers
    Verify(OrgVerifyArgs),
}

/// Arguments of `org verify`.
#[derive(Args, Debug)]
pub(crate) struct OrgVerifyArgs {
    /// Write down what was verified, for other clients to hold against what they are shown; no secret is in it
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Hold what the server shows against what another client wrote down with --save, or against a lock file
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Vec<PathBuf>,
    /// Where the server lost something, as after a restore, go on from what it has; never where it shows another history
    #[arg(long, conflicts_with = "against")]
    pub(crate) accept_rollback: bool,
    /// Do not ask
    #[arg(long, requires = "accept_rollback")]
    pub(crate) yes: bool,
}

/// Arguments of `org policy`.
#[derive(Args, Debug)]
pub(crate) struct PolicyArgs {
    /// The organization's name from now on
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// How many owners must sign a change of owners, or of this number
    #[arg(long, value_name = "N")]
    pub(crate) owner_threshold: Option<u32>,
}

/// Arguments of `org create`.
#[derive(Args, Debug)]
pub(crate) struct OrgCreateArgs {
    /// The organization's name
    pub(crate) name: String,
    /// File with the one-time code that the server's operator gave you (DATA_DIR/setup-code); `-` is standard input [default:
    /// a prompt]
    #[arg(long, value_name = "FILE")]
    pub(crate) setup_code_file: Option<PathBuf>,
    /// The owner's e-mail address
    #[arg(long, env = "API_STRONGHOLD_EMAIL", value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    #[command(flatten)]
    pub(crate) sheet: SheetArgs,
    #[command(flatten)]
    pub(crate) password: PasswordArgs,
}

/// A command of `profile`.
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Create a profile
    Create {
        /// Its name
        name: String,
    },
    /// List the profiles that you can read
    List,
    /// Show one profile: id, revision, groups
    Show {
        /// Name or id
        profile: String,
    },
    /// Give a profile another name
    Rename {
        /// Name or id
        profile: String,
        /// The new name
        name: String,
    },
    /// Give a profile a new key and encrypt everything in it anew; agents read it throughout
    Rotate {
        /// Name or id; with --resume, all profiles if there is none
        #[arg(required_unless_present = "resume")]
        profile: Option<String>,
        /// Only finish what was interrupted, whoever began it
        #[arg(long)]
        resume: bool,
    },
    /// Write down how new profiles are, in a file to be committed: with --lock, nobody is shown less
    Lock(ProfileLockArgs),
    /// List a profile's revisions: when, by whom, how much changed
    History(ProfileHistoryArgs),
    /// Show what differs between two revisions: names, and values with --show-values
    Diff(DiffArgs),
    /// Make a profile hold what it held at a revision, as a new revision
    Restore(ProfileRestoreArgs),
    /// Delete a profile with everything in it
    Delete {
        /// Name or id
        profile: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// Arguments of `profile lock`.
#[derive(Args, Debug)]
pub(crate) struct ProfileLockArgs {
    /// Names or ids [default: those that the file has; if it has none, all that you can read]
    #[arg(value_name = "PROFILE")]
    pub(crate) profiles: Vec<String>,
    /// The file [default: --lock, else stronghold.lock]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write what the server shows now, even where the file says that there was more
    #[arg(long)]
    pub(crate) accept_rollback: bool,
}

/// Which profile a secret is in.
#[derive(Args, Debug)]
pub(crate) struct InProfile {
    /// Name or id of the profile
    #[arg(short, long, env = "API_STRONGHOLD_PROFILE", value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
}

/// A command of `secret`.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Set a secret's value
    Set(SecretSetArgs),
    /// Print a secret's value: its exact bytes; on a terminal, what would steer it is shown by its number
    #[command(disable_version_flag = true)]
    Get {
        /// Its name
        name: String,
        #[command(flatten)]
        at: InProfile,
        /// Print it as base64
        #[arg(long)]
        base64: bool,
        /// An earlier version; this takes a person who may read the profile's history
        #[arg(long, value_name = "N")]
        version: Option<Version>,
        #[command(flatten)]
        references: ReferenceArgs,
    },
    /// List a profile's secrets, without values
    List {
        #[command(flatten)]
        at: InProfile,
        /// Only those that were not changed since somebody lost access to them; of all profiles if none is named
        #[arg(long)]
        exposed: bool,
        /// Those that were deleted instead
        #[arg(long, conflicts_with = "exposed")]
        deleted: bool,
    },
    /// List a secret's versions: when, by whom, what became of them
    History(PastSecretArgs),
    /// Set a secret to what it was at a version, as a new version
    #[command(disable_version_flag = true)]
    Rollback(RollbackArgs),
    /// Bring a deleted secret back, as a new version
    Restore(PastSecretArgs),
    /// Copy a secret with its note to another profile, or to another name
    Copy(CopyArgs),
    /// Destroy earlier versions of a secret for good; an owner's signed statement says so
    #[command(disable_version_flag = true)]
    Purge(PurgeArgs),
    /// Delete a secret; `secret restore` brings it back
    Delete {
        /// Its name
        name: String,
        #[command(flatten)]
        at: InProfile,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// Arguments of `secret set`.
#[derive(Args, Debug)]
pub(crate) struct SecretSetArgs {
    /// Its name
    pub(crate) name: String,
    /// `-` is the same as --stdin; the value itself is no argument, which the shell's history would keep
    #[arg(value_name = "-", conflicts_with_all = ["stdin", "file", "reference"])]
    pub(crate) value: Option<OsString>,
    #[command(flatten)]
    pub(crate) at: InProfile,
    /// Read the value from standard input, every byte of it [default, where that is no terminal; else a prompt]
    #[arg(long, visible_alias = "value-stdin", conflicts_with = "file")]
    pub(crate) stdin: bool,
    /// Read the value from a file, every byte of it
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Take the value of another secret whenever this one is read: SECRET of the same profile, or PROFILE/SECRET
    #[arg(long, value_name = "TARGET", conflicts_with_all = ["stdin", "file"])]
    pub(crate) reference: Option<String>,
    /// A note for people, encrypted like the value
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
}

/// A command of `group`.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// Create a group
    Create {
        /// Its name
        name: String,
    },
    /// List the groups
    List,
    /// Show one group: members and grants
    Show {
        /// Name or id
        group: String,
    },
    /// Delete a group; its members lose what it granted, and that is encrypted anew
    Delete {
        /// Name or id
        group: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Add a member
    Add {
        /// Name or id
        group: String,
        #[command(flatten)]
        member: MemberArgs,
    },
    /// Remove a member; what it could read is encrypted anew
    Remove {
        /// Name or id
        group: String,
        #[command(flatten)]
        member: MemberArgs,
    },
    /// Grant the group access to a profile
    Grant {
        /// Name or id
        group: String,
        /// Name or id of the profile
        profile: String,
        /// read, write (for editors) or history (earlier values too, for people)
        #[arg(long, default_value = "read", value_parser = ["read", "write", "history"])]
        access: String,
    },
    /// Revoke the group's access to a profile, which is encrypted anew
    Revoke {
        /// Name or id
        group: String,
        /// Name or id of the profile
        profile: String,
    },
}

/// Who joins or leaves.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct MemberArgs {
    /// Name or id of an agent
    #[arg(long)]
    pub(crate) agent: Option<String>,
    /// E-mail address or id of a person
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) user: Option<String>,
}

/// A command of `agent`.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Create an agent and print its token, this once
    Create(AgentCreateArgs),
    /// List the agents
    List {
        /// Deleted ones too
        #[arg(long)]
        all: bool,
    },
    /// Show one agent: groups, status, what it can read
    Show {
        /// Name or id
        agent: String,
    },
    /// Change an agent's name, expiry or other conditions
    Update(AgentUpdateArgs),
    /// Serve an agent again
    Activate {
        /// Name or id
        agent: String,
    },
    /// Refuse an agent from its next request on, until it is activated again
    Deactivate {
        /// Name or id
        agent: String,
    },
    /// Replace an agent's token; the old one ends at once, and what it could read is encrypted anew
    RotateToken {
        /// Name or id
        agent: String,
        /// Keep the old token beside the new one for about this long: 1h, 2d; end it with --finish
        #[arg(long, value_name = "SPAN")]
        grace: Option<String>,
        /// End the old token of a rotation that was begun with --grace
        #[arg(long, conflicts_with = "grace")]
        finish: bool,
    },
    /// Delete an agent for good; what it could read is encrypted anew
    Delete {
        /// Name or id
        agent: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// Arguments of `agent create`.
#[derive(Args, Debug)]
pub(crate) struct AgentCreateArgs {
    /// Its name
    pub(crate) name: String,
    /// Group that it joins, by name or id; may be given several times
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Vec<String>,
    #[command(flatten)]
    pub(crate) conditions: ConditionArgs,
}

/// Arguments of `agent update`.
#[derive(Args, Debug)]
pub(crate) struct AgentUpdateArgs {
    /// Name or id
    pub(crate) agent: String,
    /// A new name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) conditions: ConditionArgs,
}

/// When, from where and how often an agent is served.
#[derive(Args, Debug)]
pub(crate) struct ConditionArgs {
    /// When it expires: 90d, 12h, 30m, 2s, 2027-01-31, 2027-01-31T12:00:00Z, or never
    #[arg(long, value_name = "WHEN")]
    pub(crate) expires: Option<String>,
    /// Not served before: like --expires
    #[arg(long, value_name = "WHEN")]
    pub(crate) not_before: Option<String>,
    /// Served only from these address ranges (10.0.0.0/8); `any` lifts the limit
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub(crate) source_cidr: Vec<String>,
    /// Served this many reads at most; `unlimited` lifts the limit
    #[arg(long, value_name = "N")]
    pub(crate) max_uses: Option<String>,
}

/// A command of `audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List records: who did what, when, and what came of it; the newest last
    List(AuditListArgs),
    /// Verify the whole log from raw records, and that it continues what this client remembers
    Verify(AuditVerifyArgs),
    /// Write all records that match, as JSON Lines or CSV
    Export(AuditExportArgs),
}

/// Arguments of `audit verify`.
#[derive(Args, Debug)]
pub(crate) struct AuditVerifyArgs {
    #[command(flatten)]
    pub(crate) archives: ArchiveArgs,
    /// File of receipts that --keep-receipts wrote: each of its reads must be in the log; may be given more than once.
    /// Agents can verify these only
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) receipts: Vec<PathBuf>,
}

/// Where archived records are.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ArchiveArgs {
    /// File that `stronghold-server audit archive` wrote; may be given more than once
    #[arg(long = "archive", value_name = "FILE", num_args = 1..)]
    pub(crate) files: Vec<PathBuf>,
}

/// Which records.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct AuditFilterArgs {
    #[command(flatten)]
    pub(crate) archives: ArchiveArgs,
    /// Only this agent's (name or id; deleted ones by id)
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Option<String>,
    /// Only this person's (e-mail address or id)
    #[arg(long, value_name = "ADDRESS", conflicts_with = "agent")]
    pub(crate) user: Option<String>,
    /// Only what concerns this profile (name or id)
    #[arg(short, long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// Only what concerns this secret of the profile: reads of the whole profile too
    #[arg(long, value_name = "NAME", requires = "profile")]
    pub(crate) secret: Option<String>,
    /// Only where the caller said this of itself: part of its reason, CI provider, repository or run, or exactly
    /// reason=TEXT, ci.provider=NAME, ci.repository=NAME or ci.run_id=ID; may be given more than once
    #[arg(long, value_name = "TEXT")]
    pub(crate) context: Vec<String>,
    /// Only this action, for example profile.read
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// Only what was allowed, or denied
    #[arg(long, value_parser = ["allowed", "denied"], value_name = "OUTCOME")]
    pub(crate) outcome: Option<String>,
    /// Only from then on: 2027-01-31, 2027-01-31T12:00:00Z, or a span back from now like 7d
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Only before then
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
}

/// Arguments of `audit list`.
#[derive(Args, Debug)]
pub(crate) struct AuditListArgs {
    #[command(flatten)]
    pub(crate) filter: AuditFilterArgs,
    /// At most this many, the newest
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,
    /// Go on with new records as they come, until Ctrl-C; with --json, one object a line
    #[arg(long, conflicts_with = "until")]
    pub(crate) follow: bool,
    /// How often to ask for new records; each question is a record itself
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600), requires = "follow")]
    pub(crate) interval: u64,
}

/// Arguments of `audit export`.
#[derive(Args, Debug)]
pub(crate) struct AuditExportArgs {
    #[command(flatten)]
    pub(crate) filter: AuditFilterArgs,
    /// jsonl or csv
    #[arg(short, long, value_parser = ["jsonl", "csv"], default_value = "jsonl", value_name = "FORMAT")]
    pub(crate) format: String,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}
