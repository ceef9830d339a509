//! Which problems a route answers with.

use crate::access::{Action, Route};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use stronghold_protocol::{
    problem::{
        Problem,
        ProblemCode::{self, *},
    },
    schema::DEFINITIONS,
};

/// What can be said of every request: before it is looked at, and when the server fails.
const ALWAYS: &[ProblemCode] =
    &[Malformed, TooLarge, Timeout, MethodNotAllowed, NotFound, Damaged, Internal, Unavailable];
/// What can be said of every signed request.
const SIGNED: &[ProblemCode] = &[
    RateLimited,
    Unauthenticated,
    ClockSkew,
    NonceUsed,
    Expired,
    NotYetValid,
    Inactive,
    Deleted,
    KeyEnded,
    AddressRefused,
    UsesExhausted,
    Forbidden,
];
/// What can be said of a statement and what comes with it.
const STATEMENT: &[ProblemCode] =
    &[Conflict, RevisionConflict, ProfileHeld, InvalidStatement, InvalidManifest, MissingSeals];

/// The problems of a route, by their status.
pub(super) fn responses(route: &Route) -> Map<String, Value> {
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    let signed = if route.is_signed() { SIGNED } else { &[] };
    for code in [ALWAYS, signed, of_action(route.action)].into_iter().flatten() {
        let codes = by_status.entry(code.status()).or_default();
        if !codes.contains(&code.as_str()) {
            codes.push(code.as_str());
        }
    }
    by_status.into_iter().map(|(status, codes)| (status.to_string(), response(status, &codes))).collect()
}

fn response(status: u16, codes: &[&str]) -> Value {
    let problem = json!({"$ref": format!("#{DEFINITIONS}/Problem")});
    let narrowed = json!({"properties": {"status": {"const": status}, "code": {"enum": codes}}});
    json!({
        "description": codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", "),
        "content": {(Problem::MEDIA_TYPE): {"schema": {"allOf": [problem, narrowed]}}},
    })
}

const fn of_action(action: Action) -> &'static [ProblemCode] {
    match action {
        Action::SetupStart => &[RateLimited, SetupCodeRefused],
        Action::OrgCreate => &[RateLimited, SetupCodeRefused, Conflict, InvalidStatement, MissingSeals],
        Action::LoginStart | Action::LoginFinish => &[RateLimited, LoginRefused],
        Action::ProfileWrite => &[Conflict, RevisionConflict, ProfileHeld, InvalidManifest],
        Action::ProfileStage => &[Conflict, RevisionConflict, InvalidManifest],
        Action::DirectoryCommit | Action::UserRotateKeys => STATEMENT,
        Action::UserRegister | Action::UserAccept => &[InvalidAcceptance, InvitationUsed],
        Action::UserRequestKeys => &[InvalidKeyRequest],
        Action::Health
        | Action::Ready
        | Action::OpenApi
        | Action::WhoAmI
        | Action::ProfileList
        | Action::ProfileRead
        | Action::SecretsRead
        | Action::RevisionList
        | Action::VersionsRead
        | Action::IntroducedRead
        | Action::DirectoryRead
        | Action::SealsRead
        | Action::ActivityRead
        | Action::AuditRead
        | Action::CheckpointRead
        | Action::AcceptanceRead
        | Action::KeyRequestRead
        | Action::AccountRegister
        | Action::AccountReplace
        | Action::RecoveryRead => &[],
    }
}
