//! What routes do, by the names that stand in audit records and logs.

use stronghold_protocol::audit::UnsignedAction;

/// What a route does. Its [`Action::name`] stands in audit records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The process runs.
    Health,
    /// The store can be written.
    Ready,
    /// The description of this API is read.
    OpenApi,
    /// A first owner registers a password.
    SetupStart,
    /// An organization is created.
    OrgCreate,
    /// A log-in starts.
    LoginStart,
    /// A log-in finishes.
    LoginFinish,
    /// The caller asks who it is.
    WhoAmI,
    /// The caller lists what it may read.
    ProfileList,
    /// A whole profile is read.
    ProfileRead,
    /// Some secrets of a profile are read.
    SecretsRead,
    /// A profile's next revision is written.
    ProfileWrite,
    /// Secrets are staged for a profile's next revision.
    ProfileStage,
    /// A profile's revisions are listed.
    RevisionList,
    /// Versions of secrets are read.
    VersionsRead,
    /// What revisions wrote is read.
    IntroducedRead,
    /// The directory is read.
    DirectoryRead,
    /// A directory statement is committed.
    DirectoryCommit,
    /// Sealed keys are read.
    SealsRead,
    /// Who was last served when is read.
    ActivityRead,
    /// Audit records are read.
    AuditRead,
    /// A checkpoint of the audit log is read.
    CheckpointRead,
    /// Somebody who was invited registers a password.
    UserRegister,
    /// Somebody accepts an invitation.
    UserAccept,
    /// Accepted invitations are read.
    AcceptanceRead,
    /// A person changes their own keys.
    UserRotateKeys,
    /// A person asks for keys of their own that somebody else puts in force.
    UserRequestKeys,
    /// What was asked for is read.
    KeyRequestRead,
    /// A person registers their next password.
    AccountRegister,
    /// A person's password is replaced.
    AccountReplace,
    /// Who holds a recovery kit asks for the seed.
    RecoveryRead,
}

impl Action {
    /// The name in audit records and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Health => "server.health",
            Self::Ready => "server.ready",
            Self::OpenApi => "server.openapi",
            Self::SetupStart => "org.setup",
            Self::OrgCreate => UnsignedAction::OrgCreate.name(),
            Self::LoginStart => UnsignedAction::LoginStart.name(),
            Self::LoginFinish => UnsignedAction::LoginFinish.name(),
            Self::WhoAmI => "self.read",
            Self::ProfileList => "profile.list",
            Self::ProfileRead => "profile.read",
            Self::SecretsRead => "secret.read",
            Self::ProfileWrite => "profile.write",
            Self::ProfileStage => "profile.stage",
            Self::RevisionList => "revision.list",
            Self::VersionsRead => "version.read",
            Self::IntroducedRead => "revision.export",
            Self::DirectoryRead => "directory.read",
            Self::DirectoryCommit => "directory.commit",
            Self::SealsRead => "seal.read",
            Self::ActivityRead => "activity.read",
            Self::AuditRead => "audit.read",
            Self::CheckpointRead => "checkpoint.read",
            Self::UserRegister => "user.register",
            Self::UserAccept => "user.accept",
            Self::AcceptanceRead => "acceptance.read",
            Self::UserRotateKeys => "user.rotate_keys",
            Self::UserRequestKeys => "user.request_keys",
            Self::KeyRequestRead => "key_request.read",
            Self::AccountRegister => "account.register",
            Self::AccountReplace => "account.replace",
            Self::RecoveryRead => "account.recover",
        }
    }
}
