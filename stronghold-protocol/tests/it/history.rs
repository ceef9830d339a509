//! Replaying a profile's past: whatever led to a manifest replays, and nothing else does.

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use stronghold_protocol::{
    crypto::hash::{Hash, sha256},
    directory::HeaderRef,
    history::{Contents, HistoryRefusal},
    id::{OrgId, ProfileId, SecretId},
    manifest::{KeyCommitment, Manifest, ManifestRefusal},
    merkle,
    name::Name,
    number::{Epoch, Revision, Seq, Version},
    secret::{BlindIndex, SecretLeaf},
    time::Timestamp,
};

/// What happens to one secret in a revision.
#[derive(Clone, Copy, Debug)]
enum Step {
    Put(u8),
    Remove(u8),
    Rekey,
}

/// One revision, as a server shows it.
#[derive(Clone, Debug)]
struct Past {
    manifest: Manifest,
    puts: Vec<SecretLeaf>,
    removes: Vec<SecretId>,
}

fn id(number: u8) -> SecretId {
    SecretId::from_bytes([number; 16])
}

fn leaf(number: u8, version: Version, epoch: Epoch) -> SecretLeaf {
    let (number, numbers) = ([number], [version.get().to_be_bytes(), epoch.get().to_be_bytes()].concat());
    SecretLeaf {
        index: BlindIndex(sha256(&[b"index", &number, &epoch.get().to_be_bytes()]).0),
        id: id(number[0]),
        version,
        ciphertexts: sha256(&[b"ciphertexts", &number, &numbers]),
    }
}

fn manifest(revision: Revision, epoch: Epoch, held: &BTreeMap<SecretId, SecretLeaf>) -> Manifest {
    let mut leaves: Vec<SecretLeaf> = held.values().copied().collect();
    leaves.sort_unstable_by_key(|leaf| leaf.index);
    let hashes: Vec<Hash> = leaves.iter().map(SecretLeaf::leaf_hash).collect();
    Manifest {
        org: OrgId([1; 32]),
        profile: ProfileId::from_bytes([2; 16]),
        name: Name::new("production").unwrap(),
        revision,
        prev: None,
        epoch,
        commitment: KeyCommitment([3; 32]),
        count: leaves.len() as u64,
        root: merkle::root_of(&hashes),
        header: HeaderRef { seq: Seq::FIRST, hash: Hash([4; 32]) },
        time: Timestamp::from_millis(0).unwrap(),
    }
}

/// The past that steps make, each revision of several.
fn past_of(revisions: &[Vec<Step>]) -> Vec<Past> {
    let mut held: BTreeMap<SecretId, SecretLeaf> = BTreeMap::new();
    let mut newest: BTreeMap<SecretId, Version> = BTreeMap::new();
    let (mut revision, mut epoch) = (Revision::FIRST, Epoch::FIRST);
    let mut past = vec![Past { manifest: manifest(revision, epoch, &held), puts: Vec::new(), removes: Vec::new() }];
    for steps in revisions {
        revision = revision.next();
        let mut puts: BTreeMap<SecretId, SecretLeaf> = BTreeMap::new();
        let mut removes = Vec::new();
        if steps.iter().any(|step| matches!(step, Step::Rekey)) {
            epoch = epoch.next();
            for old in held.values() {
                puts.insert(old.id, leaf(old.id.as_bytes()[0], old.version, epoch));
            }
        }
        let mut touched = BTreeSet::new();
        for step in steps {
            match *step {
                Step::Put(number) if touched.insert(number) => {
                    let version = newest.get(&id(number)).map_or(Version::FIRST, |version| version.next());
                    newest.insert(id(number), version);
                    puts.insert(id(number), leaf(number, version, epoch));
                }
                Step::Remove(number) if held.contains_key(&id(number)) && touched.insert(number) => {
                    puts.remove(&id(number));
                    removes.push(id(number));
                }
                _ => {}
            }
        }
        held.retain(|id, _| !removes.contains(id));
        held.extend(puts.iter().map(|(id, put)| (*id, *put)));
        past.push(Past { manifest: manifest(revision, epoch, &held), puts: puts.into_values().collect(), removes });
    }
    past
}

fn replay(past: &[Past]) -> Result<Contents, HistoryRefusal> {
    let mut contents = Contents::default();
    for Past { manifest, puts, removes } in past {
        contents.apply(manifest, puts, removes)?;
    }
    Ok(contents)
}

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = prop_oneof![
        6 => (0_u8..6).prop_map(Step::Put),
        3 => (0_u8..6).prop_map(Step::Remove),
        1 => Just(Step::Rekey),
    ];
    prop::collection::vec(prop::collection::vec(step, 1..4), 1..20)
}

proptest! {
    #[test]
    fn what_happened_replays(steps in steps()) {
        let past = past_of(&steps);
        let contents = replay(&past).unwrap();
        let last = past.last().unwrap();
        let leaves: Vec<SecretLeaf> = contents.leaves().copied().collect();
        last.manifest.check_secrets(&leaves).unwrap();
        for leaf in &leaves {
            prop_assert_eq!(contents.leaf(&leaf.id), Some(leaf));
            prop_assert_eq!(contents.newest_version(&leaf.id), Some(leaf.version));
        }
        for (id, version) in contents.deleted() {
            prop_assert!(contents.leaf(&id).is_none());
            prop_assert_eq!(contents.newest_version(&id), Some(version));
        }
    }

    /// One thing left out, added, or changed, anywhere.
    #[test]
    fn nothing_else_replays(steps in steps(), at: prop::sample::Index, what in 0_u8..7) {
        let mut past = past_of(&steps);
        let at = at.index(past.len());
        let there = past[at].puts.clone();
        let Past { manifest, puts, removes } = &mut past[at];
        let changed = match (what, there.first().copied()) {
            (0, Some(_)) => { puts.remove(0); true }
            (1, Some(put)) => { puts[0].version = put.version.next(); true }
            (2, Some(_)) => { puts[0].ciphertexts = Hash([9; 32]); true }
            (3, Some(put)) => { puts.push(put); true }
            (4, _) if !removes.is_empty() => { removes.remove(0); true }
            (5, _) => { removes.push(id(200)); true }
            (6, _) => { manifest.count += 1; true }
            _ => false,
        };
        prop_assert_eq!(replay(&past).is_err(), changed);
    }
}

#[test]
fn a_refusal_says_why() {
    let (first, second) = (Epoch::FIRST, Epoch::FIRST.next());
    let put = |number, version| leaf(number, Version::new(version).unwrap(), first);
    let held = |leaves: &[SecretLeaf]| leaves.iter().map(|leaf| (leaf.id, *leaf)).collect::<BTreeMap<_, _>>();
    let apply = |epoch, puts: &[SecretLeaf], removes: &[SecretId], then: &[SecretLeaf]| {
        let mut contents = Contents::default();
        let before = [put(1, 1), put(2, 1)];
        contents.apply(&manifest(Revision::FIRST, first, &held(&before)), &before, &[]).unwrap();
        contents.apply(&manifest(Revision::FIRST.next(), epoch, &held(then)), puts, removes)
    };
    let changes = |reason| Err(HistoryRefusal::Changes(reason));
    assert_eq!(apply(first, &[put(1, 2)], &[], &[put(1, 2), put(2, 1)]), Ok(()));
    assert_eq!(
        apply(first, &[put(1, 1)], &[], &[put(1, 1), put(2, 1)]),
        changes("a version is not the one after the newest")
    );
    assert_eq!(
        apply(first, &[put(1, 3)], &[], &[put(1, 3), put(2, 1)]),
        changes("a version is not the one after the newest")
    );
    assert_eq!(apply(first, &[], &[id(3)], &[put(1, 1), put(2, 1)]), changes("it removes a secret that is not there"));
    assert_eq!(apply(first, &[put(1, 2)], &[id(1)], &[put(2, 1)]), changes("it names a secret twice"));
    let anew = [leaf(1, Version::FIRST, second), leaf(2, Version::FIRST, second)];
    assert_eq!(apply(second, &anew, &[], &anew), Ok(()));
    assert_eq!(
        apply(second, &anew[..1], &[], &[anew[0], put(2, 1)]),
        changes("a new epoch leaves something of the old one")
    );
    assert_eq!(apply(second, &anew[..1], &[id(2)], &anew[..1]), Ok(()));
    let same_name = SecretLeaf { index: put(2, 1).index, ..put(3, 1) };
    assert_eq!(
        apply(first, &[same_name], &[], &[put(1, 1), put(2, 1), same_name]),
        changes("two secrets have one name")
    );
    assert_eq!(apply(first, &[], &[id(1)], &[put(1, 1)]), Err(ManifestRefusal::OtherSecrets.into()));
}
