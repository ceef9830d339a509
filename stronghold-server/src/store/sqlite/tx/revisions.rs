//! Writing a profile's next revision.

use super::SqliteTx;
use crate::store::{ProfileHead, RevisionWrite, StoreError, sqlite::column::integer};
use rusqlite::{CachedStatement, ErrorCode, params};
use stronghold_protocol::{
    id::{OrgId, ProfileId, SecretId},
    number::Revision,
    secret::SealedSecret,
};

impl SqliteTx<'_> {
    /// Writes the next revision.
    ///
    /// 1. it is compared with the newest one; 2. it is noted; 3. what it replaces or removes ends with it, so that names
    ///    are free before they are used again; 4. what it puts starts with it; 5. what it now holds is what it counts.
    pub(super) fn insert_revision(
        &mut self,
        org: &OrgId,
        before: Option<Revision>,
        write: &RevisionWrite,
    ) -> Result<bool, StoreError> {
        // 1.
        let newest = self.select_profile_head(org, &write.profile)?;
        if newest.as_ref().map(|newest| newest.revision) != before {
            return Ok(false);
        }
        check_follows(newest.as_ref(), &write.head)?;
        let place = Place { org: self.org(org)?, profile: write.profile, revision: integer(write.head.revision.get()) };
        // 2.
        self.note_revision(&place, write)?;
        // 3.
        let mut end = self.prepare(
            "UPDATE entries SET to_revision = ?4
             WHERE org = ?1 AND profile = ?2 AND secret = ?3 AND to_revision IS NULL",
        )?;
        for removed in &write.removes {
            if place.end(&mut end, removed)? == 0 {
                return Err(contradiction("it removes a secret that is not there"));
            }
        }
        let mut ended = write.removes.len();
        for put in &write.puts {
            ended += place.end(&mut end, &put.id)?;
        }
        // 4.
        self.insert_secrets(&place, write)?;
        // 5.
        check_count(newest.as_ref(), write, ended)?;
        Ok(true)
    }

    fn note_revision(&self, place: &Place, write: &RevisionWrite) -> Result<(), StoreError> {
        let head = &write.head;
        let mut insert = self.prepare(
            "INSERT INTO revisions (org, profile, revision, manifest, manifest_bytes, epoch, count, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        insert.execute(params![
            place.org,
            place.profile.as_bytes(),
            place.revision,
            head.manifest.0,
            head.manifest_bytes,
            integer(head.epoch.get()),
            integer(head.count),
            write.at.as_millis()
        ])?;
        Ok(())
    }

    fn insert_secrets(&self, place: &Place, write: &RevisionWrite) -> Result<(), StoreError> {
        let epoch = integer(write.head.epoch.get());
        let mut ciphertext = self.prepare(
            "INSERT INTO ciphertexts (org, profile, secret, version, epoch, meta, value)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        let mut entry = self.prepare(
            "INSERT INTO entries (org, profile, secret, from_revision, blind_index, version, epoch, ciphertexts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        for put in &write.puts {
            let SealedSecret { index, id, version, meta, value } = put;
            let (org, profile, version) = (place.org, place.profile.as_bytes(), integer(version.get()));
            let stored = ciphertext.execute(params![org, profile, id.as_bytes(), version, epoch, meta.0, value.0]);
            stored.map_err(|error| taken(error, "a version of a secret was written before"))?;
            let leaf = put.leaf().ciphertexts.0;
            let stored =
                entry.execute(params![org, profile, id.as_bytes(), place.revision, index.0, version, epoch, leaf]);
            stored.map_err(|error| taken(error, "two secrets have one name, or one secret is put twice"))?;
        }
        Ok(())
    }
}

/// Which revision is being written.
struct Place {
    org: i64,
    profile: ProfileId,
    revision: i64,
}

impl Place {
    /// Ends the current entry of a secret with this revision; returns how many there were, 0 or 1.
    fn end(&self, end: &mut CachedStatement<'_>, secret: &SecretId) -> Result<usize, StoreError> {
        let ended = end.execute(params![self.org, self.profile.as_bytes(), secret.as_bytes(), self.revision]);
        ended.map_err(|error| taken(error, "it names a secret twice"))
    }
}

fn check_follows(newest: Option<&ProfileHead>, head: &ProfileHead) -> Result<(), StoreError> {
    let next = newest.map_or(Revision::FIRST, |newest| newest.revision.next());
    if head.revision != next {
        return Err(contradiction("it is not the next one"));
    }
    if newest.is_some_and(|newest| newest.epoch > head.epoch) {
        return Err(contradiction("its key generation is older than the one before"));
    }
    Ok(())
}

/// Checks that the revision holds as many secrets as it says and, with a new key generation, none of the old one.
/// Every entry of a revision is of its key generation, so counting is enough.
fn check_count(newest: Option<&ProfileHead>, write: &RevisionWrite, ended: usize) -> Result<(), StoreError> {
    let held = newest.map_or(0, |newest| newest.count);
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let kept = held
        .checked_sub(number(ended))
        .ok_or_else(|| StoreError::Damaged(format!("profile {} holds more than it counts", write.profile)))?;
    if newest.is_some_and(|newest| newest.epoch != write.head.epoch) && kept != 0 {
        return Err(contradiction("a new key generation encrypts every secret anew"));
    }
    if kept + number(write.puts.len()) != write.head.count {
        return Err(contradiction("it holds another number of secrets than it says"));
    }
    Ok(())
}

fn contradiction(reason: &str) -> StoreError {
    StoreError::GivenUp(format!("the revision contradicts what is stored: {reason}"))
}

/// Tells a row that is there already from a database that failed.
fn taken(error: rusqlite::Error, reason: &str) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => contradiction(reason),
        _ => error.into(),
    }
}
