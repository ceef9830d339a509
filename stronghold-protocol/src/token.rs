//! Strings that people copy: agent tokens, account keys, recovery kits and invitations. Specified in
//! `docs/protocol.md`, section 14.
//!
//! ```text
//! text = prefix | base32(body | checksum)       RFC 4648, lower case, no padding, trailing bits zero
//! body = version (1) = 1 | suite (2) = 1 | fields
//!
//! stronghold_agent_     agent id (16) | org id (32) | seed (32) | floor seq (8) | floor hash (16) | url length (1) | url
//! stronghold_invite_    org id (32) | invite id (16) | seed (32) | floor seq (8) | floor hash (16) | url length (1) | url
//! stronghold_recovery_  org id (32) | user id (16) | seed (32)
//! stronghold_account_   org id (32) | user id (16) | key (16)
//!
//! checksum = first 4 bytes of SHA-256(Context("token/agent", body)), and likewise for the others
//! ```
//! One word for a double click, safe in every shell and URL, found by secret scanners ([`SCANNER_PATTERN`]), and a typo is
//! told from a wrong token. The organization's id in each pins the root of trust: nothing else says which organization
//! is meant. Parsing takes exactly the string; callers trim white space around it.

mod account;
mod agent;
mod codec;
mod floor;
mod invite;
mod url;

pub use account::{AccountKey, RecoveryKit};
pub use agent::AgentToken;
pub use floor::TokenFloor;
pub use invite::InviteCode;
pub use url::{InvalidUrl, TokenUrl};

/// Finds every string of this module in a text: a regular expression for secret scanners (RE2 and PCRE syntax).
///
/// A scanner that wants no false positive computes the checksum too, which needs no key.
pub const SCANNER_PATTERN: &str =
    r"\bstronghold_(?:(?:agent|invite)_[a-z2-7]{180,588}|recovery_[a-z2-7]{140}|account_[a-z2-7]{114})\b";

/// What kind of string it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenKind {
    /// [`AgentToken`].
    Agent,
    /// [`InviteCode`].
    Invite,
    /// [`RecoveryKit`].
    Recovery,
    /// [`AccountKey`].
    Account,
}

impl TokenKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Agent, Self::Invite, Self::Recovery, Self::Account];

    /// What its strings start with.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Agent => "stronghold_agent_",
            Self::Invite => "stronghold_invite_",
            Self::Recovery => "stronghold_recovery_",
            Self::Account => "stronghold_account_",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent token",
            Self::Invite => "invitation",
            Self::Recovery => "recovery kit",
            Self::Account => "account key",
        }
    }

    /// Label of its checksum.
    const fn label(self) -> &'static str {
        match self {
            Self::Agent => "token/agent",
            Self::Invite => "token/invite",
            Self::Recovery => "token/recovery",
            Self::Account => "token/account",
        }
    }
}

/// Why a text is not the string it should be. No variant repeats any of it, since it may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidToken {
    /// It starts with something else.
    #[error("it does not start with `{expected}`")]
    UnknownPrefix {
        /// How it should start.
        expected: &'static str,
    },
    /// It is another of our strings.
    #[error("it is {found}, not {expected}", found = article(.found), expected = article(.expected))]
    OtherKind {
        /// What it should be.
        expected: TokenKind,
        /// What its prefix says.
        found: TokenKind,
    },
    /// It holds upper-case letters.
    #[error("it holds upper-case letters, and is always lower case: something on its way changed it")]
    UpperCase,
    /// A character is none of `a` to `z` and `2` to `7`.
    #[error("character {position} cannot be in it: after the prefix there are only the letters a-z and the digits 2-7")]
    WrongCharacter {
        /// Which one, counted from 1.
        position: usize,
    },
    /// There is too little or too much of it.
    #[error("its length is wrong: probably it was cut off, or copied twice")]
    Length,
    /// The checksum is another.
    #[error("its checksum does not match: probably there is a typo, or it was cut off")]
    Checksum,
    /// The checksum is right, but a newer release wrote it.
    #[error("it is of version {version}, suite {suite}, which this program does not know: upgrade to use it")]
    Newer {
        /// Version of the encoding.
        version: u8,
        /// Cryptographic suite.
        suite: u16,
    },
    /// The checksum is right, but what it holds is impossible.
    #[error("it holds a value that no token has: whatever wrote it is broken")]
    Malformed,
    /// The URL inside is not one that a client should follow.
    #[error("the server's URL in it is refused: {0}")]
    Url(#[from] InvalidUrl),
}

fn article(kind: &TokenKind) -> String {
    let name = kind.name();
    if name.starts_with(['a', 'e', 'i', 'o', 'u']) { format!("an {name}") } else { format!("a {name}") }
}
