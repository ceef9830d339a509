//! Organizations and their directories.

use super::SqliteTx;
use crate::store::{
    OrgHead, StoreError, StoredStatement,
    sqlite::column::{count, integer, limit, number, optional_time},
};
use rusqlite::params;
use stronghold_protocol::{crypto::hash::Hash, directory::HeaderRef, id::OrgId, number::Seq, time::Timestamp};

impl SqliteTx<'_> {
    pub(super) fn select_head(&mut self, org: &OrgId) -> Result<Option<OrgHead>, StoreError> {
        let mut select =
            self.prepare("SELECT number, seq, hash, records, newest_record_at, archived FROM orgs WHERE id = ?1")?;
        let mut rows = select.query([org.0])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        self.org = Some((*org, row.get(0)?));
        Ok(Some(OrgHead {
            head: HeaderRef { seq: number(row, 1, Seq::new)?, hash: Hash(row.get(2)?) },
            records: count(row, 3)?,
            newest_record_at: optional_time(row, 4)?,
            archived: count(row, 5)?,
        }))
    }

    pub(super) fn insert_org(
        &mut self,
        org: &OrgId,
        genesis: &StoredStatement,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        if genesis.at.seq != Seq::FIRST {
            return Err(StoreError::GivenUp("the genesis statement is at position 0".to_owned()));
        }
        let mut insert = self.prepare(
            "INSERT INTO orgs (id, created_at, seq, hash) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO NOTHING",
        )?;
        let created =
            insert.execute(params![org.0, at.as_millis(), integer(genesis.at.seq.get()), genesis.at.hash.0])?;
        if created == 0 {
            return Ok(false);
        }
        self.store_statement(org, genesis)?;
        Ok(true)
    }

    pub(super) fn select_statements(
        &mut self,
        org: &OrgId,
        from: Seq,
        at_most: usize,
    ) -> Result<Vec<StoredStatement>, StoreError> {
        let Some(head) = self.select_head(org)? else { return Ok(Vec::new()) };
        let number_of_org = self.org(org)?;
        let mut select =
            self.prepare("SELECT seq, hash, bytes FROM statements WHERE org = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3")?;
        let mut rows = select.query(params![number_of_org, integer(from.get()), limit(at_most)])?;
        let mut statements = Vec::new();
        while let Some(row) = rows.next()? {
            let at = HeaderRef { seq: number(row, 0, Seq::new)?, hash: Hash(row.get(1)?) };
            statements.push(StoredStatement { at, bytes: row.get(2)? });
        }
        let positions = statements.iter().map(|statement| statement.at.seq.get());
        check_dense(positions, from.get(), head.head.seq.get() + 1, at_most, "statement")?;
        Ok(statements)
    }

    pub(super) fn insert_statement(
        &mut self,
        org: &OrgId,
        before: &HeaderRef,
        statement: &StoredStatement,
    ) -> Result<bool, StoreError> {
        if statement.at.seq.get() != before.seq.get() + 1 {
            return Err(StoreError::GivenUp("a statement comes right after the head".to_owned()));
        }
        let mut update =
            self.prepare("UPDATE orgs SET seq = ?2, hash = ?3 WHERE id = ?1 AND seq = ?4 AND hash = ?5")?;
        let moved = update.execute(params![
            org.0,
            integer(statement.at.seq.get()),
            statement.at.hash.0,
            integer(before.seq.get()),
            before.hash.0
        ])?;
        if moved == 0 {
            return Ok(false);
        }
        self.store_statement(org, statement)?;
        Ok(true)
    }

    fn store_statement(&mut self, org: &OrgId, statement: &StoredStatement) -> Result<(), StoreError> {
        let org = self.org(org)?;
        let mut insert = self.prepare("INSERT INTO statements (org, seq, hash, bytes) VALUES (?1, ?2, ?3, ?4)")?;
        insert.execute(params![org, integer(statement.at.seq.get()), statement.at.hash.0, statement.bytes])?;
        Ok(())
    }
}

/// Checks that a page of an append-only log of `length` entries is exactly what lies from `from` on, at most `at_most`.
///
/// # Errors
/// [`StoreError::Damaged`] when an entry is missing.
pub(super) fn check_dense(
    positions: impl ExactSizeIterator<Item = u64>,
    from: u64,
    length: u64,
    at_most: usize,
    what: &str,
) -> Result<(), StoreError> {
    let expected = length.saturating_sub(from).min(u64::try_from(at_most).unwrap_or(u64::MAX));
    let found = u64::try_from(positions.len()).unwrap_or(u64::MAX);
    let missing = positions.zip(from..).find(|(position, expected)| position != expected).map(|(_, expected)| expected);
    match missing {
        Some(position) => Err(StoreError::Damaged(format!("{what} {position} is missing"))),
        None if found != expected => {
            Err(StoreError::Damaged(format!("{found} {what}s from {from} on, not {expected}")))
        }
        None => Ok(()),
    }
}
