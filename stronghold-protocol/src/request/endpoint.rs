//! Where clients reach a server: the host, and the path under which a proxy has put it.

use super::{Authority, InvalidAuthority, InvalidTarget, target::check_path};
use crate::limits;
use std::{fmt, str::FromStr};
use url::Url;

/// A path is not one under which a server can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidBasePath {
    /// It is not made of segments that no proxy rewrites.
    #[error(transparent)]
    Target(#[from] InvalidTarget),
    /// It is longer than [`limits::BASE_PATH_BYTES`].
    #[error("the path is longer than {} bytes", limits::BASE_PATH_BYTES)]
    TooLong,
}

/// A URL is not one at which a server can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEndpoint {
    /// Scheme or host.
    #[error(transparent)]
    Authority(#[from] InvalidAuthority),
    /// The path.
    #[error(transparent)]
    Path(#[from] InvalidBasePath),
    /// There is a query or fragment.
    #[error("it may not have a query or fragment")]
    Extra,
}

/// The path before the protocol's own, such as `/stronghold`; empty where the server has the host to itself.
///
/// Segments of unreserved characters, at most [`limits::BASE_PATH_BYTES`] bytes, without a slash at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BasePath(String);

impl BasePath {
    /// Checks a path as it stands in a URL; one slash at its end is dropped.
    ///
    /// # Errors
    /// [`InvalidBasePath`] says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, InvalidBasePath> {
        let path = text.strip_suffix('/').unwrap_or(text);
        if path.len() > limits::BASE_PATH_BYTES {
            return Err(InvalidBasePath::TooLong);
        }
        if !path.is_empty() {
            check_path(path)?;
        }
        Ok(Self(path.to_owned()))
    }

    /// The path, empty or from its first slash on.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A path of the protocol below this one.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// What follows this one in `path`, from the slash on; none where `path` is not below it.
    #[must_use]
    pub fn strip<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(self.as_str()).filter(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BasePath {
    type Err = InvalidBasePath;

    fn from_str(text: &str) -> Result<Self, InvalidBasePath> {
        Self::new(text)
    }
}

/// What clients sign for: a host, and the path before the protocol's own.
///
/// A signature covers the path as its client sent it, this one included. A proxy may take it off or leave it: the server
/// puts back what it was told, so both are verified alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// The host and port.
    pub authority: Authority,
    /// The path before the protocol's own.
    pub base: BasePath,
}

impl Endpoint {
    /// The endpoint of a server's URL.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] when no client could use it.
    pub fn from_url(url: &Url) -> Result<Self, InvalidEndpoint> {
        let authority = Authority::from_url(url)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidEndpoint::Extra);
        }
        Ok(Self { authority, base: BasePath::new(url.path())? })
    }

    /// The endpoint of a server in the caller's own process.
    #[must_use]
    pub fn in_process() -> Self {
        Authority::in_process().into()
    }
}

impl From<Authority> for Endpoint {
    /// The endpoint of a server that has the host to itself.
    fn from(authority: Authority) -> Self {
        Self { authority, base: BasePath::default() }
    }
}
