//! `docs/vectors/requests.json`: what any implementation must make, accept and refuse.
//!
//! With `STRONGHOLD_BLESS` set the file is written; otherwise it must be what this code makes. A second test reads it
//! like a stranger, from the file alone.

use crate::wire::{CREATED, Wire, authority};
use serde::{Deserialize, Serialize};
use std::{fs, path::PathBuf};
use stronghold_protocol::{
    api,
    crypto::sign::{SigningKey, SigningPublicKey},
    encoding::{base64url, decode_base64url},
    id::OrgId,
    request::{
        CONTENT_DIGEST, CONTEXT, ContentDigest, IF_NONE_MATCH, Method, RequestNonce, RequestParts, RequestRefusal,
        SIGNATURE, SIGNATURE_INPUT, SignatureParams, SignedRequest, ToSign, UnverifiedRequest, encode_query,
    },
};

const SEED: [u8; 32] = [7; 32];

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vectors {
    about: String,
    accepts: Vec<Accept>,
    rejects: Vec<Reject>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accept {
    name: String,
    /// Seed of the Ed25519 key.
    seed: String,
    public_key: SigningPublicKey,
    authority: String,
    method: Method,
    target: String,
    body: String,
    if_none_match: Option<String>,
    context: Option<String>,
    created: i64,
    nonce: RequestNonce,
    /// Whether a signer makes exactly these bytes; otherwise only a verifier meets them.
    canonical: bool,
    base: String,
    headers: Vec<(String, String)>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reject {
    name: String,
    public_key: SigningPublicKey,
    authority: String,
    method: Method,
    target: String,
    body: String,
    headers: Vec<(String, String)>,
    refusal: String,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/vectors/requests.json")
}

#[test]
fn file_is_what_the_code_makes() {
    let made = Vectors {
        about: "Signed requests (RFC 9421 profile, docs/protocol.md section 12). Bytes are base64url without padding; \
                bodies are UTF-8. A verifier is given the public key, its one authority, and the request; it must \
                accept or refuse. The text of a refusal is for people."
            .to_owned(),
        accepts: accepts(),
        rejects: rejects(),
    };
    let mut text = serde_json::to_string_pretty(&made).unwrap();
    text.push('\n');
    if std::env::var_os("STRONGHOLD_BLESS").is_some() {
        fs::create_dir_all(path().parent().unwrap()).unwrap();
        fs::write(path(), &text).unwrap();
    }
    let stored = fs::read_to_string(path()).unwrap();
    assert!(stored == text, "docs/vectors/requests.json is not what the code makes: run with STRONGHOLD_BLESS=1");
}

#[test]
fn file_holds_for_a_stranger() {
    let vectors: Vectors = serde_json::from_str(&fs::read_to_string(path()).unwrap()).unwrap();
    assert!(!vectors.accepts.is_empty() && !vectors.rejects.is_empty());
    for vector in &vectors.accepts {
        check_accept(vector);
    }
    for vector in &vectors.rejects {
        let Reject { name, public_key, method, target, body, headers, refusal, .. } = vector;
        let found = verify(public_key, &vector.authority, *method, target, headers, body);
        assert_eq!(found.expect_err(name).to_string(), *refusal, "{name}");
    }
}

fn check_accept(vector: &Accept) {
    let Accept { name, public_key, method, target, body, headers, .. } = vector;
    let request = verify(public_key, &vector.authority, *method, target, headers, body).expect(name);
    assert_eq!(String::from_utf8(request.base()).unwrap(), vector.base, "{name}");
    let key = SigningKey::from_seed(&decode_base64url(&vector.seed).unwrap());
    assert_eq!(key.public_key(), *public_key, "{name}");
    let params = SignatureParams { created: vector.created, nonce: vector.nonce, key_id: public_key.key_id() };
    assert_eq!(*request.params(), params, "{name}");
    let mut parts = RequestParts::from_target(*method, target).unwrap().with_body(body.as_bytes());
    if let Some(value) = &vector.if_none_match {
        parts = parts.with_if_none_match(value).unwrap();
    }
    if let Some(value) = &vector.context {
        parts = parts.with_context(value).unwrap();
    }
    let to_sign = ToSign::new(authority(&vector.authority), parts, params);
    assert_eq!(to_sign.base() == vector.base.as_bytes(), vector.canonical, "{name}");
    let signature = key.sign(vector.base.as_bytes());
    assert_eq!(signature, *request.signature(), "{name}");
    if vector.canonical {
        assert_eq!(strings(to_sign.finish(signature).headers()), *headers, "{name}");
    }
}

fn verify(
    key: &SigningPublicKey,
    host: &str,
    method: Method,
    target: &str,
    headers: &[(String, String)],
    body: &str,
) -> Result<SignedRequest, RequestRefusal> {
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let request = UnverifiedRequest::from_headers(method, target, headers)?;
    Ok(request.verify(key, &[authority(host).into()], body.as_bytes())?.into_request())
}

fn accepts() -> Vec<Accept> {
    let read = api::profile_path(&OrgId([1; 32]), &"production".parse().unwrap(), "read");
    let named = api::profile_path(&OrgId([1; 32]), &"CI/CD \u{fc}ber".parse().unwrap(), "secrets");
    let query = encode_query(&[("anchor", "1"), ("index", "a-b"), ("index", "c_d")]).unwrap();
    let context = r#"{"reason":"Gr\u00f6\u00dfe","ci":{"provider":"github-actions","run_id":"7"}}"#;
    let get = |path: &str, query: &str| RequestParts::new(Method::Get, path, query).unwrap();
    let post = |body: &str| RequestParts::new(Method::Post, "/v1/x", "").unwrap().with_body(body.as_bytes());
    vec![
        accept("a read without query", "vault.example", get(&read, ""), ""),
        accept("a read with a query", "vault.example:8443", get(&read, "anchor=12&remembered=15"), ""),
        accept("a name and a query", "localhost:8080", get(&named, &query), ""),
        accept("in process", "in-process", get("/v1/x", ""), ""),
        accept("a body", "[::1]:8080", post(r#"{"a":1}"#), r#"{"a":1}"#),
        accept("a POST with an empty body has no digest", "vault.example", post(""), ""),
        accept("if-none-match", "vault.example", get("/v1/x", "").with_if_none_match("\"r-7\"").unwrap(), ""),
        accept("a context", "vault.example", get("/v1/x", "").with_context(context).unwrap(), ""),
        accept("everything", "vault.example", full_parts(), "{}"),
        reordered(),
    ]
}

fn full_parts() -> RequestParts {
    let parts = RequestParts::new(Method::Put, "/v1/x", "a=b").unwrap().with_body(b"{}");
    parts.with_if_none_match("\"r-7\"").unwrap().with_context(r#"{"reason":"deploy"}"#).unwrap()
}

fn accept(name: &str, host: &str, parts: RequestParts, body: &str) -> Accept {
    let request = sign(host, parts);
    let parts = request.parts();
    Accept {
        name: name.to_owned(),
        seed: base64url(&SEED),
        public_key: key().public_key(),
        authority: host.to_owned(),
        method: parts.method(),
        target: parts.target(),
        body: body.to_owned(),
        if_none_match: parts.if_none_match().map(str::to_owned),
        context: parts.context().map(str::to_owned),
        created: request.params().created,
        nonce: request.params().nonce,
        canonical: true,
        base: String::from_utf8(request.base()).unwrap(),
        headers: strings(request.headers()),
    }
}

fn reordered() -> Accept {
    let tag = ";tag=\"stronghold-v1\"";
    let first = Wire::of(&sign("vault.example", full_parts()), b"{}").replace(SIGNATURE_INPUT, tag, "");
    let wire = first.replace(SIGNATURE_INPUT, ";created", &format!("{tag};created")).sign_anew();
    let request = wire.verify().unwrap();
    let mut vector = accept("a signer may order the parameters as it likes", "vault.example", full_parts(), "{}");
    vector.canonical = false;
    vector.base = String::from_utf8(request.base()).unwrap();
    vector.headers = strings(request.headers());
    vector
}

fn rejects() -> Vec<Reject> {
    let full = || Wire::of(&sign("vault.example", full_parts()), b"{}");
    let bare = || Wire::of(&sign("vault.example", RequestParts::new(Method::Post, "/v1/x", "a=b").unwrap()), b"");
    let (input, signature) = (full().text(SIGNATURE_INPUT), full().text(SIGNATURE));
    let other = |text: &str| text.replacen("stronghold", "other", 1);
    let at = |target: &str| Wire { target: target.to_owned(), ..full() };
    let with_body = |wire: Wire, body: &str| Wire { body: body.as_bytes().to_vec(), ..wire };
    let cover = |from: &str, to: &str| full().replace(SIGNATURE_INPUT, from, to);
    let other_key = SigningKey::from_seed(&[8; 32]).public_key().key_id().to_string();
    let created = format!(";created={CREATED}");
    let foreign = Wire::of(&sign("other.example", full_parts()), b"{}");
    let cases = vec![
        ("another method", Wire { method: Method::Delete, ..full() }),
        ("signed for another authority, which Host names", foreign.with("host", "other.example")),
        ("another path", at("/v1/y?a=b")),
        ("the path in another encoding", at("/v1/%78?a=b")),
        ("another query", at("/v1/x?a=c")),
        ("no query", at("/v1/x")),
        ("a query that is empty but marked", at("/v1/x?")),
        ("a target with a dot segment", at("/v1/%2E%2E/x?a=b")),
        ("a target with a raw character", at("/v1/{x}?a=b")),
        ("an encoded slash", at("/v1%2Fx?a=b")),
        ("an encoded tilde", at("/v1/%7E?a=b")),
        ("an empty segment", at("/v1//x?a=b")),
        ("a slash at the end", at("/v1/x/?a=b")),
        ("a plus in the query", at("/v1/x?a=b+c")),
        ("an encoded character in the query", at("/v1/x?a=%62")),
        ("below a path", at("/base/v1/x?a=b")),
        ("another body", with_body(full(), "[]")),
        ("no body", with_body(full(), "")),
        ("a body that nobody signed", with_body(bare(), "{}")),
        ("another digest", with_body(full().set(CONTENT_DIGEST, ContentDigest::of(b"[]").to_string()), "[]")),
        ("two digests", full().replace(CONTENT_DIGEST, "sha-256=", "sha-512=:AA==:, sha-256=")),
        ("another if-none-match", full().replace(IF_NONE_MATCH, "7", "8")),
        ("another context", full().replace(CONTEXT, "deploy", "holiday")),
        ("two contexts", full().with(CONTEXT, "{}")),
        ("another time", cover(&created, ";created=1700000001")),
        ("another nonce", cover(&nonce().to_string(), &RequestNonce([10; 16]).to_string())),
        ("another key", cover(&key().public_key().key_id().to_string(), &other_key)),
        ("an uncovered digest", cover(" \"content-digest\"", "").sign_anew()),
        ("an uncovered if-none-match", cover(" \"if-none-match\"", "").sign_anew()),
        ("an uncovered context", cover(" \"stronghold-context\"", "").sign_anew()),
        ("a covered header that is absent", full().without(CONTEXT)),
        ("an uncovered authority", cover(" \"@authority\"", "").sign_anew()),
        ("one component more", cover("\"@query\"", "\"@query\" \"@scheme\"").sign_anew()),
        ("components in another order", cover("\"@method\" \"@authority\"", "\"@authority\" \"@method\"").sign_anew()),
        ("a component with a parameter", cover("\"@path\"", "\"@path\";req")),
        ("no time", cover(&created, "").sign_anew()),
        ("a time with a fraction", cover(&created, ";created=1700000000.5").sign_anew()),
        ("no tag", cover(";tag=\"stronghold-v1\"", "").sign_anew()),
        ("another tag", cover("stronghold-v1", "stronghold-v2").sign_anew()),
        ("an algorithm", cover(&created, &format!("{created};alg=\"ed25519\"")).sign_anew()),
        ("an expiry", cover(&created, &format!("{created};expires=1700000060")).sign_anew()),
        ("a parameter twice", cover(&created, &format!(";created=1{created}")).sign_anew()),
        ("not in serialized form", cover("\"@method\" ", "\"@method\"  ").sign_anew()),
        ("two signatures", full().set(SIGNATURE, format!("{signature}, {}", other(&signature)))),
        ("two signature inputs", full().set(SIGNATURE_INPUT, format!("{}, {input}", other(&input)))),
        ("one label twice", full().set(SIGNATURE, format!("{signature}, {signature}"))),
        ("two signature lines", full().with(SIGNATURE, other(&signature))),
        ("another label", full().set(SIGNATURE, other(&signature)).set(SIGNATURE_INPUT, other(&input))),
        ("a signature with a parameter", full().set(SIGNATURE, format!("{signature};a=1"))),
        ("no signature", full().without(SIGNATURE)),
        ("no signature input", full().without(SIGNATURE_INPUT)),
        ("a short signature", full().set(SIGNATURE, "stronghold=:AAAA:")),
        ("a header that is not ASCII", full().set(CONTEXT, "{\"reason\":\"\u{e9}\"}")),
    ];
    cases.into_iter().map(|(name, wire)| reject(name, wire)).collect()
}

fn reject(name: &str, wire: Wire) -> Reject {
    let headers: Vec<_> =
        wire.headers.iter().map(|(name, value)| (*name, String::from_utf8(value.clone()).unwrap())).collect();
    Reject {
        name: name.to_owned(),
        public_key: key().public_key(),
        authority: "vault.example".to_owned(),
        method: wire.method,
        target: wire.target.clone(),
        body: String::from_utf8(wire.body.clone()).unwrap(),
        headers: strings(headers),
        refusal: wire.verify().expect_err(name).to_string(),
    }
}

fn key() -> SigningKey {
    SigningKey::from_seed(&SEED)
}

const fn nonce() -> RequestNonce {
    RequestNonce([9; 16])
}

fn sign(host: &str, parts: RequestParts) -> SignedRequest {
    let params = SignatureParams { created: CREATED, nonce: nonce(), key_id: key().public_key().key_id() };
    SignedRequest::sign(authority(host), parts, params, |base| key().sign(base))
}

fn strings(headers: Vec<(&'static str, String)>) -> Vec<(String, String)> {
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
