//! An accepted invitation: the keys that somebody will have as a member.
//!
//! It is signed by the key of the invitation, so that only who holds the code can have made it, and by the keys themselves, so
//! that nobody brings another's. An owner or admin confirms it with a statement; the server that passes it on can alter
//! nothing. Specified in `docs/protocol.md`, section 15.

use crate::{
    crypto::{kem::PublicKeys, sign::KeyId},
    directory::{Change, Invite, Role},
    id::{InviteId, OrgId, UserId},
    name::Email,
    signed::{Payload, Signed, SignedRefusal, Verified},
};
use serde::{Deserialize, Serialize};

/// What an invited person says of themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The organization.
    pub org: OrgId,
    /// Which invitation.
    pub invite: InviteId,
    /// Their id from now on.
    pub user: UserId,
    /// Their address, which is the invitation's.
    pub email: Email,
    /// Their keys.
    pub keys: PublicKeys,
    /// The public halves of their recovery kit.
    pub recovery: PublicKeys,
}

impl Payload for Acceptance {
    const TYPE: &'static str = "acceptance.v1";
}

/// Why an acceptance was not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptanceRefusal {
    /// The key of the invitation, one of the new keys or the recovery kit's did not sign it.
    #[error("acceptance: {0}")]
    Signed(#[from] SignedRefusal),
    /// It is of another organization, invitation or address.
    #[error("acceptance: it is of another {0}")]
    Other(&'static str),
}

impl Acceptance {
    /// What people compare: the id of the signing key. That key signed the acceptance, so it stands for all of it.
    #[must_use]
    pub fn fingerprint(&self) -> KeyId {
        self.keys.sign.key_id()
    }

    /// The change that makes this person a member, in the role of their invitation.
    #[must_use]
    pub fn confirmed(&self, role: Role) -> Change {
        Change::UserConfirmed {
            id: self.user,
            invite: Some(self.invite),
            email: self.email.clone(),
            role,
            keys: self.keys.clone(),
            recovery: self.recovery.clone(),
        }
    }

    /// Believes the acceptance of an invitation.
    ///
    /// # Errors
    /// [`AcceptanceRefusal`] unless it is signed by the key of the invitation and by both new signing keys, and is of this
    /// organization, invitation and address.
    pub fn verify(
        envelope: &Signed,
        org: &OrgId,
        id: &InviteId,
        invite: &Invite,
    ) -> Result<Verified<Self>, AcceptanceRefusal> {
        let verified: Verified<Self> = envelope.verify(&[invite.key], 1)?;
        let said = verified.value();
        let own = [said.keys.sign, said.recovery.sign];
        envelope.verify::<Self>(&own, own.len())?;
        let same = [
            ("organization", said.org == *org),
            ("invitation", said.invite == *id),
            ("address", said.email == invite.email),
        ];
        match same.iter().find(|(_, same)| !same) {
            Some((what, _)) => Err(AcceptanceRefusal::Other(what)),
            None => Ok(verified),
        }
    }
}
