//! What a session writes, each with its proof: sent, proven or looked up, and only then remembered.

use super::{
    Session, floor_of, holds,
    proven::{Found, settle},
};
use crate::error::Error;
use crate::reader::Answered;
use stronghold_protocol::{
    api::{CommitStatement, Committed, NewRevision, StageSecrets},
    audit::Released,
    directory::{Directory, HeaderRef},
    evidence::ProfileFloor,
    id::ProfileId,
    manifest::Manifest,
    transport::Transport,
};

impl<T: Transport> Session<T> {
    /// Commits a statement that leads to `after`. Afterwards the session's directory is `after`, or newer.
    ///
    /// # Errors
    /// [`Error::Unproven`], with what `what` says, where the statement was made and the answer does not prove it; else the
    /// error of the request.
    pub(crate) async fn commit_statement(
        &mut self,
        body: &CommitStatement,
        after: Directory,
        what: impl FnOnce() -> String,
    ) -> Result<(), Error> {
        let sent = self.client.commit_statement(&*self.who, body).await;
        let proof = match sent {
            Ok(answered) => self.check_committed(&answered, "directory.commit", after.head()).await,
            Err(error) => Err(error),
        };
        match proof {
            Ok(()) => self.take_statement(body, after).await,
            Err(error) => {
                let looked = self.sync().await.map(|()| holds(&self.directory, &after.head()));
                settle(error, looked.into(), what)
            }
        }
    }

    /// Checks that an answer proves that a statement was committed as the one after the session's newest.
    ///
    /// # Errors
    /// [`Error::Integrity`] where it does not.
    pub(crate) async fn check_committed(
        &self,
        answered: &Answered<Committed>,
        action: &str,
        head: HeaderRef,
    ) -> Result<(), Error> {
        let Answered { request, reply } = answered;
        let released = Released::Statement { seq: head.seq, hash: head.hash };
        let record = self.check_receipt(&reply.receipt, request, action, Some(&released)).await?;
        if record.directory != self.directory.head() {
            return Err(Error::forged(
                "the server's audit record names another header than the one before the statement",
            ));
        }
        if reply.head != head {
            return Err(Error::forged("the server says that another statement is the newest now"));
        }
        Ok(())
    }

    /// Takes over a statement that is proven to be committed, and remembers it.
    pub(crate) async fn take_statement(&mut self, body: &CommitStatement, after: Directory) -> Result<(), Error> {
        let floors = body.revisions.iter().filter_map(floor_of).collect();
        self.remember_written(&after, floors).await?;
        self.cache.remember(&body.statement);
        self.directory = after;
        Ok(())
    }

    /// Writes a profile's next revision, and remembers it.
    ///
    /// # Errors
    /// As [`Self::commit_statement`].
    pub(crate) async fn write_revision(&self, revision: &NewRevision) -> Result<(), Error> {
        let profile = revision.profile;
        let floor =
            floor_of(revision).ok_or_else(|| Error::invalid("a revision must be signed before it is written"))?;
        let hash = revision.manifest.hash_as::<Manifest>();
        let sent = self.client.write_revision(&*self.who, profile, revision).await;
        let proof = match sent {
            Ok(Answered { request, reply }) => {
                let released = Released::Manifest { profile, revision: floor.revision, manifest: hash };
                let checked = self.check_receipt(&reply.receipt, &request, "profile.write", Some(&released)).await;
                match checked {
                    Ok(_) if reply.revision != floor.revision => {
                        Err(Error::forged("the server says that another revision is the newest now"))
                    }
                    checked => checked.map(drop),
                }
            }
            Err(error) => Err(error),
        };
        match proof {
            Ok(()) => self.remember_written(&self.ahead.or(&self.directory), vec![floor]).await,
            Err(error) => {
                let found = self.look_for(profile, &floor).await;
                let found = if error.is_conflict() && found == Found::Unknown { Found::NotMade } else { found };
                let what = || format!("revision {} of profile {}", floor.revision, floor.name);
                settle(error, found, what)
            }
        }
    }

    /// Whether the server shows a revision that this session signed. Where a newer one stands on top, it does not say.
    async fn look_for(&self, profile: ProfileId, written: &ProfileFloor) -> Found {
        let Ok(shown) = self.verify_evidence(profile).await else { return Found::Unknown };
        let manifest = shown.manifest();
        match manifest.value().revision.cmp(&written.revision) {
            std::cmp::Ordering::Greater => Found::Unknown,
            _ if Some(manifest.hash()) == written.manifest => Found::Made,
            _ => Found::NotMade,
        }
    }

    /// Stages secrets for a revision of a profile's new epoch. Nothing stands before that revision does.
    ///
    /// # Errors
    /// [`Error::Integrity`] where the answer does not prove it; else the error of the request.
    pub(crate) async fn stage_secrets(&self, profile: ProfileId, body: &StageSecrets) -> Result<(), Error> {
        let Answered { request, reply } = self.client.stage_secrets(&*self.who, profile, body).await?;
        self.check_receipt(&reply.receipt, &request, "profile.stage", None).await?;
        Ok(())
    }
}
