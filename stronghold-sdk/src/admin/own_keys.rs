//! Changing one's own keys.
//!
//! The new seed is in the account's envelope from the very transaction on in which the directory names its keys: the server
//! takes statement and envelope in one request, all or nothing. So whatever is lost on the way, answer, connection or the
//! machine, password and account key open a seed whose keys are in force. A client keeps its old seed until it knows that
//! the new one counts.

use super::{Account, Decision, LogIn, Session, batch::Batch, lost::told_changes};
use crate::{
    authenticator::LocalIdentity,
    crypto::password::ExportKey,
    error::{Error, MadeOnce},
    session::{Found, holds, settle},
};
use std::sync::Arc;
use stronghold_protocol::{
    api::{CommitStatement, RotateKeys},
    approval::place,
    crypto::random,
    directory::{Change, Directory, Rekeys, Role},
    roster::Roster,
    transport::Transport,
};

/// How often an author who loses a race tries again.
const ATTEMPTS: usize = 10;

impl<T: Transport> Session<T> {
    /// Gives the signed-in owner new keys; the old ones open and sign nothing from then on, and everything is rekeyed.
    ///
    /// 1. log in, which proves password and account key and gives the key of the envelope; 2. new keys, in a statement that old
    ///    and new ones sign; 3. what the old ones reached is rekeyed; 4. statement and envelope are sent at once; 5. from then
    ///    on the session is the new keys'. Who got no answer asks with the new keys.
    ///
    /// # Errors
    /// [`Error`] when the log-in is refused, the caller is no owner (who then asks: [`Self::request_new_keys`]),
    /// or the statement cannot be committed. The keys are then the old ones, or, where that is unknown, those that logging
    /// in again gives.
    pub async fn rotate_own_keys(&mut self, with: LogIn) -> Result<Account, Error> {
        self.require_owner(
            "only an owner changes their own keys; others ask for new ones, which an owner or admin confirms",
        )?;
        // 1.
        let (account, export_key) = Account::open(&self.client, with).await?;
        if account.user != self.user || account.org != self.directory.org() {
            return Err(Error::invalid("this account key is another person's"));
        }
        let account = MadeOnce::new(Account { seed: random::secret()?, ..account });
        let written = self.replace_own_keys(&account, &export_key).await;
        let is_made = written.as_ref().is_err_and(Error::is_made);
        // Where it is unknown whether they count, logging in tells: the envelope holds the keys that do.
        let floor = self.directory.head();
        let kept = |account: Account| Account { floor, ..account };
        let ((), account) = account.after(written, |account| (Vec::new(), is_made.then_some(account).map(kept)))?;
        Ok(kept(account))
    }

    /// 2. to 5. of [`Self::rotate_own_keys`].
    async fn replace_own_keys(&mut self, account: &MadeOnce<Account>, export_key: &ExportKey) -> Result<(), Error> {
        let (org, user) = (self.directory.org(), self.user);
        let new = Arc::new(account.public(|account| LocalIdentity::from_seed(org, user.into(), &account.seed)));
        let mut last = None;
        for _ in 0..ATTEMPTS {
            self.sync().await?;
            // 2. and 3.
            self.next = Some(Arc::clone(&new));
            let made = self.rotation(&new).await;
            self.next = None;
            let (mut batch, commit, after) = made?;
            // 4.
            let recovery = self.directory.user(&user).map(|user| user.recovery.clone());
            let recovery = recovery.ok_or_else(|| Error::withheld("your own entry"))?;
            let body = account.public(|account| {
                let envelope = account.seal_envelope_at(export_key, after.head())?;
                Ok::<_, Error>(RotateKeys { commit, envelope, recovery: account.seal_recovery(&recovery)? })
            })?;
            let proof = match self.client.rotate_keys(&*self.who, &body).await {
                Ok(answered) => self.check_committed(&answered, "user.rotate_keys", after.head()).await,
                Err(error) => Err(error),
            };
            // 5.
            let before = batch.before.clone();
            let written = match proof {
                Ok(()) => {
                    self.who = Arc::clone(&new);
                    self.take_statement(&body.commit, after).await
                }
                Err(error) => {
                    let found = self.look_for_keys(&new, &after).await;
                    settle(error, found, || told_changes(&before, &batch.changes, &after))
                }
            };
            match written {
                Err(error) if error.is_conflict() => last = Some(error),
                written => {
                    if written.is_ok() || written.as_ref().is_err_and(Error::is_made) {
                        self.rekeying.append(&mut batch.staged);
                    }
                    return written;
                }
            }
        }
        Err(last.unwrap_or_else(|| Error::invalid("the directory changes too fast; try again")))
    }

    /// Whether the server shows the statement that leads to `after`: asked with the new keys, which it knows if so, else with
    /// the old ones. The session's keys are then those that count.
    async fn look_for_keys(&mut self, new: &Arc<LocalIdentity>, after: &Directory) -> Found {
        let old = std::mem::replace(&mut self.who, Arc::clone(new));
        if self.sync().await.is_ok() && holds(&self.directory, &after.head()) {
            return Found::Made;
        }
        self.who = old;
        self.sync().await.map(|()| holds(&self.directory, &after.head())).into()
    }

    /// The statement in which the caller's keys are replaced, with everything that must come along.
    async fn rotation(&mut self, new: &Arc<LocalIdentity>) -> Result<(Batch, CommitStatement, Directory), Error> {
        let who = Arc::clone(&self.who);
        let keys = new.public_keys();
        let mut batch = Batch::new(self.directory.clone());
        let recovery = self.directory.user(&self.user).map(|user| user.recovery.clone());
        let recovery = recovery.ok_or_else(|| Error::withheld("your own entry"))?;
        batch.changes.push(Change::UserRekeyed { id: self.user, keys: keys.clone(), recovery });
        let user = self.user;
        let signers = [who.signing_key(), new.signing_key()];
        let place = |roster: &mut Roster| place(roster, user, &keys, Some(Role::Owner));
        if batch.change_roster(&signers, place)? != Decision::Made {
            let detail =
                "with an owner threshold above 1 new keys of an owner take the other owners' signatures: propose them";
            return Err(Error::invalid(detail));
        }
        let needs = Rekeys::required(&batch.before, &batch.changes);
        self.add_rekeys(&mut batch, &needs).await?;
        let now = self.clock.now();
        let draft = batch.before.draft(batch.changes.clone(), true, now).map_err(Error::refused_change)?;
        let wanted = draft.after().wanted_seals(Some(&batch.before), draft.changes(), now);
        let seals = self.make_seals(&wanted, &batch.fresh).await?;
        let (statement, after) = draft.sign(&signers).map_err(Error::refused_change)?;
        let histories = std::mem::take(&mut batch.histories);
        let revisions = std::mem::take(&mut batch.revisions);
        Ok((batch, CommitStatement { statement, seals, histories, revisions }, after))
    }
}
