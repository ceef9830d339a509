//! What is signed: the signature base (RFC 9421, section 2.5) and the parameters of the signature.

use crate::{
    crypto::{random, sign::KeyId},
    encoding::byte_type,
    request::{
        Authority, BasePath, CONTENT_DIGEST, CONTEXT, IF_NONE_MATCH, RequestParts, RequestRefusal, SIGNATURE_INPUT,
        SIGNATURE_LABEL, SIGNATURE_TAG,
    },
};
use sfv::{Dictionary, FieldType, InnerList, Item, ListEntry, Parameters, Parser};
use std::fmt::Write;

byte_type!(
    /// Makes a request unique: 16 random bytes, counted once per key.
    RequestNonce,
    16
);

impl RequestNonce {
    /// Makes a random nonce.
    ///
    /// # Errors
    /// [`random::RandomnessUnavailable`] when the operating system gives no randomness.
    pub fn generate() -> Result<Self, random::RandomnessUnavailable> {
        random::array().map(Self)
    }
}

/// The parameters of a request's signature, besides the fixed `tag`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureParams {
    /// When the request was signed, in seconds since 1970-01-01T00:00:00Z.
    pub created: i64,
    /// Makes the request unique.
    pub nonce: RequestNonce,
    /// Which key signed.
    pub key_id: KeyId,
}

/// The exact bytes that are signed (RFC 9421, section 2.5), with the parameters in the order `created`, `nonce`,
/// `keyid`, `tag`.
#[must_use]
pub fn signature_base(authority: &Authority, parts: &RequestParts, params: &SignatureParams) -> Vec<u8> {
    base_with(authority, &BasePath::default(), parts, &SignatureInput::of(parts, params))
}

/// Covered components and parameters, with the text that is signed. A signer may order the parameters as it likes, and
/// signs that order, so the text is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SignatureInput {
    pub(super) params: SignatureParams,
    pub(super) text: String,
}

impl SignatureInput {
    /// What this implementation signs.
    pub(super) fn of(parts: &RequestParts, params: &SignatureParams) -> Self {
        let SignatureParams { created, nonce, key_id } = params;
        let mut text = String::with_capacity(256);
        text.push('(');
        for (index, name) in covered(parts).enumerate() {
            text.push_str(if index == 0 { "\"" } else { " \"" });
            text.push_str(name);
            text.push('"');
        }
        // Writing to a string does not fail.
        let _ = write!(text, r#");created={created};nonce="{nonce}";keyid="{key_id}";tag="{SIGNATURE_TAG}""#);
        Self { params: *params, text }
    }

    /// Reads the value of a `signature-input` header for a request with these parts.
    ///
    /// 1. It is a dictionary in its one serialized form, which also excludes repeated members and parameters; 2. with
    ///    one member, the inner list labelled `stronghold`; 3. of exactly the components that the request has, in their
    ///    order and without parameters; 4. with exactly the four parameters, of their types, and the right tag.
    pub(super) fn parse(header: &str, parts: &RequestParts) -> Result<Self, RequestRefusal> {
        // 1. and 2.
        let list = match sole_member(SIGNATURE_INPUT, header)? {
            ListEntry::InnerList(list) => list,
            ListEntry::Item(_) => return Err(RequestRefusal::Malformed(SIGNATURE_INPUT)),
        };
        // 3.
        if !covers_exactly(&list, parts) {
            return Err(RequestRefusal::OtherComponents);
        }
        // 4.
        let params = read_params(&list.params)?;
        let text = header.strip_prefix(SIGNATURE_LABEL).and_then(|rest| rest.strip_prefix('='));
        let text = text.ok_or(RequestRefusal::Malformed(SIGNATURE_INPUT))?;
        Ok(Self { params, text: text.to_owned() })
    }
}

/// The signature base for a signature input as its signer wrote it, of a request whose path stands below `under`.
pub(super) fn base_with(
    authority: &Authority,
    under: &BasePath,
    parts: &RequestParts,
    input: &SignatureInput,
) -> Vec<u8> {
    let mut base = String::with_capacity(1024);
    let mut line = |name: &str, prefix: &str, value: &str| {
        for piece in ["\"", name, "\": ", prefix, value, "\n"] {
            base.push_str(piece);
        }
    };
    line("@method", "", parts.method().as_str());
    line("@authority", "", authority.as_str());
    line("@path", under.as_str(), parts.path());
    line("@query", "?", parts.query());
    if let Some(digest) = parts.content_digest() {
        line(CONTENT_DIGEST, "", &digest.to_string());
    }
    if let Some(tags) = parts.if_none_match() {
        line(IF_NONE_MATCH, "", tags);
    }
    if let Some(context) = parts.context() {
        line(CONTEXT, "", context);
    }
    base.push_str("\"@signature-params\": ");
    base.push_str(&input.text);
    base.into_bytes()
}

/// Names of the components that a request's signature covers, in their order.
fn covered(parts: &RequestParts) -> impl Iterator<Item = &'static str> {
    let optional = [
        (CONTENT_DIGEST, parts.content_digest().is_some()),
        (IF_NONE_MATCH, parts.if_none_match().is_some()),
        (CONTEXT, parts.context().is_some()),
    ];
    let present = optional.into_iter().filter(|(_, present)| *present).map(|(name, _)| name);
    ["@method", "@authority", "@path", "@query"].into_iter().chain(present)
}

fn covers_exactly(list: &InnerList, parts: &RequestParts) -> bool {
    let is_plain = |item: &Item, name: &str| {
        item.params.is_empty() && item.bare_item.as_string().is_some_and(|said| said.as_str() == name)
    };
    list.items.len() == covered(parts).count() && list.items.iter().zip(covered(parts)).all(|(i, n)| is_plain(i, n))
}

/// The member `stronghold` of a dictionary header, which must have no other and must be in its one serialized form.
pub(super) fn sole_member(header: &'static str, value: &str) -> Result<ListEntry, RequestRefusal> {
    let members: Dictionary = Parser::new(value).parse().map_err(|_| RequestRefusal::Malformed(header))?;
    if members.len() > 1 {
        return Err(RequestRefusal::SeveralSignatures);
    }
    if members.serialize().as_deref() != Some(value) {
        return Err(RequestRefusal::Malformed(header));
    }
    let (label, member) = members.into_iter().next().ok_or(RequestRefusal::Malformed(header))?;
    if label.as_str() == SIGNATURE_LABEL { Ok(member) } else { Err(RequestRefusal::OtherLabel) }
}

fn read_params(params: &Parameters) -> Result<SignatureParams, RequestRefusal> {
    let known = ["created", "nonce", "keyid", "tag"];
    if params.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(RequestRefusal::UnknownParameter);
    }
    let created = params.get("created").and_then(|item| item.as_integer());
    let created = created.ok_or(RequestRefusal::Parameter("created"))?.into();
    let nonce = text_param(params, "nonce")?.parse().map_err(|_| RequestRefusal::Parameter("nonce"))?;
    let key_id = text_param(params, "keyid")?.parse().map_err(|_| RequestRefusal::Parameter("keyid"))?;
    if text_param(params, "tag")? != SIGNATURE_TAG {
        return Err(RequestRefusal::Parameter("tag"));
    }
    Ok(SignatureParams { created, nonce, key_id })
}

fn text_param<'p>(params: &'p Parameters, name: &'static str) -> Result<&'p str, RequestRefusal> {
    let text = params.get(name).and_then(|item| item.as_string());
    text.map(sfv::StringRef::as_str).ok_or(RequestRefusal::Parameter(name))
}
