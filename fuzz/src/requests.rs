//! What comes with a request: tokens, signatures, and the record that keeps them.

use crate::{
    objects::{assert_same_again, the_world},
    world::{self, json, now},
};
use secrecy::{ExposeSecret, SecretString};
use stronghold_protocol::{
    api::{parse_profile_segment, profile_segment},
    audit::{AuditRecord, Outcome, RecordSchema, Released, UnsignedAction},
    crypto::sign::{Signature, SigningKey},
    encoding::Base64Bytes,
    id::EventId,
    number::Revision,
    receipt::Receipt,
    request::{
        Authority, Endpoint, Method, RequestNonce, RequestParts, SignatureParams, SignedRequest, UnverifiedRequest,
        encode_query, parse_query,
    },
    token::{AccountKey, AgentToken, InviteCode, RecoveryKit, TokenFloor, TokenKind, TokenUrl},
};
use zeroize::Zeroizing;

fn agent_key() -> SigningKey {
    world::signing_key(3)
}

fn signed(parts: RequestParts) -> SignedRequest {
    let key = agent_key();
    let params = SignatureParams {
        created: now().as_seconds(),
        nonce: RequestNonce([5; 16]),
        key_id: key.public_key().key_id(),
    };
    SignedRequest::sign(Authority::in_process(), parts, params, |base| key.sign(base))
}

fn read_request() -> SignedRequest {
    let path = format!("/v1/orgs/{}/profiles/production/read", the_world().org());
    let parts = RequestParts::new(Method::Get, path, "anchor=1&remembered=2").expect("a target");
    let parts = parts.with_if_none_match("\"1\"").expect("a tag");
    signed(parts.with_context(r#"{"reason":"deploy"}"#).expect("a context"))
}

const BODY: &[u8] = br#"{"histories":false,"objects":[]}"#;

fn write_request() -> SignedRequest {
    let path = format!("/v1/orgs/{}/seals", the_world().org());
    signed(RequestParts::new(Method::Post, path, "").expect("a target").with_body(BODY))
}

/// Tokens, account keys, recovery kits and invite codes.
pub mod token {
    use super::*;

    /// One of each kind.
    pub fn samples() -> Vec<Vec<u8>> {
        let world = the_world();
        let (org, user) = (world.org(), world::OWNER);
        let floor = TokenFloor::of(&world.directory.head());
        let url = TokenUrl::new("https://secrets.acme.example:8443/base").ok();
        let seed = || Zeroizing::new([7; 32]);
        let texts = [
            AgentToken { agent: world::AGENT, org, seed: seed(), floor, url: None }.to_secret_string(),
            AgentToken { agent: world::AGENT, org, seed: seed(), floor, url: url.clone() }.to_secret_string(),
            InviteCode { org, invite: world.invite, seed: seed(), floor, url }.to_secret_string(),
            RecoveryKit { org, user, seed: seed() }.to_secret_string(),
            AccountKey { org, user, key: Zeroizing::new([8; 16]) }.to_secret_string(),
        ];
        texts.iter().map(|text| text.expose_secret().as_bytes().to_vec()).collect()
    }

    /// Whether a text is any of them. One secret has one text.
    pub fn check(data: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(data) else { return false };
        let read: Vec<SecretString> = [
            AgentToken::parse(text).map(|token| token.to_secret_string()),
            InviteCode::parse(text).map(|code| code.to_secret_string()),
            RecoveryKit::parse(text).map(|kit| kit.to_secret_string()),
            AccountKey::parse(text).map(|key| key.to_secret_string()),
        ]
        .into_iter()
        .flatten()
        .collect();
        assert!(read.len() <= 1, "a text is of one kind");
        assert!(read.iter().all(|again| again.expose_secret() == text), "one secret has two texts");
        assert!(read.is_empty() || TokenKind::ALL.iter().any(|kind| text.starts_with(kind.prefix())));
        if let Ok(url) = TokenUrl::new(text) {
            assert!(TokenUrl::new(url.as_str()).is_ok_and(|again| again == url));
        }
        !read.is_empty()
    }
}

/// Requests as a transport delivers them: method and target, headers, an empty line, the body.
pub mod signature_headers {
    use super::*;

    /// A read and a write.
    pub fn samples() -> Vec<Vec<u8>> {
        vec![wire(&read_request(), b""), wire(&write_request(), BODY)]
    }

    fn wire(request: &SignedRequest, body: &[u8]) -> Vec<u8> {
        let parts = request.parts();
        let mut text = format!("{} {}", parts.method(), parts.path());
        if !parts.query().is_empty() {
            text.push('?');
            text.push_str(parts.query());
        }
        for (name, value) in request.headers() {
            text.push_str(&format!("\n{name}: {value}"));
        }
        text.push_str("\n\n");
        [text.as_bytes(), body].concat()
    }

    /// Whether a request verifies. Then it is one of the two that were signed.
    pub fn check(data: &[u8]) -> bool {
        let end = data.windows(2).position(|pair| pair == b"\n\n").unwrap_or(data.len());
        let (head, rest) = data.split_at(end);
        let body = rest.get(2..).unwrap_or_default();
        let mut lines = head.split(|byte| *byte == b'\n');
        let Some((method, target)) = lines.next().and_then(first_line) else { return false };
        let headers = lines.filter_map(|line| {
            let colon = line.windows(2).position(|pair| pair == b": ")?;
            Some((std::str::from_utf8(&line[..colon]).ok()?, &line[colon + 2..]))
        });
        check_target(target);
        let Ok(request) = UnverifiedRequest::from_headers(method, target, headers) else { return false };
        let Ok(verified) = request.verify(&agent_key().public_key(), &[Endpoint::in_process()], body) else {
            return false;
        };
        let request = verified.into_request();
        let genuine = [(read_request(), &b""[..]), (write_request(), BODY)];
        assert!(genuine.contains(&(request.clone(), body)), "a forgery is believed");
        assert_same_again(&request);
        true
    }

    fn first_line(line: &[u8]) -> Option<(Method, &str)> {
        let (method, target) = std::str::from_utf8(line).ok()?.split_once(' ')?;
        Some((method.parse().ok()?, target))
    }

    fn check_target(target: &str) {
        let Ok(parts) = RequestParts::from_target(Method::Get, target) else { return };
        for segment in parts.path().split('/') {
            if let Some(profile) = parse_profile_segment(segment) {
                assert_eq!(profile_segment(&profile), segment, "a profile has two segments");
            }
        }
        if let Ok(pairs) = parse_query(parts.query()) {
            let again = encode_query(&pairs).expect("what was parsed can be written");
            assert_eq!(again, parts.query(), "a query has two spellings");
        }
    }
}

/// Receipts of audit records.
pub mod receipt {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed(&[5; 32])
    }

    fn genuine() -> Vec<Receipt> {
        let records = audit_record::samples().into_iter().map(Base64Bytes);
        (3..)
            .zip(records)
            .map(|(position, record)| Receipt::sign(&the_world().org(), position, record, &key()))
            .collect()
    }

    /// Those of the records' samples.
    pub fn samples() -> Vec<Vec<u8>> {
        genuine().iter().map(json).collect()
    }

    /// Whether bytes are a receipt. What verifies by the genuine key is what that signed.
    pub fn check(data: &[u8]) -> bool {
        let Ok(receipt) = serde_json::from_slice::<Receipt>(data) else { return false };
        assert_eq!(serde_json::from_slice::<Receipt>(&json(&receipt)).ok().as_ref(), Some(&receipt));
        if receipt.verify(&the_world().org()).is_ok() && receipt.key == key().public_key() {
            assert!(genuine().contains(&receipt), "a forgery is believed");
        }
        true
    }
}

/// Audit records.
pub mod audit_record {
    use super::*;

    /// A read that was allowed, one that was denied, and a log-in.
    pub fn samples() -> Vec<Vec<u8>> {
        let world = the_world();
        let allowed = AuditRecord {
            schema: RecordSchema,
            id: EventId::from_bytes(world::id(30)),
            org: world.org(),
            time: now(),
            principal: Some(world::AGENT.into()),
            key_id: Some(agent_key().public_key().key_id()),
            action: "profile.read".to_owned(),
            outcome: Outcome::Allowed,
            reason: None,
            released: Some(Released::Profile {
                profile: world::PRODUCTION,
                revision: Revision::FIRST,
                manifest: world.vouched().manifest,
            }),
            address: Some("192.0.2.1".to_owned()),
            directory: world.directory.head(),
            request: Some(read_request()),
        };
        let denied = AuditRecord {
            outcome: Outcome::Denied,
            reason: Some("agent_expired".to_owned()),
            released: None,
            address: None,
            request: Some(write_request()),
            ..allowed.clone()
        };
        let logged_in = AuditRecord {
            principal: Some(world::OWNER.into()),
            key_id: None,
            action: UnsignedAction::LoginFinish.name().to_owned(),
            released: None,
            request: None,
            ..allowed.clone()
        };
        vec![json(&allowed), json(&denied), json(&logged_in)]
    }

    /// Whether bytes are a record. The request in it verifies only if it is genuine.
    pub fn check(data: &[u8]) -> bool {
        let Ok(record) = AuditRecord::parse(data) else { return false };
        let again = record.encode().expect("every record can be written");
        assert_eq!(AuditRecord::parse(&again).as_ref(), Ok(&record));
        if record.verify_request_signature(&agent_key().public_key()).is_ok() {
            let (_, request) = record.signed().expect("it has a signature");
            let Signature(bytes) = *request.signature();
            assert!(bytes == read_request().signature().0 || bytes == write_request().signature().0, "a forgery");
        }
        true
    }
}

/// Checkpoints of the audit log: what is believed is what was signed, byte for byte.
pub mod checkpoint {
    use super::*;
    use stronghold_protocol::{checkpoint::Checkpoint, crypto::hash::Hash};

    fn genuine() -> Checkpoint {
        let world = the_world();
        Checkpoint { org: world.org(), size: 42, root: Hash([7; 32]), directory: world.directory.head() }
    }

    /// A checkpoint.
    pub fn samples() -> Vec<Vec<u8>> {
        vec![genuine().sign(&the_world().owner).into_bytes()]
    }

    /// Whether a note is believed.
    pub fn check(data: &[u8]) -> bool {
        let Ok(note) = std::str::from_utf8(data) else { return false };
        let world = the_world();
        let read = Checkpoint::parse_unverified(note, &world.org());
        if let Ok(read) = &read {
            assert!(note.starts_with(&format!("{read}\n")), "there is one way to write a checkpoint");
        }
        let Ok(believed) = Checkpoint::verify(note, &world.org(), &world.owner.public_key()) else { return false };
        assert_eq!(believed, genuine(), "a forged checkpoint is believed");
        true
    }
}
