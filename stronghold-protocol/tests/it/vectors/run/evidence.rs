//! What an agent believes of a reply, but for what is sealed and logged.

use super::{Came, told, why};
use crate::vectors::protocol::{
    crypto::{hash::Hash, sign::SigningPublicKey},
    directory::{HeaderRef, ProfileLeaf},
    encoding::Base64Bytes,
    evidence::{Anchor, ChainEvidence, PartialEvidence, ProfileEvidence, ProfileFloor, VerifiedProfile},
    id::{OrgId, SecretId},
    manifest::Manifest,
    number::{Revision, Seq},
    roster::RosterRef,
    secret::{BlindIndex, SealedSecret, SecretLeaf},
    signed::Signed,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    org: OrgId,
    leaf: ProfileLeaf,
    roster_keys: Vec<SigningPublicKey>,
    manifest: Signed,
    /// All secrets of the revision, in the order of their blind indexes, where they are shown.
    secrets: Option<Vec<SealedSecret>>,
}

/// Believes a profile's head, and that it holds these secrets.
pub(super) fn head(case: &Head) -> Came {
    let head = Manifest::verify_head(&case.manifest, &case.org, &case.leaf, &case.roster_keys).map_err(why)?;
    let leaves: Option<Vec<SecretLeaf>> =
        case.secrets.as_ref().map(|secrets| secrets.iter().map(SealedSecret::leaf).collect());
    if let Some(leaves) = &leaves {
        head.value().check_secrets(leaves).map_err(why)?;
    }
    let hashes: Option<Vec<Hash>> = leaves.map(|leaves| leaves.iter().map(SecretLeaf::leaf_hash).collect());
    Ok(json!({ "hash": head.hash(), "leaf_hashes": hashes }))
}

/// What the client brings along: its token's anchor, and what it remembers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    org: OrgId,
    seq: Seq,
    hash: Base64Bytes,
    remembered: Option<HeaderRef>,
    roster: Option<RosterRef>,
    floors: Vec<ProfileFloor>,
    minimum: Option<Revision>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reply {
    client: Known,
    asked: String,
    chain: ChainEvidence,
    profile: ProfileEvidence,
}

fn believed(reply: Reply) -> Result<(HeaderRef, VerifiedProfile), String> {
    let Reply { client, asked, chain, profile } = reply;
    let Known { org, seq, hash, remembered, roster, floors, minimum } = client;
    let trusted = chain.verify(&Anchor { org, seq, hash: hash.0, remembered, roster }).map_err(why)?;
    let asked = asked.parse().map_err(why)?;
    let profile = profile.verify(&trusted, &asked, &floors, minimum).map_err(why)?;
    Ok((trusted.head(), profile))
}

/// Believes what a reply says of a profile: gives what to remember.
pub(super) fn whole(reply: Reply) -> Came {
    let (header, profile) = believed(reply)?;
    Ok(json!({ "header": header, "profile": profile.floor() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    reply: Reply,
    indexes: Vec<BlindIndex>,
    part: PartialEvidence,
}

#[derive(Serialize)]
struct Answered {
    present: Vec<SecretId>,
    absent: Vec<BlindIndex>,
}

/// Believes what a reply says of some secrets.
pub(super) fn part(case: Part) -> Came {
    let (_, profile) = believed(case.reply)?;
    let part = case.part.verify(&profile, &case.indexes).map_err(why)?;
    told(Answered { present: part.present.iter().map(|secret| secret.id).collect(), absent: part.absent })
}
