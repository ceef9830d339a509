//! Proxies in front of the server.

use crate::http::{InvalidProxies, TrustedProxies};
use clap::Args;

/// Proxies that are believed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Behind a proxy")]
pub struct ProxyArguments {
    /// Address or range of a proxy that is believed whom a request is from; may be given more than once
    ///
    /// Limits by address, agents that are bound to addresses, and the audit log then go by the address that the proxy names:
    /// the last one in --proxy-header that is no trusted proxy's.
    #[arg(
        long = "trusted-proxy",
        env = "STRONGHOLD_SERVER_TRUSTED_PROXY",
        value_name = "CIDR",
        value_delimiter = ',',
        requires = "proxy_header"
    )]
    pub trusted_proxies: Vec<String>,
    /// The one header in which trusted proxies name it: X-Forwarded-For, X-Real-IP or Forwarded
    ///
    /// Name the header that your proxy sets or adds to, and no other: what it hands on unchanged, strangers wrote.
    #[arg(long, env = "STRONGHOLD_SERVER_PROXY_HEADER", value_name = "NAME", requires = "trusted_proxies")]
    pub proxy_header: Option<String>,
}

impl ProxyArguments {
    /// The proxies that are believed whom a request is from.
    ///
    /// # Errors
    /// [`InvalidProxies`] when a range or the header's name is not one.
    pub fn proxies(&self) -> Result<TrustedProxies, InvalidProxies> {
        match &self.proxy_header {
            Some(header) => TrustedProxies::new(self.trusted_proxies.iter().map(String::as_str), header),
            None => Ok(TrustedProxies::none()),
        }
    }
}
