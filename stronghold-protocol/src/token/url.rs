//! The URL of a server, as a hint inside a token. Trust never comes from it.

use super::{
    InvalidToken,
    codec::{Reader, Writer},
};
use crate::{
    limits,
    request::{BasePath, InvalidBasePath, is_loopback},
};
use std::{fmt, ops::Deref, str::FromStr};
use url::Url;

/// Why a text cannot be the URL of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUrl {
    /// It is longer than [`limits::TOKEN_URL_BYTES`].
    #[error("it is longer than 255 bytes")]
    TooLong,
    /// It is not an absolute `https` or `http` URL in printable ASCII.
    #[error("it is not an absolute https URL")]
    Malformed,
    /// It is `http` to another machine, where anyone on the way could listen.
    #[error("it must be https: plain http is for this machine only (localhost, 127.0.0.0/8, [::1])")]
    NotEncrypted,
    /// It holds a user name or password, a query or a fragment.
    #[error("it may not hold a user name, a password, a query or a fragment")]
    Extra,
    /// Its path is not one that every proxy leaves alone.
    #[error(transparent)]
    Path(#[from] InvalidBasePath),
}

/// URL of a server: `https`, or `http` to the loopback only; scheme, host, port and [`BasePath`] alone; at most 255 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenUrl(String);

impl TokenUrl {
    /// Checks a URL. It is kept as it was written.
    ///
    /// # Errors
    /// [`InvalidUrl`] says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, InvalidUrl> {
        if text.len() > limits::TOKEN_URL_BYTES {
            return Err(InvalidUrl::TooLong);
        }
        // The WHATWG parser repairs what it is given (white space, backslashes, missing slashes): refused before.
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let rest = rest.ok_or(InvalidUrl::Malformed)?;
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') || rest.starts_with('/') {
            return Err(InvalidUrl::Malformed);
        }
        let url = Url::parse(text).map_err(|_| InvalidUrl::Malformed)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') || url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidUrl::Extra);
        }
        // As it was written: the parser has resolved dots.
        BasePath::new(path)?;
        if url.host().is_none() {
            return Err(InvalidUrl::Malformed);
        }
        if url.scheme() == "https" || is_loopback(&url) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidUrl::NotEncrypted)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `length (1) | url`, of length zero where there is none.
    pub(super) fn write(url: Option<&Self>, writer: Writer) -> Writer {
        let text = url.map_or("", Self::as_str);
        // At most 255, by construction.
        let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
        writer.field(&[length]).field(text.as_bytes())
    }

    pub(super) fn read(reader: &mut Reader) -> Result<Option<Self>, InvalidToken> {
        let [length] = reader.array()?;
        if length == 0 {
            return Ok(None);
        }
        let text = std::str::from_utf8(reader.take(usize::from(length))?).map_err(|_| InvalidUrl::Malformed)?;
        Ok(Some(Self::new(text)?))
    }
}

impl Deref for TokenUrl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TokenUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        Self::new(text)
    }
}
