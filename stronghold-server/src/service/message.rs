//! A request as any transport delivers it, and its answer.

use bytes::Bytes;
use std::net::IpAddr;
use stronghold_protocol::{problem::Problem, transport::Reply};

/// A request as it arrived. Nothing in it is believed yet.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The method, in capitals.
    pub method: String,
    /// Path and query, exactly as they were sent.
    pub target: String,
    /// All headers, in their order; repeated ones more than once.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Bytes,
    /// The peer's address; none within one process.
    pub address: Option<IpAddr>,
}

impl Incoming {
    /// Path and query, the query without `?`.
    pub(crate) fn split_target(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((&self.target, ""))
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// HTTP status code.
    pub status: u16,
    /// Headers that belong to the answer; the transport adds its own.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
}

impl Outgoing {
    /// A JSON answer.
    pub(crate) fn json(body: Vec<u8>) -> Self {
        Self { status: 200, headers: vec![("content-type", Reply::MEDIA_TYPE.to_owned())], body: body.into() }
    }

    /// A problem (RFC 9457), with `retry-after` where trying again helps.
    #[must_use]
    pub fn problem(problem: &Problem) -> Self {
        let mut headers = vec![("content-type", Problem::MEDIA_TYPE.to_owned())];
        headers.extend(problem.retry_after_seconds.map(|seconds| ("retry-after", seconds.to_string())));
        // A problem holds only texts and numbers, so it serializes always.
        let body = serde_json::to_vec(problem).unwrap_or_default();
        Self { status: problem.status, headers, body: body.into() }
    }

    /// Adds a header.
    #[must_use]
    pub(crate) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl From<Outgoing> for Reply {
    fn from(outgoing: Outgoing) -> Self {
        let content_type = outgoing.headers.iter().find(|(name, _)| *name == "content-type");
        let content_type = content_type.map(|(_, value)| value.clone());
        Self { status: outgoing.status, content_type, body: outgoing.body.into() }
    }
}
