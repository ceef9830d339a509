//! An organization whose every byte comes from fixed seeds, with an agent in it; and the replies of its server, which can be
//! bent before they are signed.

mod ciphers;
mod replies;

pub(crate) use ciphers::{encrypted_frame, frame, sealed};

use std::collections::BTreeMap;
use stronghold_sdk::{
    crypto::{identity::Identity, seal::KemSecretKey},
    open::ProfileKey,
    protocol::{
        audit::AuditRecord,
        crypto::{hash::Hash, kdf::Kdf, sign::SigningKey},
        directory::{Change, Conditions, Directory, HeaderRef, Statement, Vouched, genesis_changes},
        id::{AgentId, GroupId, OrgId, ProfileId, SecretId, UserId},
        manifest::Manifest,
        merkle::Tree,
        name::{Email, Name, SecretName},
        number::{Epoch, Revision, RosterVersion, Version},
        roster::{Roster, RosterMember, RosterNonce},
        seal::SealId,
        secret::{BlindIndex, Part, SealedSecret, secret_context},
        signed::Signed,
        time::Timestamp,
        token::{AgentToken, TokenFloor},
    },
};
use zeroize::Zeroizing;

pub(crate) const OWNER: u8 = 1;
pub(crate) const AGENT: u8 = 10;
pub(crate) const OTHER_AGENT: u8 = 11;
pub(crate) const GROUP: u8 = 20;
const CHECKPOINTS: u8 = 90;

/// The 16 bytes of a version 7 UUID with this number in it.
fn id_bytes(number: u8) -> [u8; 16] {
    [0x01, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, number]
}

pub(crate) fn agent(number: u8) -> AgentId {
    AgentId::from_bytes(id_bytes(number))
}

pub(crate) fn group() -> GroupId {
    GroupId::from_bytes(id_bytes(GROUP))
}

pub(crate) fn profile_id(number: u8) -> ProfileId {
    ProfileId::from_bytes(id_bytes(number))
}

pub(crate) fn identity(seed: u8) -> Identity {
    Identity::from_seed(&[seed; 32])
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn now() -> Timestamp {
    "2026-11-23T12:00:00.000Z".parse().unwrap()
}

fn commitment_of(org: OrgId, number: u8) -> ProfileKey {
    ProfileKey::new(org, profile_id(number), Epoch::FIRST, &[number; 32])
}

/// What is encrypted of one secret, and where.
#[derive(Clone)]
pub(crate) struct Plain {
    pub(crate) name: String,
    /// JSON of the meta part.
    pub(crate) meta: String,
    pub(crate) value: Vec<u8>,
    pub(crate) index: Option<BlindIndex>,
    pub(crate) id: SecretId,
    pub(crate) version: Version,
    /// What the ciphertexts are bound to.
    pub(crate) bound: Bound,
}

#[derive(Clone)]
pub(crate) struct Bound {
    pub(crate) org: OrgId,
    pub(crate) profile: ProfileId,
    pub(crate) epoch: Epoch,
    pub(crate) secret: SecretId,
    pub(crate) version: Version,
    pub(crate) parts: [Part; 2],
}

/// A profile: its revision 1 held nothing, and revision 2 holds these secrets.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) number: u8,
    pub(crate) name: String,
    pub(crate) secrets: Vec<Plain>,
    first: Signed,
}

/// An organization, its agent's token, and what its server holds.
#[derive(Clone)]
pub(crate) struct Forge {
    pub(crate) org: OrgId,
    pub(crate) state: Directory,
    pub(crate) statements: Vec<Statement>,
    rosters: Vec<Signed>,
    pub(crate) profiles: BTreeMap<u8, Held>,
    floor: HeaderRef,
}

/// How a reply differs from an honest one, in what is signed or sealed.
pub(crate) struct Bend<'a> {
    pub(crate) manifest: &'a dyn Fn(&mut Manifest),
    pub(crate) record: &'a dyn Fn(&mut AuditRecord),
    pub(crate) keys: &'a dyn Fn(&mut Keys),
    pub(crate) secrets: &'a dyn Fn(&mut Vec<SealedSecret>),
}

/// What is sealed on the way to a master key.
pub(crate) struct Keys {
    pub(crate) seed: Vec<u8>,
    pub(crate) seed_id: SealId,
    pub(crate) seed_org: OrgId,
    pub(crate) master: Vec<u8>,
    pub(crate) master_id: SealId,
    pub(crate) master_org: OrgId,
}

impl Default for Bend<'_> {
    fn default() -> Self {
        Self { manifest: &|_| {}, record: &|_| {}, keys: &|_| {}, secrets: &|_| {} }
    }
}

fn signed<T: stronghold_sdk::protocol::signed::Payload>(payload: &T, seed: u8) -> Signed {
    Signed::create(payload, &[identity(seed).signing_key()]).unwrap()
}

impl Forge {
    /// An organization with profiles of these numbers and names, all of which the agent's group may read.
    pub(crate) fn new(profiles: &[(u8, &str)]) -> Self {
        let owner = identity(OWNER).public_keys();
        let user = UserId::from_bytes(id_bytes(OWNER));
        let roster = Roster {
            version: RosterVersion::FIRST,
            prev: None,
            nonce: Some(RosterNonce([7; 32])),
            owners: vec![RosterMember { user, keys: owner.clone() }],
            admins: Vec::new(),
            owner_threshold: 1,
            minimum_suite: 1,
        };
        let roster = signed(&roster, OWNER);
        let org = OrgId(roster.hash_as::<Roster>().0);
        let email = Email::new("owner@acme.example").unwrap();
        let (key, admins) =
            (SigningKey::from_seed(&[CHECKPOINTS; 32]).public_key(), KemSecretKey::from_seed(&[91; 32]));
        let who = (user, email, owner, identity(2).public_keys());
        let changes = genesis_changes(roster.clone(), name("Acme"), key, admins.public_key(), who);
        let draft = Directory::draft_genesis(&roster, changes, now()).unwrap();
        let (statement, state) = draft.sign(&[identity(OWNER).signing_key()]).unwrap();
        let floor = state.head();
        let mut forge =
            Self { org, state, statements: vec![statement], rosters: vec![roster], profiles: BTreeMap::new(), floor };
        forge.by_owner(vec![
            Change::GroupCreated {
                id: group(),
                name: name("deploy"),
                key: KemSecretKey::from_seed(&[GROUP; 32]).public_key(),
            },
            Change::AgentCreated {
                id: agent(AGENT),
                name: name("ci"),
                keys: identity(AGENT).public_keys(),
                conditions: Conditions::default(),
            },
            Change::MemberAdded { group: group(), member: agent(AGENT).into() },
        ]);
        forge.floor = forge.state.head();
        for (number, text) in profiles {
            forge.create(*number, text);
        }
        let mut next = forge.state.roster().value().clone();
        (next.version, next.prev, next.nonce) = (next.version.next(), Some(forge.state.roster().hash()), None);
        let next = signed(&next, OWNER);
        forge.rosters.push(next.clone());
        forge.by_owner(vec![Change::RosterChanged { roster: next }]);
        forge.by_owner(vec![Change::PolicyChanged { name: name("Acme Inc.") }]);
        forge
    }

    fn by_owner(&mut self, changes: Vec<Change>) {
        let draft = self.state.draft(changes, true, now()).unwrap();
        let (statement, state) = draft.sign(&[identity(OWNER).signing_key()]).unwrap();
        self.statements.push(statement);
        self.state = state;
    }

    fn create(&mut self, number: u8, text: &str) {
        let (id, key) = (profile_id(number), commitment_of(self.org, number));
        let first = Manifest {
            org: self.org,
            profile: id,
            name: name(text),
            revision: Revision::FIRST,
            prev: None,
            epoch: Epoch::FIRST,
            commitment: key.commitment(),
            count: 0,
            root: stronghold_sdk::protocol::merkle::empty_root(),
            header: self.state.head(),
            time: now(),
        };
        let first = signed(&first, OWNER);
        let vouched = Vouched { revision: Revision::FIRST, manifest: first.hash_as::<Manifest>() };
        self.by_owner(vec![
            Change::ProfileCreated { id, name: name(text), commitment: key.commitment(), vouched },
            Change::ProfileGranted { profile: id, group: group(), write: false, history: false },
        ]);
        self.profiles.insert(number, Held { number, name: text.to_owned(), secrets: Vec::new(), first });
    }

    /// Puts a secret into a profile's revision 2.
    pub(crate) fn put(&mut self, number: u8, text: &str, kind: &str, value: &[u8]) {
        let org = self.org;
        let held = self.profiles.get_mut(&number).unwrap();
        let id = SecretId::from_bytes(id_bytes(100 + u8::try_from(held.secrets.len()).unwrap()));
        let meta =
            format!(r#"{{"name":{},"kind":"{kind}","updated_at":"{}"}}"#, serde_json::to_string(text).unwrap(), now());
        let (profile, epoch, version) = (profile_id(number), Epoch::FIRST, Version::FIRST);
        let bound = Bound { org, profile, epoch, secret: id, version, parts: [Part::Meta, Part::Value] };
        held.secrets.push(Plain {
            name: text.to_owned(),
            meta,
            value: value.to_vec(),
            index: None,
            id,
            version,
            bound,
        });
    }

    /// The token, whose floor is the statement that made the agent.
    pub(crate) fn token(&self) -> AgentToken {
        let floor = TokenFloor::of(&self.floor);
        AgentToken { agent: agent(AGENT), org: self.org, seed: Zeroizing::new([AGENT; 32]), floor, url: None }
    }

    pub(crate) fn index(&self, number: u8, text: &str) -> BlindIndex {
        commitment_of(self.org, number).blind_index(&SecretName::new(text).unwrap())
    }

    /// The secrets of a profile's revision 2, sorted by blind index.
    fn secrets(&self, held: &Held) -> Vec<SealedSecret> {
        let kdf = Kdf::new(&[held.number; 32]);
        let seal = |plain: &Plain| {
            let Bound { org, profile, epoch, secret, version, parts: [meta, value] } = &plain.bound;
            let context = |part: Part| secret_context(org, profile, *epoch, secret, *version, part);
            SealedSecret {
                index: plain.index.unwrap_or_else(|| self.index(held.number, &plain.name)),
                id: plain.id,
                version: plain.version,
                meta: encrypted_frame(&kdf, &context(*meta), None, &frame(plain.meta.as_bytes())).into(),
                value: encrypted_frame(&kdf, &context(*value), None, &frame(&plain.value)).into(),
            }
        };
        let mut secrets: Vec<SealedSecret> = held.secrets.iter().map(seal).collect();
        secrets.sort_by_key(|secret| secret.index);
        secrets
    }
}

/// The tree over secrets as they stand.
fn tree(secrets: &[SealedSecret]) -> Tree {
    Tree::from_leaf_hashes(secrets.iter().map(|secret| secret.leaf().leaf_hash()))
}

/// A hash that nothing has.
pub(crate) const NO_HASH: Hash = Hash([9; 32]);
