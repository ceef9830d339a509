//! What is encrypted anew before a revision takes it, and writes that wait.

use super::{SqliteTx, profiles::secret_leaf};
use crate::store::{
    Hold, StagingRef, StoreError,
    sqlite::column::{integer, time},
};
use rusqlite::params;
use stronghold_protocol::{
    crypto::sign::KeyId,
    id::{OrgId, ProfileId},
    limits,
    secret::{SealedSecret, SecretLeaf},
    time::Timestamp,
};

/// Deletes the ciphertexts of staged rows that no entry has; what is staged is nobody's but its author's.
const FORGET_CIPHERTEXTS: &str = "DELETE FROM ciphertexts WHERE (org, profile, secret, version, epoch, ciphertexts) IN
     (SELECT s.org, s.profile, s.secret, s.version, s.epoch, s.ciphertexts FROM staged AS s
      WHERE s.org = ?1 AND s.profile = ?2 AND (?3 IS NULL OR (s.author = ?3 AND s.staging = ?4))
        AND (?5 IS NULL OR s.secret = ?5) AND NOT EXISTS
          (SELECT 1 FROM entries AS e
           WHERE e.org = s.org AND e.profile = s.profile AND e.secret = s.secret
             AND e.version = s.version AND e.epoch = s.epoch AND e.ciphertexts = s.ciphertexts))";

impl SqliteTx<'_> {
    /// 1. older stagings of the author make room; 2. what is replaced is forgotten; 3. the new is stored.
    pub(super) fn insert_staged(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        staging: &StagingRef,
        secrets: &[SealedSecret],
    ) -> Result<(), StoreError> {
        let org = self.org(org)?;
        // 1.
        self.make_room(org, profile, staging)?;
        // 2.
        let (author, id) = (staging.author.0, staging.id.as_bytes());
        let mut known = self.prepare(
            "SELECT 1 FROM staged WHERE org = ?1 AND profile = ?2 AND author = ?3 AND staging = ?4 AND secret = ?5",
        )?;
        let mut forget = self.prepare(FORGET_CIPHERTEXTS)?;
        let mut insert = self.prepare(
            "INSERT OR REPLACE INTO staged
                 (org, profile, author, staging, secret, epoch, blind_index, version, ciphertexts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        for secret in secrets {
            let SecretLeaf { index, id: secret, version, ciphertexts } = secret.leaf();
            let place = params![org, profile.as_bytes(), author, id, secret.as_bytes()];
            if known.exists(place)? {
                forget.execute(place)?;
            }
            let (version, epoch) = (integer(version.get()), integer(staging.epoch.get()));
            let (profile, secret) = (profile.as_bytes(), secret.as_bytes());
            insert.execute(params![org, profile, author, id, secret, epoch, index.0, version, ciphertexts.0])?;
        }
        // 3.
        self.insert_ciphertexts(org, profile, staging.epoch, secrets)
    }

    /// Forgets the author's oldest stagings for a profile, so that with this one there are not too many.
    fn make_room(&self, org: i64, profile: &ProfileId, staging: &StagingRef) -> Result<(), StoreError> {
        let mut select = self.prepare(
            "SELECT DISTINCT staging FROM staged
             WHERE org = ?1 AND profile = ?2 AND author = ?3 AND staging <> ?4 ORDER BY staging DESC",
        )?;
        let place = params![org, profile.as_bytes(), staging.author.0, staging.id.as_bytes()];
        let others: Vec<[u8; 16]> = select.query_and_then(place, |row| row.get(0))?.collect::<Result<_, _>>()?;
        for old in others.iter().skip(limits::STAGINGS - 1) {
            let place = params![org, profile.as_bytes(), staging.author.0, old];
            let with_any_secret = params![org, profile.as_bytes(), staging.author.0, old, None::<[u8; 16]>];
            self.prepare(FORGET_CIPHERTEXTS)?.execute(with_any_secret)?;
            self.prepare("DELETE FROM staged WHERE org = ?1 AND profile = ?2 AND author = ?3 AND staging = ?4")?
                .execute(place)?;
        }
        Ok(())
    }

    pub(super) fn select_staged(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        staging: &StagingRef,
    ) -> Result<Vec<SecretLeaf>, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(Vec::new()) };
        let mut select = self.prepare(
            "SELECT blind_index, secret, version, ciphertexts FROM staged
             WHERE org = ?1 AND profile = ?2 AND author = ?3 AND staging = ?4 AND epoch = ?5 ORDER BY secret",
        )?;
        let (author, id, epoch) = (staging.author.0, staging.id.as_bytes(), integer(staging.epoch.get()));
        let rows = select.query_and_then(params![org, profile.as_bytes(), author, id, epoch], secret_leaf)?;
        rows.collect()
    }

    /// Forgets what was staged, and its ciphertexts unless an entry has them.
    pub(super) fn delete_staged(&mut self, org: i64, profile: &ProfileId) -> Result<(), StoreError> {
        let none = None::<[u8; 32]>;
        self.prepare(FORGET_CIPHERTEXTS)?.execute(params![org, profile.as_bytes(), none, none, none])?;
        let place = params![org, profile.as_bytes()];
        self.prepare("DELETE FROM staged WHERE org = ?1 AND profile = ?2")?.execute(place)?;
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
        Ok(Some(Hold { author: KeyId(row.get(0)?), until: time(row, 1)? }))
    }

    pub(super) fn delete_hold(&mut self, org: &OrgId, profile: &ProfileId) -> Result<(), StoreError> {
        let org = self.org(org)?;
        self.prepare("DELETE FROM holds WHERE org = ?1 AND profile = ?2")?.execute(params![org, profile.as_bytes()])?;
        Ok(())
    }
}
