//! Events by HTTP, signed after Standard Webhooks.

use super::{CaCertificate, DeliveryError, Event, Sink, tls::client_config};
use async_trait::async_trait;
use data_encoding::BASE64;
use reqwest::{StatusCode, header::RETRY_AFTER, redirect, retry};
use std::{error::Error as _, fmt, sync::Arc, time::Duration};
use stronghold_protocol::{
    crypto::{hash::sha256, kdf::MacKey},
    encoding::base64url,
    request::is_loopback,
    time::Clock,
};
use url::Url;
use zeroize::Zeroizing;

/// How long a receiver may take to accept a batch.
const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A receiver of events by HTTP.
///
/// A batch is a `POST` of a JSON array of [`Event`]s; any status from 200 to 299 accepts it. `webhook-id` names the batch: the
/// same events have the same one. With a secret, `webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over
/// `webhook-id`, `webhook-timestamp` and the body, joined by dots (Standard Webhooks 1.0.0). Redirects are never followed.
pub struct WebhookSink {
    client: reqwest::Client,
    url: Url,
    name: String,
    secret: Option<WebhookSecret>,
    clock: Arc<dyn Clock>,
}

/// The secret that a receiver checks signatures with.
#[derive(Clone)]
pub struct WebhookSecret(MacKey);

/// A webhook cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidWebhook {
    /// The address is none that is allowed.
    #[error("the webhook's address must be https, or http to this machine, without user and password")]
    Url,
    /// The secret is none.
    #[error("the webhook's secret must be base64 of 24 to 64 bytes, with or without whsec_ before it")]
    Secret,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

impl WebhookSecret {
    /// Reads the text of a secret: base64 of 24 to 64 bytes, `whsec_` before it or not.
    ///
    /// # Errors
    /// [`InvalidWebhook::Secret`] when it is something else.
    pub fn parse(text: &str) -> Result<Self, InvalidWebhook> {
        let text = text.trim();
        let encoded = text.strip_prefix("whsec_").unwrap_or(text);
        let key = Zeroizing::new(BASE64.decode(encoded.as_bytes()).map_err(|_| InvalidWebhook::Secret)?);
        if !(24..=64).contains(&key.len()) {
            return Err(InvalidWebhook::Secret);
        }
        MacKey::of_bytes(&key).map(Self).ok_or(InvalidWebhook::Secret)
    }

    fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let signed = [format!("{id}.{seconds}.").as_bytes(), body].concat();
        format!("v1,{}", BASE64.encode(&self.0.mac(&signed).0))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret([REDACTED])")
    }
}

impl fmt::Debug for WebhookSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookSink({})", self.name)
    }
}

impl WebhookSink {
    /// A webhook at an address; connects to nothing yet.
    ///
    /// # Errors
    /// [`InvalidWebhook`] when the address is none that is allowed, or TLS cannot be set up.
    pub fn new(
        url: Url,
        secret: Option<WebhookSecret>,
        authority: Option<&CaCertificate>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InvalidWebhook> {
        let plain = url.scheme() == "http" && is_loopback(&url);
        if !(url.scheme() == "https" || plain) || !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidWebhook::Url);
        }
        let failed = |error: &dyn fmt::Display| InvalidWebhook::Tls(error.to_string());
        let tls = client_config(authority).map_err(|error| failed(&error))?;
        let mut client = reqwest::Client::builder();
        if is_loopback(&url) {
            // Events for this machine are no proxy's.
            client = client.no_proxy();
        }
        let client = client
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .user_agent(concat!("stronghold-server/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured((*tls).clone())
            .build()
            .map_err(|error| failed(&error))?;
        let name = name(&url);
        Ok(Self { client, url, name, secret, clock })
    }
}

#[async_trait]
impl Sink for WebhookSink {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&self, events: &[Event]) -> Result<(), DeliveryError> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(()) };
        let body = serde_json::to_vec(events).map_err(|error| DeliveryError::Refused(error.to_string()))?;
        let seconds = self.clock.now().as_seconds();
        // The log only grows, so these name what is between them.
        let id = format!("{}_{}", first.id(), last.id());
        let mut request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", seconds.to_string());
        if let Some(secret) = &self.secret {
            request = request.header("webhook-signature", secret.sign(&id, seconds, &body));
        }
        let response = request.body(body).send().await.map_err(|error| DeliveryError::unavailable(cause(&error)))?;
        let status = response.status();
        let asked = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        match status {
            _ if status.is_success() => Ok(()),
            StatusCode::PAYLOAD_TOO_LARGE => Err(DeliveryError::TooLarge),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Err(trouble(status, asked)),
            _ if status.is_server_error() => Err(trouble(status, asked)),
            _ if status.is_redirection() => Err(DeliveryError::Refused(format!(
                "it redirects (status {}), which is never followed",
                status.as_u16()
            ))),
            _ => Err(DeliveryError::Refused(format!("status {}", status.as_u16()))),
        }
    }
}

fn trouble(status: StatusCode, asked_seconds: Option<u64>) -> DeliveryError {
    let retry_after = asked_seconds.map(Duration::from_secs);
    DeliveryError::Unavailable { reason: format!("status {}", status.as_u16()), retry_after }
}

/// Scheme, host and port, and a hash of the path: an address may hold a secret, in its path too. A query is passed over, so
/// that a key in it can be changed.
fn name(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or_default();
    let path = sha256(&[url.path().as_bytes()]);
    let (short, _) = path.0.split_at(6);
    format!("webhook {}://{}:{port} {}", url.scheme(), url.host_str().unwrap_or_default(), base64url(short))
}

/// The innermost cause: reqwest's own text has the address in it.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it did not answer in time".to_owned();
    }
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(|error| error.source()) {
        cause = Some(inner);
    }
    cause.map_or_else(|| "the connection failed".to_owned(), ToString::to_string)
}
