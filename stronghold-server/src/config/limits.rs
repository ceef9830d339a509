//! Limits that an operator may change.

use crate::{access::RateLimit, http::ServeLimits, service::Limits};
use clap::Args;
use std::time::Duration;

/// Limits that an operator may change.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArguments {
    /// Refused requests of one address, in a minute
    #[arg(long, env = "STRONGHOLD_SERVER_REFUSED_PER_MINUTE", value_name = "N", default_value_t = 600)]
    pub refused_per_minute: u32,
    /// Log-ins and set-ups of one address, in a minute
    #[arg(long, env = "STRONGHOLD_SERVER_LOGINS_PER_MINUTE", value_name = "N", default_value_t = 60)]
    pub logins_per_minute: u32,
    /// Log-ins of one account, in a minute, from each address that logged in to it before, and from all others together
    #[arg(long, env = "STRONGHOLD_SERVER_ACCOUNT_LOGINS_PER_MINUTE", value_name = "N", default_value_t = 20)]
    pub account_logins_per_minute: u32,
    /// Log-ins of all accounts, in a minute; those from addresses that logged in before are counted apart
    #[arg(long, env = "STRONGHOLD_SERVER_ALL_LOGINS_PER_MINUTE", value_name = "N", default_value_t = 3000)]
    pub all_logins_per_minute: u32,
    /// Connections at once; one more takes the place of one that is silent
    #[arg(long, env = "STRONGHOLD_SERVER_CONNECTIONS", value_name = "N", default_value_t = 4096)]
    pub connections: usize,
    /// Connections of one address (an IPv4 address, or the /64 of an IPv6 one); trusted proxies have no such limit
    #[arg(long, env = "STRONGHOLD_SERVER_CONNECTIONS_PER_ADDRESS", value_name = "N", default_value_t = 1024)]
    pub connections_per_address: usize,
    /// Connections of one address in which no request is being answered; one more takes the place of the oldest
    #[arg(long, env = "STRONGHOLD_SERVER_SILENT_PER_ADDRESS", value_name = "N", default_value_t = 256)]
    pub silent_per_address: usize,
    /// Requests of one address that are being answered at once, in all its connections
    #[arg(long, env = "STRONGHOLD_SERVER_REQUESTS_PER_ADDRESS", value_name = "N", default_value_t = 512)]
    pub requests_per_address: usize,
    /// Memory for the bodies of requests, in MiB
    #[arg(long, env = "STRONGHOLD_SERVER_BODY_MIB", value_name = "MIB", default_value_t = 512)]
    pub body_mib: usize,
    /// That of one address
    #[arg(long, env = "STRONGHOLD_SERVER_BODY_MIB_PER_ADDRESS", value_name = "MIB", default_value_t = 128)]
    pub body_mib_per_address: usize,
    /// How long a request may take to arrive, in seconds
    #[arg(long, env = "STRONGHOLD_SERVER_REQUEST_SECONDS", value_name = "SECONDS", default_value_t = 60)]
    pub request_seconds: u64,
    /// Memory for ciphertexts that are asked for often, in MiB
    #[arg(long, env = "STRONGHOLD_SERVER_CACHE_MIB", value_name = "MIB", default_value_t = 128)]
    pub cache_mib: usize,
}

impl LimitArguments {
    /// Those of the service.
    pub(super) fn of_service(&self) -> Limits {
        let defaults = Limits::default();
        let per_minute = |n: u32, burst: u32| RateLimit { burst: burst.min(n.max(1)), per_minute: n };
        Limits {
            refused: per_minute(self.refused_per_minute, defaults.refused.burst),
            login: per_minute(self.logins_per_minute, defaults.login.burst),
            account: per_minute(self.account_logins_per_minute, defaults.account.burst),
            all_logins: per_minute(self.all_logins_per_minute, defaults.all_logins.burst),
            arrival: Duration::from_secs(self.request_seconds),
            body_bytes: mib(self.body_mib),
            body_bytes_per_address: mib(self.body_mib_per_address),
            cache_bytes: mib(self.cache_mib),
        }
    }

    /// Those of connections.
    pub(super) fn of_connections(&self) -> ServeLimits {
        ServeLimits {
            connections: self.connections.max(1),
            connections_per_address: self.connections_per_address.max(1),
            silent_per_address: self.silent_per_address.max(1),
            requests_per_address: self.requests_per_address.max(1),
            ..ServeLimits::default()
        }
    }
}

const fn mib(count: usize) -> usize {
    count.saturating_mul(1024 * 1024)
}
