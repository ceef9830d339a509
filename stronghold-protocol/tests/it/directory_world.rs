//! An organization made for tests: every key comes from a fixed seed, every id from a number.

use stronghold_protocol::{
    crypto::{
        hash::{Hash, object_hash},
        kem::{KemPublicKey, PublicKeys},
        sign::{SigningKey, SigningPublicKey},
    },
    directory::{
        AgentStatus, Body, Change, Conditions, Directory, DirectoryRefusal, Header, Role, Statement, Vouched,
        genesis_changes,
    },
    encoding::Base64Bytes,
    id::{AgentId, GroupId, InviteId, OrgId, ProfileId, UserId},
    manifest::{KeyCommitment, Manifest},
    merkle,
    name::{Email, Name},
    number::{Epoch, Revision, RosterVersion, Version},
    roster::{Roster, RosterMember, RosterNonce},
    secret::{BlindIndex, SealedSecret, SecretLeaf},
    signed::{Signed, Verified},
    time::Timestamp,
};

pub(crate) const OWNER: u8 = 1;
pub(crate) const ADMIN: u8 = 2;
pub(crate) const EDITOR: u8 = 3;
pub(crate) const STAGING_EDITOR: u8 = 4;
pub(crate) const AUDITOR: u8 = 5;
pub(crate) const CI: u8 = 10;
pub(crate) const OTHER_AGENT: u8 = 11;
pub(crate) const DEPLOY: u8 = 20;
pub(crate) const STAGING_TEAM: u8 = 21;
pub(crate) const PRODUCTION: u8 = 30;
pub(crate) const STAGING: u8 = 31;

pub(crate) fn now() -> Timestamp {
    "2026-11-23T12:00:00.000Z".parse().unwrap()
}

/// The 16 bytes of a version 7 UUID with this number in it.
pub(crate) fn id_bytes(number: u8) -> [u8; 16] {
    [0x01, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, number]
}

pub(crate) fn user(number: u8) -> UserId {
    UserId::from_bytes(id_bytes(number))
}

pub(crate) fn agent(number: u8) -> AgentId {
    AgentId::from_bytes(id_bytes(number))
}

pub(crate) fn group(number: u8) -> GroupId {
    GroupId::from_bytes(id_bytes(number))
}

pub(crate) fn profile(number: u8) -> ProfileId {
    ProfileId::from_bytes(id_bytes(number))
}

pub(crate) fn invite(number: u8) -> InviteId {
    InviteId::from_bytes(id_bytes(number))
}

pub(crate) fn signer(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

pub(crate) fn sign_key(seed: u8) -> SigningPublicKey {
    signer(seed).public_key()
}

pub(crate) fn kem(seed: u8) -> KemPublicKey {
    KemPublicKey::from_bytes(&[seed; KemPublicKey::LENGTH]).unwrap()
}

pub(crate) fn keys(seed: u8) -> PublicKeys {
    PublicKeys { sign: sign_key(seed), kem: kem(seed) }
}

/// The keys of a recovery kit: of another seed than any identity's.
pub(crate) fn recovery(seed: u8) -> PublicKeys {
    keys(seed + 100)
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn email(seed: u8) -> Email {
    Email::new(&format!("user{seed}@acme.example")).unwrap()
}

pub(crate) fn epoch(number: u64) -> Epoch {
    Epoch::new(number).unwrap()
}

pub(crate) fn revision(number: u64) -> Revision {
    Revision::new(number).unwrap()
}

/// The commitment of a profile's epoch.
pub(crate) fn commitment(profile: u8, epoch: u64) -> KeyCommitment {
    let mut bytes = [profile; 32];
    bytes[0] = u8::try_from(epoch).unwrap();
    KeyCommitment(bytes)
}

/// A vouched revision whose manifest nobody looks at.
pub(crate) fn vouched(number: u64) -> Vouched {
    Vouched { revision: revision(number), manifest: Hash([u8::try_from(number).unwrap(); 32]) }
}

pub(crate) fn member(seed: u8) -> RosterMember {
    RosterMember { user: user(seed), keys: keys(seed) }
}

/// A genesis roster of these owners and admins.
pub(crate) fn first_roster(owners: &[u8], admins: &[u8], threshold: u32) -> Roster {
    Roster {
        version: RosterVersion::FIRST,
        prev: None,
        nonce: Some(RosterNonce([7; 32])),
        owners: owners.iter().map(|seed| member(*seed)).collect(),
        admins: admins.iter().map(|seed| member(*seed)).collect(),
        owner_threshold: threshold,
        minimum_suite: 1,
    }
}

/// The version after `before` as it would be without any change.
pub(crate) fn next_roster(before: &Verified<Roster>) -> Roster {
    let mut next = before.value().clone();
    next.version = next.version.next();
    next.prev = Some(before.hash());
    next.nonce = None;
    next
}

pub(crate) fn signed_by<T: stronghold_protocol::signed::Payload>(payload: &T, seeds: &[u8]) -> Signed {
    let keys: Vec<SigningKey> = seeds.iter().map(|seed| signer(*seed)).collect();
    Signed::create(payload, &keys.iter().collect::<Vec<_>>()).unwrap()
}

/// An organization: its statements so far, and the state they add up to.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) org: OrgId,
    pub(crate) statements: Vec<Statement>,
    pub(crate) state: Directory,
}

impl World {
    /// The genesis: owner 1, no one else.
    pub(crate) fn born() -> Self {
        Self::of(&[OWNER], &[], 1)
    }

    /// A genesis of these owners and admins, signed by the first owner.
    pub(crate) fn of(owners: &[u8], admins: &[u8], threshold: u32) -> Self {
        let roster = signed_by(&first_roster(owners, admins, threshold), owners);
        let org = OrgId(roster.hash_as::<Roster>().0);
        let first = owners[0];
        let owner = (user(first), email(first), keys(first), recovery(first));
        let mut changes = genesis_changes(roster.clone(), name("Acme"), sign_key(90), kem(91), owner);
        let others = owners[1..].iter().map(|seed| (seed, Role::Owner));
        for (seed, role) in others.chain(admins.iter().map(|seed| (seed, Role::Admin))) {
            changes.push(confirmed(*seed, None, role));
        }
        let draft = Directory::draft_genesis(&roster, changes, now()).unwrap();
        let (statement, state) = draft.sign(&[&signer(first)]).unwrap();
        let replayed = Directory::genesis(&statement, &org).unwrap();
        assert_eq!(picture(&replayed), picture(&state));
        Self { org, statements: vec![statement], state: replayed }
    }

    /// Owner and admin; two editors, one auditor; two agents; `deploy` reads and writes `production`, `staging-team`
    /// writes `staging`. Agent `ci` and the editor are in `deploy`, the staging editor is in `staging-team`.
    pub(crate) fn acme() -> Self {
        let mut world = Self::of(&[OWNER], &[ADMIN], 1);
        let people = [(EDITOR, Role::Editor), (STAGING_EDITOR, Role::Editor), (AUDITOR, Role::Auditor)];
        for (seed, role) in people {
            world.by(ADMIN, vec![invited(seed, role)]);
            world.by(ADMIN, vec![confirmed(seed, Some(seed), role)]);
        }
        world.by(
            ADMIN,
            vec![
                group_created(DEPLOY, "deploy"),
                group_created(STAGING_TEAM, "staging-team"),
                profile_created(PRODUCTION, "production"),
                profile_created(STAGING, "staging"),
                granted(PRODUCTION, DEPLOY, true, false),
                granted(STAGING, STAGING_TEAM, true, false),
                agent_created(CI, "ci"),
                agent_created(OTHER_AGENT, "other"),
                joined(DEPLOY, agent(CI)),
                joined(DEPLOY, user(EDITOR)),
                joined(STAGING_TEAM, user(STAGING_EDITOR)),
            ],
        );
        world
    }

    /// Appends a statement by the owner or admin with this seed, as a draft and from its bytes, which must agree.
    pub(crate) fn by(&mut self, seed: u8, changes: Vec<Change>) -> &mut Self {
        self.signed(&[seed], changes)
    }

    /// Likewise, with several signatures.
    pub(crate) fn signed(&mut self, seeds: &[u8], changes: Vec<Change>) -> &mut Self {
        let by_owner =
            self.state.roster().value().owner_keys().iter().any(|key| seeds.iter().any(|seed| sign_key(*seed) == *key));
        let draft = self.state.draft(changes, by_owner, now()).unwrap();
        let signers: Vec<SigningKey> = seeds.iter().map(|seed| signer(*seed)).collect();
        let (statement, drafted) = draft.sign(&signers.iter().collect::<Vec<_>>()).unwrap();
        let applied = self.state.append(&statement).unwrap();
        assert_eq!(picture(&applied), picture(&drafted), "author and reader disagree");
        check_invariants(&applied);
        self.statements.push(statement);
        self.state = applied;
        self
    }

    /// What refuses these changes by that signer; draft and append must say the same, and leave the state alone.
    pub(crate) fn refused(&self, seed: u8, changes: Vec<Change>) -> DirectoryRefusal {
        let before = picture(&self.state);
        let by_owner = self.state.roster().value().owner_keys().contains(&sign_key(seed));
        let drafted = self.state.draft(changes.clone(), by_owner, now()).map(|_| ()).unwrap_err();
        let statement = self.forged(&changes, &[seed], |_| {});
        let appended = self.state.append(&statement).map(|_| ()).unwrap_err();
        assert_eq!(drafted, appended, "author and reader disagree");
        assert_eq!(before, picture(&self.state), "a refused statement changed the state");
        drafted
    }

    /// The rule that refuses these changes.
    pub(crate) fn rule(&self, seed: u8, changes: Vec<Change>) -> &'static str {
        match self.refused(seed, changes) {
            DirectoryRefusal::Change { reason, .. } | DirectoryRefusal::Incomplete(reason) => reason,
            other => panic!("refused for another reason: {other}"),
        }
    }

    /// A statement put together by hand: it follows the head, and its header can be bent.
    pub(crate) fn forged(&self, changes: &[Change], seeds: &[u8], bend: impl FnOnce(&mut Header)) -> Statement {
        let body = serde_json::to_vec(&Body { changes: changes.to_vec() }).unwrap();
        self.forged_bytes(body, seeds, bend)
    }

    pub(crate) fn forged_bytes(&self, body: Vec<u8>, seeds: &[u8], bend: impl FnOnce(&mut Header)) -> Statement {
        let mut header = Header {
            org: self.org,
            seq: self.state.head().seq.next(),
            prev: self.state.head().hash,
            time: now(),
            roster: self.state.roster_ref(),
            log_root: self.state.header_log().root(),
            state_root: self.state.state_root(),
            body: object_hash(Body::TYPE, &body),
        };
        bend(&mut header);
        Statement { header: signed_by(&header, seeds), body: Base64Bytes(body) }
    }

    /// Replays every statement from the genesis.
    pub(crate) fn replayed(&self) -> Directory {
        let (first, rest) = self.statements.split_first().unwrap();
        let genesis = Directory::genesis(first, &self.org).unwrap();
        rest.iter().fold(genesis, |state, statement| state.append(statement).unwrap())
    }

    /// The changes that end `change`s accesses rightly, with new keys for all that must be renewed.
    pub(crate) fn with_rekeys(&self, mut changes: Vec<Change>) -> Vec<Change> {
        let needs = stronghold_protocol::directory::Rekeys::required(&self.state, &changes);
        // What does not exist cannot be renewed; the statement is then refused for that.
        for id in needs.groups.iter().filter(|id| self.state.group(id).is_some()) {
            changes.push(next_group_epoch(&self.state, *id));
        }
        for id in needs.profiles.iter().filter(|id| self.state.profile(id).is_some()) {
            changes.push(next_profile_epoch(&self.state, *id));
        }
        for id in needs.vouched.difference(&needs.profiles) {
            let vouched = self.state.profile(id).unwrap().vouched;
            changes.push(Change::ProfileVouched { id: *id, vouched });
        }
        changes
    }

    /// A roster change with its signatures: the version after the one in force, bent.
    pub(crate) fn roster_change(&self, seeds: &[u8], bend: impl FnOnce(&mut Roster)) -> Change {
        let mut next = next_roster(self.state.roster());
        bend(&mut next);
        Change::RosterChanged { roster: signed_by(&next, seeds) }
    }
}

/// Everything that can be seen of a state.
pub(crate) fn picture(state: &Directory) -> String {
    let agents: Vec<_> = state.agents().collect();
    let users: Vec<_> = state.users().collect();
    let groups: Vec<_> = state.groups().collect();
    let profiles: Vec<_> = state.profiles().collect();
    let entries: Vec<_> = state.profiles().map(|profile| state.leaf_entry(&profile.id)).collect();
    format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{agents:?}\n{users:?}\n{groups:?}\n{profiles:?}\n{entries:?}",
        state.head(),
        state.roster_ref(),
        state.policy(),
        state.checkpoint_key(),
        state.state_root(),
        state.header_log().root(),
    )
}

/// What holds of every state, worked out from scratch.
pub(crate) fn check_invariants(state: &Directory) {
    let mut leaves: Vec<_> = state.profiles().map(|profile| state.leaf(&profile.id).unwrap()).collect();
    leaves.sort_by_key(|leaf| leaf.id);
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf.leaf_hash()).collect();
    assert_eq!(state.state_root(), merkle::root_of(&hashes), "the state root is kept wrongly");
    for leaf in &leaves {
        let entry = state.leaf_entry(&leaf.id).unwrap();
        entry.verify(&state.state_root()).unwrap();
        assert!(leaf.writers.windows(2).all(|pair| pair[0] < pair[1]));
    }
    let live: Vec<_> = state.agents().filter(|agent| !agent.deleted).collect();
    let distinct = |mut names: Vec<String>| {
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(count, names.len(), "two live objects have one name");
    };
    distinct(live.iter().map(|agent| agent.name.to_string()).collect());
    distinct(state.groups().map(|group| group.name.to_string()).collect());
    distinct(state.profiles().map(|profile| profile.name.to_string()).collect());
    distinct(state.users().filter(|user| !user.removed).map(|user| user.email.to_string()).collect());
    let mut signing: Vec<SigningPublicKey> = live.iter().flat_map(|agent| &agent.keys).map(|keys| keys.sign).collect();
    signing.extend(state.users().flat_map(|user| [user.keys.sign, user.recovery.sign]));
    distinct(signing.iter().map(ToString::to_string).collect());
    for group in state.groups() {
        for member in group.members.iter() {
            assert!(state.groups_of(member).contains(&group.id), "a membership is known on one side only");
        }
        for profile in group.profiles.iter() {
            assert!(
                state.profile(profile).unwrap().grants.contains_key(&group.id),
                "a grant is known on one side only"
            );
        }
    }
    for agent in state.agents() {
        assert!(!agent.deleted || agent.groups.is_empty() && agent.keys.is_empty());
        for group in agent.groups.iter() {
            assert!(state.group(group).unwrap().members.contains(&agent.id.into()));
        }
    }
    for profile in state.profiles() {
        for group in profile.grants.keys() {
            assert!(state.group(group).unwrap().profiles.contains(&profile.id));
        }
    }
}

pub(crate) fn invited(seed: u8, role: Role) -> Change {
    Change::UserInvited {
        id: invite(seed + 50),
        email: email(seed),
        role,
        groups: Vec::new(),
        key: sign_key(seed + 50),
        expires_at: now(),
    }
}

pub(crate) fn confirmed(seed: u8, invited: Option<u8>, role: Role) -> Change {
    Change::UserConfirmed {
        id: user(seed),
        invite: invited.map(|seed| invite(seed + 50)),
        email: email(seed),
        role,
        keys: keys(seed),
        recovery: recovery(seed),
    }
}

pub(crate) fn user_changed(seed: u8, role: Role) -> Change {
    Change::UserChanged { id: user(seed), email: email(seed), role }
}

pub(crate) fn agent_created(seed: u8, text: &str) -> Change {
    Change::AgentCreated { id: agent(seed), name: name(text), keys: keys(seed), conditions: Conditions::default() }
}

pub(crate) fn agent_changed(seed: u8, text: &str, status: AgentStatus) -> Change {
    Change::AgentChanged { id: agent(seed), name: name(text), status, conditions: Conditions::default() }
}

pub(crate) fn group_created(number: u8, text: &str) -> Change {
    Change::GroupCreated { id: group(number), name: name(text), key: kem(number) }
}

pub(crate) fn profile_created(number: u8, text: &str) -> Change {
    Change::ProfileCreated {
        id: profile(number),
        name: name(text),
        commitment: commitment(number, 1),
        vouched: vouched(1),
    }
}

pub(crate) fn granted(on: u8, to: u8, write: bool, history: bool) -> Change {
    Change::ProfileGranted { profile: profile(on), group: group(to), write, history }
}

pub(crate) fn joined(to: u8, member: impl Into<stronghold_protocol::id::PrincipalId>) -> Change {
    Change::MemberAdded { group: group(to), member: member.into() }
}

pub(crate) fn left(from: u8, member: impl Into<stronghold_protocol::id::PrincipalId>) -> Change {
    Change::MemberRemoved { group: group(from), member: member.into() }
}

pub(crate) fn next_group_epoch(state: &Directory, id: GroupId) -> Change {
    let next = state.group(&id).unwrap().epoch.next();
    let mut key = [id.as_bytes()[15] ^ 0x80; KemPublicKey::LENGTH];
    key[0] = u8::try_from(next.get()).unwrap();
    Change::GroupEpoch { id, epoch: next, key: KemPublicKey::from_bytes(&key).unwrap() }
}

pub(crate) fn next_profile_epoch(state: &Directory, id: ProfileId) -> Change {
    let profile = state.profile(&id).unwrap();
    let epoch = profile.epoch.next();
    let commitment = commitment(id.as_bytes()[15], epoch.get());
    Change::ProfileEpoch { id, epoch, commitment, vouched: profile.vouched }
}

/// A secret whose ciphertexts nobody can open: proofs do not care.
pub(crate) fn sealed_secret(index: u8, version: u64) -> SealedSecret {
    SealedSecret {
        index: BlindIndex([index; 32]),
        id: stronghold_protocol::id::SecretId::from_bytes(id_bytes(200 + index % 50)),
        version: Version::new(version).unwrap(),
        meta: Base64Bytes(vec![index, 1]),
        value: Base64Bytes(vec![index, 2]),
    }
}

/// A manifest of these secrets that follows `before`, for the profile as the directory knows it.
pub(crate) fn manifest_of(
    state: &Directory,
    number: u8,
    before: Option<(u64, Hash)>,
    secrets: &[SealedSecret],
) -> Manifest {
    let known = state.profile(&profile(number)).unwrap();
    let leaves: Vec<Hash> =
        secrets.iter().map(|secret| secret.leaf()).map(|leaf: SecretLeaf| leaf.leaf_hash()).collect();
    Manifest {
        org: state.org(),
        profile: known.id,
        name: known.name.clone(),
        revision: revision(before.map_or(1, |(revision, _)| revision + 1)),
        prev: before.map(|(_, hash)| hash),
        epoch: known.epoch,
        commitment: known.commitment,
        count: secrets.len() as u64,
        root: merkle::root_of(&leaves),
        header: state.head(),
        time: now(),
    }
}
