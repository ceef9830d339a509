//! What can go wrong, by who is to blame.

mod unproven;

pub(crate) use unproven::MadeOnce;
pub use unproven::{OnlyOnce, Unproven};

use crate::{
    crypto::{OpenError, SealError},
    references::ReferenceError,
};
use std::fmt;
use stronghold_protocol::{
    crypto::{password::PasswordError, random::RandomnessUnavailable},
    directory::DirectoryRefusal,
    evidence::EvidenceRefusal,
    id::ProfileId,
    name::{InvalidName, Name},
    number::Revision,
    problem::{Problem, ProblemCode},
    signed::SignedRefusal,
    transport::TransportFailure,
    visible,
};

/// Why an operation did not succeed. No variant holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server showed something forged, foreign or old. Nothing of its answer was used, written or remembered.
    #[error("integrity violation: {0}")]
    Integrity(Integrity),
    /// A write was made, or may have been, and the server's answer does not prove it.
    #[error("{0}")]
    Unproven(Box<Unproven>),
    /// The server refused the request.
    #[error("{}", refused(.0))]
    Refused(Box<Problem>),
    /// The server was not reached, or gave no answer of this protocol. One of its media type that is too large is
    /// [`Self::Integrity`], as one of another form is.
    #[error("{0}")]
    Transport(TransportFailure),
    /// Something that was named does not exist, as the verified directory says.
    #[error("there is no {kind} {name:?}")]
    NotFound {
        /// Which kind of thing.
        kind: &'static str,
        /// How it was named.
        name: String,
    },
    /// A reference between secrets has no value.
    #[error("{0}")]
    Reference(#[from] ReferenceError),
    /// Records of the audit log are in archives that were not given.
    #[error("the audit log's records from {from} to {} are in archives that were not given: nothing of them, and so no root of the log, was checked", to.saturating_sub(1))]
    Archived {
        /// Position of the first.
        from: u64,
        /// Position after the last that the server has in archives only.
        to: u64,
    },
    /// What the caller gave is not what it must be.
    #[error("{0}")]
    Invalid(String),
    /// What this client remembers cannot be read or written.
    #[error("{what}: {source}")]
    State {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

/// What was forged, foreign or old.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Integrity {
    /// A check of signed evidence failed.
    #[error(transparent)]
    Evidence(#[from] EvidenceRefusal),
    /// A statement of the directory does not verify.
    #[error(transparent)]
    Directory(#[from] DirectoryRefusal),
    /// A ciphertext does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A record of the audit log is missing, changed, or was not what its principal signed.
    #[error("audit record {position}: {reason}")]
    Audit {
        /// The record's position, from 0.
        position: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A profile's past is not what was signed: changed, dropped or swapped.
    #[error("profile {profile}, revision {revision}: {reason}")]
    History {
        /// The profile's name.
        profile: String,
        /// The first revision that is not what was signed.
        revision: Revision,
        /// What is wrong with it.
        reason: String,
    },
    /// A write was not made, and the server's answer says otherwise or proves nothing.
    #[error("not made: {what}. The server does not show it, and its answer is not what it must be ({reason})")]
    NotMade {
        /// What was to be written, by name.
        what: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// The server is behind, or on another branch than, what this client knows.
    #[error("{0}")]
    RolledBack(String),
    /// Anything else that an honest server cannot send.
    #[error("{0}")]
    Other(String),
}

/// Whose fault an [`Error`] is: coarse enough for exit codes and for deciding what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server showed something forged or old.
    Integrity,
    /// Not authenticated, or refused.
    Refused,
    /// What was named does not exist.
    NotFound,
    /// The server cannot be reached.
    Unreachable,
    /// The caller's input, this machine, or a passing failure of the server.
    Failure,
}

impl Error {
    /// Whose fault it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Integrity(_) => ErrorKind::Integrity,
            Self::Unproven(unproven) if unproven.is_made() => ErrorKind::Integrity,
            Self::Unproven(unproven) => unproven.cause().kind(),
            Self::NotFound { .. } | Self::Reference(ReferenceError::MissingSecret { .. }) => ErrorKind::NotFound,
            Self::Reference(ReferenceError::MissingProfile { .. }) => ErrorKind::Refused,
            Self::Reference(_) => ErrorKind::Failure,
            Self::Transport(_) => ErrorKind::Unreachable,
            Self::Refused(problem) => match problem.status {
                404 => ErrorKind::NotFound,
                401 | 403 => ErrorKind::Refused,
                // An honest server says what another one would hide.
                _ if problem.code == ProblemCode::Damaged => ErrorKind::Integrity,
                _ => ErrorKind::Failure,
            },
            Self::Invalid(_) | Self::State { .. } | Self::Archived { .. } => ErrorKind::Failure,
        }
    }

    /// The server's stable code, where the server refused.
    #[must_use]
    pub fn problem_code(&self) -> Option<&str> {
        match self {
            Self::Refused(problem) => Some(problem.code.as_str()),
            _ => None,
        }
    }

    /// What to do about it, where there is something to say.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        let problem = match self {
            Self::Refused(problem) => problem,
            Self::Unproven(unproven) if unproven.kind_is_integrity() => {
                return Some(
                    "Run `audit verify`, and compare with another admin what the server shows them: `org verify --heads`.",
                );
            }
            Self::Unproven(unproven) => return unproven.cause().advice(),
            Self::Integrity(Integrity::Evidence(EvidenceRefusal::Anchor(_))) => {
                return Some(
                    "Nothing goes behind the statement at which a token was made: if the server was restored from an older backup, an admin makes a new token with `agent rotate-token`.",
                );
            }
            Self::Integrity(Integrity::Evidence(EvidenceRefusal::Replaced { .. })) => {
                return Some(
                    "Ask who deleted the profile and made another with its name; `--accept-replaced` accepts it, and nothing else.",
                );
            }
            Self::Transport(TransportFailure::BodyLimited(_)) => {
                return Some("The request did not reach the server. See docs/proxies.md for what a proxy needs.");
            }
            _ if self.is_rollback() => {
                return Some(
                    "Do not use what this server sends. If it was restored from a backup, an admin's `org verify` says what was lost, and `--accept-rollback` goes on from what is left.",
                );
            }
            Self::Archived { .. } => return Some("Give the files that the server's operator keeps with --archive."),
            Self::Reference(ReferenceError::NotAllowed { .. }) => {
                return Some(
                    "Name the profile with --allow-reference if its secrets may be read here; --raw shows what refers to it.",
                );
            }
            _ => return None,
        };
        match problem.code {
            ProblemCode::Expired => Some("An admin extends it with `agent update --expires`."),
            ProblemCode::Inactive => Some("An admin does so with `agent activate`."),
            ProblemCode::ClockSkew => Some("Set this machine's clock."),
            _ => None,
        }
    }

    /// Whether the same call may succeed a little later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Refused(problem) => problem.is_retryable(),
            Self::Transport(TransportFailure::Unreachable(_) | TransportFailure::TimedOut(_)) => true,
            _ => false,
        }
    }

    /// Whether somebody else's change came first.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused(problem)
            if matches!(problem.code, ProblemCode::Conflict | ProblemCode::RevisionConflict | ProblemCode::ProfileHeld))
    }

    /// Whether it is unknown if the server acted: a write must not be repeated blindly.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        match self {
            Self::Transport(TransportFailure::Unreachable(_) | TransportFailure::TimedOut(_)) => true,
            Self::Unproven(unproven) => !unproven.is_made() && unproven.cause().is_unanswered(),
            _ => false,
        }
    }

    /// Whether the server says that it did nothing.
    pub(crate) const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// Whether password and account key do not open the account.
    pub(crate) fn is_login_refused(&self) -> bool {
        matches!(self, Self::Refused(problem) if problem.code == ProblemCode::LoginRefused)
    }

    /// Whether it is of a write that was made, as the server shows.
    #[must_use]
    pub fn is_made(&self) -> bool {
        self.as_unproven().is_some_and(Unproven::is_made)
    }

    /// Input that is not what it must be.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    /// Something that was named and does not exist.
    #[must_use]
    pub fn not_found(kind: &'static str, name: &str) -> Self {
        Self::NotFound { kind, name: name.to_owned() }
    }

    /// The server is behind, or on another branch than, what this client knows.
    #[must_use]
    pub fn rolled_back(message: &str) -> Self {
        Self::Integrity(Integrity::RolledBack(message.to_owned()))
    }

    /// Another profile has the name of one that is known.
    #[must_use]
    pub fn replaced(remembered: ProfileId, now: ProfileId) -> Self {
        EvidenceRefusal::Replaced { remembered, now }.into()
    }

    /// Whether the server showed something older than is known, or something else in its place: what a server that was
    /// restored from a backup does, or one that forked.
    #[must_use]
    pub const fn is_rollback(&self) -> bool {
        matches!(
            self,
            Self::Integrity(
                Integrity::RolledBack(_)
                    | Integrity::Evidence(EvidenceRefusal::Rollback(_) | EvidenceRefusal::OldRevision { .. })
            )
        )
    }

    pub(crate) fn forged(message: impl fmt::Display) -> Self {
        Self::Integrity(Integrity::Other(message.to_string()))
    }

    pub(crate) fn bad_record(position: u64, reason: impl fmt::Display) -> Self {
        Self::Integrity(Integrity::Audit { position, reason: reason.to_string() })
    }

    pub(crate) fn bad_history(profile: &Name, revision: Revision, reason: impl fmt::Display) -> Self {
        let (profile, reason) = (profile.to_string(), reason.to_string());
        Self::Integrity(Integrity::History { profile, revision, reason })
    }

    /// Names the revision that was asked for, where something is not what was signed, or damaged as the server says.
    pub(crate) fn of_past(self, profile: &Name, revision: Revision) -> Self {
        match self {
            Self::Integrity(Integrity::History { .. }) => self,
            Self::Integrity(reason) => Self::bad_history(profile, revision, reason),
            Self::Refused(problem) if problem.code == ProblemCode::Damaged => {
                Self::bad_history(profile, revision, "the server says that its data is damaged, there or near it")
            }
            other => other,
        }
    }

    pub(crate) fn withheld(what: impl fmt::Display) -> Self {
        Self::forged(format!("the server withholds {what}"))
    }

    pub(crate) fn wrong_key(what: &str) -> Self {
        Self::forged(format!("the opened {what} is another one than the directory states"))
    }

    pub(crate) fn forged_directory(refusal: DirectoryRefusal) -> Self {
        Self::Integrity(refusal.into())
    }

    pub(crate) fn refused_change(refusal: DirectoryRefusal) -> Self {
        match refusal {
            DirectoryRefusal::Change { reason, .. } => Self::Invalid(reason.to_owned()),
            other => Self::Invalid(other.to_string()),
        }
    }

    pub(crate) fn login_refused() -> Self {
        Self::Refused(Box::new(Problem::new(
            ProblemCode::LoginRefused,
            "the address, the password or the account key is wrong",
        )))
    }

    pub(crate) fn state(what: impl fmt::Display, source: std::io::Error) -> Self {
        Self::State { what: what.to_string(), source }
    }
}

/// What the server says, as one line that steers nothing: callers print it on terminals and in logs.
fn refused(problem: &Problem) -> String {
    let Problem { title, detail, .. } = problem;
    let said = if detail.is_empty() { title.clone() } else { format!("{title}: {detail}") };
    visible::line(&said).into_owned()
}

impl From<TransportFailure> for Error {
    fn from(failure: TransportFailure) -> Self {
        match failure {
            TransportFailure::Oversized(_) => Self::forged(failure),
            other => Self::Transport(other),
        }
    }
}

impl From<EvidenceRefusal> for Error {
    fn from(refusal: EvidenceRefusal) -> Self {
        Self::Integrity(refusal.into())
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        Self::Integrity(error.into())
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

macro_rules! invalid_from {
    ($($source:ty),+ $(,)?) => {
        $(impl From<$source> for Error {
            fn from(error: $source) -> Self {
                Self::Invalid(error.to_string())
            }
        })+
    };
}
invalid_from!(SealError, PasswordError, RandomnessUnavailable, InvalidName, SignedRefusal);
