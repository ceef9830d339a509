//! A request of a principal that was let through, being decided under the lock.

use super::answer::{Answer, Refused};
use crate::{
    access::{Caller, ReadPermit},
    service::{Inner, orgs::OrgState, task::Task},
    store::{Store, Tx},
};
use std::sync::Arc;
use stronghold_protocol::{
    directory::Directory,
    id::{OrgId, ProfileId},
    problem::{Problem, ProblemCode},
    time::Timestamp,
};

/// A request that is being decided, after the organization's head row is locked.
pub(in crate::service) struct Decision<'a, S> {
    pub(in crate::service) inner: &'a Arc<Inner<S>>,
    pub(in crate::service) state: Arc<OrgState>,
    pub(in crate::service) caller: Caller,
    pub(in crate::service) now: Timestamp,
    /// The profile that the path names, if there is one. Whether the caller may know is not decided yet.
    pub(in crate::service) profile: Option<ProfileId>,
}

impl<S: Store> Decision<'_, S> {
    /// Does what is asked for.
    pub(super) fn perform(&self, task: &Task, tx: &mut dyn Tx) -> Result<Answer, Refused> {
        match task {
            Task::WhoAmI => self.who_am_i(),
            Task::ListProfiles(since) => self.list_profiles(tx, *since),
            Task::ReadProfile(since) => self.read_profile(tx, *since),
            Task::ReadSecrets(since, indexes) => self.read_secrets(tx, *since, indexes),
            Task::WriteRevision(new) => self.write_revision(tx, new),
            Task::StageSecrets(stage) => self.stage_secrets(tx, stage),
            Task::ListRevisions(since, before) => self.list_revisions(tx, *since, *before),
            Task::ReadVersions(versions) => self.read_versions(tx, versions),
            Task::ReadIntroduced(from) => self.read_introduced(tx, *from),
            Task::ReadDirectory(from) => self.read_directory(tx, *from),
            Task::CommitStatement(commit) => self.commit_statement(tx, commit),
            Task::ReadSeals(query) => self.read_seals(tx, query),
            Task::ReadActivity => self.read_activity(tx),
            Task::ReadAudit(from) => self.read_audit(tx, *from),
            Task::ReadCheckpoint(wanted) => self.read_checkpoint(tx, wanted),
            Task::ReadAcceptances => self.read_acceptances(tx),
            Task::RotateKeys(rotation) => self.rotate_keys(tx, rotation),
            Task::RequestKeys(request) => self.request_keys(tx, request),
            Task::ReadKeyRequests => self.read_key_requests(tx),
            Task::StartAccount(start) => self.start_account(start),
            Task::ReplaceAccount(account) => self.replace_account(tx, account),
            Task::ReadRecovery => self.read_recovery(tx),
            // Those of whoever is no principal yet.
            Task::StartJoin(_) | Task::Join(_) => Err(Problem::not_found().into()),
        }
    }

    /// The organization's directory, as of the commit.
    pub(in crate::service) fn directory(&self) -> &Directory {
        &self.state.directory
    }

    /// The organization.
    pub(in crate::service) fn org(&self) -> OrgId {
        self.state.directory.org()
    }

    /// The permit to read the profile that the path names, and the profile.
    ///
    /// # Errors
    /// The one answer for what does not exist and for what the caller may not know of.
    pub(in crate::service) fn permit(&self) -> Result<ReadPermit, Problem> {
        let profile = self.profile.ok_or_else(Problem::not_found)?;
        ReadPermit::grant(self.directory(), &self.caller, &profile).ok_or_else(Problem::not_found)
    }

    /// Counts one read of the caller, which must be able to get a receipt for it.
    ///
    /// # Errors
    /// A problem when the caller has used up what it had; a store error when this server cannot sign receipts.
    pub(in crate::service) fn count_read(&self, tx: &mut dyn Tx) -> Result<(), Refused> {
        self.check_checkpoint_key()?;
        if tx.claim_use(&self.org(), &self.caller.principal, self.caller.max_uses)? {
            Ok(())
        } else {
            Err(Problem::new(ProblemCode::UsesExhausted, "an administrator can allow this agent more reads").into())
        }
    }
}
