//! New keys of those who ask for them: what is signed by whom, and that nobody is ever left with keys that do not count.

use crate::{
    database::{self, open_all},
    passwords::{NEXT, change, log_in},
    people::{PASSWORD, set, value},
    world::{Death, Wire, World, code},
};
use rusqlite::{Connection, params};
use stronghold_sdk::{
    Error, ErrorKind, LocalIdentity,
    admin::{Access, Account, NewMember, Recover, Session},
    crypto::identity::Identity,
    protocol::{
        crypto::sign::KeyId,
        directory::Role,
        id::{GroupId, UserId},
        key_request::KeyRequest,
        signed::Signed,
        token::AccountKey,
    },
};
use zeroize::Zeroizing;

/// A member with the session of one device.
struct Member {
    name: &'static str,
    session: Session<Wire>,
    made: NewMember,
}

impl Member {
    async fn join(world: &mut World, name: &'static str, role: Role, groups: &[GroupId]) -> Self {
        let invite = world.invited(name, role, groups).await;
        let made = world.accept(&invite, name).await.unwrap();
        let _made = crate::people::confirm(&mut world.session, invite.invite).await.unwrap();
        Self { name, session: world.try_session(&made.account).await.unwrap(), made }
    }

    fn user(&self) -> UserId {
        self.made.account.user
    }

    fn key(&self) -> &AccountKey {
        &self.made.account_key
    }

    async fn ask(&mut self) -> Result<KeyId, Error> {
        self.session.request_new_keys(log_in(&self.made.account_key, self.name, PASSWORD)).await
    }

    async fn opens(&self, world: &World, password: &str) -> Account {
        Account::log_in(&world.client(), log_in(self.key(), self.name, password)).await.unwrap()
    }
}

/// Whether these are the keys that the directory states.
fn in_force(session: &Session<Wire>, account: &Account) -> bool {
    let keys = LocalIdentity::from_seed(account.org, account.user.into(), &account.seed).public_keys();
    session.directory().user(&account.user).is_some_and(|entry| entry.keys == keys)
}

#[tokio::test]
async fn new_keys_of_every_other_role_are_asked_for_and_confirmed() {
    for role in [Role::Admin, Role::Editor, Role::Auditor] {
        let mut world = World::new().await;
        let production = world.profile("production", &[("KEY", "1")]).await;
        let group = world.group("writers", &[]).await;
        world.session.grant(group, production, Access::Write).await.unwrap();
        let token = world.token("agent", &[group]).await;
        let groups: &[GroupId] = if role == Role::Auditor { &[] } else { &[group] };
        let mut member = Member::join(&mut world, "ada", role, groups).await;
        let old = Identity::from_seed(&member.made.account.seed);
        let fingerprint = member.ask().await.unwrap();
        // Asking alone changes nothing.
        member.session.sync().await.unwrap();
        assert_eq!(member.opens(&world, PASSWORD).await.seed, member.made.account.seed);
        let asked = world.session.key_requests().await.unwrap();
        let asked: Vec<_> = asked.iter().map(|asked| (asked.value().user, asked.value().fingerprint())).collect();
        assert_eq!(asked, [(member.user(), fingerprint)]);

        world.session.confirm_keys(member.user(), fingerprint).await.unwrap();
        world.session.finish_rekeys(&mut |_| {}).await.unwrap();
        assert!(world.session.key_requests().await.unwrap().is_empty());
        assert_eq!(code(member.session.sync().await), "key_ended");
        // Password and account key open the new ones, and so does the recovery kit.
        let account = member.opens(&world, PASSWORD).await;
        assert!(in_force(&world.session, &account));
        let mut again = world.try_session(&account).await.unwrap();
        let seals = database::seals(&Connection::open(world.database()).unwrap());
        let newest = |key: &Identity| {
            let epochs = open_all(account.org, key.kem_key(), &seals).1;
            epochs.keys().map(|(_, epoch)| epoch.get()).max()
        };
        let (before, now) = (newest(&old), newest(&Identity::from_seed(&account.seed)));
        if role == Role::Auditor {
            assert_eq!((before, now), (None, None));
            again.audit_page(0).await.unwrap();
        } else {
            assert_eq!((before, now), (Some(1), Some(2)));
            assert_eq!(value(&again, production).await.unwrap(), "1");
            set(&mut again, production, "2").await.unwrap();
            assert_eq!(world.agent(&token).0.pull("production").await.unwrap().len(), 1, "agents notice nothing");
        }
        let kit = member.made.recovery_kit;
        let recover = Recover { kit, password: Zeroizing::new(NEXT.to_owned()), floor: None };
        assert_eq!(Account::recover(&world.client(), recover).await.unwrap().account.seed, account.seed);
        world.session.verify_audit(&mut |_| {}).await.unwrap();
    }
}

#[tokio::test]
async fn who_may_ask_and_who_may_confirm() {
    let mut world = World::new().await;
    let mut admin = Member::join(&mut world, "admin", Role::Admin, &[]).await;
    let mut second = Member::join(&mut world, "second", Role::Admin, &[]).await;
    let mut editor = Member::join(&mut world, "editor", Role::Editor, &[]).await;
    let own = world.own_log_in();
    assert_eq!(
        world.session.request_new_keys(own).await.unwrap_err().kind(),
        ErrorKind::Failure,
        "an owner needs nobody"
    );
    let with = log_in(editor.key(), "editor", PASSWORD);
    assert_eq!(code(editor.session.rotate_own_keys(with).await), "forbidden");
    let others = log_in(editor.key(), "editor", PASSWORD);
    second.session.request_new_keys(others).await.unwrap_err();
    // An admin's keys stand in the roster, which an owner signs.
    let (of_editor, of_second) = (editor.ask().await.unwrap(), second.ask().await.unwrap());
    assert_eq!(code(crate::people::confirm_keys(&mut admin.session, second.user()).await), "forbidden");
    assert_eq!(code(editor.session.key_requests().await), "forbidden");
    crate::people::confirm_keys(&mut admin.session, editor.user()).await.unwrap();
    // Another fingerprint, and nobody's request.
    assert_eq!(world.session.confirm_keys(second.user(), of_editor).await.unwrap_err().kind(), ErrorKind::Failure);
    assert_eq!(
        crate::people::confirm_keys(&mut world.session, admin.user()).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    world.session.confirm_keys(second.user(), of_second).await.unwrap();
    let account = second.opens(&world, PASSWORD).await;
    assert!(in_force(&world.session, &account));
    let mut again = world.try_session(&account).await.unwrap();
    again.create_group("by the new keys".parse().unwrap()).await.unwrap();
    assert_eq!(code(admin.ask().await.map(drop).and(second.session.sync().await)), "key_ended");
}

/// The last request counts, until the password changes or the member is gone.
#[tokio::test]
async fn a_request_ends_with_another_one_a_password_or_the_member() {
    let mut world = World::new().await;
    let mut member = Member::join(&mut world, "ada", Role::Editor, &[]).await;
    let first = member.ask().await.unwrap();
    let second = member.ask().await.unwrap();
    assert_ne!(first, second);
    assert_eq!(world.session.confirm_keys(member.user(), first).await.unwrap_err().kind(), ErrorKind::Failure);
    let with = log_in(member.key(), "ada", PASSWORD);
    Account::change_password(&world.client(), change(with, false)).await.unwrap();
    let ended = crate::people::confirm_keys(&mut world.session, member.user()).await;
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::NotFound, "its envelope opens with the old password");
    assert!(in_force(&world.session, &member.opens(&world, NEXT).await));
    member.session.request_new_keys(log_in(&member.made.account_key, "ada", NEXT)).await.unwrap();
    let _made = world.session.remove_user(member.user()).await.unwrap();
    assert!(world.session.key_requests().await.unwrap().is_empty());
}

/// What a server shows in place of a request is believed only if the member's keys in force and the new ones signed it.
#[tokio::test]
async fn a_server_brings_no_keys_of_its_own() {
    let mut world = World::new().await;
    let mut ada = Member::join(&mut world, "ada", Role::Editor, &[]).await;
    let mut grace = Member::join(&mut world, "grace", Role::Editor, &[]).await;
    ada.ask().await.unwrap();
    let database = Connection::open(world.database()).unwrap();
    let stored = |user: UserId| -> Vec<u8> {
        let sql = "SELECT request FROM key_requests WHERE user = ?1";
        database.query_row(sql, [user.as_bytes()], |row| row.get::<_, Vec<u8>>(0)).unwrap()
    };
    let show = |user: UserId, request: &[u8]| {
        let sql = "UPDATE key_requests SET request = ?1 WHERE user = ?2";
        assert_eq!(database.execute(sql, params![request, user.as_bytes()]).unwrap(), 1);
    };
    grace.ask().await.unwrap();
    let genuine = stored(ada.user());
    let (own, servers) = (Identity::from_seed(&ada.made.account.seed), Identity::from_seed(&[7; 32]));
    let said = KeyRequest {
        org: ada.made.account.org,
        user: ada.user(),
        replaces: own.signing_key().public_key().key_id(),
        keys: servers.public_keys(),
    };
    let signed = |said: &KeyRequest, keys: &[&Identity]| {
        let keys: Vec<_> = keys.iter().map(|key| key.signing_key()).collect();
        serde_json::to_vec(&Signed::create(said, &keys).unwrap()).unwrap()
    };
    let in_force = KeyRequest { keys: own.public_keys(), ..said.clone() };
    for forged in [
        signed(&said, &[&servers]),
        signed(&said, &[&own]),
        signed(&in_force, &[&own]),
        signed(&KeyRequest { user: grace.user(), ..said.clone() }, &[&own, &servers]),
        signed(&KeyRequest { replaces: KeyId([1; 32]), ..said.clone() }, &[&own, &servers]),
        stored(grace.user()),
    ] {
        show(ada.user(), &forged);
        let error = crate::people::confirm_keys(&mut world.session, ada.user()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    }
    // A request that Ada superseded, shown again: her keys signed it, but not the ones that she was told last.
    let latest = ada.ask().await.unwrap();
    let newer = stored(ada.user());
    show(ada.user(), &genuine);
    let superseded = world.session.confirm_keys(ada.user(), latest).await.unwrap_err();
    assert!(superseded.to_string().contains("another fingerprint"), "{superseded}");
    show(ada.user(), &newer);
    crate::people::confirm_keys(&mut world.session, ada.user()).await.unwrap();
    // A request of before is of keys that are over.
    let mut again = world.try_session(&ada.opens(&world, PASSWORD).await).await.unwrap();
    again.request_new_keys(log_in(ada.key(), "ada", PASSWORD)).await.unwrap();
    show(ada.user(), &genuine);
    assert_eq!(world.session.key_requests().await.unwrap_err().kind(), ErrorKind::Integrity);
}

/// Whoever dies at whatever point, password and account key open keys that are in force.
#[tokio::test]
async fn nobody_is_locked_out_by_a_death_on_the_way() {
    for arrives in [false, true] {
        for answered in 0..12 {
            let mut world = World::new().await;
            let production = world.profile("production", &[("KEY", "1")]).await;
            let group = world.group("readers", &[production]).await;
            let mut member = Member::join(&mut world, "ada", Role::Editor, &[group]).await;
            member.ask().await.unwrap();
            let wire = world.wire.clone();
            let confirmed = crate::people::confirm_keys(&mut world.session, member.user());
            let done = wire.until(Death { answered, arrives }, confirmed).await.is_some();
            let account = member.opens(&world, PASSWORD).await;
            let mut owner = world.second_session().await;
            owner.sync().await.unwrap();
            assert!(in_force(&owner, &account), "{answered} {arrives}");
            let session = world.try_session(&account).await.unwrap();
            assert_eq!(value(&session, production).await.unwrap(), "1", "{answered} {arrives}");
            if done {
                assert!(answered > 2, "it was killed at some points");
                break;
            }
        }
    }
}
