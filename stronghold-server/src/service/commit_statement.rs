//! `directory.commit`: a directory statement, and everything that becomes live with it, all or nothing.

use super::{
    gate::{Answer, Decision, Refused},
    revision::{find_revision, invalid, revision_conflict},
    seal_check::check_seals,
};
use crate::store::{Hold, ProfileHead, RevisionWrite, Store, StoreError, StoredStatement, Tx};
use std::collections::BTreeSet;
use stronghold_protocol::{
    api::{CommitStatement, Committed, NewRevision},
    audit::Released,
    directory::{Change, Directory, DirectoryRefusal, Statement},
    id::ProfileId,
    limits,
    manifest::Manifest,
    number::Epoch,
    problem::{Problem, ProblemCode},
};

impl<S: Store> Decision<'_, S> {
    /// Accepts the next statement of the directory.
    ///
    /// 1. it verifies and applies; 2. the seals that it makes necessary are there; 3. so are the earlier keys of
    ///    profiles with a new epoch; 4. what it vouches for is the newest revision of each profile, with the revisions
    ///    that came along; 5. all is written.
    ///
    /// Everything is checked before anything is written, because a refusal is recorded in the same transaction.
    pub(super) fn commit_statement(&self, tx: &mut dyn Tx, commit: &CommitStatement) -> Result<Answer, Refused> {
        // 1.
        let before = self.directory();
        let verified = before.verify(&commit.statement).map_err(|refusal| self.statement_problem(&refusal))?;
        let after = before.apply(&verified).map_err(|refusal| self.statement_problem(&refusal))?;
        let changes = &verified.body().changes;
        // 2.
        check_seals(tx, Some(before), &after, changes, &commit.seals, self.now)?;
        // 3.
        check_histories(changes, commit)?;
        self.check_purges(tx, changes)?;
        // 4.
        let writes = self.check_vouched(tx, &after, changes, &commit.revisions);
        let writes = writes.or_else(|refused| self.hold_writes(tx, &after, changes, refused))?;
        // 5.
        let head = after.head();
        let stored = StoredStatement { at: head, bytes: statement_bytes(&commit.statement)? };
        if !tx.append_statement(&self.org(), &before.head(), &stored)? {
            return Err(StoreError::GivenUp("the directory changed while it was locked".to_owned()).into());
        }
        tx.put_seals(&self.org(), &commit.seals)?;
        tx.put_histories(&self.org(), &commit.histories)?;
        self.purge(tx, changes)?;
        for (before, write) in &writes {
            self.store_revision(tx, before.as_ref(), write)?;
        }
        self.end_staging(tx, changes)?;
        self.settle_key_requests(tx, changes)?;
        self.inner.orgs.note(&self.org(), self.state.after(&verified, after));
        let released = Released::Statement { seq: head.seq, hash: head.hash };
        Ok(Answer::new(Some(released), move |receipt| Committed { head, receipt }))
    }

    /// Makes writes to the profiles that a statement vouches for wait a little for its author, if one of them was written
    /// in between: otherwise a busy writer could keep an administrator from ever ending an access.
    fn hold_writes<R>(
        &self,
        tx: &mut dyn Tx,
        after: &Directory,
        changes: &[Change],
        refused: Refused,
    ) -> Result<R, Refused> {
        if matches!(&refused, Refused::Problem(problem) if problem.code == ProblemCode::RevisionConflict) {
            let hold = Hold { author: self.caller.key, until: self.now.plus_millis(limits::HOLD_SECONDS * 1000) };
            let held: BTreeSet<ProfileId> = changes.iter().filter_map(vouched_profile).collect();
            for profile in held.iter().filter(|profile| after.profile(profile).is_some()) {
                tx.put_hold(&self.org(), profile, &hold)?;
            }
        }
        Err(refused)
    }

    /// Ends what was staged for profiles whose epoch is over, and the holds that the statement needed.
    fn end_staging(&self, tx: &mut dyn Tx, changes: &[Change]) -> Result<(), Refused> {
        for change in changes {
            if let Change::ProfileEpoch { id, .. } | Change::ProfileDeleted { id } = change {
                tx.discard_staged(&self.org(), id)?;
            }
            if let Some(profile) = vouched_profile(change) {
                tx.end_hold(&self.org(), &profile)?;
            }
        }
        Ok(())
    }

    fn statement_problem(&self, refusal: &DirectoryRefusal) -> Problem {
        match refusal {
            DirectoryRefusal::NotNext(head) => Problem::conflict(head.seq),
            refusal => Problem::new(ProblemCode::InvalidStatement, refusal.to_string()),
        }
    }

    /// Checks that each profile that the statement vouches for has exactly that as its newest revision afterwards, so
    /// that no acknowledged write is lost, and checks the revisions that come along.
    fn check_vouched(
        &self,
        tx: &mut dyn Tx,
        after: &Directory,
        changes: &[Change],
        revisions: &[NewRevision],
    ) -> Result<Vec<(Option<ProfileHead>, RevisionWrite)>, Refused> {
        let mut writes = Vec::new();
        let profiles: BTreeSet<ProfileId> = changes.iter().filter_map(vouched_profile).collect();
        let about: BTreeSet<ProfileId> = revisions.iter().map(|revision| revision.profile).collect();
        if about.len() != revisions.len() || !about.is_subset(&profiles) {
            return Err(invalid("revisions come one for each profile that the statement vouches for").into());
        }
        for id in &profiles {
            let Some(profile) = after.profile(id) else { continue };
            let head = tx.profile_head(&self.org(), id)?;
            let Some(new) = find_revision(revisions, id) else {
                let head = head.ok_or_else(|| invalid("a new profile comes with its revision 1"))?;
                if head.revision != profile.vouched.revision || head.manifest != profile.vouched.manifest {
                    return Err(revision_conflict(&head).into());
                }
                continue;
            };
            let leaf = after.leaf(id).ok_or_else(Problem::not_found)?;
            // It is vouched for by its hash; that its signer is an owner or admin too keeps the chain uniform.
            let roster = after.roster().value().signing_keys();
            let manifest =
                new.manifest.verify::<Manifest>(&roster, 1).map_err(|refusal| invalid(&refusal.to_string()))?;
            if manifest.hash() != profile.vouched.manifest {
                return Err(invalid("it is not the one that the statement vouches for").into());
            }
            Manifest::verify_head(&new.manifest, &self.org(), &leaf, &roster)
                .map_err(|refusal| invalid(&refusal.to_string()))?;
            if manifest.value().epoch != profile.epoch {
                return Err(invalid("it is not of the profile's epoch").into());
            }
            let write = self.check_revision(tx, new, &manifest, head.as_ref())?;
            writes.push((head, write));
        }
        Ok(writes)
    }
}

/// The profile that a change vouches for a revision of.
const fn vouched_profile(change: &Change) -> Option<ProfileId> {
    match change {
        Change::ProfileCreated { id, .. }
        | Change::ProfileRenamed { id, .. }
        | Change::ProfileEpoch { id, .. }
        | Change::ProfileVouched { id, .. } => Some(*id),
        _ => None,
    }
}

/// Checks that the earlier keys of exactly the profiles with a new epoch come along.
fn check_histories(changes: &[Change], commit: &CommitStatement) -> Result<(), Problem> {
    let wanted: BTreeSet<(ProfileId, Epoch)> = changes
        .iter()
        .filter_map(|change| match change {
            Change::ProfileEpoch { id, epoch, .. } => Some((*id, *epoch)),
            _ => None,
        })
        .collect();
    let sent: BTreeSet<(ProfileId, Epoch)> =
        commit.histories.iter().map(|history| (history.profile, history.epoch)).collect();
    if wanted != sent || sent.len() != commit.histories.len() {
        let detail = "the earlier keys of each profile with a new epoch must come with the statement, and no others";
        return Err(Problem::new(ProblemCode::MissingSeals, detail));
    }
    if commit.histories.iter().any(|history| history.sealed.0.len() > HISTORY_BYTES) {
        return Err(Problem::new(ProblemCode::TooLarge, "an earlier key is larger than a key can be"));
    }
    Ok(())
}

/// Largest encrypted pair of earlier keys, in bytes; they are 64 bytes and what encryption adds.
const HISTORY_BYTES: usize = 512;

/// The JSON of a statement as it is stored and sent to whoever replays.
///
/// # Errors
/// [`StoreError::GivenUp`] when it does not serialize, which every statement does.
pub(super) fn statement_bytes(statement: &Statement) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(statement).map_err(|error| StoreError::GivenUp(error.to_string()))
}
