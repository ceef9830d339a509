//! From a wish to a committed statement: changes, what they make necessary, seals, signature, and the race.

use super::{Session, keyring::RawKey, lost::told_changes};
use crate::{
    crypto::seal::{self, KemSecretKey},
    error::{Error, ErrorKind},
    open::ProfileKey,
};
use std::collections::{BTreeMap, BTreeSet};
use stronghold_protocol::{
    api::{CommitStatement, NewRevision},
    crypto::{kem::KemPublicKey, random},
    directory::{Change, Directory, Rekeys},
    id::{GroupId, ProfileId},
    number::Epoch,
    seal::{KeyHistory, Seal, SealedObject, WantedSeal},
    transport::Transport,
};

/// How often an author who loses a race tries again.
const ATTEMPTS: usize = 10;

/// What came of preparing a statement.
struct Prepared<R> {
    made: R,
    /// None where there is nothing to change.
    commit: Option<Ready>,
}

/// A statement that is ready to be sent.
struct Ready {
    body: CommitStatement,
    after: Directory,
    changes: Vec<Change>,
    staged: BTreeSet<ProfileId>,
}

/// A statement in the making.
pub(super) struct Batch {
    pub(super) before: Directory,
    pub(super) changes: Vec<Change>,
    pub(super) fresh: BTreeMap<SealedObject, RawKey>,
    pub(super) histories: Vec<KeyHistory>,
    pub(super) revisions: Vec<NewRevision>,
    /// What to renew or vouch for although no change asks for it.
    pub(super) besides: Rekeys,
    /// Profiles with a new epoch whose secrets are encrypted anew after the statement.
    pub(super) staged: BTreeSet<ProfileId>,
}

impl Batch {
    pub(super) fn new(before: Directory) -> Self {
        Self {
            before,
            changes: Vec::new(),
            fresh: BTreeMap::new(),
            histories: Vec::new(),
            revisions: Vec::new(),
            besides: Rekeys::default(),
            staged: BTreeSet::new(),
        }
    }

    /// Makes a new group key: its seed is sealed with the statement, its public half is returned.
    pub(super) fn new_group_key(&mut self, id: GroupId) -> Result<KemPublicKey, Error> {
        let seed: RawKey = random::secret()?;
        let public = KemSecretKey::from_seed(&seed).public_key();
        self.fresh.insert(SealedObject::GroupSeed(id), seed);
        Ok(public)
    }

    /// Makes a new master key and history key of a profile's epoch.
    pub(super) fn new_profile_key(&mut self, id: ProfileId, epoch: Epoch) -> Result<ProfileKey, Error> {
        let master: RawKey = random::secret()?;
        let key = ProfileKey::new(self.before.org(), id, epoch, &master);
        self.fresh.insert(SealedObject::ProfileKey(id), master);
        self.fresh.insert(SealedObject::HistoryKey(id), random::secret()?);
        Ok(key)
    }

    /// Adds a new epoch of a group, unless the batch makes one already.
    pub(super) fn renew_group(&mut self, id: GroupId) -> Result<(), Error> {
        let renewed =
            self.changes.iter().any(|change| matches!(change, Change::GroupEpoch { id: made, .. } if *made == id));
        let epoch = match self.before.group(&id) {
            Some(group) if !renewed => group.epoch.next(),
            _ => return Ok(()),
        };
        let key = self.new_group_key(id)?;
        self.changes.push(Change::GroupEpoch { id, epoch, key });
        Ok(())
    }
}

impl<T: Transport> Session<T> {
    /// Commits the changes that `make` asks for, with every new epoch, re-encryption and seal that they make necessary.
    ///
    /// 1. replay to the head; 2. the statement is prepared; 3. it is sent; 4. who lost a race starts again; who got no answer, or
    ///    one that proves nothing, looks.
    pub(super) async fn commit<R>(&mut self, make: impl Fn(&mut Batch) -> Result<R, Error>) -> Result<R, Error> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            // 1. The directory may have moved since the session opened or since the race was lost.
            self.sync().await?;
            self.require_manager()?;
            // 2.
            let Prepared { made, commit } = match self.prepare(&make).await {
                Ok(prepared) => prepared,
                Err(error) => {
                    last = Some(self.explained_by_race(error).await?);
                    continue;
                }
            };
            let Some(Ready { body, after, changes, mut staged }) = commit else { return Ok(made) };
            // 3. and 4.
            let before = self.directory.clone();
            let told = after.clone();
            let written = self.commit_statement(&body, after, || told_changes(&before, &changes, &told)).await;
            match written {
                Err(error) if error.is_conflict() => last = Some(error),
                written => {
                    if written.is_ok() || written.as_ref().is_err_and(Error::is_made) {
                        self.rekeying.append(&mut staged);
                    }
                    return written.map(|()| made);
                }
            }
        }
        Err(last.unwrap_or_else(|| Error::invalid("the directory changes too fast; try again")))
    }

    /// 1. `make` states the changes; 2. what they end is rekeyed; 3. the statement is worked out; 4. its seals are made; 5. it
    ///    is signed.
    async fn prepare<R>(&mut self, make: &impl Fn(&mut Batch) -> Result<R, Error>) -> Result<Prepared<R>, Error> {
        // 1.
        let mut batch = Batch::new(self.directory.clone());
        let made = make(&mut batch)?;
        // 2.
        let mut needs = Rekeys::required(&batch.before, &batch.changes);
        needs.profiles.extend(&batch.besides.profiles);
        needs.vouched.extend(&batch.besides.vouched);
        self.add_rekeys(&mut batch, &needs).await?;
        if batch.changes.is_empty() {
            return Ok(Prepared { made, commit: None });
        }
        // 3.
        let now = self.clock.now();
        let draft = batch.before.draft(batch.changes.clone(), self.is_owner(), now).map_err(Error::refused_change)?;
        // 4.
        let wanted = draft.after().wanted_seals(Some(&batch.before), draft.changes(), now);
        let seals = self.make_seals(&wanted, &batch.fresh).await?;
        // 5.
        let (statement, after) = draft.sign(&[self.who.signing_key()]).map_err(Error::refused_change)?;
        let body = CommitStatement { statement, seals, histories: batch.histories, revisions: batch.revisions };
        Ok(Prepared { made, commit: Some(Ready { body, after, changes: batch.changes, staged: batch.staged }) })
    }

    /// The error again, if the directory has moved since it was replayed: then the server answered by a newer one, and what
    /// looks withheld or wrong may only be new.
    ///
    /// # Errors
    /// The same error where the directory explains nothing.
    pub(super) async fn explained_by_race(&mut self, error: Error) -> Result<Error, Error> {
        if error.kind() != ErrorKind::Integrity || error.as_unproven().is_some() {
            return Err(error);
        }
        let before = self.directory.head();
        self.sync().await?;
        if self.directory.head() == before { Err(error) } else { Ok(error) }
    }

    /// Seals the wanted keys: new ones from `fresh`, others opened from the server's seals.
    pub(super) async fn make_seals(
        &mut self,
        wanted: &[WantedSeal],
        fresh: &BTreeMap<SealedObject, RawKey>,
    ) -> Result<Vec<Seal>, Error> {
        let mut existing: Vec<SealedObject> =
            wanted.iter().map(|seal| seal.id.object).filter(|object| !fresh.contains_key(object)).collect();
        existing.sort_unstable();
        existing.dedup();
        let opened = self.open_keys(&existing).await?;
        let org = self.directory.org();
        wanted
            .iter()
            .map(|WantedSeal { id, to }| {
                let key = fresh.get(&id.object).or_else(|| opened.get(&id.object));
                let key =
                    key.ok_or_else(|| Error::withheld(format!("a {} that must be sealed anew", id.object.kind())))?;
                Ok(Seal { id: *id, sealed: seal::seal(to, &id.info(&org), key.as_slice())?.into() })
            })
            .collect()
    }
}
