//! Nonces and audit records, in one transaction: what was counted once is what was logged once.

use super::{SqliteTx, orgs::check_dense};
use crate::store::{
    AuditEntry, StoreError,
    sqlite::column::{count, integer, limit},
};
use rusqlite::params;
use stronghold_protocol::{crypto::hash::Hash, crypto::sign::KeyId, id::OrgId, request::RequestNonce, time::Timestamp};

/// How many nonces are forgotten at most in one work, so that requests do not wait for it.
const FORGOTTEN_AT_ONCE: i64 = 10_000;

impl SqliteTx<'_> {
    pub(super) fn insert_nonce(
        &mut self,
        org: &OrgId,
        key: &KeyId,
        nonce: &RequestNonce,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let org = self.org(org)?;
        let mut insert =
            self.prepare("INSERT INTO nonces (org, key, nonce, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")?;
        Ok(insert.execute(params![org, key.0, nonce.0, at.as_millis()])? == 1)
    }

    pub(super) fn find_nonce(&mut self, org: &OrgId, key: &KeyId, nonce: &RequestNonce) -> Result<bool, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(false) };
        let mut select = self.prepare("SELECT 1 FROM nonces WHERE org = ?1 AND key = ?2 AND nonce = ?3")?;
        Ok(select.exists(params![org, key.0, nonce.0])?)
    }

    pub(super) fn delete_nonces(&mut self, before: Timestamp) -> Result<usize, StoreError> {
        // One by one: a row value in a subquery would be looked for among all nonces of the organization.
        let mut select = self.prepare("SELECT org, key, nonce FROM nonces WHERE at < ?1 ORDER BY at LIMIT ?2")?;
        let old = select.query_map(params![before.as_millis(), FORGOTTEN_AT_ONCE], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        let old: Vec<(i64, [u8; 32], [u8; 16])> = old.collect::<Result<_, _>>()?;
        let mut delete = self.prepare("DELETE FROM nonces WHERE org = ?1 AND key = ?2 AND nonce = ?3")?;
        for (org, key, nonce) in &old {
            delete.execute(params![org, key, nonce])?;
        }
        Ok(old.len())
    }

    pub(super) fn insert_record(&mut self, org: &OrgId, entry: &AuditEntry) -> Result<u64, StoreError> {
        let number = self.org(org)?;
        let mut advance = self.prepare(
            "UPDATE orgs SET records = records + 1, newest_record_at = max(coalesce(newest_record_at, 0), ?2)
             WHERE number = ?1 RETURNING records - 1",
        )?;
        let mut rows = advance.query(params![number, entry.at.as_millis()])?;
        let position = match rows.next()? {
            Some(row) => count(row, 0)?,
            None => return Err(StoreError::Damaged("an organization's head row is missing".to_owned())),
        };
        drop(rows);
        self.prepare("INSERT INTO audit_bytes (bytes) VALUES (?1)")?.execute([&entry.bytes])?;
        let bytes = self.connection.last_insert_rowid();
        let mut insert = self.prepare(
            "INSERT INTO audit_records
                 (org, position, id, at, principal_kind, principal, action, profile, allowed, leaf, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        insert.execute(params![
            number,
            integer(position),
            entry.id.as_bytes(),
            entry.at.as_millis(),
            entry.principal.as_ref().map(|principal| principal.kind()),
            entry.principal.as_ref().map(|principal| principal.as_bytes()),
            entry.action,
            entry.profile.as_ref().map(|profile| profile.as_bytes()),
            entry.allowed,
            entry.leaf.0,
            bytes,
        ])?;
        Ok(position)
    }

    pub(super) fn select_record_leaves(
        &mut self,
        org: &OrgId,
        from: u64,
        at_most: usize,
    ) -> Result<Vec<Hash>, StoreError> {
        let Some(head) = self.select_head(org)? else { return Ok(Vec::new()) };
        let org = self.org(org)?;
        let mut select = self.prepare(
            "SELECT position, leaf FROM audit_records WHERE org = ?1 AND position >= ?2 ORDER BY position LIMIT ?3",
        )?;
        let mut rows = select.query(params![org, integer(from), limit(at_most)])?;
        let (mut positions, mut leaves) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            positions.push(count(row, 0)?);
            leaves.push(Hash(row.get(1)?));
        }
        check_dense(positions.into_iter(), from, head.records, at_most, "audit record")?;
        Ok(leaves)
    }

    pub(super) fn select_records(
        &mut self,
        org: &OrgId,
        from: u64,
        at_most: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        // Numbers of bytes that are gone may be those of others by now.
        let Some(head) = self.select_head(org)?.filter(|head| head.archived <= from) else { return Ok(Vec::new()) };
        let org = self.org(org)?;
        let mut select = self.prepare(
            "SELECT r.position, b.bytes FROM audit_records AS r LEFT JOIN audit_bytes AS b ON b.number = r.bytes
             WHERE r.org = ?1 AND r.position >= ?2 ORDER BY r.position LIMIT ?3",
        )?;
        let mut rows = select.query(params![org, integer(from), limit(at_most)])?;
        let (mut positions, mut records) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            positions.push(count(row, 0)?);
            records.push(row.get(1)?);
        }
        check_dense(positions.into_iter(), from, head.records, at_most, "audit record")?;
        Ok(records)
    }

    pub(super) fn select_records_before(&mut self, org: &OrgId, before: Timestamp) -> Result<u64, StoreError> {
        let Some(head) = self.select_head(org)? else { return Ok(0) };
        let org = self.org(org)?;
        let mut select = self.prepare(
            "SELECT coalesce(min(position), ?4) FROM audit_records WHERE org = ?1 AND position >= ?2 AND at >= ?3",
        )?;
        let parameters = params![org, integer(head.archived), before.as_millis(), integer(head.records)];
        let mut rows = select.query(parameters)?;
        match rows.next()? {
            Some(row) => count(row, 0),
            None => Ok(head.archived),
        }
    }

    pub(super) fn delete_record_bytes(&mut self, org: &OrgId, from: u64, to: u64) -> Result<bool, StoreError> {
        let number = self.org(org)?;
        let mut raise = self.prepare(
            "UPDATE orgs SET archived = ?3 WHERE number = ?1 AND archived = ?2 AND ?2 <= ?3 AND ?3 <= records",
        )?;
        if raise.execute(params![number, integer(from), integer(to)])? == 0 {
            return Ok(false);
        }
        let mut delete = self.prepare(
            "DELETE FROM audit_bytes WHERE number IN
                 (SELECT bytes FROM audit_records WHERE org = ?1 AND position >= ?2 AND position < ?3)",
        )?;
        let deleted = delete.execute(params![number, integer(from), integer(to)])?;
        if integer(to - from) == i64::try_from(deleted).unwrap_or(i64::MAX) {
            Ok(true)
        } else {
            Err(StoreError::Damaged(format!("{deleted} audit records from {from} on, not {}", to - from)))
        }
    }
}
