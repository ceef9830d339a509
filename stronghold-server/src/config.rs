//! What the operator says: flags, and environment variables `STRONGHOLD_SERVER_*`; a flag wins.

mod archive;
mod backup;
mod data_dir;
mod limits;
mod proxy;
mod streams;

pub use archive::{ArchiveArguments, AuditCommand};
pub use backup::{BackupArguments, RestoreArguments};
pub(crate) use data_dir::{CHECKPOINT_KEY, DATABASE, read_seed};
pub use data_dir::{DataDir, DataDirError};
pub use limits::LimitArguments;
pub use proxy::ProxyArguments;
pub use streams::{StreamArguments, StreamConfigError};

use crate::{
    console::Console,
    http::{InvalidProxies, ServeLimits, TlsError, TrustedProxies, tls_config},
    service::Settings,
};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::{
    ffi::{OsStr, OsString},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
};
use stronghold_protocol::{
    request::{Authority, Endpoint, InvalidEndpoint},
    token::{InvalidUrl, TokenUrl},
};
use url::Url;

/// The reference server of Stronghold: stores, checks and audits what it cannot read.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    /// Something else than serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve.
    #[command(flatten)]
    pub serve: ServeArguments,
}

impl Arguments {
    /// Reads flags and environment; a variable that is set to nothing counts as not set.
    ///
    /// # Errors
    /// [`clap::Error`] with the text for the user, also for `--help` and `--version`.
    pub fn read(
        arguments: impl IntoIterator<Item = OsString>,
        variable: impl Fn(&OsStr) -> Option<OsString>,
    ) -> Result<Self, clap::Error> {
        let blank = |name: &OsStr| variable(name).is_some_and(|value| value.is_empty());
        let without_blanks = |command: clap::Command| {
            command.mut_args(|argument| match argument.get_env() {
                Some(name) if blank(name) => argument.env(None::<&str>),
                _ => argument,
            })
        };
        let command = without_blanks(Self::command()).mut_subcommands(without_blanks);
        Self::from_arg_matches(&command.try_get_matches_from(arguments)?)
    }
}

/// Something else than serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make another one-time setup code, for a further organization, and print the file that it is in
    ///
    /// The file is in the data directory, readable by its owner alone, so that the code is in no log and on no screen:
    /// `org create --setup-code-file FILE` reads it. This works while the server runs.
    SetupCode(SetupCodeArguments),
    /// The audit log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Copy everything that a server needs into a new directory, while it serves
    ///
    /// The server goes on serving and writing. The new directory holds the database as of one moment, the checkpoint key, and
    /// backup.json, which says what they are; where anything fails, there is none.
    ///
    /// Whoever has a backup has what a thief of the database has: no names, values or notes of secrets, but who may read what,
    /// and users' e-mail addresses. With the checkpoint key they can sign audit checkpoints. Keep it as you keep the server
    /// itself. Files made by `audit archive` are not in it.
    Backup(BackupArguments),
    /// Make a server's data directory of a backup
    ///
    /// Everything is checked first: backup.json, each file's SHA-256, the database itself, and that each organization is as
    /// backup.json says. Open setup codes and log-ins are void in the restored data. Everything else is as it was: what was
    /// deactivated, removed or changed after the backup is not any more.
    Restore(RestoreArguments),
    /// Print the HTTP API as an OpenAPI 3.1 document
    Openapi,
}

/// Arguments of `setup-code`.
#[derive(Debug, Args)]
pub struct SetupCodeArguments {
    /// Directory of the server's data
    #[arg(long, env = "STRONGHOLD_SERVER_DATA_DIR", value_name = "DIR")]
    pub data_dir: PathBuf,
    /// Print the code itself in place of a file's path; anyone who sees it can create an organization
    #[arg(long)]
    pub show: bool,
}

/// How to serve.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// Directory of the server's data; made if it is missing
    #[arg(long, env = "STRONGHOLD_SERVER_DATA_DIR", value_name = "DIR", required = true)]
    pub data_dir: Option<PathBuf>,
    /// Address and port to listen at; port 0 chooses a free one
    #[arg(long, env = "STRONGHOLD_SERVER_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:7878")]
    pub listen: SocketAddr,
    /// URL at which clients reach this server, with the path that a proxy gives it; may be given more than once
    #[arg(long = "public-url", env = "STRONGHOLD_SERVER_PUBLIC_URL", value_name = "URL", value_delimiter = ',')]
    pub public_urls: Vec<String>,
    /// PEM file with the certificate chain
    #[arg(long, env = "STRONGHOLD_SERVER_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's private key
    #[arg(long, env = "STRONGHOLD_SERVER_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Serve without TLS at an address that other machines reach, behind a proxy that adds TLS
    #[arg(long, env = "STRONGHOLD_SERVER_ALLOW_PLAIN_HTTP")]
    pub allow_plain_http: bool,
    /// Serve no web console: the API only
    #[arg(long, env = "STRONGHOLD_SERVER_NO_CONSOLE")]
    pub no_console: bool,
    /// Form of the log, which goes to standard error
    #[arg(long, env = "STRONGHOLD_SERVER_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// What is logged: error, warn, info, debug, or a filter like info,stronghold_server=debug
    #[arg(long, env = "STRONGHOLD_SERVER_LOG_LEVEL", value_name = "FILTER", default_value = "info")]
    pub log_level: String,
    /// Receivers of the audit log.
    #[command(flatten)]
    pub streams: StreamArguments,
    /// Proxies in front of the server.
    #[command(flatten)]
    pub proxy: ProxyArguments,
    /// Limits.
    #[command(flatten)]
    pub limits: LimitArguments,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What was said cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A wildcard address says nothing of how clients reach the server.
    #[error("a server at {0} needs --public-url: clients sign for the host that they reach it by")]
    PublicUrlMissing(SocketAddr),
    /// Plain HTTP would leave this machine.
    #[error(
        "{0} is reached from other machines: give --tls-cert and --tls-key, or --allow-plain-http behind a TLS proxy"
    )]
    PlainHttp(SocketAddr),
    /// A public URL is not one.
    #[error("--public-url {0}: {1}")]
    PublicUrl(String, InvalidPublicUrl),
    /// A trusted proxy or its header is not one.
    #[error(transparent)]
    Proxies(#[from] InvalidProxies),
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl ServeArguments {
    /// Checks that the address may be served this way.
    ///
    /// # Errors
    /// [`ConfigError`] for plain HTTP or a wildcard address without what they need.
    pub fn check(&self) -> Result<(), ConfigError> {
        let address = self.listen;
        if self.tls_cert.is_none() && !address.ip().to_canonical().is_loopback() && !self.allow_plain_http {
            return Err(ConfigError::PlainHttp(address));
        }
        if address.ip().is_unspecified() && self.public_urls.is_empty() {
            return Err(ConfigError::PublicUrlMissing(address));
        }
        self.proxies()?;
        self.endpoints(address).map(drop)
    }

    /// The filter of the log. A plain level is this program's own: libraries below it would log what is not theirs to
    /// know, such as request targets.
    #[must_use]
    pub fn log_filter(&self) -> String {
        let level = &self.log_level;
        if level.parse::<tracing::Level>().is_ok() { format!("warn,stronghold_server={level}") } else { level.clone() }
    }

    /// The TLS configuration, if there is to be TLS.
    ///
    /// # Errors
    /// [`ConfigError`] when certificate or key cannot be used.
    pub fn tls(&self) -> Result<Option<Arc<rustls::ServerConfig>>, ConfigError> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Ok(Some(tls_config(certificate, key)?)),
            _ => Ok(None),
        }
    }

    /// The URL of the listener at `bound`, for people and scripts.
    #[must_use]
    pub fn listening_url(&self, bound: SocketAddr) -> String {
        format!("{}://{bound}", self.scheme())
    }

    /// How the service behaves, listening at `bound`.
    ///
    /// # Errors
    /// [`ConfigError`] when a public URL is not one.
    pub fn settings(&self, bound: SocketAddr) -> Result<Settings, ConfigError> {
        Ok(Settings { endpoints: self.endpoints(bound)?, limits: self.limits.of_service() })
    }

    /// The web console to serve, listening at `bound`.
    ///
    /// # Errors
    /// [`ConfigError`] when a public URL is not one.
    pub fn console(&self, bound: SocketAddr) -> Result<Console, ConfigError> {
        let console = if self.no_console { Console::default() } else { Console::embedded() };
        Ok(console.under(self.settings(bound)?.bases()))
    }

    /// Limits on connections.
    #[must_use]
    pub fn serve_limits(&self) -> ServeLimits {
        self.limits.of_connections()
    }

    /// The proxies that are believed whom a request is from.
    ///
    /// # Errors
    /// [`ConfigError`] when a range or the header's name is not one.
    pub fn proxies(&self) -> Result<TrustedProxies, ConfigError> {
        Ok(self.proxy.proxies()?)
    }

    const fn scheme(&self) -> &'static str {
        if self.tls_cert.is_some() { "https" } else { "http" }
    }

    /// What clients sign for: the public URLs, or the listener's own, with `localhost` and `127.0.0.1` both where it
    /// listens at one of them.
    fn endpoints(&self, bound: SocketAddr) -> Result<Vec<Endpoint>, ConfigError> {
        if !self.public_urls.is_empty() {
            let parse = |text: &String| {
                public_endpoint(text.trim()).map_err(|error| ConfigError::PublicUrl(text.clone(), error))
            };
            return self.public_urls.iter().map(parse).collect();
        }
        let mut hosts = vec![bound.to_string()];
        if bound.ip().is_loopback() {
            hosts.push(format!("localhost:{}", bound.port()));
            hosts.push(format!("127.0.0.1:{}", bound.port()));
        }
        let urls = hosts.iter().filter_map(|host| format!("{}://{host}", self.scheme()).parse::<Url>().ok());
        let mut endpoints: Vec<Endpoint> =
            urls.filter_map(|url| Authority::from_url(&url).ok()).map(Endpoint::from).collect();
        endpoints.sort_unstable();
        endpoints.dedup();
        Ok(endpoints)
    }
}

/// Why a URL cannot be where clients reach a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPublicUrl {
    /// No token can carry it.
    #[error(transparent)]
    Token(#[from] InvalidUrl),
    /// It is not a URL.
    #[error("it is not a URL")]
    Malformed,
    /// No client can use it.
    #[error(transparent)]
    Endpoint(#[from] InvalidEndpoint),
}

/// The endpoint of a public URL. What no client accepts as an address is refused here, where somebody sees it.
fn public_endpoint(text: &str) -> Result<Endpoint, InvalidPublicUrl> {
    match TokenUrl::new(text) {
        // Clients can be told to speak plain http to other machines, in closed networks.
        Ok(_) | Err(InvalidUrl::NotEncrypted) => {}
        Err(refused) => return Err(refused.into()),
    }
    Ok(Endpoint::from_url(&text.parse().map_err(|_| InvalidPublicUrl::Malformed)?)?)
}
