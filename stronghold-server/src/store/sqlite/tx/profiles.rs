//! What a profile's newest revision holds.

use super::SqliteTx;
use crate::{
    access::ReadPermit,
    store::{
        ProfileHead, StoreError, StoredSecret,
        sqlite::column::{count, integer, number},
    },
};
use rusqlite::{OptionalExtension, Row, params};
use stronghold_protocol::{
    crypto::hash::Hash,
    encoding::Base64Bytes,
    id::{OrgId, ProfileId, SecretId},
    number::{Epoch, Revision, Version},
    secret::{BlindIndex, SealedSecret, SecretLeaf},
};

/// One encryption of a whole profile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation {
    pub(super) epoch: i64,
    /// All zeros where nothing was staged, otherwise the staging that a revision took.
    pub(super) id: [u8; 16],
}

impl SqliteTx<'_> {
    pub(super) fn select_profile_head(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
    ) -> Result<Option<ProfileHead>, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(None) };
        let mut select = self.prepare(
            "SELECT revision, manifest, manifest_bytes, epoch, count FROM revisions
             WHERE org = ?1 AND profile = ?2 ORDER BY revision DESC LIMIT 1",
        )?;
        let mut rows = select.query(params![org, profile.as_bytes()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some(ProfileHead {
            revision: number(row, 0, Revision::new)?,
            manifest: Hash(row.get(1)?),
            manifest_bytes: row.get(2)?,
            epoch: number(row, 3, Epoch::new)?,
            count: count(row, 4)?,
        }))
    }

    /// The encryption that the profile's newest revision holds.
    pub(super) fn generation(&self, org: i64, profile: &ProfileId) -> Result<Option<Generation>, StoreError> {
        let mut select = self.prepare(
            "SELECT epoch, generation FROM revisions WHERE org = ?1 AND profile = ?2 ORDER BY revision DESC LIMIT 1",
        )?;
        let found = select
            .query_row(params![org, profile.as_bytes()], |row| Ok(Generation { epoch: row.get(0)?, id: row.get(1)? }));
        Ok(found.optional()?)
    }

    pub(super) fn sum_ciphertexts(
        &mut self,
        org: &OrgId,
        profile: &ProfileId,
        epoch: Epoch,
        leaves: &[SecretLeaf],
    ) -> Result<u64, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(0) };
        // Lengths stand in a row's head: no ciphertext is read.
        let mut select = self.prepare(
            "SELECT length(meta) + length(value) FROM ciphertexts
             WHERE org = ?1 AND profile = ?2 AND secret = ?3 AND version = ?4 AND epoch = ?5 AND ciphertexts = ?6",
        )?;
        let mut sum = 0;
        for leaf in leaves {
            let key = params![
                org,
                profile.as_bytes(),
                leaf.id.as_bytes(),
                integer(leaf.version.get()),
                integer(epoch.get()),
                leaf.ciphertexts.0
            ];
            if let Some(row) = select.query(key)?.next()? {
                sum += count(row, 0)?;
            }
        }
        Ok(sum)
    }

    /// The leaves of a generation that are not replaced, sorted by blind index.
    pub(super) fn generation_leaves(
        &self,
        org: i64,
        profile: &ProfileId,
        generation: &Generation,
    ) -> Result<Vec<SecretLeaf>, StoreError> {
        let mut select = self.prepare(
            "SELECT blind_index, secret, version, ciphertexts FROM entries
             WHERE org = ?1 AND profile = ?2 AND epoch = ?3 AND generation = ?4 AND to_revision IS NULL
             ORDER BY blind_index",
        )?;
        let place = params![org, profile.as_bytes(), generation.epoch, generation.id];
        let rows = select.query_and_then(place, secret_leaf)?;
        rows.collect()
    }

    pub(super) fn select_leaves(&mut self, org: &OrgId, profile: &ProfileId) -> Result<Vec<SecretLeaf>, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(Vec::new()) };
        match self.generation(org, profile)? {
            Some(generation) => self.generation_leaves(org, profile, &generation),
            None => Ok(Vec::new()),
        }
    }

    pub(super) fn select_secrets(&mut self, permit: &ReadPermit) -> Result<Vec<StoredSecret>, StoreError> {
        let Some(org) = self.find_org(&permit.org())? else { return Ok(Vec::new()) };
        let Some(generation) = self.generation(org, &permit.profile())? else { return Ok(Vec::new()) };
        let mut select = self.prepare(
            "SELECT e.blind_index, e.secret, e.version, e.epoch, c.meta, c.value
             FROM entries AS e LEFT JOIN ciphertexts AS c USING (org, profile, secret, version, epoch, ciphertexts)
             WHERE e.org = ?1 AND e.profile = ?2 AND e.epoch = ?3 AND e.generation = ?4 AND e.to_revision IS NULL
             ORDER BY e.blind_index",
        )?;
        let profile = permit.profile();
        let place = params![org, profile.as_bytes(), generation.epoch, generation.id];
        let rows = select.query_and_then(place, stored_secret)?;
        rows.collect()
    }

    pub(super) fn select_secrets_at(
        &mut self,
        permit: &ReadPermit,
        indexes: &[BlindIndex],
    ) -> Result<Vec<StoredSecret>, StoreError> {
        let Some(org) = self.find_org(&permit.org())? else { return Ok(Vec::new()) };
        let Some(generation) = self.generation(org, &permit.profile())? else { return Ok(Vec::new()) };
        let mut select = self.prepare(
            "SELECT e.blind_index, e.secret, e.version, e.epoch, c.meta, c.value
             FROM entries AS e LEFT JOIN ciphertexts AS c USING (org, profile, secret, version, epoch, ciphertexts)
             WHERE e.org = ?1 AND e.profile = ?2 AND e.epoch = ?3 AND e.generation = ?4 AND e.to_revision IS NULL
               AND e.blind_index = ?5",
        )?;
        let profile = permit.profile();
        let mut secrets = Vec::new();
        for index in indexes {
            let place = params![org, profile.as_bytes(), generation.epoch, generation.id, index.0];
            for secret in select.query_and_then(place, stored_secret)? {
                secrets.push(secret?);
            }
        }
        Ok(secrets)
    }
}

/// The leaf of an entry: blind index, secret, version, hash of both ciphertexts.
pub(super) fn secret_leaf(row: &Row<'_>) -> Result<SecretLeaf, StoreError> {
    Ok(SecretLeaf {
        index: BlindIndex(row.get(0)?),
        id: SecretId::from_bytes(row.get(1)?),
        version: number(row, 2, Version::new)?,
        ciphertexts: Hash(row.get(3)?),
    })
}

/// A secret; a missing ciphertext shows as NULL where a blob should be, and so as damage.
fn stored_secret(row: &Row<'_>) -> Result<StoredSecret, StoreError> {
    Ok(StoredSecret {
        secret: SealedSecret {
            index: BlindIndex(row.get(0)?),
            id: SecretId::from_bytes(row.get(1)?),
            version: number(row, 2, Version::new)?,
            meta: Base64Bytes(row.get(4)?),
            value: Base64Bytes(row.get(5)?),
        },
        epoch: number(row, 3, Epoch::new)?,
    })
}
