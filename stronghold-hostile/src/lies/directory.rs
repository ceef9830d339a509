//! Lies about statements and rosters: in pages of the directory, and in the chain that leads to the newest statement.

use super::{Question, typed};
use crate::{
    Lie,
    bytes::{flip, payload, sign_as, sign_bytes},
    database,
    operator::Operator,
    route::Route,
};
use serde_json::Value;
use stronghold_protocol::{
    api::DirectoryPage,
    audit::AuditRecord,
    crypto::{hash::object_hash, kem::PublicKeys, sign::SigningKey},
    directory::{Body, Change, Conditions, Directory, Header, HeaderRef, Statement},
    evidence::ChainEvidence,
    id::{AgentId, GroupId, OrgId, UserId},
    manifest::Manifest,
    name::Name,
    receipt::Receipt,
    roster::{Roster, RosterMember, RosterRef},
    signed::Signed,
};
use stronghold_sdk::crypto::identity::Identity;

pub(super) fn tell(operator: &Operator, lie: Lie, question: &Question<'_>, json: &mut Value) -> Option<()> {
    let org = question.org?;
    if let Route::Directory(from) = question.route {
        return typed(json, |page: &mut DirectoryPage| in_page(operator, lie, &org, from, page));
    }
    json.get("chain")?;
    let mut chain: ChainEvidence = serde_json::from_value(json["chain"].clone()).unwrap();
    let new = in_chain(operator, lie, &org, question.asked.target, &mut chain)?;
    json["chain"] = serde_json::to_value(&chain).unwrap();
    name_head(operator, &org, json, &chain.head);
    if let (Some(state), Some(manifest)) = (new, json.pointer("/profile/manifest")) {
        // The head is another one, so the header that the manifest names needs a proof under it.
        let manifest: Signed = serde_json::from_value(manifest.clone()).unwrap();
        let at = place(payload::<Manifest>(&manifest).header);
        let proof = state.header_log().inclusion_at(at, place(state.head()) + 1);
        json["profile"]["header_proof"] = serde_json::to_value(proof).unwrap();
    }
    Some(())
}

/// Has the receipt name the header that the answer leads to, so that it is not what gives the lie away.
fn name_head(operator: &Operator, org: &OrgId, json: &mut Value, head: &Signed) {
    let receipt: Receipt = serde_json::from_value(json["receipt"].clone()).unwrap();
    let mut record = AuditRecord::parse(&receipt.record.0).unwrap();
    // What is no header has no place; then the place that it takes is the next one.
    let seq = serde_json::from_slice::<Header>(&head.payload.0)
        .map_or_else(|_| record.directory.seq.next(), |header| header.seq);
    record.directory = HeaderRef { seq, hash: head.hash_as::<Header>() };
    let bytes = record.encode().unwrap().into();
    json["receipt"] = serde_json::to_value(Receipt::sign(org, receipt.position, bytes, &operator.server)).unwrap();
}

fn place(header: HeaderRef) -> usize {
    usize::try_from(header.seq.get()).unwrap()
}

fn in_page(operator: &Operator, lie: Lie, org: &OrgId, from: u64, page: &mut DirectoryPage) -> Option<()> {
    let count = page.statements.len();
    let last = count.checked_sub(1)?;
    let other =
        || database::other_org(&operator.database, org).map(|other| database::directory(&operator.database, &other));
    match lie {
        Lie::AnotherGenesis if from == 0 => page.statements[0] = other()?.0[0].clone(),
        Lie::AnotherOrganization => {
            let (statements, state) = other()?;
            page.statements = statements.into_iter().skip(usize::try_from(from).unwrap()).collect();
            page.head = state.head();
        }
        Lie::UnsignedStatement
        | Lie::WronglySignedStatement
        | Lie::SelfSignedStatement
        | Lie::StatementInAnothersName
        | Lie::NotCanonical => page.statements[last].header = bent(operator, lie, &page.statements[last].header)?,
        Lie::ReplayedStatement => page.statements.push(page.statements[last].clone()),
        Lie::ReorderedStatements if count > 1 => page.statements.swap(last, last - 1),
        Lie::SkippedStatement if count > 1 => drop(page.statements.remove(last - 1)),
        Lie::ForkedStatement => {
            let (statements, _) = database::directory(&operator.database, org);
            let before = replayed(&statements[..statements.len() - 1], org);
            let signer = page.statements[last].header.clone();
            page.statements[last] =
                made(&before, ghost(operator, &before), |header| sign_as(header, key(operator), &signer)).0;
        }
        Lie::KeyOfPerson | Lie::KeyOfAgent | Lie::KeyOfGroup | Lie::KeyOfInvitee => substitute(operator, lie, page)?,
        _ => {
            let (_, state) = database::directory(&operator.database, org);
            let (statement, head) = appended(operator, lie, &state, &page.statements[last].header)?;
            page.statements.push(statement);
            page.head = head;
        }
    }
    Some(())
}

/// Gives the state before the head, where that is another one than the server's.
fn in_chain(
    operator: &Operator,
    lie: Lie,
    org: &OrgId,
    target: &str,
    chain: &mut ChainEvidence,
) -> Option<Option<Directory>> {
    match lie {
        Lie::AnotherGenesis | Lie::AnotherOrganization => {
            let other = database::other_org(&operator.database, org)?;
            let (statements, state) = database::directory(&operator.database, &other);
            chain.rosters = vec![state.roster().envelope().clone()];
            chain.head = statements.last()?.header.clone();
            if lie == Lie::AnotherOrganization {
                chain.anchor = statements.first()?.header.clone();
            }
        }
        Lie::UnsignedStatement
        | Lie::WronglySignedStatement
        | Lie::SelfSignedStatement
        | Lie::StatementInAnothersName
        | Lie::NotCanonical => chain.head = bent(operator, lie, &chain.head)?,
        Lie::ReplayedStatement => {
            let (statements, _) = database::directory(&operator.database, org);
            chain.head = statements[statements.len().checked_sub(2)?].header.clone();
        }
        Lie::ForkedStatement => {
            let mut header: Header = payload(&chain.head);
            header.time = header.time.plus_millis(1);
            chain.head = sign_as(&header, key(operator), &chain.head);
        }
        Lie::OldRoster if chain.rosters.len() > 1 => drop(chain.rosters.pop()),
        _ => {
            let (_, state) = database::directory(&operator.database, org);
            let (statement, _) = appended(operator, lie, &state, &chain.head)?;
            if matches!(lie, Lie::RosterBelowThreshold | Lie::RosterKeyTwice | Lie::WeakerSuite) {
                chain.rosters.push(next_roster(operator, lie, &state)?);
            }
            let size = place(state.head()) + 1;
            let anchor = usize::try_from(payload::<Header>(&chain.anchor).seq.get()).unwrap();
            chain.anchor_proof = state.header_log().inclusion_at(anchor, size);
            let remembered = target.split(['?', '&']).find_map(|part| part.strip_prefix("remembered=")?.parse().ok());
            chain.remembered_proof = remembered.and_then(|at| state.header_log().inclusion_at(at, size));
            chain.head = statement.header;
            return Some(Some(state));
        }
    }
    Some(None)
}

fn replayed(statements: &[Statement], org: &OrgId) -> Directory {
    let first = Directory::genesis(&statements[0], org).unwrap();
    statements[1..].iter().fold(first, |state, statement| state.append(statement).unwrap())
}

/// The server's own key.
fn key(operator: &Operator) -> &SigningKey {
    operator.own.signing_key()
}

fn accomplice(seed: Option<[u8; 32]>) -> Option<Identity> {
    seed.map(|seed| Identity::from_seed(&seed))
}

/// The same header, signed otherwise or not at all.
fn bent(operator: &Operator, lie: Lie, signed: &Signed) -> Option<Signed> {
    let mut bent = signed.clone();
    match lie {
        Lie::UnsignedStatement => bent.signatures.clear(),
        Lie::WronglySignedStatement => flip(&mut bent.signatures.first_mut()?.signature.0),
        Lie::SelfSignedStatement => bent = Signed::create(&payload::<Header>(signed), &[key(operator)]).unwrap(),
        Lie::StatementInAnothersName => bent = sign_as(&payload::<Header>(signed), key(operator), signed),
        Lie::NotCanonical => bent.payload.0.insert(1, b' '),
        _ => return None,
    }
    Some(bent)
}

/// An agent of the server's that is in every group.
fn ghost(operator: &Operator, state: &Directory) -> Vec<Change> {
    let id = AgentId::from_bytes([0x5a; 16]);
    let created = Change::AgentCreated {
        id,
        name: Name::new("ghost").unwrap(),
        keys: operator.own.public_keys(),
        conditions: Conditions::default(),
    };
    let groups = state.groups().map(|group| group.id).filter(|id| *id != GroupId::ADMINS);
    let joins = groups.map(|group| Change::MemberAdded { group, member: id.into() });
    [created].into_iter().chain(joins).collect()
}

/// A statement on top of a state, whose roots and proofs are right.
fn made(state: &Directory, changes: Vec<Change>, sign: impl FnOnce(&Header) -> Signed) -> (Statement, HeaderRef) {
    let roster = changes.iter().find_map(|change| match change {
        Change::RosterChanged { roster } => {
            Some(RosterRef { version: payload::<Roster>(roster).version, hash: roster.hash_as::<Roster>() })
        }
        _ => None,
    });
    let body = serde_json::to_vec(&Body { changes }).unwrap();
    let before = state.head();
    let header = Header {
        org: state.org(),
        seq: before.seq.next(),
        prev: before.hash,
        time: "2026-11-30T12:00:00.000Z".parse().unwrap(),
        roster: roster.unwrap_or_else(|| state.roster_ref()),
        log_root: state.header_log().root(),
        state_root: state.state_root(),
        body: object_hash(Body::TYPE, &body),
    };
    let header = sign(&header);
    let head = HeaderRef { seq: before.seq.next(), hash: header.hash_as::<Header>() };
    (Statement { header, body: body.into() }, head)
}

/// A roster in which the server is an owner.
fn next_roster(operator: &Operator, lie: Lie, state: &Directory) -> Option<Signed> {
    let mut next: Roster = state.roster().value().clone();
    (next.version, next.prev, next.nonce) = (next.version.next(), Some(state.roster().hash()), None);
    let admin = accomplice(operator.accomplices.admin)?;
    match lie {
        Lie::WeakerSuite => next.minimum_suite = 0,
        _ => {
            next.owners = vec![RosterMember { user: UserId::from_bytes([0x5b; 16]), keys: operator.own.public_keys() }]
        }
    }
    let mut signed = Signed::create(&next, &[admin.signing_key(), key(operator)]).unwrap();
    if lie == Lie::RosterKeyTwice {
        let first = signed.signatures[0].clone();
        signed.signatures.push(first);
    }
    Some(signed)
}

/// A statement more, which somebody signed who may not, or which says what is not.
fn appended(operator: &Operator, lie: Lie, state: &Directory, newest: &Signed) -> Option<(Statement, HeaderRef)> {
    let Accomplice { admin, removed } = Accomplice {
        admin: accomplice(operator.accomplices.admin),
        removed: accomplice(operator.accomplices.removed_admin),
    };
    let ghost = ghost(operator, state);
    // Right in everything else.
    let harmless = || vec![ghost[0].clone()];
    match lie {
        Lie::GhostMember => Some(made(state, ghost.clone(), |header| sign_as(header, key(operator), newest))),
        Lie::StatementByRemovedAdmin => {
            let removed = removed?;
            Some(made(state, harmless(), |header| Signed::create(header, &[removed.signing_key()]).unwrap()))
        }
        Lie::WrongStateRoot => {
            let admin = admin?;
            Some(made(state, harmless(), |header| {
                let mut header = header.clone();
                flip(&mut header.state_root.0);
                Signed::create(&header, &[admin.signing_key()]).unwrap()
            }))
        }
        Lie::SignedMemberTwice => {
            let admin = admin?;
            Some(made(state, harmless(), |header| {
                let text = serde_json::to_string(header).unwrap();
                let seq = format!("\"seq\":{}", header.seq.get());
                let twice = text.replacen(&seq, &format!("{seq},{seq}"), 1);
                sign_bytes::<Header>(twice.into_bytes(), admin.signing_key())
            }))
        }
        Lie::RosterBelowThreshold | Lie::RosterKeyTwice | Lie::WeakerSuite => {
            let (roster, admin) = (next_roster(operator, lie, state)?, admin?);
            Some(made(state, vec![Change::RosterChanged { roster }], |header| {
                Signed::create(header, &[admin.signing_key(), key(operator)]).unwrap()
            }))
        }
        _ => None,
    }
}

struct Accomplice {
    admin: Option<Identity>,
    removed: Option<Identity>,
}

/// Puts keys of the server's where a statement states somebody's, with the server's signature in the author's name.
fn substitute(operator: &Operator, lie: Lie, page: &mut DirectoryPage) -> Option<()> {
    let own: PublicKeys = operator.own.public_keys();
    for statement in &mut page.statements {
        let mut body: Body = serde_json::from_slice(&statement.body.0).unwrap();
        let mut changed = false;
        for change in &mut body.changes {
            match (lie, change) {
                (Lie::KeyOfPerson, Change::UserConfirmed { keys, .. })
                | (Lie::KeyOfAgent, Change::AgentCreated { keys, .. }) => *keys = own.clone(),
                (Lie::KeyOfGroup, Change::GroupCreated { key, .. }) => *key = own.kem.clone(),
                (Lie::KeyOfInvitee, Change::UserInvited { key, .. }) => *key = own.sign,
                _ => continue,
            }
            changed = true;
            break;
        }
        if changed {
            let bytes = serde_json::to_vec(&body).unwrap();
            let mut header: Header = payload(&statement.header);
            header.body = object_hash(Body::TYPE, &bytes);
            statement.header = sign_as(&header, key(operator), &statement.header);
            statement.body = bytes.into();
            return Some(());
        }
    }
    None
}
