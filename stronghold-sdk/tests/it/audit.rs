//! Verifying the audit log from raw records, of an honest server and of one whose database was changed.

use crate::world::World;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree};
use rusqlite::{Connection, params};
use stronghold_sdk::{
    Error, ErrorKind, Integrity, LocalIdentity, ProfileReader,
    admin::LogRecord,
    memory::Remembered,
    protocol::{
        audit::{AuditRecord, Outcome, Released, UnsignedAction, record_leaf_hash},
        checkpoint::Checkpoint,
        crypto::hash::Hash,
        id::{PrincipalId, UserId},
        number::Seq,
        token::AgentToken,
    },
};

struct Scene {
    world: World,
    token: AgentToken,
}

/// An agent that pulled its profile, and was refused another.
async fn scene() -> Scene {
    let mut world = World::new().await;
    let production = world.profile("production", &[("KEY", "value")]).await;
    world.profile("staging", &[]).await;
    let group = world.group("deploy", &[production]).await;
    let token = world.token("CI", &[group]).await;
    let (agent, _) = world.agent(&token);
    agent.pull("production").await.unwrap();
    agent.pull("staging").await.unwrap_err();
    Scene { world, token }
}

pub(crate) async fn verify(
    world: &World,
    remembered: Option<&Checkpoint>,
) -> Result<(Checkpoint, Vec<LogRecord>), Error> {
    let mut records = Vec::new();
    let known = Remembered { checkpoint: remembered.copied(), ..Remembered::default() };
    let mut session = world.session_that_remembers(known).await?;
    let verified = session.verify_audit(&mut |record| records.push(record.clone())).await?;
    Ok((verified.log.checkpoint, records))
}

/// The position and reason of a bad record.
pub(crate) fn bad(error: &Error) -> (u64, &str) {
    assert_eq!(error.kind(), ErrorKind::Integrity);
    match error {
        Error::Integrity(Integrity::Audit { position, reason }) => (*position, reason),
        other => panic!("no record is named: {other}"),
    }
}

#[tokio::test]
async fn the_log_says_who_read_what() {
    let Scene { world, token } = scene().await;
    let (checkpoint, records) = verify(&world, None).await.unwrap();
    assert_eq!(checkpoint.size, records.len() as u64);
    let agent = PrincipalId::Agent(token.agent);
    let of_agent: Vec<&AuditRecord> =
        records.iter().map(|record| &record.record).filter(|record| record.principal == Some(agent)).collect();
    let reads: Vec<_> = of_agent.iter().filter(|record| record.action == "profile.read").collect();
    assert_eq!(reads.len(), 2);
    assert!(matches!(reads[0].released, Some(Released::Profile { revision, .. }) if revision.get() == 2));
    assert_eq!((reads[1].outcome, reads[1].reason.as_deref()), (Outcome::Denied, Some("not_found")));
    // The next time only what is new is new.
    let (next, all) = verify(&world, Some(&checkpoint)).await.unwrap();
    assert!(next.size > checkpoint.size);
    assert_eq!(all[..records.len()], records);
}

#[tokio::test]
async fn another_past_than_the_remembered_one_is_told() {
    let Scene { world, .. } = scene().await;
    let (checkpoint, _) = verify(&world, None).await.unwrap();
    let other = Checkpoint { root: Hash([1; 32]), ..checkpoint };
    let longer = Checkpoint { size: checkpoint.size + 1000, ..checkpoint };
    for remembered in [other, longer] {
        let error = verify(&world, Some(&remembered)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    }
    verify(&world, Some(&checkpoint)).await.unwrap();
}

pub(crate) fn records(database: &Connection) -> Vec<(i64, i64, Vec<u8>)> {
    let mut select = database
        .prepare(
            "SELECT r.position, b.number, b.bytes FROM audit_records r JOIN audit_bytes b ON b.number = r.bytes
             ORDER BY r.position",
        )
        .unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The position of the agent's read, and its record.
fn read_of(database: &Connection, token: &AgentToken) -> (u64, AuditRecord) {
    let agent = PrincipalId::Agent(token.agent);
    let all = records(database)
        .into_iter()
        .map(|(position, _, bytes)| (u64::try_from(position).unwrap(), AuditRecord::parse(&bytes).unwrap()));
    all.into_iter().find(|(_, record)| record.principal == Some(agent) && record.action == "profile.read").unwrap()
}

/// Writes another record in a place, with its leaf or without.
pub(crate) fn put(database: &Connection, position: u64, record: &AuditRecord, leaf: bool) {
    let bytes = record.encode().unwrap();
    let at = i64::try_from(position).unwrap();
    let changed = database
        .execute(
            "UPDATE audit_bytes SET bytes = ?1 WHERE number = (SELECT bytes FROM audit_records WHERE position = ?2)",
            params![bytes, at],
        )
        .unwrap();
    assert_eq!(changed, 1);
    if leaf {
        let hash = record_leaf_hash(&bytes).0;
        database.execute("UPDATE audit_records SET leaf = ?1 WHERE position = ?2", params![hash, at]).unwrap();
    }
}

/// A record that is changed where it lies is another one than was logged: found by halving, whichever it is.
#[tokio::test]
async fn every_changed_record_is_named() {
    let count = {
        let Scene { world, .. } = scene().await;
        records(&Connection::open(world.database()).unwrap()).len()
    };
    let Scene { world, .. } = scene().await;
    let (checkpoint, _) = verify(&world, None).await.unwrap();
    let database = Connection::open(world.database()).unwrap();
    for position in 0..u64::try_from(count).unwrap() {
        let (_, number, genuine) = records(&database)[usize::try_from(position).unwrap()].clone();
        let mut record = AuditRecord::parse(&genuine).unwrap();
        record.address = Some("203.0.113.9".to_owned());
        put(&database, position, &record, false);
        let error = verify(&world, Some(&checkpoint)).await.unwrap_err();
        assert_eq!(bad(&error), (position, "it is another one than was logged"));
        database.execute("UPDATE audit_bytes SET bytes = ?1 WHERE number = ?2", params![genuine, number]).unwrap();
    }
    verify(&world, Some(&checkpoint)).await.unwrap();
}

/// What the server proves is believed by another implementation of RFC 6962, which has nothing but the raw records.
#[tokio::test]
async fn the_servers_proofs_are_those_of_rfc_6962() {
    let Scene { world, token } = scene().await;
    let (who, client) = (LocalIdentity::from_token(&token), world.client());
    let raw: Vec<Vec<u8>> =
        records(&Connection::open(world.database()).unwrap()).into_iter().map(|(_, _, bytes)| bytes).collect();
    let mut roots = vec![];
    let mut tree = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
    for record in &raw {
        tree.push(record.clone());
        roots.push(tree.root());
    }
    let flat = |path: &[Hash]| path.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>();
    let positions: Vec<u64> = (0..raw.len() as u64).collect();
    for (old, before) in (1..).zip(&roots) {
        let reply = client.audit_checkpoint(&who, Some(old), &positions).await.unwrap().reply;
        let checkpoint = Checkpoint::parse_unverified(&reply.checkpoint, &token.org).unwrap();
        let newest = RootHash::<sha2::Sha256>::new(checkpoint.root.0.into(), checkpoint.size);
        let proof = ConsistencyProof::try_from_bytes(flat(&reply.consistency.unwrap().path)).unwrap();
        newest.verify_consistency(before, &proof).unwrap();
        for ((index, record), proof) in (0..).zip(&raw).zip(&reply.inclusions) {
            let proof = InclusionProof::try_from_bytes(flat(&proof.path)).unwrap();
            newest.verify_inclusion(record, index, &proof).unwrap();
        }
        assert_eq!(reply.inclusions.len(), raw.len());
    }
}

/// Whoever also makes the leaves right, before any checkpoint was seen, still has no principal's signature.
#[tokio::test]
async fn a_read_that_nobody_asked_for_is_named_without_any_memory() {
    type Forgery = fn(&mut AuditRecord, &AgentToken, &AuditRecord);
    let forgeries: [(&str, Forgery); 5] = [
        ("its key is another principal's", |record, _, other| record.principal = other.principal),
        ("its key is another principal's", |record, _, _| record.principal = None),
        ("its principal did not sign the request", |record, _, other| record.request = other.request.clone()),
        ("it names a directory header that does not exist", |record, _, _| record.directory.hash = Hash([1; 32])),
        ("its key was nobody's", |record, _, _| record.key_id.as_mut().unwrap().0[0] ^= 1),
    ];
    for (reason, forge) in forgeries {
        let Scene { world, token } = scene().await;
        let database = Connection::open(world.database()).unwrap();
        let (position, mut record) = read_of(&database, &token);
        let (_, _, owners) = records(&database).remove(1);
        forge(&mut record, &token, &AuditRecord::parse(&owners).unwrap());
        put(&database, position, &record, true);
        let error = verify(&world, None).await.unwrap_err();
        assert_eq!(bad(&error), (position, reason));
    }
    // One that was asked for once, and logged twice.
    let Scene { world, token } = scene().await;
    let database = Connection::open(world.database()).unwrap();
    let (position, record) = read_of(&database, &token);
    let last = records(&database).len() as u64 - 1;
    assert!(position < last);
    put(&database, last, &record, true);
    let error = verify(&world, None).await.unwrap_err();
    assert_eq!(bad(&error), (last, "its id was used before"));
}

/// What nobody signs says of members that they logged in, once that the organization was created, and nothing else.
#[tokio::test]
async fn what_nobody_signed_says_nothing_of_secrets() {
    type Forgery = fn(&mut AuditRecord, PrincipalId);
    let of_nobody = "it is of nobody who could log in";
    let forgeries: [(&str, Forgery); 6] = [
        ("not an audit record: it has not the signed request that goes with its action", |record, _| {
            record.action = "profile.read".to_owned();
        }),
        ("a log-in releases nothing", |record, owner| record.principal = Some(owner)),
        (of_nobody, |record, _| record.released = None),
        (of_nobody, |record, _| (record.principal, record.released) = (None, None)),
        (of_nobody, |record, _| {
            (record.principal, record.released) = (Some(UserId::from_bytes([1; 16]).into()), None);
        }),
        ("an organization is created once, and first", |record, owner| {
            record.action = UnsignedAction::OrgCreate.name().to_owned();
            (record.principal, record.released) = (Some(owner), None);
        }),
    ];
    for (reason, forge) in forgeries {
        let Scene { world, token } = scene().await;
        let database = Connection::open(world.database()).unwrap();
        let owner = AuditRecord::parse(&records(&database)[1].2).unwrap().principal.unwrap();
        let (position, mut record) = read_of(&database, &token);
        (record.key_id, record.request) = (None, None);
        record.action = UnsignedAction::LoginFinish.name().to_owned();
        forge(&mut record, owner);
        put(&database, position, &record, true);
        let error = verify(&world, None).await.unwrap_err();
        assert_eq!(bad(&error), (position, reason));
    }
    // What a server can make up: that a member logged in.
    let Scene { world, token } = scene().await;
    let database = Connection::open(world.database()).unwrap();
    let (position, mut record) = read_of(&database, &token);
    record.principal = AuditRecord::parse(&records(&database)[1].2).unwrap().principal;
    (record.key_id, record.request, record.released) = (None, None, None);
    record.action = UnsignedAction::LoginFinish.name().to_owned();
    put(&database, position, &record, true);
    verify(&world, None).await.unwrap();
}

/// A log that does not begin with its organization's creation lost its beginning.
#[tokio::test]
async fn the_log_begins_with_the_genesis() {
    let Scene { world, .. } = scene().await;
    let database = Connection::open(world.database()).unwrap();
    let (_, _, first) = records(&database).remove(0);
    let first = AuditRecord::parse(&first).unwrap();
    assert_eq!((first.action.as_str(), first.outcome, first.signed()), ("org.create", Outcome::Allowed, None));
    assert!(
        matches!(first.released, Some(Released::Statement { seq: Seq::FIRST, hash }) if hash == first.directory.hash)
    );
    let forged = AuditRecord { action: "login.start".to_owned(), released: None, ..first };
    put(&database, 0, &forged, true);
    let error = verify(&world, None).await.unwrap_err();
    assert_eq!(bad(&error), (0, "it is first, and not of the organization's creation"));
}
