//! What is known of an audit log that was verified.

use stronghold_protocol::{checkpoint::Checkpoint, crypto::hash::Hash, merkle::root_of};

/// What is known of a log that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownLog {
    /// What fixes all records so far.
    pub checkpoint: Checkpoint,
    /// The hash of each record as a leaf, so that one that changes can be named; none where they were not kept.
    pub leaves: Vec<Hash>,
}

impl KnownLog {
    /// A checkpoint with the hashes of its records; without them where they do not lead to its root.
    pub(crate) fn fitting(checkpoint: Checkpoint, leaves: Vec<Hash>) -> Self {
        let leaves = if root_of(&leaves) == checkpoint.root { leaves } else { Vec::new() };
        Self { checkpoint, leaves }
    }
}

impl From<Checkpoint> for KnownLog {
    fn from(checkpoint: Checkpoint) -> Self {
        Self { checkpoint, leaves: Vec::new() }
    }
}
