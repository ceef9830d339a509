//! `docs/vectors/merkle.json` and `directory.json`: what any implementation must work out, accept and refuse. Each file is
//! made from fixed seeds, and then read like a stranger, from the file alone.

use crate::{
    directory_world::{
        ADMIN, CI, DEPLOY, EDITOR, OWNER, PRODUCTION, World, agent, epoch, group, group_created, joined, kem, keys,
        left, name, sign_key, user,
    },
    golden::vectors,
};
use serde::{Deserialize, Serialize};
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Change, Conditions, Directory, HeaderRef, ProfileLeaf, Statement},
    encoding::Base64Bytes,
    id::OrgId,
    merkle::{self, Inclusion, Tree},
};

// merkle.json

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MerkleFile {
    about: String,
    /// Data of the leaves.
    leaves: Vec<Base64Bytes>,
    /// Roots over the first 0, 1, 2, ... of them.
    roots: Vec<Hash>,
    accepts: Vec<MerkleProof>,
    rejects: Vec<MerkleProof>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MerkleProof {
    name: String,
    leaf_hash: Hash,
    root: Hash,
    proof: Inclusion,
}

#[test]
fn merkle_file() {
    let leaves: Vec<Base64Bytes> = (0..9_u8).map(|number| Base64Bytes(vec![number; usize::from(number)])).collect();
    let hashes: Vec<Hash> = leaves.iter().map(|data| merkle::leaf_hash(&data.0)).collect();
    let roots: Vec<Hash> = (0..=hashes.len()).map(|size| merkle::root_of(&hashes[..size])).collect();
    let tree = Tree::from_leaf_hashes(hashes.iter().copied());
    let proof = |index: usize, size: usize| MerkleProof {
        name: format!("leaf {index} of {size}"),
        leaf_hash: hashes[index],
        root: roots[size],
        proof: tree.inclusion_at(index, size).unwrap(),
    };
    let accepts = vec![proof(0, 1), proof(0, 8), proof(5, 8), proof(2, 3), proof(1, 5), proof(8, 9), proof(6, 7)];
    let bent = |what: &str, bend: fn(&mut MerkleProof)| {
        let mut bent = proof(5, 8);
        bent.name = what.to_owned();
        bend(&mut bent);
        bent
    };
    let rejects = vec![
        bent("another leaf", |it| it.leaf_hash.0[0] ^= 1),
        bent("another root", |it| it.root.0[31] ^= 1),
        bent("another index", |it| it.proof.index = 4),
        bent("an index beyond the size", |it| it.proof.index = 8),
        bent("a size whose path is shorter", |it| it.proof.size = 6),
        bent("a larger size", |it| it.proof.size = 9),
        bent("a size of none", |it| it.proof.size = 0),
        bent("a path too short", |it| it.proof.path.truncate(2)),
        bent("a path too long", |it| it.proof.path.push(Hash([0; 32]))),
        bent("siblings in another order", |it| it.proof.path.swap(0, 1)),
        bent("no path", |it| it.proof.path.clear()),
    ];
    let about = "RFC 6962 trees over SHA-256 (docs/protocol.md, section 4). A leaf's hash is SHA-256(0x00 || data), a \
                 node's SHA-256(0x01 || left || right). Bytes are base64url without padding. An implementation gives \
                 the same roots, accepts each proof under `accepts` and refuses each under `rejects`."
        .to_owned();
    let file = vectors("merkle.json", &MerkleFile { about, leaves, roots, accepts, rejects });
    for (size, root) in file.roots.iter().enumerate() {
        let hashes: Vec<Hash> = file.leaves[..size].iter().map(|data| merkle::leaf_hash(&data.0)).collect();
        assert_eq!(merkle::root_of(&hashes), *root);
    }
    for case in &file.accepts {
        case.proof.verify(&case.leaf_hash, &case.root).unwrap();
    }
    for case in &file.rejects {
        assert!(case.proof.verify(&case.leaf_hash, &case.root).is_err(), "{}", case.name);
    }
}

// directory.json

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectoryFile {
    about: String,
    org: OrgId,
    accepts: Vec<Applied>,
    rejects: Vec<Refused>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Applied {
    statement: Statement,
    /// What holds after it.
    head: HeaderRef,
    log_root: Hash,
    state_root: Hash,
    leaves: Vec<ProfileLeaf>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    name: String,
    statement: Statement,
    refusal: String,
}

fn leaves(state: &Directory) -> Vec<ProfileLeaf> {
    state.profiles().map(|profile| state.leaf(&profile.id).unwrap()).collect()
}

fn leaf_hashes(state: &Directory, bend: impl Fn(&mut ProfileLeaf)) -> Vec<Hash> {
    let mut leaves = leaves(state);
    leaves.iter_mut().for_each(bend);
    leaves.iter().map(ProfileLeaf::leaf_hash).collect()
}

fn replay(org: OrgId, statements: &[Statement]) -> Vec<Directory> {
    let mut states: Vec<Directory> = Vec::new();
    for statement in statements {
        let next = match states.last() {
            None => Directory::genesis(statement, &org),
            Some(state) => state.append(statement),
        };
        states.push(next.unwrap());
    }
    states
}

#[test]
fn directory_file() {
    let mut world = World::acme();
    let changes = world.with_rekeys(vec![left(DEPLOY, agent(CI))]);
    world.by(OWNER, changes);
    // Each reject states the state root that a reader without the rule would find: nothing but the rule refuses it.
    let array = serde_json::to_vec(&[[group_created(99, "new")]]).unwrap();
    let changes = serde_json::to_string(&[group_created(99, "new")]).unwrap();
    let unknown_member = format!(r#"{{"changes":{changes},"x":1}}"#).into_bytes();
    let without_writers =
        merkle::root_of(&leaf_hashes(&world.state, |leaf| leaf.writers.retain(|key| *key != sign_key(EDITOR))));
    let key_before = world.state.group(&group(DEPLOY)).unwrap().key.clone();
    let there_and_back = [(3, kem(99)), (4, key_before)].map(|(number, key)| Change::GroupEpoch {
        id: group(DEPLOY),
        epoch: epoch(number),
        key,
    });
    let twice = Change::AgentRekeyed { id: agent(CI), keys: vec![keys(CI), keys(CI)], until: None };
    let signed_prefix = Change::AgentCreated {
        id: agent(99),
        name: name("new"),
        keys: keys(99),
        conditions: Conditions { source_cidrs: vec!["10.0.0.0/+8".to_owned()], ..Conditions::default() },
    };
    let rejects: Vec<(&str, Statement)> = vec![
        ("signed by an editor", world.forged(&[group_created(99, "new")], &[EDITOR], |_| {})),
        ("not signed", world.forged(&[group_created(99, "new")], &[], |_| {})),
        ("signed twice by one key", world.forged(&[group_created(99, "new")], &[ADMIN, ADMIN], |_| {})),
        ("of another organization", world.forged(&[group_created(99, "new")], &[ADMIN], |header| header.org.0[0] ^= 1)),
        (
            "a position left out",
            world.forged(&[group_created(99, "new")], &[ADMIN], |header| header.seq = header.seq.next()),
        ),
        (
            "another predecessor",
            world.forged(&[group_created(99, "new")], &[ADMIN], |header| header.prev = Hash([1; 32])),
        ),
        (
            "another log root",
            world.forged(&[group_created(99, "new")], &[ADMIN], |header| header.log_root = Hash([1; 32])),
        ),
        (
            "another state root",
            world.forged(&[group_created(99, "new")], &[ADMIN], |header| header.state_root = Hash([1; 32])),
        ),
        ("another body", world.forged(&[group_created(99, "new")], &[ADMIN], |header| header.body = Hash([1; 32]))),
        ("a body that is no JSON", world.forged_bytes(b"{".to_vec(), &[ADMIN], |_| {})),
        ("an unknown member", world.forged_bytes(unknown_member, &[ADMIN], |_| {})),
        ("no change", world.forged(&[], &[ADMIN], |_| {})),
        ("a name that is taken", world.forged(&[group_created(99, "deploy")], &[ADMIN], |_| {})),
        ("an id that was used", world.forged(&[group_created(PRODUCTION, "x")], &[ADMIN], |_| {})),
        (
            "an editor leaves without new keys",
            world.forged(&[left(DEPLOY, user(EDITOR))], &[ADMIN], |header| header.state_root = without_writers),
        ),
        ("a group takes in who does not exist", world.forged(&[joined(DEPLOY, agent(77))], &[ADMIN], |_| {})),
        (
            "an admin changes what is an owner's",
            world.forged(&[Change::PolicyChanged { name: name("x") }], &[ADMIN], |_| {}),
        ),
        ("an array in an object's place", world.forged_bytes(array, &[ADMIN], |_| {})),
        ("a key goes away and comes back", world.forged(&there_and_back, &[ADMIN], |_| {})),
        ("an agent with one set of keys twice", world.forged(&[twice], &[ADMIN], |_| {})),
        ("a range with a sign in its prefix", world.forged(&[signed_prefix], &[ADMIN], |_| {})),
        ("the last statement again", world.statements.last().unwrap().clone()),
    ];
    let about = "An organization's statements from the genesis on (docs/protocol.md, sections 5 to 7). Replaying `accepts` \
                 in order gives after each the head, the root over all headers so far, the state root and the profile \
                 leaves that stand there. Each statement under `rejects` is refused after the last of them; the text of a \
                 refusal is for people."
        .to_owned();
    check("directory.json", about, &world, rejects);
}

/// Makes the file from a world's statements and what is refused after them, and runs it.
pub(crate) fn check(file: &str, about: String, world: &World, rejects: Vec<(&str, Statement)>) {
    let refused = |(what, statement): (&str, Statement)| Refused {
        name: what.to_owned(),
        refusal: world.state.append(&statement).unwrap_err().to_string(),
        statement,
    };
    let states = replay(world.org, &world.statements);
    let applied = |(statement, state): (&Statement, &Directory)| Applied {
        statement: statement.clone(),
        head: state.head(),
        log_root: state.header_log().root(),
        state_root: state.state_root(),
        leaves: leaves(state),
    };
    let made = DirectoryFile {
        about,
        org: world.org,
        accepts: world.statements.iter().zip(&states).map(applied).collect(),
        rejects: rejects.into_iter().map(refused).collect(),
    };
    let file = vectors(file, &made);
    let statements: Vec<Statement> = file.accepts.iter().map(|case| case.statement.clone()).collect();
    let states = replay(file.org, &statements);
    for (case, state) in file.accepts.iter().zip(&states) {
        let stated = (case.head, case.log_root, case.state_root, case.leaves.clone());
        assert_eq!((state.head(), state.header_log().root(), state.state_root(), leaves(state)), stated);
    }
    for case in &file.rejects {
        let refusal = states.last().unwrap().append(&case.statement).unwrap_err();
        assert_eq!(refusal.to_string(), case.refusal, "{}", case.name);
    }
}
