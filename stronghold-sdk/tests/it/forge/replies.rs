//! What the server of a made organization answers.

use super::{
    AGENT, Bend, CHECKPOINTS, Forge, GROUP, Held, Keys, OWNER, agent, group, id_bytes, identity, now, profile_id,
    sealed, signed, tree,
};
use stronghold_sdk::{
    crypto::seal::KemSecretKey,
    protocol::{
        api::{self, KeyPath, SealedPart, SealedProfile},
        audit::{AuditRecord, Outcome, RecordSchema, Released, ReleasedSecret},
        crypto::{kem::KemPublicKey, sign::SigningKey},
        directory::HeaderRef,
        encoding::Base64Bytes,
        evidence::{ChainEvidence, PartialEvidence, PresentSecret, ProfileEvidence, ProfileSelector, ProvenLeaf},
        id::EventId,
        manifest::Manifest,
        merkle::Inclusion,
        number::{Epoch, Revision},
        receipt::Receipt,
        request::{Method, RequestNonce, RequestParts, SignatureParams, SignedRequest},
        seal::{SealId, SealedObject},
        secret::{BlindIndex, SealedSecret},
        signed::Signed,
    },
};

impl Forge {
    /// Signs a request of the agent for a profile, whole or in part.
    pub(crate) fn request(&self, asked: &str, indexes: Option<&[BlindIndex]>) -> SignedRequest {
        let selector: ProfileSelector = asked.parse().unwrap();
        let path = api::profile_path(&self.org, &selector, if indexes.is_some() { "secrets" } else { "read" });
        let of_indexes = indexes.unwrap_or_default().iter().map(|index| format!("&index={index}")).collect::<String>();
        let parts = RequestParts::new(Method::Get, path, format!("anchor={}{of_indexes}", self.floor.seq)).unwrap();
        let identity = identity(AGENT);
        let key_id = identity.public_keys().sign.key_id();
        let params = SignatureParams { created: now().as_seconds(), nonce: RequestNonce([9; 16]), key_id };
        SignedRequest::sign("vault.example".parse().unwrap(), parts, params, |base| identity.signing_key().sign(base))
    }

    fn chain(&self) -> ChainEvidence {
        let at = usize::try_from(self.floor.seq.get()).unwrap();
        ChainEvidence {
            anchor: self.statements[at].header.clone(),
            rosters: self.rosters.clone(),
            head: self.statements.last().unwrap().header.clone(),
            anchor_proof: self.proof(self.floor),
            remembered_proof: None,
        }
    }

    /// That the newest header's log holds another one.
    pub(crate) fn proof(&self, header: HeaderRef) -> Option<Inclusion> {
        let at = |header: HeaderRef| usize::try_from(header.seq.get()).unwrap();
        self.state.header_log().inclusion_at(at(header), at(self.state.head()))
    }

    fn manifest(&self, held: &Held, secrets: &[SealedSecret], bend: &dyn Fn(&mut Manifest)) -> Signed {
        let mut manifest: Manifest = serde_json::from_slice(&held.first.payload.0).unwrap();
        (manifest.revision, manifest.prev) = (manifest.revision.next(), Some(held.first.hash_as::<Manifest>()));
        manifest.header = self.state.head();
        manifest.count = secrets.len() as u64;
        manifest.root = tree(secrets).root();
        bend(&mut manifest);
        signed(&manifest, OWNER)
    }

    fn key_path(&self, held: &Held, bend: &dyn Fn(&mut Keys)) -> KeyPath {
        let to = identity(AGENT).public_keys().kem;
        let group_key = KemSecretKey::from_seed(&[GROUP; 32]).public_key();
        let id =
            |object: SealedObject, to: &KemPublicKey| SealId { object, epoch: Epoch::FIRST, recipient: to.key_id() };
        let mut keys = Keys {
            seed: vec![GROUP; 32],
            seed_id: id(SealedObject::GroupSeed(group()), &to),
            seed_org: self.org,
            master: vec![held.number; 32],
            master_id: id(SealedObject::ProfileKey(profile_id(held.number)), &group_key),
            master_org: self.org,
        };
        bend(&mut keys);
        KeyPath {
            group: group(),
            group_epoch: Epoch::FIRST,
            group_seed: sealed(&to, &keys.seed_id.info(&keys.seed_org), &keys.seed).into(),
            profile_key: sealed(&group_key, &keys.master_id.info(&keys.master_org), &keys.master).into(),
        }
    }

    fn receipt(
        &self,
        request: &SignedRequest,
        action: &str,
        released: Released,
        bend: &dyn Fn(&mut AuditRecord),
    ) -> Receipt {
        let mut record = AuditRecord {
            schema: RecordSchema,
            id: EventId::from_bytes(id_bytes(150)),
            org: self.org,
            time: now(),
            principal: Some(agent(AGENT).into()),
            key_id: Some(identity(AGENT).public_keys().sign.key_id()),
            action: action.to_owned(),
            outcome: Outcome::Allowed,
            reason: None,
            released: Some(released),
            address: Some("192.0.2.1".to_owned()),
            directory: self.state.head(),
            request: Some(request.clone()),
        };
        bend(&mut record);
        let bytes: Base64Bytes = record.encode().unwrap().into();
        Receipt::sign(&self.org, 7, bytes, &SigningKey::from_seed(&[CHECKPOINTS; 32]))
    }

    fn evidence(&self, held: &Held, manifest: Signed) -> ProfileEvidence {
        let leaf = self.state.leaf_entry(&profile_id(held.number)).unwrap();
        ProfileEvidence { leaf, manifest, header_proof: None }
    }

    /// The reply to a read of a whole profile.
    pub(crate) fn read(&self, number: u8, request: &SignedRequest, bend: &Bend<'_>) -> SealedProfile {
        let held = &self.profiles[&number];
        let mut secrets = self.secrets(held);
        (bend.secrets)(&mut secrets);
        let manifest = self.manifest(held, &secrets, bend.manifest);
        let released = Released::Profile {
            profile: profile_id(number),
            revision: Revision::FIRST.next(),
            manifest: manifest.hash_as::<Manifest>(),
        };
        SealedProfile {
            chain: self.chain(),
            profile: self.evidence(held, manifest),
            keys: self.key_path(held, bend.keys),
            secrets,
            receipt: self.receipt(request, "profile.read", released, bend.record),
        }
    }

    /// The reply to a read of some secrets.
    pub(crate) fn part(
        &self,
        number: u8,
        request: &SignedRequest,
        indexes: &[BlindIndex],
        bend: &Bend<'_>,
    ) -> SealedPart {
        let held = &self.profiles[&number];
        let secrets = self.secrets(held);
        let tree = tree(&secrets);
        let manifest = self.manifest(held, &secrets, bend.manifest);
        let mut part = PartialEvidence { present: Vec::new(), neighbours: Vec::new() };
        let mut absent = Vec::new();
        for index in indexes {
            match secrets.binary_search_by_key(index, |secret| secret.index) {
                Ok(at) => {
                    part.present.push(PresentSecret { secret: secrets[at].clone(), proof: tree.inclusion(at).unwrap() })
                }
                Err(at) => {
                    absent.push(*index);
                    let beside = at.checked_sub(1).into_iter().chain((at < secrets.len()).then_some(at));
                    part.neighbours.extend(
                        beside.map(|at| ProvenLeaf { leaf: secrets[at].leaf(), proof: tree.inclusion(at).unwrap() }),
                    );
                }
            }
        }
        let shown = part.present.iter().map(|shown| &shown.secret);
        let released = Released::Secrets {
            profile: profile_id(number),
            revision: Revision::FIRST.next(),
            secrets: shown.map(|secret| ReleasedSecret { secret: secret.id, version: secret.version }).collect(),
            absent,
        };
        SealedPart {
            chain: self.chain(),
            profile: self.evidence(held, manifest),
            keys: self.key_path(held, bend.keys),
            part,
            receipt: self.receipt(request, "secret.read", released, bend.record),
        }
    }
}
