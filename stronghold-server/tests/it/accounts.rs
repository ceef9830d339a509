//! Setting up an organization, and logging in.

use crate::{fail_closed::world as failing_world, world::*};
use opaque_ke::{ClientLogin, ClientLoginFinishParameters, CredentialResponse};
use std::sync::atomic::Ordering;
use stronghold_protocol::{
    api::{
        AccountBundle, CreateOrganization, LOGIN_FINISH, LOGIN_START, LoginFinish, LoginFinished, LoginStart,
        LoginStarted, ORGS, RequestKeys, SETUP, SetupStart,
    },
    audit::{Outcome, Released},
    crypto::{
        password::{Account, CONTEXT, with_randomness},
        sign::SigningKey,
    },
    directory::{Change, Directory, Role, genesis_changes},
    encoding::Base64Bytes,
    id::{OrgId, UserId},
    key_request::KeyRequest,
    name::Email,
    roster::Roster,
    signed::Signed,
};
use stronghold_server::{
    access::RateLimit,
    service::{Limits, Outgoing, Service, Settings, SetupCode},
    store::{PasswordRecord, Store, sqlite::SqliteStore},
};

/// The first half of a log-in, as a client does it: the answer, and the message that finishes it where the password was right.
async fn start<S: Store>(
    service: &Service<S>,
    (org, user): (OrgId, UserId),
    password: &[u8],
) -> (Outgoing, Option<LoginFinish>) {
    let started = with_randomness(|rng| Ok(ClientLogin::<CheapSuite>::start(rng, password).unwrap())).unwrap();
    let request = Base64Bytes(started.message.serialize().to_vec());
    let first = unsigned(service, "POST", LOGIN_START, &LoginStart { org, user, request }).await;
    if first.status != 200 {
        return (first, None);
    }
    let reply: LoginStarted = reply(&first);
    let response = CredentialResponse::deserialize(&reply.response.0).unwrap();
    let account = Account::new(&org, &user);
    let finished = with_randomness(|rng| {
        let parameters = ClientLoginFinishParameters::new(Some(CONTEXT), account.identifiers(), None);
        Ok(started.state.finish(rng, password, response, parameters).ok())
    });
    let finalization = finished.unwrap().map(|finished| Base64Bytes(finished.message.serialize().to_vec()));
    (first, finalization.map(|finalization| LoginFinish { login: reply.login, finalization }))
}

/// Logs in like a client, and returns the two answers; the second only where the first can be used.
async fn log_in(world: &World<SqliteStore>, org: OrgId, user: UserId, password: &[u8]) -> (Outgoing, Option<Outgoing>) {
    let (first, finish) = start(&world.service, (org, user), password).await;
    let Some(finish) = finish else { return (first, None) };
    let second = unsigned(&world.service, "POST", LOGIN_FINISH, &finish).await;
    let again = unsigned(&world.service, "POST", LOGIN_FINISH, &finish).await;
    assert_eq!(code(&again), "login_refused", "an attempt is finished once");
    (first, Some(second))
}

#[tokio::test]
async fn the_right_password_releases_the_envelope() {
    let world = World::new().await;
    let (_, finished) = log_in(&world, world.org, world.owner.user_id(), PASSWORD).await;
    let finished: LoginFinished = reply(&finished.unwrap());
    assert_eq!(finished.envelope.0, ENVELOPE);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_look_the_same() {
    let world = World::new().await;
    let (wrong, nothing) = log_in(&world, world.org, world.owner.user_id(), b"wrong").await;
    assert!(nothing.is_none(), "the client sees that the password is wrong");
    let (nobody, nothing) = log_in(&world, world.org, UserId::from_bytes([1; 16]), PASSWORD).await;
    assert!(nothing.is_none());
    let (nowhere, nothing) = log_in(&world, OrgId([1; 32]), world.owner.user_id(), PASSWORD).await;
    assert!(nothing.is_none());
    let shape = |answer: &Outgoing| (answer.status, answer.body.len(), answer.headers[0].clone());
    assert_eq!(shape(&wrong), shape(&nobody));
    assert_eq!(shape(&wrong), shape(&nowhere));
}

/// Each half is in the log of whose it is, before it is answered; of who is no member there is no log.
#[tokio::test]
async fn both_halves_of_a_log_in_leave_their_records() {
    let world = World::new().await;
    let (org, user) = (world.org, world.owner.user_id());
    let created = world.records().await.remove(0);
    let genesis = created.directory;
    assert_eq!((created.action.as_str(), created.principal), ("org.create", Some(user.into())));
    assert_eq!(created.released, Some(Released::Statement { seq: genesis.seq, hash: genesis.hash }));
    let (before, head) = (world.records().await.len(), world.directory.head());
    // The right password; a wrong one, which only its client sees; and a proof that is none.
    log_in(&world, org, user, PASSWORD).await;
    log_in(&world, org, user, b"wrong").await;
    let (_, forged) = start(&world.service, (org, user), PASSWORD).await;
    let mut forged = forged.unwrap();
    forged.finalization.0[0] ^= 1;
    assert_eq!(code(&unsigned(&world.service, "POST", LOGIN_FINISH, &forged).await), "login_refused");
    // Nobody's.
    log_in(&world, org, UserId::from_bytes([1; 16]), PASSWORD).await;
    log_in(&world, OrgId([1; 32]), user, PASSWORD).await;
    let records = world.records().await.split_off(before);
    for record in &records {
        assert_eq!((record.principal, record.directory), (Some(user.into()), head));
        assert_eq!((record.address.as_deref(), record.signed(), &record.released), (Some("192.0.2.7"), None, &None));
    }
    let told = records.iter().map(|record| (record.action.as_str(), record.outcome, record.reason.as_deref()));
    let (start, finish) = ("login.start", "login.finish");
    let expected = [
        (start, Outcome::Allowed, None),
        (finish, Outcome::Allowed, None),
        (start, Outcome::Allowed, None),
        (start, Outcome::Allowed, None),
        (finish, Outcome::Denied, Some("login_refused")),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

/// Membership counts when the envelope is released, not only when the log-in began.
#[tokio::test]
async fn whoever_is_removed_between_the_halves_of_a_log_in_gets_nothing() {
    let mut world = World::new().await;
    let (org, user) = (world.org, member_with_password(&mut world).await.user_id());
    let (_, finish) = start(&world.service, (org, user), PASSWORD).await;
    world.commit(vec![Change::UserRemoved { id: user }], Vec::new()).await;
    let before = world.records().await.len();
    assert_eq!(code(&unsigned(&world.service, "POST", LOGIN_FINISH, &finish.unwrap()).await), "login_refused");
    assert_eq!(world.records().await.len(), before);
}

/// What a member asks for is believed only as they signed it, and the account follows the statement that puts it in force.
#[tokio::test]
async fn the_account_follows_the_keys_that_were_asked_for() {
    let mut world = World::new().await;
    let editor = member_with_password(&mut world).await;
    let path = world.path("key-requests");
    let request = |keys: &Actor, user: UserId| KeyRequest {
        org: world.org,
        user,
        replaces: editor.keys.sign.key_id(),
        keys: keys.keys.clone(),
    };
    let ask = |request: &KeyRequest, signers: &[&SigningKey], envelope: &[u8]| RequestKeys {
        request: Signed::create(request, signers).unwrap(),
        envelope: Base64Bytes(envelope.to_vec()),
        recovery: Base64Bytes(b"new recovery".to_vec()),
    };
    let (new, other) = (editor.rekeyed("new"), editor.rekeyed("other"));
    let said = request(&new, editor.user_id());
    let both: [&SigningKey; 2] = [&editor.sign, &new.sign];
    for bad in [
        ask(&said, &[&new.sign], b"new"),
        ask(&said, &[&editor.sign], b"new"),
        ask(&request(&new, world.owner.user_id()), &both, b"new"),
    ] {
        assert_eq!(code(&world.post(&editor, &path, &bad).await), "invalid_key_request");
    }
    assert_eq!(code(&world.post(&editor, &path, &ask(&said, &both, &[0; 20_000])).await), "too_large");
    let good = ask(&said, &both, b"new");
    assert_eq!(world.post(&editor, &path, &good).await.status, 200);
    // Other keys than those leave the account as it was, and the request is over.
    let rekeyed = |keys: &Actor| Change::UserRekeyed {
        id: editor.user_id(),
        keys: keys.keys.clone(),
        recovery: recovery("editor"),
    };
    let (org, user) = (world.org, editor.user_id());
    let (others, news) = (rekeyed(&other), rekeyed(&new));
    let read = async |world: &World<SqliteStore>| {
        let read =
            world.service.store().snapshot(move |tx| Ok((tx.password(&org, &user)?, tx.key_request(&org, &user)?)));
        let (password, asked) = read.await.unwrap();
        let password = password.unwrap();
        (password.envelope, password.recovery, asked.is_some())
    };
    let unchanged = (b"the editor's".to_vec(), Vec::new());
    assert_eq!(read(&world).await, (unchanged.0.clone(), unchanged.1.clone(), true));
    world.commit(vec![others], Vec::new()).await;
    assert_eq!(read(&world).await, (unchanged.0, unchanged.1, false));
    // Those that were asked for bring theirs.
    let said = KeyRequest { replaces: other.keys.sign.key_id(), ..said };
    let good = ask(&said, &[&other.sign, &new.sign], b"new");
    assert_eq!(world.post(&other, &path, &good).await.status, 200);
    world.commit(vec![news], Vec::new()).await;
    assert_eq!(read(&world).await, (b"new".to_vec(), b"new recovery".to_vec(), false));
}

#[tokio::test]
async fn a_log_in_that_cannot_be_recorded_is_not_answered() {
    let (world, fails) = failing_world().await;
    let account = (world.org, world.owner.user_id());
    let (_, finish) = start(&world.service, account, PASSWORD).await;
    let before = world.records().await.len();
    fails.store(true, Ordering::SeqCst);
    let (refused, _) = start(&world.service, account, PASSWORD).await;
    let answer = unsigned(&world.service, "POST", LOGIN_FINISH, &finish.unwrap()).await;
    for answer in [refused, answer] {
        assert_eq!((answer.status, code(&answer).as_str()), (503, "unavailable"));
    }
    fails.store(false, Ordering::SeqCst);
    assert_eq!(world.records().await.len(), before);
    // A clock far behind the newest record would write one that is older than that.
    world.clock.advance_millis(-60_000);
    assert_eq!(start(&world.service, account, PASSWORD).await.0.status, 503);
    assert_eq!(world.records().await.len(), before);
}

/// An editor who can log in.
async fn member_with_password(world: &mut World<SqliteStore>) -> Actor {
    let editor = world.create_user("editor", Role::Editor, &[]).await;
    let (org, user) = (world.org, editor.user_id());
    let setup_code = SetupCode::generate().unwrap();
    world.service.allow_setup(&setup_code).await.unwrap();
    let (upload, _) = register(&world.service, setup_code.expose(), org, user).await;
    let record = stronghold_protocol::crypto::password::password_record(&upload).unwrap().as_bytes().to_vec();
    let password = PasswordRecord { record, envelope: b"the editor's".to_vec(), recovery: Vec::new() };
    world.service.store().locked(Some(org), move |tx| tx.put_password(&org, &user, &password)).await.unwrap();
    editor
}

#[tokio::test]
async fn a_removed_user_logs_in_no_more_than_one_who_never_was() {
    let mut world = World::new().await;
    let (org, user) = (world.org, member_with_password(&mut world).await.user_id());
    let (_, finished) = log_in(&world, org, user, PASSWORD).await;
    assert_eq!(reply::<LoginFinished>(&finished.unwrap()).envelope.0, b"the editor's");
    world.commit(vec![Change::UserRemoved { id: user }], Vec::new()).await;
    let (started, finished) = log_in(&world, org, user, PASSWORD).await;
    assert_eq!(started.status, 200);
    assert!(finished.is_none(), "the answer is the one for nobody");
}

#[tokio::test]
async fn an_attempt_ends_after_two_minutes() {
    let world = World::new().await;
    let (_, finish) = start(&world.service, (world.org, world.owner.user_id()), PASSWORD).await;
    world.clock.advance_millis(2 * 60 * 1000 + 1);
    assert_eq!(code(&unsigned(&world.service, "POST", LOGIN_FINISH, &finish.unwrap()).await), "login_refused");
}

#[tokio::test]
async fn log_ins_of_an_account_and_of_an_address_are_limited() {
    let narrow = RateLimit { burst: 2, per_minute: 2 };
    let wide = settings().limits;
    let world = World::with_settings(Settings { limits: Limits { account: narrow, ..wide }, ..settings() }).await;
    let (user, other) = (world.owner.user_id(), UserId::from_bytes([1; 16]));
    // With a wrong password: where a log-in was completed has a limit of its own (`login_limits`).
    for _ in 0..2 {
        assert_eq!(log_in(&world, world.org, user, b"wrong").await.0.status, 200);
    }
    let (limited, _) = log_in(&world, world.org, user, PASSWORD).await;
    assert_eq!(code(&limited), "rate_limited");
    assert!(limited.headers.iter().any(|(name, _)| *name == "retry-after"));
    assert_eq!(log_in(&world, world.org, other, PASSWORD).await.0.status, 200);
    // Set-up took two tries of the address already.
    let login = RateLimit { burst: 3, per_minute: 2 };
    let world = World::with_settings(Settings { limits: Limits { login, ..wide }, ..settings() }).await;
    let start = LoginStart { org: world.org, user, request: Base64Bytes(Vec::new()) };
    assert_eq!(code(&unsigned(&world.service, "POST", LOGIN_START, &start).await), "malformed");
    assert_eq!(code(&unsigned(&world.service, "POST", LOGIN_START, &start).await), "rate_limited");
}

/// The genesis of another organization on the same server.
fn second_org(world: &World<SqliteStore>, owner: &Actor, adjust: impl FnOnce(&mut Vec<Change>)) -> CreateOrganization {
    let roster = genesis_roster(owner);
    let email = Email::new("second@acme.example").unwrap();
    let mut changes = genesis_changes(
        roster.clone(),
        name("Second"),
        keys().checkpoint_public_key(),
        kem("second admins"),
        (owner.user_id(), email, owner.keys.clone(), recovery("second")),
    );
    adjust(&mut changes);
    let draft = Directory::draft_genesis(&roster, changes.clone(), world.now()).unwrap();
    let (statement, directory) = draft.sign(&[&owner.sign]).unwrap();
    CreateOrganization {
        setup_code: String::new(),
        statement,
        seals: seals_for(&directory, None, &changes, world.now()),
        account: AccountBundle {
            user: owner.user_id(),
            registration: registration_upload(),
            envelope: Base64Bytes(vec![1]),
            recovery: Base64Bytes(vec![2]),
        },
    }
}

/// An upload that is well formed; nobody logs in with it.
fn registration_upload() -> Base64Bytes {
    use opaque_ke::{ClientRegistration, ClientRegistrationFinishParameters, ServerRegistration, ServerSetup};
    let upload = with_randomness(|rng| {
        let setup = ServerSetup::<CheapSuite>::new(rng);
        let started = ClientRegistration::<CheapSuite>::start(rng, PASSWORD).unwrap();
        let answer = ServerRegistration::start(&setup, started.message, b"anyone").unwrap();
        let parameters = ClientRegistrationFinishParameters::default();
        Ok(started.state.finish(rng, PASSWORD, answer.message, parameters).unwrap().message.serialize().to_vec())
    });
    Base64Bytes(upload.unwrap())
}

#[tokio::test]
async fn a_setup_code_makes_one_organization() {
    let world = World::new().await;
    let second = Actor::user("second");
    let mut create = second_org(&world, &second, |_| {});
    let post = async |create: &CreateOrganization| unsigned(&world.service, "POST", ORGS, create).await;
    assert_eq!(code(&post(&create).await), "setup_code_refused");
    let code_made = SetupCode::generate().unwrap();
    world.service.allow_setup(&code_made).await.unwrap();
    create.setup_code = code_made.expose().to_owned();
    // A refusal does not use the code up.
    let seals = std::mem::take(&mut create.seals);
    assert_eq!(code(&post(&create).await), "missing_seals");
    create.seals = seals;
    let mut foreign = second_org(&world, &second, |changes| {
        changes[2] = Change::CheckpointKeyChanged { key: second.keys.sign };
    });
    foreign.setup_code = create.setup_code.clone();
    assert_eq!(code(&post(&foreign).await), "invalid_statement");
    let mut forged = second_org(&world, &second, |_| {});
    forged.setup_code = create.setup_code.clone();
    forged.statement.header.signatures.clear();
    assert_eq!(code(&post(&forged).await), "invalid_statement");
    assert_eq!(post(&create).await.status, 200);
    assert_eq!(code(&post(&create).await), "setup_code_refused");
    let third = SetupCode::generate().unwrap();
    world.service.allow_setup(&third).await.unwrap();
    create.setup_code = third.expose().to_owned();
    assert_eq!(code(&post(&create).await), "conflict", "the organization exists");
    let org = OrgId(genesis_roster(&second).hash_as::<Roster>().0);
    let path = stronghold_protocol::api::org_path(&org, "whoami");
    assert_eq!(world.get(&second, &path, "").await.status, 200);
    // The two organizations know nothing of each other.
    assert_eq!(code(&world.get(&second, &world.path("whoami"), "").await), "unauthenticated");
}

#[tokio::test]
async fn a_wrong_setup_code_registers_nobody() {
    let world = World::new().await;
    let setup_code = SetupCode::generate().unwrap().expose().to_owned();
    let start = SetupStart {
        setup_code: setup_code.clone(),
        org: world.org,
        user: world.owner.user_id(),
        registration: Base64Bytes(vec![0; 32]),
    };
    let answer = unsigned(&world.service, "POST", SETUP, &start).await;
    assert_eq!(code(&answer), "setup_code_refused");
    assert!(!String::from_utf8_lossy(&answer.body).contains(&setup_code));
}

#[tokio::test]
async fn public_routes_refuse_what_is_not_theirs() {
    let world = World::new().await;
    let post = async |path: &str, body: serde_json::Value| unsigned(&world.service, "POST", path, &body).await;
    for path in [SETUP, ORGS, LOGIN_START, LOGIN_FINISH] {
        assert_eq!(code(&post(path, serde_json::json!({"setup_code": "s3cr3t"})).await), "malformed", "{path}");
        assert_eq!(code(&unsigned(&world.service, "GET", path, &()).await), "method_not_allowed", "{path}");
        let huge = serde_json::json!("x".repeat(3 * 1024 * 1024));
        assert_eq!(code(&post(path, huge).await), "too_large", "{path}");
    }
    assert_eq!(unsigned(&world.service, "GET", "/healthz", &()).await.status, 200);
    assert_eq!(unsigned(&world.service, "GET", "/readyz", &()).await.status, 200);
    assert_eq!(code(&unsigned(&world.service, "GET", "/", &()).await), "not_found");
}
