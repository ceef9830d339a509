//! Every route times every kind of caller, from the table itself; and the table as a document.

use crate::world::*;
use std::collections::BTreeMap;
use stronghold_protocol::{
    api::profile_segment,
    audit::{Outcome, UnsignedAction},
    directory::{Conditions, Role},
    request::Method,
};
use stronghold_server::access::{Action, CallerKind, Callers, Found, find_route, openapi_document, routes};

/// A body that each route understands, so that only access decides.
fn body_for(action: Action) -> Vec<u8> {
    match action {
        Action::SealsRead => br#"{"objects":[],"histories":false}"#.to_vec(),
        _ => b"{}".to_vec(),
    }
}

fn query_for(action: Action) -> &'static str {
    match action {
        Action::ProfileList | Action::ProfileRead | Action::SecretsRead | Action::RevisionList => "anchor=0",
        Action::VersionsRead => "of=01890000-0000-7000-8000-000000000000.1",
        Action::IntroducedRead => "from=1",
        Action::DirectoryRead | Action::AuditRead => "from=0",
        _ => "",
    }
}

/// A profile by its name, as a segment.
fn production() -> String {
    profile_segment(&"production".parse().unwrap())
}

#[tokio::test]
async fn each_signed_route_serves_exactly_the_kinds_that_the_table_names() {
    let mut world = World::new().await;
    world.create_profile("production").await;
    let group = world.create_group("deploy", &["production"], true).await;
    world.grant_history(group, "production").await;
    let mut callers: BTreeMap<CallerKind, Actor> = BTreeMap::new();
    callers.insert(CallerKind::Agent, world.create_agent("agent", &[group], Conditions::default()).await);
    callers.insert(CallerKind::Editor, world.create_user("editor", Role::Editor, &[group]).await);
    callers.insert(CallerKind::Auditor, world.create_user("auditor", Role::Auditor, &[]).await);
    callers.insert(CallerKind::Admin, world.create_admin("admin").await);
    callers.insert(CallerKind::Owner, Actor::user("owner"));
    callers.insert(CallerKind::Recovery, Actor::recovery_kit("owner"));
    callers.insert(CallerKind::Invitee, world.invite("guest", Role::Editor, &[group]).await);
    assert_eq!(callers.len(), CallerKind::ALL.len());
    let mut pairs = 0;
    for route in routes().iter().filter(|route| route.is_signed()) {
        let path = route.pattern.replace("{org}", &world.org.to_string()).replace("{profile}", &production());
        let body = if route.method == Method::Post { body_for(route.action) } else { Vec::new() };
        for (kind, caller) in &callers {
            let request = world.sign(caller, route.method, &path, query_for(route.action), &body);
            let code = code(&world.send(&request, body.clone()).await);
            let label = format!("{} as {kind:?}: {code}", route.pattern);
            if route.allows(*kind) {
                // Bodies of writes are empty objects, so whoever may write gets as far as being told that.
                assert!(matches!(code.as_str(), "ok" | "malformed"), "{label}");
            } else {
                assert_eq!(code, "forbidden", "{label}");
            }
            let last = world.records().await.pop().unwrap();
            // Who holds an invitation is nobody yet.
            let principal = (*kind != CallerKind::Invitee).then_some(caller.id);
            assert_eq!((last.principal, last.action.as_str()), (principal, route.action.name()), "{label}");
            last.verify_request_signature(&caller.keys.sign).unwrap();
            assert_eq!(last.outcome == Outcome::Allowed, code == "ok", "{label}");
            pairs += 1;
        }
    }
    assert_eq!(pairs, routes().iter().filter(|route| route.is_signed()).count() * CallerKind::ALL.len());
}

/// What nobody signs is recorded as the server's word; what is of no organization has no log that it could be in.
#[test]
fn only_what_is_of_no_organization_leaves_no_record() {
    let public = routes().iter().filter(|route| !route.is_signed()).map(|route| route.action.name());
    let (recorded, unrecorded): (Vec<_>, Vec<_>) = public.partition(|name| UnsignedAction::named(name).is_some());
    assert_eq!(recorded, UnsignedAction::ALL.map(UnsignedAction::name));
    assert_eq!(unrecorded, ["server.health", "server.ready", "server.openapi", "org.setup"]);
    assert!(routes().iter().all(|route| !route.is_signed() || UnsignedAction::named(route.action.name()).is_none()));
}

#[tokio::test]
async fn nobody_reaches_a_signed_route_without_a_signature() {
    let world = World::new().await;
    for route in routes().iter().filter(|route| route.is_signed()) {
        let path = route.pattern.replace("{org}", &world.org.to_string()).replace("{profile}", &production());
        let answer = unsigned(&world.service, route.method.as_str(), &path, &serde_json::json!({})).await;
        assert_eq!(code(&answer), "unauthenticated", "{}", route.pattern);
    }
}

#[test]
fn an_agent_reads_and_nothing_else() {
    for route in routes().iter().filter(|route| route.is_signed() && route.allows(CallerKind::Agent)) {
        assert_eq!(route.method, Method::Get, "{}", route.pattern);
        let reads =
            [Action::WhoAmI, Action::ProfileList, Action::ProfileRead, Action::SecretsRead, Action::CheckpointRead];
        assert!(reads.contains(&route.action), "{}", route.pattern);
    }
}

#[test]
fn an_auditor_reads_no_profile_and_no_key() {
    for route in routes().iter().filter(|route| route.is_signed() && route.allows(CallerKind::Auditor)) {
        let reads =
            [Action::WhoAmI, Action::DirectoryRead, Action::ActivityRead, Action::AuditRead, Action::CheckpointRead];
        let own_account = [Action::AccountRegister, Action::AccountReplace, Action::UserRequestKeys];
        assert!(reads.contains(&route.action) || own_account.contains(&route.action), "{}", route.pattern);
    }
}

#[test]
fn a_recovery_kit_replaces_a_password_and_nothing_else() {
    let allowed = routes().iter().filter(|route| route.is_signed() && route.allows(CallerKind::Recovery));
    let actions: Vec<Action> = allowed.map(|route| route.action).collect();
    assert_eq!(actions, [Action::AccountRegister, Action::AccountReplace, Action::RecoveryRead]);
}

#[test]
fn a_path_is_one_route_or_none() {
    let known = |method, path| matches!(find_route(method, path), Found::Route { .. });
    assert!(known("GET", "/healthz"));
    assert!(!known("GET", "/healthz/"));
    assert!(!known("get", "/healthz"));
    assert!(!known("GET", "//healthz"));
    assert!(!known("GET", ""));
    assert!(matches!(find_route("DELETE", "/v1/orgs"), Found::OtherMethod(Method::Post)));
    assert!(matches!(find_route("GET", "/v2/orgs"), Found::Nothing));
    let mut seen = std::collections::BTreeSet::new();
    for route in routes() {
        assert!(seen.insert((route.method.as_str(), route.pattern)), "{} stands twice", route.pattern);
        assert_eq!(matches!(route.callers, Callers::Signed(_)), route.pattern.contains("{org}"));
    }
}

#[test]
fn the_document_in_the_repository_is_the_tables() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    let current = serde_json::to_string_pretty(&openapi_document()).unwrap() + "\n";
    if std::env::var_os("STRONGHOLD_BLESS").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == current, "docs/openapi.json is stale: run this test with STRONGHOLD_BLESS=1");
}
