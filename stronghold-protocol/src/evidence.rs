//! What an agent checks: the evidence in one reply, verified in a fixed order against what the agent already trusts.
//!
//! Specified in `docs/protocol.md`, section 11. Nothing here opens a secret; opening comes after all of it.

mod chain;
mod partial;
mod profile;

pub use chain::{Anchor, ChainEvidence, TrustedHead};
pub use partial::{PartialEvidence, PresentSecret, ProvenLeaf, VerifiedPart};
pub use profile::{ProfileEvidence, ProfileFloor, ProfileSelector, VerifiedProfile};

use crate::{
    id::ProfileId, manifest::ManifestRefusal, merkle::ProofRejected, number::Revision, roster::RosterRefusal,
    signed::SignedRefusal,
};

/// The server showed something forged, foreign or old: nothing of the reply may be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceRefusal {
    /// The header that the token names is not the one that was sent.
    #[error("the header that anchors the trust is not the one sent: {0}")]
    Anchor(SignedRefusal),
    /// A header, or a roster in it, belongs to another organization.
    #[error("what was sent belongs to another organization")]
    OtherOrganization,
    /// The rosters do not link the anchor to the newest header.
    #[error("the rosters do not lead from the anchor to the newest header: {0}")]
    Roster(#[from] RosterRefusal),
    /// The newest header is not signed by an owner or admin.
    #[error("the newest header is not an owner's or admin's: {0}")]
    Head(SignedRefusal),
    /// The newest header is older than one that this client remembers, or is on another branch.
    #[error("the server shows an older or another history than this client remembers: {0}")]
    Rollback(&'static str),
    /// A proof does not lead to a signed root.
    #[error("{what}: {source}")]
    Proof {
        /// What was to be proven.
        what: &'static str,
        /// The failure.
        source: ProofRejected,
    },
    /// The profile leaf is not the one that was asked for.
    #[error("the server answered with another profile than the one asked for")]
    OtherProfile,
    /// A name now stands for another profile than the one this client remembers.
    #[error("profile {remembered} was replaced by {now} under the same name; if that is right, accept it explicitly")]
    Replaced {
        /// The id that this client remembers.
        remembered: ProfileId,
        /// The id that has the name now.
        now: ProfileId,
    },
    /// The manifest is not a rightful head of the profile, or not of these secrets.
    #[error(transparent)]
    Manifest(#[from] ManifestRefusal),
    /// The profile's revision is below what this client remembers or was told to expect.
    #[error("the server shows revision {shown}, but revision {floor} is known to exist")]
    OldRevision {
        /// What was shown.
        shown: Revision,
        /// What is known.
        floor: Revision,
    },
    /// A revision that this client remembers has another content now.
    #[error("revision {0} is another one than this client remembers")]
    Forked(Revision),
    /// A partial read does not answer what was asked.
    #[error("the answer does not cover the secrets asked for")]
    Incomplete,
}
