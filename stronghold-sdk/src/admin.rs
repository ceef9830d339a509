//! What people do: set up an organization, log in, manage agents, groups and profiles, write secrets.
//!
//! A [`Session`] replays the organization's directory before it seals or signs anything, so it seals only to keys that
//! owners and admins signed for. Every change is one statement that is committed whole or not at all; who loses a race
//! replays and tries again.

mod account;
mod agents;
mod approvals;
mod archive;
mod audit;
mod audit_check;
mod audit_context;
mod audit_entry;
mod audit_filter;
mod audit_reader;
mod batch;
mod compare;
mod exposed;
mod exposure;
mod finish_rekey;
mod groups;
mod history;
mod join;
mod key_requests;
mod keyring;
mod lost;
mod memory;
mod new_password;
mod org_summary;
mod own_keys;
mod people;
mod person_summary;
mod profiles;
mod pull;
mod regained;
mod rekey;
mod secrets;
mod staging;
mod view;

pub use crate::session::{Resolve, Session, SessionBuilder};
pub use account::{Account, LogIn, NewOrganization, NewOwner};
pub use agents::{AgentSummary, AgentUpdate, MintedToken, NewAgent};
pub use approvals::{Decision, PendingApproval};
pub use archive::Archives;
pub use audit::{LogCounts, LogPage, LogRecord, VerifiedLog};
pub use audit_context::{ContextQuery, UnknownContextKey};
pub use audit_entry::{AuditEntry, AuditPrincipal, AuditProfile, AuditSecret};
pub use audit_filter::{AuditFilter, AuditQuery};
pub use audit_reader::{AuditPart, AuditReader};
pub use exposed::{Exposed, ExposedItem, ExposedPrincipal, ExposedSecret};
pub use exposure::{ExposedTo, Exposure};
pub use finish_rekey::RekeyProgress;
pub use groups::{Access, GroupSummary};
pub use history::{
    Difference, KnownRevision, OpenHistory, ProfileHistory, PurgeWhich, SecretHistory, SecretVersion, VerifiedPast,
    VersionState,
};
pub use join::{AcceptInvite, NewMember};
pub(crate) use keyring::Keyring;
pub use lost::{LostChange, LostStatement};
pub use memory::{HeldAgainstMemory, Recollection};
pub use new_password::{ChangePassword, PasswordChanged, Recover};
pub use org_summary::OrgSummary;
pub use people::{MintedInvite, NewInvite};
pub use person_summary::{PersonStatus, PersonSummary};
pub use profiles::ProfileSummary;
pub use regained::{Regained, RegainedKind};
pub use secrets::{Edit, EditOutcome, NewSecret, Put};
pub use view::View;
