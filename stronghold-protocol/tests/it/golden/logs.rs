//! `docs/vectors/checkpoints.json` and `receipts.json`: what a server signs of its audit log.

use super::{Maker, maker};
use crate::directory_world::{CI, PRODUCTION, agent, id_bytes, profile, sign_key, signer, user};
use data_encoding::BASE64;
use serde_json::{Value, json};
use stronghold_protocol::{
    audit::{AuditRecord, Outcome, RecordSchema, Released},
    checkpoint::Checkpoint,
    crypto::hash::Hash,
    directory::HeaderRef,
    encoding::{Base64Bytes, Context},
    id::{EventId, OrgId},
    number::{Revision, Seq},
    receipt::Receipt,
    request::{Method, RequestNonce, RequestParts, SignatureParams, SignedRequest},
    time::Timestamp,
};

const ORG: OrgId = OrgId([1; 32]);
/// Seeds of the checkpoint key, and of another.
const KEY: u8 = 90;
const OTHER: u8 = 91;

fn sample() -> Checkpoint {
    let directory = HeaderRef { seq: Seq::new(56).unwrap(), hash: Hash([3; 32]) };
    Checkpoint { org: ORG, size: 1234, root: Hash([2; 32]), directory }
}

#[test]
fn checkpoints_file() {
    let mut maker = maker(
        "checkpoints",
        "Checkpoints of an organization's audit log (docs/protocol.md, section 13): `note` is one of `org`, signed by `key`. \
         Gives what it states, bytes as base64url.",
    );
    let case = |note: &str| json!({ "note": note, "org": ORG, "key": sign_key(KEY) });
    let good = sample().sign(&signer(KEY));
    let name = "a checkpoint";
    maker.accept(name, &case(&good));
    let (text, mine) = good.split_once("\n\n").unwrap();
    let theirs = sample().sign(&signer(OTHER));
    let (_, theirs) = theirs.split_once("\n\n").unwrap();
    let witness = "\u{2014} witness.example AAAAAAAA\n";
    maker.accept_like(name, "signed by a witness too", &case(&format!("{text}\n\n{witness}{mine}")));
    maker.accept_like(name, "signed by another key of this name too", &case(&format!("{text}\n\n{theirs}{mine}")));
    let empty = Checkpoint { size: 0, ..sample() };
    maker.accept_like(name, "of a log without records", &case(&empty.sign(&signer(KEY))));
    let longest = Checkpoint { size: 9_007_199_254_740_991, ..sample() };
    maker.accept_like(name, "of the longest log", &case(&longest.sign(&signer(KEY))));
    signatures(&mut maker, &good, &case);
    forms(&mut maker, &case);
    maker.finish();
}

/// Signs these lines, whatever they are.
fn note(text: &str, name: &str) -> String {
    let id = &stronghold_protocol::crypto::hash::sha256(&[name.as_bytes(), &[b'\n', 1], &sign_key(KEY).0]).0[..4];
    let signature = [id, &signer(KEY).sign(text.as_bytes()).0].concat();
    format!("{text}\n\u{2014} {name} {}\n", BASE64.encode(&signature))
}

fn signatures(maker: &mut Maker, good: &str, case: &dyn Fn(&str) -> Value) {
    let name = "a checkpoint";
    let mut reject = |what: &str, note: &str| maker.reject(name, what, &case(note));
    let (text, mine) = good.split_once("\n\n").unwrap();
    reject("signed by another key", &sample().sign(&signer(OTHER)));
    reject("not signed", &format!("{text}\n\n"));
    reject("signed by a witness only", &format!("{text}\n\n\u{2014} witness.example AAAAAAAA\n"));
    let more = Checkpoint { size: 1235, ..sample() }.sign(&signer(KEY));
    let (_, of_more) = more.split_once("\n\n").unwrap();
    reject("another checkpoint's signature", &format!("{text}\n\n{of_more}"));
    reject("a false signature beside the right one", &format!("{text}\n\n{of_more}{mine}"));
    let line = mine.trim_end().rsplit_once(' ').unwrap().1;
    let mut bytes = BASE64.decode(line.as_bytes()).unwrap();
    bytes[40] ^= 1;
    reject("a bit of the signature flipped", &good.replace(line, &BASE64.encode(&bytes)));
    bytes.pop();
    reject("a signature that is too short", &good.replace(line, &BASE64.encode(&bytes)));
    let origin = format!("stronghold/{ORG}");
    let without_newline = [&[0; 4][..], &signer(KEY).sign(text.as_bytes()).0].concat();
    reject("a key hash of zeros", &format!("{text}\n\n\u{2014} {origin} {}\n", BASE64.encode(&without_newline)));
    reject("signed under another name", &format!("{text}\n\n{}", mine.replacen("stronghold/", "stronghold:", 1)));
    let mut other = case(good);
    other["org"] = json!(OrgId([9; 32]));
    maker.reject(name, "of another organization", &other);
    let mut other = case(good);
    other["key"] = json!(sign_key(OTHER));
    maker.reject(name, "held against another key", &other);
}

/// Other ways to write the same, all of them signed.
fn forms(maker: &mut Maker, case: &dyn Fn(&str) -> Value) {
    let text = sample().to_string();
    let origin = format!("stronghold/{ORG}");
    let bent = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        note(&text.replacen(from, to, 1), &origin)
    };
    let good = note(&text, &origin);
    let forms = [
        ("a size with a zero before it", bent("1234", "01234")),
        ("a size with a sign", bent("1234", "+1234")),
        ("a size of 2^53", bent("1234", "9007199254740992")),
        ("no size", bent("1234", "")),
        ("a position with a zero before it", bent("directory 56", "directory 056")),
        ("another word for the directory", bent("directory", "Directory")),
        ("a root with trailing bits", bent("gI=\n", "gJ=\n")),
        ("a root without padding", bent("gI=\n", "gI\n")),
        ("a line between", bent("directory", "x\ndirectory")),
        ("a line after", note(&format!("{text}more\n"), &origin)),
        ("no line of the directory", note(text.rsplit_once("directory").unwrap().0, &origin)),
        ("ends of lines of two characters", good.replace('\n', "\r\n")),
        ("another name in the first line", bent("stronghold/", "Stronghold/")),
        ("no end of the last line", good.trim_end().to_owned()),
        ("an empty line at the end", format!("{good}\n")),
        ("a hyphen in the place of the dash", good.replace("\u{2014} ", "- ")),
        ("nothing", String::new()),
    ];
    for (what, note) in forms {
        maker.reject("a checkpoint", what, &case(&note));
    }
}

fn request(seed: u8) -> SignedRequest {
    let parts = RequestParts::new(Method::Get, "/v1/orgs/o/x", "anchor=1").unwrap();
    let parts = parts.with_context(r#"{"reason":"deploy"}"#).unwrap();
    let params = SignatureParams { created: 1, nonce: RequestNonce([1; 16]), key_id: sign_key(seed).key_id() };
    SignedRequest::sign("vault.example".parse().unwrap(), parts, params, |base| signer(seed).sign(base))
}

fn record() -> AuditRecord {
    AuditRecord {
        schema: RecordSchema,
        id: EventId::from_bytes(id_bytes(150)),
        org: ORG,
        time: Timestamp::from_millis(1_700_000_000_000).unwrap(),
        principal: Some(agent(CI).into()),
        key_id: Some(sign_key(CI).key_id()),
        action: "profile.read".to_owned(),
        outcome: Outcome::Allowed,
        reason: None,
        released: Some(Released::Profile {
            profile: profile(PRODUCTION),
            revision: Revision::FIRST,
            manifest: Hash([7; 32]),
        }),
        address: Some("192.0.2.1".to_owned()),
        directory: HeaderRef { seq: Seq::new(4).unwrap(), hash: Hash([5; 32]) },
        request: Some(request(CI)),
    }
}

#[test]
fn receipts_file() {
    let mut maker = maker(
        "receipts",
        "Receipts of an organization, and audit records (docs/protocol.md, section 13). A `receipt` is signed by the key in it; \
         whether that is the checkpoint key is for the directory to say. A `record` holds the request that `key` signed; none \
         where nobody could sign. Gives the record's id, and of a receipt its leaf hash in the log.",
    );
    receipts(&mut maker);
    records(&mut maker);
    maker.finish();
}

fn receipts(maker: &mut Maker) {
    let case = |receipt: &Receipt| json!({ "kind": "receipt", "org": ORG, "receipt": receipt });
    let bytes = Base64Bytes(record().encode().unwrap());
    let good = Receipt::sign(&ORG, 7, bytes.clone(), &signer(KEY));
    let name = "a receipt";
    maker.accept(name, &case(&good));
    let other_record = AuditRecord { address: None, ..record() }.encode().unwrap();
    let others = Receipt::sign(&ORG, 7, bytes.clone(), &signer(OTHER));
    let leaf = good.leaf_hash();
    let by = |message: Vec<u8>| Receipt { signature: signer(KEY).sign(&message), ..good.clone() };
    let bent = [
        ("another position", Receipt { position: 8, ..good.clone() }),
        ("another record", Receipt { record: Base64Bytes(other_record), ..good.clone() }),
        ("another key", Receipt { key: sign_key(OTHER), ..good.clone() }),
        ("another key's signature", Receipt { signature: others.signature, ..good.clone() }),
        ("signed for another organization", Receipt::sign(&OrgId([9; 32]), 7, bytes.clone(), &signer(KEY))),
        ("signed without a context", by([&ORG.0[..], &7_u64.to_be_bytes(), &leaf.0].concat())),
        ("signed as a signed object", by(Context::new("signed-object").field(ORG).number(7).field(leaf).finish())),
        ("signed over the record itself", by(Context::new("receipt").field(ORG).number(7).field(&bytes.0).finish())),
    ];
    for (what, receipt) in &bent {
        maker.reject(name, what, &case(receipt));
    }
    let mut flipped = good.clone();
    flipped.signature.0[40] ^= 1;
    maker.reject(name, "a bit of the signature flipped", &case(&flipped));
    let foreign = Base64Bytes(AuditRecord { org: OrgId([9; 32]), ..record() }.encode().unwrap());
    maker.reject(name, "a record of another organization", &case(&Receipt::sign(&ORG, 7, foreign, &signer(KEY))));
    let none = Base64Bytes(b"{}".to_vec());
    maker.reject(name, "something that is no record", &case(&Receipt::sign(&ORG, 7, none, &signer(KEY))));
    let mut other = case(&good);
    other["org"] = json!(OrgId([9; 32]));
    maker.reject(name, "held against another organization", &other);
}

fn records(maker: &mut Maker) {
    let case = |record: &AuditRecord, key: Option<u8>| json!({ "kind": "record", "record": Base64Bytes(record.encode().unwrap()), "key": key.map(sign_key) });
    let name = "a record of a read";
    maker.accept(name, &case(&record(), Some(CI)));
    let unsigned = |action: &str| AuditRecord {
        principal: Some(user(1).into()),
        key_id: None,
        action: action.to_owned(),
        released: None,
        request: None,
        ..record()
    };
    for action in ["org.create", "login.start", "login.finish"] {
        maker.accept(&format!("a record of {action}, which nobody signed"), &case(&unsigned(action), None));
    }
    let mut reject = |what: &str, record: &AuditRecord| maker.reject(name, what, &case(record, Some(CI)));
    reject("a read that nobody signed", &AuditRecord { key_id: None, request: None, ..record() });
    reject("a read without its request", &AuditRecord { request: None, ..record() });
    reject("a read without its key", &AuditRecord { key_id: None, ..record() });
    let other = sign_key(OTHER).key_id();
    reject("a read by another key than its request", &AuditRecord { key_id: Some(other), ..record() });
    reject("a read with another's request", &AuditRecord { request: Some(request(OTHER)), ..record() });
    // Held against the key that signed it, which is not the one that it names.
    let named = request(CI);
    let (authority, parts) = (named.authority().clone(), named.parts().clone());
    let by_other = SignedRequest::sign(authority, parts, *named.params(), |base| signer(OTHER).sign(base));
    let by_other = AuditRecord { request: Some(by_other), ..record() };
    maker.reject(name, "a read whose request names another key than signed it", &case(&by_other, Some(OTHER)));
    let mut reject = |what: &str, record: &AuditRecord| maker.reject(name, what, &case(record, Some(CI)));
    let signed_login = AuditRecord { action: "login.start".to_owned(), ..record() };
    reject("a log-in that is signed", &signed_login);
    let login = unsigned("login.start");
    let name_of = "a record of login.start, which nobody signed";
    let with_key = AuditRecord { key_id: Some(sign_key(CI).key_id()), ..login.clone() };
    maker.reject(name_of, "a log-in with a key", &case(&with_key, None));
    let with_request = AuditRecord { request: Some(request(CI)), ..login };
    maker.reject(name_of, "a log-in with a request", &case(&with_request, None));
    maker.reject(name, "a read, held against another key", &case(&record(), Some(OTHER)));
    let text = String::from_utf8(record().encode().unwrap()).unwrap();
    let altered = [
        ("another path than was signed", "/v1/orgs/o/x", "/v1/orgs/o/y"),
        ("another query than was signed", "anchor=1", "anchor=2"),
        ("another method than was signed", "\"GET\"", "\"POST\""),
        ("another authority than was signed", "vault.example", "other.example"),
        ("another time than was signed", "created=1", "created=2"),
        ("another context than was signed", r#"\"deploy\""#, r#"\"holiday\""#),
        ("another schema", r#""schema":1"#, r#""schema":2"#),
        ("another outcome than there is", "\"allowed\"", "\"maybe\""),
        ("an unknown member", "{\"schema\"", "{\"x\":1,\"schema\""),
    ];
    for (what, from, to) in altered {
        assert!(text.contains(from), "{from}");
        let record = Base64Bytes(text.replacen(from, to, 1).into_bytes());
        let case = json!({ "kind": "record", "record": record, "key": sign_key(CI) });
        maker.reject(name, &format!("a record with {what}"), &case);
    }
}

/// The texts of a receipt and of the record in it.
pub(super) fn receipt() -> (String, String) {
    let record = record().encode().unwrap();
    let receipt = Receipt::sign(&ORG, 7, Base64Bytes(record.clone()), &signer(KEY));
    (serde_json::to_string(&receipt).unwrap(), String::from_utf8(record).unwrap())
}
