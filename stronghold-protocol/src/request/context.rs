//! The caller's own account of itself: the `stronghold-context` header.

use crate::{json, limits};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// What a caller says of itself. It is signed and kept in the audit record; a server treats the header as an opaque
/// text and decides nothing by it, so fields can be added at any time and readers skip those they do not know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RequestContext {
    /// Why the caller asks, in a person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// By how many seconds the caller corrected its clock after the server refused its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_corrected_seconds: Option<i64>,
    /// The CI run that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci: Option<CiRun>,
}

/// The CI run that a caller says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CiRun {
    /// For example `github-actions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// For example `acme/shop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The provider's name of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
}

/// A context is longer than [`limits::CONTEXT_BYTES`] as a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the reason and the CI details are too long (at most {} bytes together)", limits::CONTEXT_BYTES)]
pub struct ContextTooLong;

impl RequestContext {
    /// The header's value: a JSON object in ASCII, everything else escaped as `\uXXXX`; none when nothing is said.
    ///
    /// # Errors
    /// [`ContextTooLong`] above [`limits::CONTEXT_BYTES`].
    pub fn to_header(&self) -> Result<Option<String>, ContextTooLong> {
        if *self == Self::default() {
            return Ok(None);
        }
        // Only texts and a number are in it, so this serializes always.
        let json = serde_json::to_string(self).map_err(|_| ContextTooLong)?;
        let ascii = escape_non_ascii(&json);
        if ascii.len() > limits::CONTEXT_BYTES { Err(ContextTooLong) } else { Ok(Some(ascii)) }
    }

    /// Reads a header's value; none when it is not a context that this version can read, which is no error to anyone.
    #[must_use]
    pub fn from_header(text: &str) -> Option<Self> {
        json::from_slice(text.as_bytes()).ok()
    }
}

/// Escapes what a header field cannot hold. In JSON it can only stand inside strings, where the escape means the same.
fn escape_non_ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && !character.is_ascii_control() {
            ascii.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string does not fail.
            let _ = write!(ascii, "\\u{unit:04x}");
        }
    }
    ascii
}
