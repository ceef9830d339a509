//! `secret.read`: some secrets of a profile, with proofs of what is there and of what is not.

use super::{
    evidence::stored_manifest,
    gate::{Answer, Decision, Refused},
    task::Since,
};
use crate::store::{Store, StoreError, Tx};
use stronghold_protocol::{
    api::SealedPart,
    audit::{Released, ReleasedSecret},
    evidence::{PartialEvidence, PresentSecret, ProvenLeaf},
    merkle::Tree,
    secret::{BlindIndex, SecretLeaf},
};

impl<S: Store> Decision<'_, S> {
    /// Releases the secrets with these blind indexes. Without an index, only the evidence of the profile itself.
    pub(super) fn read_secrets(
        &self,
        tx: &mut dyn Tx,
        since: Since,
        indexes: &[BlindIndex],
    ) -> Result<Answer, Refused> {
        let permit = self.permit()?;
        let head = self.profile_head(tx, &permit)?;
        let manifest = stored_manifest(&head)?;
        let chain = self.chain(tx, since)?;
        let profile = self.profile_evidence(&permit.profile(), &manifest)?;
        let keys = self.key_path(tx, &permit.profile(), &head)?;
        let mut part = PartialEvidence { present: Vec::new(), neighbours: Vec::new() };
        let mut absent = Vec::new();
        if !indexes.is_empty() {
            let proofs = Proofs::new(tx.leaves(&permit.org(), &permit.profile())?);
            let secrets = tx.secrets_at(&permit, indexes)?;
            for stored in secrets {
                let proof = proofs.of(&stored.secret.index).ok_or_else(|| damaged("a secret has no leaf"))?.proof;
                part.present.push(PresentSecret { secret: stored.secret, proof });
            }
            absent = indexes.to_vec();
            absent.retain(|index| part.present.iter().all(|present| present.secret.index != *index));
            for index in &absent {
                part.neighbours.extend(proofs.around(index)?);
            }
            part.neighbours.sort_by_key(|neighbour| neighbour.proof.index);
            part.neighbours.dedup_by_key(|neighbour| neighbour.proof.index);
        }
        self.count_read(tx)?;
        let secrets = part
            .present
            .iter()
            .map(|present| ReleasedSecret { secret: present.secret.id, version: present.secret.version });
        let released = Released::Secrets {
            profile: permit.profile(),
            revision: head.revision,
            secrets: secrets.collect(),
            absent,
        };
        Ok(Answer::new(Some(released), move |receipt| SealedPart { chain, profile, keys, part, receipt }))
    }
}

/// A revision's leaves with the tree over them.
struct Proofs {
    leaves: Vec<SecretLeaf>,
    tree: Tree,
}

impl Proofs {
    fn new(leaves: Vec<SecretLeaf>) -> Self {
        let tree = Tree::from_leaf_hashes(leaves.iter().map(SecretLeaf::leaf_hash));
        Self { leaves, tree }
    }

    fn position(&self, index: &BlindIndex) -> Result<usize, usize> {
        self.leaves.binary_search_by(|leaf| leaf.index.cmp(index))
    }

    fn at(&self, position: usize) -> Option<ProvenLeaf> {
        let leaf = *self.leaves.get(position)?;
        Some(ProvenLeaf { leaf, proof: self.tree.inclusion(position)? })
    }

    fn of(&self, index: &BlindIndex) -> Option<ProvenLeaf> {
        self.at(self.position(index).ok()?)
    }

    /// The leaves on both sides of where an absent index would stand.
    fn around(&self, index: &BlindIndex) -> Result<impl Iterator<Item = ProvenLeaf>, StoreError> {
        let position = self.position(index).err().ok_or_else(|| damaged("a leaf has no secret"))?;
        let before = position.checked_sub(1).and_then(|before| self.at(before));
        Ok(before.into_iter().chain(self.at(position)))
    }
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(what.to_owned())
}
