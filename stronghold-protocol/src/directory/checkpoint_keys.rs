//! The keys that sign audit checkpoints and receipts, as of each statement.

use super::Directory;
use crate::{crypto::sign::SigningPublicKey, number::Seq};
use rpds::VectorSync;

/// The key in force, and those before it.
#[derive(Clone, Debug)]
pub(super) struct CheckpointKeys {
    current: SigningPublicKey,
    /// Oldest first, each with the statement that ended it.
    former: VectorSync<(Seq, SigningPublicKey)>,
}

impl CheckpointKeys {
    /// The first key.
    pub(super) fn new(key: SigningPublicKey) -> Self {
        Self { current: key, former: VectorSync::new_sync() }
    }

    /// Puts another key in force, from the statement at `seq` on.
    pub(super) fn replace(&mut self, seq: Seq, key: SigningPublicKey) {
        self.former.push_back_mut((seq, self.current));
        self.current = key;
    }

    fn at(&self, seq: Seq) -> SigningPublicKey {
        let former = self.former.iter().find(|(ended, _)| seq < *ended);
        former.map_or(self.current, |(_, key)| *key)
    }
}

impl Directory {
    /// The key that signs audit checkpoints and receipts.
    #[must_use]
    pub const fn checkpoint_key(&self) -> SigningPublicKey {
        self.checkpoint_keys.current
    }

    /// The key that signed audit checkpoints and receipts as of the statement at `seq`; none where there is no such
    /// statement yet.
    #[must_use]
    pub fn checkpoint_key_at(&self, seq: Seq) -> Option<SigningPublicKey> {
        (seq <= self.head.seq).then(|| self.checkpoint_keys.at(seq))
    }
}
