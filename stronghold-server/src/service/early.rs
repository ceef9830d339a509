//! Judging a request by its headers, before a large body of it is read.
//!
//! The digest of a body is a signed header, so the signature verifies without the body; and clock, nonce, standing and
//! access are in the headers too. Whoever has no right to a route is told so before it costs the server its body. What is
//! found here lets a body in, no more: all of it is decided again in the transaction that decides the request.

use super::{
    Incoming, Inner, Outgoing, Service,
    gate::{Channel, Claim, Target, unavailable},
};
use crate::{
    access::{Callers, Found, find_route},
    store::{Store, StoreError},
};
use std::sync::Arc;
use stronghold_protocol::problem::{Problem, ProblemCode};

/// That the headers of a request were judged and nothing was wrong with them: its body may be read. Only
/// [`Service::judge_head`] makes one.
#[derive(Debug)]
pub struct JudgedHead(());

impl<S: Store> Service<S> {
    /// Judges a request by its headers, of whose body nothing but its digest has to be known: `head.body` is not looked at.
    ///
    /// In the order of refusal: rate by address; signature; clock; nonce, which is looked up and not used up; status;
    /// access. A denial is recorded as one of the whole request would be.
    ///
    /// # Errors
    /// The answer to a request that is refused by then, or that is to no route which anyone signs.
    pub async fn judge_head(&self, head: &Incoming) -> Result<JudgedHead, Outgoing> {
        let mut head = head.clone();
        self.inner.arrived(&mut head);
        let (path, _) = head.split_target();
        let Found::Route { route, org, profile } = find_route(&head.method, path) else {
            return Err(Outgoing::problem(&Problem::not_found()));
        };
        if matches!(route.callers, Callers::Public) {
            let detail = "so large a body is taken from nobody who does not sign it";
            return Err(Outgoing::problem(&Problem::new(ProblemCode::TooLarge, detail)));
        }
        let target =
            Target { route, org: org.map(str::to_owned).unwrap_or_default(), profile: profile.map(str::to_owned) };
        let claim = self.inner.claim(target, &head, Channel::Network).await?;
        match self.inner.refuse_early(claim).await {
            None => Ok(JudgedHead(())),
            Some(refused) => Err(refused),
        }
    }
}

impl<S: Store> Inner<S> {
    /// The answer to a request that its headers are enough to deny, after the denial was recorded under the lock. None where
    /// nothing is wrong with them.
    async fn refuse_early(self: &Arc<Self>, claim: Claim) -> Option<Outgoing> {
        let (action, attempt, address) = (claim.route.action.name(), claim.attempt(), claim.address);
        match self.denied_now(&claim).await {
            Ok(None) => return None,
            Ok(Some(problem)) if self.is_recorded_no_more(&attempt) => {
                self.count_repeated(Some(&problem.code), address);
                return Some(self.tell_too_many());
            }
            Ok(Some(_)) => {}
            Err(error) => return Some(unavailable(action, &error)),
        }
        let (inner, tried, org) = (Arc::clone(self), attempt.clone(), claim.org);
        match self.store.locked(Some(org), move |tx| inner.decide_head(&claim, tx, &tried)).await {
            Ok(None) => None,
            Ok(Some(denied)) => Some(self.tell_denied(action, &attempt, address, denied)),
            Err(error) => Some(self.tell_failed(action, &attempt, address, &error)),
        }
    }

    /// The answer to a request of a key whose denials are recorded no more, where its headers are enough to deny it: it costs
    /// no transaction. None where they are not, whatever was denied before.
    pub(super) async fn refuse_repeated(&self, claim: &Claim) -> Option<Outgoing> {
        if !self.is_recorded_no_more(&claim.attempt()) {
            return None;
        }
        match self.denied_now(claim).await {
            Ok(None) => None,
            Ok(Some(problem)) => {
                tracing::debug!(action = claim.route.action.name(), org = %claim.org, "denied, as often before");
                self.count_repeated(Some(&problem.code), claim.address);
                Some(self.tell_too_many())
            }
            Err(error) => Some(unavailable(claim.route.action.name(), &error)),
        }
    }

    /// What a request is denied for by its headers, as of what is committed now. Nothing is locked or written.
    async fn denied_now(&self, claim: &Claim) -> Result<Option<Problem>, StoreError> {
        let org = claim.org;
        let head = self.store.snapshot(move |tx| tx.head(&org)).await?;
        let Some(head) = head else { return Ok(Some(Problem::unauthenticated())) };
        let known = self.orgs.known(&org).filter(|state| state.directory.head() == head.head);
        let state = match known {
            Some(state) => Some(state),
            None => self.refresh(org).await?,
        };
        let Some(state) = state else { return Ok(Some(Problem::unauthenticated())) };
        let params = claim.params();
        let (key, nonce, now) = (params.key_id, params.nonce, self.now());
        let used = self.store.snapshot(move |tx| tx.knows_nonce(&org, &key, &nonce)).await?;
        Ok(self.foresee(claim, used, &state.directory, now))
    }
}
