//! Where a server keeps its state: a trait that one node with SQLite and many nodes with PostgreSQL can both fulfil.
//!
//! **Group commit.** Works that wait for the same organization are decided one after another inside one transaction,
//! which first locks the organization's head row; their answers are released only after the commit is durable. So a
//! decision (status, nonce, use count, revision) holds as of the commit, on every node, and an audit record costs a
//! share of one disk sync instead of a whole one. A work may be decided again when a transaction is retried; what it
//! returns is then what the last, committed attempt returned.
//!
//! [`Tx`] is synchronous on purpose: its users run on the store's own threads, and the rejected alternative (async
//! closures over an async transaction) would make SQLite pay for what only a network database needs; a PostgreSQL
//! store drives its connections on such threads as well.

#[cfg(test)]
mod contract;
pub mod sqlite;
mod types;

pub use types::{
    AuditEntry, Hold, KeyRequestRecord, LoginAttempt, OrgHead, PasswordRecord, ProfileHead, RevisionWrite, Seen,
    StagingRef, StoreError, StoredRevision, StoredSecret, StoredStatement, StreamBehind,
};

use crate::access::{HistoryPermit, ReadPermit, Source};
use std::future::Future;
use stronghold_protocol::{
    api::{PastSecret, PastVersion, VersionRef},
    crypto::{hash::Hash, sign::KeyId},
    directory::HeaderRef,
    id::{InviteId, OrgId, PrincipalId, ProfileId, SecretId, UserId},
    number::{Epoch, Revision, Seq, Version},
    request::RequestNonce,
    seal::{KeyHistory, Seal, SealId},
    secret::{BlindIndex, SealedSecret, SecretLeaf},
    time::Timestamp,
};

/// A durable, transactional store.
pub trait Store: Send + Sync + 'static {
    /// Decides a work after the organization's head row is locked, and returns its result once it is durable.
    ///
    /// `decide` sees every earlier work's effects. When it returns an error, its own effects are undone, nobody else's.
    /// It may be called again when the transaction is retried, so it must not carry state from one call to the next.
    /// Without an organization the work is serialized with every other such work (setting up organizations).
    ///
    /// # Errors
    /// [`StoreError`]: from `decide`, or when the commit failed or its outcome is unknown; then nothing may be released.
    fn locked<T, F>(&self, org: Option<OrgId>, decide: F) -> impl Future<Output = Result<T, StoreError>> + Send
    where
        T: Send + 'static,
        F: FnMut(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static;

    /// Reads a consistent snapshot without locking: for start-up, and for what is confirmed later under the lock.
    ///
    /// # Errors
    /// [`StoreError`]: from `read`, or when the store cannot be read.
    fn snapshot<T, F>(&self, read: F) -> impl Future<Output = Result<T, StoreError>> + Send
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static;

    /// Whether the store can be written now.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot.
    fn check_ready(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What a work can do within its transaction.
///
/// Every method fails with [`StoreError`] when the database does, or when what it returns is damaged.
#[allow(clippy::missing_errors_doc, reason = "stated once for all methods above")]
pub trait Tx {
    /// The organization's head, or none when there is no such organization. Locked until the transaction ends.
    fn head(&mut self, org: &OrgId) -> Result<Option<OrgHead>, StoreError>;

    /// Creates an organization with its genesis statement. False when it exists already.
    fn create_org(&mut self, org: &OrgId, genesis: &StoredStatement, at: Timestamp) -> Result<bool, StoreError>;

    /// The statements from a position on, at most `limit` of them, in order.
    fn statements(&mut self, org: &OrgId, from: Seq, limit: usize) -> Result<Vec<StoredStatement>, StoreError>;

    /// Appends a statement if the head is still `before`. False otherwise.
    fn append_statement(
        &mut self,
        org: &OrgId,
        before: &HeaderRef,
        statement: &StoredStatement,
    ) -> Result<bool, StoreError>;

    /// Remembers a nonce of a key. False when it was used before.
    fn claim_nonce(
        &mut self,
        org: &OrgId,
        key: &KeyId,
        nonce: &RequestNonce,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Whether a nonce of a key was used before. Remembers nothing.
    fn knows_nonce(&mut self, org: &OrgId, key: &KeyId, nonce: &RequestNonce) -> Result<bool, StoreError>;

    /// Forgets nonces that were used before a time, the oldest first; returns how many. A store forgets some thousands at
    /// once at most, so that requests do not wait for long: repeat until none is left.
    fn forget_nonces(&mut self, before: Timestamp) -> Result<usize, StoreError>;

    /// Counts one use of a principal if it has fewer than `max` so far. False otherwise.
    fn claim_use(&mut self, org: &OrgId, principal: &PrincipalId, max: Option<u64>) -> Result<bool, StoreError>;

    /// Notes that a principal was served.
    fn touch(&mut self, org: &OrgId, principal: &PrincipalId, at: Timestamp, seq: Seq) -> Result<(), StoreError>;

    /// When each principal was last served.
    fn activity(&mut self, org: &OrgId) -> Result<Vec<Seen>, StoreError>;

    /// Stores seals; one that exists already is replaced (a lost race staged it).
    fn put_seals(&mut self, org: &OrgId, seals: &[Seal]) -> Result<(), StoreError>;

    /// The seals that exist of those named, in no particular order.
    fn seals(&mut self, org: &OrgId, ids: &[SealId]) -> Result<Vec<Seal>, StoreError>;

    /// Stores the earlier keys of profiles.
    fn put_histories(&mut self, org: &OrgId, histories: &[KeyHistory]) -> Result<(), StoreError>;

    /// The earlier keys of a profile, newest first.
    fn histories(&mut self, org: &OrgId, profile: &ProfileId) -> Result<Vec<KeyHistory>, StoreError>;

    /// A profile's newest revision.
    fn profile_head(&mut self, org: &OrgId, profile: &ProfileId) -> Result<Option<ProfileHead>, StoreError>;

    /// The leaves of a profile's newest revision, sorted by blind index: enough to check a manifest.
    fn leaves(&mut self, org: &OrgId, profile: &ProfileId) -> Result<Vec<SecretLeaf>, StoreError>;

    /// How many bytes the ciphertexts of leaves of one epoch have together, staged ones too. What is not there has none.
    fn sealed_bytes(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        epoch: Epoch,
        leaves: &[SecretLeaf],
    ) -> Result<u64, StoreError>;

    /// The ciphertexts of a profile's newest revision, sorted by blind index. Needs a permit, which only `access` makes.
    fn secrets(&mut self, permit: &ReadPermit) -> Result<Vec<StoredSecret>, StoreError>;

    /// The ciphertexts of some secrets of a profile's newest revision. Needs a permit, which only `access` makes.
    fn secrets_at(&mut self, permit: &ReadPermit, indexes: &[BlindIndex]) -> Result<Vec<StoredSecret>, StoreError>;

    /// Revisions one after the other from one on, `upwards` or down, at most `most`; fewer where they changed many leaves
    /// ([`stronghold_protocol::limits::REVISIONS_PAGE_LEAVES`]), but one at least.
    fn past_revisions(
        &mut self,
        permit: &HistoryPermit,
        from: Revision,
        upwards: bool,
        most: usize,
    ) -> Result<Vec<StoredRevision>, StoreError>;

    /// The ciphertexts of leaves of one epoch, in their order; none of a purged version.
    fn past_secrets(
        &mut self,
        permit: &HistoryPermit,
        epoch: Epoch,
        leaves: &[SecretLeaf],
    ) -> Result<Vec<PastSecret>, StoreError>;

    /// A version of a secret as it was encrypted last; none where there never was.
    fn past_version(&mut self, permit: &HistoryPermit, asked: &VersionRef) -> Result<Option<PastVersion>, StoreError>;

    /// The newest version of a secret that there ever was in a profile.
    fn newest_version(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        secret: &SecretId,
    ) -> Result<Option<Version>, StoreError>;

    /// Destroys the ciphertexts of a version, of all key generations. That there was one stays.
    fn purge(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        secret: &SecretId,
        version: Version,
    ) -> Result<(), StoreError>;

    /// Writes a profile's next revision if its newest is still `before` (none for a new profile). False otherwise.
    ///
    /// Versions and ciphertexts of earlier revisions are kept. A write that contradicts what is stored (another number of
    /// secrets than it says, a secret that is not there, a version that exists, a new key generation that leaves secrets
    /// of the old one) is given up. It ends all that was staged for the profile, taken or not: that was
    /// worked out for the revision before.
    fn write_revision(
        &mut self,
        org: &OrgId,
        before: Option<Revision>,
        write: &RevisionWrite,
    ) -> Result<bool, StoreError>;

    /// Stages secrets for a revision to come, beside those of the newest one; each replaces what the same staging had for it.
    /// Returns how many it was given so far; none where the id is another author's staging, or one that a revision took.
    /// Of an author's stagings for a profile, the newest [`stronghold_protocol::limits::STAGINGS`] are kept.
    fn stage(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        staging: &StagingRef,
        secrets: &[SealedSecret],
    ) -> Result<Option<u64>, StoreError>;

    /// The leaves of what was staged, sorted by blind index.
    fn staged(&mut self, org: &OrgId, profile: &ProfileId, staging: &StagingRef)
    -> Result<Vec<SecretLeaf>, StoreError>;

    /// Forgets everything that was staged for a profile and that no revision took.
    fn discard_staged(&mut self, org: &OrgId, profile: &ProfileId) -> Result<(), StoreError>;

    /// Makes writes to a profile wait for an author, in place of an earlier hold.
    fn put_hold(&mut self, org: &OrgId, profile: &ProfileId, hold: &Hold) -> Result<(), StoreError>;

    /// For whom writes to a profile wait, if that is not over at `now`.
    fn hold(&mut self, org: &OrgId, profile: &ProfileId, now: Timestamp) -> Result<Option<Hold>, StoreError>;

    /// Lets writes to a profile go on.
    fn end_hold(&mut self, org: &OrgId, profile: &ProfileId) -> Result<(), StoreError>;

    /// Appends a record to the organization's audit log and returns its position, from 0.
    fn append_record(&mut self, org: &OrgId, entry: &AuditEntry) -> Result<u64, StoreError>;

    /// Records from a position on, at most `limit`, in order: the exact bytes that were appended. None from the position of
    /// one that is archived.
    fn records(&mut self, org: &OrgId, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError>;

    /// Leaf hashes of records from a position on, at most `limit`, in order.
    fn record_leaves(&mut self, org: &OrgId, from: u64, limit: usize) -> Result<Vec<Hash>, StoreError>;

    /// Position after the oldest records that are all older than a time.
    fn records_before(&mut self, org: &OrgId, before: Timestamp) -> Result<u64, StoreError>;

    /// Removes the bytes of the records from `from` to before `to`; their leaf hashes stay. False when `from` is not where the
    /// archived records end.
    fn remove_archived(&mut self, org: &OrgId, from: u64, to: u64) -> Result<bool, StoreError>;

    /// How far each receiver accepted the organization's audit log: its name, and the position of the next record.
    fn stream_positions(&mut self, org: &OrgId) -> Result<Vec<(String, u64)>, StoreError>;

    /// The organizations of whose audit log a receiver of this name has not accepted everything; one that accepted nothing
    /// begins with what is not archived.
    fn streams_behind(&mut self, sink: &str) -> Result<Vec<StreamBehind>, StoreError>;

    /// Notes that a receiver accepted all records before `next`. It never goes back.
    fn note_delivered(&mut self, sink: &str, org: &OrgId, next: u64) -> Result<(), StoreError>;

    /// Stores how a user logs in, replacing what was there.
    fn put_password(&mut self, org: &OrgId, user: &UserId, record: &PasswordRecord) -> Result<(), StoreError>;

    /// How a user logs in.
    fn password(&mut self, org: &OrgId, user: &UserId) -> Result<Option<PasswordRecord>, StoreError>;

    /// Stores an accepted invitation, of which there was none.
    fn put_acceptance(&mut self, org: &OrgId, invite: &InviteId, acceptance: &[u8]) -> Result<(), StoreError>;

    /// An accepted invitation, as it was stored.
    fn acceptance(&mut self, org: &OrgId, invite: &InviteId) -> Result<Option<Vec<u8>>, StoreError>;

    /// Stores the new keys that a member asks for, in place of what they asked for before.
    fn put_key_request(&mut self, org: &OrgId, user: &UserId, keys: &KeyRequestRecord) -> Result<(), StoreError>;

    /// The new keys that a member asks for, as they were stored.
    fn key_request(&mut self, org: &OrgId, user: &UserId) -> Result<Option<KeyRequestRecord>, StoreError>;

    /// Those of all members, by their ids.
    fn key_requests(&mut self, org: &OrgId) -> Result<Vec<(UserId, KeyRequestRecord)>, StoreError>;

    /// Removes what a member asks for, if there is any.
    fn end_key_request(&mut self, org: &OrgId, user: &UserId) -> Result<(), StoreError>;

    /// Stores a log-in attempt under a random name. Attempts that expired at `now` are gone.
    fn put_login(&mut self, name: &[u8], attempt: &LoginAttempt, now: Timestamp) -> Result<(), StoreError>;

    /// Takes a log-in attempt: it can be finished once. Attempts that expired at `now` are gone.
    fn take_login(&mut self, name: &[u8], now: Timestamp) -> Result<Option<LoginAttempt>, StoreError>;

    /// Notes that a log-in of a user was completed from somewhere. The newest
    /// [`stronghold_protocol::limits::LOGIN_SOURCES`] of them are kept.
    fn note_login_source(
        &mut self,
        org: &OrgId,
        user: &UserId,
        source: &Source,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Whether a log-in of a user was completed from there, as far as that is kept.
    fn knows_login_source(&mut self, org: &OrgId, user: &UserId, source: &Source) -> Result<bool, StoreError>;

    /// Stores the hash of a one-time setup code.
    fn put_setup_code(&mut self, code: &Hash, at: Timestamp) -> Result<(), StoreError>;

    /// Whether a setup code is good and unused.
    fn has_setup_code(&mut self, code: &Hash) -> Result<bool, StoreError>;

    /// Uses up a setup code. False when it is not good.
    fn take_setup_code(&mut self, code: &Hash) -> Result<bool, StoreError>;

    /// Whether a setup code was ever stored: the first start makes one.
    fn had_setup_code(&mut self) -> Result<bool, StoreError>;

    /// A value of the server's own (OPAQUE set-up), or none.
    fn server_value(&mut self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Stores a value of the server's own if there is none of that name. False otherwise.
    fn put_server_value(&mut self, name: &str, value: &[u8]) -> Result<bool, StoreError>;
}
