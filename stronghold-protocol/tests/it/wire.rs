//! A request on the wire, which tests can change and sign anew.

use stronghold_protocol::{
    crypto::sign::{Signature, SigningKey},
    request::{
        Authority, Endpoint, Method, RequestNonce, RequestParts, RequestRefusal, SIGNATURE, SIGNATURE_INPUT,
        SignatureParams, SignedRequest, UnverifiedRequest,
    },
};

pub(crate) const CREATED: i64 = 1_700_000_000;

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

pub(crate) fn authority(text: &str) -> Authority {
    text.parse().unwrap()
}

pub(crate) fn params() -> SignatureParams {
    SignatureParams { created: CREATED, nonce: RequestNonce([9; 16]), key_id: key().public_key().key_id() }
}

pub(crate) fn signed(parts: RequestParts) -> SignedRequest {
    SignedRequest::sign(authority("vault.example"), parts, params(), |base| key().sign(base))
}

/// A request as a transport delivers it, which tests can change.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: Vec<(&'static str, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Wire {
    pub(crate) fn of(request: &SignedRequest, body: &[u8]) -> Self {
        let headers = request.headers().into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
        let parts = request.parts();
        Self { method: parts.method(), target: parts.target(), headers, body: body.to_vec() }
    }

    pub(crate) fn parse(&self) -> Result<UnverifiedRequest, RequestRefusal> {
        let headers = self.headers.iter().map(|(name, value)| (*name, value.as_slice()));
        UnverifiedRequest::from_headers(self.method, &self.target, headers)
    }

    pub(crate) fn verify_for(&self, authorities: &[Authority]) -> Result<SignedRequest, RequestRefusal> {
        let endpoints: Vec<Endpoint> = authorities.iter().cloned().map(Endpoint::from).collect();
        self.verify_at(&endpoints)
    }

    pub(crate) fn verify_at(&self, endpoints: &[Endpoint]) -> Result<SignedRequest, RequestRefusal> {
        let verified = self.parse()?.verify(&key().public_key(), endpoints, &self.body)?;
        Ok(verified.into_request())
    }

    pub(crate) fn verify(&self) -> Result<SignedRequest, RequestRefusal> {
        self.verify_for(&[authority("vault.example")])
    }

    pub(crate) fn value(&mut self, name: &str) -> &mut Vec<u8> {
        &mut self.headers.iter_mut().find(|(known, _)| *known == name).unwrap().1
    }

    pub(crate) fn text(&self, name: &str) -> String {
        let (_, value) = self.headers.iter().find(|(known, _)| *known == name).unwrap();
        String::from_utf8(value.clone()).unwrap()
    }

    pub(crate) fn set(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        *self.value(name) = value.into();
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn replace(self, name: &str, from: &str, to: &str) -> Self {
        let text = self.text(name);
        assert!(text.contains(from), "{text} holds no {from}");
        self.set(name, text.replacen(from, to, 1))
    }

    /// Signs whatever the signature-input header now says, with the components in the order in which it names them.
    pub(crate) fn sign_anew(self) -> Self {
        let text = self.text(SIGNATURE_INPUT);
        let (_, input) = text.split_once('=').unwrap();
        let list = input.strip_prefix('(').unwrap().split_once(')').unwrap().0;
        let (path, query) = self.target.split_once('?').unwrap();
        let mut base = String::new();
        for name in list.split_whitespace().map(|name| name.trim_matches('"')) {
            let value = match name {
                "@method" => self.method.to_string(),
                "@authority" => "vault.example".to_owned(),
                "@path" => path.to_owned(),
                "@query" => format!("?{query}"),
                "@scheme" => "https".to_owned(),
                header => self.text(header),
            };
            base.push_str(&format!("\"{name}\": {value}\n"));
        }
        base.push_str(&format!("\"@signature-params\": {input}"));
        let Signature(signature) = key().sign(base.as_bytes());
        let signature = data_encoding::BASE64.encode(&signature);
        self.set(SIGNATURE, format!("stronghold=:{signature}:"))
    }
}
