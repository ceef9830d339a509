//! `seal.read`: the sealed keys of some objects that the caller can open.

use super::{
    gate::{Answer, Decision, Refused},
    task::malformed,
};
use crate::store::{Store, Tx};
use std::collections::BTreeSet;
use stronghold_protocol::{
    api::{SealsQuery, SealsReply},
    crypto::sign::KeyId,
    id::{GroupId, ProfileId},
    number::Epoch,
    seal::{KeyHistory, SealId, SealedObject},
};

/// Most objects that can be asked for at once.
const OBJECTS: usize = 10_000;
/// How many seals are looked up at once.
const CHUNK: usize = 500;

impl<S: Store> Decision<'_, S> {
    /// Releases the seals of the objects to the caller's own key and to the keys of its groups, and no other: whoever is
    /// asked for what it has no access to gets nothing that it could open.
    pub(super) fn read_seals(&self, tx: &mut dyn Tx, query: &SealsQuery) -> Result<Answer, Refused> {
        if query.objects.len() > OBJECTS {
            return Err(malformed(format!("at most {OBJECTS} objects can be asked for at once")).into());
        }
        let mut wanted = BTreeSet::new();
        let mut with_history = BTreeSet::new();
        for object in &query.objects {
            match object {
                SealedObject::GroupSeed(group) => self.want_group_seed(&mut wanted, *group),
                SealedObject::ProfileKey(profile) | SealedObject::HistoryKey(profile) => {
                    self.want_profile_key(tx, &mut wanted, *object, profile)?;
                    if query.histories && self.may_open_history(profile) {
                        with_history.insert(*profile);
                    }
                }
            }
        }
        let wanted: Vec<SealId> = wanted.into_iter().collect();
        let mut seals = Vec::new();
        for chunk in wanted.chunks(CHUNK) {
            seals.extend(tx.seals(&self.org(), chunk)?);
        }
        let mut histories: Vec<KeyHistory> = Vec::new();
        for profile in &with_history {
            histories.extend(tx.histories(&self.org(), profile)?);
        }
        Ok(Answer::new(None, move |_| SealsReply { seals, histories }))
    }

    fn want_group_seed(&self, wanted: &mut BTreeSet<SealId>, group: GroupId) {
        let Some(entry) = self.directory().group(&group) else { return };
        let own = self.caller.kem.key_id();
        let admins = self.caller.kind.is_manager().then(|| self.directory().group(&GroupId::ADMINS)).flatten();
        let recipients = std::iter::once(own).chain(admins.map(|admins| admins.key.key_id()));
        wanted.extend(recipients.map(|recipient| SealId {
            object: SealedObject::GroupSeed(group),
            epoch: entry.epoch,
            recipient,
        }));
    }

    /// The keys of the profile's own epoch, and of its newest revision's: until a rekey is finished they differ.
    fn want_profile_key(
        &self,
        tx: &mut dyn Tx,
        wanted: &mut BTreeSet<SealId>,
        object: SealedObject,
        profile: &ProfileId,
    ) -> Result<(), Refused> {
        let Some(entry) = self.directory().profile(profile) else { return Ok(()) };
        let groups = self.reading_groups(profile);
        if groups.is_empty() {
            return Ok(());
        }
        let head = tx.profile_head(&self.org(), profile)?.map_or(entry.epoch, |head| head.epoch);
        for group in &groups {
            for recipient in self.group_keys(*group, head < entry.epoch) {
                let ids = [entry.epoch, head].map(|epoch| SealId { object, epoch, recipient });
                wanted.extend(ids);
            }
        }
        Ok(())
    }

    fn group_keys(&self, group: GroupId, earlier_too: bool) -> Vec<KeyId> {
        let newest = self.directory().group(&group).map_or(0, |group| group.epoch.get());
        let oldest = if earlier_too { 1 } else { newest };
        let epochs = (oldest..=newest).filter_map(|epoch| Epoch::new(epoch).ok());
        epochs.filter_map(|epoch| self.state.group_key(&group, epoch)).collect()
    }

    fn may_open_history(&self, profile: &ProfileId) -> bool {
        let Some(entry) = self.directory().profile(profile) else { return false };
        self.reading_groups(profile)
            .iter()
            .any(|group| *group == GroupId::ADMINS || entry.grants.get(group).is_some_and(|grant| grant.history))
    }
}
