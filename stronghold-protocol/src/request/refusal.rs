//! Why a request was not believed.

use crate::{
    crypto::sign::KeyId,
    problem::Problem,
    request::{BodyRefused, InvalidHeader, InvalidTarget},
};

/// Why a request was not believed: for the server's log only. Every variant is the same to the caller
/// ([`RequestRefusal::problem`]), so that nobody learns which keys exist or how close a forgery came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestRefusal {
    /// Path or query are not of this protocol.
    #[error(transparent)]
    Target(#[from] InvalidTarget),
    /// A header that must be there is missing.
    #[error("there is no {0} header")]
    Missing(&'static str),
    /// A header that may be there once is there more often.
    #[error("there is more than one {0} header")]
    Repeated(&'static str),
    /// A signed header holds what cannot be signed unambiguously.
    #[error(transparent)]
    Header(#[from] InvalidHeader),
    /// A header does not parse, or is not in its one serialized form.
    #[error("the {0} header is malformed")]
    Malformed(&'static str),
    /// There is more than one signature.
    #[error("there is more than one signature")]
    SeveralSignatures,
    /// The signature has another label than `stronghold`.
    #[error("the signature's label is not the protocol's")]
    OtherLabel,
    /// The signature does not cover exactly what the request has, in the protocol's order.
    #[error("the signature does not cover exactly what it must")]
    OtherComponents,
    /// The signature has a parameter that is not of this protocol.
    #[error("the signature has an unknown parameter")]
    UnknownParameter,
    /// A parameter of the signature is missing, malformed or has the wrong value.
    #[error("the signature's parameter {0} is missing or wrong")]
    Parameter(&'static str),
    /// No principal has the key.
    #[error("no principal has the key {0}")]
    UnknownKey(KeyId),
    /// The signature verifies for none of the server's endpoints.
    #[error("the signature does not verify for any public URL of this server")]
    Signature,
    /// The body is not the one that was signed for.
    #[error(transparent)]
    Body(#[from] BodyRefused),
}

impl RequestRefusal {
    /// The one answer that a caller gets, whatever the refusal.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem::unauthenticated()
    }
}
