//! What a server shows of an organization, verified from the genesis on, whatever was remembered.

use super::{Session, VerifiedPast};
use crate::{
    error::Error,
    heads::{Compared, ComparedProfile, Heads, Relation},
};
use std::collections::BTreeMap;
use stronghold_protocol::{
    checkpoint::Checkpoint,
    crypto::hash::Hash,
    directory::{Directory, HeaderRef},
    evidence::ProfileFloor,
    id::ProfileId,
    name::Name,
    number::{Revision, Seq},
    roster::RosterRef,
    transport::Transport,
};

/// Everything that a server shows to one client, verified.
#[derive(Clone, Debug)]
pub struct View {
    /// The directory after each statement.
    pub(super) states: Vec<Directory>,
    pub(super) directory: Directory,
    /// Every profile of the directory.
    profiles: BTreeMap<ProfileId, ShownProfile>,
    /// The audit log.
    pub checkpoint: Checkpoint,
    /// How many secrets the profiles hold that the caller may read.
    pub secrets: usize,
    /// How many revisions of them there are.
    pub revisions: usize,
    /// How many pairs of ciphertexts are what was signed, of all revisions and epochs.
    pub ciphertexts: usize,
    /// How many are purged, each with its tombstone.
    pub purged: usize,
    /// Profiles whose head alone was verified: the caller may not read their history.
    pub heads_only: Vec<Name>,
}

/// What is known of a profile.
#[derive(Clone, Debug)]
struct ShownProfile {
    /// Its newest revision, where the caller may read it.
    floor: Option<ProfileFloor>,
    /// The manifests that are known: all of them where the caller may read the history, else those vouched for.
    manifests: BTreeMap<Revision, Hash>,
}

impl<T: Transport> Session<T> {
    /// Verifies everything that a server shows and that can be verified without the records of the audit log: the directory
    /// from its genesis; of every profile that the caller may read, each revision down to the first and each ciphertext ever
    /// written; the checkpoint of the audit log. `each` is told the name of each profile before it is verified.
    ///
    /// To find out what a server lost, this session must not itself remember anything
    /// ([`super::SessionBuilder::open_to_compare`]).
    ///
    /// # Errors
    /// [`Error::Integrity`] at the first thing that does not verify; [`Error`] when the server cannot be reached or refuses.
    pub async fn view(&mut self, each: &mut (dyn FnMut(&Name) + Send)) -> Result<View, Error> {
        let states = self.past_states().await?;
        let listed: Vec<_> = self.directory.profiles().map(|profile| (profile.id, profile.name.clone())).collect();
        let mut view = View {
            directory: self.directory.clone(),
            profiles: listed.iter().map(|(id, _)| (*id, ShownProfile::vouched(*id, &states))).collect(),
            states,
            checkpoint: self.newest_checkpoint().await?,
            secrets: 0,
            revisions: 0,
            ciphertexts: 0,
            purged: 0,
            heads_only: Vec::new(),
        };
        for (id, name) in listed {
            if !self.may_read(id) {
                continue;
            }
            each(&name);
            if self.may_read_history(id) {
                let past = self.verify_past(id, &view.states).await?;
                view.add(id, past);
            } else {
                let opened = self.open_profile(id).await?;
                view.secrets += opened.len();
                view.heads_only.push(name);
                view.profiles.entry(id).and_modify(|shown| shown.put_head(opened.floor()));
            }
        }
        Ok(view)
    }

    async fn newest_checkpoint(&mut self) -> Result<Checkpoint, Error> {
        Ok(self.believed_checkpoint(None, &[]).await?.checkpoint)
    }
}

impl View {
    /// The newest header.
    #[must_use]
    pub const fn head(&self) -> HeaderRef {
        self.directory.head()
    }

    /// How many profiles the caller may read.
    #[must_use]
    pub fn readable(&self) -> usize {
        self.floors().count()
    }

    /// What to write down of it, to be held against what other clients are shown.
    #[must_use]
    pub fn heads(&self) -> Heads {
        Heads::new(self.head(), self.roster(), self.floors().cloned().collect(), self.checkpoint)
    }

    pub(super) fn floors(&self) -> impl Iterator<Item = &ProfileFloor> {
        self.profiles.values().filter_map(|shown| shown.floor.as_ref())
    }

    pub(super) fn roster(&self) -> RosterRef {
        self.directory.roster_ref()
    }

    /// The state after the statement at a position.
    pub(super) fn state(&self, seq: Seq) -> Option<&Directory> {
        self.states.get(usize::try_from(seq.get()).ok()?)
    }

    pub(super) fn compare_header(&self, known: HeaderRef) -> Compared<HeaderRef> {
        let shown = self.head();
        let relation = match self.state(known.seq) {
            Some(state) if state.head() != known => Relation::Forked,
            _ => Relation::of_numbers(known.seq.get(), shown.seq.get()),
        };
        Compared { known, shown, relation }
    }

    pub(super) fn compare_roster(&self, known: RosterRef) -> Compared<RosterRef> {
        let shown = self.roster();
        let other = |state: &Directory| {
            let roster = state.roster_ref();
            roster.version == known.version && roster.hash != known.hash
        };
        let relation = match self.states.iter().any(other) {
            true => Relation::Forked,
            false => Relation::of_numbers(known.version.get(), shown.version.get()),
        };
        Compared { known, shown, relation }
    }

    pub(super) fn compare_profile(&self, known: &ProfileFloor) -> ComparedProfile {
        let name = self.directory.profile(&known.id).map_or(&known.name, |profile| &profile.name).clone();
        let shown = self.profiles.get(&known.id);
        let relation = match shown {
            Some(shown) => shown.relation_to(known),
            None if self.states.iter().any(|state| state.profile(&known.id).is_some()) => Relation::Deleted,
            None => Relation::Missing,
        };
        let shown = shown.and_then(|shown| shown.floor.clone());
        ComparedProfile { id: known.id, name, known: known.clone(), shown, relation }
    }

    fn add(&mut self, id: ProfileId, past: VerifiedPast) {
        self.secrets += past.secrets;
        self.revisions += past.revisions;
        self.ciphertexts += past.ciphertexts;
        self.purged += past.purged;
        self.profiles.insert(id, ShownProfile { floor: Some(past.floor), manifests: past.manifests });
    }
}

impl ShownProfile {
    /// What the directory alone says.
    fn vouched(id: ProfileId, states: &[Directory]) -> Self {
        let vouched = states.iter().filter_map(|state| state.profile(&id)).map(|profile| profile.vouched);
        Self { floor: None, manifests: vouched.map(|vouched| (vouched.revision, vouched.manifest)).collect() }
    }

    fn put_head(&mut self, floor: ProfileFloor) {
        self.manifests.extend(floor.manifest.map(|manifest| (floor.revision, manifest)));
        self.floor = Some(floor);
    }

    fn relation_to(&self, known: &ProfileFloor) -> Relation {
        let held = self.manifests.get(&known.revision);
        if known.manifest.is_some_and(|known| held.is_some_and(|held| *held != known)) {
            return Relation::Forked;
        }
        let Some(shown) = &self.floor else { return Relation::Unknown };
        match Relation::of_numbers(known.revision.get(), shown.revision.get()) {
            Relation::Ahead(_) | Relation::Equal if shown.epoch < known.epoch => Relation::Behind(0),
            Relation::Ahead(_) if known.manifest.is_some() && held.is_none() => Relation::Unknown,
            relation => relation,
        }
    }
}
