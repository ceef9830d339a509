//! The host that a request is meant for: `@authority` (RFC 9421, section 2.2.3).

use serde::{Deserialize, Deserializer, Serialize, de};
use std::{fmt, str::FromStr};
use url::{Host, Url};

const IN_PROCESS: &str = "in-process";

/// A text or URL names no authority that requests can be signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an http or https URL with a host and without credentials")]
pub struct InvalidAuthority;

/// The authority that a request is signed for: host and port in lower case, without the scheme's default port, or the
/// literal `in-process`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Authority(String);

impl Authority {
    /// The authority of an `http` or `https` URL; its path and query do not matter.
    ///
    /// # Errors
    /// [`InvalidAuthority`] for another scheme, for a URL with user name or password, and for the host `in-process`,
    /// which is reserved.
    pub fn from_url(url: &Url) -> Result<Self, InvalidAuthority> {
        let web = matches!(url.scheme(), "http" | "https");
        let anonymous = url.username().is_empty() && url.password().is_none();
        if !web || !anonymous {
            return Err(InvalidAuthority);
        }
        // The parser has lower-cased the host and dropped the scheme's default port.
        let text = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return Err(InvalidAuthority),
        };
        if text == IN_PROCESS { Err(InvalidAuthority) } else { Ok(Self(text)) }
    }

    /// The authority of a server in the caller's own process: the literal `in-process`.
    #[must_use]
    pub fn in_process() -> Self {
        Self(IN_PROCESS.to_owned())
    }

    /// The text that is signed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Parses an authority that is already in its one form, as records hold it.
impl FromStr for Authority {
    type Err = InvalidAuthority;

    fn from_str(text: &str) -> Result<Self, InvalidAuthority> {
        if text == IN_PROCESS {
            return Ok(Self::in_process());
        }
        // Port 443 is written out under http, port 80 under https: an authority is good if it is under one of them.
        ["https", "http"]
            .iter()
            .filter_map(|scheme| Url::parse(&format!("{scheme}://{text}/")).ok())
            .filter_map(|url| Self::from_url(&url).ok())
            .find(|authority| authority.0 == text)
            .ok_or(InvalidAuthority)
    }
}

impl<'de> Deserialize<'de> for Authority {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Whether a URL names this machine: `localhost`, 127.0.0.0/8 or ::1. An IPv4 address in an IPv6 one is none of them.
///
/// Plain http is for such a URL only, and never goes through a proxy.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
