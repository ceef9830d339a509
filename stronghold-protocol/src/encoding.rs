//! Unambiguous bytes: length-prefixed contexts, fixed-size byte types, and base64url in JSON.
//!
//! Specified in `docs/protocol.md`, section 1.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Prefix of every domain label of suite 1.
pub const LABEL_PREFIX: &str = "stronghold/v1/";

/// An unambiguous byte string: a domain label followed by fields, each prefixed with its length as a big-endian `u32`.
///
/// Used for every signature input, KDF info, AAD and hash input, so that no two meanings share their bytes.
#[derive(Clone, Debug)]
pub struct Context(Vec<u8>);

impl Context {
    /// Starts a context with the label `stronghold/v1/<purpose>`.
    #[must_use]
    pub fn new(purpose: &str) -> Self {
        let mut context = Self(Vec::with_capacity(256));
        context.push_length(LABEL_PREFIX.len() + purpose.len());
        context.0.extend_from_slice(LABEL_PREFIX.as_bytes());
        context.0.extend_from_slice(purpose.as_bytes());
        context
    }

    /// Appends one length-prefixed field.
    #[must_use]
    pub fn field(mut self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.push_length(bytes.len());
        self.0.extend_from_slice(bytes);
        self
    }

    /// Appends an integer as an eight-byte big-endian field.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.field(number.to_be_bytes())
    }

    /// The finished bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    fn push_length(&mut self, length: usize) {
        self.0.extend_from_slice(&length_prefix(length));
    }
}

/// A field's length as it stands before the field.
pub(crate) fn length_prefix(length: usize) -> [u8; 4] {
    // Nothing here comes near 4 GiB: every outside input is bounded by `limits` long before.
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

impl AsRef<[u8]> for Context {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A text was not the base64url form, or not the length, that its type asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} bytes as base64url without padding")]
pub struct InvalidBytes {
    /// How many bytes the type has.
    pub expected: usize,
}

/// Bytes of any length that are base64url without padding in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Base64Bytes(pub Vec<u8>);

impl AsRef<[u8]> for Base64Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Base64Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Serialize for Base64Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        BASE64URL_NOPAD
            .decode(text.as_bytes())
            .map(Self)
            .map_err(|_| de::Error::custom("expected base64url without padding"))
    }
}

/// Encodes `bytes` as base64url without padding (RFC 4648, section 5).
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Decodes exactly `N` bytes of base64url without padding; nonzero trailing bits are refused.
///
/// # Errors
/// [`InvalidBytes`] when the text has another alphabet, padding or length.
pub fn decode_base64url<const N: usize>(text: &str) -> Result<[u8; N], InvalidBytes> {
    BASE64URL_NOPAD
        .decode(text.as_bytes())
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(InvalidBytes { expected: N })
}

/// Declares a fixed-size byte type that is base64url in JSON and text.
macro_rules! byte_type {
    ($(#[$meta:meta])* $name:ident, $length:expr) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl $name {
            /// Length in bytes.
            pub const LENGTH: usize = $length;

            /// The raw bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&$crate::encoding::base64url(&self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::encoding::InvalidBytes;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::encoding::decode_base64url(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use byte_type;
