//! How large the reply of each route is at most: a part of its type, so that no client reads one without a bound.

use super::{
    Acceptances, AccountReplaced, AccountStarted, ActivityEntry, AuditCheckpoint, AuditPage, Committed,
    CreatedOrganization, DirectoryPage, IntroducedSecrets, JoinStarted, Joined, KeyRequests, KeysRequested,
    LoginFinished, LoginStarted, ProfileList, RecoverySeed, RevisionPage, SealedPart, SealedProfile, SealsReply,
    SecretVersions, SetupStarted, StagedSecrets, WhoAmI, Written,
};
use crate::limits;

/// A reply of a route.
pub trait BoundedReply {
    /// Most bytes of its JSON that a client reads. A server never sends more.
    const MOST_BYTES: usize;
}

/// Most bytes of an answer to one request. It comes from the type of the route's reply alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplyLimit(usize);

impl ReplyLimit {
    /// That of a route with this reply.
    #[must_use]
    pub const fn of<R: BoundedReply>() -> Self {
        Self(R::MOST_BYTES)
    }

    /// Most bytes of an answer of an HTTP status: problems are small, whatever was asked for.
    #[must_use]
    pub const fn bytes(self, status: u16) -> usize {
        if status < 400 || self.0 < limits::PROBLEM_BYTES { self.0 } else { limits::PROBLEM_BYTES }
    }
}

macro_rules! bounded {
    ($($limit:ident: $($reply:ty),+;)+) => {
        $($(impl BoundedReply for $reply {
            const MOST_BYTES: usize = limits::$limit;
        })+)+
    };
}

bounded! {
    SMALL_REPLY_BYTES: WhoAmI, SetupStarted, CreatedOrganization, LoginStarted, LoginFinished, AccountStarted,
        AccountReplaced, RecoverySeed, JoinStarted, Joined, KeysRequested, Committed, Written, StagedSecrets,
        AuditCheckpoint;
    PAGE_REPLY_BYTES: ProfileList, SealedPart, RevisionPage, SecretVersions, DirectoryPage, AuditPage, Acceptances,
        KeyRequests, Vec<ActivityEntry>;
    PROFILE_REPLY_BYTES: SealedProfile, IntroducedSecrets, SealsReply;
}
