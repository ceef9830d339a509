//! Who tries an account again and again keeps nobody out who was there before.

use crate::world::*;
use opaque_ke::{ClientLogin, ClientLoginFinishParameters, CredentialResponse};
use stronghold_protocol::{
    api::{LOGIN_FINISH, LOGIN_START, LoginFinish, LoginStart, LoginStarted},
    crypto::password::{Account, CONTEXT, with_randomness},
    encoding::Base64Bytes,
    id::{OrgId, UserId},
    limits::LOGIN_SOURCES,
};
use stronghold_server::{
    access::RateLimit,
    service::{Incoming, Limits, Service, Settings},
    store::sqlite::SqliteStore,
};

const ONCE_A_MINUTE: RateLimit = RateLimit { burst: 3, per_minute: 3 };
const MOST: usize = ONCE_A_MINUTE.burst as usize;

async fn world_with(limits: impl FnOnce(Limits) -> Limits) -> World<SqliteStore> {
    World::with_settings(Settings { limits: limits(settings().limits), ..settings() }).await
}

async fn post(
    service: &Service<SqliteStore>,
    from: &str,
    path: &str,
    body: &impl serde::Serialize,
) -> stronghold_server::service::Outgoing {
    let incoming = Incoming {
        method: "POST".to_owned(),
        target: path.to_owned(),
        headers: Vec::new(),
        body: serde_json::to_vec(body).unwrap().into(),
        address: Some(from.parse().unwrap()),
    };
    handled(service, incoming).await
}

/// Begins a log-in from an address; the code of its answer, and the message that finishes it.
async fn begin(
    service: &Service<SqliteStore>,
    (org, user): (OrgId, UserId),
    from: &str,
) -> (String, Option<LoginFinish>) {
    let started = with_randomness(|rng| Ok(ClientLogin::<CheapSuite>::start(rng, PASSWORD).unwrap())).unwrap();
    let request = Base64Bytes(started.message.serialize().to_vec());
    let answer = post(service, from, LOGIN_START, &LoginStart { org, user, request }).await;
    if answer.status != 200 {
        return (code(&answer), None);
    }
    let LoginStarted { login, response } = reply(&answer);
    let response = CredentialResponse::deserialize(&response.0).unwrap();
    let account = Account::new(&org, &user);
    let finished = with_randomness(|rng| {
        let parameters = ClientLoginFinishParameters::new(Some(CONTEXT), account.identifiers(), None);
        Ok(started.state.finish(rng, PASSWORD, response, parameters).ok())
    });
    let finished = finished.unwrap().map(|finished| Base64Bytes(finished.message.serialize().to_vec()));
    ("ok".to_owned(), finished.map(|finalization| LoginFinish { login, finalization }))
}

/// Logs in from an address; the code of the answer that was the last.
async fn log_in(service: &Service<SqliteStore>, account: (OrgId, UserId), from: &str) -> String {
    match begin(service, account, from).await {
        (_, Some(finish)) => code(&post(service, from, LOGIN_FINISH, &finish).await),
        (refused, None) => refused,
    }
}

/// Tries an account from as many addresses as there are, until it is refused.
async fn exhaust(world: &World<SqliteStore>, account: (OrgId, UserId)) {
    for number in 0..=MOST {
        let (code, _) = begin(&world.service, account, &format!("198.51.100.{number}")).await;
        assert_eq!(code, if number < MOST { "ok" } else { "rate_limited" });
    }
}

#[tokio::test]
async fn strangers_use_up_their_own_share_of_an_account() {
    let world = world_with(|limits| Limits { account: ONCE_A_MINUTE, ..limits }).await;
    let account = (world.org, world.owner.user_id());
    assert_eq!(log_in(&world.service, account, "192.0.2.1").await, "ok");
    world.clock.advance_millis(60_000);
    exhaust(&world, account).await;
    // Where the person was before they get in, as often as anyone; elsewhere they wait.
    for _ in 0..MOST {
        assert_eq!(log_in(&world.service, account, "192.0.2.1").await, "ok");
    }
    assert_eq!(log_in(&world.service, account, "192.0.2.1").await, "rate_limited");
    assert_eq!(log_in(&world.service, account, "192.0.2.2").await, "rate_limited");
    // One IPv6 network is one address.
    world.clock.advance_millis(60_000);
    assert_eq!(log_in(&world.service, account, "2001:db8::1").await, "ok");
    exhaust_rest(&world, account).await;
    assert_eq!(log_in(&world.service, account, "2001:db8::2").await, "ok");
    assert_eq!(log_in(&world.service, account, "2001:db8:0:1::1").await, "rate_limited");
}

async fn exhaust_rest(world: &World<SqliteStore>, account: (OrgId, UserId)) {
    while begin(&world.service, account, "203.0.113.1").await.0 == "ok" {}
}

#[tokio::test]
async fn only_a_completed_log_in_makes_an_address_known() {
    let world = world_with(|limits| Limits { account: ONCE_A_MINUTE, ..limits }).await;
    let account = (world.org, world.owner.user_id());
    // Begun, and finished with a wrong proof.
    begin(&world.service, account, "192.0.2.1").await;
    let (_, finish) = begin(&world.service, account, "192.0.2.1").await;
    let mut forged = finish.unwrap();
    forged.finalization.0[0] ^= 1;
    assert_eq!(code(&post(&world.service, "192.0.2.1", LOGIN_FINISH, &forged).await), "login_refused");
    exhaust_rest(&world, account).await;
    assert_eq!(begin(&world.service, account, "192.0.2.1").await.0, "rate_limited");
    // Another account of the same organization learns nothing from this one.
    world.clock.advance_millis(60_000);
    assert_eq!(log_in(&world.service, account, "192.0.2.1").await, "ok");
    let nobody = (world.org, UserId::from_bytes([9; 16]));
    exhaust_rest(&world, nobody).await;
    assert_eq!(begin(&world.service, nobody, "192.0.2.1").await.0, "rate_limited");
}

#[tokio::test]
async fn where_a_log_in_was_completed_is_known_after_a_restart() {
    let world = world_with(|limits| Limits { account: ONCE_A_MINUTE, ..limits }).await;
    let account = (world.org, world.owner.user_id());
    assert_eq!(log_in(&world.service, account, "192.0.2.1").await, "ok");
    let store = SqliteStore::open(&world.data.path().join("test.db")).unwrap();
    let again = Service::start(store, world.service.settings().clone(), keys(), world.clock.clone()).await.unwrap();
    while begin(&again, account, "203.0.113.1").await.0 == "ok" {}
    assert_eq!(log_in(&again, account, "192.0.2.1").await, "ok");
}

/// All accounts together: whoever is known is not kept out by strangers' tries of any account.
#[tokio::test]
async fn log_ins_of_all_accounts_have_a_budget_for_strangers_and_one_for_others() {
    let world = world_with(|limits| Limits { all_logins: ONCE_A_MINUTE, ..limits }).await;
    let account = (world.org, world.owner.user_id());
    assert_eq!(log_in(&world.service, account, "192.0.2.1").await, "ok");
    let tries = async |from: &str| {
        let mut codes = Vec::new();
        for number in 0..=MOST {
            let user = UserId::from_bytes([u8::try_from(number).unwrap(); 16]);
            codes.push(begin(&world.service, (world.org, user), from).await.0);
        }
        codes
    };
    assert_eq!(tries("198.51.100.1").await.last().unwrap(), "rate_limited");
    assert_eq!(begin(&world.service, account, "192.0.2.2").await.0, "rate_limited");
    assert_eq!(log_in(&world.service, account, "192.0.2.1").await, "ok");
}

/// However many addresses try, or were there before, a log grows by so much in a minute.
#[tokio::test]
async fn records_of_log_ins_stay_bounded_for_each_account() {
    let world = world_with(|limits| Limits { account: ONCE_A_MINUTE, ..limits }).await;
    let account = (world.org, world.owner.user_id());
    let known = LOGIN_SOURCES + 5;
    for number in 0..known {
        assert_eq!(log_in(&world.service, account, &format!("192.0.2.{number}")).await, "ok");
        world.clock.advance_millis(60_000);
    }
    let before = world.records().await.len();
    for round in 0..MOST * 3 {
        for number in 0..known {
            log_in(&world.service, account, &format!("192.0.2.{number}")).await;
            begin(&world.service, account, &format!("198.51.100.{}", (number + round) % 250)).await;
        }
    }
    // Two records of each log-in: that of each known address, and of all others together.
    let most = (LOGIN_SOURCES + 1) * MOST * 2;
    let written = world.records().await.len() - before;
    assert!(written <= most, "{written} records, and {most} at most");
    assert!(written >= LOGIN_SOURCES * MOST, "who was there before gets in");
}
