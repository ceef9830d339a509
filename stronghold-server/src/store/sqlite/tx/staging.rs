//! What is staged before a revision takes it, and writes that wait.

use super::{
    SqliteTx,
    profiles::Generation,
    revisions::{Place, WRITTEN, not_again},
};
use crate::store::{
    Hold, StagingRef, StoreError,
    sqlite::column::{count, integer, time},
};
use rusqlite::{OptionalExtension, params};
use stronghold_protocol::{
    id::{OrgId, ProfileId},
    limits,
    secret::{SealedSecret, SecretLeaf},
    time::Timestamp,
};

/// The ciphertexts of a generation, or of one secret in it, that no other generation has. Without the index's name the
/// planner would go through a whole epoch for each.
const OWN_CIPHERTEXTS: &str = "SELECT s.secret, s.version, s.epoch, s.ciphertexts FROM entries AS s
     WHERE s.org = ?1 AND s.profile = ?2 AND s.epoch = ?3 AND s.generation = ?4 AND (?5 IS NULL OR s.secret = ?5)
       AND NOT EXISTS
         (SELECT 1 FROM entries AS e INDEXED BY entries_by_version
          WHERE e.org = s.org AND e.profile = s.profile AND e.secret = s.secret AND e.version = s.version
            AND e.epoch = s.epoch AND e.generation <> s.generation AND e.ciphertexts = s.ciphertexts)";

impl SqliteTx<'_> {
    /// Returns how many secrets were staged, replaced ones included; none where the id is not its author's to use.
    ///
    /// 1. the staging is its author's own, and older ones of the author make room; 2. what is replaced is forgotten; 3. the
    ///    new is stored, for the revision after the newest: any revision ends what was staged before it.
    pub(super) fn insert_staged(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        staging: &StagingRef,
        secrets: &[SealedSecret],
    ) -> Result<Option<u64>, StoreError> {
        let newest = self.select_profile_head(org, profile)?;
        let newest = newest.ok_or_else(|| StoreError::GivenUp(format!("there is no profile {profile}")))?;
        let org = self.org(org)?;
        // 1.
        let Some(staged) = self.claim(org, profile, staging, secrets.len())? else { return Ok(None) };
        // 2.
        let generation = generation_of(staging);
        let mut known = self.prepare(
            "SELECT 1 FROM entries WHERE org = ?1 AND profile = ?2 AND epoch = ?3 AND generation = ?4 AND secret = ?5",
        )?;
        for secret in secrets {
            let place = params![org, profile.as_bytes(), generation.epoch, generation.id, secret.id.as_bytes()];
            if known.exists(place)? {
                self.forget_ciphertexts(org, profile, &generation, Some(secret.id.as_bytes()))?;
                self.prepare(
                    "DELETE FROM entries
                     WHERE org = ?1 AND profile = ?2 AND epoch = ?3 AND generation = ?4 AND secret = ?5",
                )?
                .execute(place)?;
            }
        }
        // 3.
        self.insert_ciphertexts(org, profile, staging.epoch, secrets)?;
        let revision = integer(newest.revision.next().get());
        let place = Place { org, profile: *profile, revision, generation };
        self.insert_entries(&place, secrets.iter().map(SealedSecret::leaf))?;
        Ok(Some(staged))
    }

    /// What a revision holds is a generation too, that of an epoch in which nothing was staged with the nil id: nothing may be
    /// added to one behind its manifest's back.
    fn is_generation(&self, org: i64, profile: &ProfileId, staging: &StagingRef) -> Result<bool, StoreError> {
        let mut select = self.prepare("SELECT 1 FROM revisions WHERE org = ?1 AND profile = ?2 AND generation = ?3")?;
        Ok(*staging.id.as_bytes() == WRITTEN
            || select.exists(params![org, profile.as_bytes(), staging.id.as_bytes()])?)
    }

    fn claim(
        &self,
        org: i64,
        profile: &ProfileId,
        staging: &StagingRef,
        more: usize,
    ) -> Result<Option<u64>, StoreError> {
        if self.is_generation(org, profile, staging)? {
            return Ok(None);
        }
        let mut upsert = self.prepare(
            "INSERT INTO stagings (org, profile, staging, author, epoch, staged) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET staged = staged + excluded.staged
                 WHERE author = excluded.author AND epoch = excluded.epoch
             RETURNING staged",
        )?;
        let (author, epoch, more) = (staging.author.0, integer(staging.epoch.get()), integer(more as u64));
        let mut rows = upsert.query(params![org, profile.as_bytes(), staging.id.as_bytes(), author, epoch, more])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let staged = count(row, 0)?;
        let mut select = self.prepare(
            "SELECT staging, epoch FROM stagings
             WHERE org = ?1 AND profile = ?2 AND author = ?3 AND staging <> ?4 ORDER BY staging DESC",
        )?;
        let place = params![org, profile.as_bytes(), author, staging.id.as_bytes()];
        let others = select
            .query_and_then(place, |row| Ok::<_, StoreError>(Generation { id: row.get(0)?, epoch: row.get(1)? }))?;
        for old in others.collect::<Result<Vec<_>, _>>()?.iter().skip(limits::STAGINGS - 1) {
            self.delete_generation(org, profile, old)?;
        }
        Ok(Some(staged))
    }

    pub(super) fn select_staged(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        staging: &StagingRef,
    ) -> Result<Vec<SecretLeaf>, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(Vec::new()) };
        let mut select = self.prepare(
            "SELECT 1 FROM stagings WHERE org = ?1 AND profile = ?2 AND staging = ?3 AND author = ?4 AND epoch = ?5",
        )?;
        let generation = generation_of(staging);
        let own = params![org, profile.as_bytes(), generation.id, staging.author.0, generation.epoch];
        if select.query_row(own, |_| Ok(())).optional()?.is_none() {
            return Ok(Vec::new());
        }
        self.generation_leaves(org, profile, &generation)
    }

    /// Puts what was staged into the generation of a revision that takes it; the revision has ended what it replaces. Returns
    /// how many secrets that is.
    pub(super) fn take_staged(&self, place: &Place, staged: &StagingRef) -> Result<usize, StoreError> {
        let mut update = self.prepare(
            "UPDATE entries SET generation = ?5, from_revision = ?6
             WHERE org = ?1 AND profile = ?2 AND epoch = ?3 AND generation = ?4",
        )?;
        let (Generation { epoch, id }, into) = (generation_of(staged), place.generation.id);
        let taken = update.execute(params![place.org, place.profile.as_bytes(), epoch, id, into, place.revision]);
        taken.map_err(|error| not_again(error, "two secrets have one name, or a version was written before"))
    }

    /// Forgets what was staged for a profile, but for what a revision takes.
    pub(super) fn delete_staged(
        &self,
        org: i64,
        profile: &ProfileId,
        taken: Option<&StagingRef>,
    ) -> Result<(), StoreError> {
        let mut select = self.prepare("SELECT staging, epoch FROM stagings WHERE org = ?1 AND profile = ?2")?;
        let stagings = select.query_and_then(params![org, profile.as_bytes()], |row| {
            Ok::<_, StoreError>(Generation { id: row.get(0)?, epoch: row.get(1)? })
        })?;
        let taken = taken.map(|taken| *taken.id.as_bytes());
        for staging in stagings.collect::<Result<Vec<_>, _>>()? {
            if Some(staging.id) != taken {
                self.delete_generation(org, profile, &staging)?;
            }
        }
        self.prepare("DELETE FROM stagings WHERE org = ?1 AND profile = ?2")?
            .execute(params![org, profile.as_bytes()])?;
        Ok(())
    }

    fn delete_generation(&self, org: i64, profile: &ProfileId, old: &Generation) -> Result<(), StoreError> {
        self.forget_ciphertexts(org, profile, old, None)?;
        self.prepare("DELETE FROM entries WHERE org = ?1 AND profile = ?2 AND epoch = ?3 AND generation = ?4")?
            .execute(params![org, profile.as_bytes(), old.epoch, old.id])?;
        self.prepare("DELETE FROM stagings WHERE org = ?1 AND profile = ?2 AND staging = ?3")?.execute(params![
            org,
            profile.as_bytes(),
            old.id
        ])?;
        Ok(())
    }

    fn forget_ciphertexts(
        &self,
        org: i64,
        profile: &ProfileId,
        of: &Generation,
        secret: Option<&[u8; 16]>,
    ) -> Result<(), StoreError> {
        type Key = ([u8; 16], i64, i64, [u8; 32]);
        let mut select = self.prepare(OWN_CIPHERTEXTS)?;
        let keys = select.query_map(params![org, profile.as_bytes(), of.epoch, of.id, secret], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
        let keys: Vec<Key> = keys.collect::<Result<_, _>>()?;
        let mut delete = self.prepare(
            "DELETE FROM ciphertexts WHERE org = ?1 AND profile = ?2 AND secret = ?3 AND version = ?4 AND epoch = ?5
             AND ciphertexts = ?6",
        )?;
        for (secret, version, epoch, ciphertexts) in keys {
            delete.execute(params![org, profile.as_bytes(), secret, version, epoch, ciphertexts])?;
        }
        Ok(())
    }

    pub(super) fn upsert_hold(&mut self, org: &OrgId, profile: &ProfileId, hold: &Hold) -> Result<(), StoreError> {
        let org = self.org(org)?;
        let mut insert =
            self.prepare("INSERT OR REPLACE INTO holds (org, profile, author, until) VALUES (?1, ?2, ?3, ?4)")?;
        insert.execute(params![org, profile.as_bytes(), hold.author.0, hold.until.as_millis()])?;
        Ok(())
    }

    pub(super) fn select_hold(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        now: Timestamp,
    ) -> Result<Option<Hold>, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(None) };
        let mut select =
            self.prepare("SELECT author, until FROM holds WHERE org = ?1 AND profile = ?2 AND until > ?3")?;
        let mut rows = select.query(params![org, profile.as_bytes(), now.as_millis()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some(Hold { author: stronghold_protocol::crypto::sign::KeyId(row.get(0)?), until: time(row, 1)? }))
    }

    pub(super) fn delete_hold(&mut self, org: &OrgId, profile: &ProfileId) -> Result<(), StoreError> {
        let org = self.org(org)?;
        self.prepare("DELETE FROM holds WHERE org = ?1 AND profile = ?2")?.execute(params![org, profile.as_bytes()])?;
        Ok(())
    }
}

fn generation_of(staging: &StagingRef) -> Generation {
    Generation { epoch: integer(staging.epoch.get()), id: *staging.id.as_bytes() }
}
