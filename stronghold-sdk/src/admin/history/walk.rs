//! The walk back from the head to revision 1, and the replay from there up.

use super::{KnownRevision, ProfileHistory};
use crate::{admin::Session, error::Error, reader::Answered};
use std::collections::BTreeMap;
use stronghold_protocol::{
    api::{PastRevision, RevisionPage},
    crypto::hash::Hash,
    directory::{Directory, ProfileLeaf},
    evidence::{ProfileFloor, ProfileSelector, VerifiedProfile},
    history::Contents,
    id::{PrincipalId, ProfileId, UserId},
    manifest::{KeyCommitment, Manifest},
    number::{Epoch, Revision},
    signed::{Signed, Verified},
    transport::Transport,
};

impl<T: Transport> Session<T> {
    /// Every revision of a profile, verified.
    ///
    /// 1. the head, like for any read; 2. back from it, each manifest is the one that its successor names; 3. what the
    ///    directory vouches for, and what is remembered, is among them; 4. from revision 1 up, each was signed by a member,
    ///    has its epoch's one key, and holds what its changes lead to.
    ///
    /// # Errors
    /// [`Error::Integrity`] that names profile and revision where a step fails; other [`Error`]s when the caller may not
    /// read the history or the server cannot be reached.
    pub async fn history(&mut self, profile: ProfileId) -> Result<ProfileHistory, Error> {
        // 1.
        let (selector, anchor) = (ProfileSelector::Id(profile), self.anchor().await?);
        let known =
            self.directory.profile(&profile).ok_or_else(|| Error::not_found("profile", &profile.to_string()))?;
        let (name, vouched) = (known.name.clone(), known.vouched.revision);
        let first = self.client.revisions(&*self.who, profile, &anchor, None).await;
        let first = first.map_err(|error| error.of_past(&name, vouched))?;
        let mut page = self.checked_page(first).await?;
        let trusted = page.chain.verify(&anchor)?;
        let floors = self.memory.floors(&selector, profile);
        let head = page.profile.verify(&trusted, &selector, &floors, None);
        let head = head.map_err(|refusal| Error::from(refusal).of_past(&name, vouched))?;
        if trusted.head().seq > self.directory.head().seq {
            self.sync().await?;
        }
        // 2.
        let mut walk = Walk::new(&head);
        while let Some(before) = walk.take(page.revisions)? {
            let next = self.client.revisions(&*self.who, profile, &anchor, Some(before)).await;
            page = self.checked_page(next.map_err(|error| error.of_past(&name, before))?).await?;
        }
        // 3.
        walk.check_known(&floors)?;
        // 4.
        let history = walk.replay(&self.directory, head.floor())?;
        self.remember_read(&trusted, Some(&head), &anchor).await?;
        Ok(history)
    }
}

impl<T: Transport> Session<T> {
    async fn checked_page(&self, answered: Answered<RevisionPage>) -> Result<RevisionPage, Error> {
        let Answered { request, reply } = answered;
        self.check_receipt(&reply.receipt, &request, "revision.list", None).await?;
        Ok(reply)
    }
}

/// A past on the way down.
struct Walk {
    leaf: ProfileLeaf,
    /// Newest first.
    manifests: Vec<(Verified<Manifest>, PastRevision)>,
    /// Number and hash of what must come next.
    next: Option<(Revision, Hash)>,
}

impl Walk {
    fn new(head: &VerifiedProfile) -> Self {
        let newest = head.manifest();
        let next = Some((newest.value().revision, newest.hash()));
        Self { leaf: head.leaf().clone(), manifests: Vec::new(), next }
    }

    /// Takes a page; returns where the next one begins, below which revision, if there is more to come.
    fn take(&mut self, page: Vec<PastRevision>) -> Result<Option<Revision>, Error> {
        let before = self.manifests.len();
        for past in page {
            let (number, hash) = self.next.ok_or_else(|| Error::forged("there are revisions before the first"))?;
            let bad = |reason: &dyn std::fmt::Display| Error::bad_history(&self.leaf.name, number, reason);
            let manifest = past
                .manifest
                .pinned::<Manifest>(&hash.0)
                .map_err(|_| bad(&"its manifest is another one than the revision after it names"))?;
            if let Some((newer, _)) = self.manifests.last() {
                newer.value().check_follows(&manifest).map_err(|refusal| bad(&refusal))?;
            }
            self.next = match (manifest.value().prev, Revision::new(number.get() - 1)) {
                (Some(prev), Ok(below)) => Some((below, prev)),
                (None, Err(_)) => None,
                _ => return Err(bad(&"its manifest does not say what was before it")),
            };
            self.manifests.push((manifest, past));
        }
        match self.next {
            Some((number, _)) if self.manifests.len() == before => {
                Err(Error::bad_history(&self.leaf.name, number, "the server withholds it"))
            }
            Some((number, _)) => Ok(Some(number.next())),
            None => Ok(None),
        }
    }

    /// Checks that the vouched revision is among them, and every remembered one.
    fn check_known(&self, floors: &[ProfileFloor]) -> Result<(), Error> {
        let vouched = self.leaf.vouched;
        let of_this = floors.iter().filter(|floor| floor.id == self.leaf.id);
        let remembered = of_this.filter_map(|floor| Some((floor.revision, floor.manifest?)));
        for (number, hash) in remembered.chain([(vouched.revision, vouched.manifest)]) {
            let held = self.manifests.iter().any(|(manifest, _)| manifest.hash() == hash);
            if !held {
                let reason = "it is another one than the directory vouches for, or than this client remembers";
                return Err(Error::bad_history(&self.leaf.name, number, reason));
            }
        }
        Ok(())
    }

    fn replay(self, directory: &Directory, floor: ProfileFloor) -> Result<ProfileHistory, Error> {
        let Self { leaf, manifests, .. } = self;
        let mut contents = Contents::default();
        let mut commitments: BTreeMap<Epoch, KeyCommitment> = BTreeMap::new();
        let mut revisions = Vec::with_capacity(manifests.len());
        for (manifest, past) in manifests.into_iter().rev() {
            let said = manifest.value();
            let bad = |reason: &dyn std::fmt::Display| Error::bad_history(&leaf.name, said.revision, reason);
            if said.org != directory.org() || said.profile != leaf.id {
                return Err(bad(&"its manifest is another profile's"));
            }
            if *commitments.entry(said.epoch).or_insert(said.commitment) != said.commitment {
                return Err(bad(&"its manifest states another key than others of its epoch"));
            }
            let author = author_of(&past.manifest, directory);
            let author = author.ok_or_else(|| bad(&"no member of the organization signed its manifest"))?;
            contents.apply(said, &past.puts, &past.removes).map_err(|refusal| bad(&refusal))?;
            revisions.push(KnownRevision { author, puts: past.puts, removes: past.removes, manifest });
        }
        Ok(ProfileHistory { profile: leaf.id, leaf, floor, revisions, contents })
    }
}

/// The user whose signature is on a manifest that is believed by its hash. The hash covers no signature, so it is checked
/// here, with any key that a user ever had.
fn author_of(envelope: &Signed, directory: &Directory) -> Option<UserId> {
    let owners = envelope.signatures.iter().filter_map(|signature| directory.key_owner(&signature.key));
    let owners: Vec<_> = owners.collect();
    let keys: Vec<_> = owners.iter().map(|owner| owner.key).collect();
    let signer = *envelope.good_signers::<Manifest>(&keys).ok()?.first()?;
    owners.into_iter().find(|owner| owner.key == signer).and_then(|owner| match owner.principal {
        PrincipalId::User(user) => Some(user),
        PrincipalId::Agent(_) => None,
    })
}
