//! What the model speaks of: what clients do, what they know, and how a step must end.

use super::{
    branch::{Hash, Id, LiveProfile},
    seen::Seen,
};
use std::collections::{BTreeMap, BTreeSet};

/// Why a step must be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    HeaderOlder,
    HeaderForked,
    RevisionOlder,
    RevisionForked,
    /// Two processes were shown two revisions of one number, or two statements at one position.
    TwoViews,
    /// What was read, and what another process was shown meanwhile, are not both of the server's history.
    Apart,
    Replaced,
    Missing,
    Denied,
    Damaged,
    Unlocked,
    /// A rollback that would be accepted is not one.
    NotOnlyOlder,
}

/// What is remarkable about a step that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Note {
    /// A fork of a profile's revisions that ends above what was seen: no reader sees a profile's past.
    RevisionForkUnseen,
    /// A lock file's header is of another history, which an agent that knows a higher one does not see.
    LockForkUnseen,
    /// What another process was shown meanwhile is of one history with this.
    Joined,
    WentBack,
    NameTakenOver,
    Warned,
}

/// What a client does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Open,
    Sync,
    List,
    Pull(String),
    /// As an agent that accepts a rollback.
    PullOlder(String),
    Edit(String),
    CreateGroup,
    CreateAgent,
    Delete(String),
    Create(String),
    Grant(String),
}

/// A lock file, with the whole histories that it stands for.
#[derive(Clone, Debug)]
pub(crate) struct LockModel {
    pub(crate) seen: Seen,
    pub(crate) header: Vec<Hash>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ProcessModel {
    pub(crate) seen: Seen,
    /// A person's replayed directory.
    pub(crate) directory: Vec<Hash>,
    /// Histories in the store that its own contradicts: it knows that they are there, and takes over nothing of them.
    pub(crate) apart: Vec<Vec<Hash>>,
    /// How far a person replayed it to judge a receipt.
    pub(crate) ahead: Vec<Hash>,
    /// The profiles that it has.
    pub(crate) names: BTreeMap<String, LiveProfile>,
    pub(crate) warned: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct ClientModel {
    /// The id of an agent; a person where there is none.
    pub(crate) agent: Option<Id>,
    /// What the credentials stand for.
    pub(crate) floor: Vec<Hash>,
    pub(crate) lock: Option<LockModel>,
    pub(crate) accepts_replaced: bool,
    pub(crate) process: ProcessModel,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct StoreModel {
    pub(crate) seen: Seen,
    pub(crate) damaged: bool,
    pub(crate) read_only: bool,
}

/// How a step must end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    /// Accepted where there is none.
    pub(crate) reasons: BTreeSet<Reason>,
    pub(crate) notes: BTreeSet<Note>,
    /// How many swaps change the store.
    pub(crate) swaps: usize,
}
