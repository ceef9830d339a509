//! From the anchor in a token to the newest header.

use super::EvidenceRefusal;
use crate::{
    crypto::{hash::Hash, sign::SigningPublicKey},
    directory::{Header, HeaderRef},
    id::OrgId,
    merkle::{self, Inclusion, ProofRejected},
    number::{RosterVersion, Seq},
    roster::{Roster, RosterRef},
    signed::{Signed, Verified},
};
use serde::{Deserialize, Serialize};

/// What a client trusts before it asks, and what it remembers.
#[derive(Clone, Debug)]
pub struct Anchor {
    /// The organization.
    pub org: OrgId,
    /// Position of a header known to be the organization's.
    pub seq: Seq,
    /// The first 16 or all 32 bytes of that header's hash.
    pub hash: Vec<u8>,
    /// The newest header that the client remembers, if it remembers any.
    pub remembered: Option<HeaderRef>,
    /// The newest roster that the client remembers.
    pub roster: Option<RosterRef>,
}

/// The part of a reply that leads from the anchor to the newest header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChainEvidence {
    /// The header at the anchor's position.
    pub anchor: Signed,
    /// The rosters from the one that the anchor's header names to the one that the newest header names, both included.
    pub rosters: Vec<Signed>,
    /// The newest header.
    pub head: Signed,
    /// Proof that the newest header's log holds the anchor; none where the anchor is the newest header.
    pub anchor_proof: Option<Inclusion>,
    /// Proof that it holds the remembered header; none where that is the newest header, or nothing was remembered.
    pub remembered_proof: Option<Inclusion>,
}

/// The newest header, believed, and what it commits to.
#[derive(Clone, Debug)]
pub struct TrustedHead {
    org: OrgId,
    head: HeaderRef,
    log_root: Hash,
    state_root: Hash,
    roster: Verified<Roster>,
}

impl TrustedHead {
    /// The organization.
    #[must_use]
    pub const fn org(&self) -> OrgId {
        self.org
    }

    /// Which header.
    #[must_use]
    pub const fn head(&self) -> HeaderRef {
        self.head
    }

    /// The root over the profile leaves.
    #[must_use]
    pub const fn state_root(&self) -> Hash {
        self.state_root
    }

    /// The roster in force.
    #[must_use]
    pub const fn roster(&self) -> &Verified<Roster> {
        &self.roster
    }

    /// The roster in force, by number and hash.
    #[must_use]
    pub fn roster_ref(&self) -> RosterRef {
        RosterRef { version: self.roster.value().version, hash: self.roster.hash() }
    }

    /// The signing keys of owners and admins.
    #[must_use]
    pub fn roster_keys(&self) -> Vec<SigningPublicKey> {
        self.roster.value().signing_keys()
    }

    /// Checks that `header` is this header, or proven to be one before it.
    ///
    /// # Errors
    /// [`ProofRejected`] when it is neither.
    pub fn check_holds(&self, header: &HeaderRef, proof: Option<&Inclusion>) -> Result<(), ProofRejected> {
        if *header == self.head {
            return Ok(());
        }
        let proof = proof.ok_or(ProofRejected)?;
        // The log root covers every earlier header, so the tree's size is this header's position.
        if proof.index != header.seq.get() || proof.size != self.head.seq.get() {
            return Err(ProofRejected);
        }
        proof.verify(&merkle::leaf_hash(&header.hash.0), &self.log_root)
    }
}

impl ChainEvidence {
    /// Verifies the way from the anchor to the newest header.
    ///
    /// 1. the anchor's header is the one whose hash is trusted, of this organization; 2. the rosters link its roster to
    ///    the newest header's; 3. the newest header is signed by an owner or admin of that roster and is not older than
    ///    what is remembered; 4. its log holds the anchor and the remembered header.
    ///
    /// # Errors
    /// [`EvidenceRefusal`], in the order of the steps.
    pub fn verify(&self, anchor: &Anchor) -> Result<TrustedHead, EvidenceRefusal> {
        // 1.
        let start: Verified<Header> = self.anchor.pinned(&anchor.hash).map_err(EvidenceRefusal::Anchor)?;
        if start.value().org != anchor.org || start.value().seq != anchor.seq {
            return Err(EvidenceRefusal::OtherOrganization);
        }
        // 2.
        let roster = self.verify_rosters(start.value(), anchor)?;
        if anchor.roster.is_some_and(|remembered| roster.value().version < remembered.version) {
            return Err(EvidenceRefusal::Rollback("the roster is older"));
        }
        // 3.
        let keys = roster.value().signing_keys();
        let head: Verified<Header> = self.head.verify(&keys, 1).map_err(EvidenceRefusal::Head)?;
        let said = head.value();
        if said.org != anchor.org {
            return Err(EvidenceRefusal::OtherOrganization);
        }
        if said.roster.hash != roster.hash() || said.roster.version != roster.value().version {
            return Err(EvidenceRefusal::Rollback("the newest header names another roster"));
        }
        if said.seq < anchor.seq || anchor.remembered.is_some_and(|remembered| said.seq < remembered.seq) {
            return Err(EvidenceRefusal::Rollback("the newest header is older"));
        }
        let trusted = TrustedHead {
            org: anchor.org,
            head: HeaderRef { seq: said.seq, hash: head.hash() },
            log_root: said.log_root,
            state_root: said.state_root,
            roster,
        };
        // 4.
        let start = HeaderRef { seq: start.value().seq, hash: start.hash() };
        trusted
            .check_holds(&start, self.anchor_proof.as_ref())
            .map_err(|source| EvidenceRefusal::Proof { what: "the anchor is not in the directory", source })?;
        if let Some(remembered) = &anchor.remembered {
            trusted
                .check_holds(remembered, self.remembered_proof.as_ref())
                .map_err(|_| EvidenceRefusal::Rollback("the remembered header is not in the directory"))?;
        }
        Ok(trusted)
    }

    fn verify_rosters(&self, start: &Header, anchor: &Anchor) -> Result<Verified<Roster>, EvidenceRefusal> {
        let missing = EvidenceRefusal::Rollback("a roster is missing");
        let (first, later) = self.rosters.split_first().ok_or(missing)?;
        // The anchor's header is trusted, and so is the roster that it names by hash.
        let mut roster: Verified<Roster> =
            first.pinned(&start.roster.hash.0).map_err(|refusal| EvidenceRefusal::Roster(refusal.into()))?;
        if roster.value().version != start.roster.version {
            return Err(EvidenceRefusal::Rollback("the anchor's roster has another version"));
        }
        if roster.value().version == RosterVersion::FIRST && roster.hash().0 != anchor.org.0 {
            return Err(EvidenceRefusal::OtherOrganization);
        }
        // Believed as it is; but it may ask for a suite that this program does not know.
        roster.value().check_content()?;
        anchor.check_roster(&roster)?;
        for envelope in later {
            roster = Roster::verify_next(&roster, envelope)?;
            anchor.check_roster(&roster)?;
        }
        Ok(roster)
    }
}

impl Anchor {
    /// Two rosters of one version are two histories, even where each is rightly signed.
    fn check_roster(&self, shown: &Verified<Roster>) -> Result<(), EvidenceRefusal> {
        let other = |known: &RosterRef| known.version == shown.value().version && known.hash != shown.hash();
        match self.roster.filter(other) {
            None => Ok(()),
            Some(_) => Err(EvidenceRefusal::Rollback("the roster is another one of the same version")),
        }
    }
}
