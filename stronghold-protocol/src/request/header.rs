//! Names of the header fields of a signed request, and what a value that is signed may hold.

use crate::limits;

/// Header with what is signed and how (RFC 9421, section 4.1).
pub const SIGNATURE_INPUT: &str = "signature-input";
/// Header with the signature (RFC 9421, section 4.2).
pub const SIGNATURE: &str = "signature";
/// Header with the digest of the body (RFC 9530).
pub const CONTENT_DIGEST: &str = "content-digest";
/// Header by which a caller asks only for what is new (RFC 9110, section 13.1.2).
pub const IF_NONE_MATCH: &str = "if-none-match";
/// Header with the caller's own account of itself ([`crate::request::RequestContext`]).
pub const CONTEXT: &str = "stronghold-context";

/// Label of the one signature in both signature headers.
pub const SIGNATURE_LABEL: &str = "stronghold";
/// The `tag` of every signature: what it is for.
pub const SIGNATURE_TAG: &str = "stronghold-v1";

/// A header value is empty, too long, or holds what cannot be signed unambiguously.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}: expected at most {max} visible ASCII characters, untrimmed spaces excluded", max = limits::CONTEXT_BYTES)]
pub struct InvalidHeader(
    /// Name of the header.
    pub &'static str,
);

/// Checks a value that is signed as it stands: visible ASCII, with spaces inside only.
///
/// No line break can reach the signature base, where it would start another component.
pub(super) fn check_value(name: &'static str, value: &str) -> Result<(), InvalidHeader> {
    let sized = !value.is_empty() && value.len() <= limits::CONTEXT_BYTES;
    let visible = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if sized && visible && value.trim() == value { Ok(()) } else { Err(InvalidHeader(name)) }
}
