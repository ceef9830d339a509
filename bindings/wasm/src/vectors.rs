//! The shared vectors of `docs/vectors`, for tests of the package: whether this very module reads, opens, signs and refuses as
//! every implementation must.
//!
//! A case goes in as JSON and what came of it comes out as JSON; the test compares. No state, and no key but the case's own. The
//! runners are those of the Rust tests, compiled into this module.

use crate::error::Outcome;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use stronghold_sdk::{
    Error,
    protocol::{
        self,
        crypto::sign::{SigningKey, SigningPublicKey},
        encoding::{Base64Bytes, base64url},
        id::OrgId,
        request::{Authority, Method, RequestNonce, RequestParts, SignatureParams, ToSign, UnverifiedRequest},
        token::{AccountKey, AgentToken, InviteCode, RecoveryKit, TokenFloor, TokenUrl},
    },
};
use wasm_bindgen::prelude::wasm_bindgen;

#[path = "../../../stronghold-protocol/tests/it/vectors/run.rs"]
mod of_protocol;
#[path = "../../../stronghold-sdk/tests/it/vectors/run.rs"]
mod of_sdk;

/// Runs cases of `docs/vectors`.
#[wasm_bindgen(skip_typescript)]
#[derive(Debug)]
pub struct Vectors;

/// What came of a case, or why it is refused.
type Came = Result<Value, String>;

#[wasm_bindgen]
impl Vectors {
    /// Runs a case of a file, which is named without `.json`. Gives `{"ok": ...}` or `{"refused": "why"}`, as JSON; throws only
    /// where there is no such file, or the case is no JSON.
    pub fn run(file: &str, case: &str) -> Outcome<String> {
        let came = match file {
            "tokens" => token(&parse(case)?),
            "requests" => request(&parse(case)?),
            "aead" | "files" | "replies" | "seals" => of_sdk::run(file, &parse(case)?),
            _ if of_protocol::FILES.contains(&file) => of_protocol::run(file, &parse(case)?),
            _ => return Err(Error::invalid(format!("there are no vectors named {file:?}")).into()),
        };
        let told = match came {
            Ok(value) => json!({ "ok": value }),
            Err(why) => json!({ "refused": why }),
        };
        Ok(told.to_string())
    }
}

#[expect(clippy::disallowed_methods, reason = "a case of the vectors is no body: members of it are left out at will")]
fn parse<T: DeserializeOwned>(case: &str) -> Outcome<T> {
    serde_json::from_slice(case.as_bytes()).map_err(|error| Error::invalid(format!("this is no case: {error}")).into())
}

/// Any refusal, in its words.
fn why(refusal: impl ToString) -> String {
    refusal.to_string()
}

// tokens.json

#[derive(Deserialize)]
struct Token {
    kind: String,
    text: String,
}

/// Reads one of the strings that people copy as its kind: gives its members.
fn token(case: &Token) -> Came {
    let told = |id: &dyn ToString, org: OrgId, secret: &[u8], floor: Option<TokenFloor>, url: Option<TokenUrl>| {
        let floor = floor.map(|floor| json!({ "seq": floor.seq.get(), "hash_prefix": base64url(&floor.hash_prefix) }));
        let (id, org, secret, url) =
            (id.to_string(), org.to_string(), base64url(secret), url.map(|url| url.to_string()));
        json!({ "kind": case.kind, "text": case.text, "id": id, "org": org, "secret": secret, "floor": floor, "url": url })
    };
    match case.kind.as_str() {
        "agent" => {
            AgentToken::parse(&case.text).map(|it| told(&it.agent, it.org, it.seed.as_slice(), Some(it.floor), it.url))
        }
        "invite" => {
            InviteCode::parse(&case.text).map(|it| told(&it.invite, it.org, it.seed.as_slice(), Some(it.floor), it.url))
        }
        "recovery" => RecoveryKit::parse(&case.text).map(|it| told(&it.user, it.org, it.seed.as_slice(), None, None)),
        _ => AccountKey::parse(&case.text).map(|it| told(&it.user, it.org, it.key.as_slice(), None, None)),
    }
    .map_err(why)
}

// requests.json

#[derive(Deserialize)]
struct Request {
    public_key: SigningPublicKey,
    authority: String,
    method: Method,
    target: String,
    body: String,
    headers: Vec<(String, String)>,
    /// What a signer makes the request from; a case that must be refused has none.
    seed: Option<Base64Bytes>,
    if_none_match: Option<String>,
    context: Option<String>,
    created: Option<i64>,
    nonce: Option<RequestNonce>,
}

/// Verifies a request: gives what was signed, by whom and when; and the headers that a signer makes for the same.
fn request(case: &Request) -> Came {
    let authority: Authority = case.authority.parse().map_err(why)?;
    let headers = case.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let unverified = UnverifiedRequest::from_headers(case.method, &case.target, headers).map_err(why)?;
    let verified = unverified.verify(&case.public_key, &[authority.clone().into()], case.body.as_bytes());
    let request = verified.map_err(why)?.into_request();
    let signed = match (&case.seed, case.created, case.nonce) {
        (Some(seed), Some(created), Some(nonce)) => {
            let key = SigningKey::from_seed(seed.0.as_slice().try_into().map_err(why)?);
            let mut parts = RequestParts::from_target(case.method, &case.target).map_err(why)?;
            parts = parts.with_body(case.body.as_bytes());
            if let Some(value) = &case.if_none_match {
                parts = parts.with_if_none_match(value).map_err(why)?;
            }
            if let Some(value) = &case.context {
                parts = parts.with_context(value).map_err(why)?;
            }
            let params = SignatureParams { created, nonce, key_id: key.public_key().key_id() };
            let to_sign = ToSign::new(authority, parts, params);
            let signature = key.sign(to_sign.base());
            let headers = to_sign.finish(signature).headers();
            headers.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect()
        }
        _ => Vec::new(),
    };
    let params = request.params();
    Ok(json!({
        "base": String::from_utf8_lossy(&request.base()),
        "created": params.created,
        "nonce": params.nonce.to_string(),
        "headers": signed,
    }))
}
