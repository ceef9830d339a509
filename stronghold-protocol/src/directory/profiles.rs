//! The effects of changes of profiles and grants.

use super::{
    Change, Grant, Profile, Tombstone, Vouched,
    apply::{Refusal, Work, require},
};
use crate::{
    id::{GroupId, ProfileId},
    name::Name,
    number::{Epoch, Revision},
};
use rpds::RedBlackTreeMapSync;
use std::sync::Arc;

/// Makes one change of a profile.
pub(super) fn make(work: &mut Work, change: &Change) -> Result<(), Refusal> {
    match change {
        Change::ProfileCreated { id, name, commitment, vouched } => {
            work.claim_id(*id.as_bytes())?;
            require(vouched.revision == Revision::FIRST, "a profile is created with revision 1")?;
            take_name(work, *id, name)?;
            let profile = Profile {
                id: *id,
                name: name.clone(),
                epoch: Epoch::FIRST,
                commitment: *commitment,
                vouched: *vouched,
                grants: RedBlackTreeMapSync::new_sync(),
                purged: RedBlackTreeMapSync::new_sync(),
            };
            work.state.profiles.insert_mut(*id, Arc::new(profile));
            work.touched.insert(*id);
        }
        Change::ProfileRenamed { id, name, vouched } => {
            let before = live(work, id)?.name.clone();
            require(before != *name, "the name is the same as before")?;
            let newer = live(work, id)?.vouched.revision < vouched.revision;
            require(newer, "a new name comes with a new revision whose manifest states it")?;
            take_name(work, *id, name)?;
            work.state.profile_names.remove_mut(&before);
            live(work, id)?.name = name.clone();
            vouch(work, id, *vouched)?;
        }
        Change::ProfileEpoch { id, epoch, commitment, vouched } => {
            let profile = live(work, id)?;
            require(*epoch == profile.epoch.next(), "the epoch is not one more than before")?;
            require(*commitment != profile.commitment, "a new epoch has a new master key")?;
            profile.epoch = *epoch;
            profile.commitment = *commitment;
            vouch(work, id, *vouched)?;
        }
        Change::ProfileVouched { id, vouched } => vouch(work, id, *vouched)?,
        Change::ProfileGranted { profile, group, write, history } => {
            grant(work, *profile, *group, Grant { write: *write, history: *history })?
        }
        Change::ProfileRevoked { profile, group } => {
            let revoked = live(work, profile)?.grants.remove_mut(group);
            require(revoked, "the group has no such grant")?;
            if let Some(group) = work.state.groups.get_mut(group) {
                Arc::make_mut(group).profiles.remove_mut(profile);
            }
        }
        Change::ProfileDeleted { id } => {
            let profile = live(work, id)?.clone();
            for group in profile.grants.keys() {
                if let Some(group) = work.state.groups.get_mut(group) {
                    Arc::make_mut(group).profiles.remove_mut(id);
                }
            }
            work.state.profile_names.remove_mut(&profile.name);
            work.state.profiles.remove_mut(id);
            work.touched.insert(*id);
        }
        Change::SecretPurged { profile, secret, versions } => {
            require(work.by_owner, "only an owner purges")?;
            require(!versions.is_empty(), "a purge names versions")?;
            let tombstone = Tombstone { seq: work.state.head.seq.next(), at: work.time };
            let profile = live(work, profile)?;
            for version in versions {
                // The first purge is the one that counts.
                if profile.purged.get(&(*secret, *version)).is_none() {
                    profile.purged.insert_mut((*secret, *version), tombstone);
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn grant(work: &mut Work, profile: ProfileId, group: GroupId, grant: Grant) -> Result<(), Refusal> {
    require(group != GroupId::ADMINS, "the admins reach every profile already")?;
    let known = work.state.groups.get_mut(&group).map(Arc::make_mut);
    known.ok_or(Refusal::Rule("there is no such group"))?.profiles.insert_mut(profile);
    let grants = &mut live(work, &profile)?.grants;
    if let Some(before) = grants.get(&group) {
        require(*before != grant, "the grant is the same as before")?;
        let grows = before.write <= grant.write && before.history <= grant.history;
        require(grows, "a grant only grows: revoke it first to make it less")?;
    }
    grants.insert_mut(group, grant);
    work.touched.insert(profile);
    Ok(())
}

fn vouch(work: &mut Work, id: &ProfileId, vouched: Vouched) -> Result<(), Refusal> {
    let profile = live(work, id)?;
    let same = profile.vouched == vouched;
    require(same || profile.vouched.revision < vouched.revision, "what is vouched for is only raised")?;
    profile.vouched = vouched;
    work.touched.insert(*id);
    Ok(())
}

fn take_name(work: &mut Work, id: ProfileId, name: &Name) -> Result<(), Refusal> {
    require(!work.state.profile_names.contains_key(name), "another profile has this name")?;
    work.state.profile_names.insert_mut(name.clone(), id);
    Ok(())
}

fn live<'work>(work: &'work mut Work, id: &ProfileId) -> Result<&'work mut Profile, Refusal> {
    work.state.profiles.get_mut(id).map(Arc::make_mut).ok_or(Refusal::Rule("there is no such profile"))
}
