//! How a signed request reaches a server: over HTTP, or in one process. Both ends of the protocol meet in this trait.

use crate::{
    api::ReplyLimit,
    request::{Endpoint, SignedRequest},
};
use async_trait::async_trait;

/// A server's answer, whatever carried it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status code.
    pub status: u16,
    /// Media type of the body, as the server said it; none where it said nothing.
    pub content_type: Option<String>,
    /// The body: JSON of the route's reply type, or a [`crate::problem::Problem`] where the status is 400 or above.
    pub body: Vec<u8>,
}

impl Reply {
    /// Media type of a reply that is no problem.
    pub const MEDIA_TYPE: &'static str = "application/json";

    /// An answer of a route's reply type.
    #[must_use]
    pub fn json(body: Vec<u8>) -> Self {
        Self { status: 200, content_type: Some(Self::MEDIA_TYPE.to_owned()), body }
    }

    /// Whether the body is of a media type, whatever its parameters (RFC 9110, section 8.3.1).
    #[must_use]
    pub fn is_of(&self, media_type: &str) -> bool {
        let said = self.content_type.as_deref().and_then(|said| said.split(';').next());
        said.is_some_and(|said| said.trim_matches([' ', '\t']).eq_ignore_ascii_case(media_type))
    }
}

/// A request got no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportFailure {
    /// The server could not be reached, or the connection broke; whether it acted on the request is unknown.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The connection could not be trusted: a certificate of an unknown authority, or of another host.
    #[error("the connection to the server cannot be trusted: {0}")]
    Untrusted(String),
    /// No answer came in time; whether the server acted on the request is unknown.
    #[error("the server did not answer within {0} seconds")]
    TimedOut(u64),
    /// A proxy in between refused the request for its size, which the server itself would have taken.
    #[error(
        "a proxy in front of the server refused a request of {0} bytes: allow larger bodies there (nginx: \
         client_max_body_size, which is 1 MB unless it is set)"
    )]
    BodyLimited(usize),
    /// The answer says that it is one of this protocol, and is larger than the bytes that the route's may have.
    #[error("the server's answer is larger than the {0} bytes that the protocol allows it")]
    Oversized(usize),
    /// The answer is no answer of this protocol (a redirect, or another media type).
    #[error("this is not a Stronghold server: {0}")]
    NotTheProtocol(String),
}

/// Carries requests to a server.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Where requests go: what they are signed for, and the path before their own.
    fn endpoint(&self) -> Endpoint;

    /// Sends a request with its body, once, and returns the answer, of which no more than `most` is ever held. No redirect is
    /// followed.
    ///
    /// # Errors
    /// [`TransportFailure`] when no answer of this protocol came.
    async fn send(&self, request: SignedRequest, body: Vec<u8>, most: ReplyLimit) -> Result<Reply, TransportFailure>;

    /// Sends a request that nobody signed: the few public routes (`path` without the endpoint's base, `body` for a POST).
    ///
    /// # Errors
    /// As [`Self::send`].
    async fn send_unsigned(
        &self,
        path: &str,
        body: Option<Vec<u8>>,
        most: ReplyLimit,
    ) -> Result<Reply, TransportFailure>;
}
