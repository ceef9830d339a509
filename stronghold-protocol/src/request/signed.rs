//! Signing a request.

use crate::{
    crypto::sign::{KeyId, Signature, SignatureRejected, SigningPublicKey},
    request::{
        Authority, BasePath, CONTENT_DIGEST, CONTEXT, ContentDigest, IF_NONE_MATCH, Method, RequestParts, SIGNATURE,
        SIGNATURE_INPUT, SIGNATURE_LABEL, SignatureParams, UnverifiedRequest,
        params::{SignatureInput, base_with},
    },
};
use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A request that waits for its signature, so that a signer may take its time (a device, an agent socket).
#[derive(Clone, Debug)]
pub struct ToSign {
    authority: Authority,
    parts: RequestParts,
    input: SignatureInput,
    base: Vec<u8>,
}

impl ToSign {
    /// Prepares a request.
    #[must_use]
    pub fn new(authority: Authority, parts: RequestParts, params: SignatureParams) -> Self {
        let input = SignatureInput::of(&parts, &params);
        let base = base_with(&authority, &BasePath::default(), &parts, &input);
        Self { authority, parts, input, base }
    }

    /// The exact bytes to sign (RFC 9421, section 2.5).
    #[must_use]
    pub fn base(&self) -> &[u8] {
        &self.base
    }

    /// The signed request, once the key that the parameters name has signed [`Self::base`].
    #[must_use]
    pub fn finish(self, signature: Signature) -> SignedRequest {
        let Self { authority, parts, input, .. } = self;
        SignedRequest { authority, parts, input, signature }
    }
}

/// A request with its signature: a value that any transport can carry and that an audit record keeps.
///
/// Nothing in it may be believed because of its type: a server verifies [`Self::into_unverified`], an auditor
/// [`Self::verify_signature`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    pub(super) authority: Authority,
    pub(super) parts: RequestParts,
    pub(super) input: SignatureInput,
    pub(super) signature: Signature,
}

impl SignedRequest {
    /// Signs a request at once; `sign` is given [`ToSign::base`].
    #[must_use]
    pub fn sign(
        authority: Authority,
        parts: RequestParts,
        params: SignatureParams,
        sign: impl FnOnce(&[u8]) -> Signature,
    ) -> Self {
        let to_sign = ToSign::new(authority, parts, params);
        let signature = sign(to_sign.base());
        to_sign.finish(signature)
    }

    /// The authority that it was signed for.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// What was signed besides the authority.
    #[must_use]
    pub const fn parts(&self) -> &RequestParts {
        &self.parts
    }

    /// The parameters of the signature.
    #[must_use]
    pub const fn params(&self) -> &SignatureParams {
        &self.input.params
    }

    /// Which key signed it.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.input.params.key_id
    }

    /// The signature.
    #[must_use]
    pub const fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The exact bytes that were signed.
    #[must_use]
    pub fn base(&self) -> Vec<u8> {
        base_with(&self.authority, &BasePath::default(), &self.parts, &self.input)
    }

    /// Value of the `signature-input` header.
    #[must_use]
    pub fn signature_input_header(&self) -> String {
        format!("{SIGNATURE_LABEL}={}", self.input.text)
    }

    /// Value of the `signature` header.
    #[must_use]
    pub fn signature_header(&self) -> String {
        format!("{SIGNATURE_LABEL}=:{}:", BASE64.encode(&self.signature.0))
    }

    /// Value of the `content-digest` header; none without a body.
    #[must_use]
    pub fn content_digest_header(&self) -> Option<String> {
        self.parts.content_digest().map(ToString::to_string)
    }

    /// All headers that a transport adds: the two of the signature, and those that it covers.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![(SIGNATURE_INPUT, self.signature_input_header()), (SIGNATURE, self.signature_header())];
        headers.extend(self.content_digest_header().map(|value| (CONTENT_DIGEST, value)));
        headers.extend(self.parts.if_none_match().map(|value| (IF_NONE_MATCH, value.to_owned())));
        headers.extend(self.parts.context().map(|value| (CONTEXT, value.to_owned())));
        headers
    }

    /// Verifies the signature for the authority that stands in the request, as an auditor does.
    ///
    /// # Errors
    /// [`SignatureRejected`] when `key` is not the one that the parameters name, or did not sign this.
    pub fn verify_signature(&self, key: &SigningPublicKey) -> Result<(), SignatureRejected> {
        if key.key_id() != self.key_id() {
            return Err(SignatureRejected);
        }
        key.verify(&self.base(), &self.signature)
    }

    /// What a server makes of it that is reached without a base path: the authority is only a hint.
    #[must_use]
    pub fn into_unverified(self) -> UnverifiedRequest {
        let Self { authority, parts, input, signature } = self;
        UnverifiedRequest::from_signed(parts, input, signature, authority.as_str())
    }
}

/// The JSON form of a signed request; `params` is what stands behind `stronghold=` in the header, as it was signed.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "SignedRequest", deny_unknown_fields)]
struct Record {
    method: Method,
    authority: Authority,
    path: String,
    query: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_digest: Option<ContentDigest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    if_none_match: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    params: String,
    signature: Signature,
}

#[cfg(feature = "schema")]
impl SignedRequest {
    /// The schema of its JSON.
    pub(crate) fn record_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <Record as schemars::JsonSchema>::json_schema(generator)
    }
}

impl Serialize for SignedRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { authority, parts, input, signature } = self;
        let record = Record {
            method: parts.method(),
            authority: authority.clone(),
            path: parts.path().to_owned(),
            query: parts.query().to_owned(),
            content_digest: parts.content_digest().copied(),
            if_none_match: parts.if_none_match().map(str::to_owned),
            context: parts.context().map(str::to_owned),
            params: input.text.clone(),
            signature: *signature,
        };
        record.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SignedRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let record = Record::deserialize(deserializer)?;
        let mut parts = RequestParts::new(record.method, record.path, record.query)
            .map_err(de::Error::custom)?
            .with_content_digest(record.content_digest);
        if let Some(value) = record.if_none_match {
            parts = parts.with_if_none_match(value).map_err(de::Error::custom)?;
        }
        if let Some(value) = record.context {
            parts = parts.with_context(value).map_err(de::Error::custom)?;
        }
        let header = format!("{SIGNATURE_LABEL}={}", record.params);
        let input = SignatureInput::parse(&header, &parts).map_err(de::Error::custom)?;
        Ok(Self { authority: record.authority, parts, input, signature: record.signature })
    }
}
