//! One small organization, the same in every run: an owner, an editor, an agent, two groups, two profiles.

use serde::Serialize;
use stronghold_protocol::{
    crypto::{
        hash::Hash,
        kem::{KemPublicKey, PublicKeys},
        sign::SigningKey,
    },
    directory::{Change, Conditions, Directory, HeaderRef, Role, Statement, Vouched, genesis_changes},
    id::{AgentId, GroupId, InviteId, OrgId, ProfileId, SecretId, UserId},
    manifest::{KeyCommitment, Manifest},
    merkle,
    name::{Email, Name},
    number::{Epoch, Revision, RosterVersion},
    roster::{Roster, RosterMember, RosterNonce},
    signed::Signed,
    time::Timestamp,
};

pub(crate) struct World {
    pub(crate) owner: SigningKey,
    pub(crate) roster: Signed,
    pub(crate) genesis: Statement,
    pub(crate) second: Statement,
    pub(crate) directory: Directory,
    pub(crate) manifest: Signed,
    pub(crate) invite: InviteId,
}

pub(crate) const OWNER: UserId = UserId::from_bytes(id(1));
pub(crate) const EDITOR: UserId = UserId::from_bytes(id(2));
pub(crate) const AGENT: AgentId = AgentId::from_bytes(id(3));
pub(crate) const DEPLOY: GroupId = GroupId::from_bytes(id(4));
pub(crate) const WRITERS: GroupId = GroupId::from_bytes(id(5));
pub(crate) const PRODUCTION: ProfileId = ProfileId::from_bytes(id(6));
pub(crate) const STAGING: ProfileId = ProfileId::from_bytes(id(7));
pub(crate) const SECRET: SecretId = SecretId::from_bytes(id(8));

/// A `UUIDv7` whose last byte tells it from the others.
pub(crate) const fn id(number: u8) -> [u8; 16] {
    [1, 0x9b, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, number]
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000).expect("a time")
}

pub(crate) fn signing_key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

/// Nothing is sealed to these: their bytes are no key of the mechanism.
pub(crate) fn kem_key(number: u8) -> KemPublicKey {
    KemPublicKey::from_bytes(&[number; KemPublicKey::LENGTH]).expect("the right length")
}

pub(crate) fn keys(number: u8) -> PublicKeys {
    PublicKeys { sign: signing_key(number).public_key(), kem: kem_key(number) }
}

pub(crate) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("every type of the protocol serializes")
}

impl World {
    pub(crate) fn new() -> Self {
        let owner = signing_key(1);
        let roster = Signed::create(&genesis_roster(), &[&owner]).expect("a roster");
        let email = Email::new("owner@acme.example").expect("an address");
        let changes = genesis_changes(
            roster.clone(),
            name("Acme"),
            signing_key(9).public_key(),
            kem_key(10),
            (OWNER, email, keys(1), keys(11)),
        );
        let draft = Directory::draft_genesis(&roster, changes, now()).expect("a genesis");
        let (genesis, before) = draft.sign(&[&owner]).expect("a signed genesis");
        let manifest =
            Signed::create(&first_manifest(&before, PRODUCTION, "production"), &[&owner]).expect("a manifest");
        let staging = Signed::create(&first_manifest(&before, STAGING, "staging"), &[&owner]).expect("a manifest");
        let invite = InviteId::from_bytes(id(12));
        let changes = people(&manifest, &staging, invite);
        let draft = before.draft(changes, true, now()).expect("a statement");
        let (second, directory) = draft.sign(&[&owner]).expect("a signed statement");
        Self { owner, roster, genesis, second, directory, manifest, invite }
    }

    pub(crate) fn org(&self) -> OrgId {
        self.directory.org()
    }

    pub(crate) fn vouched(&self) -> Vouched {
        Vouched { revision: Revision::FIRST, manifest: self.manifest.hash_as::<Manifest>() }
    }

    pub(crate) fn genesis_header(&self) -> HeaderRef {
        let hash = self.genesis.header.hash_as::<stronghold_protocol::directory::Header>();
        HeaderRef { seq: stronghold_protocol::number::Seq::FIRST, hash }
    }
}

pub(crate) fn genesis_roster() -> Roster {
    Roster {
        version: RosterVersion::FIRST,
        prev: None,
        nonce: Some(RosterNonce([7; 32])),
        owners: vec![RosterMember { user: OWNER, keys: keys(1) }],
        admins: Vec::new(),
        owner_threshold: 1,
        minimum_suite: 1,
    }
}

pub(crate) fn first_manifest(directory: &Directory, profile: ProfileId, title: &str) -> Manifest {
    Manifest {
        org: directory.org(),
        profile,
        name: name(title),
        revision: Revision::FIRST,
        prev: None,
        epoch: Epoch::FIRST,
        commitment: KeyCommitment([profile.as_bytes()[15]; 32]),
        count: 0,
        root: merkle::empty_root(),
        header: directory.head(),
        time: now(),
    }
}

fn people(manifest: &Signed, staging: &Signed, invite: InviteId) -> Vec<Change> {
    let profile = |id: ProfileId, title: &str, manifest: &Signed| Change::ProfileCreated {
        id,
        name: name(title),
        commitment: KeyCommitment([id.as_bytes()[15]; 32]),
        vouched: Vouched { revision: Revision::FIRST, manifest: manifest.hash_as::<Manifest>() },
    };
    let email = Email::new("editor@acme.example").expect("an address");
    vec![
        Change::GroupCreated { id: DEPLOY, name: name("deploy"), key: kem_key(13) },
        Change::GroupCreated { id: WRITERS, name: name("writers"), key: kem_key(14) },
        profile(PRODUCTION, "production", manifest),
        profile(STAGING, "staging", staging),
        Change::ProfileGranted { profile: PRODUCTION, group: DEPLOY, write: false, history: false },
        Change::ProfileGranted { profile: STAGING, group: WRITERS, write: true, history: true },
        Change::AgentCreated { id: AGENT, name: name("CI/CD"), keys: keys(3), conditions: Conditions::default() },
        Change::MemberAdded { group: DEPLOY, member: AGENT.into() },
        Change::UserInvited {
            id: invite,
            email,
            role: Role::Editor,
            groups: vec![WRITERS],
            key: signing_key(15).public_key(),
            expires_at: now().plus_millis(86_400_000),
        },
    ]
}

/// A hash that names nothing.
pub(crate) const fn some_hash(byte: u8) -> Hash {
    Hash([byte; 32])
}
