//! New keys of those who cannot put them in force alone: asked for by the member, put in force by an owner or admin; or by the
//! other owners, where changes of owners take several.
//!
//! What the account is to hold travels with the request, and the server puts it in place in the transaction that commits the
//! statement. So until then password and account key open the keys so far, and from then on the new ones; at no time keys
//! that do not count.

use super::{
    Account, Decision, LogIn, Session,
    people::{check_role, live},
};
use crate::{
    authenticator::LocalIdentity,
    error::Error,
    reader::Answered,
    session::{Found, settle},
};
use std::sync::Arc;
use stronghold_protocol::{
    api::RequestKeys,
    approval::place,
    crypto::{hash::Hash, random, sign::KeyId},
    directory::Role,
    id::UserId,
    key_request::KeyRequest,
    roster::Roster,
    signed::{Signed, Verified},
    transport::Transport,
};

/// How often requests are read again because the directory moved meanwhile.
const ATTEMPTS: usize = 5;

impl<T: Transport> Session<T> {
    /// Asks for new keys for the signed-in member, in place of any request before, and returns their fingerprint, for whoever
    /// confirms them to compare. The keys so far count until then; afterwards the member logs in again.
    ///
    /// # Errors
    /// [`Error`] when the log-in is refused, the caller is an owner ([`Self::rotate_own_keys`] is theirs), or the server cannot
    /// be reached.
    pub async fn request_new_keys(&mut self, with: LogIn) -> Result<KeyId, Error> {
        if self.is_owner() {
            return Err(Error::invalid("an owner changes their own keys, without a request"));
        }
        let (request, _) = self.ask(with).await?;
        Ok(request.fingerprint())
    }

    /// The same for an owner where changes of owners take several: the roster with the new keys waits for the other owners,
    /// under the hash that is returned with the fingerprint.
    ///
    /// # Errors
    /// [`Error`] when the log-in is refused, the caller is no owner, one owner is enough ([`Self::rotate_own_keys`]), or the
    /// statement cannot be committed.
    pub async fn propose_own_keys(&mut self, with: LogIn) -> Result<(Hash, KeyId), Error> {
        self.require_owner("only an owner's keys take several owners")?;
        if self.directory.roster().value().threshold() == 1 {
            return Err(Error::invalid("one owner is enough: change your keys without a proposal"));
        }
        let (request, new) = self.ask(with).await?;
        let (me, who) = (self.user, Arc::clone(&self.who));
        let decision = self
            .commit(|batch| {
                batch.changes.push(request.confirmed(live(&batch.before, me)?));
                // The owners of the next roster sign it too, and the new key is one of theirs.
                let keys = [who.signing_key(), new.signing_key()];
                batch.change_roster(&keys, |roster| place(roster, me, &request.keys, Some(Role::Owner)))
            })
            .await?;
        match decision {
            Decision::Pending(id) => Ok((id, request.fingerprint())),
            Decision::Made | Decision::Unchanged => Err(Error::invalid("the owner threshold was lowered; try again")),
        }
    }

    /// Asks for new keys.
    ///
    /// 1. log in, which proves password and account key and gives the key of the envelope; 2. new keys, in a request that old
    ///    and new ones sign; 3. request and envelope are sent at once. A password that is changed afterwards voids the request.
    async fn ask(&mut self, with: LogIn) -> Result<(KeyRequest, LocalIdentity), Error> {
        // 1.
        let (account, export_key) = Account::open(&self.client, with).await?;
        if account.user != self.user || account.org != self.directory.org() {
            return Err(Error::invalid("this account key is another person's"));
        }
        self.sync().await?;
        let entry = live(&self.directory, self.user)?;
        // 2.
        let account = Account { seed: random::secret()?, floor: self.directory.head(), ..account };
        let new = LocalIdentity::from_seed(account.org, self.user.into(), &account.seed);
        let request = KeyRequest {
            org: account.org,
            user: self.user,
            replaces: entry.keys.sign.key_id(),
            keys: new.public_keys(),
        };
        let body = RequestKeys {
            request: Signed::create(&request, &[self.who.signing_key(), new.signing_key()])?,
            envelope: account.seal_envelope(&export_key)?,
            recovery: account.seal_recovery(&entry.recovery)?,
        };
        // 3.
        let proof = match self.client.request_keys(&*self.who, &body).await {
            Ok(Answered { request, reply }) => {
                self.check_receipt(&reply.receipt, &request, "user.request_keys", None).await.map(drop)
            }
            Err(error) => Err(error),
        };
        if let Err(error) = proof {
            let found = self.look_for_request(&request).await;
            settle(error, found, || {
                format!("request of {} for new keys with the fingerprint {}", account.email, request.fingerprint())
            })?;
        }
        Ok((request, new))
    }

    /// Whether the server shows a request of the caller's. It does so to owners and admins alone.
    async fn look_for_request(&self, made: &KeyRequest) -> Found {
        if !self.is_manager() {
            return Found::Unknown;
        }
        let shown = self.read_key_requests().await;
        shown.map(|shown| shown.iter().any(|request| request.value() == made)).into()
    }

    /// What members ask for. What does not verify is an integrity error: only the member can have asked.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached, refuses, or shows a request that is nobody's.
    pub async fn key_requests(&mut self) -> Result<Vec<Verified<KeyRequest>>, Error> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            match self.read_key_requests().await {
                Ok(requests) => return Ok(requests),
                Err(error) => last = Some(self.explained_by_race(error).await?),
            }
        }
        Err(last.unwrap_or_else(|| Error::invalid("the directory changes too fast; try again")))
    }

    async fn read_key_requests(&self) -> Result<Vec<Verified<KeyRequest>>, Error> {
        let Answered { request, reply } = self.client.key_requests(&*self.who).await?;
        self.check_receipt(&reply.receipt, &request, "key_request.read", None).await?;
        let mut requests = Vec::with_capacity(reply.requests.len());
        for asked in &reply.requests {
            let entry = self.directory.user(&asked.user).filter(|entry| !entry.removed);
            let entry = entry.ok_or_else(|| Error::forged("a request for new keys is of nobody"))?;
            requests.push(KeyRequest::verify(&asked.request, &self.directory.org(), entry).map_err(Error::forged)?);
        }
        Ok(requests)
    }

    /// Puts in force the keys with this fingerprint, for which a member asks: the keys so far open and sign nothing from then on,
    /// and what they reached is rekeyed.
    ///
    /// Whoever has the member's keys so far can ask, so the fingerprint is compared first ([`Self::key_requests`] shows it, and
    /// [`Self::request_new_keys`] to the member): there is no way to confirm without it.
    ///
    /// # Errors
    /// [`Error`] when the member asks for nothing, or for other keys; only an owner may confirm an admin's; the member is an
    /// owner; or the statement cannot be committed.
    pub async fn confirm_keys(&mut self, id: UserId, fingerprint: KeyId) -> Result<(), Error> {
        let requests = self.key_requests().await?;
        let asked = requests.iter().map(Verified::value).find(|asked| asked.user == id);
        let asked = asked.ok_or_else(|| Error::not_found("request for new keys", &id.to_string()))?;
        if fingerprint != asked.fingerprint() {
            let detail = format!(
                "they ask for keys with another fingerprint: {}. If it is not the one that they were told, someone else has \
                 their keys: remove them",
                asked.fingerprint()
            );
            return Err(Error::invalid(detail));
        }
        let (me, who) = (self.user, Arc::clone(&self.who));
        self.commit(|batch| {
            let user = live(&batch.before, id)?.clone();
            check_role(&batch.before, me, user.role)?;
            if user.role == Role::Owner {
                return Err(Error::invalid("they are an owner now, who changes their own keys"));
            }
            if user.keys.sign.key_id() != asked.replaces {
                return Err(Error::invalid("their keys were changed meanwhile"));
            }
            batch.changes.push(asked.confirmed(&user));
            if user.role == Role::Admin {
                let placed = |roster: &mut Roster| place(roster, id, &asked.keys, Some(Role::Admin));
                // One owner's signature is enough for an admin.
                if batch.change_roster(&[who.signing_key()], placed)? != Decision::Made {
                    return Err(Error::invalid("new keys of an admin are not the owners' business"));
                }
            }
            Ok(())
        })
        .await
    }
}
