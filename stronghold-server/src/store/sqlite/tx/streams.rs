//! How far receivers outside got with each audit log.

use super::SqliteTx;
use crate::store::{
    StoreError, StreamBehind,
    sqlite::column::{count, integer},
};
use rusqlite::params;
use stronghold_protocol::id::OrgId;

impl SqliteTx<'_> {
    pub(super) fn select_streams_behind(&mut self, sink: &str) -> Result<Vec<StreamBehind>, StoreError> {
        let mut select = self.prepare(
            "SELECT o.id, max(coalesce(s.next, 0), o.archived) AS next, o.records FROM orgs AS o
             LEFT JOIN audit_streams AS s ON s.sink = ?1 AND s.org = o.number
             WHERE o.records > max(coalesce(s.next, 0), o.archived) ORDER BY o.number",
        )?;
        let mut rows = select.query([sink])?;
        let mut behind = Vec::new();
        while let Some(row) = rows.next()? {
            behind.push(StreamBehind { org: OrgId(row.get(0)?), next: count(row, 1)?, records: count(row, 2)? });
        }
        Ok(behind)
    }

    pub(super) fn select_stream_positions(&mut self, org: &OrgId) -> Result<Vec<(String, u64)>, StoreError> {
        let org = self.org(org)?;
        let mut select = self.prepare("SELECT sink, next FROM audit_streams WHERE org = ?1 ORDER BY sink")?;
        let mut rows = select.query([org])?;
        let mut positions = Vec::new();
        while let Some(row) = rows.next()? {
            positions.push((row.get(0)?, count(row, 1)?));
        }
        Ok(positions)
    }

    pub(super) fn raise_stream(&mut self, sink: &str, org: &OrgId, next: u64) -> Result<(), StoreError> {
        let org = self.org(org)?;
        let mut upsert = self.prepare(
            "INSERT INTO audit_streams (sink, org, next) VALUES (?1, ?2, ?3)
             ON CONFLICT (sink, org) DO UPDATE SET next = max(next, excluded.next)",
        )?;
        upsert.execute(params![sink, org, integer(next)])?;
        Ok(())
    }
}
