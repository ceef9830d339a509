//! Certificates that no one else trusts.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A certificate authority of a test.
pub struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new authority.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("no name is no wrong name");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.self_signed(&key).expect("it signs itself").pem();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// Writes the authority's certificate into `folder`. Returns its path.
    #[must_use]
    pub fn certificate(&self, folder: &Path) -> PathBuf {
        let path = folder.join("authority.pem");
        fs::write(&path, &self.certificate).expect("the certificate is written");
        path
    }

    /// Writes a server's certificate for `names` and its key into `folder`. Returns their paths.
    #[must_use]
    pub fn issue(&self, folder: &Path, names: &[&str]) -> (PathBuf, PathBuf) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let params = CertificateParams::new(names).expect("names or addresses");
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &self.issuer).expect("the authority signs").pem();
        let paths = (folder.join("server.pem"), folder.join("server.key"));
        fs::write(&paths.0, certificate).expect("the certificate is written");
        fs::write(&paths.1, key.serialize_pem()).expect("the key is written");
        paths
    }
}
