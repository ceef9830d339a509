//! Answers to writes that a hostile server makes: right in everything but the one thing that an attack is about.

use crate::world::World;
use serde_json::{Value, json};
use stronghold_sdk::protocol::{
    api::{CommitStatement, NewRevision, RotateKeys},
    audit::{AuditRecord, Outcome, RecordSchema, Released},
    crypto::{hash::Hash, sign::SigningKey},
    directory::{Header, HeaderRef},
    id::{AgentId, EventId, OrgId, PrincipalId},
    manifest::Manifest,
    number::{Revision, Seq},
    receipt::Receipt,
    request::{Authority, RequestNonce, SignatureParams, SignedRequest},
    signed::Signed,
    time::{Clock, Timestamp},
    transport::Reply,
};

/// The key with which the server of a [`World`] signs.
pub(crate) const SERVER: [u8; 32] = [3; 32];

/// A route that writes, as a proxy sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    /// How its path ends.
    pub(crate) path: &'static str,
    /// Its action in records.
    pub(crate) action: &'static str,
}

/// An answer before it is signed.
pub(crate) struct Answer {
    pub(crate) record: AuditRecord,
    pub(crate) key: SigningKey,
    /// What stands beside the receipt.
    pub(crate) beside: Value,
    /// A header before the newest.
    older: HeaderRef,
}

impl Answer {
    /// The answer that an honest server would give to a write, as of `head`.
    pub(crate) fn right(asker: &Asker, route: Route, request: &SignedRequest, body: &[u8]) -> Self {
        let (released, beside) = stored(route, body);
        let record = AuditRecord {
            schema: RecordSchema,
            id: EventId::from_bytes([9; 16]),
            org: asker.org,
            time: asker.time,
            principal: asker.principal,
            key_id: Some(request.key_id()),
            action: route.action.to_owned(),
            outcome: Outcome::Allowed,
            reason: None,
            released,
            address: None,
            directory: asker.head,
            request: Some(request.clone()),
        };
        Self { record, key: SigningKey::from_seed(&SERVER), beside, older: asker.older }
    }

    pub(crate) fn receipt(&self, org: &OrgId) -> Receipt {
        Receipt::sign(org, 1000, self.record.encode().unwrap().into(), &self.key)
    }

    pub(crate) fn reply(mut self, receipt: Value) -> Reply {
        self.beside["receipt"] = receipt;
        Reply::json(serde_json::to_vec(&self.beside).unwrap())
    }
}

/// What a server knows of whoever asks.
#[derive(Clone, Copy)]
pub(crate) struct Asker {
    pub(crate) org: OrgId,
    pub(crate) principal: Option<PrincipalId>,
    pub(crate) head: HeaderRef,
    pub(crate) older: HeaderRef,
    pub(crate) time: Timestamp,
}

impl Asker {
    /// The owner of a world, as of now.
    pub(crate) fn owner(world: &World) -> Self {
        Self {
            org: world.owner.org,
            principal: Some(world.owner.user.into()),
            head: world.session.directory().head(),
            older: world.owner.floor,
            time: world.clock.now(),
        }
    }
}

/// What a write stores, as its record says, and what its answer says beside the receipt.
fn stored(route: Route, body: &[u8]) -> (Option<Released>, Value) {
    let statement = |commit: &CommitStatement| {
        let header: &Signed = &commit.statement.header;
        let hash = header.hash_as::<Header>();
        let seq = header.pinned::<Header>(&hash.0).unwrap().value().seq;
        (Some(Released::Statement { seq, hash }), json!({"head": HeaderRef { seq, hash }}))
    };
    match route.path {
        "/statements" => statement(&serde_json::from_slice(body).unwrap()),
        "/keys" => statement(&serde_json::from_slice::<RotateKeys>(body).unwrap().commit),
        "/revisions" => {
            let new: NewRevision = serde_json::from_slice(body).unwrap();
            let manifest = new.manifest.hash_as::<Manifest>();
            let revision = new.manifest.pinned::<Manifest>(&manifest.0).unwrap().value().revision;
            (Some(Released::Manifest { profile: new.profile, revision, manifest }), json!({"revision": revision}))
        }
        "/staging" => (None, json!({"staged": 1})),
        _ => (None, json!({})),
    }
}

/// Makes a record that of a denial: with a reason, and of nothing that was released.
pub(crate) fn deny(record: &mut AuditRecord) {
    (record.outcome, record.reason, record.released) = (Outcome::Denied, Some("forbidden".to_owned()), None);
}

/// Changes one thing of an answer.
pub(crate) type Change = fn(&mut Answer);

/// Name, and what is changed before the server signs.
pub(crate) const CHANGES: &[(&str, Change)] = &[
    ("a receipt of another key", |answer| answer.key = SigningKey::from_seed(&[7; 32])),
    ("a record of another request", |answer| {
        let other = SignedRequest::sign(
            Authority::in_process(),
            answer.record.request.as_ref().unwrap().parts().clone(),
            SignatureParams {
                nonce: RequestNonce::generate().unwrap(),
                ..*answer.record.request.as_ref().unwrap().params()
            },
            |base| SigningKey::from_seed(&[8; 32]).sign(base),
        );
        answer.record.request = Some(other);
    }),
    ("a record of another principal", |answer| {
        answer.record.principal = Some(AgentId::from_bytes([5; 16]).into());
    }),
    ("a record of another signing key", |answer| {
        answer.record.key_id = Some(SigningKey::from_seed(&[8; 32]).public_key().key_id());
    }),
    ("a record of another action", |answer| answer.record.action = "profile.read".to_owned()),
    ("a record that denies it", |answer| deny(&mut answer.record)),
    ("a record of another organization", |answer| answer.record.org = OrgId([1; 32])),
    ("a record that stored something else", |answer| {
        let hash = Hash([1; 32]);
        answer.record.released = match answer.record.released.take() {
            Some(Released::Statement { seq, .. }) => Some(Released::Statement { seq, hash }),
            Some(Released::Manifest { profile, revision, .. }) => {
                Some(Released::Manifest { profile, revision, manifest: hash })
            }
            _ => Some(Released::Statement { seq: Seq::FIRST, hash }),
        };
    }),
];

/// The same for what is held against the directory alone.
pub(crate) const OF_DIRECTORY: &[(&str, Change)] = &[
    ("a record of a header that is nowhere", |answer| answer.record.directory.hash = Hash([1; 32])),
    ("a record of an older directory", |answer| answer.record.directory = answer.older),
];

/// The same for statements: the record must name the header before it.
pub(crate) const OF_ITSELF: (&str, Change) = ("a record that names the new statement as the one before", |answer| {
    answer.record.directory = serde_json::from_value(answer.beside["head"].clone()).unwrap();
});

/// The same for what stands beside the receipt.
pub(crate) const BESIDE: (&str, Change) = ("another head, or another revision", |answer| {
    for (name, value) in answer.beside.as_object_mut().unwrap() {
        *value = match name.as_str() {
            "head" => json!(HeaderRef { seq: Seq::FIRST, hash: Hash([1; 32]) }),
            _ => json!(Revision::new(77).unwrap()),
        };
    }
});

/// What is done to a receipt that was signed.
pub(crate) type Break = fn(&mut Value, earlier: &Value);

/// Name, and what is done.
pub(crate) const BREAKS: &[(&str, Break)] = &[
    ("a receipt whose signature is junk", |receipt, _| {
        let text = receipt["signature"].as_str().unwrap();
        let first = if text.starts_with('A') { "B" } else { "A" };
        receipt["signature"] = format!("{first}{}", &text[1..]).into();
    }),
    ("a genuine receipt of an earlier write", |receipt, earlier| *receipt = earlier.clone()),
    ("no receipt at all", |receipt, _| *receipt = Value::Null),
];
