//! The author's side: from changes to a signed statement.

use super::{Body, Change, Directory, DirectoryRefusal, Header, Statement};
use crate::{
    crypto::{
        hash::{Hash, object_hash},
        kem::{KemPublicKey, PublicKeys},
        sign::{SigningKey, SigningPublicKey},
    },
    encoding::Base64Bytes,
    id::{GroupId, OrgId, UserId},
    merkle,
    name::{Email, Name},
    number::{Epoch, Seq},
    roster::Roster,
    signed::Signed,
    time::Timestamp,
};

/// A statement that is worked out but not signed: what it says, and the state after it.
#[derive(Clone, Debug)]
pub struct Draft {
    header: Header,
    body: Vec<u8>,
    changes: Vec<Change>,
    after: Directory,
}

impl Draft {
    /// The state after the statement. Its head is still the one before.
    #[must_use]
    pub const fn after(&self) -> &Directory {
        &self.after
    }

    /// The changes.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Signs the statement. One key is enough unless the roster changes and the key is not in both versions.
    ///
    /// # Errors
    /// [`DirectoryRefusal`] when the keys are not those of owners or admins after the statement.
    pub fn sign(&self, keys: &[&SigningKey]) -> Result<(Statement, Directory), DirectoryRefusal> {
        let header = Signed::create(&self.header, keys)?;
        let verified = header.verify::<Header>(&self.after.roster.value().signing_keys(), 1)?;
        let mut after = self.after.clone();
        after.head = super::HeaderRef { seq: self.header.seq, hash: verified.hash() };
        after.log.push(merkle::leaf_hash(&verified.hash().0));
        Ok((Statement { header, body: Base64Bytes(self.body.clone()) }, after))
    }
}

impl Directory {
    /// Works out the statement that makes `changes` after this state, by an owner or not.
    ///
    /// # Errors
    /// [`DirectoryRefusal`], as [`Self::apply`] would refuse the statement.
    pub fn draft(&self, changes: Vec<Change>, by_owner: bool, now: Timestamp) -> Result<Draft, DirectoryRefusal> {
        let after = self.changed(&changes, by_owner, now)?;
        Draft::new(after, changes, self.head.seq.next(), self.head.hash, now)
    }

    /// Works out the genesis statement of the organization whose genesis roster is `roster`.
    ///
    /// # Errors
    /// [`DirectoryRefusal`], as [`Self::genesis`] would refuse the statement.
    pub fn draft_genesis(roster: &Signed, changes: Vec<Change>, now: Timestamp) -> Result<Draft, DirectoryRefusal> {
        let org = OrgId(roster.hash_as::<Roster>().0);
        let roster = Roster::verify_genesis(roster, &org)?;
        let after = Self::born(org, roster, &changes, now)?;
        Draft::new(after, changes, Seq::FIRST, Hash::ZERO, now)
    }
}

impl Draft {
    fn new(
        after: Directory,
        changes: Vec<Change>,
        seq: Seq,
        prev: Hash,
        time: Timestamp,
    ) -> Result<Self, DirectoryRefusal> {
        let body = serde_json::to_vec(&Body { changes: changes.clone() })
            .map_err(|error| DirectoryRefusal::Body(error.to_string()))?;
        if body.len() > crate::limits::BODY_BYTES {
            return Err(DirectoryRefusal::Body("it is larger than 16 MiB".to_owned()));
        }
        let header = Header {
            org: after.org,
            seq,
            prev,
            time,
            roster: after.roster_ref(),
            log_root: after.log.root(),
            state_root: after.state_root(),
            body: object_hash(Body::TYPE, &body),
        };
        Ok(Self { header, body, changes, after })
    }
}

/// The changes of a genesis statement with one owner, in their only order.
#[must_use]
pub fn genesis_changes(
    roster: Signed,
    name: Name,
    checkpoint_key: SigningPublicKey,
    admins_key: KemPublicKey,
    owner: (UserId, Email, PublicKeys, PublicKeys),
) -> Vec<Change> {
    let (id, email, keys, recovery) = owner;
    vec![
        Change::RosterChanged { roster },
        Change::PolicyChanged { name },
        Change::CheckpointKeyChanged { key: checkpoint_key },
        Change::GroupEpoch { id: GroupId::ADMINS, epoch: Epoch::FIRST, key: admins_key },
        Change::UserConfirmed { id, invite: None, email, role: super::Role::Owner, keys, recovery },
    ]
}
