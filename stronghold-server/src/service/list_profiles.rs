//! `profile.list`: the profiles that the caller may read.

use super::{
    gate::{Answer, Decision, Refused},
    task::Since,
};
use crate::store::{Store, StoreError, Tx};
use std::collections::BTreeSet;
use stronghold_protocol::{
    api::{ListedProfile, ProfileList},
    id::{GroupId, ProfileId},
};

impl<S: Store> Decision<'_, S> {
    /// Releases names and numbers of the readable profiles, sorted by name; no key and no ciphertext.
    pub(super) fn list_profiles(&self, tx: &mut dyn Tx, since: Since) -> Result<Answer, Refused> {
        let chain = self.chain(tx, since)?;
        let mut profiles = Vec::new();
        for id in self.readable_profiles() {
            let head = tx.profile_head(&self.org(), &id)?;
            let head = head.ok_or_else(|| StoreError::Damaged(format!("profile {id} has no revision")))?;
            if let Some(entry) = self.directory().leaf_entry(&id) {
                let (revision, count, epoch) = (head.revision, head.count, head.epoch);
                profiles.push(ListedProfile { entry, revision, count, epoch });
            }
        }
        profiles.sort_by(|a, b| a.entry.leaf.name.cmp(&b.entry.leaf.name));
        Ok(Answer::new(None, move |receipt| ProfileList { chain, profiles, receipt }))
    }

    fn readable_profiles(&self) -> BTreeSet<ProfileId> {
        let directory = self.directory();
        let groups = directory.groups_of(&self.caller.principal);
        if groups.contains(&GroupId::ADMINS) {
            return directory.profiles().map(|profile| profile.id).collect();
        }
        let granted = groups.iter().filter_map(|group| directory.group(group)).flat_map(|group| group.profiles.iter());
        granted.copied().filter(|id| directory.reading_group(&self.caller.principal, id).is_some()).collect()
    }
}
