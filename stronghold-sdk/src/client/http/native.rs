//! HTTP by reqwest, TLS by rustls.

use super::{HttpBuilder, Sending, redirected, too_large};
use crate::error::Error;
use reqwest::{Certificate, redirect, retry};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{error::Error as _, path::Path, sync::Arc, time::Duration};
use stronghold_protocol::{
    request::is_loopback,
    transport::{Reply, TransportFailure},
};
use url::Url;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How much room an answer gets before anything of it arrived.
const FIRST_BYTES: usize = 1024 * 1024;

/// Sends requests over pooled connections.
#[derive(Debug)]
pub(super) struct Sender {
    client: reqwest::Client,
    timeout: Duration,
}

impl Sender {
    /// A sender to the server at `url`.
    pub(super) fn new(settings: &HttpBuilder, url: &Url) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(settings.timeout)
            .user_agent(concat!("stronghold-sdk/", env!("CARGO_PKG_VERSION")));
        if is_loopback(url) {
            // What is said to this machine is no proxy's: over plain http it would see setup codes and ciphertexts.
            builder = builder.no_proxy();
        }
        if url.scheme() == "http" {
            // The system's certificates cost memory and time that plain http has no use for.
            builder = builder.tls_backend_preconfigured(tls_without_roots()?);
        } else if let Some(file) = &settings.ca_cert {
            builder = builder.tls_certs_merge(read_certificates(file)?);
        }
        let client =
            builder.build().map_err(|error| Error::invalid(format!("TLS cannot be set up: {}", cause(&error))))?;
        Ok(Self { client, timeout: settings.timeout })
    }

    /// Sends one request.
    pub(super) async fn send(&self, request: Sending) -> Result<Reply, TransportFailure> {
        let url = request.url;
        let failure = |error: &reqwest::Error| self.failure(&url, error);
        let method = match request.method {
            "GET" => reqwest::Method::GET,
            "PUT" => reqwest::Method::PUT,
            "DELETE" => reqwest::Method::DELETE,
            _ => reqwest::Method::POST,
        };
        let mut sending = self.client.request(method, url.clone());
        for (name, value) in request.headers {
            sending = sending.header(name, value);
        }
        if !request.body.is_empty() {
            sending = sending.header("content-type", "application/json").body(request.body);
        }
        let mut response = sending.send().await.map_err(|error| failure(&error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(redirected(status.as_u16()));
        }
        let content_type =
            response.headers().get("content-type").and_then(|said| said.to_str().ok()).map(str::to_owned);
        let mut reply = Reply { status: status.as_u16(), content_type, body: Vec::new() };
        let most = request.most.bytes(status.as_u16());
        let expected = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        if expected > most {
            return Err(too_large(&reply, most));
        }
        // No more room than was sent so far is taken for what is only announced.
        reply.body.reserve(expected.min(FIRST_BYTES));
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            if reply.body.len() + chunk.len() > most {
                return Err(too_large(&reply, most));
            }
            reply.body.extend_from_slice(&chunk);
        }
        Ok(reply)
    }

    fn failure(&self, url: &Url, error: &reqwest::Error) -> TransportFailure {
        let cause = cause(error);
        if error.is_timeout() {
            TransportFailure::TimedOut(self.timeout.as_secs())
        } else if cause.contains("certificate") || cause.contains("UnknownIssuer") {
            TransportFailure::Untrusted(cause)
        } else {
            let base = &url[..url::Position::BeforePath];
            TransportFailure::Unreachable(format!("{base} ({cause})"))
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
