//! The receipt in a reply: its record must say what was asked, by whom, and what came of it.

use crate::{authenticator::AgentAuthenticator, error::Error};
use stronghold_protocol::{
    audit::{AuditRecord, Outcome, Released},
    crypto::sign::KeyId,
    id::{OrgId, PrincipalId},
    receipt::Receipt,
    request::SignedRequest,
};

/// Who asked: what a record must say of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker {
    /// Of which organization.
    pub(crate) org: OrgId,
    /// Who; none of somebody who accepts an invitation, and is no principal yet.
    pub(crate) principal: Option<PrincipalId>,
    /// The key that signed the request.
    pub(crate) key: KeyId,
}

impl Asker {
    /// A principal.
    pub(crate) fn of(who: &dyn AgentAuthenticator) -> Self {
        Self { org: who.org(), principal: Some(who.principal()), key: who.key_id() }
    }

    /// Somebody who was invited: `who` signs with the key of the invitation.
    pub(crate) fn invited(who: &dyn AgentAuthenticator) -> Self {
        Self { principal: None, ..Self::of(who) }
    }
}

/// Checks that a receipt is signed, and that its record holds exactly this request of this caller, was allowed, and released
/// exactly `released`. Whether the key that signed is the right one is the directory's to say
/// ([`crate::admin::Session`]).
///
/// # Errors
/// [`Error::Integrity`] otherwise: the server logs something else than it did.
pub(crate) fn check(
    receipt: &Receipt,
    request: &SignedRequest,
    asker: Asker,
    action: &str,
    released: Option<&Released>,
) -> Result<AuditRecord, Error> {
    let record = receipt.verify(&asker.org).map_err(Error::forged)?;
    let is_request = record.request.as_ref() == Some(request);
    require(is_request, "is of another request")?;
    let is_key = record.key_id == Some(asker.key);
    require(is_key, "names another key than the one that signed the request")?;
    let is_asker = record.principal == asker.principal;
    require(is_asker, "names another principal than the one that asked")?;
    let is_action = record.action == action;
    require(is_action, "says that something else was asked for")?;
    let is_allowed = record.outcome == Outcome::Allowed;
    require(is_allowed, "says that the request was denied")?;
    let is_released = record.released.clone().map(in_order).as_ref() == released;
    require(is_released, "says that something else was released or stored")?;
    Ok(record)
}

fn require(holds: bool, otherwise: &str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::forged(format!("the audit record in the server's answer {otherwise}"))) }
}

/// A record lists what a partial read released in whatever order; it is the set that counts.
fn in_order(mut released: Released) -> Released {
    match &mut released {
        Released::Secrets { secrets, absent, .. } => {
            secrets.sort_unstable_by_key(|released| released.secret);
            absent.sort_unstable();
        }
        Released::Versions { secrets, .. } => {
            secrets.sort_unstable_by_key(|released| (released.secret, released.version));
        }
        _ => {}
    }
    released
}
