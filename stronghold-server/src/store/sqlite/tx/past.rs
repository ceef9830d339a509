//! What a profile held before: any revision put together again, and what each changed.

use super::{
    SqliteTx,
    profiles::{Generation, secret_leaf},
};
use crate::{
    access::HistoryPermit,
    store::{
        StoreError, StoredRevision,
        sqlite::column::{integer, limit, number},
    },
};
use rusqlite::{OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};
use stronghold_protocol::{
    api::{PastSecret, PastVersion, SealedParts, VersionRef},
    encoding::Base64Bytes,
    id::{OrgId, ProfileId, SecretId},
    limits,
    number::{Epoch, Revision, Version},
    secret::SecretLeaf,
};

/// That an entry `e` is of a generation that a revision took: what is only staged is nobody's past.
const TAKEN: &str = "EXISTS (SELECT 1 FROM revisions AS r WHERE r.org = e.org AND r.profile = e.profile
    AND r.revision >= e.from_revision AND r.epoch = e.epoch AND r.generation = e.generation)";

/// A row of `revisions`.
struct Noted {
    revision: Revision,
    manifest_bytes: Vec<u8>,
    epoch: Epoch,
    generation: Generation,
    /// Whether it is the first of its generation.
    opens: bool,
}

/// What one revision changed.
#[derive(Default)]
struct Changed {
    puts: Vec<SecretLeaf>,
    removes: Vec<SecretId>,
}

impl SqliteTx<'_> {
    /// Revisions one after the other, up or down from one; each generation among them is looked through once.
    pub(super) fn select_revisions(
        &mut self,
        permit: &HistoryPermit,
        from: Revision,
        upwards: bool,
        most: usize,
    ) -> Result<Vec<StoredRevision>, StoreError> {
        let Some(org) = self.find_org(&permit.org())? else { return Ok(Vec::new()) };
        let noted = self.noted_revisions(org, &permit.profile(), from, upwards, most)?;
        let (mut revisions, mut leaves) = (Vec::new(), 0);
        for same in noted.chunk_by(|a, b| a.generation == b.generation) {
            let mut changed = self.changes(org, &permit.profile(), same)?;
            for noted in same {
                let Changed { puts, removes } = changed.remove(&noted.revision).unwrap_or_default();
                leaves += puts.len() + removes.len();
                revisions.push(StoredRevision {
                    revision: noted.revision,
                    manifest_bytes: noted.manifest_bytes.clone(),
                    epoch: noted.epoch,
                    puts,
                    removes,
                });
                if leaves >= limits::REVISIONS_PAGE_LEAVES {
                    return Ok(revisions);
                }
            }
        }
        Ok(revisions)
    }

    /// A version as the newest generation has it that a revision took.
    pub(super) fn select_past_version(
        &mut self,
        permit: &HistoryPermit,
        asked: &VersionRef,
    ) -> Result<Option<PastVersion>, StoreError> {
        let Some(org) = self.find_org(&permit.org())? else { return Ok(None) };
        let profile = permit.profile();
        // Without the hint the planner would go through the whole profile to have the epochs in order.
        let mut select = self.prepare(&format!(
            "SELECT e.blind_index, e.secret, e.version, e.ciphertexts, e.epoch FROM entries AS e
             WHERE e.org = ?1 AND e.profile = ?2 AND unlikely(e.secret = ?3) AND e.version = ?4 AND {TAKEN}
             ORDER BY e.epoch DESC LIMIT 1"
        ))?;
        let version = integer(asked.version.get());
        let mut rows = select.query(params![org, profile.as_bytes(), asked.secret.as_bytes(), version])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let (leaf, epoch) = (secret_leaf(row)?, number(row, 4, Epoch::new)?);
        let sealed = self.sealed_parts(org, &profile, epoch, &leaf)?;
        Ok(Some(PastVersion { epoch, secret: PastSecret { leaf, sealed } }))
    }

    /// The ciphertexts of leaves of one epoch, in their order.
    pub(super) fn select_past_secrets(
        &mut self,
        permit: &HistoryPermit,
        epoch: Epoch,
        leaves: &[SecretLeaf],
    ) -> Result<Vec<PastSecret>, StoreError> {
        let Some(org) = self.find_org(&permit.org())? else { return Ok(Vec::new()) };
        let sealed = |leaf: &SecretLeaf| self.sealed_parts(org, &permit.profile(), epoch, leaf);
        leaves.iter().map(|leaf| Ok(PastSecret { leaf: *leaf, sealed: sealed(leaf)? })).collect()
    }

    pub(super) fn select_newest_version(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        secret: &SecretId,
    ) -> Result<Option<Version>, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(None) };
        let mut select = self.prepare(&format!(
            "SELECT e.version FROM entries AS e
             WHERE e.org = ?1 AND e.profile = ?2 AND e.secret = ?3 AND {TAKEN}
             ORDER BY e.version DESC LIMIT 1"
        ))?;
        let mut rows = select.query(params![org, profile.as_bytes(), secret.as_bytes()])?;
        rows.next()?.map(|row| number(row, 0, Version::new)).transpose()
    }

    pub(super) fn delete_version(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        secret: &SecretId,
        version: Version,
    ) -> Result<(), StoreError> {
        let org = self.org(org)?;
        self.overwrite_deleted(true)?;
        let mut delete =
            self.prepare("DELETE FROM ciphertexts WHERE org = ?1 AND profile = ?2 AND secret = ?3 AND version = ?4")?;
        let deleted = delete.execute(params![org, profile.as_bytes(), secret.as_bytes(), integer(version.get())]);
        self.overwrite_deleted(false)?;
        deleted?;
        Ok(())
    }

    /// Whether deleted rows are overwritten with zeros, instead of left in the file's free space.
    fn overwrite_deleted(&self, on: bool) -> Result<(), StoreError> {
        // It acts when it is prepared, so it must not come out of the cache.
        Ok(self.connection.pragma_update_and_check(None, "secure_delete", on, |_| Ok(()))?)
    }

    fn noted_revisions(
        &self,
        org: i64,
        profile: &ProfileId,
        from: Revision,
        upwards: bool,
        most: usize,
    ) -> Result<Vec<Noted>, StoreError> {
        let order = if upwards { "revision >= ?3 ORDER BY revision" } else { "revision <= ?3 ORDER BY revision DESC" };
        let mut select = self.prepare(&format!(
            "SELECT r.revision, r.manifest_bytes, r.epoch, r.generation, EXISTS
                 (SELECT 1 FROM revisions AS b WHERE b.org = r.org AND b.profile = r.profile
                  AND b.revision = r.revision - 1 AND b.epoch = r.epoch AND b.generation = r.generation)
             FROM revisions AS r WHERE r.org = ?1 AND r.profile = ?2 AND r.{order} LIMIT ?4"
        ))?;
        let rows =
            select.query_and_then(params![org, profile.as_bytes(), integer(from.get()), limit(most)], |row| {
                Ok(Noted {
                    revision: number(row, 0, Revision::new)?,
                    manifest_bytes: row.get(1)?,
                    epoch: number(row, 2, Epoch::new)?,
                    generation: Generation { epoch: row.get(2)?, id: row.get(3)? },
                    opens: !row.get::<_, bool>(4)?,
                })
            })?;
        rows.collect()
    }

    /// What revisions of one generation changed, which follow each other.
    fn changes(
        &self,
        org: i64,
        profile: &ProfileId,
        noted: &[Noted],
    ) -> Result<BTreeMap<Revision, Changed>, StoreError> {
        let mut changed: BTreeMap<Revision, Changed> = BTreeMap::new();
        let numbers = || noted.iter().map(|noted| noted.revision);
        let (Some(first), Some(lowest), Some(highest)) = (noted.first(), numbers().min(), numbers().max()) else {
            return Ok(changed);
        };
        let generation = first.generation;
        let mut select = self.prepare(
            "SELECT blind_index, secret, version, ciphertexts, from_revision, to_revision FROM entries
             WHERE org = ?1 AND profile = ?2 AND epoch = ?3 AND generation = ?4
               AND (from_revision BETWEEN ?5 AND ?6 OR to_revision BETWEEN ?5 AND ?6)",
        )?;
        let (from, to) = (integer(lowest.get()), integer(highest.get()));
        let mut rows = select.query(params![org, profile.as_bytes(), generation.epoch, generation.id, from, to])?;
        while let Some(row) = rows.next()? {
            let leaf = secret_leaf(row)?;
            changed.entry(number(row, 4, Revision::new)?).or_default().puts.push(leaf);
            if row.get::<_, Option<i64>>(5)?.is_some() {
                changed.entry(number(row, 5, Revision::new)?).or_default().removes.push(leaf.id);
            }
        }
        for changed in changed.values_mut() {
            let put: BTreeSet<SecretId> = changed.puts.iter().map(|leaf| leaf.id).collect();
            changed.removes.retain(|id| !put.contains(id));
        }
        if let Some(opening) = noted.iter().find(|noted| noted.opens) {
            changed.insert(opening.revision, self.opening(org, profile, opening)?);
        }
        Ok(changed)
    }

    /// What the first revision of a generation changed: it holds all of it anew.
    fn opening(&self, org: i64, profile: &ProfileId, noted: &Noted) -> Result<Changed, StoreError> {
        let puts = self.leaves_at(org, profile, &noted.generation, noted.revision)?;
        let held: BTreeSet<SecretId> = puts.iter().map(|leaf| leaf.id).collect();
        let mut before = Vec::new();
        if let Ok(number) = Revision::new(noted.revision.get() - 1) {
            for old in self.noted_revisions(org, profile, number, false, 1)? {
                before = self.leaves_at(org, profile, &old.generation, old.revision)?;
            }
        }
        let removes = before.into_iter().map(|leaf| leaf.id).filter(|id| !held.contains(id)).collect();
        Ok(Changed { puts, removes })
    }

    fn leaves_at(
        &self,
        org: i64,
        profile: &ProfileId,
        generation: &Generation,
        revision: Revision,
    ) -> Result<Vec<SecretLeaf>, StoreError> {
        let mut select = self.prepare(
            "SELECT blind_index, secret, version, ciphertexts FROM entries
             WHERE org = ?1 AND profile = ?2 AND epoch = ?3 AND generation = ?4
               AND from_revision <= ?5 AND (to_revision IS NULL OR to_revision > ?5)",
        )?;
        let place = params![org, profile.as_bytes(), generation.epoch, generation.id, integer(revision.get())];
        let rows = select.query_and_then(place, secret_leaf)?;
        rows.collect()
    }

    fn sealed_parts(
        &self,
        org: i64,
        profile: &ProfileId,
        epoch: Epoch,
        leaf: &SecretLeaf,
    ) -> Result<Option<SealedParts>, StoreError> {
        let mut select = self.prepare(
            "SELECT meta, value FROM ciphertexts
             WHERE org = ?1 AND profile = ?2 AND secret = ?3 AND version = ?4 AND epoch = ?5 AND ciphertexts = ?6",
        )?;
        let (version, epoch) = (integer(leaf.version.get()), integer(epoch.get()));
        let place = params![org, profile.as_bytes(), leaf.id.as_bytes(), version, epoch, leaf.ciphertexts.0];
        let parts = select.query_row(place, |row| {
            Ok(SealedParts { meta: Base64Bytes(row.get(0)?), value: Base64Bytes(row.get(1)?) })
        });
        Ok(parts.optional()?)
    }
}
