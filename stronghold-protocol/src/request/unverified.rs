//! Believing a request.

use crate::{
    crypto::sign::{KeyId, Signature, SigningPublicKey},
    request::{
        CONTENT_DIGEST, CONTEXT, ContentDigest, Endpoint, IF_NONE_MATCH, Method, RequestParts, RequestRefusal,
        SIGNATURE, SIGNATURE_INPUT, SignatureParams, SignedRequest,
        params::{SignatureInput, base_with, sole_member},
    },
};
use sfv::{BareItem, ListEntry};

/// A request as it arrived. It has no authority, and nothing in it may be believed yet; its key id says whose key to
/// look up.
#[derive(Clone, Debug)]
pub struct UnverifiedRequest {
    parts: RequestParts,
    input: SignatureInput,
    signature: Signature,
    authority_hint: Option<String>,
}

/// A request whose signature was checked, and whose body was not: only [`UnverifiedRequest::verify_head`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedHead(SignedRequest);

/// A request whose signature and body were checked: only [`UnverifiedRequest::verify`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedRequest(SignedRequest);

impl UnverifiedRequest {
    /// Reads a request from what a transport delivers: the raw request target, without the server's base path, and all
    /// headers (others are skipped).
    ///
    /// A `host` header, or what HTTP/2 has in its place, only hints at which authority to try first.
    ///
    /// # Errors
    /// [`RequestRefusal`] unless the target is one of this protocol and there is exactly one signature, in its one
    /// serialized form, over exactly what the request has.
    pub fn from_headers<'h>(
        method: Method,
        target: &str,
        headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
    ) -> Result<Self, RequestRefusal> {
        let fields = Fields::collect(headers)?;
        let mut parts = RequestParts::from_target(method, target)?;
        if let Some(value) = fields.content_digest {
            let digest: ContentDigest = value.parse().map_err(|_| RequestRefusal::Malformed(CONTENT_DIGEST))?;
            parts = parts.with_content_digest(Some(digest));
        }
        if let Some(value) = fields.if_none_match {
            parts = parts.with_if_none_match(value)?;
        }
        if let Some(value) = fields.context {
            parts = parts.with_context(value)?;
        }
        let input = fields.signature_input.ok_or(RequestRefusal::Missing(SIGNATURE_INPUT))?;
        let input = SignatureInput::parse(input, &parts)?;
        let signature = read_signature(fields.signature.ok_or(RequestRefusal::Missing(SIGNATURE))?)?;
        Ok(Self { parts, input, signature, authority_hint: fields.host.map(str::to_ascii_lowercase) })
    }

    pub(super) fn from_signed(parts: RequestParts, input: SignatureInput, signature: Signature, hint: &str) -> Self {
        Self { parts, input, signature, authority_hint: Some(hint.to_owned()) }
    }

    /// Which key it says signed it.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.input.params.key_id
    }

    /// What it asks for, to find the route by. Not to be believed yet.
    #[must_use]
    pub const fn parts(&self) -> &RequestParts {
        &self.parts
    }

    /// Believes the request, if `key` signed it for one of the server's `endpoints` and with this body.
    ///
    /// 1. The key is the one that the request names; 2. the signature verifies for an endpoint, with its base path before
    ///    the request's own: what the caller says of the host decides only which is tried first; 3. the body is the signed
    ///    one.
    ///
    /// # Errors
    /// [`RequestRefusal`], in the order of the steps.
    pub fn verify(
        self,
        key: &SigningPublicKey,
        endpoints: &[Endpoint],
        body: &[u8],
    ) -> Result<VerifiedRequest, RequestRefusal> {
        self.verify_head(key, endpoints)?.with_body(body)
    }

    /// Believes the headers of a request, before its body is read: steps 1. and 2. of [`Self::verify`]. The digest of the
    /// body is one of the signed headers.
    ///
    /// # Errors
    /// [`RequestRefusal`], in the order of the steps.
    pub fn verify_head(self, key: &SigningPublicKey, endpoints: &[Endpoint]) -> Result<VerifiedHead, RequestRefusal> {
        // 1.
        if key.key_id() != self.key_id() {
            return Err(RequestRefusal::UnknownKey(self.key_id()));
        }
        // 2.
        let hinted = |at: &&Endpoint| Some(at.authority.as_str()) == self.authority_hint.as_deref();
        let likeliest = endpoints.iter().find(hinted);
        let others = endpoints.iter().filter(|at| Some(*at) != likeliest);
        let signed_for = |at: &&Endpoint| {
            key.verify(&base_with(&at.authority, &at.base, &self.parts, &self.input), &self.signature).is_ok()
        };
        let endpoint = likeliest.into_iter().chain(others).find(signed_for).ok_or(RequestRefusal::Signature)?;
        let Self { parts, input, signature, .. } = self;
        let (authority, parts) = (endpoint.authority.clone(), parts.under(&endpoint.base)?);
        Ok(VerifiedHead(SignedRequest { authority, parts, input, signature }))
    }
}

impl VerifiedHead {
    /// Believes the whole request: step 3. of [`UnverifiedRequest::verify`].
    ///
    /// # Errors
    /// [`RequestRefusal::Body`] when the body is not the one whose digest was signed.
    pub fn with_body(self, body: &[u8]) -> Result<VerifiedRequest, RequestRefusal> {
        // 3.
        self.0.parts().check_body(body)?;
        Ok(VerifiedRequest(self.0))
    }

    /// The request, with authority and path as they were signed.
    #[must_use]
    pub const fn request(&self) -> &SignedRequest {
        &self.0
    }
}

impl VerifiedRequest {
    /// The request, with authority and path as they were signed: what the audit record keeps.
    #[must_use]
    pub const fn request(&self) -> &SignedRequest {
        &self.0
    }

    /// What it asks for.
    #[must_use]
    pub const fn parts(&self) -> &RequestParts {
        self.0.parts()
    }

    /// The parameters of its signature.
    #[must_use]
    pub const fn params(&self) -> &SignatureParams {
        self.0.params()
    }

    /// The request, with authority and path as they were signed.
    #[must_use]
    pub fn into_request(self) -> SignedRequest {
        self.0
    }
}

/// The header fields that matter.
#[derive(Default)]
struct Fields<'h> {
    signature_input: Option<&'h str>,
    signature: Option<&'h str>,
    content_digest: Option<&'h str>,
    if_none_match: Option<&'h str>,
    context: Option<&'h str>,
    host: Option<&'h str>,
}

impl<'h> Fields<'h> {
    fn collect(headers: impl IntoIterator<Item = (&'h str, &'h [u8])>) -> Result<Self, RequestRefusal> {
        let mut fields = Self::default();
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("host") {
                fields.host = std::str::from_utf8(value).ok();
                continue;
            }
            let known = [SIGNATURE_INPUT, SIGNATURE, CONTENT_DIGEST, IF_NONE_MATCH, CONTEXT];
            let Some(known) = known.into_iter().find(|known| name.eq_ignore_ascii_case(known)) else { continue };
            let text = std::str::from_utf8(value).ok().filter(|text| text.is_ascii());
            let text = text.ok_or(RequestRefusal::Malformed(known))?;
            let field = match known {
                SIGNATURE_INPUT => &mut fields.signature_input,
                SIGNATURE => &mut fields.signature,
                CONTENT_DIGEST => &mut fields.content_digest,
                IF_NONE_MATCH => &mut fields.if_none_match,
                _ => &mut fields.context,
            };
            if field.replace(text).is_some() {
                return Err(RequestRefusal::Repeated(known));
            }
        }
        Ok(fields)
    }
}

fn read_signature(header: &str) -> Result<Signature, RequestRefusal> {
    let malformed = RequestRefusal::Malformed(SIGNATURE);
    match sole_member(SIGNATURE, header)? {
        ListEntry::Item(item) if item.params.is_empty() => match item.bare_item {
            BareItem::ByteSequence(bytes) => bytes.try_into().map(Signature).map_err(|_| malformed),
            _ => Err(malformed),
        },
        _ => Err(malformed),
    }
}
