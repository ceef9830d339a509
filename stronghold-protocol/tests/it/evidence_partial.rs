//! Some of a profile's secrets: proven to be there, or proven to be absent, and nothing in between.

use crate::{
    directory_world::{OWNER, PRODUCTION, World, profile, sealed_secret},
    evidence_world::{Client, Revisions, show},
};
use proptest::prelude::*;
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Change, Vouched},
    evidence::{EvidenceRefusal, PartialEvidence, PresentSecret, ProvenLeaf, VerifiedPart, VerifiedProfile},
    manifest::Manifest,
    merkle::Tree,
    number::Revision,
    secret::{BlindIndex, SealedSecret},
};

/// A believed profile of these secrets, and the tree over them.
struct Scene {
    profile: VerifiedProfile,
    secrets: Vec<SealedSecret>,
    tree: Tree,
}

impl Scene {
    fn of(indexes: &[u8]) -> Self {
        let mut world = World::acme();
        let secrets: Vec<SealedSecret> = indexes.iter().map(|index| sealed_secret(*index, 1)).collect();
        let manifest = Revisions::of(PRODUCTION).next(&world, OWNER, &secrets, |manifest| {
            manifest.revision = Revision::new(2).unwrap();
            manifest.prev = Some(Hash([1; 32]));
        });
        let vouched = Vouched { revision: Revision::new(2).unwrap(), manifest: manifest.hash_as::<Manifest>() };
        world.by(OWNER, vec![Change::ProfileVouched { id: profile(PRODUCTION), vouched }]);
        let client = Client::new(&world);
        let (_, profile) = client.check(&show(&world, &client, PRODUCTION, &manifest), "production").unwrap();
        let tree = Tree::from_leaf_hashes(secrets.iter().map(|secret| secret.leaf().leaf_hash()));
        Self { profile, secrets, tree }
    }

    fn present(&self, at: usize) -> PresentSecret {
        PresentSecret { secret: self.secrets[at].clone(), proof: self.tree.inclusion(at).unwrap() }
    }

    fn leaf(&self, at: usize) -> ProvenLeaf {
        ProvenLeaf { leaf: self.secrets[at].leaf(), proof: self.tree.inclusion(at).unwrap() }
    }

    fn evidence(&self, present: &[usize], neighbours: &[usize]) -> PartialEvidence {
        PartialEvidence {
            present: present.iter().map(|at| self.present(*at)).collect(),
            neighbours: neighbours.iter().map(|at| self.leaf(*at)).collect(),
        }
    }

    fn verify(&self, evidence: PartialEvidence, asked: &[u8]) -> Result<VerifiedPart, EvidenceRefusal> {
        let asked: Vec<BlindIndex> = asked.iter().map(|index| BlindIndex([*index; 32])).collect();
        evidence.verify(&self.profile, &asked)
    }

    fn refused(&self, evidence: PartialEvidence, asked: &[u8]) -> EvidenceRefusal {
        self.verify(evidence, asked).map(|_| ()).unwrap_err()
    }
}

const INDEXES: [u8; 5] = [10, 20, 30, 40, 50];

#[test]
fn what_is_there_is_shown() {
    let scene = Scene::of(&INDEXES);
    let part = scene.verify(scene.evidence(&[1, 3], &[]), &[20, 40]).unwrap();
    assert_eq!(part.present, [scene.secrets[1].clone(), scene.secrets[3].clone()]);
    assert!(part.absent.is_empty());
    // Asked for twice is asked for once.
    assert_eq!(scene.verify(scene.evidence(&[1], &[]), &[20, 20]).unwrap().present.len(), 1);
}

#[test]
fn what_is_not_there_is_proven() {
    let scene = Scene::of(&INDEXES);
    for (asked, neighbours) in [(25, &[1_usize, 2][..]), (5, &[0]), (55, &[4]), (11, &[0, 1])] {
        let part = scene.verify(scene.evidence(&[], neighbours), &[asked]).unwrap();
        assert_eq!(part.absent, [BlindIndex([asked; 32])]);
    }
    let part = scene.verify(scene.evidence(&[2], &[0, 1, 3, 4]), &[15, 30, 45, 60]).unwrap();
    assert_eq!((part.present.len(), part.absent.len()), (1, 3));
    let empty = Scene::of(&[]);
    assert_eq!(empty.verify(empty.evidence(&[], &[]), &[1]).unwrap().absent.len(), 1);
}

#[test]
fn what_is_there_cannot_be_withheld() {
    let scene = Scene::of(&INDEXES);
    let incomplete = |present: &[usize], neighbours: &[usize], asked: &[u8]| {
        assert_eq!(
            scene.refused(scene.evidence(present, neighbours), asked),
            EvidenceRefusal::Incomplete,
            "{present:?} {neighbours:?} {asked:?}"
        );
    };
    // Not a word.
    incomplete(&[], &[], &[20]);
    incomplete(&[1], &[], &[20, 40]);
    // Neighbours with a gap between them, where it stands.
    incomplete(&[], &[0, 2], &[20]);
    incomplete(&[], &[0, 4], &[20]);
    // It is a neighbour itself: that leaves no room beside it.
    incomplete(&[], &[0, 1, 2], &[20]);
    // The first and last ones.
    incomplete(&[], &[1], &[10]);
    incomplete(&[], &[3], &[50]);
    // One side only.
    incomplete(&[], &[1], &[25]);
    incomplete(&[], &[2], &[25]);
}

#[test]
fn nothing_else_is_taken_for_an_answer() {
    let scene = Scene::of(&INDEXES);
    // Not asked for.
    assert_eq!(scene.refused(scene.evidence(&[0, 1], &[]), &[20]), EvidenceRefusal::Incomplete);
    // Twice.
    assert_eq!(scene.refused(scene.evidence(&[1, 1], &[]), &[20]), EvidenceRefusal::Incomplete);
    let unproven = |evidence| assert!(matches!(scene.refused(evidence, &[20]), EvidenceRefusal::Proof { .. }));
    // Another version, another value, another place, another secret's proof.
    let mut evidence = scene.evidence(&[1], &[]);
    evidence.present[0].secret.version = evidence.present[0].secret.version.next();
    unproven(evidence);
    let mut evidence = scene.evidence(&[1], &[]);
    evidence.present[0].secret.value.0.push(0);
    unproven(evidence);
    let mut evidence = scene.evidence(&[1], &[]);
    evidence.present[0].secret.index = BlindIndex([21; 32]);
    unproven(evidence);
    let mut evidence = scene.evidence(&[1], &[]);
    evidence.present[0].proof = scene.tree.inclusion(2).unwrap();
    unproven(evidence);
    // Leaves of a smaller tree, or of a tree that says it is larger.
    let smaller = Tree::from_leaf_hashes(scene.secrets.iter().take(4).map(|secret| secret.leaf().leaf_hash()));
    let mut evidence = scene.evidence(&[1], &[]);
    evidence.present[0].proof = smaller.inclusion(1).unwrap();
    unproven(evidence);
    let mut evidence = scene.evidence(&[], &[0, 1]);
    evidence.neighbours[0].proof.size += 1;
    unproven(evidence);
    // Invented neighbours.
    let mut evidence = scene.evidence(&[], &[0, 1]);
    evidence.neighbours[1].leaf.index = BlindIndex([15; 32]);
    unproven(evidence);
}

proptest! {
    /// Whatever part of the truth is shown: an index is never believed absent that is there.
    #[test]
    fn no_selection_of_true_leaves_hides_a_secret(
        count in 1..12_u8,
        neighbours in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        asked in any::<u8>(),
    ) {
        let indexes: Vec<u8> = (1..=count).map(|number| number * 20).collect();
        let scene = Scene::of(&indexes);
        let neighbours: Vec<usize> = neighbours.iter().map(|at| at.index(indexes.len())).collect();
        match scene.verify(scene.evidence(&[], &neighbours), &[asked]) {
            Ok(part) => {
                prop_assert_eq!(part.absent.len(), 1);
                prop_assert!(!indexes.contains(&asked));
            }
            Err(refusal) => prop_assert_eq!(refusal, EvidenceRefusal::Incomplete),
        }
    }
}
