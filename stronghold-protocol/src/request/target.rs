//! Paths and queries: percent-encoding (RFC 3986, section 2.1), and which bytes a request target may have.
//!
//! Signer and server must see the same bytes. Only characters are allowed that no URL library rewrites on the way.

use crate::limits;

/// A path or query is not one that signer and server are sure to see alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTarget {
    /// The path does not start with one `/`.
    #[error("the path does not start with a single slash")]
    NotAbsolute,
    /// Path and query together are longer than [`limits::TARGET_BYTES`].
    #[error("path and query are longer than {} bytes", limits::TARGET_BYTES)]
    TooLong,
    /// There is a character that must be percent-encoded, or a `%` without two hexadecimal digits.
    #[error("the path or query holds a character that must be percent-encoded")]
    ForbiddenCharacter,
    /// A segment is `.` or `..`, which URL libraries resolve away, percent-encoded or not.
    #[error("the path holds the segment '.' or '..', which no URL can carry: use the id instead of the name")]
    DotSegment,
    /// There is a `?` with nothing behind it.
    #[error("the query is empty but marked")]
    EmptyQuery,
}

/// A segment or query is not percent-encoded UTF-8, or a query has not the shape `name=value&...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected percent-encoded UTF-8")]
pub struct InvalidEncoding;

/// Percent-encodes a text as one path segment: everything but letters, digits and `-._~`.
#[must_use]
pub fn encode_segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_unreserved(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for nibble in [byte >> 4, byte & 15] {
                encoded.extend(char::from_digit(nibble.into(), 16).map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
    encoded
}

/// Decodes one path segment.
///
/// # Errors
/// [`InvalidEncoding`] when it holds a `/`, a malformed `%` or no UTF-8.
pub fn decode_segment(segment: &str) -> Result<String, InvalidEncoding> {
    if segment.contains('/') { Err(InvalidEncoding) } else { decode(segment) }
}

/// Makes a query, without `?`, of names and values, in their order.
#[must_use]
pub fn encode_query(pairs: &[(&str, &str)]) -> String {
    let encoded = pairs.iter().map(|(name, value)| format!("{}={}", encode_segment(name), encode_segment(value)));
    encoded.collect::<Vec<_>>().join("&")
}

/// Parses a query, without `?`, into names and values; repeated names are kept, in their order.
///
/// # Errors
/// [`InvalidEncoding`] when a part has no name or no `=`, a malformed `%` or no UTF-8, or holds a raw `+`, which some
/// writers mean as a space and others do not.
pub fn parse_query(query: &str) -> Result<Vec<(String, String)>, InvalidEncoding> {
    if query.is_empty() {
        return Ok(Vec::new());
    }
    query.split('&').map(parse_pair).collect()
}

fn parse_pair(pair: &str) -> Result<(String, String), InvalidEncoding> {
    let (name, value) = pair.split_once('=').ok_or(InvalidEncoding)?;
    if name.is_empty() || pair.contains('+') || value.contains('=') {
        return Err(InvalidEncoding);
    }
    Ok((decode(name)?, decode(value)?))
}

/// Checks the raw bytes of a path and a query.
pub(super) fn check_target(path: &str, query: &str) -> Result<(), InvalidTarget> {
    // A path of two slashes would read as an authority.
    if !path.starts_with('/') || path.starts_with("//") {
        return Err(InvalidTarget::NotAbsolute);
    }
    if path.len() + query.len() > limits::TARGET_BYTES {
        return Err(InvalidTarget::TooLong);
    }
    let well_encoded = has_whole_escapes(path) && has_whole_escapes(query);
    let path_good = path.bytes().all(|byte| is_path_byte(byte) || byte == b'/');
    let query_good = query.bytes().all(|byte| is_path_byte(byte) || matches!(byte, b'/' | b'?'));
    if !well_encoded || !path_good || !query_good {
        return Err(InvalidTarget::ForbiddenCharacter);
    }
    let is_dots = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    // Most segments are longer than any spelling of the two.
    if path.split('/').any(|segment| segment.len() <= "%2e%2e".len() && is_dots(segment)) {
        return Err(InvalidTarget::DotSegment);
    }
    Ok(())
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// `pchar` of RFC 3986 without `'`, which URL libraries rewrite in queries.
const fn is_path_byte(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(byte, b'%' | b'!' | b'$' | b'&' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@')
}

fn has_whole_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| matches!(rest.as_bytes(), [a, b, ..] if hex(*a).is_some() && hex(*b).is_some()))
}

fn decode(text: &str) -> Result<String, InvalidEncoding> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let (high, low) = hex(*high).zip(hex(*low)).ok_or(InvalidEncoding)?;
                bytes.push(high << 4 | low);
                tail
            }
            (b'%', _) => return Err(InvalidEncoding),
            _ => {
                bytes.push(*first);
                tail
            }
        };
    }
    String::from_utf8(bytes).map_err(|_| InvalidEncoding)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
