//! What each principal used, and when it was last served.

use super::SqliteTx;
use crate::store::{
    Seen, StoreError,
    sqlite::column::{count, integer, number, principal, time},
};
use rusqlite::params;
use stronghold_protocol::{
    id::{OrgId, PrincipalId},
    number::Seq,
    time::Timestamp,
};

impl SqliteTx<'_> {
    pub(super) fn count_use(
        &mut self,
        org: &OrgId,
        principal: &PrincipalId,
        max: Option<u64>,
    ) -> Result<bool, StoreError> {
        let org = self.org(org)?;
        let mut claim = self.prepare(
            "INSERT INTO principals (org, kind, id, uses) SELECT ?1, ?2, ?3, 1 WHERE ?4 IS NULL OR ?4 > 0
             ON CONFLICT (org, kind, id) DO UPDATE SET uses = uses + 1 WHERE ?4 IS NULL OR uses < ?4",
        )?;
        let claimed = claim.execute(params![org, principal.kind(), principal.as_bytes(), max.map(integer)])?;
        Ok(claimed == 1)
    }

    pub(super) fn note_seen(
        &mut self,
        org: &OrgId,
        principal: &PrincipalId,
        at: Timestamp,
        seq: Seq,
    ) -> Result<(), StoreError> {
        let org = self.org(org)?;
        let mut note = self.prepare(
            "INSERT INTO principals (org, kind, id, last_seen_at, seq) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (org, kind, id) DO UPDATE SET
                 last_seen_at = max(coalesce(last_seen_at, 0), excluded.last_seen_at),
                 seq = max(coalesce(seq, 0), excluded.seq)",
        )?;
        note.execute(params![org, principal.kind(), principal.as_bytes(), at.as_millis(), integer(seq.get())])?;
        Ok(())
    }

    pub(super) fn select_activity(&mut self, org: &OrgId) -> Result<Vec<Seen>, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(Vec::new()) };
        let mut select = self.prepare(
            "SELECT kind, id, last_seen_at, seq, uses FROM principals
             WHERE org = ?1 AND last_seen_at IS NOT NULL AND seq IS NOT NULL ORDER BY kind, id",
        )?;
        let rows = select.query_and_then([org], |row| {
            Ok(Seen {
                principal: principal(row, 0, 1)?,
                at: time(row, 2)?,
                seq: number(row, 3, Seq::new)?,
                uses: count(row, 4)?,
            })
        })?;
        rows.collect()
    }
}
