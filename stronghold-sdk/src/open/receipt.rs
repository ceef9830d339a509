//! The receipt in a reply: its record must say what was asked and what was given.

use crate::{authenticator::AgentAuthenticator, error::Error};
use stronghold_protocol::{
    audit::{Outcome, Released},
    receipt::Receipt,
    request::SignedRequest,
};

/// Checks that a receipt is signed, and that its record holds exactly this request of this caller, was allowed, and released exactly `released`.
///
/// # Errors
/// [`Error::Integrity`] otherwise: the server logs something else than it did.
pub(crate) fn check(
    receipt: &Receipt,
    request: &SignedRequest,
    who: &dyn AgentAuthenticator,
    action: &str,
    released: &Released,
) -> Result<(), Error> {
    let record = receipt.verify(&who.org()).map_err(Error::forged)?;
    let right = record.principal == Some(who.principal())
        && record.key_id == Some(who.key_id())
        && record.action == action
        && record.outcome == Outcome::Allowed
        && record.released.clone().map(in_order).as_ref() == Some(released)
        && record.request.as_ref() == Some(request);
    if right { Ok(()) } else { Err(Error::forged("the server's audit record says something else than what happened")) }
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
