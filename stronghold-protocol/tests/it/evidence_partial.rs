//! Some of a profile's secrets: proven to be there, or proven to be absent, and nothing in between.

use crate::{
    directory_world::{OWNER, PRODUCTION, World, profile, sealed_secret},
    evidence_world::{Client, Revisions, show},
};
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Change, Vouched},
    evidence::{EvidenceRefusal, PartialEvidence, PresentSecret, ProvenLeaf, VerifiedPart, VerifiedProfile},
    manifest::Manifest,
    merkle::{ProofRejected, Tree},
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

/// Every selection of true leaves, for every index: believed absent exactly when it is, and both its neighbours are shown.
#[test]
fn absence_is_believed_exactly_when_it_is_proven() {
    for count in 0..=5_usize {
        let scene = Scene::of(&INDEXES[..count]);
        for selection in 0..1_u32 << count {
            let shown: Vec<usize> = (0..count).filter(|at| selection & 1 << at != 0).collect();
            for asked in (5..=55).step_by(5) {
                let below = (0..count).rev().find(|at| INDEXES[*at] < asked);
                let above = (0..count).find(|at| INDEXES[*at] > asked);
                let proven = below.iter().chain(&above).all(|at| shown.contains(at));
                let is_there = INDEXES[..count].contains(&asked);
                match scene.verify(scene.evidence(&[], &shown), &[asked]) {
                    Ok(part) => {
                        assert!(proven && !is_there, "{asked} was hidden by {shown:?} of {count}");
                        assert_eq!(part.absent, [BlindIndex([asked; 32])]);
                    }
                    Err(refusal) => {
                        assert!(!proven || is_there, "{asked} is absent: {shown:?} of {count}");
                        assert_eq!(refusal, EvidenceRefusal::Incomplete);
                    }
                }
            }
        }
    }
}

/// Of two faults, the earlier: secrets before neighbours, proofs before completeness.
#[test]
fn checks_come_in_their_order() {
    let scene = Scene::of(&INDEXES);
    let unproven = EvidenceRefusal::Proof { what: "a secret is not in the manifest", source: ProofRejected };
    // A secret that is not proven, and was not asked for.
    let mut evidence = scene.evidence(&[0], &[]);
    evidence.present[0].proof.path.clear();
    assert_eq!(scene.refused(evidence, &[20]), unproven);
    // One that was not asked for, before a neighbour that is not proven.
    let mut evidence = scene.evidence(&[0], &[1]);
    evidence.neighbours[0].proof.path.clear();
    assert_eq!(scene.refused(evidence, &[20]), EvidenceRefusal::Incomplete);
    // A neighbour that is not proven, before an answer that is left out.
    let mut evidence = scene.evidence(&[], &[1]);
    evidence.neighbours[0].proof.path.swap(0, 1);
    assert_eq!(scene.refused(evidence, &[30]), unproven);
    // An empty profile holds nothing that could be shown, whatever proof comes along.
    let empty = Scene::of(&[]);
    assert_eq!(empty.refused(scene.evidence(&[0], &[]), &[10]), unproven);
    assert_eq!(empty.refused(scene.evidence(&[], &[0]), &[10]), unproven);
    // A single secret is first and last: it alone proves both sides, from its empty path.
    let single = Scene::of(&[30]);
    for asked in [29, 31] {
        let mut longer = single.evidence(&[], &[0]);
        assert!(longer.neighbours[0].proof.path.is_empty());
        assert_eq!(single.verify(longer.clone(), &[asked]).unwrap().absent.len(), 1);
        longer.neighbours[0].proof.path.push(Hash([0; 32]));
        assert_eq!(single.refused(longer, &[asked]), unproven);
    }
}
