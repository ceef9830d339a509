//! A server that ignores that an agent was deleted, and hands it everything: it opens nothing that is newer.

use crate::{
    database::{self, StolenSeal, open_everything},
    world::World,
};
use rusqlite::Connection;
use std::sync::Arc;
use stronghold_sdk::{
    Error, ErrorKind, LocalIdentity, ProfileReader,
    crypto::identity::Identity,
    open::ProfileKey,
    protocol::{
        api::{KeyPath, SealedProfile},
        audit::{AuditRecord, Outcome, RecordSchema, Released},
        crypto::sign::SigningKey,
        directory::HeaderRef,
        evidence::{Anchor, ProfileSelector},
        id::{EventId, ProfileId},
        manifest::Manifest,
        number::Revision,
        receipt::Receipt,
        request::SignedRequest,
        seal::SealedObject,
        time::Timestamp,
        token::AgentToken,
        transport::Reply,
    },
};

/// A server made of the library's parts that serves everyone, whatever the directory says of them.
struct Obedient {
    /// What another agent was sent: evidence and ciphertexts are the same for everyone.
    profile: SealedProfile,
    released: Released,
    org: stronghold_sdk::protocol::id::OrgId,
    head: HeaderRef,
}

impl Obedient {
    /// Serves the profile in the state in which `reader` reads it now.
    async fn new(world: &World, reader: &AgentToken, anchor: &AgentToken, profile: ProfileId) -> Self {
        let identity = LocalIdentity::from_token(reader);
        let anchor = Anchor {
            org: anchor.org,
            seq: anchor.floor.seq,
            hash: anchor.floor.hash_prefix.to_vec(),
            remembered: None,
            roster: None,
        };
        let selector: ProfileSelector = "production".parse().unwrap();
        let answered = world.client().read_profile(&identity, &selector, &anchor).await.unwrap();
        let signed = &answered.reply.profile.manifest;
        let manifest: serde_json::Value = serde_json::from_slice(&signed.payload.0).unwrap();
        let revision = Revision::new(manifest["revision"].as_u64().unwrap()).unwrap();
        let released = Released::Profile { profile, revision, manifest: signed.hash_as::<Manifest>() };
        let record = AuditRecord::parse(&answered.reply.receipt.record.0).unwrap();
        Self { profile: answered.reply, released, org: reader.org, head: record.directory }
    }

    /// Answers a deleted agent's request with this way to the master key.
    fn answer(&self, request: &SignedRequest, who: &AgentToken, keys: KeyPath) -> Reply {
        let record = AuditRecord {
            schema: RecordSchema,
            id: EventId::from_bytes([1; 16]),
            org: self.org,
            time: Timestamp::from_millis(1_795_400_000_000).unwrap(),
            principal: Some(who.agent.into()),
            key_id: Some(request.key_id()),
            action: "profile.read".to_owned(),
            outcome: Outcome::Allowed,
            reason: None,
            released: Some(self.released.clone()),
            address: None,
            directory: self.head,
            request: Some(request.clone()),
        };
        let record = record.encode().unwrap().into();
        let receipt = Receipt::sign(&self.org, 0, record, &SigningKey::from_seed(&[7; 32]));
        let reply = SealedProfile { keys, receipt, ..self.profile.clone() };
        Reply::json(serde_json::to_vec(&reply).unwrap())
    }
}

/// Every way to a master key that the database holds: each group seed with each profile key.
fn ways(stolen: &[StolenSeal], profile: ProfileId) -> Vec<KeyPath> {
    let mut ways = Vec::new();
    for seed in stolen {
        let SealedObject::GroupSeed(group) = seed.object else { continue };
        for key in stolen.iter().filter(|key| key.object == SealedObject::ProfileKey(profile)) {
            ways.push(KeyPath {
                group,
                group_epoch: seed.epoch,
                group_seed: seed.sealed.clone().into(),
                profile_key: key.sealed.clone().into(),
            });
        }
    }
    ways
}

#[tokio::test]
async fn a_deleted_agent_opens_nothing_newer_whatever_the_server_hands_it() {
    let mut world = World::new().await;
    let production = world.profile("production", &[("DATABASE_URL", "old"), ("KEPT", "kept")]).await;
    let (group, other) = (world.group("deploy", &[production]).await, world.group("other", &[production]).await);
    let leaves = world.token("leaves", &[group]).await;
    // Everyone else who reads the profile, through whatever group; each has read it, and remembers that.
    let mut everyone = Vec::new();
    for (name, groups) in [("same group", vec![group]), ("another group", vec![other]), ("both", vec![group, other])] {
        let token = world.token(name, &groups).await;
        let (agent, _) = world.agent_with(&token, Some(world.folder(name)));
        agent.pull("production").await.unwrap();
        everyone.push((token, agent));
    }
    let stays = &everyone[0].0;
    let stolen = database::seals(&Connection::open(world.database()).unwrap());
    let own = Identity::from_seed(&leaves.seed);
    let (_, old_masters) = open_everything(leaves.org, own.kem_key(), &stolen);
    assert_eq!(old_masters.len(), 1, "it had the key");

    // The obedient server works: before the end, one of the ways opens.
    let (leaver, wire) = world.agent(&leaves);
    let pull = async |obedient: Arc<Obedient>, way: KeyPath| {
        let token = AgentToken::parse(secrecy::ExposeSecret::expose_secret(&leaves.to_secret_string())).unwrap();
        wire.lies(move |request, _| obedient.answer(request, &token, way.clone()));
        leaver.pull("production").await
    };
    let before = Arc::new(Obedient::new(&world, stays, &leaves, production).await);
    let mut opened = 0;
    for way in ways(&stolen, production) {
        if let Ok(secrets) = pull(Arc::clone(&before), way).await {
            assert_eq!(secrets.get("DATABASE_URL").unwrap().expose_str(), Some("old"));
            opened += 1;
        }
    }
    assert_eq!(opened, 1);

    world.session.delete_agent(leaves.agent).await.unwrap();
    world.set(production, &[("DATABASE_URL", "new"), ("ADDED", "later")]).await;
    let after = Arc::new(Obedient::new(&world, stays, &leaves, production).await);
    let connection = Connection::open(world.database()).unwrap();
    let stolen = database::seals(&connection);
    let tried = ways(&stolen, production);
    for way in tried.iter().cloned() {
        let error: Error = pull(Arc::clone(&after), way).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    }

    // Nor does anything of the new epoch open with what it had: its own keys, its old group's, the old master key.
    let (_, masters) = open_everything(leaves.org, own.kem_key(), &stolen);
    assert_eq!(masters, old_masters, "no seal of the new epoch opens");
    let ciphertexts = database::secrets(&connection);
    let (mut newer, mut older) = (0, 0);
    for (profile, epoch, secret) in &ciphertexts {
        let is_new = old_masters.keys().all(|(_, old)| epoch > old);
        for raw in old_masters.values() {
            let opens = ProfileKey::new(leaves.org, *profile, *epoch, raw).open_secret(secret).is_ok();
            assert_eq!(opens, !is_new, "{secret:?}");
        }
        newer += usize::from(is_new);
        older += usize::from(!is_new);
    }
    println!("tried {} ways and {newer} newer ciphertexts; none opened", tried.len());
    assert!(tried.len() > 5 && newer >= 4 && older == 2);

    // Everyone else: the next pull works, with no action of their own; of who goes on, and of who starts anew.
    for (token, running) in &everyone {
        for agent in [running, &world.agent(token).0] {
            let secrets = agent.pull("production").await.unwrap();
            assert_eq!(secrets.get("DATABASE_URL").unwrap().expose_str(), Some("new"));
            assert_eq!(secrets.get("ADDED").unwrap().expose_str(), Some("later"));
        }
    }
}
