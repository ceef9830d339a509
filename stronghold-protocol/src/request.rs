//! Signed requests: a strict profile of HTTP Message Signatures (RFC 9421).
//!
//! Every authenticated request carries exactly one Ed25519 signature, labelled `stronghold`, over `@method`,
//! `@authority`, `@path` and `@query`, and over `content-digest`, `if-none-match` and `stronghold-context` where the
//! request has them, in this order, with the parameters `created`, `nonce`, `keyid` and `tag`. Nothing is negotiated:
//! the algorithm follows from the key.
//!
//! A client makes a [`SignedRequest`], a value that any transport can carry. A server takes an [`UnverifiedRequest`],
//! which has no authority, because what the caller says of the host is worth nothing; [`UnverifiedRequest::verify`]
//! finds the configured [`Endpoint`] for which the signature holds, and only it makes a [`VerifiedRequest`].
//!
//! Specified in `docs/protocol.md`, section 12.

mod authority;
mod clock;
mod context;
mod digest;
mod endpoint;
mod header;
mod params;
mod parts;
mod refusal;
mod signed;
mod target;
mod unverified;

pub use authority::{Authority, InvalidAuthority, is_loopback};
pub use clock::{ClockSkew, check_clock};
pub use context::{CiRun, ContextTooLong, RequestContext};
pub use digest::{BodyRefused, ContentDigest};
pub use endpoint::{BasePath, Endpoint, InvalidBasePath, InvalidEndpoint};
pub use header::{
    CONTENT_DIGEST, CONTEXT, IF_NONE_MATCH, InvalidHeader, SIGNATURE, SIGNATURE_INPUT, SIGNATURE_LABEL, SIGNATURE_TAG,
};
pub use params::{RequestNonce, SignatureParams, signature_base};
pub use parts::{Method, RequestParts, UnknownMethod};
pub use refusal::RequestRefusal;
pub use signed::{SignedRequest, ToSign};
pub use target::{InvalidQuery, InvalidTarget, encode_query, parse_query};
pub use unverified::{UnverifiedRequest, VerifiedHead, VerifiedRequest};
