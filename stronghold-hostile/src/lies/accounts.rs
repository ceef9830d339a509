//! Lies about people who join or log in, and about the time.

use super::{Question, typed};
use crate::{Lie, bytes::payload, operator::Operator, route::Route};
use serde_json::{Value, json};
use stronghold_protocol::{
    acceptance::Acceptance, api::Acceptances, audit::AuditRecord, receipt::Receipt, signed::Signed,
};

/// Years ahead of every clock.
const LATE: &str = "2999-01-01T00:00:00.000Z";

pub(super) fn tell(operator: &Operator, lie: Lie, question: &Question<'_>, json: &mut Value) -> Option<()> {
    match (lie, &question.route) {
        (Lie::WeakerArgon2, Route::LoginStart) => {
            json["ksf"] = json!({"algorithm": "argon2id", "memory_kib": 8, "passes": 1})
        }
        (Lie::KeyOfInvitee, Route::Acceptances) => return typed(json, |all| other_invitee(operator, all)),
        (Lie::Clock, Route::WhoAmI) => json["server_time"] = LATE.into(),
        (Lie::Clock, Route::Read | Route::Part | Route::List) => {
            let org = question.org?;
            let receipt: Receipt = serde_json::from_value(json["receipt"].clone()).unwrap();
            let mut record = AuditRecord::parse(&receipt.record.0).unwrap();
            record.time = LATE.parse().unwrap();
            let bytes = record.encode().unwrap().into();
            let late = Receipt::sign(&org, receipt.position, bytes, &operator.server);
            json["receipt"] = serde_json::to_value(late).unwrap();
        }
        _ => return None,
    }
    Some(())
}

/// The server's own keys as those of whoever accepted, signed by them.
fn other_invitee(operator: &Operator, all: &mut Acceptances) -> Option<()> {
    let first = all.acceptances.first_mut()?;
    let mut acceptance: Acceptance = payload(&first.acceptance);
    (acceptance.keys, acceptance.recovery) = (operator.own.public_keys(), operator.own.public_keys());
    let mut signed = Signed::create(&acceptance, &[operator.own.signing_key()]).unwrap();
    // The signature of the invitation's key stays, which was over the right keys.
    signed.signatures.extend(first.acceptance.signatures.iter().cloned());
    first.acceptance = signed;
    Some(())
}
