//! Errors as a client sees them: problem details (RFC 9457) with stable codes.

use crate::{number::Seq, time::Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{convert::Infallible, fmt, str::FromStr};

/// An error reply: a problem-details object (media type `application/problem+json`).
///
/// Members that this version does not know are skipped (RFC 9457, section 3.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[error("{title}: {detail}")]
pub struct Problem {
    /// A URI of the kind of problem: `urn:stronghold:problem:CODE`.
    #[serde(rename = "type", default = "about_blank")]
    pub type_uri: String,
    /// One line on the kind of problem.
    #[serde(default)]
    pub title: String,
    /// HTTP status code.
    pub status: u16,
    /// The kind of problem, for programs.
    pub code: ProblemCode,
    /// What happened, for a person.
    #[serde(default)]
    pub detail: String,
    /// The server's time; only with [`ProblemCode::ClockSkew`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_time: Option<Timestamp>,
    /// Position of the newest statement; only with [`ProblemCode::Conflict`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_seq: Option<Seq>,
    /// After how many seconds to try again; only where trying again helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
}

impl Problem {
    /// Media type of an error reply.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// A problem of a kind, with what to tell the person in front of the client.
    #[must_use]
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            type_uri: format!("urn:stronghold:problem:{code}"),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: detail.into(),
            server_time: None,
            head_seq: None,
            retry_after_seconds: None,
        }
    }

    /// The one answer to every request that is refused up to and including its signature.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(ProblemCode::Unauthenticated, "check that the token is complete, and that it is for this server")
    }

    /// The one answer for what does not exist and for what the caller may not know of.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(ProblemCode::NotFound, "there is no such thing, or you have no access to it")
    }

    /// Refuses a request's time and tells the server's, by which the client may correct itself once.
    #[must_use]
    pub fn clock_skew(server_time: Timestamp) -> Self {
        let detail = format!("the request's time is too far from the server's, which is {server_time}");
        Self { server_time: Some(server_time), ..Self::new(ProblemCode::ClockSkew, detail) }
    }

    /// Refuses a statement that does not follow the newest one.
    #[must_use]
    pub fn conflict(head: Seq) -> Self {
        let detail = format!("somebody else was first: the newest statement is number {head}");
        Self { head_seq: Some(head), ..Self::new(ProblemCode::Conflict, detail) }
    }

    /// Says after how many seconds to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Whether the same request, signed anew, may succeed a little later ([`ProblemCode::is_retryable`]).
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        self.code.is_retryable()
    }
}

macro_rules! problem_codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $status:literal, $title:literal;)+) => {
        /// The kinds of problems. Their texts are stable; more may come.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ProblemCode {
            $($(#[doc = $doc])+ $name,)+
            /// A kind that this version does not know: a newer server's.
            Other(OtherCode),
        }

        impl ProblemCode {
            /// Every kind that this version knows.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable text, in snake case.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $text,)+
                    Self::Other(OtherCode(text)) => text,
                }
            }

            /// The HTTP status; 500 for a kind that this version does not know, which it never makes.
            #[must_use]
            pub const fn status(&self) -> u16 {
                match self {
                    $(Self::$name => $status,)+
                    Self::Other(_) => 500,
                }
            }

            /// One line on the kind, for a person.
            #[must_use]
            pub const fn title(&self) -> &'static str {
                match self {
                    $(Self::$name => $title,)+
                    Self::Other(_) => "The server refused for a reason that this version does not know",
                }
            }
        }
    };
}

problem_codes! {
    /// The request is not one of this protocol.
    Malformed = "malformed", 400, "The request is malformed";
    /// The request is larger than the server takes.
    TooLarge = "too_large", 413, "The request is too large";
    /// The address made too many requests.
    RateLimited = "rate_limited", 429, "Too many requests";
    /// The request is not signed by a known key for this server: the one answer up to and including the signature.
    Unauthenticated = "unauthenticated", 401, "The request is not authenticated";
    /// The signature is good, but the caller's clock is off.
    ClockSkew = "clock_skew", 401, "The clocks of client and server differ too much";
    /// The signature is good, but was used before.
    NonceUsed = "nonce_used", 401, "The request was sent before";
    /// The caller has expired.
    Expired = "expired", 403, "This access has expired";
    /// The caller's access has not begun.
    NotYetValid = "not_yet_valid", 403, "This access has not begun";
    /// The caller is deactivated.
    Inactive = "inactive", 403, "This access is deactivated";
    /// The caller was deleted or removed.
    Deleted = "deleted", 403, "This access was deleted";
    /// The caller's key was replaced by another.
    KeyEnded = "key_ended", 403, "This key was replaced by a newer one";
    /// The caller may not ask from this address.
    AddressRefused = "address_refused", 403, "This access is not allowed from this address";
    /// The caller has asked as often as it may.
    UsesExhausted = "uses_exhausted", 403, "This access is used up";
    /// What was asked for does not exist, or the caller may not know of it.
    NotFound = "not_found", 404, "Not found";
    /// The caller may not do this.
    Forbidden = "forbidden", 403, "This is not allowed";
    /// Somebody else's statement was first.
    Conflict = "conflict", 409, "Somebody else changed the organization first";
    /// Somebody else's revision was first.
    RevisionConflict = "revision_conflict", 409, "Somebody else changed the profile first";
    /// A statement that vouches for the profile's newest revision is on its way; writes wait for it.
    ProfileHeld = "profile_held", 409, "Writes to the profile wait for a moment";
    /// The directory statement does not hold.
    InvalidStatement = "invalid_statement", 422, "The statement is not valid";
    /// The manifest does not hold, or is not of the secrets sent with it.
    InvalidManifest = "invalid_manifest", 422, "The manifest is not valid";
    /// Keys that the statement makes necessary were not sent.
    MissingSeals = "missing_seals", 422, "Sealed keys are missing";
    /// The setup code is wrong or used.
    SetupCodeRefused = "setup_code_refused", 403, "The setup code is not valid";
    /// What was sent to accept an invitation does not hold.
    InvalidAcceptance = "invalid_acceptance", 422, "The acceptance is not valid";
    /// What was sent to ask for new keys does not hold.
    InvalidKeyRequest = "invalid_key_request", 422, "The request for new keys is not valid";
    /// The invitation was accepted before.
    InvitationUsed = "invitation_used", 409, "The invitation was used before";
    /// E-mail address, password or account key are wrong.
    LoginRefused = "login_refused", 401, "The log-in was refused";
    /// The server cannot serve now.
    Unavailable = "unavailable", 503, "The server is not available";
    /// What the server stored is not what it was given: it serves nothing of it.
    Damaged = "damaged", 500, "The server's data is damaged";
    /// The server failed.
    Internal = "internal", 500, "The server failed";
    /// The request took too long to arrive.
    Timeout = "timeout", 408, "The request took too long";
    /// The path exists, but not with this method.
    MethodNotAllowed = "method_not_allowed", 405, "This method is not allowed here";
}

impl ProblemCode {
    /// Whether the same request, signed anew, may succeed a little later and was certainly not acted upon.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::RateLimited | Self::Unavailable | Self::Timeout | Self::ProfileHeld)
    }
}

/// The text of a [`ProblemCode::Other`]; never that of a known kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OtherCode(Box<str>);

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ProblemCode {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let known = Self::ALL.iter().find(|code| code.as_str() == text);
        Ok(known.cloned().unwrap_or_else(|| Self::Other(OtherCode(text.into()))))
    }
}

impl Serialize for ProblemCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ProblemCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let Ok(code) = text.parse();
        Ok(code)
    }
}

fn about_blank() -> String {
    "about:blank".to_owned()
}
