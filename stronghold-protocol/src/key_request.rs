//! New keys that a member asks for.
//!
//! A statement about a person's keys is an owner's or admin's, so whoever is neither, and an admin whose keys the roster
//! names, asks; so does an owner where changes of owners take several. The request is signed by the keys in force and by the new ones, so that nobody brings another's. An owner or
//! admin confirms it with a statement; the server that passes it on can alter nothing. Specified in `docs/protocol.md`,
//! section 15.

use crate::{
    crypto::{kem::PublicKeys, sign::KeyId},
    directory::{Change, User},
    id::{OrgId, UserId},
    signed::{Payload, Signed, SignedRefusal, Verified},
};
use serde::{Deserialize, Serialize};

/// What a member asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// The organization.
    pub org: OrgId,
    /// Who asks.
    pub user: UserId,
    /// Id of the signing key in force, which ends with the request's confirmation.
    pub replaces: KeyId,
    /// The keys to be.
    pub keys: PublicKeys,
}

impl Payload for KeyRequest {
    const TYPE: &'static str = "key-request.v1";
}

/// Why a request was not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRequestRefusal {
    /// The signing key in force or the new one did not sign it.
    #[error("key request: {0}")]
    Signed(#[from] SignedRefusal),
    /// It is of another organization, person or key in force.
    #[error("key request: it is of another {0}")]
    Other(&'static str),
    /// It asks for what is in force.
    #[error("key request: these are the keys in force")]
    InForce,
}

impl KeyRequest {
    /// What people compare: the id of the new signing key. That key signed the request, so it stands for all of it.
    #[must_use]
    pub fn fingerprint(&self) -> KeyId {
        self.keys.sign.key_id()
    }

    /// The change that puts the keys in force; the recovery kit stays as it is.
    #[must_use]
    pub fn confirmed(&self, user: &User) -> Change {
        Change::UserRekeyed { id: self.user, keys: self.keys.clone(), recovery: user.recovery.clone() }
    }

    /// Believes a member's request.
    ///
    /// # Errors
    /// [`KeyRequestRefusal`] unless it is signed by the member's signing key in force and by the new one, and is of this
    /// organization, member and key.
    pub fn verify(envelope: &Signed, org: &OrgId, user: &User) -> Result<Verified<Self>, KeyRequestRefusal> {
        let verified: Verified<Self> = envelope.verify(&[user.keys.sign], 1)?;
        let said = verified.value();
        if said.keys.sign == user.keys.sign || said.keys.kem == user.keys.kem {
            return Err(KeyRequestRefusal::InForce);
        }
        envelope.verify::<Self>(&[said.keys.sign], 1)?;
        let same = [
            ("organization", said.org == *org),
            ("person", said.user == user.id),
            ("key", said.replaces == user.keys.sign.key_id()),
        ];
        match same.iter().find(|(_, same)| !same) {
            Some((what, _)) => Err(KeyRequestRefusal::Other(what)),
            None => Ok(verified),
        }
    }
}
