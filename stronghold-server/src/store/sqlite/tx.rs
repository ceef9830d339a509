//! A work's transaction: [`Tx`] in SQL, one file for each part of it.

mod audit;
mod logins;
mod orgs;
mod past;
#[cfg(test)]
mod plans;
mod principals;
mod profiles;
mod revisions;
mod seals;
mod staging;
mod streams;
mod values;

use crate::{
    access::{HistoryPermit, ReadPermit, Source},
    store::{
        AuditEntry, Hold, KeyRequestRecord, LoginAttempt, OrgHead, PasswordRecord, ProfileHead, RevisionWrite, Seen,
        StagingRef, StoreError, StoredRevision, StoredSecret, StoredStatement, StreamBehind, Tx,
    },
};
use rusqlite::{CachedStatement, Connection, OptionalExtension};
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

/// One work's view of the database, within the transaction that its thread has open. Not longer: the organization's
/// number that it remembers is undone with the work.
pub(super) struct SqliteTx<'c> {
    connection: &'c Connection,
    org: Option<(OrgId, i64)>,
}

impl<'c> SqliteTx<'c> {
    /// A view for one work.
    pub(super) const fn new(connection: &'c Connection) -> Self {
        Self { connection, org: None }
    }

    fn prepare(&self, sql: &str) -> Result<CachedStatement<'c>, StoreError> {
        #[cfg(test)]
        plans::check(self.connection, sql);
        Ok(self.connection.prepare_cached(sql)?)
    }

    /// The number of an organization, or none when there is no such organization.
    fn find_org(&mut self, org: &OrgId) -> Result<Option<i64>, StoreError> {
        if let Some((known, number)) = self.org
            && known == *org
        {
            return Ok(Some(number));
        }
        let mut select = self.prepare("SELECT number FROM orgs WHERE id = ?1")?;
        let number = select.query_row([org.0], |row| row.get(0)).optional()?;
        self.org = number.map(|number| (*org, number));
        Ok(number)
    }

    /// The number of an organization that must exist, since something is written to it.
    fn org(&mut self, org: &OrgId) -> Result<i64, StoreError> {
        self.find_org(org)?.ok_or_else(|| StoreError::GivenUp(format!("there is no organization {org}")))
    }
}

impl Tx for SqliteTx<'_> {
    fn head(&mut self, org: &OrgId) -> Result<Option<OrgHead>, StoreError> {
        self.select_head(org)
    }

    fn create_org(&mut self, org: &OrgId, genesis: &StoredStatement, at: Timestamp) -> Result<bool, StoreError> {
        self.insert_org(org, genesis, at)
    }

    fn statements(&mut self, org: &OrgId, from: Seq, limit: usize) -> Result<Vec<StoredStatement>, StoreError> {
        self.select_statements(org, from, limit)
    }

    fn append_statement(
        &mut self,
        org: &OrgId,
        before: &HeaderRef,
        statement: &StoredStatement,
    ) -> Result<bool, StoreError> {
        self.insert_statement(org, before, statement)
    }

    fn claim_nonce(
        &mut self,
        org: &OrgId,
        key: &KeyId,
        nonce: &RequestNonce,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.insert_nonce(org, key, nonce, at)
    }

    fn knows_nonce(&mut self, org: &OrgId, key: &KeyId, nonce: &RequestNonce) -> Result<bool, StoreError> {
        self.find_nonce(org, key, nonce)
    }

    fn forget_nonces(&mut self, before: Timestamp) -> Result<usize, StoreError> {
        self.delete_nonces(before)
    }

    fn claim_use(&mut self, org: &OrgId, principal: &PrincipalId, max: Option<u64>) -> Result<bool, StoreError> {
        self.count_use(org, principal, max)
    }

    fn touch(&mut self, org: &OrgId, principal: &PrincipalId, at: Timestamp, seq: Seq) -> Result<(), StoreError> {
        self.note_seen(org, principal, at, seq)
    }

    fn activity(&mut self, org: &OrgId) -> Result<Vec<Seen>, StoreError> {
        self.select_activity(org)
    }

    fn put_seals(&mut self, org: &OrgId, seals: &[Seal]) -> Result<(), StoreError> {
        self.upsert_seals(org, seals)
    }

    fn seals(&mut self, org: &OrgId, ids: &[SealId]) -> Result<Vec<Seal>, StoreError> {
        self.select_seals(org, ids)
    }

    fn put_histories(&mut self, org: &OrgId, histories: &[KeyHistory]) -> Result<(), StoreError> {
        self.upsert_histories(org, histories)
    }

    fn histories(&mut self, org: &OrgId, profile: &ProfileId) -> Result<Vec<KeyHistory>, StoreError> {
        self.select_histories(org, profile)
    }

    fn profile_head(&mut self, org: &OrgId, profile: &ProfileId) -> Result<Option<ProfileHead>, StoreError> {
        self.select_profile_head(org, profile)
    }

    fn leaves(&mut self, org: &OrgId, profile: &ProfileId) -> Result<Vec<SecretLeaf>, StoreError> {
        self.select_leaves(org, profile)
    }

    fn sealed_bytes(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        epoch: Epoch,
        leaves: &[SecretLeaf],
    ) -> Result<u64, StoreError> {
        self.sum_ciphertexts(org, profile, epoch, leaves)
    }

    fn secrets(&mut self, permit: &ReadPermit) -> Result<Vec<StoredSecret>, StoreError> {
        self.select_secrets(permit)
    }

    fn secrets_at(&mut self, permit: &ReadPermit, indexes: &[BlindIndex]) -> Result<Vec<StoredSecret>, StoreError> {
        self.select_secrets_at(permit, indexes)
    }

    fn past_revisions(
        &mut self,
        permit: &HistoryPermit,
        from: Revision,
        upwards: bool,
        most: usize,
    ) -> Result<Vec<StoredRevision>, StoreError> {
        self.select_revisions(permit, from, upwards, most)
    }

    fn past_secrets(
        &mut self,
        permit: &HistoryPermit,
        epoch: Epoch,
        leaves: &[SecretLeaf],
    ) -> Result<Vec<PastSecret>, StoreError> {
        self.select_past_secrets(permit, epoch, leaves)
    }

    fn past_version(&mut self, permit: &HistoryPermit, asked: &VersionRef) -> Result<Option<PastVersion>, StoreError> {
        self.select_past_version(permit, asked)
    }

    fn newest_version(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        secret: &SecretId,
    ) -> Result<Option<Version>, StoreError> {
        self.select_newest_version(org, profile, secret)
    }

    fn purge(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        secret: &SecretId,
        version: Version,
    ) -> Result<(), StoreError> {
        self.delete_version(org, profile, secret, version)
    }

    fn write_revision(
        &mut self,
        org: &OrgId,
        before: Option<Revision>,
        write: &RevisionWrite,
    ) -> Result<bool, StoreError> {
        self.insert_revision(org, before, write)
    }

    fn stage(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        staging: &StagingRef,
        secrets: &[SealedSecret],
    ) -> Result<Option<u64>, StoreError> {
        self.insert_staged(org, profile, staging, secrets)
    }

    fn staged(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        staging: &StagingRef,
    ) -> Result<Vec<SecretLeaf>, StoreError> {
        self.select_staged(org, profile, staging)
    }

    fn discard_staged(&mut self, org: &OrgId, profile: &ProfileId) -> Result<(), StoreError> {
        let org = self.org(org)?;
        self.delete_staged(org, profile, None)
    }

    fn put_hold(&mut self, org: &OrgId, profile: &ProfileId, hold: &Hold) -> Result<(), StoreError> {
        self.upsert_hold(org, profile, hold)
    }

    fn hold(&mut self, org: &OrgId, profile: &ProfileId, now: Timestamp) -> Result<Option<Hold>, StoreError> {
        self.select_hold(org, profile, now)
    }

    fn end_hold(&mut self, org: &OrgId, profile: &ProfileId) -> Result<(), StoreError> {
        self.delete_hold(org, profile)
    }

    fn append_record(&mut self, org: &OrgId, entry: &AuditEntry) -> Result<u64, StoreError> {
        self.insert_record(org, entry)
    }

    fn records(&mut self, org: &OrgId, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        self.select_records(org, from, limit)
    }

    fn record_leaves(&mut self, org: &OrgId, from: u64, limit: usize) -> Result<Vec<Hash>, StoreError> {
        self.select_record_leaves(org, from, limit)
    }

    fn records_before(&mut self, org: &OrgId, before: Timestamp) -> Result<u64, StoreError> {
        self.select_records_before(org, before)
    }

    fn remove_archived(&mut self, org: &OrgId, from: u64, to: u64) -> Result<bool, StoreError> {
        self.delete_record_bytes(org, from, to)
    }

    fn stream_positions(&mut self, org: &OrgId) -> Result<Vec<(String, u64)>, StoreError> {
        self.select_stream_positions(org)
    }

    fn streams_behind(&mut self, sink: &str) -> Result<Vec<StreamBehind>, StoreError> {
        self.select_streams_behind(sink)
    }

    fn note_delivered(&mut self, sink: &str, org: &OrgId, next: u64) -> Result<(), StoreError> {
        self.raise_stream(sink, org, next)
    }

    fn put_password(&mut self, org: &OrgId, user: &UserId, record: &PasswordRecord) -> Result<(), StoreError> {
        self.upsert_password(org, user, record)
    }

    fn password(&mut self, org: &OrgId, user: &UserId) -> Result<Option<PasswordRecord>, StoreError> {
        self.select_password(org, user)
    }

    fn put_acceptance(&mut self, org: &OrgId, invite: &InviteId, acceptance: &[u8]) -> Result<(), StoreError> {
        self.insert_acceptance(org, invite, acceptance)
    }

    fn acceptance(&mut self, org: &OrgId, invite: &InviteId) -> Result<Option<Vec<u8>>, StoreError> {
        self.select_acceptance(org, invite)
    }

    fn put_key_request(&mut self, org: &OrgId, user: &UserId, keys: &KeyRequestRecord) -> Result<(), StoreError> {
        self.upsert_key_request(org, user, keys)
    }

    fn key_request(&mut self, org: &OrgId, user: &UserId) -> Result<Option<KeyRequestRecord>, StoreError> {
        self.select_key_request(org, user)
    }

    fn key_requests(&mut self, org: &OrgId) -> Result<Vec<(UserId, KeyRequestRecord)>, StoreError> {
        self.select_key_requests(org)
    }

    fn end_key_request(&mut self, org: &OrgId, user: &UserId) -> Result<(), StoreError> {
        self.delete_key_request(org, user)
    }

    fn put_login(&mut self, name: &[u8], attempt: &LoginAttempt, now: Timestamp) -> Result<(), StoreError> {
        self.insert_login(name, attempt, now)
    }

    fn note_login_source(
        &mut self,
        org: &OrgId,
        user: &UserId,
        source: &Source,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.upsert_login_source(org, user, source, at)
    }

    fn knows_login_source(&mut self, org: &OrgId, user: &UserId, source: &Source) -> Result<bool, StoreError> {
        self.find_login_source(org, user, source)
    }

    fn take_login(&mut self, name: &[u8], now: Timestamp) -> Result<Option<LoginAttempt>, StoreError> {
        self.delete_login(name, now)
    }

    fn put_setup_code(&mut self, code: &Hash, at: Timestamp) -> Result<(), StoreError> {
        self.insert_setup_code(code, at)
    }

    fn has_setup_code(&mut self, code: &Hash) -> Result<bool, StoreError> {
        self.select_setup_code(code)
    }

    fn take_setup_code(&mut self, code: &Hash) -> Result<bool, StoreError> {
        self.use_setup_code(code)
    }

    fn had_setup_code(&mut self) -> Result<bool, StoreError> {
        self.select_any_setup_code()
    }

    fn server_value(&mut self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.select_server_value(name)
    }

    fn put_server_value(&mut self, name: &str, value: &[u8]) -> Result<bool, StoreError> {
        self.insert_server_value(name, value)
    }
}
