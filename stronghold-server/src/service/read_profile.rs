//! `profile.read`: everything to verify and open a profile, in one reply.

use super::{
    contents::ProfileContent,
    gate::{Answer, Decision, Refused},
    task::Since,
};
use crate::{
    access::ReadPermit,
    store::{ProfileHead, Store, StoreError, Tx},
};
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;
use stronghold_protocol::{
    api::KeyPath,
    audit::Released,
    evidence::{ChainEvidence, ProfileEvidence},
    receipt::Receipt,
};

/// [`stronghold_protocol::api::SealedProfile`] with secrets that are JSON already.
#[derive(Serialize)]
struct Reply<'a> {
    chain: &'a ChainEvidence,
    profile: &'a ProfileEvidence,
    keys: &'a KeyPath,
    secrets: &'a RawValue,
    receipt: Receipt,
}

impl<S: Store> Decision<'_, S> {
    /// Releases the whole profile that the path names.
    pub(super) fn read_profile(&self, tx: &mut dyn Tx, since: Since) -> Result<Answer, Refused> {
        let permit = self.permit()?;
        let head = self.profile_head(tx, &permit)?;
        let content = self.content(tx, &permit, &head)?;
        let chain = self.chain(tx, since)?;
        let profile = self.profile_evidence(&permit.profile(), &content.manifest)?;
        let keys = self.key_path(tx, &permit.profile(), &head)?;
        self.count_read(tx)?;
        let released =
            Released::Profile { profile: permit.profile(), revision: head.revision, manifest: head.manifest };
        let render = move |receipt| {
            let secrets = &*content.secrets;
            serde_json::to_vec(&Reply { chain: &chain, profile: &profile, keys: &keys, secrets, receipt })
        };
        Ok(Answer { released: Some(released), render: Box::new(render) })
    }

    /// The profile's newest revision, as of the commit.
    pub(super) fn profile_head(&self, tx: &mut dyn Tx, permit: &ReadPermit) -> Result<ProfileHead, Refused> {
        let head = tx.profile_head(&permit.org(), &permit.profile())?;
        // The directory knows the profile, and its creation stored revision 1.
        Ok(head.ok_or_else(|| StoreError::Damaged(format!("profile {} has no revision", permit.profile())))?)
    }

    fn content(
        &self,
        tx: &mut dyn Tx,
        permit: &ReadPermit,
        head: &ProfileHead,
    ) -> Result<Arc<ProfileContent>, Refused> {
        let (org, profile) = (permit.org(), permit.profile());
        if let Some(content) = self.inner.contents.get(org, profile, head.manifest) {
            return Ok(content);
        }
        let content = ProfileContent::read(tx, permit, head)?;
        self.inner.contents.keep(org, profile, head.manifest, &content);
        Ok(content)
    }
}
