//! The whole behaviour of a server, without HTTP: requests in, answers out.
//!
//! [`Service::handle`] takes what any transport delivers; [`Service::in_process`] is a transport without one. A signed
//! request is decided inside one store transaction, after the organization's head row is locked: clock, nonce, status,
//! access, what is released, and the audit record. The answer leaves after that transaction is durable, or not at all.

mod account;
mod activity;
mod audit;
mod audit_trees;
mod cache;
mod commit_statement;
mod contents;
mod denial;
mod directory;
mod early;
mod evaluations;
mod evidence;
mod gate;
mod history;
mod in_process;
mod join;
mod key_requests;
mod list_profiles;
mod login;
mod message;
mod orgs;
mod public;
mod read_profile;
mod read_secrets;
mod ready;
mod restored;
mod revision;
mod rotate_keys;
mod seal_check;
mod seals;
mod settings;
mod setup;
mod stage_secrets;
mod task;
mod whoami;
mod write_revision;

pub use early::JudgedHead;
pub use in_process::InProcess;
pub use message::{Incoming, Outgoing};
pub(crate) use restored::{RESTORED_AT, restored_value};
pub use settings::{Limits, ServiceKeys, Settings};
pub use setup::{SetupCode, allow_setup};

use crate::{
    access::{Callers, Denials, Found, RateLimiter, find_route},
    store::{Store, StoreError},
};
use audit_trees::AuditTrees;
use contents::Contents;
use evaluations::Evaluations;
use gate::Channel;
use orgs::Orgs;
use ready::Readiness;
use std::sync::Arc;
use stronghold_protocol::{
    limits::NONCE_MEMORY_SECONDS,
    problem::{Problem, ProblemCode},
    time::{Clock, Timestamp},
};

/// A server: a store, and what is decided over it. Clones are the same server.
pub struct Service<S> {
    inner: Arc<Inner<S>>,
}

impl<S> Clone for Service<S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<S> std::fmt::Debug for Service<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("settings", &self.inner.settings).finish_non_exhaustive()
    }
}

struct Inner<S> {
    store: S,
    settings: Settings,
    keys: ServiceKeys,
    evaluations: Evaluations,
    clock: Arc<dyn Clock>,
    orgs: Orgs,
    replaying: tokio::sync::Mutex<()>,
    contents: Contents,
    rates: RateLimiter,
    denials: Denials,
    audit_trees: AuditTrees,
    readiness: Readiness,
    /// When the store was restored from a backup, if ever: what was signed before is not taken.
    restored_at: Option<Timestamp>,
}

/// A service cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the store holds for log-ins is damaged, or the operating system gives no randomness.
    #[error("the log-in set-up cannot be used: {0}")]
    Login(String),
}

impl<S: Store> Service<S> {
    /// Starts a service on a store.
    ///
    /// # Errors
    /// [`StartError`] when the store fails, or holds a damaged log-in set-up.
    pub async fn start(
        store: S,
        settings: Settings,
        keys: ServiceKeys,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let opaque = login::server_setup(&store).await?;
        let restored_at = store.snapshot(restored::restored_at).await?;
        let contents = Contents::new(settings.limits.cache_bytes);
        let inner = Inner {
            store,
            settings,
            keys,
            evaluations: Evaluations::new(opaque),
            clock,
            orgs: Orgs::default(),
            replaying: tokio::sync::Mutex::new(()),
            contents,
            rates: RateLimiter::default(),
            denials: Denials::default(),
            audit_trees: AuditTrees::default(),
            readiness: Readiness::default(),
            restored_at,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.inner.store
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Answers a request that came over a network. It never fails: whatever goes wrong is an answer.
    pub async fn handle(&self, incoming: Incoming) -> Outgoing {
        self.inner.answer(incoming, Channel::Network).await
    }

    /// A transport to this service in the same process.
    #[must_use]
    pub fn in_process(&self) -> InProcess<S> {
        InProcess::new(self.clone())
    }

    /// How many bytes of body a request may have, so that a transport need not read more; 0 where there is no route.
    #[must_use]
    pub fn body_limit(&self, method: &str, path: &str) -> usize {
        match find_route(method, self.inner.settings.route_path(method, path)) {
            Found::Route { route, .. } => route.body_limit,
            Found::OtherMethod(_) | Found::Nothing => 0,
        }
    }

    /// Forgets what need not be kept any more: nonces after a day. To be called now and then.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn tidy(&self) -> Result<usize, StoreError> {
        // Twice what is promised: a clock that is set back within the day must not revive a nonce.
        let before = self.inner.now().plus_millis(-2 * NONCE_MEMORY_SECONDS * 1000);
        self.inner.store.locked(None, move |tx| tx.forget_nonces(before)).await
    }
}

impl<S: Store> Inner<S> {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What a request that arrived is taken for: its peer's address in its one form, its target below a base path.
    fn arrived(&self, incoming: &mut Incoming) {
        // A listener on both families sees IPv4 peers as `::ffff:a.b.c.d`: they are recorded, counted and judged as IPv4.
        incoming.address = incoming.address.map(|address| address.to_canonical());
        if let Some(target) = self.relative_target(incoming) {
            incoming.target = target;
        }
    }

    /// The target below a base path that it stands under; none where it stands under none.
    fn relative_target(&self, incoming: &Incoming) -> Option<String> {
        let (path, _) = incoming.split_target();
        let relative = self.settings.route_path(&incoming.method, path);
        let taken_off = path.len() - relative.len();
        (taken_off > 0).then(|| incoming.target.get(taken_off..).unwrap_or_default().to_owned())
    }

    /// 1. Framing and size; then the rest of the order of refusal, for signed routes in `gate`.
    async fn answer(self: &Arc<Self>, mut incoming: Incoming, channel: Channel) -> Outgoing {
        self.arrived(&mut incoming);
        let (path, _) = incoming.split_target();
        let (route, org, profile) = match find_route(&incoming.method, path) {
            Found::Route { route, org, profile } => (route, org.map(str::to_owned), profile.map(str::to_owned)),
            Found::OtherMethod(method) => {
                let problem = Problem::new(ProblemCode::MethodNotAllowed, format!("this route takes {method}"));
                return Outgoing::problem(&problem).with_header("allow", method.to_string());
            }
            Found::Nothing => return Outgoing::problem(&Problem::not_found()),
        };
        if incoming.body.len() > route.body_limit {
            let detail = format!("this route takes at most {} bytes", route.body_limit);
            return Outgoing::problem(&Problem::new(ProblemCode::TooLarge, detail));
        }
        match route.callers {
            Callers::Public => self.answer_public(route, incoming).await,
            Callers::Signed(_) => {
                let target = gate::Target { route, org: org.unwrap_or_default(), profile };
                self.answer_signed(target, incoming, channel).await
            }
        }
    }
}
