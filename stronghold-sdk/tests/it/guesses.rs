//! Somebody at the server, with all that it has and was ever sent: no guess of a password can be told from another.

use crate::{
    passwords::{NEXT, change, log_in},
    people::{PASSWORD, email},
    world::{Wire, World, code},
};
use async_trait::async_trait;
use data_encoding::BASE64URL_NOPAD;
use rusqlite::Connection;
use secrecy::ExposeSecret;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};
use stronghold_sdk::{
    Client,
    admin::{AcceptInvite, Account},
    crypto::{
        aead,
        identity::Identity,
        password::{PasswordInput, login_finish, login_start},
        seal,
    },
    protocol::{
        api::{Join, ReplaceAccount, ReplyLimit},
        crypto::{
            kdf::Kdf,
            password::{self, PasswordRecord, ServerSetup},
            random,
        },
        directory::Role,
        encoding::{Base64Bytes, Context, base64url},
        id::{OrgId, UserId},
        request::{Endpoint, SignedRequest},
        time::Clock,
        transport::{Reply, Transport, TransportFailure},
    },
};
use zeroize::Zeroizing;

/// A way to the server that keeps all that is sent on it.
#[derive(Clone)]
struct Recorder {
    wire: Wire,
    sent: Arc<Mutex<Vec<Sent>>>,
}

/// A request as it was sent.
#[derive(Clone)]
struct Sent {
    path: String,
    /// Of the request: its target, its headers and its body.
    text: String,
    body: Vec<u8>,
}

impl Recorder {
    fn keep(&self, path: &str, head: &str, body: &[u8]) {
        let text = format!("{head}\n{}", String::from_utf8_lossy(body));
        self.sent.lock().unwrap().push(Sent { path: path.to_owned(), text, body: body.to_vec() });
    }
}

#[async_trait]
impl Transport for Recorder {
    fn endpoint(&self) -> Endpoint {
        self.wire.endpoint()
    }

    async fn send(&self, request: SignedRequest, body: Vec<u8>, most: ReplyLimit) -> Result<Reply, TransportFailure> {
        let head = format!("{} {:?}", request.parts().target(), request.headers());
        self.keep(request.parts().path(), &head, &body);
        self.wire.send(request, body, most).await
    }

    async fn send_unsigned(
        &self,
        path: &str,
        body: Option<Vec<u8>>,
        most: ReplyLimit,
    ) -> Result<Reply, TransportFailure> {
        self.keep(path, path, body.as_deref().unwrap_or_default());
        self.wire.send_unsigned(path, body, most).await
    }
}

/// All bytes that a text holds, those of its base64 too, and of base64 in that.
fn unfolded(text: &[u8], found: &mut BTreeSet<Vec<u8>>) {
    if !found.insert(text.to_vec()) {
        return;
    }
    let is_code = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    for word in text.split(|byte| !is_code(byte)).filter(|word| word.len() >= 16) {
        if let Ok(bytes) = BASE64URL_NOPAD.decode(word) {
            unfolded(&bytes, found);
        }
    }
}

fn holds(found: &BTreeSet<Vec<u8>>, needle: &[u8]) -> bool {
    found.iter().any(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
}

/// What the thief has of one account: the secret of the server, and a record with its envelope.
struct Stolen<'s> {
    setup: &'s ServerSetup,
    org: OrgId,
    user: UserId,
    record: PasswordRecord,
    envelope: Vec<u8>,
}

impl Stolen<'_> {
    fn context(&self, label: &'static str) -> Context {
        Context::new(label).field(self.org).field(self.user)
    }

    /// A log-in against the stolen record, at the thief's own pace: no limit counts it. What the envelope holds, if it opens.
    fn attempt(&self, password: &str, key: &[u8; 16]) -> Option<Zeroizing<Vec<u8>>> {
        let input = PasswordInput::new(password, key);
        let (state, request) = login_start(&input).unwrap();
        let server = password::Account::new(&self.org, &self.user);
        let (_, response) = password::login_start(self.setup, &server, Some(&self.record), &request).unwrap();
        let export_key = login_finish(state, &input, &response, &self.org, &self.user).ok()?.export_key;
        aead::open(&Kdf::new(&export_key), self.context("account-envelope").as_ref(), &self.envelope).ok()
    }
}

fn record(upload: &Base64Bytes) -> PasswordRecord {
    password::password_record(upload).unwrap()
}

/// Record, envelope, recovery seed, the OPRF seed and the whole conversation of a person's life with the server, with the right
/// passwords: without the account key nothing opens, so that no guess can be told from another.
#[tokio::test]
async fn nobody_at_the_server_can_test_a_guess_of_a_password() {
    let mut world = World::new().await;
    let clock: Arc<dyn Clock> = world.clock.clone();
    let recorder = Recorder { wire: world.wire.clone(), sent: Arc::default() };
    let client = Client::new(recorder.clone(), clock.clone());
    let code_of_ada = world.invited("ada", Role::Editor, &[]).await;
    let invite = code_of_ada.invite;
    let with = AcceptInvite { code: code_of_ada, email: email("ada"), password: Zeroizing::new(PASSWORD.to_owned()) };
    let member = Account::accept_invite(&client, with, &clock).await.unwrap();
    let _made = crate::people::confirm(&mut world.session, invite).await.unwrap();
    let (account, account_key) = (member.account, member.account_key);
    Account::log_in(&client, log_in(&account_key, "ada", PASSWORD)).await.unwrap();
    let mistyped = Account::log_in(&client, log_in(&account_key, "ada", "a mistyped one")).await;
    assert_eq!(code(mistyped), "login_refused");
    let next = change(log_in(&account_key, "ada", PASSWORD), false);
    Account::change_password(&client, next).await.unwrap();
    Account::log_in(&client, log_in(&account_key, "ada", NEXT)).await.unwrap();

    let database = Connection::open(world.database()).unwrap();
    let setup: Vec<u8> = database
        .query_row("SELECT value FROM server_values WHERE name = 'opaque-server-setup'", [], |row| row.get(0))
        .unwrap();
    let setup = ServerSetup::deserialize(&setup).unwrap();
    let query = "SELECT record, envelope, recovery FROM passwords WHERE user = ?1";
    let (kept, envelope, recovery): (Vec<u8>, Vec<u8>, Vec<u8>) = database
        .query_row(query, [account.user.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap();
    let (org, user) = (account.org, account.user);
    let stolen = |record, envelope| Stolen { setup: &setup, org, user, record, envelope };
    let sent = recorder.sent.lock().unwrap().clone();
    let body = |route: &str| &sent.iter().find(|sent| sent.path.ends_with(route)).unwrap().body;
    let joined: Join = serde_json::from_slice(body("/invitation")).unwrap();
    let replaced: ReplaceAccount = serde_json::from_slice(body("/account")).unwrap();
    // What was sent once, what replaced it, and what the database holds.
    let accounts = [
        (PASSWORD, stolen(record(&joined.account.registration), joined.account.envelope.0)),
        (NEXT, stolen(record(&replaced.registration), replaced.envelope.0)),
        (NEXT, stolen(PasswordRecord::from_bytes(&kept).unwrap(), envelope)),
    ];

    // All that was ever sent, down to the bytes: among it what is public, and nothing that is not.
    let mut found = BTreeSet::new();
    sent.iter().for_each(|sent| unfolded(sent.text.as_bytes(), &mut found));
    assert!(sent.len() >= 10 && holds(&found, &Identity::from_seed(&account.seed).public_keys().sign.0));
    let seed = base64url(account.seed.as_slice());
    let printed = account_key.to_secret_string();
    let secrets = [
        account.seed.as_slice(),
        account_key.key.as_slice(),
        seed.as_bytes(),
        printed.expose_secret().as_bytes(),
        PASSWORD.as_bytes(),
        NEXT.as_bytes(),
        b"a mistyped one",
    ];
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)", []).ok();
    let file = std::fs::read(world.database()).unwrap();
    for (number, secret) in secrets.iter().enumerate() {
        assert!(!holds(&found, secret), "secret {number} was sent");
        assert!(!file.windows(secret.len()).any(|window| window == *secret), "secret {number} is in the database");
    }

    // Whatever the thief takes for the account key: what is near it, what is known of the person, and whatever was sent.
    let mut near = *account_key.key;
    near[15] ^= 1;
    let mut keys = vec![[0; 16], [255; 16], near, *user.as_bytes(), org.0[..16].try_into().unwrap()];
    keys.push(*random::secret::<16>().unwrap());
    keys.extend(found.iter().filter_map(|bytes| <[u8; 16]>::try_from(bytes.as_slice()).ok()));
    for (right, account) in &accounts {
        // With the account key the right password opens it, and a wrong one does not: the attempt is a real one.
        let opened = account.attempt(right, &account_key.key).unwrap();
        assert!(String::from_utf8(opened.to_vec()).unwrap().contains(&seed));
        assert!(account.attempt("a guess", &account_key.key).is_none());
        // Without it, the right password is worth no more than a wrong one.
        for key in &keys {
            assert!(account.attempt(right, key).is_none(), "the right password opened without the account key");
        }
    }
    println!(
        "{} requests with {} pieces; {} keys tried with the right password on {} records; none opened",
        sent.len(),
        found.len(),
        keys.len(),
        accounts.len()
    );
    // What else is there is sealed to keys that no password is in.
    for seed in [[0; 32], org.0] {
        let thief = Identity::from_seed(&seed);
        let context = accounts[0].1.context("recovery-seed");
        assert!(seal::open(thief.kem_key(), context.as_ref(), &recovery).is_err());
    }
}
