//! HTTP transport: one request per call, no redirects, TLS by rustls.

use crate::error::Error;
use async_trait::async_trait;
use reqwest::{Certificate, redirect, retry};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{
    error::Error as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use stronghold_protocol::{
    limits,
    request::{Authority, SignedRequest},
    transport::{Reply, Transport, TransportFailure},
};
use url::{Host, Url};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// A server reached over HTTP.
///
/// `https`, or `http` to a loopback address. `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are honoured, `SSL_CERT_FILE` too.
#[derive(Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
    base: Url,
    authority: Authority,
    timeout: Duration,
}

/// Settings of an [`HttpTransport`].
#[derive(Clone, Debug)]
pub struct HttpBuilder {
    url: String,
    ca_cert: Option<PathBuf>,
    timeout: Duration,
    allow_plain: bool,
}

impl HttpTransport {
    /// Starts from the server's address.
    #[must_use]
    pub fn builder(url: &str) -> HttpBuilder {
        HttpBuilder { url: url.to_owned(), ca_cert: None, timeout: DEFAULT_TIMEOUT, allow_plain: false }
    }
}

impl HttpBuilder {
    /// Trusts the certificate authorities of a PEM file, beside the system's.
    #[must_use]
    pub fn ca_cert(mut self, file: impl AsRef<Path>) -> Self {
        self.ca_cert = Some(file.as_ref().to_owned());
        self
    }

    /// Gives up when a call has not been answered by then; 60 seconds by default.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Allows `http` to addresses that are not loopback: the network then sees who asks for what, and every ciphertext.
    #[must_use]
    pub const fn danger_allow_plain_http(mut self) -> Self {
        self.allow_plain = true;
        self
    }

    /// Builds the transport. Connects to nothing yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the address is none that is allowed, or the certificate file is none;
    /// [`Error::State`] when that cannot be read.
    pub fn build(self) -> Result<HttpTransport, Error> {
        let invalid = |why: &str| Error::invalid(format!("{:?} is no server address: {why}", self.url));
        let base = Url::parse(&self.url).map_err(|_| invalid("write it like https://stronghold.example.com"))?;
        if !matches!(base.path(), "" | "/") || base.query().is_some() || base.fragment().is_some() {
            return Err(invalid("it has no path"));
        }
        let authority = Authority::from_url(&base).map_err(|error| invalid(&error.to_string()))?;
        let plain = base.scheme() == "http";
        if plain && !self.allow_plain && !is_loopback(&base) {
            return Err(invalid("plain http is for this machine only; use https"));
        }
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(self.timeout)
            .user_agent(concat!("stronghold-sdk/", env!("CARGO_PKG_VERSION")));
        if plain {
            // The system's certificates cost memory and time that plain http has no use for.
            builder = builder.tls_backend_preconfigured(tls_without_roots()?);
        } else if let Some(file) = &self.ca_cert {
            builder = builder.tls_certs_merge(read_certificates(file)?);
        }
        let client =
            builder.build().map_err(|error| Error::invalid(format!("TLS cannot be set up: {}", cause(&error))))?;
        Ok(HttpTransport { client, base, authority, timeout: self.timeout })
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn tls_without_roots() -> Result<rustls::ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::invalid(error.to_string()))?;
    Ok(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

fn read_certificates(file: &Path) -> Result<Vec<Certificate>, Error> {
    let name = file.display();
    let pem = std::fs::read(file)
        .map_err(|error| Error::state(format!("the CA certificate {name} cannot be read"), error))?;
    let none = || Error::invalid(format!("{name} holds no PEM certificate"));
    let parsed: Vec<CertificateDer<'_>> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|_| none())?;
    if parsed.is_empty() {
        return Err(none());
    }
    let read = parsed.into_iter().map(|certificate| {
        // The client would only say that some certificate is bad, not whose.
        rustls::RootCertStore::empty().add(certificate.clone()).ok()?;
        Certificate::from_der(&certificate).ok()
    });
    read.collect::<Option<_>>().ok_or_else(|| Error::invalid(format!("{name} holds a damaged certificate")))
}

#[async_trait]
impl Transport for HttpTransport {
    fn authority(&self) -> Authority {
        self.authority.clone()
    }

    async fn send(&self, request: SignedRequest, body: Vec<u8>) -> Result<Reply, TransportFailure> {
        let method = match request.parts().method().as_str() {
            "GET" => reqwest::Method::GET,
            "PUT" => reqwest::Method::PUT,
            "DELETE" => reqwest::Method::DELETE,
            _ => reqwest::Method::POST,
        };
        let mut sending = self.client.request(method, self.target(&request.parts().target())?);
        for (name, value) in request.headers() {
            sending = sending.header(name, value);
        }
        self.finish(sending, body).await
    }

    async fn send_unsigned(&self, path: &str, body: Option<Vec<u8>>) -> Result<Reply, TransportFailure> {
        let method = if body.is_some() { reqwest::Method::POST } else { reqwest::Method::GET };
        let sending = self.client.request(method, self.target(path)?);
        self.finish(sending, body.unwrap_or_default()).await
    }
}

impl HttpTransport {
    fn target(&self, target: &str) -> Result<Url, TransportFailure> {
        let refused = || TransportFailure::NotTheProtocol("the request's path cannot be sent".to_owned());
        let url = self.base.join(target).map_err(|_| refused())?;
        // What is sent must be what was signed, byte for byte.
        let sent = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        if sent == target { Ok(url) } else { Err(refused()) }
    }

    async fn finish(&self, mut sending: reqwest::RequestBuilder, body: Vec<u8>) -> Result<Reply, TransportFailure> {
        if !body.is_empty() {
            sending = sending.header("content-type", "application/json").body(body);
        }
        let mut response = sending.send().await.map_err(|error| self.failure(&error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(TransportFailure::NotTheProtocol(format!(
                "it redirects (status {status}), which is never followed"
            )));
        }
        let expected = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let mut body = Vec::with_capacity(expected.min(64 * 1024 * 1024));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failure(&error))? {
            if body.len() + chunk.len() > limits::REPLY_BYTES {
                return Err(TransportFailure::NotTheProtocol("its answer is too large".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status: status.as_u16(), body })
    }

    fn failure(&self, error: &reqwest::Error) -> TransportFailure {
        let cause = cause(error);
        if error.is_timeout() {
            TransportFailure::TimedOut(self.timeout.as_secs())
        } else if cause.contains("certificate") || cause.contains("UnknownIssuer") {
            TransportFailure::Untrusted(cause)
        } else {
            TransportFailure::Unreachable(format!("{} ({cause})", self.base))
        }
    }
}

/// The innermost cause: reqwest's own text repeats the URL and says little.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if error.source().is_none() { error.to_string() } else { cause.to_string() }
}
