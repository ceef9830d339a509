//! Writing a profile's next revision.

use super::{SqliteTx, profiles::Generation};
use crate::store::{ProfileHead, RevisionWrite, StagingRef, StoreError, sqlite::column::integer};
use rusqlite::{CachedStatement, ErrorCode, params};
use stronghold_protocol::{
    id::{OrgId, ProfileId, SecretId},
    number::{Epoch, Revision},
    secret::{SealedSecret, SecretLeaf},
};

/// The generation of an epoch in which nothing was staged.
pub(super) const WRITTEN: [u8; 16] = [0; 16];

impl SqliteTx<'_> {
    /// Writes the next revision.
    ///
    /// 1. it is compared with the newest one; 2. it is noted; 3. what it replaces or removes ends with it, so that names
    ///    are free before they are used again; a new generation ends all of the one before by being the newest; 4. what it
    ///    puts starts with it; 5. what it now holds is what it counts; 6. nothing stays staged: that was for this revision.
    pub(super) fn insert_revision(
        &mut self,
        org_id: &OrgId,
        before: Option<Revision>,
        write: &RevisionWrite,
    ) -> Result<bool, StoreError> {
        // 1.
        let newest = self.select_profile_head(org_id, &write.profile)?;
        if newest.as_ref().map(|newest| newest.revision) != before {
            return Ok(false);
        }
        check_follows(newest.as_ref(), &write.head)?;
        let org = self.org(org_id)?;
        let old = self.generation(org, &write.profile)?;
        let renewed = newest.as_ref().is_some_and(|newest| newest.epoch != write.head.epoch);
        let generation = match (&write.staged, &old) {
            (Some(staging), _) if renewed => {
                Generation { epoch: integer(write.head.epoch.get()), id: *staging.id.as_bytes() }
            }
            (_, Some(old)) if !renewed => *old,
            _ => Generation { epoch: integer(write.head.epoch.get()), id: WRITTEN },
        };
        let place = Place { org, profile: write.profile, revision: integer(write.head.revision.get()), generation };
        // 2.
        self.note_revision(&place, write)?;
        // 3.
        let ended = match (renewed, &old) {
            (true, Some(old)) => self.check_removed(&place, old, &write.removes)?,
            _ => self.end_entries(&place, org_id, write)?,
        };
        // 4.
        self.insert_ciphertexts(org, &write.profile, write.head.epoch, &write.puts)?;
        self.insert_entries(&place, write.puts.iter().map(SealedSecret::leaf))?;
        let taken = match &write.staged {
            Some(staging) if !renewed => self.take_staged(&place, staging)?,
            _ => 0,
        };
        // 5.
        if renewed {
            if self.count_generation(&place, write.staged.as_ref())? != write.head.count {
                return Err(contradiction("a new key generation encrypts every secret anew"));
            }
        } else {
            check_count(newest.as_ref(), write, ended, taken)?;
        }
        // 6.
        self.delete_staged(org, &write.profile, write.staged.as_ref())?;
        Ok(true)
    }

    fn note_revision(&self, place: &Place, write: &RevisionWrite) -> Result<(), StoreError> {
        let head = &write.head;
        let mut insert = self.prepare(
            "INSERT INTO revisions (org, profile, revision, manifest, manifest_bytes, epoch, generation, count, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        insert.execute(params![
            place.org,
            place.profile.as_bytes(),
            place.revision,
            head.manifest.0,
            head.manifest_bytes,
            integer(head.epoch.get()),
            place.generation.id,
            integer(head.count),
            write.at.as_millis()
        ])?;
        Ok(())
    }

    /// Ends what a revision replaces or removes; returns how many entries those were.
    fn end_entries(&mut self, place: &Place, org: &OrgId, write: &RevisionWrite) -> Result<usize, StoreError> {
        let staged = match &write.staged {
            Some(staging) => self.select_staged(org, &place.profile, staging)?,
            None => Vec::new(),
        };
        if write.staged.is_some() && staged.is_empty() {
            return Err(contradiction("its author staged nothing for it"));
        }
        let mut end = self.prepare(
            "UPDATE entries SET to_revision = ?6
             WHERE org = ?1 AND profile = ?2 AND epoch = ?3 AND generation = ?4 AND secret = ?5 AND to_revision IS NULL",
        )?;
        for removed in &write.removes {
            if place.end(&mut end, removed)? == 0 {
                return Err(contradiction("it removes a secret that is not there"));
            }
        }
        let mut ended = write.removes.len();
        for put in write.puts.iter().map(|put| &put.id).chain(staged.iter().map(|staged| &staged.id)) {
            ended += place.end(&mut end, put)?;
        }
        Ok(ended)
    }

    /// Checks that what a new generation leaves out was there.
    fn check_removed(&self, place: &Place, old: &Generation, removes: &[SecretId]) -> Result<usize, StoreError> {
        let mut there = self.prepare(
            "SELECT 1 FROM entries
             WHERE org = ?1 AND profile = ?2 AND epoch = ?3 AND generation = ?4 AND secret = ?5 AND to_revision IS NULL",
        )?;
        for removed in removes {
            if !there.exists(params![place.org, place.profile.as_bytes(), old.epoch, old.id, removed.as_bytes()])? {
                return Err(contradiction("it removes a secret that is not there"));
            }
        }
        Ok(removes.len())
    }

    /// How many secrets a new generation holds; none where it was staged by somebody else.
    fn count_generation(&self, place: &Place, staging: Option<&StagingRef>) -> Result<u64, StoreError> {
        let mut select = self.prepare(
            "SELECT count(*) FROM entries
             WHERE org = ?1 AND profile = ?2 AND epoch = ?3 AND generation = ?4
               AND (?5 IS NULL OR EXISTS (SELECT 1 FROM stagings AS s
                    WHERE s.org = ?1 AND s.profile = ?2 AND s.staging = ?4 AND s.author = ?5 AND s.epoch = ?3))",
        )?;
        let Generation { epoch, id } = place.generation;
        let author = staging.map(|staging| staging.author.0);
        let held = select
            .query_row(params![place.org, place.profile.as_bytes(), epoch, id, author], |row| row.get::<_, i64>(0))?;
        u64::try_from(held).map_err(|error| StoreError::Damaged(error.to_string()))
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

    /// Notes which secrets a generation holds from a revision on.
    pub(super) fn insert_entries(
        &self,
        place: &Place,
        leaves: impl Iterator<Item = SecretLeaf>,
    ) -> Result<(), StoreError> {
        let mut insert = self.prepare(
            "INSERT INTO entries
                 (org, profile, epoch, generation, secret, from_revision, blind_index, version, ciphertexts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        let (profile, Generation { epoch, id: generation }) = (place.profile.as_bytes(), place.generation);
        for SecretLeaf { index, id, version, ciphertexts } in leaves {
            let (secret, version) = (id.as_bytes(), integer(version.get()));
            let stored = insert.execute(params![
                place.org,
                profile,
                epoch,
                generation,
                secret,
                place.revision,
                index.0,
                version,
                ciphertexts.0
            ]);
            stored.map_err(|error| {
                not_again(error, "two secrets have one name, a secret is put twice, or a version was written before")
            })?;
        }
        Ok(())
    }
}

/// Which revision of which generation is being written.
pub(super) struct Place {
    pub(super) org: i64,
    pub(super) profile: ProfileId,
    pub(super) revision: i64,
    pub(super) generation: Generation,
}

impl Place {
    /// Ends the current entry of a secret with this revision; returns how many there were, 0 or 1.
    fn end(&self, end: &mut CachedStatement<'_>, secret: &SecretId) -> Result<usize, StoreError> {
        let Generation { epoch, id } = self.generation;
        let ended =
            end.execute(params![self.org, self.profile.as_bytes(), epoch, id, secret.as_bytes(), self.revision]);
        ended.map_err(|error| not_again(error, "it names a secret twice"))
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

/// Checks that a revision of the same generation holds as many secrets as it says.
fn check_count(
    newest: Option<&ProfileHead>,
    write: &RevisionWrite,
    ended: usize,
    taken: usize,
) -> Result<(), StoreError> {
    let held = newest.map_or(0, |newest| newest.count);
    let kept = held
        .checked_sub(number(ended))
        .ok_or_else(|| StoreError::Damaged(format!("profile {} holds more than it counts", write.profile)))?;
    if kept + number(write.puts.len() + taken) != write.head.count {
        return Err(contradiction("it holds another number of secrets than it says"));
    }
    Ok(())
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn contradiction(reason: &str) -> StoreError {
    StoreError::GivenUp(format!("the revision contradicts what is stored: {reason}"))
}

/// Tells a row that is there already from a database that failed.
pub(super) fn not_again(error: rusqlite::Error, reason: &str) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => contradiction(reason),
        _ => error.into(),
    }
}
