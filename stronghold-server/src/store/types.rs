//! What goes into a store and comes out of it.

use stronghold_protocol::{
    crypto::{hash::Hash, sign::KeyId},
    directory::HeaderRef,
    id::{EventId, OrgId, PrincipalId, ProfileId, SecretId, StagingId, UserId},
    number::{Epoch, Revision, Seq},
    secret::{SealedSecret, SecretLeaf},
    time::Timestamp,
};

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database refused or failed: full disk, locked or read-only file, lost connection.
    #[error("the database failed: {0}")]
    Database(String),
    /// The database cannot be opened, and why.
    #[error("the database {} cannot be used: {reason}", path.display())]
    Unusable {
        /// The file.
        path: std::path::PathBuf,
        /// Why, for people.
        reason: String,
    },
    /// What is stored cannot be what was written.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// The work itself gave up; its effects are undone.
    #[error("the work was given up: {0}")]
    GivenUp(String),
    /// The work decided that nothing of it is to be kept.
    #[error("the work was undone")]
    Undone,
}

/// An organization's head row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrgHead {
    /// The newest statement.
    pub head: HeaderRef,
    /// How many audit records there are.
    pub records: u64,
    /// The latest time of an audit record.
    pub newest_record_at: Option<Timestamp>,
    /// How many of the oldest audit records are archived: their bytes are not here any more.
    pub archived: u64,
}

/// A statement as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredStatement {
    /// Its position and header hash.
    pub at: HeaderRef,
    /// The JSON of `stronghold_protocol::directory::Statement`.
    pub bytes: Vec<u8>,
}

/// A profile's newest revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileHead {
    /// Its number.
    pub revision: Revision,
    /// Its manifest's hash.
    pub manifest: Hash,
    /// The JSON of the signed manifest.
    pub manifest_bytes: Vec<u8>,
    /// Its key generation.
    pub epoch: Epoch,
    /// How many secrets it holds.
    pub count: u64,
}

/// A secret with the key generation that encrypts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSecret {
    /// The secret.
    pub secret: SealedSecret,
    /// The key generation.
    pub epoch: Epoch,
}

/// A past revision, with what it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRevision {
    /// Its number.
    pub revision: Revision,
    /// The JSON of its signed manifest.
    pub manifest_bytes: Vec<u8>,
    /// Its key generation.
    pub epoch: Epoch,
    /// Leaves that it added, or that stand in place of one with the same id.
    pub puts: Vec<SecretLeaf>,
    /// Secrets that it no longer holds.
    pub removes: Vec<SecretId>,
}

/// A profile's next revision.
#[derive(Clone, Debug)]
pub struct RevisionWrite {
    /// The profile.
    pub profile: ProfileId,
    /// The revision and its manifest.
    pub head: ProfileHead,
    /// New and newly encrypted secrets, of the head's epoch; they replace the entries with the same id.
    pub puts: Vec<SealedSecret>,
    /// The staging that it takes too, whole; what was staged replaces likewise.
    pub staged: Option<StagingRef>,
    /// Secrets that the revision no longer holds.
    pub removes: Vec<SecretId>,
    /// When it was accepted.
    pub at: Timestamp,
}

/// One attempt at encrypting a profile anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StagingRef {
    /// The attempt.
    pub id: StagingId,
    /// The key of whoever makes it: nobody else's revision takes it.
    pub author: KeyId,
    /// The new key generation.
    pub epoch: Epoch,
}

/// Until when writes to a profile wait, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Whose writes do not wait.
    pub author: KeyId,
    /// Until when the others' do.
    pub until: Timestamp,
}

/// An audit record with the columns by which it is found.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// The event's id.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// Who, where that is known.
    pub principal: Option<PrincipalId>,
    /// What.
    pub action: String,
    /// On which profile, where there is one.
    pub profile: Option<ProfileId>,
    /// Whether it was allowed.
    pub allowed: bool,
    /// RFC 6962 leaf hash of the bytes.
    pub leaf: Hash,
    /// The exact bytes of the record.
    pub bytes: Vec<u8>,
}

/// An organization whose newest audit records a receiver has not accepted yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamBehind {
    /// The organization.
    pub org: OrgId,
    /// The position of the next record to be delivered.
    pub next: u64,
    /// How many records there are.
    pub records: u64,
}

/// When a principal was last served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Who.
    pub principal: PrincipalId,
    /// When.
    pub at: Timestamp,
    /// The newest statement then.
    pub seq: Seq,
    /// How many reads it was served.
    pub uses: u64,
}

/// How a user logs in. The server opens none of it.
#[derive(Clone)]
pub struct PasswordRecord {
    /// OPAQUE password file.
    pub record: Vec<u8>,
    /// The account's envelope.
    pub envelope: Vec<u8>,
    /// The seed sealed to the recovery kit.
    pub recovery: Vec<u8>,
}

/// New keys that a member asks for.
#[derive(Clone)]
pub struct KeyRequestRecord {
    /// The JSON of the signed request.
    pub request: Vec<u8>,
    /// What the account's envelope is to be.
    pub envelope: Vec<u8>,
    /// The seed to be, sealed to the recovery kit.
    pub recovery: Vec<u8>,
}

/// A log-in that was started.
#[derive(Clone)]
pub struct LoginAttempt {
    /// The organization.
    pub org: OrgId,
    /// Who logs in.
    pub user: UserId,
    /// OPAQUE server state.
    pub state: Vec<u8>,
    /// Until when it can be finished.
    pub expires_at: Timestamp,
}
