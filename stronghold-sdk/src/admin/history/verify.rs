//! Everything that ever was, held against what was signed.

use super::ProfileHistory;
use crate::{admin::Session, error::Error};
use std::collections::BTreeMap;
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::Directory,
    evidence::ProfileFloor,
    id::ProfileId,
    manifest::KeyCommitment,
    number::{Epoch, Revision},
    transport::Transport,
};

/// What verifying the past of a profile came to.
#[derive(Clone, Debug)]
pub struct VerifiedPast {
    /// How many revisions there are.
    pub revisions: usize,
    /// How many secrets the profile holds.
    pub secrets: usize,
    /// How many pairs of ciphertexts are what was signed, of all revisions and epochs.
    pub ciphertexts: usize,
    /// How many are purged, each with its tombstone.
    pub purged: usize,
    /// What to remember of the profile.
    pub floor: ProfileFloor,
    /// The hash of each revision's manifest.
    pub manifests: BTreeMap<Revision, Hash>,
}

/// What was seen so far.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) ciphertexts: usize,
    pub(super) purged: usize,
}

/// What the directory said of a profile over time.
struct Stated {
    vouched: BTreeMap<Revision, Hash>,
    commitments: BTreeMap<Epoch, KeyCommitment>,
}

impl<T: Transport> Session<T> {
    /// Whether the caller may read a profile.
    #[must_use]
    pub fn may_read(&self, profile: ProfileId) -> bool {
        self.directory.reading_group(&self.user.into(), &profile).is_some()
    }

    /// Whether the caller may read a profile's history.
    #[must_use]
    pub fn may_read_history(&self, profile: ProfileId) -> bool {
        let groups = self.directory.groups_of(&self.user.into());
        self.is_manager()
            || self.directory.profile(&profile).is_some_and(|entry| {
                groups.iter().filter_map(|group| entry.grants.get(group)).any(|grant| grant.history)
            })
    }

    /// The directory's states after each statement, to verify the past of any number of profiles with.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached, refuses, or sends other statements than before.
    pub async fn past_states(&mut self) -> Result<Vec<Directory>, Error> {
        self.sync().await?;
        self.cache.states(&self.client, &*self.who, self.directory.head()).await
    }

    /// Verifies a profile's whole past.
    ///
    /// 1. every manifest down to revision 1, and what each changed; 2. each revision that the directory ever vouched for is
    ///    the one it vouched for, each epoch's key the one it stated, each author one who might sign then; 3. every
    ///    ciphertext of every revision is what was signed, or has a tombstone; 4. every epoch's master key opens, and what
    ///    everybody is shown now is the newest revision.
    ///
    /// # Errors
    /// [`Error::Integrity`] that names profile and revision at the first thing that is not what was signed.
    pub async fn verify_past(&mut self, profile: ProfileId, states: &[Directory]) -> Result<VerifiedPast, Error> {
        // 1.
        let history = self.history(profile).await?;
        // 2.
        check_directory(&history, states)?;
        // 3.
        let mut checked = Checked::default();
        let mut next = Revision::FIRST;
        while next <= history.newest() {
            next = self.check_introduced(&history, next, &mut checked).await?;
        }
        // 4.
        self.past_keys(&history).await?;
        let newest = history.newest();
        let shown = self.open_profile(profile).await.map_err(|error| error.of_past(history.name(), newest))?;
        let now = shown.manifest();
        // Somebody may have written since.
        if now.value().revision <= newest && history.floor.manifest != Some(now.hash()) {
            return Err(Error::bad_history(history.name(), newest, "readers are shown another one, or an older"));
        }
        let manifests = history.revisions.iter().map(|revision| (revision.number(), revision.manifest.hash()));
        Ok(VerifiedPast {
            manifests: manifests.collect(),
            revisions: history.revisions.len(),
            secrets: history.contents.leaves().count(),
            ciphertexts: checked.ciphertexts,
            purged: checked.purged,
            floor: history.floor,
        })
    }
}

fn check_directory(history: &ProfileHistory, states: &[Directory]) -> Result<(), Error> {
    let stated = Stated::of(history.profile, states);
    let bad = |revision, reason: &str| Error::bad_history(history.name(), revision, reason);
    for (number, hash) in &stated.vouched {
        // What was vouched for after this read began is above it.
        let Ok(revision) = history.revision(*number) else { continue };
        if revision.manifest.hash() != *hash {
            return Err(bad(*number, "it is another one than the directory vouched for"));
        }
    }
    for revision in &history.revisions {
        let said = revision.manifest();
        if stated.commitments.get(&said.epoch).is_some_and(|stated| *stated != said.commitment) {
            return Err(bad(said.revision, "its key is another one than the directory stated for its epoch"));
        }
        let since = usize::try_from(said.header.seq.get()).unwrap_or(usize::MAX);
        match states.get(since) {
            Some(state) if state.head() == said.header => {}
            // It was signed after the states were fetched.
            None => continue,
            Some(_) => return Err(bad(said.revision, "it names a header that is not in the directory")),
        }
        if stated.vouched.get(&said.revision) == Some(&revision.manifest.hash()) {
            continue;
        }
        if !might_sign(history, revision, states.get(since..).unwrap_or_default()) {
            return Err(bad(said.revision, "its author might not write the profile then"));
        }
    }
    Ok(())
}

/// Whether a revision's author might write the profile when it was written. `states` begin with the header it names.
///
/// Whatever ends a right vouches for all that was written under it, so the right lasted until right before the statement
/// that vouched for this revision or a newer one, or lasts still.
fn might_sign(history: &ProfileHistory, revision: &super::KnownRevision, states: &[Directory]) -> bool {
    // What is vouched for is only raised.
    let not_yet_vouched = |state: &Directory| {
        state.profile(&history.profile).is_none_or(|profile| profile.vouched.revision < revision.number())
    };
    let before_vouched = states.partition_point(not_yet_vouched).checked_sub(1);
    before_vouched.and_then(|last| states.get(last)).is_some_and(|state| {
        let mut rightful = state.roster().value().signing_keys();
        rightful.extend(state.leaf(&history.profile).map(|leaf| leaf.writers).unwrap_or_default());
        let mut signers = revision.manifest.envelope().signatures.iter();
        signers.any(|signature| rightful.iter().any(|key| key.key_id() == signature.key))
    })
}

impl Stated {
    fn of(profile: ProfileId, states: &[Directory]) -> Self {
        let mut stated = Self { vouched: BTreeMap::new(), commitments: BTreeMap::new() };
        for entry in states.iter().filter_map(|state| state.profile(&profile)) {
            stated.vouched.insert(entry.vouched.revision, entry.vouched.manifest);
            stated.commitments.insert(entry.epoch, entry.commitment);
        }
        stated
    }
}
