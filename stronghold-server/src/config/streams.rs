//! Receivers of the audit log.

use crate::audit::stream::{
    CaCertificate, InvalidCaCertificate, InvalidSyslog, InvalidWebhook, Origin, Sink, SyslogSink, SyslogTarget,
    WebhookSecret, WebhookSink,
};
use clap::Args;
use std::{fs, path::PathBuf, sync::Arc};
use stronghold_protocol::time::Clock;
use url::Url;
use zeroize::Zeroizing;

/// Where the audit log is streamed to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Audit streams")]
pub struct StreamArguments {
    /// Send audit events to this URL: https, or http to this machine
    #[arg(long, env = "STRONGHOLD_SERVER_AUDIT_WEBHOOK", value_name = "URL")]
    pub audit_webhook: Option<Url>,
    /// File with the secret that signs them: base64 of 24 to 64 bytes, whsec_ before it or not
    #[arg(long, env = "STRONGHOLD_SERVER_AUDIT_WEBHOOK_SECRET_FILE", value_name = "FILE", requires = "audit_webhook")]
    pub audit_webhook_secret_file: Option<PathBuf>,
    /// Send audit events to this syslog receiver: tls://HOST:PORT, tcp://HOST:PORT or udp://HOST:PORT
    #[arg(long, env = "STRONGHOLD_SERVER_AUDIT_SYSLOG", value_name = "URL")]
    pub audit_syslog: Option<SyslogTarget>,
    /// PEM file of authorities to trust beside the system's, for these receivers
    #[arg(long, env = "STRONGHOLD_SERVER_AUDIT_CA_CERT", value_name = "FILE")]
    pub audit_ca_cert: Option<PathBuf>,
}

/// The audit log cannot be streamed as it was said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamConfigError {
    /// The webhook cannot be used.
    #[error("--audit-webhook: {0}")]
    Webhook(InvalidWebhook),
    /// The secret's file cannot be used.
    #[error("--audit-webhook-secret-file {path}: {reason}")]
    Secret {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The syslog receiver cannot be used.
    #[error("--audit-syslog: {0}")]
    Syslog(InvalidSyslog),
    /// The authorities' file cannot be used.
    #[error("--audit-ca-cert {0}")]
    Authority(InvalidCaCertificate),
}

impl StreamArguments {
    /// The receivers that are asked for.
    ///
    /// # Errors
    /// [`StreamConfigError`] when one of them cannot be used.
    pub fn sinks(&self, clock: &Arc<dyn Clock>) -> Result<Vec<Arc<dyn Sink>>, StreamConfigError> {
        let authority = self.audit_ca_cert.as_deref().map(CaCertificate::from_file).transpose();
        let authority = authority.map_err(StreamConfigError::Authority)?;
        let mut sinks: Vec<Arc<dyn Sink>> = Vec::new();
        if let Some(url) = &self.audit_webhook {
            let sink = WebhookSink::new(url.clone(), self.secret()?, authority.as_ref(), Arc::clone(clock));
            sinks.push(Arc::new(sink.map_err(StreamConfigError::Webhook)?));
        }
        if let Some(target) = &self.audit_syslog {
            let sink = SyslogSink::new(target.clone(), Origin::of_this_process(), authority.as_ref());
            sinks.push(Arc::new(sink.map_err(StreamConfigError::Syslog)?));
        }
        Ok(sinks)
    }

    fn secret(&self) -> Result<Option<WebhookSecret>, StreamConfigError> {
        let Some(path) = &self.audit_webhook_secret_file else { return Ok(None) };
        let failed = |reason: String| StreamConfigError::Secret { path: path.clone(), reason };
        let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| failed(error.to_string()))?);
        WebhookSecret::parse(&text).map(Some).map_err(|error| failed(error.to_string()))
    }
}
