//! Sealed keys, and the earlier keys of profiles.

use super::SqliteTx;
use crate::store::{
    StoreError,
    sqlite::column::{integer, number},
};
use rusqlite::{OptionalExtension, params};
use stronghold_protocol::{
    encoding::Base64Bytes,
    id::{OrgId, ProfileId},
    number::Epoch,
    seal::{KeyHistory, Seal, SealId},
};

impl SqliteTx<'_> {
    pub(super) fn upsert_seals(&mut self, org: &OrgId, seals: &[Seal]) -> Result<(), StoreError> {
        let org = self.org(org)?;
        let mut upsert = self.prepare(
            "INSERT INTO seals (org, kind, object, epoch, recipient, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (org, kind, object, epoch, recipient) DO UPDATE SET sealed = excluded.sealed",
        )?;
        for Seal { id, sealed } in seals {
            let object = id.object;
            let epoch = integer(id.epoch.get());
            upsert.execute(params![org, object.kind(), object.id_bytes(), epoch, id.recipient.0, sealed.0])?;
        }
        Ok(())
    }

    pub(super) fn select_seals(&mut self, org: &OrgId, ids: &[SealId]) -> Result<Vec<Seal>, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(Vec::new()) };
        let mut select = self.prepare(
            "SELECT sealed FROM seals WHERE org = ?1 AND kind = ?2 AND object = ?3 AND epoch = ?4 AND recipient = ?5",
        )?;
        let mut seals = Vec::new();
        for id in ids {
            let object = id.object;
            let place = params![org, object.kind(), object.id_bytes(), integer(id.epoch.get()), id.recipient.0];
            let sealed = select.query_row(place, |row| row.get(0)).optional()?;
            seals.extend(sealed.map(|sealed| Seal { id: *id, sealed: Base64Bytes(sealed) }));
        }
        Ok(seals)
    }

    pub(super) fn upsert_histories(&mut self, org: &OrgId, histories: &[KeyHistory]) -> Result<(), StoreError> {
        let org = self.org(org)?;
        let mut upsert = self.prepare(
            "INSERT INTO key_histories (org, profile, epoch, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (org, profile, epoch) DO UPDATE SET sealed = excluded.sealed",
        )?;
        for KeyHistory { profile, epoch, sealed } in histories {
            upsert.execute(params![org, profile.as_bytes(), integer(epoch.get()), sealed.0])?;
        }
        Ok(())
    }

    pub(super) fn select_histories(&mut self, org: &OrgId, profile: &ProfileId) -> Result<Vec<KeyHistory>, StoreError> {
        let Some(org) = self.find_org(org)? else { return Ok(Vec::new()) };
        let mut select = self
            .prepare("SELECT epoch, sealed FROM key_histories WHERE org = ?1 AND profile = ?2 ORDER BY epoch DESC")?;
        let rows = select.query_and_then(params![org, profile.as_bytes()], |row| {
            let (epoch, sealed) = (number(row, 0, Epoch::new)?, Base64Bytes(row.get(1)?));
            Ok(KeyHistory { profile: *profile, epoch, sealed })
        })?;
        rows.collect()
    }
}
