//! Signed objects and their payloads, directory statements, and the effects of changes.

use crate::world::{self, World, json, name, now};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt::Debug, sync::OnceLock};
use stronghold_protocol::{
    crypto::{
        hash::{Hash, object_hash},
        sign::SigningKey,
    },
    directory::{
        AgentStatus, Body, Change, Conditions, Directory, Header, HeaderRef, Rekeys, Role, Statement, Vouched,
    },
    encoding::Base64Bytes,
    id::OrgId,
    manifest::{KeyCommitment, Manifest},
    name::Email,
    number::{Epoch, Revision, Version},
    roster::{Roster, RosterMember},
    signed::{KeySignature, Payload, Signed, Verified},
};

static WORLD: OnceLock<World> = OnceLock::new();

pub(crate) fn the_world() -> &'static World {
    WORLD.get_or_init(World::new)
}

/// Whoever holds a key signs these very bytes: how else would a decoder of payloads ever see them?
pub(crate) fn signed_as<T: Payload>(payload: &[u8], keys: &[&SigningKey]) -> Signed {
    let message = stronghold_protocol::encoding::Context::new("signed-object").field(T::TYPE).field(payload).finish();
    let signatures =
        keys.iter().map(|key| KeySignature { key: key.public_key().key_id(), signature: key.sign(&message) });
    Signed { payload: Base64Bytes(payload.to_vec()), signatures: signatures.collect() }
}

/// What was accepted can be written and is then read as the same.
pub(crate) fn assert_same_again<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let again: T = serde_json::from_slice(&json(value)).expect("what was read is written so that it can be read");
    assert_eq!(&again, value);
}

/// Verifies `payload`, rightly signed, as a `T`.
pub(crate) fn payload<T: Payload + PartialEq + Debug>(payload: &[u8]) -> Option<Verified<T>> {
    let key = &the_world().owner;
    let envelope = signed_as::<T>(payload, &[key]);
    let verified = envelope.verify::<T>(&[key.public_key()], 1).ok()?;
    assert_eq!(verified.hash(), object_hash(T::TYPE, payload));
    let pinned = envelope.pinned::<T>(&verified.hash().0).expect("what verifies by signature verifies by hash");
    assert_eq!(pinned.value(), verified.value());
    assert_same_again(verified.value());
    Some(verified)
}

/// Envelopes: believed only with the genuine payload of the genuine type.
pub mod signed_object {
    use super::*;

    /// Genuine envelopes.
    pub fn samples() -> Vec<Vec<u8>> {
        let world = the_world();
        [&world.roster, &world.genesis.header, &world.manifest].map(json).to_vec()
    }

    /// Whether an envelope verifies as any type.
    pub fn check(data: &[u8]) -> bool {
        let Ok(envelope) = serde_json::from_slice::<Signed>(data) else { return false };
        assert_same_again(&envelope);
        let world = the_world();
        let genuine = [
            believed::<Roster>(&envelope, &world.roster),
            believed::<Header>(&envelope, &world.genesis.header),
            believed::<Manifest>(&envelope, &world.manifest),
        ];
        genuine.contains(&true)
    }

    fn believed<T: Payload>(envelope: &Signed, genuine: &Signed) -> bool {
        let keys = [the_world().owner.public_key()];
        let believed = envelope.verify::<T>(&keys, 1).is_ok();
        assert!(envelope.verify::<T>(&keys, 0).is_ok() == believed, "no threshold asks for nobody");
        assert!(envelope.verify::<T>(&keys, 2).is_err(), "one key counts once");
        assert!(!believed || envelope.payload == genuine.payload, "a forgery is believed");
        believed
    }
}

/// Payloads of rosters.
pub mod roster {
    use super::*;

    /// A genesis, and the version after it.
    pub fn samples() -> Vec<Vec<u8>> {
        let mut next = world::genesis_roster();
        next.version = next.version.next();
        next.prev = Some(the_world().roster.hash_as::<Roster>());
        next.nonce = None;
        next.admins.push(RosterMember { user: world::EDITOR, keys: world::keys(2) });
        vec![json(&world::genesis_roster()), json(&next)]
    }

    /// Whether a payload is a genesis, or follows the genesis.
    pub fn check(data: &[u8]) -> bool {
        if payload::<Roster>(data).is_none() {
            return false;
        }
        let world = the_world();
        let envelope = signed_as::<Roster>(data, &[&world.owner]);
        let org = OrgId(object_hash(Roster::TYPE, data).0);
        let before = Roster::verify_genesis(&world.roster, &world.org()).expect("the genesis is genuine");
        let genesis = Roster::verify_genesis(&envelope, &org);
        let next = Roster::verify_next(&before, &envelope);
        for roster in [&genesis, &next].into_iter().flatten() {
            let roster = roster.value();
            let owners = roster.owner_keys();
            assert!((1..=owners.len()).contains(&(roster.owner_threshold as usize)));
            assert_eq!(roster.nonce.is_some(), roster.prev.is_none());
        }
        assert!(genesis.is_err() || next.is_err(), "a roster is first or later, not both");
        genesis.is_ok() || next.is_ok()
    }
}

/// Payloads of headers.
pub mod header {
    use super::*;

    /// The two headers of the organization.
    pub fn samples() -> Vec<Vec<u8>> {
        let world = the_world();
        [&world.genesis, &world.second].map(|statement| statement.header.payload.0.clone()).to_vec()
    }

    /// Whether a payload is a header. Only the genuine one makes the genesis statement.
    pub fn check(data: &[u8]) -> bool {
        let Some(header) = payload::<Header>(data) else { return false };
        let world = the_world();
        let statement = Statement { header: header.envelope().clone(), body: world.genesis.body.clone() };
        if let Ok(directory) = Directory::genesis(&statement, &world.org()) {
            assert_eq!(directory.head(), HeaderRef { seq: header.value().seq, hash: header.hash() });
            assert_eq!(directory.state_root(), header.value().state_root);
        }
        true
    }
}

/// Payloads of manifests.
pub mod manifest {
    use super::*;

    /// The vouched manifest of a profile, and the next.
    pub fn samples() -> Vec<Vec<u8>> {
        let world = the_world();
        let first = world.manifest.clone();
        let mut next = world::first_manifest(&world.directory, world::PRODUCTION, "production");
        next.revision = Revision::FIRST.next();
        next.prev = Some(first.hash_as::<Manifest>());
        next.count = 1;
        vec![first.payload.0, json(&next)]
    }

    /// Whether a payload is a head of the profile.
    pub fn check(data: &[u8]) -> bool {
        let Some(manifest) = payload::<Manifest>(data) else { return false };
        let world = the_world();
        let leaf = world.directory.leaf(&world::PRODUCTION).expect("the profile is there");
        let keys = [world.owner.public_key()];
        let Ok(head) = Manifest::verify_head(manifest.envelope(), &world.org(), &leaf, &keys) else { return false };
        let said = head.value();
        assert_eq!((said.org, said.profile, &said.name), (world.org(), leaf.id, &leaf.name));
        assert!(said.revision >= leaf.vouched.revision && said.epoch <= leaf.epoch);
        assert!(said.revision > leaf.vouched.revision || head.hash() == leaf.vouched.manifest);
        let _ = said.check_secrets(&[]);
        true
    }
}

/// Bodies of statements as bytes, under a header that states their hash.
pub mod body {
    use super::*;

    /// The bodies of the organization's two statements.
    pub fn samples() -> Vec<Vec<u8>> {
        let world = the_world();
        [&world.genesis, &world.second].map(|statement| statement.body.0.clone()).to_vec()
    }

    /// Whether bytes are the body of a genesis, or can at least be read.
    pub fn check(data: &[u8]) -> bool {
        let world = the_world();
        let mut header: Header = serde_json::from_slice(&world.genesis.header.payload.0).expect("a genuine header");
        header.body = object_hash(Body::TYPE, data);
        let signed = signed_as::<Header>(&json(&header), &[&world.owner]);
        let statement = Statement { header: signed, body: Base64Bytes(data.to_vec()) };
        if let Ok(directory) = Directory::genesis(&statement, &world.org()) {
            assert_eq!(directory.state_root(), header.state_root);
        }
        let Ok(body) = serde_json::from_slice::<Body>(data) else { return false };
        assert_same_again(&body);
        true
    }
}

/// Changes: whatever an author can draft, every reader accepts, with the same state after it.
pub mod directory {
    use super::*;

    /// Lists of changes that are right after the organization's two statements.
    pub fn samples() -> Vec<Vec<u8>> {
        let world = the_world();
        let vouched = world.vouched();
        let renewed = |epoch: Epoch| {
            [
                Change::GroupEpoch { id: world::DEPLOY, epoch, key: world::kem_key(20) },
                Change::ProfileEpoch { id: world::PRODUCTION, epoch, commitment: KeyCommitment([21; 32]), vouched },
            ]
        };
        let with_renewal = |change: Change| {
            let mut changes = vec![change];
            changes.extend(renewed(Epoch::FIRST.next()));
            changes
        };
        let email = Email::new("editor@acme.example").expect("an address");
        let until = Conditions {
            not_before: Some(now()),
            expires_at: Some(now().plus_millis(1)),
            source_cidrs: vec!["10.0.0.0/8".to_owned(), "2001:db8::/32".to_owned()],
            max_uses: Some(3),
        };
        let staging = Vouched { revision: Revision::FIRST.next(), manifest: world::some_hash(22) };
        let lists = [
            with_renewal(Change::AgentDeleted { id: world::AGENT }),
            with_renewal(Change::MemberRemoved { group: world::DEPLOY, member: world::AGENT.into() }),
            with_renewal(Change::ProfileRevoked { profile: world::PRODUCTION, group: world::DEPLOY }),
            with_renewal(Change::AgentRekeyed { id: world::AGENT, keys: vec![world::keys(23)], until: None }),
            vec![
                Change::AgentChanged {
                    id: world::AGENT,
                    name: name("bot"),
                    status: AgentStatus::Inactive,
                    conditions: until,
                },
                Change::PolicyChanged { name: name("Acme Ltd") },
                Change::ProfileVouched { id: world::STAGING, vouched: staging },
            ],
            vec![
                Change::UserConfirmed {
                    id: world::EDITOR,
                    invite: Some(world.invite),
                    email,
                    role: Role::Editor,
                    keys: world::keys(2),
                    recovery: world::keys(24),
                },
                Change::MemberAdded { group: world::WRITERS, member: world::EDITOR.into() },
            ],
            vec![
                Change::ProfileRenamed { id: world::STAGING, name: name("preview"), vouched: staging },
                Change::ProfileDeleted { id: world::PRODUCTION },
                Change::InviteCancelled { id: world.invite },
                Change::SecretPurged { profile: world::STAGING, secret: world::SECRET, versions: vec![Version::FIRST] },
            ],
        ];
        lists.iter().map(json).collect()
    }

    /// Whether a list of changes is right.
    pub fn check(data: &[u8]) -> bool {
        let Ok(changes) = serde_json::from_slice::<Vec<Change>>(data) else { return false };
        let world = the_world();
        let before = &world.directory;
        let needed = Rekeys::required(before, &changes);
        let Ok(draft) = before.draft(changes.clone(), true, now()) else { return false };
        // What an author must renew is what a reader insists on.
        let renewed =
            |id: &_| changes.iter().any(|change| matches!(change, Change::GroupEpoch { id: it, .. } if it == id));
        assert!(needed.groups.iter().all(renewed));
        // A roster may have ended the owner's own key.
        let Ok((statement, after)) = draft.sign(&[&world.owner]) else { return true };
        let read = before.append(&statement).expect("a reader accepts what an author could draft");
        assert_eq!((read.head(), read.state_root()), (after.head(), after.state_root()));
        assert_eq!(read.header_log().root(), after.header_log().root());
        assert_names_are_unique(&read);
        assert!(before.append(&statement).is_ok(), "applying a statement left the state before it as it was");
        assert!(read.append(&statement).is_err(), "a statement is made once");
        let wanted = after.wanted_seals(Some(before), draft.changes(), now());
        assert!(wanted.iter().all(|seal| seal.id.recipient == seal.to.key_id()));
        true
    }

    fn assert_names_are_unique(directory: &Directory) {
        let count = directory.profiles().count();
        assert_eq!(directory.profiles().filter(|it| directory.profile_named(&it.name).is_some()).count(), count);
        for profile in directory.profiles() {
            let entry = directory.leaf_entry(&profile.id).expect("every live profile has a leaf");
            entry.verify(&directory.state_root()).expect("every leaf stands in the state");
            assert_eq!(directory.profile_named(&profile.name).map(|it| it.id), Some(profile.id));
        }
        assert_ne!(directory.state_root(), Hash::ZERO);
    }
}
