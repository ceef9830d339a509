//! The order of refusal for signed requests, from the address to the audit record.
//!
//! `verify.rs` is what comes before anyone is known, `judge.rs` what the headers say of whoever signed; `decision.rs` does
//! what is asked for, and `answer.rs` is what comes of it. `service/early.rs` goes the same way before a body is read.

mod answer;
mod decision;
mod judge;
mod verify;

pub(super) use answer::{Answer, Refused, too_many, unavailable, with_rate};
pub(super) use decision::Decision;

use super::{Incoming, Inner, Outgoing, denial::Attempt, join::Invited, orgs::OrgState, task::Task};
use crate::{
    access::Route,
    audit::{Event, record},
    store::{OrgHead, Store, StoreError, Tx},
};
use answer::Render;
use judge::{Holder, Nonce, Party};
use std::{net::IpAddr, sync::Arc};
use stronghold_protocol::{
    directory::Directory,
    encoding::Base64Bytes,
    evidence::ProfileSelector,
    id::{OrgId, ProfileId},
    limits::SERVER_CLOCK_BEHIND_SECONDS,
    problem::{Problem, ProblemCode},
    receipt::Receipt,
    request::{RequestRefusal, SignatureParams, VerifiedHead},
    time::Timestamp,
};
use verify::Unverified;

/// How a request came: it decides for which endpoint it must be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    Network,
    InProcess,
}

/// Where a signed request goes, as its path says. Not believed before the signature verified.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) route: &'static Route,
    pub(super) org: String,
    pub(super) profile: Option<String>,
}

/// What the headers of a request claim, after its signature verified. Its body was not looked at.
#[derive(Clone)]
pub(super) struct Claim {
    pub(super) route: &'static Route,
    pub(super) org: OrgId,
    /// The profile that the path names, decoded; none where it names none, or nothing that can be a profile.
    pub(super) selector: Option<ProfileSelector>,
    pub(super) head: VerifiedHead,
    pub(super) address: Option<IpAddr>,
}

impl Claim {
    /// The parameters of the signature.
    pub(super) const fn params(&self) -> &SignatureParams {
        self.head.request().params()
    }

    /// Believes the rest: 3. to its end. The body must be the one whose digest is among the signed headers.
    fn with_body(self, body: &[u8]) -> Result<Asked, RequestRefusal> {
        let verified = self.head.clone().with_body(body)?;
        let task = Task::parse(self.route, verified.parts().query(), body);
        Ok(Asked { claim: self, task })
    }

    /// A denial of this request, if it is denied.
    pub(super) fn attempt(&self) -> Attempt {
        Attempt::new(self.org, self.params().key_id)
    }
}

/// A request whose signature verified and whose body is the signed one, with what it asks for.
pub(super) struct Asked {
    pub(super) claim: Claim,
    /// What is asked for, or what is wrong with the question: told only to a caller that may ask.
    pub(super) task: Result<Task, Problem>,
}

/// What came of a decision.
enum Decided {
    Released { render: Render, position: u64, record: Base64Bytes, state: Arc<OrgState> },
    Denied(Denied),
}

/// A denial that is to be told.
pub(super) struct Denied {
    pub(super) problem: Problem,
    pub(super) state: Option<Arc<OrgState>>,
}

impl Denied {
    /// Nobody has the key any more: there is no log that this belongs to.
    const fn unknown(problem: Problem) -> Self {
        Self { problem, state: None }
    }
}

impl<S: Store> Inner<S> {
    /// Answers a signed request.
    ///
    /// 2. the address's rate; 3. the signature, with one answer for everything that is wrong up to there; then, under
    ///    the lock: 4. clock, 5. nonce, 6. status, 7. access, and what is asked for.
    pub(super) async fn answer_signed(
        self: &Arc<Self>,
        target: Target,
        incoming: Incoming,
        channel: Channel,
    ) -> Outgoing {
        let action = target.route.action.name();
        let claim = match self.claim(target, &incoming, channel).await {
            Ok(claim) => claim,
            Err(refused) => return refused,
        };
        let asked = match claim.with_body(&incoming.body) {
            Ok(asked) => asked,
            Err(refusal) => return self.refuse_unverified(action, incoming.address, &Unverified::from(refusal)),
        };
        if let Some(refused) = self.refuse_repeated(&asked.claim).await {
            return refused;
        }
        if let Err(error) = self.load_ahead(&asked).await {
            return unavailable(action, &error);
        }
        let (inner, attempt) = (Arc::clone(self), asked.claim.attempt());
        let (org, address, tried) = (asked.claim.org, asked.claim.address, attempt.clone());
        let decided = self.store.locked(Some(org), move |tx| inner.decide(&asked, tx, &tried)).await;
        match decided {
            Ok(Decided::Released { render, position, record, state }) => {
                self.orgs.committed(&state);
                tracing::debug!(action, %org, "allowed");
                // Only what is committed is signed.
                match render(Receipt::sign(&org, position, record, self.keys.checkpoint())) {
                    Ok(body) => Outgoing::json(body),
                    Err(error) => {
                        tracing::error!(action, %error, "an answer does not serialize");
                        Outgoing::problem(&Problem::new(ProblemCode::Internal, "the answer could not be written"))
                    }
                }
            }
            Ok(Decided::Denied(denied)) => self.tell_denied(action, &attempt, address, denied),
            Err(error) => self.tell_failed(action, &attempt, address, &error),
        }
    }

    /// 2. and 3.: the address's rate, and the signature over the headers.
    ///
    /// # Errors
    /// The answer to whoever is refused by then.
    pub(super) async fn claim(&self, target: Target, incoming: &Incoming, channel: Channel) -> Result<Claim, Outgoing> {
        let (action, address) = (target.route.action.name(), incoming.address);
        // 2.
        if let Some(rate) = self.refused_too_often(address) {
            tracing::warn!(action, ?address, "refused: too many refused requests from this address");
            return Err(too_many(&rate));
        }
        // 3.
        let claim = self.verify_head(target, incoming, channel).await;
        claim.map_err(|unverified| self.refuse_unverified(action, address, &unverified))
    }

    fn refuse_unverified(&self, action: &'static str, address: Option<IpAddr>, unverified: &Unverified) -> Outgoing {
        match unverified {
            Unverified::Refused(refusal) => {
                tracing::warn!(action, ?address, reason = %refusal, "refused before the signature verified");
                self.count_refusal(address);
                Outgoing::problem(&refusal.problem())
            }
            Unverified::Store(error) => unavailable(action, error),
        }
    }

    /// The answer to a request that was denied, and its denial recorded.
    pub(super) fn tell_denied(
        &self,
        action: &'static str,
        attempt: &Attempt,
        address: Option<IpAddr>,
        Denied { problem, state }: Denied,
    ) -> Outgoing {
        if let Some(state) = state {
            self.orgs.committed(&state);
        }
        tracing::info!(action, org = %attempt.org(), code = %problem.code, "denied");
        self.count_repeated(attempt.code(), address);
        Outgoing::problem(&problem)
    }

    /// The answer to a request whose transaction was not committed: denied as often before, or the store failed.
    pub(super) fn tell_failed(
        &self,
        action: &'static str,
        attempt: &Attempt,
        address: Option<IpAddr>,
        error: &StoreError,
    ) -> Outgoing {
        match self.answer_unrecorded(attempt, error) {
            Some(answer) => {
                tracing::debug!(action, org = %attempt.org(), "denied, as often before");
                self.count_repeated(attempt.code(), address);
                answer
            }
            None => unavailable(action, error),
        }
    }

    /// Whoever repeats what it overheard must not keep the server busy at will.
    pub(super) fn count_repeated(&self, code: Option<&ProblemCode>, address: Option<IpAddr>) {
        if matches!(code, Some(ProblemCode::ClockSkew | ProblemCode::NonceUsed)) {
            self.count_refusal(address);
        }
    }

    /// Decides a request after the organization's head row is locked, and records it.
    fn decide(self: &Arc<Self>, asked: &Asked, tx: &mut dyn Tx, attempt: &Attempt) -> Result<Decided, StoreError> {
        let (claim, now) = (&asked.claim, self.now());
        let Some((head, state)) = self.locked_state(tx, &claim.org, now)? else {
            return Ok(Decided::Denied(Denied::unknown(Problem::unauthenticated())));
        };
        // The key was looked up before the lock: a statement that was rolled back since may have brought it.
        let Some(holder) = Holder::find(&state.directory, &claim.params().key_id) else {
            return Ok(Decided::Denied(Denied::unknown(Problem::unauthenticated())));
        };
        let event = claim.event(&state.directory, holder, &head, now);
        let judged = self.judge(claim, Nonce::Claim, tx, (&state.directory, holder), now);
        let answered = judged.and_then(|party| {
            let task = asked.task.as_ref().map_err(Clone::clone)?;
            match party {
                Party::Invited(id, invite) => Invited { inner: self, state: &state, id, invite }.perform(tx, task),
                Party::Principal(caller) => {
                    let decision =
                        Decision { inner: self, state: Arc::clone(&state), caller, now, profile: event.profile };
                    decision.perform(task, tx)
                }
            }
        });
        match answered {
            Ok(Answer { released, render }) => {
                let (position, record) = record(tx, &event, Ok(released.as_ref()))?;
                if let Some(principal) = &event.principal {
                    tx.touch(&claim.org, principal, now, head.head.seq)?;
                }
                // A statement that this request committed is known by now.
                let state = self.orgs.known(&claim.org).unwrap_or_else(|| Arc::clone(&state));
                Ok(Decided::Released { render, position, record, state })
            }
            Err(Refused::Problem(problem)) => {
                let problem = self.record_denial(attempt, tx, &event, problem)?;
                let state = Some(Arc::clone(&state));
                Ok(Decided::Denied(Denied { problem, state }))
            }
            Err(Refused::Store(error)) => Err(error),
        }
    }

    /// Judges the headers again under the lock, and records the denial if they are denied. None when they are not: then nothing
    /// is written, and the nonce stays good.
    pub(super) fn decide_head(
        &self,
        claim: &Claim,
        tx: &mut dyn Tx,
        attempt: &Attempt,
    ) -> Result<Option<Denied>, StoreError> {
        let now = self.now();
        let Some((head, state)) = self.locked_state(tx, &claim.org, now)? else {
            return Ok(Some(Denied::unknown(Problem::unauthenticated())));
        };
        let Some(holder) = Holder::find(&state.directory, &claim.params().key_id) else {
            return Ok(Some(Denied::unknown(Problem::unauthenticated())));
        };
        let judged = (&state.directory, holder);
        match self.judge(claim, Nonce::LookUp, tx, judged, now) {
            Ok(_) => return Ok(None),
            Err(Refused::Store(error)) => return Err(error),
            Err(Refused::Problem(_)) => {}
        }
        // Denied: what stands in the log is used up, as with a request that was read whole.
        match self.judge(claim, Nonce::Claim, tx, judged, now) {
            Ok(_) => Err(StoreError::GivenUp("headers were judged in two ways at once".to_owned())),
            Err(Refused::Store(error)) => Err(error),
            Err(Refused::Problem(problem)) => {
                let event = claim.event(&state.directory, holder, &head, now);
                let problem = self.record_denial(attempt, tx, &event, problem)?;
                Ok(Some(Denied { problem, state: Some(Arc::clone(&state)) }))
            }
        }
    }

    /// The organization's head row and directory, after the row is locked; none when there is no such organization.
    fn locked_state(
        &self,
        tx: &mut dyn Tx,
        org: &OrgId,
        now: Timestamp,
    ) -> Result<Option<(OrgHead, Arc<OrgState>)>, StoreError> {
        let Some(head) = tx.head(org)? else { return Ok(None) };
        check_not_behind(&head, now)?;
        let state = self.orgs.current(tx, org, &head.head)?;
        Ok(Some((head, state)))
    }
}

impl Claim {
    /// What the audit record says of this request.
    fn event<'c>(&'c self, directory: &Directory, holder: Holder<'_>, head: &OrgHead, at: Timestamp) -> Event<'c> {
        Event {
            at,
            org: self.org,
            principal: holder.principal(),
            action: self.route.action.name(),
            profile: self.selector.as_ref().and_then(|selector| find_profile(directory, selector)),
            address: self.address,
            directory: head.head,
            request: Some(self.head.request()),
        }
    }
}

/// Checks that the clock is not far behind the newest record: one that is older than the one before it would make the log's
/// times meaningless.
///
/// # Errors
/// [`StoreError`] when it is: nothing can be recorded, so nothing is answered.
pub(super) fn check_not_behind(head: &OrgHead, now: Timestamp) -> Result<(), StoreError> {
    let latest = now.plus_millis(SERVER_CLOCK_BEHIND_SECONDS * 1000);
    match head.newest_record_at.filter(|newest| *newest > latest) {
        Some(newest) => Err(StoreError::GivenUp(format!("the clock is behind the newest record, of {newest}"))),
        None => Ok(()),
    }
}

/// The profile that a path names.
pub(super) fn find_profile(directory: &Directory, selector: &ProfileSelector) -> Option<ProfileId> {
    match selector {
        ProfileSelector::Name(name) => directory.profile_named(name),
        ProfileSelector::Id(id) => directory.profile(id),
    }
    .map(|profile| profile.id)
}
