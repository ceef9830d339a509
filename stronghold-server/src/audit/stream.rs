//! The audit log, streamed to receivers outside: at least once, in order of each organization.
//!
//! Beside a request nothing waits for a receiver: [`run`] reads what is committed, gives it to a [`Sink`], and keeps in the
//! store how far each organization's log was accepted, after it was. So a server that ends or crashes goes on where the
//! receiver stopped, and may deliver the last events again: their ids and positions are the same.
//!
//! Sinks are a webhook ([`WebhookSink`]), syslog ([`SyslogSink`]), or one of your own.

mod event;
mod run;
mod syslog;
mod tls;
mod webhook;

pub use event::{EVENT_SCHEMA, Event, NotAnEvent};
pub use run::{StreamOptions, run};
pub use syslog::{InvalidSyslog, Origin, SyslogSink, SyslogTarget};
pub use tls::{CaCertificate, InvalidCaCertificate};
pub use webhook::{InvalidWebhook, WebhookSecret, WebhookSink};

use async_trait::async_trait;
use std::time::Duration;

/// A receiver of audit events.
#[async_trait]
pub trait Sink: Send + Sync + 'static {
    /// What the receiver is called in the log, and what is kept in the store under this name: how far it got. It holds no
    /// secret. Another name is another receiver, which gets everything from the start.
    fn name(&self) -> &str;

    /// Delivers events of one organization, in order; returns when the receiver has accepted all of them.
    ///
    /// # Errors
    /// [`DeliveryError`] when it did not, or not surely: the same events are delivered again, later.
    async fn deliver(&self, events: &[Event]) -> Result<(), DeliveryError>;
}

/// Events were not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The receiver is not there, or has trouble of its own: everything waits.
    #[error("{reason}")]
    Unavailable {
        /// Why, in short.
        reason: String,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The receiver does not take these events: the organization waits, others go on.
    #[error("{0}")]
    Refused(String),
    /// These are too many at once; fewer are tried.
    #[error("the receiver does not take as much at once")]
    TooLarge,
}

impl DeliveryError {
    fn unavailable(reason: impl std::fmt::Display) -> Self {
        Self::Unavailable { reason: reason.to_string(), retry_after: None }
    }
}
