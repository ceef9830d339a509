//! Paths and queries: which bytes a request target may have.
//!
//! Signer and server must see the same bytes, whatever stands between them. Proxies decode and encode again what is
//! percent-encoded, resolve dots, merge slashes and drop empty queries; none of them touches unreserved characters (RFC
//! 3986, section 2.3). So targets are made of those alone, and what has another character in a name goes as base64url.
//! Percent-encoding with a rule for each proxy was the alternative (`docs/adr/0027-targets-that-no-proxy-rewrites.md`).

use crate::limits;

/// A path or query is not one that signer and server are sure to see alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTarget {
    /// The path does not start with `/`.
    #[error("the path does not start with a slash")]
    NotAbsolute,
    /// Path and query together are longer than [`limits::TARGET_BYTES`].
    #[error("path and query are longer than {} bytes", limits::TARGET_BYTES)]
    TooLong,
    /// There is a character that a proxy may rewrite, `%` included.
    #[error("path and query may hold letters, digits and -._~ only")]
    ForbiddenCharacter,
    /// A segment of the path is empty: `//`, or a slash at the end, which proxies merge or redirect.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// A segment is `.` or `..`, which everyone on the way resolves.
    #[error("the path has the segment '.' or '..'")]
    DotSegment,
    /// There is a `?` with nothing behind it, which proxies drop.
    #[error("the query is empty but marked")]
    EmptyQuery,
}

/// A query has not the shape `name=value&...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected name=value pairs of unreserved characters")]
pub struct InvalidQuery;

/// Makes a query, without `?`, of names and values, in their order.
///
/// # Errors
/// [`InvalidTarget::ForbiddenCharacter`] for a name or value that holds anything but unreserved characters.
pub fn encode_query(pairs: &[(&str, &str)]) -> Result<String, InvalidTarget> {
    if pairs.iter().any(|(name, value)| !is_unreserved_text(name) || !is_unreserved_text(value)) {
        return Err(InvalidTarget::ForbiddenCharacter);
    }
    Ok(pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"))
}

/// Parses a query, without `?`, into names and values; repeated names are kept, in their order.
///
/// # Errors
/// [`InvalidQuery`] when a part has no name or not one `=`, or there is anything but unreserved characters.
pub fn parse_query(query: &str) -> Result<Vec<(&str, &str)>, InvalidQuery> {
    if query.is_empty() {
        return Ok(Vec::new());
    }
    query.split('&').map(parse_pair).collect()
}

fn parse_pair(pair: &str) -> Result<(&str, &str), InvalidQuery> {
    let (name, value) = pair.split_once('=').ok_or(InvalidQuery)?;
    let well_formed = !name.is_empty() && is_unreserved_text(name) && is_unreserved_text(value);
    if well_formed { Ok((name, value)) } else { Err(InvalidQuery) }
}

/// Checks the raw bytes of a path and a query.
pub(super) fn check_target(path: &str, query: &str) -> Result<(), InvalidTarget> {
    if path.len() + query.len() > limits::TARGET_BYTES {
        return Err(InvalidTarget::TooLong);
    }
    check_path(path)?;
    let allowed = |byte: u8| is_unreserved(byte) || matches!(byte, b'=' | b'&');
    if query.bytes().all(allowed) { Ok(()) } else { Err(InvalidTarget::ForbiddenCharacter) }
}

/// Checks the raw bytes of a path.
pub(super) fn check_path(path: &str) -> Result<(), InvalidTarget> {
    let segments = path.strip_prefix('/').ok_or(InvalidTarget::NotAbsolute)?.split('/');
    for segment in segments {
        if !is_unreserved_text(segment) {
            return Err(InvalidTarget::ForbiddenCharacter);
        }
        match segment {
            "" => return Err(InvalidTarget::EmptySegment),
            "." | ".." => return Err(InvalidTarget::DotSegment),
            _ => {}
        }
    }
    Ok(())
}

fn is_unreserved_text(text: &str) -> bool {
    text.bytes().all(is_unreserved)
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}
