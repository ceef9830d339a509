//! The past of a profile: back from the newest revision to the first, and up again.

use super::{Came, told, why};
use crate::vectors::protocol::{
    api::PastRevision,
    crypto::hash::Hash,
    history::Contents,
    id::{OrgId, ProfileId, SecretId},
    manifest::Manifest,
    number::{Revision, Version},
    secret::SecretLeaf,
    signed::{Signed, Verified},
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Past {
    org: OrgId,
    profile: ProfileId,
    /// The object hash of the newest manifest.
    head: Hash,
    /// Newest first.
    revisions: Vec<PastRevision>,
}

#[derive(Serialize)]
struct Replayed {
    leaves: Vec<SecretLeaf>,
    deleted: Vec<Deleted>,
}

#[derive(Serialize)]
struct Deleted {
    id: SecretId,
    version: Version,
}

/// Believes what a server shows of a profile's past below a head that is believed.
pub(super) fn replay(case: &Past) -> Came {
    let manifests = chain(case)?;
    let mut contents = Contents::default();
    for (manifest, past) in manifests.iter().zip(&case.revisions).rev() {
        contents.apply(manifest.value(), &past.puts, &past.removes).map_err(why)?;
    }
    let deleted = contents.deleted().map(|(id, version)| Deleted { id, version }).collect();
    told(Replayed { leaves: contents.leaves().copied().collect(), deleted })
}

/// The manifests, each of which follows the one below it.
fn chain(case: &Past) -> Result<Vec<Verified<Manifest>>, String> {
    let mut manifests: Vec<Verified<Manifest>> = Vec::new();
    for past in &case.revisions {
        let manifest = match manifests.last() {
            None => past.manifest.pinned::<Manifest>(&case.head.0).map_err(why)?,
            Some(newer) => {
                // What the newer one says of its hash is for the check to hold against it.
                let manifest = believed(&past.manifest)?;
                newer.value().check_follows(&manifest).map_err(why)?;
                manifest
            }
        };
        manifests.push(manifest);
    }
    let (newest, oldest) = manifests.first().zip(manifests.last()).ok_or_else(|| why("there is no revision"))?;
    if newest.value().org != case.org || newest.value().profile != case.profile {
        return Err(why("it is another profile's past"));
    }
    if oldest.value().revision != Revision::FIRST || oldest.value().prev.is_some() {
        return Err(why("it does not begin with revision 1"));
    }
    Ok(manifests)
}

fn believed(manifest: &Signed) -> Result<Verified<Manifest>, String> {
    manifest.pinned(&manifest.hash_as::<Manifest>().0).map_err(why)
}
