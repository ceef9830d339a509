//! What of a request is signed, without the authority.

use crate::request::{
    BasePath, BodyRefused, CONTEXT, ContentDigest, IF_NONE_MATCH, InvalidHeader, InvalidTarget, header::check_value,
    target::check_target,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Makes, or asks with a body.
    Post,
    /// Replaces.
    Put,
    /// Removes.
    Delete,
}

/// A text is not a method of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected GET, POST, PUT or DELETE")]
pub struct UnknownMethod;

impl Method {
    /// For example `GET`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(text: &str) -> Result<Self, UnknownMethod> {
        let methods = [Self::Get, Self::Post, Self::Put, Self::Delete];
        methods.into_iter().find(|method| method.as_str() == text).ok_or(UnknownMethod)
    }
}

/// What of a request is signed, besides the authority. Only values that can be signed unambiguously can be in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestParts {
    method: Method,
    path: String,
    query: String,
    content_digest: Option<ContentDigest>,
    if_none_match: Option<String>,
    context: Option<String>,
}

impl RequestParts {
    /// A request without body and headers. `path` and `query` are the raw bytes of the request target; `query` has no `?`
    /// and may be empty ([`crate::request::encode_query`]).
    ///
    /// # Errors
    /// [`InvalidTarget`] when they are not such bytes, or too long.
    pub fn new(method: Method, path: impl Into<String>, query: impl Into<String>) -> Result<Self, InvalidTarget> {
        let (path, query) = (path.into(), query.into());
        check_target(&path, &query)?;
        Ok(Self { method, path, query, content_digest: None, if_none_match: None, context: None })
    }

    /// A request without body and headers from its raw target, `/path` or `/path?query`.
    ///
    /// # Errors
    /// As [`Self::new`], and [`InvalidTarget::EmptyQuery`] for a `?` with nothing behind it.
    pub fn from_target(method: Method, target: &str) -> Result<Self, InvalidTarget> {
        match target.split_once('?') {
            None => Self::new(method, target, ""),
            Some((_, "")) => Err(InvalidTarget::EmptyQuery),
            Some((path, query)) => Self::new(method, path, query),
        }
    }

    /// The same request at a server that is reached under a base path.
    ///
    /// # Errors
    /// [`InvalidTarget::TooLong`] where the target becomes too long.
    pub fn under(mut self, base: &BasePath) -> Result<Self, InvalidTarget> {
        self.path = base.join(&self.path);
        check_target(&self.path, &self.query)?;
        Ok(self)
    }

    /// Adds the digest of a body. An empty body is none.
    #[must_use]
    pub fn with_body(self, body: &[u8]) -> Self {
        self.with_content_digest((!body.is_empty()).then(|| ContentDigest::of(body)))
    }

    /// Adds an `if-none-match` header.
    ///
    /// # Errors
    /// [`InvalidHeader`] when the value is empty, too long, untrimmed or not visible ASCII.
    pub fn with_if_none_match(mut self, value: impl Into<String>) -> Result<Self, InvalidHeader> {
        let value = value.into();
        check_value(IF_NONE_MATCH, &value)?;
        self.if_none_match = Some(value);
        Ok(self)
    }

    /// Adds a `stronghold-context` header ([`crate::request::RequestContext::to_header`]).
    ///
    /// # Errors
    /// [`InvalidHeader`] when the value is empty, too long, untrimmed or not visible ASCII.
    pub fn with_context(mut self, value: impl Into<String>) -> Result<Self, InvalidHeader> {
        let value = value.into();
        check_value(CONTEXT, &value)?;
        self.context = Some(value);
        Ok(self)
    }

    pub(super) const fn with_content_digest(mut self, digest: Option<ContentDigest>) -> Self {
        self.content_digest = digest;
        self
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The path, as it was sent.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query without `?`, as it was sent; may be empty.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Path and query as they stand in a request line.
    #[must_use]
    pub fn target(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }

    /// The digest of the body; none without a body.
    #[must_use]
    pub const fn content_digest(&self) -> Option<&ContentDigest> {
        self.content_digest.as_ref()
    }

    /// The value of the `if-none-match` header.
    #[must_use]
    pub fn if_none_match(&self) -> Option<&str> {
        self.if_none_match.as_deref()
    }

    /// The value of the `stronghold-context` header.
    #[must_use]
    pub fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// Checks that `body` is the one of this request: of its digest, or empty when there is none.
    ///
    /// # Errors
    /// [`BodyRefused`] otherwise, also for the digest of an empty body.
    pub fn check_body(&self, body: &[u8]) -> Result<(), BodyRefused> {
        match &self.content_digest {
            Some(digest) if !body.is_empty() => digest.verify(body),
            None if body.is_empty() => Ok(()),
            _ => Err(BodyRefused),
        }
    }
}
