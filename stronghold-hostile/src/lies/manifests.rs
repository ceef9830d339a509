//! Lies about revisions: others, older ones, and newer ones that nobody may sign who signed them. The receipt of each says
//! what was shown, signed by the server, so that it is not what gives the lie away.

use super::{Question, secrets, typed};
use crate::{Lie, bytes::payload, database, operator::Operator, route::Route};
use serde_json::Value;
use stronghold_protocol::{
    api::SealedProfile,
    audit::{AuditRecord, Released},
    crypto::sign::SigningKey,
    directory::{Header, HeaderRef},
    id::OrgId,
    manifest::Manifest,
    merkle::Tree,
    receipt::Receipt,
    signed::Signed,
};
use stronghold_sdk::crypto::identity::Identity;

pub(super) fn tell(operator: &Operator, lie: Lie, question: &Question<'_>, json: &mut Value) -> Option<()> {
    let org = question.org.filter(|_| question.route == Route::Read)?;
    typed(json, |reply: &mut SealedProfile| in_read(operator, lie, question, &org, reply))
}

fn in_read(
    operator: &Operator,
    lie: Lie,
    question: &Question<'_>,
    org: &OrgId,
    reply: &mut SealedProfile,
) -> Option<()> {
    let read = |body: &Value| serde_json::from_value::<SealedProfile>(body.clone()).unwrap();
    let signer = |seed: Option<[u8; 32]>| seed.map(|seed| Identity::from_seed(&seed));
    let by = match lie {
        Lie::ManifestByStranger => Some(signer(Some([0x5e; 32]))?),
        Lie::ManifestByEditorElsewhere => Some(signer(operator.accomplices.editor_elsewhere)?),
        Lie::ManifestByRemovedEditor => Some(signer(operator.accomplices.removed_editor)?),
        _ => None,
    };
    if let Some(by) = by {
        reply.secrets.pop()?;
        newer(operator, org, reply, by.signing_key(), |_| {});
        return Some(());
    }
    match lie {
        Lie::OldRevision | Lie::OldRevisionUnderNewStatement => {
            let mut old = read(&secrets::first_of_path(operator, question)?.body);
            if old.profile.manifest == reply.profile.manifest {
                return None;
            }
            old.receipt = reply.receipt.clone();
            if lie == Lie::OldRevisionUnderNewStatement {
                (old.chain, old.profile.leaf) = (reply.chain.clone(), reply.profile.leaf.clone());
            }
            *reply = old;
        }
        Lie::ManifestOfAnotherProfile => {
            let other = read(&secrets::of_another_profile(operator, question)?.body);
            (reply.profile.manifest, reply.keys, reply.secrets) = (other.profile.manifest, other.keys, other.secrets);
        }
        Lie::ManifestOfAnotherOrganization => {
            let other = read(&secrets::of_another_org(operator, question)?.body);
            (reply.profile.manifest, reply.secrets) = (other.profile.manifest, other.secrets);
        }
        Lie::SwappedProfileNames => {
            let mut other = read(&secrets::of_another_profile(operator, question)?.body);
            (other.chain, other.receipt) = (reply.chain.clone(), reply.receipt.clone());
            other.profile.leaf.leaf.name = reply.profile.leaf.leaf.name.clone();
            *reply = other;
        }
        _ => return None,
    }
    if lie != Lie::OldRevision {
        prove_header(operator, org, reply);
    }
    tell_receipt(operator, org, reply);
    Some(())
}

/// Proves the header that a manifest of another time or place names, where the directory holds it.
fn prove_header(operator: &Operator, org: &OrgId, reply: &mut SealedProfile) {
    let (_, state) = database::directory(&operator.database, org);
    let place = |header: HeaderRef| usize::try_from(header.seq.get()).unwrap();
    let named = place(payload::<Manifest>(&reply.profile.manifest).header);
    reply.profile.header_proof = state.header_log().inclusion_at(named, place(state.head()));
}

/// Makes the secrets as they stand the next revision, signed by this key.
pub(super) fn newer(
    operator: &Operator,
    org: &OrgId,
    reply: &mut SealedProfile,
    by: &SigningKey,
    change: impl FnOnce(&mut Manifest),
) {
    let mut manifest: Manifest = payload(&reply.profile.manifest);
    (manifest.revision, manifest.prev) = (manifest.revision.next(), Some(reply.profile.manifest.hash_as::<Manifest>()));
    manifest.count = reply.secrets.len() as u64;
    manifest.root = Tree::from_leaf_hashes(reply.secrets.iter().map(|secret| secret.leaf().leaf_hash())).root();
    change(&mut manifest);
    reply.profile.manifest = Signed::create(&manifest, &[by]).unwrap();
    tell_receipt(operator, org, reply);
}

/// Has the receipt say what the answer shows.
fn tell_receipt(operator: &Operator, org: &OrgId, reply: &mut SealedProfile) {
    let manifest: Manifest = payload(&reply.profile.manifest);
    let mut record = AuditRecord::parse(&reply.receipt.record.0).unwrap();
    record.released = Some(Released::Profile {
        profile: manifest.profile,
        revision: manifest.revision,
        manifest: reply.profile.manifest.hash_as::<Manifest>(),
    });
    let head: Header = payload(&reply.chain.head);
    record.directory = HeaderRef { seq: head.seq, hash: reply.chain.head.hash_as::<Header>() };
    let bytes = record.encode().unwrap().into();
    reply.receipt = Receipt::sign(org, reply.receipt.position, bytes, &operator.server);
}
