//! A JSON sample of every type that is decoded from outside.

use crate::{directory_world as world, wire};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use stronghold_protocol::{
    acceptance::Acceptance,
    api,
    archive::{ArchiveHeader, ArchivedRecord},
    audit::{AuditRecord, Released},
    checkpoint::Checkpoint,
    directory::{Body, Change, Conditions, Header, HeaderRef, LeafEntry, Statement},
    encoding::base64url,
    evidence::{ChainEvidence, PartialEvidence, ProfileEvidence, ProfileFloor},
    id::{OrgId, PrincipalId},
    json::{self, NotStrict},
    key_request::KeyRequest,
    manifest::Manifest,
    merkle::{Consistency, Inclusion},
    problem::Problem,
    receipt::Receipt,
    request::{Method, RequestContext, RequestParts, SignedRequest},
    roster::Roster,
    seal::{KeyHistory, Seal, SealedObject},
    secret::{SealedSecret, SecretLeaf},
    signed::Signed,
};

/// One type.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) sample: Value,
    /// Reads bytes, and writes what was read.
    pub(crate) read: fn(&[u8]) -> Result<Value, NotStrict>,
}

fn read<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<Value, NotStrict> {
    let value: T = json::from_slice(bytes)?;
    Ok(serde_json::to_value(value).unwrap())
}

macro_rules! cases {
    ($($type:ty = $sample:expr),* $(,)?) => {
        vec![$(Case { name: stringify!($type), sample: $sample, read: read::<$type> }),*]
    };
}

fn id(number: u8) -> Value {
    json!(world::user(number))
}

fn hash() -> Value {
    json!(OrgId([5; 32]))
}

fn bytes() -> Value {
    json!("AAECAw")
}

fn time() -> Value {
    json!("2026-11-23T12:00:00.000Z")
}

fn keys() -> Value {
    json!(world::keys(1))
}

fn signature() -> Value {
    json!(base64url(&[6; 64]))
}

fn head() -> Value {
    json!({"seq": 4, "hash": hash()})
}

fn signed() -> Value {
    json!({"payload": bytes(), "signatures": [{"key": hash(), "signature": signature()}]})
}

fn receipt() -> Value {
    json!({"position": 7, "record": bytes(), "key": world::sign_key(1), "signature": signature()})
}

fn statement() -> Value {
    json!({"header": signed(), "body": bytes()})
}

fn seal() -> Value {
    let object = json!({"kind": "group_seed", "id": id(1)});
    json!({"id": {"object": object, "epoch": 2, "recipient": hash()}, "sealed": bytes()})
}

fn history() -> Value {
    json!({"profile": id(2), "epoch": 2, "sealed": bytes()})
}

fn secret() -> Value {
    json!({"index": hash(), "id": id(3), "version": 1, "meta": bytes(), "value": bytes()})
}

fn secret_leaf() -> Value {
    json!({"index": hash(), "id": id(3), "version": 1, "ciphertexts": hash()})
}

fn past() -> Value {
    json!({"leaf": secret_leaf(), "sealed": {"meta": bytes(), "value": bytes()}})
}

fn inclusion() -> Value {
    json!({"index": 1, "size": 3, "path": [hash()]})
}

fn vouched() -> Value {
    json!({"revision": 3, "manifest": hash()})
}

fn leaf() -> Value {
    let leaf = json!({
        "id": id(2), "name": "production", "epoch": 2, "commitment": hash(), "writers": [world::sign_key(1)],
        "vouched": vouched(),
    });
    json!({"leaf": leaf, "proof": inclusion()})
}

fn chain() -> Value {
    json!({"anchor": signed(), "rosters": [signed()], "head": signed(), "anchor_proof": inclusion(), "remembered_proof": null})
}

fn profile() -> Value {
    json!({"leaf": leaf(), "manifest": signed(), "header_proof": inclusion()})
}

fn key_path() -> Value {
    json!({"group": id(4), "group_epoch": 2, "group_seed": bytes(), "profile_key": bytes()})
}

fn part() -> Value {
    let present = json!([{"secret": secret(), "proof": inclusion()}]);
    json!({"present": present, "neighbours": [{"leaf": secret_leaf(), "proof": inclusion()}]})
}

fn account() -> Value {
    json!({"user": id(1), "registration": bytes(), "envelope": bytes(), "recovery": bytes()})
}

fn revision() -> Value {
    json!({"profile": id(2), "manifest": signed(), "puts": [secret()], "removes": [id(3)], "staged": id(9)})
}

fn commit() -> Value {
    json!({"statement": statement(), "seals": [seal()], "histories": [history()], "revisions": [revision()]})
}

fn conditions() -> Value {
    json!({"not_before": time(), "expires_at": null, "source_cidrs": ["10.0.0.0/8"], "max_uses": 5})
}

fn request() -> SignedRequest {
    let parts = RequestParts::new(Method::Post, "/v1/orgs", "a=1").unwrap().with_body(b"{}");
    wire::signed(parts.with_context("{}".to_owned()).unwrap().with_if_none_match("\"x\"".to_owned()).unwrap())
}

pub(crate) fn audit_record() -> Value {
    let released = json!({"kind": "manifest", "profile": id(2), "revision": 3, "manifest": hash()});
    json!({
        "schema": 1, "id": id(8), "org": hash(), "time": time(), "principal": {"kind": "user", "id": id(1)},
        "key_id": request().key_id(), "action": "profile.write", "outcome": "allowed", "released": released,
        "address": "192.0.2.7", "directory": head(), "request": request(),
    })
}

fn changes() -> Value {
    let (who, keys, manifest) = (id(1), keys(), vouched());
    let member = json!({"kind": "agent", "id": id(5)});
    json!([
        {"kind": "roster_changed", "roster": signed()},
        {"kind": "approval_pending", "roster": signed(), "people": [
            {"kind": "user_rekeyed", "id": who, "keys": keys, "recovery": keys},
        ]},
        {"kind": "approval_withdrawn", "roster": hash()},
        {"kind": "policy_changed", "name": "Acme"},
        {"kind": "checkpoint_key_changed", "key": world::sign_key(1)},
        {"kind": "agent_created", "id": who, "name": "ci", "keys": keys, "conditions": conditions()},
        {"kind": "agent_changed", "id": who, "name": "ci", "status": "active", "conditions": conditions()},
        {"kind": "agent_rekeyed", "id": who, "keys": [keys], "until": time()},
        {"kind": "agent_deleted", "id": who},
        {"kind": "user_invited", "id": who, "email": "a@b.example", "role": "editor", "groups": [id(4)],
         "key": world::sign_key(1), "expires_at": time()},
        {"kind": "invite_cancelled", "id": who},
        {"kind": "user_confirmed", "id": who, "invite": null, "email": "a@b.example", "role": "owner", "keys": keys,
         "recovery": keys},
        {"kind": "user_changed", "id": who, "email": "a@b.example", "role": "auditor"},
        {"kind": "user_rekeyed", "id": who, "keys": keys, "recovery": keys},
        {"kind": "user_removed", "id": who},
        {"kind": "secret_purged", "profile": id(2), "secret": id(3), "versions": [1]},
        {"kind": "group_created", "id": who, "name": "deploy", "key": world::kem(1)},
        {"kind": "group_deleted", "id": who},
        {"kind": "group_epoch", "id": who, "epoch": 2, "key": world::kem(1)},
        {"kind": "member_added", "group": id(4), "member": member},
        {"kind": "member_removed", "group": id(4), "member": member},
        {"kind": "profile_created", "id": id(2), "name": "production", "commitment": hash(), "vouched": manifest},
        {"kind": "profile_renamed", "id": id(2), "name": "staging", "vouched": manifest},
        {"kind": "profile_epoch", "id": id(2), "epoch": 2, "commitment": hash(), "vouched": manifest},
        {"kind": "profile_granted", "profile": id(2), "group": id(4), "write": true, "history": false},
        {"kind": "profile_revoked", "profile": id(2), "group": id(4)},
        {"kind": "profile_vouched", "id": id(2), "vouched": manifest},
        {"kind": "profile_deleted", "id": id(2)},
    ])
}

/// All of them.
pub(crate) fn cases() -> Vec<Case> {
    [signed_objects(), parts(), bodies(), replies()].into_iter().flatten().collect()
}

fn signed_objects() -> Vec<Case> {
    let member = json!({"user": id(1), "keys": keys()});
    cases![
        Roster = json!({"version": 2, "prev": hash(), "nonce": null, "owners": [member], "admins": [], "owner_threshold": 1,
            "minimum_suite": 1}),
        Header = json!({"org": hash(), "seq": 4, "prev": hash(), "time": time(), "roster": {"version": 2, "hash": hash()},
            "log_root": hash(), "state_root": hash(), "body": hash()}),
        Body = json!({"changes": changes()}),
        Manifest = json!({"org": hash(), "profile": id(2), "name": "production", "revision": 2, "prev": hash(), "epoch": 2,
            "commitment": hash(), "count": 1, "root": hash(), "header": head(), "time": time()}),
        Acceptance = json!({"org": hash(), "invite": id(6), "user": id(1), "email": "a@b.example", "keys": keys(),
            "recovery": keys()}),
        KeyRequest = json!({"org": hash(), "user": id(1), "replaces": hash(), "keys": keys()}),
    ]
}

fn parts() -> Vec<Case> {
    cases![
        Signed = signed(),
        Statement = statement(),
        Vec<Change> = changes(),
        Conditions = conditions(),
        HeaderRef = head(),
        LeafEntry = leaf(),
        ChainEvidence = chain(),
        ProfileEvidence = profile(),
        PartialEvidence = part(),
        ProfileFloor = json!({"id": id(2), "name": "production", "revision": 3, "epoch": 2, "manifest": hash()}),
        PrincipalId = json!({"kind": "agent", "id": id(5)}),
        SealedObject = json!({"kind": "profile_key", "id": id(2)}),
        Seal = seal(),
        KeyHistory = history(),
        SealedSecret = secret(),
        SecretLeaf = secret_leaf(),
        Inclusion = inclusion(),
        Consistency = json!({"old_size": 1, "new_size": 3, "path": [hash()]}),
        Checkpoint = json!({"org": hash(), "size": 3, "root": hash(), "directory": head()}),
        Receipt = receipt(),
        SignedRequest = json!(request()),
        RequestContext = json!({"reason": "because", "clock_corrected_seconds": -3,
            "ci": {"provider": "generic", "repository": "acme/shop", "run_id": "1"}}),
        Problem = json!({"type": "about:blank", "title": "t", "status": 409, "code": "conflict", "detail": "d",
            "server_time": time(), "head_seq": 3, "retry_after_seconds": 2}),
        AuditRecord = audit_record(),
        Vec<Released> = json!([
            {"kind": "profile", "profile": id(2), "revision": 3, "manifest": hash()},
            {"kind": "secrets", "profile": id(2), "revision": 3, "secrets": [{"secret": id(3), "version": 1}],
             "absent": [hash()]},
            {"kind": "versions", "profile": id(2), "secrets": [{"secret": id(3), "version": 1}]},
            {"kind": "revisions", "profile": id(2), "from": 1, "through": 2},
            {"kind": "statement", "seq": 4, "hash": hash()},
            {"kind": "manifest", "profile": id(2), "revision": 3, "manifest": hash()},
        ]),
        ArchiveHeader = json!({"schema": 1, "org": hash(), "from": 0, "to": 3}),
        ArchivedRecord = json!({"position": 0, "record": bytes()}),
    ]
}

fn bodies() -> Vec<Case> {
    cases![
        api::SetupStart = json!({"setup_code": "code", "org": hash(), "user": id(1), "registration": bytes()}),
        api::CreateOrganization = json!({"setup_code": "code", "statement": statement(), "seals": [seal()],
            "account": account()}),
        api::LoginStart = json!({"org": hash(), "user": id(1), "request": bytes()}),
        api::LoginFinish = json!({"login": bytes(), "finalization": bytes()}),
        api::CommitStatement = commit(),
        api::NewRevision = revision(),
        api::StageSecrets = json!({"staging": id(9), "epoch": 2, "secrets": [secret()]}),
        api::SealsQuery = json!({"objects": [{"kind": "history_key", "id": id(2)}], "histories": true}),
        api::JoinStart = json!({"user": id(1), "registration": bytes(), "floor": 3}),
        api::Join = json!({"acceptance": signed(), "account": account()}),
        api::RotateKeys = json!({"commit": commit(), "envelope": bytes(), "recovery": bytes()}),
        api::RequestKeys = json!({"request": signed(), "envelope": bytes(), "recovery": bytes()}),
        api::AccountStart = json!({"registration": bytes()}),
        api::ReplaceAccount = json!({"key": hash(), "registration": bytes(), "envelope": bytes()}),
    ]
}

fn replies() -> Vec<Case> {
    let past_revision = json!({"manifest": signed(), "puts": [secret_leaf()], "removes": [id(3)]});
    let agent = json!({"kind": "agent", "status": "inactive", "expires_at": time()});
    let person = json!({"kind": "user", "email": "a@b.example", "role": "owner"});
    let whoami = |principal: &str, status: Value| {
        json!({"principal": {"kind": principal, "id": id(5)}, "name": "ci", "org_name": "Acme", "status": status,
            "server_time": time(), "receipt": receipt()})
    };
    let listed = json!({"entry": leaf(), "revision": 3, "count": 1, "epoch": 2});
    let consistency = json!({"old_size": 1, "new_size": 3, "path": [hash()]});
    cases![
        api::SetupStarted = json!({"registration": bytes(), "checkpoint_key": world::sign_key(1)}),
        api::CreatedOrganization = json!({"org": hash(), "head": head()}),
        api::LoginStarted = json!({"login": bytes(), "response": bytes()}),
        api::LoginFinished = json!({"envelope": bytes()}),
        Vec<api::WhoAmI> = json!([whoami("agent", agent), whoami("user", person)]),
        api::SealedProfile = json!({"chain": chain(), "profile": profile(), "keys": key_path(), "secrets": [secret()],
            "receipt": receipt()}),
        api::SealedPart = json!({"chain": chain(), "profile": profile(), "keys": key_path(), "part": part(),
            "receipt": receipt()}),
        api::ProfileList = json!({"chain": chain(), "profiles": [listed], "receipt": receipt()}),
        api::Written = json!({"revision": 3, "receipt": receipt()}),
        api::StagedSecrets = json!({"staged": 2, "receipt": receipt()}),
        api::RevisionPage = json!({"chain": chain(), "profile": profile(), "revisions": [past_revision],
            "receipt": receipt()}),
        api::SecretVersions = json!({"versions": [{"epoch": 2, "secret": past()}], "receipt": receipt()}),
        api::IntroducedSecrets = json!({"revisions": [{"revision": 2, "secrets": [past()]}], "receipt": receipt()}),
        api::DirectoryPage = json!({"statements": [statement()], "head": head()}),
        api::Committed = json!({"head": head(), "receipt": receipt()}),
        api::SealsReply = json!({"seals": [seal()], "histories": [history()]}),
        Vec<api::ActivityEntry> = json!([{"principal": {"kind": "agent", "id": id(5)}, "last_seen_at": time(), "uses": 3,
            "seq": 4}]),
        api::AuditPage = json!({"records": [bytes()], "size": 3, "archived": 1}),
        api::AuditCheckpoint = json!({"checkpoint": "text", "consistency": consistency, "inclusions": [inclusion()]}),
        api::JoinStarted = json!({"registration": bytes(), "header": signed(), "receipt": receipt()}),
        api::Joined = json!({"receipt": receipt()}),
        api::Acceptances = json!({"acceptances": [{"invite": id(6), "acceptance": signed()}], "receipt": receipt()}),
        api::KeysRequested = json!({"receipt": receipt()}),
        api::KeyRequests = json!({"requests": [{"user": id(1), "request": signed()}], "receipt": receipt()}),
        api::AccountStarted = json!({"registration": bytes(), "receipt": receipt()}),
        api::AccountReplaced = json!({"receipt": receipt()}),
        api::RecoverySeed = json!({"recovery": bytes(), "receipt": receipt()}),
    ]
}
