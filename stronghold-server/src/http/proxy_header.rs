//! Which address a request came from, where proxies that the operator trusts stand in between.
//!
//! A proxy writes whom it was asked by into a header, behind what was there when it was asked. So the last address is what
//! the nearest proxy saw; what stands before it is as good as whoever wrote it. The client is the last address that is no
//! trusted proxy's. One header is read, by name: of several, only the operator knows which the proxy sets, and which it
//! hands on as strangers sent it.

use http::{HeaderMap, HeaderName};
use ipnet::{IpNet, Ipv4Net};
use std::net::{IpAddr, SocketAddr};

/// Headers in which proxies say whom they were asked by.
const KNOWN: [HeaderName; 3] =
    [FORWARDED, HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("x-real-ip")];
/// The one of them with a form of its own (RFC 7239).
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");

/// Why proxies cannot be trusted as they are given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidProxies {
    /// A range is none.
    #[error("--trusted-proxy {0}: it is no address, and no range like 10.0.0.0/8 or fd00::/64")]
    Range(String),
    /// The header's name is none.
    #[error("--proxy-header {0}: it is no name of a header; proxies set X-Forwarded-For, X-Real-IP or Forwarded")]
    Header(String),
}

/// The proxies whose word on a client's address counts, and the header in which they say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProxies {
    ranges: Vec<IpNet>,
    header: Option<HeaderName>,
}

impl TrustedProxies {
    /// Nobody is trusted: a request came from where its connection did.
    #[must_use]
    pub const fn none() -> Self {
        Self { ranges: Vec::new(), header: None }
    }

    /// Trusts proxies at these addresses or ranges of them, in the header of this name.
    ///
    /// # Errors
    /// [`InvalidProxies`] where one of them is not what it should be.
    pub fn new<'r>(ranges: impl IntoIterator<Item = &'r str>, header: &str) -> Result<Self, InvalidProxies> {
        let ranges =
            ranges.into_iter().map(|text| parse_range(text).ok_or_else(|| InvalidProxies::Range(text.to_owned())));
        let name = HeaderName::try_from(header).map_err(|_| InvalidProxies::Header(header.to_owned()))?;
        Ok(Self { ranges: ranges.collect::<Result<_, _>>()?, header: Some(name) })
    }

    /// Whether an address is that of a trusted proxy.
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.ranges.iter().any(|range| range.contains(&address))
    }

    /// The address that a request came from: the peer's, or where that is a trusted proxy, the last one in the header that is
    /// none. What is no address ends the search: what stands before it was written by nobody who is trusted.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trust(peer) {
            self.warn_of_unlisted(peer, headers);
            return peer;
        }
        let Some(name) = &self.header else { return peer };
        let mut client = peer;
        // Several lines are one list (RFC 9110, section 5.3).
        for line in headers.get_all(name).iter().rev() {
            let Ok(line) = line.to_str() else { return client };
            for entry in line.rsplit(',').map(str::trim).filter(|entry| !entry.is_empty()) {
                let said = if *name == FORWARDED { forwarded_for(entry) } else { parse_address(entry) };
                let Some(said) = said else { return client };
                client = said;
                if !self.trust(client) {
                    return client;
                }
            }
        }
        client
    }

    /// Whoever sends such a header is a proxy that somebody forgot, or lies: the log says so.
    fn warn_of_unlisted(&self, peer: IpAddr, headers: &HeaderMap) {
        let sent = match &self.header {
            Some(name) => headers.contains_key(name).then(|| name.clone()),
            None => KNOWN.into_iter().find(|name| headers.contains_key(name)),
        };
        if let Some(header) = sent {
            tracing::warn!(
                %peer, %header,
                "not believed: this peer says whom a request is from, and is no --trusted-proxy; if it is your proxy, \
                 everyone behind it shares its limits until you name it"
            );
        }
    }
}

/// An address, or a range; IPv4 written as IPv6 is IPv4, as for peers.
fn parse_range(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let range = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    match (range.network().to_canonical(), range.prefix_len().checked_sub(96)) {
        (IpAddr::V4(address), Some(prefix)) if matches!(range, IpNet::V6(_)) => {
            Ipv4Net::new(address, prefix).ok().map(IpNet::V4)
        }
        _ => Some(range),
    }
}

/// The address of an entry, with or without a port, brackets or quotes.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|at| at.ip()))?;
    Some(address.to_canonical())
}

/// The `for` of an element of `Forwarded` (RFC 7239, section 4); none where it hides the address, or is written otherwise.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in element.split(';') {
        let (name, value) = pair.trim().split_once('=')?;
        if name.eq_ignore_ascii_case("for") && found.replace(value.trim()).is_some() {
            return None;
        }
    }
    let value = found?;
    // Only quotes have room for a colon. Some proxies leave them out, and mean the same.
    parse_address(value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value))
}
