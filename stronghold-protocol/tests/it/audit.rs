//! Audit records: exact bytes, strict parsing, and a request that cannot be altered.

use proptest::prelude::*;
use stronghold_protocol::{
    archive::{ArchiveHeader, ArchivedRecord},
    audit::{AuditRecord, Outcome, RecordSchema, Released, ReleasedSecret, UnsignedAction, record_leaf_hash},
    crypto::{
        hash::{Hash, sha256},
        sign::SigningKey,
    },
    directory::HeaderRef,
    encoding::Base64Bytes,
    id::{AgentId, EventId, OrgId, PrincipalId, ProfileId, SecretId, UserId},
    number::{Revision, Seq, Version},
    problem::ProblemCode,
    request::{Authority, Method, RequestNonce, RequestParts, SignatureParams, SignedRequest},
    secret::BlindIndex,
    time::Timestamp,
};

fn key() -> SigningKey {
    SigningKey::from_seed(&[3; 32])
}

fn request() -> SignedRequest {
    let parts = RequestParts::new(Method::Get, "/v1/orgs/o/profiles/production/read", "anchor=1").unwrap();
    let parts = parts.with_context(r#"{"reason":"deploy"}"#).unwrap();
    let params = SignatureParams { created: 1, nonce: RequestNonce([1; 16]), key_id: key().public_key().key_id() };
    SignedRequest::sign("vault.example".parse().unwrap(), parts, params, |base| key().sign(base))
}

pub(crate) fn record(released: Option<Released>) -> AuditRecord {
    AuditRecord {
        schema: RecordSchema,
        id: EventId::from_bytes([1; 16]),
        org: OrgId([2; 32]),
        time: Timestamp::from_millis(1_700_000_000_000).unwrap(),
        principal: Some(PrincipalId::Agent(AgentId::from_bytes([3; 16]))),
        key_id: Some(key().public_key().key_id()),
        action: "profile.read".to_owned(),
        outcome: Outcome::Allowed,
        reason: None,
        released,
        address: Some("192.0.2.1".to_owned()),
        directory: HeaderRef { seq: Seq::new(4).unwrap(), hash: Hash([5; 32]) },
        request: Some(request()),
    }
}

pub(crate) fn every_release() -> Vec<Option<Released>> {
    let (profile, revision, manifest) = (ProfileId::from_bytes([6; 16]), Revision::FIRST.next(), Hash([7; 32]));
    let secret = ReleasedSecret { secret: SecretId::from_bytes([8; 16]), version: Version::FIRST };
    vec![
        None,
        Some(Released::Profile { profile, revision, manifest }),
        Some(Released::Secrets { profile, revision, secrets: vec![secret], absent: vec![BlindIndex([9; 32])] }),
        Some(Released::Statement { seq: Seq::FIRST, hash: Hash([10; 32]) }),
        Some(Released::Manifest { profile, revision, manifest }),
        Some(Released::Versions { profile, secrets: vec![secret] }),
        Some(Released::Revisions { profile, from: Revision::FIRST, through: revision }),
    ]
}

#[test]
fn records_survive_their_bytes() {
    for released in every_release() {
        let record = record(released);
        let bytes = record.encode().unwrap();
        let read = AuditRecord::parse(&bytes).unwrap();
        assert_eq!(read, record);
        assert_eq!(record_leaf_hash(&bytes), sha256(&[&[0], &bytes]));
        read.verify_request_signature(&key().public_key()).unwrap();
    }
    let denied = AuditRecord {
        principal: None,
        outcome: Outcome::Denied,
        reason: Some(ProblemCode::Expired.to_string()),
        address: None,
        ..record(None)
    };
    assert_eq!(AuditRecord::parse(&denied.encode().unwrap()).unwrap(), denied);
}

/// What is done before there is a key, and nothing else, is recorded without a request.
#[test]
fn only_what_nobody_can_sign_goes_unsigned() {
    let unsigned = |action: &str| AuditRecord {
        principal: Some(PrincipalId::User(UserId::from_bytes([3; 16]))),
        key_id: None,
        action: action.to_owned(),
        request: None,
        ..record(None)
    };
    for action in UnsignedAction::ALL {
        let good = unsigned(action.name());
        let bytes = good.encode().unwrap();
        assert_eq!(AuditRecord::parse(&bytes).unwrap(), good);
        assert_eq!((good.signed(), UnsignedAction::named(action.name())), (None, Some(action)));
        good.verify_request_signature(&key().public_key()).unwrap_err();
        let signed = AuditRecord { action: action.name().to_owned(), ..record(None) };
        AuditRecord::parse(&signed.encode().unwrap()).unwrap_err();
    }
    for bad in [
        unsigned("profile.read"),
        AuditRecord { request: Some(request()), ..unsigned("login.start") },
        AuditRecord { key_id: Some(key().public_key().key_id()), ..unsigned("login.start") },
        AuditRecord { request: None, ..record(None) },
        AuditRecord { key_id: None, ..record(None) },
    ] {
        AuditRecord::parse(&bad.encode().unwrap()).unwrap_err();
    }
}

#[test]
fn parsing_is_strict() {
    let bytes = record(every_release().remove(1)).encode().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let changed = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut json = json.clone();
        change(&mut json);
        assert!(AuditRecord::parse(json.to_string().as_bytes()).is_err(), "{json}");
    };
    changed(&|json| json["later"] = 1.into());
    changed(&|json| json["released"]["later"] = 1.into());
    changed(&|json| json["released"]["kind"] = "later".into());
    changed(&|json| json["request"]["later"] = 1.into());
    changed(&|json| json["schema"] = 2.into());
    changed(&|json| json["schema"] = "1".into());
    changed(&|json| json["outcome"] = "maybe".into());
    changed(&|json| json["request"]["path"] = "no path".into());
    changed(&|json| json["request"]["authority"] = "Vault.example".into());
    changed(&|json| json["request"]["if_none_match"] = "not covered".into());
    changed(&|json| json["request"]["params"] = "()".into());
    for member in ["schema", "id", "org", "time", "key_id", "action", "outcome", "directory", "request"] {
        changed(&|json| drop(json.as_object_mut().unwrap().remove(member)));
    }
    let text = String::from_utf8(bytes).unwrap();
    for (from, to) in [
        (r#""schema":1"#, r#""schema":1,"schema":1"#),
        (r#""kind":"profile""#, r#""kind":"profile","kind":"profile""#),
        (r#""method":"GET""#, r#""method":"GET","method":"GET""#),
    ] {
        assert!(text.contains(from));
        assert!(AuditRecord::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
    }
    assert!(AuditRecord::parse(format!("{text} x").as_bytes()).is_err());
}

#[test]
fn requests_in_records_cannot_be_altered() {
    let good = record(None);
    let verify = |record: &AuditRecord| record.verify_request_signature(&key().public_key());
    verify(&good).unwrap();
    good.verify_request_signature(&SigningKey::from_seed(&[4; 32]).public_key()).unwrap_err();
    let other = AuditRecord { key_id: Some(SigningKey::from_seed(&[4; 32]).public_key().key_id()), ..good.clone() };
    verify(&other).unwrap_err();

    let text = String::from_utf8(good.encode().unwrap()).unwrap();
    let authority = request().authority().to_string();
    for (from, to) in [
        (authority.as_str(), Authority::in_process().as_str()),
        ("/profiles/production/", "/profiles/staging/"),
        ("anchor=1", "anchor=2"),
        ("\"GET\"", "\"POST\""),
        ("created=1", "created=2"),
        (r#"\"deploy\""#, r#"\"holiday\""#),
    ] {
        assert!(text.contains(from), "{from}");
        let altered = AuditRecord::parse(text.replacen(from, to, 1).as_bytes()).unwrap();
        assert!(verify(&altered).is_err(), "{to}");
    }
}

proptest! {
    #[test]
    fn bytes_of_any_kind_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(AuditRecord::parse(&bytes).is_err());
    }

    #[test]
    fn bytes_almost_right_never_panic(place: prop::sample::Index, byte: u8, kind in 0_usize..5) {
        let mut bytes = record(every_release().remove(kind)).encode().unwrap();
        let at = place.index(bytes.len());
        bytes[at] = byte;
        let _ = AuditRecord::parse(&bytes);
        let _ = AuditRecord::parse(&bytes[..at]);
    }
}

#[test]
fn lines_of_archives_are_strict() {
    let header = ArchiveHeader { schema: RecordSchema, org: OrgId([1; 32]), from: 3, to: 5 };
    let text = header.encode().unwrap();
    assert_eq!(text, format!(r#"{{"schema":1,"org":"{}","from":3,"to":5}}"#, OrgId([1; 32])));
    assert_eq!(ArchiveHeader::parse(text.as_bytes()).unwrap(), header);
    assert_eq!([2, 3, 4, 5].map(|position| header.holds(position)), [false, true, true, false]);
    let line = ArchivedRecord { position: 3, record: Base64Bytes(b"{}".to_vec()) };
    assert_eq!(line.encode().unwrap(), r#"{"position":3,"record":"e30"}"#);
    assert_eq!(ArchivedRecord::parse(line.encode().unwrap().as_bytes()).unwrap(), line);
    for (from, to) in [
        (r#""schema":1"#, r#""schema":2"#),
        (r#""from":3"#, r#""from":5"#),
        (r#""from":3"#, r#""from":-1"#),
        (r#""to":5"#, r#""to":5,"to":5"#),
        (r#""to":5"#, r#""to":5,"more":1"#),
        (r#""to":5}"#, r#""to":5} "x""#),
    ] {
        let other = text.replace(from, to);
        assert!(other != text && ArchiveHeader::parse(other.as_bytes()).is_err(), "{other}");
    }
    for other in
        [r#"{"position":3,"record":"e30="}"#, r#"{"position":3}"#, r#"{"position":3,"record":"e30","x":1}"#, ""]
    {
        assert!(ArchivedRecord::parse(other.as_bytes()).is_err(), "{other}");
    }
}
