//! What a person keeps beside the password: the account key for new devices, the recovery kit for a forgotten password.

use super::{
    InvalidToken, TokenKind,
    codec::{Reader, Writer},
};
use crate::id::{OrgId, UserId};
use secrecy::SecretString;
use std::fmt;
use zeroize::Zeroizing;

macro_rules! personal_string {
    ($(#[$meta:meta])* $name:ident, $kind:expr, $(#[$field_meta:meta])* $field:ident, $length:expr) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub struct $name {
            /// The organization: the hash of the root of trust.
            pub org: OrgId,
            /// Which user.
            pub user: UserId,
            $(#[$field_meta])*
            pub $field: Zeroizing<[u8; $length]>,
        }

        impl $name {
            /// The string to keep.
            #[must_use]
            pub fn to_secret_string(&self) -> SecretString {
                Writer::new($kind)
                    .field(self.org.as_bytes())
                    .field(self.user.as_bytes())
                    .field(self.$field.as_slice())
                    .finish()
            }

            /// Reads the string.
            ///
            /// # Errors
            /// [`InvalidToken`] says what is wrong without repeating any of it.
            pub fn parse(text: &str) -> Result<Self, InvalidToken> {
                let mut reader = Reader::new($kind, text)?;
                let parsed = Self {
                    org: OrgId(reader.array()?),
                    user: UserId::from_bytes(reader.array()?),
                    $field: reader.secret()?,
                };
                reader.finish()?;
                Ok(parsed)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("org", &self.org)
                    .field("user", &self.user)
                    .field(stringify!($field), &"[REDACTED]")
                    .finish()
            }
        }
    };
}

personal_string!(
    /// A user's account key: needed, with the password, on every new device. Wiped when dropped, hidden from `Debug`.
    AccountKey,
    TokenKind::Account,
    /// 128 random bits that never reach the server.
    key,
    16
);
personal_string!(
    /// A user's recovery kit: replaces a forgotten password. Wiped when dropped, hidden from `Debug`.
    RecoveryKit,
    TokenKind::Recovery,
    /// The seed of the keys whose public halves stand in the user's directory entry (32 bytes).
    seed,
    32
);
