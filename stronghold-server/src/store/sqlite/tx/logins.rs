//! How users log in.

use super::SqliteTx;
use crate::{
    access::Source,
    store::{
        KeyRequestRecord, LoginAttempt, PasswordRecord, StoreError,
        sqlite::column::{limit, time},
    },
};
use rusqlite::{OptionalExtension, params};
use stronghold_protocol::{
    id::{InviteId, OrgId, UserId},
    limits,
    time::Timestamp,
};

impl SqliteTx<'_> {
    pub(super) fn upsert_password(
        &mut self,
        org: &OrgId,
        user: &UserId,
        record: &PasswordRecord,
    ) -> Result<(), StoreError> {
        let org = self.org(org)?;
        let mut upsert = self.prepare(
            "INSERT INTO passwords (org, user, record, envelope, recovery) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (org, user) DO UPDATE SET
                 record = excluded.record, envelope = excluded.envelope, recovery = excluded.recovery",
        )?;
        upsert.execute(params![org, user.as_bytes(), record.record, record.envelope, record.recovery])?;
        Ok(())
    }

    pub(super) fn select_password(&mut self, org: &OrgId, user: &UserId) -> Result<Option<PasswordRecord>, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(None) };
        let mut select =
            self.prepare("SELECT record, envelope, recovery FROM passwords WHERE org = ?1 AND user = ?2")?;
        let found = select.query_row(params![org, user.as_bytes()], |row| {
            Ok(PasswordRecord { record: row.get(0)?, envelope: row.get(1)?, recovery: row.get(2)? })
        });
        Ok(found.optional()?)
    }

    pub(super) fn insert_acceptance(
        &mut self,
        org: &OrgId,
        invite: &InviteId,
        acceptance: &[u8],
    ) -> Result<(), StoreError> {
        let org = self.org(org)?;
        let mut insert = self.prepare("INSERT INTO acceptances (org, invite, acceptance) VALUES (?1, ?2, ?3)")?;
        insert.execute(params![org, invite.as_bytes(), acceptance])?;
        Ok(())
    }

    pub(super) fn select_acceptance(&mut self, org: &OrgId, invite: &InviteId) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(None) };
        let mut select = self.prepare("SELECT acceptance FROM acceptances WHERE org = ?1 AND invite = ?2")?;
        Ok(select.query_row(params![org, invite.as_bytes()], |row| row.get(0)).optional()?)
    }

    pub(super) fn upsert_key_request(
        &mut self,
        org: &OrgId,
        user: &UserId,
        keys: &KeyRequestRecord,
    ) -> Result<(), StoreError> {
        let org = self.org(org)?;
        let mut upsert = self.prepare(
            "INSERT INTO key_requests (org, user, request, envelope, recovery) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (org, user) DO UPDATE SET
                 request = excluded.request, envelope = excluded.envelope, recovery = excluded.recovery",
        )?;
        upsert.execute(params![org, user.as_bytes(), keys.request, keys.envelope, keys.recovery])?;
        Ok(())
    }

    pub(super) fn select_key_request(
        &mut self,
        org: &OrgId,
        user: &UserId,
    ) -> Result<Option<KeyRequestRecord>, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(None) };
        let mut select =
            self.prepare("SELECT request, envelope, recovery FROM key_requests WHERE org = ?1 AND user = ?2")?;
        let found = select.query_row(params![org, user.as_bytes()], |row| {
            Ok(KeyRequestRecord { request: row.get(0)?, envelope: row.get(1)?, recovery: row.get(2)? })
        });
        Ok(found.optional()?)
    }

    pub(super) fn select_key_requests(&mut self, org: &OrgId) -> Result<Vec<(UserId, KeyRequestRecord)>, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(Vec::new()) };
        let mut select =
            self.prepare("SELECT user, request, envelope, recovery FROM key_requests WHERE org = ?1 ORDER BY user")?;
        let rows = select.query_map([org], |row| {
            let keys = KeyRequestRecord { request: row.get(1)?, envelope: row.get(2)?, recovery: row.get(3)? };
            Ok((UserId::from_bytes(row.get(0)?), keys))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(super) fn delete_key_request(&mut self, org: &OrgId, user: &UserId) -> Result<(), StoreError> {
        let org = self.org(org)?;
        self.prepare("DELETE FROM key_requests WHERE org = ?1 AND user = ?2")?
            .execute(params![org, user.as_bytes()])?;
        Ok(())
    }

    pub(super) fn insert_login(
        &mut self,
        name: &[u8],
        attempt: &LoginAttempt,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Nobody finishes most of those that strangers begin.
        self.delete_expired_logins(now)?;
        let mut insert = self
            .prepare("INSERT INTO login_attempts (name, org, user, state, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        let LoginAttempt { org, user, state, expires_at } = attempt;
        insert.execute(params![name, org.0, user.as_bytes(), state, expires_at.as_millis()])?;
        Ok(())
    }

    fn delete_expired_logins(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.prepare("DELETE FROM login_attempts WHERE expires_at <= ?1")?.execute([now.as_millis()])?;
        Ok(())
    }

    pub(super) fn upsert_login_source(
        &mut self,
        org: &OrgId,
        user: &UserId,
        source: &Source,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let org = self.org(org)?;
        let mut upsert = self.prepare(
            "INSERT INTO login_sources (org, user, source, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (org, user, source) DO UPDATE SET at = max(at, excluded.at)",
        )?;
        upsert.execute(params![org, user.as_bytes(), source.to_string(), at.as_millis()])?;
        let mut forget = self.prepare(
            "DELETE FROM login_sources WHERE org = ?1 AND user = ?2 AND source IN
                 (SELECT source FROM login_sources WHERE org = ?1 AND user = ?2
                  ORDER BY at DESC, source LIMIT -1 OFFSET ?3)",
        )?;
        forget.execute(params![org, user.as_bytes(), limit(limits::LOGIN_SOURCES)])?;
        Ok(())
    }

    pub(super) fn find_login_source(
        &mut self,
        org: &OrgId,
        user: &UserId,
        source: &Source,
    ) -> Result<bool, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(false) };
        let mut select = self.prepare("SELECT 1 FROM login_sources WHERE org = ?1 AND user = ?2 AND source = ?3")?;
        Ok(select.exists(params![org, user.as_bytes(), source.to_string()])?)
    }

    pub(super) fn delete_login(&mut self, name: &[u8], now: Timestamp) -> Result<Option<LoginAttempt>, StoreError> {
        self.delete_expired_logins(now)?;
        let mut take =
            self.prepare("DELETE FROM login_attempts WHERE name = ?1 RETURNING org, user, state, expires_at")?;
        let mut rows = take.query_and_then([name], |row| {
            Ok(LoginAttempt {
                org: OrgId(row.get(0)?),
                user: UserId::from_bytes(row.get(1)?),
                state: row.get(2)?,
                expires_at: time(row, 3)?,
            })
        })?;
        rows.next().transpose()
    }
}
