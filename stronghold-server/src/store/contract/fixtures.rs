//! Small values to store.

use crate::store::{AuditEntry, ProfileHead, RevisionWrite, Store, StoredStatement};
use stronghold_protocol::{
    audit::record_leaf_hash,
    crypto::{hash::Hash, sign::KeyId},
    directory::HeaderRef,
    encoding::Base64Bytes,
    id::{AgentId, EventId, OrgId, PrincipalId, ProfileId, SecretId},
    number::{Epoch, Revision, Seq, Version},
    request::RequestNonce,
    secret::{BlindIndex, SealedSecret, SecretLeaf},
    time::Timestamp,
};

pub(in crate::store) const ORG: OrgId = OrgId([7; 32]);
pub(in crate::store) const KEY: KeyId = KeyId([5; 32]);
pub(in crate::store) const PROFILE: ProfileId = ProfileId::from_bytes([4; 16]);

pub(in crate::store) fn time(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

pub(in crate::store) fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

pub(in crate::store) fn agent(number: u8) -> PrincipalId {
    AgentId::from_bytes([number; 16]).into()
}

pub(in crate::store) fn nonce(number: u64) -> RequestNonce {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    RequestNonce(bytes)
}

/// A statement at a position; `author` tells one from another at the same position.
pub(in crate::store) fn statement(number: u64, author: u8) -> StoredStatement {
    let at = HeaderRef { seq: seq(number), hash: Hash([author; 32]) };
    StoredStatement { at, bytes: format!("statement {number} of {author}").into_bytes() }
}

/// Creates [`ORG`].
pub(in crate::store) async fn create_org(store: &impl Store) {
    create_org_named(store, ORG).await;
}

pub(in crate::store) async fn create_org_named(store: &impl Store, org: OrgId) {
    assert!(store.locked(None, move |tx| tx.create_org(&org, &statement(0, 0), time(1))).await.unwrap());
}

/// An audit record with these bytes.
pub(in crate::store) fn entry(bytes: Vec<u8>, at: i64) -> AuditEntry {
    AuditEntry {
        id: EventId::from_bytes([1; 16]),
        at: time(at),
        principal: Some(agent(1)),
        action: "profile.read".to_owned(),
        profile: Some(PROFILE),
        allowed: true,
        leaf: record_leaf_hash(&bytes),
        bytes,
    }
}

/// A secret with this id, under the name of the same number.
pub(in crate::store) fn secret(number: u8, version: u64) -> SealedSecret {
    SealedSecret {
        index: BlindIndex([number; 32]),
        id: SecretId::from_bytes([number; 16]),
        version: Version::new(version).unwrap(),
        meta: Base64Bytes(format!("meta {number} {version}").into_bytes()),
        value: Base64Bytes(format!("value {number} {version}").into_bytes()),
    }
}

/// A secret with this id under another's name.
pub(in crate::store) fn renamed(number: u8, version: u64, name: u8) -> SealedSecret {
    SealedSecret { index: BlindIndex([name; 32]), ..secret(number, version) }
}

/// A revision of [`PROFILE`] in its first epoch.
pub(in crate::store) fn write(revision: u64, count: u64, puts: Vec<SealedSecret>, removes: &[u8]) -> RevisionWrite {
    let manifest_bytes = format!("manifest {revision}").into_bytes();
    RevisionWrite {
        profile: PROFILE,
        head: ProfileHead {
            revision: Revision::new(revision).unwrap(),
            manifest: Hash([u8::try_from(revision).unwrap(); 32]),
            manifest_bytes,
            epoch: Epoch::FIRST,
            count,
        },
        puts,
        staged: None,
        removes: removes.iter().map(|number| SecretId::from_bytes([*number; 16])).collect(),
        at: time(1000 + i64::try_from(revision).unwrap()),
    }
}

/// The same revision in another epoch.
pub(in crate::store) fn of_epoch(mut write: RevisionWrite, epoch: u64) -> RevisionWrite {
    write.head.epoch = Epoch::new(epoch).unwrap();
    write
}

/// Writes a revision of [`PROFILE`] after the one before it; it must be the next.
pub(in crate::store) async fn write_next(store: &impl Store, write: RevisionWrite) {
    let before = write.head.revision.get().checked_sub(1).filter(|before| *before > 0);
    let before = before.map(|before| Revision::new(before).unwrap());
    assert!(store.locked(Some(ORG), move |tx| tx.write_revision(&ORG, before, &write)).await.unwrap());
}

/// The leaves of [`PROFILE`].
pub(in crate::store) async fn leaves(store: &impl Store) -> Vec<SecretLeaf> {
    store.snapshot(|tx| tx.leaves(&ORG, &PROFILE)).await.unwrap()
}
