//! Whom a receiver's certificate is believed from.

use rustls::ClientConfig;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use std::{path::Path, sync::Arc};

/// A certificate authority to trust beside the system's: for receivers inside a company.
#[derive(Clone, Debug)]
pub struct CaCertificate(Vec<CertificateDer<'static>>);

/// A file holds no certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct InvalidCaCertificate {
    path: String,
    reason: String,
}

impl CaCertificate {
    /// Reads a PEM file.
    ///
    /// # Errors
    /// [`InvalidCaCertificate`] when it cannot be read, or holds no certificate that can be used.
    pub fn from_file(path: &Path) -> Result<Self, InvalidCaCertificate> {
        let invalid = |reason: String| InvalidCaCertificate { path: path.display().to_string(), reason };
        let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let certificates = read.map_err(|error| invalid(error.to_string()))?;
        if certificates.is_empty() {
            return Err(invalid("it holds no PEM certificate".to_owned()));
        }
        let mut store = rustls::RootCertStore::empty();
        for certificate in &certificates {
            store.add(certificate.clone()).map_err(|error| invalid(error.to_string()))?;
        }
        Ok(Self(certificates))
    }
}

/// A client's TLS: the system's authorities, and those of `more`.
///
/// # Errors
/// [`rustls::Error`] when the system's cannot be used.
pub(super) fn client_config(more: Option<&CaCertificate>) -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let more = more.map(|more| more.0.clone()).unwrap_or_default();
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(more, Arc::clone(&provider))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}
