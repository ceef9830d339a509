//! Names that people give to things.

use crate::{id::is_id_shaped, limits};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{fmt, str::FromStr};
use unicode_normalization::{UnicodeNormalization, is_nfc};
use zeroize::Zeroizing;

/// Why a text cannot be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidName {
    /// It has no characters.
    #[error("a name cannot be empty")]
    Empty,
    /// It is longer than [`limits::NAME_CHARS`] characters, or [`limits::SECRET_NAME_BYTES`] bytes for a secret.
    #[error("the name is too long (at most {0})")]
    TooLong(&'static str),
    /// It holds a control character, or for a secret a NUL or `=`.
    #[error("the name holds a character that is not allowed")]
    ForbiddenCharacter,
    /// It starts or ends with white space.
    #[error("a name cannot start or end with white space")]
    Untrimmed,
    /// It looks like an id, which would make commands that accept both ambiguous.
    #[error("a name cannot have the shape of an id")]
    ShapedLikeId,
    /// A signed object holds it in another form than NFC.
    #[error("the name is not in Unicode normalization form C")]
    NotNormalized,
    /// It is not an e-mail address.
    #[error("this is not an e-mail address")]
    NotAnEmail,
}

/// Name of an organization, group, profile or agent: NFC, 1-128 characters, no control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Name(String);

impl Name {
    /// Makes a name from what a person typed, normalizing it to NFC.
    ///
    /// # Errors
    /// [`InvalidName`] when it is empty, too long, untrimmed, shaped like an id or holds a control character.
    pub fn new(text: &str) -> Result<Self, InvalidName> {
        let name: String = text.nfc().collect();
        if name.is_empty() {
            return Err(InvalidName::Empty);
        }
        if name.chars().count() > limits::NAME_CHARS {
            return Err(InvalidName::TooLong("128 characters"));
        }
        if name.chars().any(char::is_control) {
            return Err(InvalidName::ForbiddenCharacter);
        }
        if name.trim() != name {
            return Err(InvalidName::Untrimmed);
        }
        if is_id_shaped(&name) {
            return Err(InvalidName::ShapedLikeId);
        }
        // Whatever joins names into the path of a file or URL resolves these two.
        if matches!(name.as_str(), "." | "..") {
            return Err(InvalidName::ForbiddenCharacter);
        }
        Ok(Self(name))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        if !is_nfc(&text) {
            return Err(de::Error::custom(InvalidName::NotNormalized));
        }
        Self::new(&text).map_err(de::Error::custom)
    }
}

/// E-mail address of a user: one `@` with something on both sides, no white space, at most 254 bytes, lower-cased.
///
/// It is unique within an organization and is not verified by anyone; it helps people to recognize each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Email(String);

impl Email {
    /// Makes an address from what a person typed, lower-casing it.
    ///
    /// # Errors
    /// [`InvalidName::NotAnEmail`] when it has not the shape of an address, [`InvalidName::TooLong`] above 254 bytes.
    pub fn new(text: &str) -> Result<Self, InvalidName> {
        let address: String = text.nfc().collect::<String>().to_lowercase();
        if address.len() > limits::EMAIL_BYTES {
            return Err(InvalidName::TooLong("254 bytes"));
        }
        let shaped = address
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
        if !shaped || address.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(InvalidName::NotAnEmail);
        }
        Ok(Self(address))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let email = Self::new(&text).map_err(de::Error::custom)?;
        if email.0 != text {
            return Err(de::Error::custom(InvalidName::NotNormalized));
        }
        Ok(email)
    }
}

/// Name of a secret: UTF-8, 1-256 bytes, no NUL and no `=`. Byte-exact: it is not normalized.
///
/// A server never sees it, so it is wiped from memory and hidden from `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretName(Zeroizing<String>);

impl SecretName {
    /// Makes a name.
    ///
    /// # Errors
    /// [`InvalidName`] when it is empty, longer than 256 bytes, or holds NUL or `=`.
    pub fn new(text: &str) -> Result<Self, InvalidName> {
        if text.is_empty() {
            return Err(InvalidName::Empty);
        }
        if text.len() > limits::SECRET_NAME_BYTES {
            return Err(InvalidName::TooLong("256 bytes"));
        }
        if text.contains(['\0', '=']) {
            return Err(InvalidName::ForbiddenCharacter);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The text: a secret, to be shown only to whoever may read the profile.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PartialOrd for SecretName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SecretName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.expose().cmp(other.expose())
    }
}

impl fmt::Debug for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretName([REDACTED])")
    }
}
