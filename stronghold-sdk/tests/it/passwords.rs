//! Passwords: changed, forgotten, and records that a server swaps.

use crate::{
    people::{PASSWORD, email},
    world::{World, code},
};
use rusqlite::Connection;
use std::fmt::Debug;
use stronghold_sdk::{
    Client, Error, ErrorKind, LocalIdentity, ProfileReader,
    admin::{Account, ChangePassword, LogIn, NewMember, Recover},
    protocol::{
        api::DirectoryPage,
        directory::{Header, HeaderRef, Role, Statement},
        id::OrgId,
        number::Seq,
        token::{AccountKey, RecoveryKit},
        transport::Reply,
    },
};
use zeroize::Zeroizing;

pub(crate) const NEXT: &str = "another correct horse";

pub(crate) fn log_in(key: &AccountKey, name: &str, password: &str) -> LogIn {
    LogIn { account_key: key.clone(), email: email(name), password: Zeroizing::new(password.to_owned()) }
}

pub(crate) fn change(with: LogIn, new_account_key: bool) -> ChangePassword {
    ChangePassword { with, password: Zeroizing::new(NEXT.to_owned()), new_account_key, floor: None }
}

fn recover(kit: &RecoveryKit, password: &str) -> Recover {
    Recover { kit: kit.clone(), password: Zeroizing::new(password.to_owned()), floor: None }
}

impl World {
    async fn person(&mut self, name: &str, role: Role) -> NewMember {
        let invite = self.invited(name, role, &[]).await;
        let member = self.accept(&invite, name).await.unwrap();
        let _made = crate::people::confirm(&mut self.session, invite.invite).await.unwrap();
        member
    }

    async fn opens(&self, key: &AccountKey, name: &str, password: &str) -> Result<Account, Error> {
        Account::log_in(&self.client(), log_in(key, name, password)).await
    }
}

fn is_integrity<T: Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert!(!error.to_string().contains('\n'), "one plain line: {error}");
}

#[tokio::test]
async fn a_changed_password_replaces_the_old_one() {
    let mut world = World::new().await;
    for role in [Role::Editor, Role::Auditor] {
        let name = format!("{role:?}").to_lowercase();
        let NewMember { account, account_key, .. } = world.person(&name, role).await;
        let wrong = change(log_in(&account_key, &name, "a guess"), false);
        assert_eq!(code(Account::change_password(&world.client(), wrong).await), "login_refused");
        let right = change(log_in(&account_key, &name, PASSWORD), false);
        let changed = Account::change_password(&world.client(), right).await.unwrap();
        assert_eq!((&changed.account.seed, changed.account_key.key), (&account.seed, account_key.key.clone()));
        assert_eq!(code(world.opens(&account_key, &name, PASSWORD).await), "login_refused");
        assert_eq!(world.opens(&account_key, &name, NEXT).await.unwrap().seed, account.seed);
        // The same again, with a new account key: the one before opens nothing any more.
        let again = change(log_in(&account_key, &name, NEXT), true);
        let changed = Account::change_password(&world.client(), again).await.unwrap();
        assert_ne!(changed.account_key.key, account_key.key);
        assert_eq!(code(world.opens(&account_key, &name, NEXT).await), "login_refused");
        assert_eq!(world.opens(&changed.account_key, &name, NEXT).await.unwrap().seed, account.seed);
    }
    world.session.verify_audit(&mut |_| {}).await.unwrap();
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_with_the_recovery_kit() {
    let mut world = World::new().await;
    let NewMember { account, account_key, recovery_kit, .. } = world.person("ada", Role::Editor).await;
    let recovered = Account::recover(&world.client(), recover(&recovery_kit, NEXT)).await.unwrap();
    assert_eq!((recovered.account.seed.clone(), recovered.account.email.clone()), (account.seed.clone(), email("ada")));
    assert_ne!(recovered.account_key.key, account_key.key, "who forgot the password may have lost the key too");
    for (key, password) in [(&account_key, PASSWORD), (&account_key, NEXT), (&recovered.account_key, PASSWORD)] {
        assert_eq!(code(world.opens(key, "ada", password).await), "login_refused");
    }
    assert_eq!(world.opens(&recovered.account_key, "ada", NEXT).await.unwrap().seed, account.seed);
    // The kit stays good, and nothing but the kit is.
    Account::recover(&world.client(), recover(&recovery_kit, "a third one")).await.unwrap();
    let forged = RecoveryKit { seed: Zeroizing::new([1; 32]), ..recovery_kit.clone() };
    assert_eq!(code(Account::recover(&world.client(), recover(&forged, NEXT)).await), "unauthenticated");
    let elsewhere = RecoveryKit { org: OrgId([1; 32]), ..recovery_kit.clone() };
    assert_eq!(code(Account::recover(&world.client(), recover(&elsewhere, NEXT)).await), "unauthenticated");
    // Somebody who is no member yet, or no more, recovers nothing.
    let invite = world.invited("guest", Role::Editor, &[]).await;
    let guest = world.accept(&invite, "guest").await.unwrap();
    assert_eq!(code(Account::recover(&world.client(), recover(&guest.recovery_kit, NEXT)).await), "unauthenticated");
    let _removed = world.session.remove_user(account.user).await.unwrap();
    assert_eq!(code(Account::recover(&world.client(), recover(&recovery_kit, NEXT)).await), "deleted");
    world.session.verify_audit(&mut |_| {}).await.unwrap();
}

#[tokio::test]
async fn the_kit_opens_the_newest_keys() {
    let mut world = World::new().await;
    let NewMember { account, account_key, recovery_kit, .. } = world.person("grace", Role::Owner).await;
    let mut session = world.try_session(&account).await.unwrap();
    let rotated = session.rotate_own_keys(log_in(&account_key, "grace", PASSWORD)).await.unwrap();
    assert_ne!(rotated.seed, account.seed);
    let recovered = Account::recover(&world.client(), recover(&recovery_kit, NEXT)).await.unwrap();
    assert_eq!(recovered.account.seed, rotated.seed);
    // A device that was signed in before the rotation changes no password: its envelope would hold keys that are over.
    let old = LocalIdentity::from_seed(account.org, account.user.into(), &account.seed);
    assert_eq!(code(world.client().who_am_i(&old).await.map(drop)), "key_ended");
}

/// The columns of what the server keeps of a person's log-in.
const COLUMNS: [&str; 3] = ["record", "envelope", "recovery"];

#[tokio::test]
async fn a_server_that_swaps_records_is_one_plain_error() {
    let mut world = World::new().await;
    let ada = world.person("ada", Role::Editor).await;
    let eve = world.person("eve", Role::Editor).await;
    let database = Connection::open(world.database()).unwrap();
    let user = |member: &NewMember| member.account.user.as_bytes().to_vec();
    let put = |column: &str, of: &NewMember, value: &[u8]| {
        let query = format!("UPDATE passwords SET {column} = ?1 WHERE user = ?2");
        assert_eq!(database.execute(&query, rusqlite::params![value, user(of)]).unwrap(), 1);
    };
    let kept = |column: &str, of: &NewMember| -> Vec<u8> {
        let query = format!("SELECT {column} FROM passwords WHERE user = ?1");
        database.query_row(&query, [user(of)], |row| row.get(0)).unwrap()
    };
    for column in COLUMNS {
        let all: Vec<_> = COLUMNS.iter().map(|column| (*column, kept(column, &ada))).collect();
        let (own, other) = (kept(column, &ada), kept(column, &eve));
        let mut flipped = own.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        for wrong in [other, flipped, own[..own.len() - 1].to_vec()] {
            put(column, &ada, &wrong);
            let opened = world.opens(&ada.account_key, "ada", PASSWORD).await;
            let recovered = Account::recover(&world.client(), recover(&ada.recovery_kit, NEXT)).await;
            match column {
                // No different from a wrong password, unless an honest server says that its data is damaged.
                "record" => {
                    assert!(["login_refused", "damaged"].contains(&code(opened).as_str()));
                    recovered.unwrap();
                }
                "envelope" => {
                    is_integrity(opened);
                    recovered.unwrap();
                }
                _ => {
                    opened.unwrap();
                    is_integrity(recovered);
                }
            }
            for (column, value) in &all {
                put(column, &ada, value);
            }
            world.opens(&ada.account_key, "ada", PASSWORD).await.unwrap();
        }
    }
    // All three of somebody else's, whole: still nobody's but theirs.
    for column in COLUMNS {
        put(column, &ada, &kept(column, &eve));
    }
    assert_eq!(code(world.opens(&ada.account_key, "ada", PASSWORD).await), "login_refused");
    is_integrity(Account::recover(&world.client(), recover(&ada.recovery_kit, NEXT)).await);
}

#[tokio::test]
async fn an_old_seed_behind_the_recovery_kit_is_caught() {
    let mut world = World::new().await;
    let NewMember { account, account_key, recovery_kit, .. } = world.person("grace", Role::Owner).await;
    let database = Connection::open(world.database()).unwrap();
    let user = account.user.as_bytes().to_vec();
    let query = "SELECT recovery FROM passwords WHERE user = ?1";
    let old: Vec<u8> = database.query_row(query, [&user], |row| row.get(0)).unwrap();
    let mut session = world.try_session(&account).await.unwrap();
    session.rotate_own_keys(log_in(&account_key, "grace", PASSWORD)).await.unwrap();
    let query = "UPDATE passwords SET recovery = ?1 WHERE user = ?2";
    database.execute(query, rusqlite::params![old, user]).unwrap();
    let error = Account::recover(&world.client(), recover(&recovery_kit, NEXT)).await.unwrap_err();
    // The honest rest of this server says that these keys are over; one that lies there too shows a directory that says so.
    assert_eq!(error.problem_code(), Some("key_ended"), "{error}");
    // One that shows them a directory from before the rotation is caught by a machine that was there.
    let floor = session.directory().head();
    let mut query = database.prepare("SELECT bytes FROM statements ORDER BY seq").unwrap();
    let rows = query.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let mut statements: Vec<Statement> = rows.map(|bytes| serde_json::from_slice(&bytes.unwrap()).unwrap()).collect();
    statements.pop();
    let seq = Seq::new(floor.seq.get() - 1).unwrap();
    let head = HeaderRef { seq, hash: statements.last().unwrap().header.hash_as::<Header>() };
    let page = serde_json::to_vec(&DirectoryPage { statements, head }).unwrap();
    let (_, wire) = world.second_wire().await;
    let client = Client::new(wire.clone(), world.clock.clone());
    wire.lies(move |request, reply| match request.parts().path().ends_with("/directory") {
        true => Reply::json(page.clone()),
        false => reply,
    });
    let remembering = Recover { floor: Some(floor), ..recover(&recovery_kit, NEXT) };
    is_integrity(Account::recover(&client, remembering).await);
    // So is it by one without memory: the receipt of the seed names a header that the old directory lacks.
    is_integrity(Account::recover(&client, recover(&recovery_kit, NEXT)).await);
}
