//! HTTP transport: one request per call, no redirects.
//!
//! What sends is reqwest with rustls, and `fetch` where this was compiled for browsers and Node.

#[cfg_attr(target_family = "wasm", path = "http/fetch.rs")]
#[cfg_attr(not(target_family = "wasm"), path = "http/native.rs")]
mod sender;

use crate::error::Error;
use async_trait::async_trait;
use sender::Sender;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use stronghold_protocol::{
    api::ReplyLimit,
    request::{Endpoint, SignedRequest, is_loopback},
    transport::{Reply, Transport, TransportFailure},
};
use url::Url;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// A server reached over HTTP.
///
/// `https`, or `http` to a loopback address, with the path under which the server is reached. `HTTPS_PROXY`, `HTTP_PROXY`,
/// `ALL_PROXY` and `NO_PROXY` are honoured, but for this machine's own addresses, which no proxy ever sees; `SSL_CERT_FILE` too.
/// In a browser or Node, whatever `fetch` honours.
#[derive(Debug)]
pub struct HttpTransport {
    sender: Sender,
    origin: Url,
    endpoint: Endpoint,
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
    /// Trusts the certificate authorities of a PEM file, beside the system's. A browser or Node cannot be told to.
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
        let url = Url::parse(&self.url).map_err(|_| invalid("write it like https://stronghold.example.com"))?;
        let endpoint = Endpoint::from_url(&url).map_err(|error| invalid(&error.to_string()))?;
        let plain = url.scheme() == "http";
        if plain && !self.allow_plain && !is_loopback(&url) {
            return Err(invalid("plain http is for this machine only; use https"));
        }
        let origin = url.join("/").map_err(|error| invalid(&error.to_string()))?;
        Ok(HttpTransport { sender: Sender::new(&self, &url)?, origin, endpoint })
    }
}

/// A request on its way out.
struct Sending {
    method: &'static str,
    url: Url,
    headers: Vec<(&'static str, String)>,
    /// JSON, or nothing.
    body: Vec<u8>,
    /// How much of the answer is read.
    most: ReplyLimit,
}

#[async_trait]
impl Transport for HttpTransport {
    fn endpoint(&self) -> Endpoint {
        self.endpoint.clone()
    }

    async fn send(&self, request: SignedRequest, body: Vec<u8>, most: ReplyLimit) -> Result<Reply, TransportFailure> {
        let url = self.target(&request.parts().target())?;
        let method = request.parts().method().as_str();
        self.sender.send(Sending { method, url, headers: request.headers(), body, most }).await
    }

    async fn send_unsigned(
        &self,
        path: &str,
        body: Option<Vec<u8>>,
        most: ReplyLimit,
    ) -> Result<Reply, TransportFailure> {
        let method = if body.is_some() { "POST" } else { "GET" };
        let url = self.target(&self.endpoint.base.join(path))?;
        self.sender.send(Sending { method, url, headers: Vec::new(), body: body.unwrap_or_default(), most }).await
    }
}

impl HttpTransport {
    fn target(&self, target: &str) -> Result<Url, TransportFailure> {
        let refused = || TransportFailure::NotTheProtocol("the request's path cannot be sent".to_owned());
        let url = self.origin.join(target).map_err(|_| refused())?;
        // What is sent must be what was signed, byte for byte.
        let sent = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        if sent == target { Ok(url) } else { Err(refused()) }
    }
}

fn redirected(status: u16) -> TransportFailure {
    TransportFailure::NotTheProtocol(format!("it redirects (status {status}), which is never followed"))
}

/// Why an answer, of which no body was read yet, is left when it has more than `most` bytes.
fn too_large(answer: &Reply, most: usize) -> TransportFailure {
    if (200..300).contains(&answer.status) && answer.is_of(Reply::MEDIA_TYPE) {
        return TransportFailure::Oversized(most);
    }
    TransportFailure::NotTheProtocol(format!("status {}, with an answer of more than {most} bytes", answer.status))
}
