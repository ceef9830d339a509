//! People: an invitation that only its code accepts, roles, removal, and one's own new keys.

use crate::{
    database::{self, open_all},
    world::{Death, Wire, World, code, open_session},
};
use rusqlite::Connection;
use secrecy::ExposeSecret;
use std::sync::Arc;
use stronghold_sdk::{
    Client, Error, ErrorKind,
    admin::{AcceptInvite, Access, Account, Decision, Edit, LogIn, NewInvite, NewMember, NewSecret, Session},
    crypto::identity::Identity,
    protocol::{
        acceptance::Acceptance,
        crypto::sign::KeyId,
        directory::Role,
        id::{GroupId, InviteId, ProfileId, UserId},
        limits,
        name::{Email, SecretName},
        signed::{Signed, Verified},
        time::Clock,
        token::{AccountKey, InviteCode},
    },
};
use zeroize::Zeroizing;

const DAY: i64 = 86_400_000;
pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) fn email(name: &str) -> Email {
    Email::new(&format!("{name}@acme.example")).unwrap()
}

impl World {
    pub(crate) async fn invited(&mut self, name: &str, role: Role, groups: &[GroupId]) -> InviteCode {
        let expires_at = self.clock.now().plus_millis(DAY);
        let new = NewInvite { email: email(name), role, groups: groups.to_vec(), expires_at, url: None };
        let minted = self.session.invite_user(new).await.unwrap();
        InviteCode::parse(minted.code.expose_secret()).unwrap()
    }

    pub(crate) async fn accept(&self, code: &InviteCode, name: &str) -> Result<NewMember, Error> {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let with =
            AcceptInvite { code: code.clone(), email: email(name), password: Zeroizing::new(PASSWORD.to_owned()) };
        Account::accept_invite(&self.client(), with, &clock).await
    }

    pub(crate) async fn try_session(&self, account: &Account) -> Result<Session<Wire>, Error> {
        Session::<Wire>::builder(account).in_process().open(self.client()).await
    }

    /// Invites, accepts and confirms.
    pub(crate) async fn member(&mut self, name: &str, role: Role, groups: &[GroupId]) -> (Session<Wire>, Account) {
        let code = self.invited(name, role, groups).await;
        let account = self.accept(&code, name).await.unwrap().account;
        assert_eq!(
            crate::people::confirm(&mut self.session, code.invite).await.unwrap(),
            (account.user, Decision::Made)
        );
        (self.try_session(&account).await.unwrap(), account)
    }

    pub(crate) async fn log_in(&self) -> Account {
        Account::log_in(&self.client(), self.own_log_in()).await.unwrap()
    }

    pub(crate) fn own_log_in(&self) -> LogIn {
        let account_key = AccountKey::parse(self.account_key.to_secret_string().expose_secret()).unwrap();
        LogIn { account_key, email: email("owner"), password: Zeroizing::new(PASSWORD.to_owned()) }
    }
}

/// Confirms who accepted an invitation, with the fingerprint that the server shows.
pub(crate) async fn confirm(session: &mut Session<Wire>, invite: InviteId) -> Result<(UserId, Decision), Error> {
    let accepted = session.acceptances().await?;
    let accepted = accepted.iter().map(Verified::value).find(|said| said.invite == invite);
    // Without one there is nothing to compare; the session says so.
    let fingerprint =
        accepted.map_or_else(|| Identity::from_seed(&[8; 32]).public_keys().sign.key_id(), |said| said.fingerprint());
    session.confirm_user(invite, fingerprint).await
}

/// Confirms the new keys that a member asks for, with the fingerprint that the server shows.
pub(crate) async fn confirm_keys(session: &mut Session<Wire>, user: UserId) -> Result<KeyId, Error> {
    let asked = session.key_requests().await?;
    let asked = asked.iter().map(Verified::value).find(|asked| asked.user == user);
    let fingerprint =
        asked.map_or_else(|| Identity::from_seed(&[8; 32]).public_keys().sign.key_id(), |asked| asked.fingerprint());
    session.confirm_keys(user, fingerprint).await.map(|()| fingerprint)
}

pub(crate) async fn set(session: &mut Session<Wire>, profile: ProfileId, value: &str) -> Result<(), Error> {
    let mut edit = Edit::default();
    let value = Zeroizing::new(value.as_bytes().to_vec());
    edit.set.insert(SecretName::new("KEY").unwrap(), NewSecret { value, note: None });
    session.edit(profile, &edit, false).await.map(drop)
}

pub(crate) async fn value(session: &Session<Wire>, profile: ProfileId) -> Result<String, Error> {
    let secrets = session.open_profile(profile).await?.into_secrets();
    Ok(secrets.get("KEY").unwrap().expose_str().unwrap().to_owned())
}

#[tokio::test]
async fn an_editor_joins_and_writes_only_where_that_is_granted() {
    let mut world = World::new().await;
    let (written, read) =
        (world.profile("written", &[("KEY", "1")]).await, world.profile("read", &[("KEY", "1")]).await);
    let foreign = world.profile("foreign", &[("KEY", "1")]).await;
    let (writers, readers) = (world.group("writers", &[]).await, world.group("readers", &[read]).await);
    world.session.grant(writers, written, Access::Write).await.unwrap();
    let invite = world.invited("editor", Role::Editor, &[writers, readers]).await;
    let member = world.accept(&invite, "editor").await.unwrap();
    assert_eq!(code(world.try_session(&member.account).await.map(drop)), "unauthenticated", "not confirmed yet");
    let accepted = world.session.acceptances().await.unwrap();
    assert_eq!(accepted.iter().map(|said| said.value().user).collect::<Vec<_>>(), [member.account.user]);
    assert_eq!(crate::people::confirm(&mut world.session, invite.invite).await.unwrap().1, Decision::Made);
    assert!(world.session.acceptances().await.unwrap().is_empty(), "it is used up");
    let mut editor = world.try_session(&member.account).await.unwrap();
    // The account key and the password open the same keys elsewhere.
    let with = LogIn {
        account_key: member.account_key,
        email: email("editor"),
        password: Zeroizing::new(PASSWORD.to_owned()),
    };
    let again = Account::log_in(&world.client(), with).await.unwrap();
    assert_eq!(again.seed, member.account.seed);

    set(&mut editor, written, "2").await.unwrap();
    assert_eq!(value(&world.session, written).await.unwrap(), "2");
    assert_eq!(value(&editor, read).await.unwrap(), "1");
    assert_eq!(code(set(&mut editor, read, "2").await), "forbidden");
    assert_eq!(code(value(&editor, foreign).await), "not_found");
    assert_eq!(code(editor.create_group("g".parse().unwrap()).await), "forbidden");
    assert_eq!(code(editor.delete_agent(world.token("a", &[]).await.agent).await), "forbidden");
    // Out of the group: what they wrote stays, and they write no more.
    world.session.remove_member(writers, member.account.user.into()).await.unwrap();
    assert_eq!(value(&world.session, written).await.unwrap(), "2");
    editor.sync().await.unwrap();
    assert_eq!(code(set(&mut editor, written, "3").await), "not_found");
}

#[tokio::test]
async fn only_a_holder_of_the_code_accepts_and_only_once_and_in_time() {
    let mut world = World::new().await;
    let invite = world.invited("guest", Role::Editor, &[]).await;
    assert_eq!(code(world.accept(&invite, "somebody.else").await), "invalid_acceptance");
    let forged = InviteCode { seed: Zeroizing::new([7; 32]), ..invite.clone() };
    assert_eq!(code(world.accept(&forged, "guest").await), "unauthenticated");
    let other_floor = InviteCode {
        floor: stronghold_sdk::protocol::token::TokenFloor { hash_prefix: [0; 16], ..invite.floor },
        ..invite.clone()
    };
    assert_eq!(world.accept(&other_floor, "guest").await.unwrap_err().kind(), ErrorKind::Integrity);
    world.accept(&invite, "guest").await.unwrap();
    assert_eq!(code(world.accept(&invite, "guest").await), "invitation_used", "the first one counts");

    let late = world.invited("late", Role::Editor, &[]).await;
    world.clock.advance_millis(DAY - 1);
    let just = world.accept(&late, "late").await.unwrap();
    world.clock.advance_millis(1);
    assert_eq!(code(world.accept(&late, "late").await), "expired");
    // Whoever accepted in time can be confirmed later.
    assert_eq!(
        crate::people::confirm(&mut world.session, late.invite).await.unwrap(),
        (just.account.user, Decision::Made)
    );
    let cancelled = world.invited("cancelled", Role::Editor, &[]).await;
    world.accept(&cancelled, "cancelled").await.unwrap();
    world.session.cancel_invite(cancelled.invite).await.unwrap();
    assert_eq!(
        crate::people::confirm(&mut world.session, cancelled.invite).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(code(world.accept(&cancelled, "cancelled").await), "unauthenticated");
    // The log knows who did it: the key of the invitation, which no principal has.
    world.session.verify_audit(&mut |_| {}).await.unwrap();
}

#[tokio::test]
async fn a_server_cannot_put_another_persons_keys_in_an_acceptance() {
    let mut world = World::new().await;
    let invite = world.invited("guest", Role::Admin, &[]).await;
    world.accept(&invite, "guest").await.unwrap();
    let org = invite.org;
    let user = UserId::from_bytes([8; 16]);
    let (eve, kit) = (Identity::from_seed(&[1; 32]), Identity::from_seed(&[2; 32]));
    let said = Acceptance {
        org,
        invite: invite.invite,
        user,
        email: email("guest"),
        keys: eve.public_keys(),
        recovery: kit.public_keys(),
    };
    let owner = Identity::from_seed(&world.owner.seed);
    for signers in
        [vec![eve.signing_key(), kit.signing_key()], vec![eve.signing_key(), kit.signing_key(), owner.signing_key()]]
    {
        let forged = Signed::create(&said, &signers).unwrap();
        world.wire.lies(move |request, mut reply| {
            if request.parts().path().ends_with("/acceptances") {
                let mut body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
                body["acceptances"][0]["acceptance"] = serde_json::to_value(&forged).unwrap();
                reply.body = serde_json::to_vec(&body).unwrap();
            }
            reply
        });
        let error = crate::people::confirm(&mut world.session, invite.invite).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    }
    // Nor the keys of one invitation under another.
    let other = world.invited("other", Role::Editor, &[]).await;
    let id = InviteId::from_bytes(*other.invite.as_bytes());
    world.wire.lies(move |request, mut reply| {
        if request.parts().path().ends_with("/acceptances") {
            let mut body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
            body["acceptances"][0]["invite"] = serde_json::to_value(id).unwrap();
            reply.body = serde_json::to_vec(&body).unwrap();
        }
        reply
    });
    assert_eq!(
        crate::people::confirm(&mut world.session, other.invite).await.unwrap_err().kind(),
        ErrorKind::Integrity
    );
    world.wire.is_honest_again();
    assert_eq!(crate::people::confirm(&mut world.session, invite.invite).await.unwrap().1, Decision::Made);
}

#[tokio::test]
async fn a_removed_admins_keys_open_and_sign_nothing_from_then_on() {
    let mut world = World::new().await;
    let production = world.profile("production", &[("KEY", "1")]).await;
    let group = world.group("deploy", &[production]).await;
    let agent = world.token("agent", &[group]).await;
    let (mut admin, account) = world.member("admin", Role::Admin, &[]).await;
    assert!(admin.is_manager() && !admin.is_owner());
    set(&mut admin, production, "by the admin").await.unwrap();
    // An admin does everything but make owners and admins.
    let id = admin.create_group("theirs".parse().unwrap()).await.unwrap();
    admin.grant(id, production, Access::Read).await.unwrap();
    let refused = admin.remove_user(world.owner.user).await.unwrap_err();
    assert!(refused.to_string().contains("only an owner"), "{refused}");
    assert!(admin.remove_user(account.user).await.unwrap_err().to_string().contains("themselves"));
    let before = Connection::open(world.database()).unwrap();
    let own = Identity::from_seed(&account.seed);
    let masters = |connection: &Connection| open_all(account.org, own.kem_key(), &database::seals(connection)).1;
    assert!(!masters(&before).is_empty(), "they had everything");
    let had = masters(&before);
    assert_eq!(had.keys().map(|(_, epoch)| epoch.get()).collect::<Vec<_>>(), [1]);

    assert_eq!(world.session.remove_user(account.user).await.unwrap(), Decision::Made);
    assert_eq!(world.session.directory().profile(&production).unwrap().epoch.get(), 2);
    assert_eq!(value(&world.session, production).await.unwrap(), "by the admin", "nothing is lost");
    assert_eq!(code(admin.sync().await), "deleted");
    // A change at the very millisecond of the removal would count as of before it.
    world.clock.advance_millis(1);
    set(&mut world.session, production, "newer").await.unwrap();
    assert_eq!(masters(&Connection::open(world.database()).unwrap()), had, "nothing of the new epoch opens");
    // A statement of theirs is refused by whoever replays, whatever the server does.
    let draft = admin.directory().draft(
        vec![stronghold_sdk::protocol::directory::Change::AgentDeleted { id: agent.agent }],
        false,
        world.clock.now(),
    );
    assert!(draft.is_err(), "a removal brings new keys");
    let key = own.public_keys().sign.key_id();
    assert!(world.session.directory().key_owner(&key).unwrap().ended);
    assert!(world.session.directory().roster().value().signing_keys().iter().all(|known| known.key_id() != key));
    let (reader, _) = world.agent(&agent);
    let secrets = reader.pull("production").await.unwrap();
    assert_eq!(secrets.get("KEY").unwrap().expose_str(), Some("newer"));
    let exposed = world.session.exposures(None, None).await.unwrap();
    assert!(exposed.is_empty(), "the one secret was changed since");
}

/// An admin could open everything, so everything is encrypted anew: as much as it is, and whoever dies on the way.
#[tokio::test]
async fn removing_an_admin_of_100_000_secrets_is_resumed_after_a_kill() {
    const PROFILES: usize = 10;
    let mut world = World::new().await;
    let mut profiles = Vec::new();
    for number in 0..PROFILES {
        let profile = world.profile(&format!("profile {number}"), &[]).await;
        let mut edit = Edit::default();
        for secret in 0..limits::SECRETS_PER_PROFILE {
            let value = Zeroizing::new(secret.to_string().into_bytes());
            edit.set.insert(SecretName::new(&format!("KEY_{secret}")).unwrap(), NewSecret { value, note: None });
        }
        world.session.edit(profile, &edit, false).await.unwrap();
        profiles.push(profile);
    }
    let group = world.group("deploy", &profiles).await;
    let token = world.token("agent", &[group]).await;
    let (agent, _) = world.agent(&token);
    let (admin, account) = world.member("admin", Role::Admin, &[]).await;
    let own = Identity::from_seed(&account.seed);
    let opened = |world: &World| {
        let database = Connection::open(world.database()).unwrap();
        open_all(account.org, own.kem_key(), &database::seals(&database)).1
    };
    let had = opened(&world);
    assert_eq!(had.len(), PROFILES, "they had the key of each");
    assert_eq!(world.session.remove_user(account.user).await.unwrap(), Decision::Made);
    assert_eq!(opened(&world), had, "nothing of the new epoch is sealed to them");

    let (mut killed, mut resumed) = (0, 0);
    while resumed < PROFILES {
        let (mut session, wire) = world.second_wire().await;
        let pending = session.pending_rekeys().await.unwrap();
        assert_eq!(pending.len(), PROFILES - resumed);
        // One dies somewhere in the middle of each second profile; the next one goes on.
        let death = Death { answered: 20 + 7 * resumed, arrives: resumed % 2 == 0 };
        let rekeyed = wire.until(death, session.finish_rekey(pending[0], &mut |_| {})).await;
        killed += usize::from(rekeyed.is_none());
        assert_eq!(agent.pull("profile 0").await.unwrap().len(), limits::SECRETS_PER_PROFILE);
        if rekeyed.is_none() {
            let (mut next, _) = world.second_wire().await;
            assert!(next.finish_rekey(pending[0], &mut |_| {}).await.unwrap());
        }
        resumed += 1;
    }
    println!("{killed} of {PROFILES} rekeys of {} secrets were killed and resumed", limits::SECRETS_PER_PROFILE);
    assert!(killed >= 3);
    world.session.sync().await.unwrap();
    for profile in &profiles {
        let opened = world.session.open_profile(*profile).await.unwrap();
        assert_eq!((opened.manifest().value().epoch.get(), opened.len()), (2, limits::SECRETS_PER_PROFILE));
    }
    drop(admin);
}

#[tokio::test]
async fn roles_change_with_the_roster_and_so_do_keys() {
    let mut world = World::new().await;
    let production = world.profile("production", &[("KEY", "1")]).await;
    let group = world.group("writers", &[]).await;
    world.session.grant(group, production, Access::Write).await.unwrap();
    let (mut person, account) = world.member("person", Role::Editor, &[group]).await;
    let epoch = |world: &World| world.session.directory().profile(&production).unwrap().epoch.get();
    assert_eq!(world.session.set_role(account.user, Role::Admin).await.unwrap(), Decision::Made);
    assert_eq!(world.session.set_role(account.user, Role::Admin).await.unwrap(), Decision::Unchanged);
    assert_eq!(epoch(&world), 1, "whoever gets more ends nothing");
    person.sync().await.unwrap();
    person.create_group("as admin".parse().unwrap()).await.unwrap();
    assert_eq!(world.session.set_role(account.user, Role::Editor).await.unwrap(), Decision::Made);
    assert_eq!(epoch(&world), 2, "an admin opened everything");
    person.sync().await.unwrap();
    set(&mut person, production, "as editor").await.unwrap();
    assert_eq!(world.session.set_role(account.user, Role::Auditor).await.unwrap(), Decision::Made);
    assert_eq!(epoch(&world), 3);
    person.sync().await.unwrap();
    assert_eq!(code(value(&person, production).await), "forbidden");
    person.audit_page(0).await.unwrap();
    assert_eq!(value(&world.session, production).await.unwrap(), "as editor");
    assert_eq!(world.session.set_role(account.user, Role::Owner).await.unwrap(), Decision::Made);
    person.sync().await.unwrap();
    assert!(person.is_owner());
    assert_eq!(value(&person, production).await.unwrap(), "as editor");
}

#[tokio::test]
async fn an_editor_of_what_is_vouched_for_already_changes_roles_and_leaves() {
    let mut world = World::new().await;
    let production = world.profile("production", &[("KEY", "1")]).await;
    let group = world.group("writers", &[]).await;
    world.session.grant(group, production, Access::Write).await.unwrap();
    let (_, first) = world.member("first", Role::Editor, &[group]).await;
    let (_, second) = world.member("second", Role::Editor, &[group]).await;
    // A new token starts from the newest revision, which is vouched for with it.
    let _token = world.token("agent", &[group]).await;
    assert_eq!(world.session.set_role(first.user, Role::Admin).await.unwrap(), Decision::Made);
    assert_eq!(world.session.set_role(second.user, Role::Auditor).await.unwrap(), Decision::Made);
    assert_eq!(value(&world.session, production).await.unwrap(), "1");
}

#[tokio::test]
async fn new_keys_replace_the_old_ones_on_every_side() {
    let mut world = World::new().await;
    let production = world.profile("production", &[("KEY", "1")]).await;
    let group = world.group("deploy", &[production]).await;
    let token = world.token("agent", &[group]).await;
    let mut other_device = world.second_session().await;
    let (old, old_seed) = (Identity::from_seed(&world.owner.seed), world.owner.seed.clone());
    let log_in = world.own_log_in();
    let account = world.session.rotate_own_keys(log_in).await.unwrap();
    assert_ne!(account.seed, old_seed);
    // The session goes on with the new keys; agents notice nothing.
    set(&mut world.session, production, "2").await.unwrap();
    let secrets = world.agent(&token).0.pull("production").await.unwrap();
    assert_eq!(secrets.get("KEY").unwrap().expose_str(), Some("2"));
    assert_eq!(code(other_device.sync().await), "key_ended");
    let stolen = database::seals(&Connection::open(world.database()).unwrap());
    let epochs = |key: &Identity| open_all(account.org, key.kem_key(), &stolen).1;
    assert!(epochs(&old).keys().all(|(_, epoch)| epoch.get() == 1));
    assert!(epochs(&Identity::from_seed(&account.seed)).keys().any(|(_, epoch)| epoch.get() == 2));
    // Password and account key open the new ones.
    let again = world.log_in().await;
    assert_eq!((again.seed, again.floor), (account.seed.clone(), account.floor));
    world.session.verify_audit(&mut |_| {}).await.unwrap();
    // And again, as a new version of the roster each time.
    let log_in = world.own_log_in();
    world.session.rotate_own_keys(log_in).await.unwrap();
    assert_eq!(world.session.directory().roster().value().version.get(), 3);
}

/// Whatever is lost on the way, password and account key give keys that are in force.
#[tokio::test]
async fn nobody_is_locked_out_by_a_lost_answer() {
    for arrives in [false, true] {
        for answered in 0..12 {
            let mut world = World::new().await;
            let production = world.profile("production", &[("KEY", "1")]).await;
            world.group("deploy", &[production]).await;
            let log_in = world.own_log_in();
            let wire = world.wire.clone();
            let death = Death { answered, arrives };
            let done = wire.until(death, world.session.rotate_own_keys(log_in)).await.is_some();
            let account = world.log_in().await;
            let client: Client<Wire> = world.client();
            let mut session = open_session(&account, client).await;
            assert_eq!(value(&session, production).await.unwrap(), "1", "{answered} {arrives}");
            set(&mut session, production, "2").await.unwrap();
            if done {
                assert!(answered > 2, "it was killed at some points");
                break;
            }
        }
    }
}
