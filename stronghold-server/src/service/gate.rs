//! The order of refusal for signed requests, from the address to the audit record.

use super::{
    Incoming, Inner, Outgoing,
    denial::Attempt,
    join::{Invited, check_invite},
    orgs::{Loaded, OrgState},
    task::Task,
};
use crate::{
    access::{Bucket, Caller, CallerKind, RateState, ReadPermit, Route, Source, check_standing},
    audit::{Event, record},
    store::{OrgHead, Store, StoreError, Tx},
};
use std::{net::IpAddr, sync::Arc};
use stronghold_protocol::{
    api::parse_profile_segment,
    audit::Released,
    crypto::sign::{KeyId, SigningPublicKey},
    directory::{Directory, Invite},
    encoding::Base64Bytes,
    evidence::ProfileSelector,
    id::{OrgId, ProfileId},
    limits::SERVER_CLOCK_BEHIND_SECONDS,
    problem::{Problem, ProblemCode},
    receipt::Receipt,
    request::{Endpoint, Method, RequestRefusal, UnverifiedRequest, VerifiedRequest, check_clock},
    time::Timestamp,
};

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

/// A request whose signature verified, with what it asks for.
pub(super) struct Asked {
    pub(super) route: &'static Route,
    pub(super) org: OrgId,
    /// The profile that the path names, decoded; none where it names none, or nothing that can be a profile.
    pub(super) selector: Option<ProfileSelector>,
    pub(super) request: VerifiedRequest,
    pub(super) address: Option<IpAddr>,
    /// What is asked for, or what is wrong with the question: told only to a caller that may ask.
    pub(super) task: Result<Task, Problem>,
}

/// A request that is being decided, after the organization's head row is locked.
pub(super) struct Decision<'a, S> {
    pub(super) inner: &'a Arc<Inner<S>>,
    pub(super) state: Arc<OrgState>,
    pub(super) caller: Caller,
    pub(super) now: Timestamp,
    /// The profile that the path names, if there is one. Whether the caller may know is not decided yet.
    pub(super) profile: Option<ProfileId>,
}

/// Why nothing is released.
pub(super) enum Refused {
    /// The caller is told, and the log too.
    Problem(Problem),
    /// The store failed: nothing is known to be written, nothing is released.
    Store(StoreError),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Writes the answer's body, given the receipt of the audit record; called after the commit.
pub(super) type Render = Box<dyn FnOnce(Receipt) -> serde_json::Result<Vec<u8>> + Send>;

/// What is released once the record of it is durable.
pub(super) struct Answer {
    pub(super) released: Option<Released>,
    pub(super) render: Render,
}

impl Answer {
    /// An answer that `render` writes, with the record's receipt in it where the reply has a place for it.
    pub(super) fn new<T: serde::Serialize>(
        released: Option<Released>,
        render: impl FnOnce(Receipt) -> T + Send + 'static,
    ) -> Self {
        Self { released, render: Box::new(move |receipt| serde_json::to_vec(&render(receipt))) }
    }
}

/// What came of a decision.
enum Decided {
    Released { render: Render, position: u64, record: Base64Bytes, state: Arc<OrgState> },
    Denied { problem: Problem, state: Option<Arc<OrgState>> },
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
        let address = incoming.address;
        // 2.
        if let Some(rate) = self.refused_too_often(address) {
            tracing::warn!(action, ?address, "refused: too many refused requests from this address");
            return too_many(&rate);
        }
        // 3.
        let asked = match self.verify(target, incoming, channel).await {
            Ok(asked) => asked,
            Err(Unverified::Refused(refusal)) => {
                tracing::warn!(action, ?address, reason = %refusal, "refused before the signature verified");
                self.count_refusal(address);
                return Outgoing::problem(&refusal.problem());
            }
            Err(Unverified::Store(error)) => return unavailable(action, &error),
        };
        if let Err(error) = self.load_ahead(&asked).await {
            return unavailable(action, &error);
        }
        let inner = Arc::clone(self);
        let org = asked.org;
        let attempt = Attempt::new(org, asked.request.params().key_id);
        let tried = attempt.clone();
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
            Ok(Decided::Denied { problem, state }) => {
                if let Some(state) = state {
                    self.orgs.committed(&state);
                }
                tracing::info!(action, %org, code = %problem.code, "denied");
                self.count_repeated(&attempt, address);
                Outgoing::problem(&problem)
            }
            Err(error) => match self.answer_unrecorded(&attempt, &error) {
                Some(answer) => {
                    tracing::debug!(action, %org, "denied, as often before");
                    self.count_repeated(&attempt, address);
                    answer
                }
                None => unavailable(action, &error),
            },
        }
    }

    /// Whoever repeats what it overheard must not keep the server busy at will.
    fn count_repeated(&self, attempt: &Attempt, address: Option<IpAddr>) {
        if matches!(attempt.code(), Some(ProblemCode::ClockSkew | ProblemCode::NonceUsed)) {
            self.count_refusal(address);
        }
    }

    async fn verify(&self, target: Target, incoming: Incoming, channel: Channel) -> Result<Asked, Unverified> {
        let Target { route, org, profile } = target;
        let method: Method = incoming.method.parse().map_err(|_| RequestRefusal::Signature)?;
        let headers = incoming.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let unverified = UnverifiedRequest::from_headers(method, &incoming.target, headers)?;
        let unknown = || RequestRefusal::UnknownKey(unverified.key_id());
        let org: OrgId = org.parse().map_err(|_| unknown())?;
        let key = self.find_key(&org, &unverified.key_id()).await?.ok_or_else(unknown)?;
        let in_process = [Endpoint::in_process()];
        let endpoints: &[Endpoint] = match channel {
            Channel::Network => &self.settings.endpoints,
            Channel::InProcess => &in_process,
        };
        let request = unverified.verify(&key, endpoints, &incoming.body)?;
        let task = Task::parse(route, request.parts().query(), &incoming.body);
        let selector = profile.and_then(|segment| parse_profile_segment(&segment));
        Ok(Asked { route, org, selector, request, address: incoming.address, task })
    }

    /// Decides a request after the organization's head row is locked, and records it.
    fn decide(self: &Arc<Self>, asked: &Asked, tx: &mut dyn Tx, attempt: &Attempt) -> Result<Decided, StoreError> {
        let now = self.now();
        let Some(head) = tx.head(&asked.org)? else {
            return Ok(Decided::Denied { problem: Problem::unauthenticated(), state: None });
        };
        check_not_behind(&head, now)?;
        let state = self.orgs.current(tx, &asked.org, &head.head)?;
        // The key was looked up before the lock: a statement that was rolled back since may have brought it.
        let key = asked.request.request().key_id();
        let owner = state.directory.key_owner(&key).copied();
        let invited = state.directory.invite_with_key(&key).filter(|_| owner.is_none());
        if owner.is_none() && invited.is_none() {
            return Ok(Decided::Denied { problem: Problem::unauthenticated(), state: None });
        }
        let principal = owner.map(|owner| owner.principal);
        let profile = asked.selector.as_ref().and_then(|selector| find_profile(&state.directory, selector));
        let event = Event {
            at: now,
            org: asked.org,
            principal,
            action: asked.route.action.name(),
            profile,
            address: asked.address,
            directory: head.head,
            request: Some(asked.request.request()),
        };
        let answered = match invited {
            Some((id, invite)) => self.judge_invited(asked, tx, invite, now).and_then(|()| {
                let task = asked.task.as_ref().map_err(Clone::clone)?;
                Invited { inner: self, state: &state, id, invite }.perform(tx, task)
            }),
            None => self.judge(asked, tx, &state, now).and_then(|caller| {
                let decision = Decision { inner: self, state: Arc::clone(&state), caller, now, profile };
                decision.perform(asked, tx)
            }),
        };
        match answered {
            Ok(Answer { released, render }) => {
                let (position, record) = record(tx, &event, Ok(released.as_ref()))?;
                if let Some(principal) = &principal {
                    tx.touch(&asked.org, principal, now, head.head.seq)?;
                }
                // A statement that this request committed is known by now.
                let state = self.orgs.known(&asked.org).unwrap_or(state);
                Ok(Decided::Released { render, position, record, state })
            }
            Err(Refused::Problem(problem)) => {
                let problem = self.record_denial(attempt, tx, &event, problem)?;
                Ok(Decided::Denied { problem, state: Some(state) })
            }
            Err(Refused::Store(error)) => Err(error),
        }
    }

    fn judge(&self, asked: &Asked, tx: &mut dyn Tx, state: &OrgState, now: Timestamp) -> Result<Caller, Refused> {
        self.check_fresh(asked, tx, now)?;
        // 6.
        let key = asked.request.params().key_id;
        let owner = state.directory.key_owner(&key).ok_or_else(Problem::unauthenticated)?;
        let caller = check_standing(&state.directory, owner, asked.address, now)?;
        // 7.
        if !asked.route.allows(caller.kind) {
            return Err(forbidden(caller.kind).into());
        }
        Ok(caller)
    }

    /// The same for whoever holds the code of an open invitation.
    fn judge_invited(&self, asked: &Asked, tx: &mut dyn Tx, invite: &Invite, now: Timestamp) -> Result<(), Refused> {
        self.check_fresh(asked, tx, now)?;
        // 6.
        check_invite(invite, now)?;
        // 7.
        if !asked.route.allows(CallerKind::Invitee) {
            return Err(forbidden(CallerKind::Invitee).into());
        }
        Ok(())
    }

    /// 4. and 5. of the order of refusal.
    fn check_fresh(&self, asked: &Asked, tx: &mut dyn Tx, now: Timestamp) -> Result<(), Refused> {
        let params = asked.request.params();
        // 4.
        check_clock(params.created, now).map_err(|_| Problem::clock_skew(now))?;
        // A restored store has not the nonces of what came after its backup.
        if self.restored_at.is_some_and(|restored| params.created < restored.as_seconds()) {
            return Err(Problem::clock_skew(now).into());
        }
        // 5.
        if tx.claim_nonce(&asked.org, &params.key_id, &params.nonce, now)? {
            Ok(())
        } else {
            Err(Problem::new(ProblemCode::NonceUsed, "sign the request anew").into())
        }
    }

    /// The public key with this id, from memory, or from the store if that is ahead.
    async fn find_key(&self, org: &OrgId, key: &KeyId) -> Result<Option<SigningPublicKey>, Unverified> {
        let key_in = |state: Arc<OrgState>| {
            let owner = state.directory.key_owner(key).map(|owner| owner.key);
            owner.or_else(|| state.directory.invite_with_key(key).map(|(_, invite)| invite.key))
        };
        let known = self.orgs.known(org);
        let in_memory = known.is_some();
        if let Some(key) = known.and_then(key_in) {
            return Ok(Some(key));
        }
        // Strangers with made-up keys must not keep the store busy; after a start everyone has to look once.
        if in_memory && !self.rates.take(Bucket::UnknownKeys, UNKNOWN_KEYS, self.now()).allowed {
            return Ok(None);
        }
        Ok(self.refresh(*org).await?.and_then(key_in))
    }

    fn refused_too_often(&self, address: Option<IpAddr>) -> Option<RateState> {
        let bucket = Bucket::Refused(Source::from(address?));
        let state = self.rates.peek(bucket, self.settings.limits.refused, self.now());
        (!state.allowed).then_some(state)
    }

    fn count_refusal(&self, address: Option<IpAddr>) {
        if let Some(address) = address {
            let _ = self.rates.take(Bucket::Refused(Source::from(address)), self.settings.limits.refused, self.now());
        }
    }
}

/// Looks into the store for unknown keys, of all addresses together.
const UNKNOWN_KEYS: crate::access::RateLimit = crate::access::RateLimit { burst: 200, per_minute: 6000 };

impl<S: Store> Inner<S> {
    /// Replays what the store has beyond memory; none when there is no such organization. One replay at a time: those who
    /// wait for it find it done.
    pub(super) async fn refresh(&self, org: OrgId) -> Result<Option<Arc<OrgState>>, StoreError> {
        let _turn = self.replaying.lock().await;
        let known = self.orgs.known(&org);
        let held = known.clone();
        let loaded = self.store.snapshot(move |tx| super::orgs::load(tx, &org, held)).await?;
        Ok(match loaded {
            Loaded::Nothing => None,
            Loaded::Known => known,
            Loaded::Newer(state) => Some(self.orgs.note_read(&org, *state)),
        })
    }
}

impl<S: Store> Decision<'_, S> {
    /// Does what is asked for.
    fn perform(&self, asked: &Asked, tx: &mut dyn Tx) -> Result<Answer, Refused> {
        let task = asked.task.as_ref().map_err(Clone::clone)?;
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
    pub(super) fn directory(&self) -> &Directory {
        &self.state.directory
    }

    /// The organization.
    pub(super) fn org(&self) -> OrgId {
        self.state.directory.org()
    }

    /// The permit to read the profile that the path names, and the profile.
    ///
    /// # Errors
    /// The one answer for what does not exist and for what the caller may not know of.
    pub(super) fn permit(&self) -> Result<ReadPermit, Problem> {
        let profile = self.profile.ok_or_else(Problem::not_found)?;
        ReadPermit::grant(self.directory(), &self.caller, &profile).ok_or_else(Problem::not_found)
    }

    /// Counts one read of the caller, which must be able to get a receipt for it.
    ///
    /// # Errors
    /// A problem when the caller has used up what it had; a store error when this server cannot sign receipts.
    pub(super) fn count_read(&self, tx: &mut dyn Tx) -> Result<(), Refused> {
        self.check_checkpoint_key()?;
        if tx.claim_use(&self.org(), &self.caller.principal, self.caller.max_uses)? {
            Ok(())
        } else {
            Err(Problem::new(ProblemCode::UsesExhausted, "an administrator can allow this agent more reads").into())
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

/// Why a request did not get as far as being decided.
enum Unverified {
    Refused(RequestRefusal),
    Store(StoreError),
}

impl From<RequestRefusal> for Unverified {
    fn from(refusal: RequestRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Unverified {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

pub(super) fn find_profile(directory: &Directory, selector: &ProfileSelector) -> Option<ProfileId> {
    match selector {
        ProfileSelector::Name(name) => directory.profile_named(name),
        ProfileSelector::Id(id) => directory.profile(id),
    }
    .map(|profile| profile.id)
}

fn forbidden(kind: CallerKind) -> Problem {
    let detail = match kind {
        CallerKind::Agent => "an agent only reads the profiles of its groups; this takes a person",
        CallerKind::Auditor => "an auditor reads the audit log only",
        CallerKind::Invitee => "this invitation is to be accepted first, and confirmed by an administrator",
        CallerKind::Recovery => "a recovery kit only replaces a forgotten password: do that, then sign in",
        CallerKind::Owner | CallerKind::Admin | CallerKind::Editor => "your role does not allow this",
    };
    Problem::new(ProblemCode::Forbidden, detail)
}

/// The answer when the store failed: the log has the reason.
pub(super) fn unavailable(action: &'static str, error: &StoreError) -> Outgoing {
    tracing::error!(action, %error, "unavailable");
    Outgoing::problem(&match error {
        StoreError::Damaged(_) => Problem::new(ProblemCode::Damaged, "its operator has the details in the log"),
        _ => Problem::new(ProblemCode::Unavailable, "try again in a moment").retry_after(1),
    })
}

/// The answer to an address or account that asked too often.
pub(super) fn too_many(rate: &RateState) -> Outgoing {
    let problem = Problem::new(ProblemCode::RateLimited, "wait before you try again");
    with_rate(Outgoing::problem(&problem.retry_after(rate.retry_after_seconds)), rate)
}

/// Says in an answer's headers how often may still be tried.
pub(super) fn with_rate(answer: Outgoing, rate: &RateState) -> Outgoing {
    answer.with_header("ratelimit-policy", rate.policy_header()).with_header("ratelimit", rate.header())
}
