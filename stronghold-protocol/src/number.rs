//! Counters of the protocol. In JSON they are integers below 2^53, so that every language holds them exactly.

use serde::{Deserialize, Deserializer, Serialize, de};

/// The largest number that JSON carries exactly everywhere: 2^53 - 1.
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// A number was below the first of its kind, or not below 2^53.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the number is out of range")]
pub struct NumberOutOfRange;

/// Reads a number from the text of a query: decimal, without sign or leading zeros.
///
/// # Errors
/// [`NumberOutOfRange`] when it is written otherwise, or not below 2^53.
pub fn parse_decimal(text: &str) -> Result<u64, NumberOutOfRange> {
    let number: u64 = text.parse().map_err(|_| NumberOutOfRange)?;
    // `+7` and `007` are other languages' errors: there is one text of a number.
    if number > MAX_SAFE_INTEGER || number.to_string() != text { Err(NumberOutOfRange) } else { Ok(number) }
}

macro_rules! number_type {
    ($(#[$meta:meta])* $name:ident, first = $first:expr) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(u64);

        impl $name {
            /// The first number of its kind.
            pub const FIRST: Self = Self($first);

            /// Wraps a number.
            ///
            /// # Errors
            /// [`NumberOutOfRange`] when it is below [`Self::FIRST`], or not below 2^53.
            pub const fn new(number: u64) -> Result<Self, NumberOutOfRange> {
                if number < Self::FIRST.0 || number > MAX_SAFE_INTEGER { Err(NumberOutOfRange) } else { Ok(Self(number)) }
            }

            /// The plain number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The number after this one. It saturates at 2^53 - 1, where every "exactly one more" check fails.
            #[must_use]
            pub const fn next(self) -> Self {
                if self.0 >= MAX_SAFE_INTEGER { Self(MAX_SAFE_INTEGER) } else { Self(self.0 + 1) }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NumberOutOfRange;

            fn from_str(text: &str) -> Result<Self, NumberOutOfRange> {
                parse_decimal(text).and_then(Self::new)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(u64::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}

number_type!(
    /// Position of a statement in an organization's directory; the genesis is 0.
    Seq, first = 0
);
number_type!(
    /// Version of the roster; the genesis roster is 1.
    RosterVersion, first = 1
);
number_type!(
    /// Number of a profile's state; its creation makes revision 1.
    Revision, first = 1
);
number_type!(
    /// Number of a key generation of a group or profile; the first is 1.
    Epoch, first = 1
);
number_type!(
    /// Number of a secret's value; the first write makes version 1.
    Version, first = 1
);
