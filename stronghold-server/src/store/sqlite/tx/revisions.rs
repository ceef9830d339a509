//! Writing a profile's next revision.

use super::SqliteTx;
use crate::store::{ProfileHead, RevisionWrite, StoreError, sqlite::column::integer};
use rusqlite::{CachedStatement, ErrorCode, params};
use stronghold_protocol::{
    id::{OrgId, ProfileId, SecretId},
    number::{Epoch, Revision},
    secret::{SealedSecret, SecretLeaf},
};

impl SqliteTx<'_> {
    /// Writes the next revision.
    ///
    /// 1. it is compared with the newest one; 2. it is noted; 3. what it replaces or removes ends with it, so that names
    ///    are free before they are used again; 4. what it puts or takes starts with it; 5. what it now holds is what it
    ///    counts; 6. with a new key generation, nothing stays staged.
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
        let staged = match &write.staged {
            Some(staging) => self.select_staged(org, &write.profile, staging)?,
            None => Vec::new(),
        };
        for leaf in &staged {
            ended += place.end(&mut end, &leaf.id)?;
        }
        drop(end);
        // 4.
        self.insert_ciphertexts(place.org, &write.profile, write.head.epoch, &write.puts)?;
        self.insert_entries(&place, write.head.epoch, write.puts.iter().map(SealedSecret::leaf))?;
        self.insert_entries(&place, write.head.epoch, staged.iter().copied())?;
        // 5.
        check_count(newest.as_ref(), write, ended, staged.len())?;
        // 6.
        if newest.is_some_and(|newest| newest.epoch != write.head.epoch) {
            self.delete_staged(place.org, &write.profile)?;
        }
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

    /// Stores ciphertexts under their hash, once.
    pub(super) fn insert_ciphertexts(
        &self,
        org: i64,
        profile: &ProfileId,
        epoch: Epoch,
        secrets: &[SealedSecret],
    ) -> Result<(), StoreError> {
        let mut insert = self.prepare(
            "INSERT INTO ciphertexts (org, profile, secret, version, epoch, ciphertexts, meta, value)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        )?;
        for secret in secrets {
            let (version, epoch) = (integer(secret.version.get()), integer(epoch.get()));
            let leaf = secret.leaf().ciphertexts.0;
            let id = secret.id.as_bytes();
            insert.execute(params![
                org,
                profile.as_bytes(),
                id,
                version,
                epoch,
                leaf,
                secret.meta.0,
                secret.value.0
            ])?;
        }
        Ok(())
    }

    fn insert_entries(
        &self,
        place: &Place,
        epoch: Epoch,
        leaves: impl Iterator<Item = SecretLeaf>,
    ) -> Result<(), StoreError> {
        let mut insert = self.prepare(
            "INSERT INTO entries (org, profile, secret, from_revision, blind_index, version, epoch, ciphertexts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        for SecretLeaf { index, id, version, ciphertexts } in leaves {
            let (profile, version, epoch) = (place.profile.as_bytes(), integer(version.get()), integer(epoch.get()));
            let at = params![place.org, profile, id.as_bytes(), place.revision, index.0, version, epoch, ciphertexts.0];
            let stored = insert.execute(at);
            stored.map_err(|error| {
                taken(error, "two secrets have one name, a secret is put twice, or a version was written before")
            })?;
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
fn check_count(
    newest: Option<&ProfileHead>,
    write: &RevisionWrite,
    ended: usize,
    staged: usize,
) -> Result<(), StoreError> {
    let held = newest.map_or(0, |newest| newest.count);
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let kept = held
        .checked_sub(number(ended))
        .ok_or_else(|| StoreError::Damaged(format!("profile {} holds more than it counts", write.profile)))?;
    if newest.is_some_and(|newest| newest.epoch != write.head.epoch) && kept != 0 {
        return Err(contradiction("a new key generation encrypts every secret anew"));
    }
    if kept + number(write.puts.len() + staged) != write.head.count {
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
