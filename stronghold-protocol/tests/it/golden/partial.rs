//! `docs/vectors/partial.json`: some secrets of a profile, proven to be there or not to be.

use super::{evidence::Scene, maker};
use crate::{
    directory_world::{EDITOR, sealed_secret},
    golden::Maker,
};
use serde_json::json;
use stronghold_protocol::{
    evidence::{PartialEvidence, PresentSecret, ProvenLeaf},
    merkle::Tree,
    secret::BlindIndex,
};

#[test]
fn partial_file() {
    let mut maker = maker(
        "partial",
        "Some secrets of a profile (docs/protocol.md, section 11): `reply` as in evidence.json, `indexes` are the blind indexes \
         that were asked for, `part` is the answer. Gives the ids of the secrets that are there and the indexes that are not.",
    );
    let scene = Scene::new();
    let tree = Tree::from_leaf_hashes(scene.secrets.iter().map(|secret| secret.leaf().leaf_hash()));
    let present = |at: usize| PresentSecret { secret: scene.secrets[at].clone(), proof: tree.inclusion(at).unwrap() };
    let leaf = |at: usize| ProvenLeaf { leaf: scene.secrets[at].leaf(), proof: tree.inclusion(at).unwrap() };
    let part = |shown: &[usize], beside: &[usize]| PartialEvidence {
        present: shown.iter().map(|at| present(*at)).collect(),
        neighbours: beside.iter().map(|at| leaf(*at)).collect(),
    };
    let case = |part: PartialEvidence, asked: &[u8]| {
        let indexes: Vec<BlindIndex> = asked.iter().map(|index| BlindIndex([*index; 32])).collect();
        json!({ "reply": scene.good, "indexes": indexes, "part": part })
    };
    let both = "two that are there";
    maker.accept(both, &case(part(&[1, 3], &[]), &[20, 40]));
    let mut like = |what: &str, case: &serde_json::Value| maker.accept_like(both, what, case);
    like("nothing is asked for", &case(part(&[], &[]), &[]));
    like("one that is asked for twice", &case(part(&[1], &[]), &[20, 20]));
    like("absent between two", &case(part(&[], &[1, 2]), &[25]));
    like("absent before the first", &case(part(&[], &[0]), &[5]));
    like("absent after the last", &case(part(&[], &[4]), &[55]));
    like("one there, three absent", &case(part(&[2], &[0, 1, 3, 4]), &[15, 30, 45, 60]));
    let mut reject = |of: &str, what: &str, case: &serde_json::Value| maker.reject(of, what, case);
    reject(both, "one that is there is not shown", &case(part(&[1], &[]), &[20, 40]));
    reject(both, "one that was not asked for", &case(part(&[1, 3], &[]), &[20]));
    reject(both, "one secret twice", &case(part(&[1, 3, 3], &[]), &[20, 40]));
    let bend = |bend: &dyn Fn(&mut PartialEvidence)| {
        let mut bent = part(&[1, 3], &[]);
        bend(&mut bent);
        case(bent, &[20, 40])
    };
    reject(both, "another version", &bend(&|it| it.present[0].secret.version = it.present[0].secret.version.next()));
    reject(both, "another value", &bend(&|it| it.present[0].secret.value.0[0] ^= 1));
    reject(both, "another meta", &bend(&|it| it.present[0].secret.meta.0[0] ^= 1));
    reject(both, "another id", &bend(&|it| it.present[0].secret.id = it.present[1].secret.id));
    reject(both, "another place", &bend(&|it| it.present[0].proof.index = 2));
    reject(both, "a node of a proof altered", &bend(&|it| it.present[0].proof.path[0].0[0] ^= 1));
    reject(both, "no path", &bend(&|it| it.present[0].proof.path.clear()));
    // Right under the root, for a tree of another size than the manifest's count.
    reject(
        both,
        "a proof for another size, which leads to the root all the same",
        &bend(&|it| it.present[0].proof.size = 6),
    );
    let absent = "absent between two";
    reject(absent, "no neighbour", &case(part(&[], &[]), &[25]));
    reject(absent, "a neighbour on one side only, below", &case(part(&[], &[1]), &[25]));
    reject(absent, "a neighbour on one side only, above", &case(part(&[], &[2]), &[25]));
    reject(absent, "neighbours with room between them", &case(part(&[], &[1, 3]), &[25]));
    reject(absent, "neighbours with a secret between them, which is asked for", &case(part(&[], &[0, 2]), &[20]));
    reject(absent, "a secret that is its own neighbour", &case(part(&[], &[0, 1, 2]), &[20]));
    reject("absent before the first", "the second leaf, where the first is asked for", &case(part(&[], &[1]), &[10]));
    reject(
        "absent after the last",
        "the leaf before the last, where the last is asked for",
        &case(part(&[], &[3]), &[50]),
    );
    let neighbours = |bend: &dyn Fn(&mut PartialEvidence)| {
        let mut bent = part(&[], &[1, 2]);
        bend(&mut bent);
        case(bent, &[25])
    };
    reject(
        absent,
        "a node of a neighbour's proof altered",
        &neighbours(&|it| it.neighbours[0].proof.path[0].0[0] ^= 1),
    );
    reject(absent, "an invented neighbour", &neighbours(&|it| it.neighbours[1].leaf.index = BlindIndex([26; 32])));
    let invented = {
        let mut bent = part(&[], &[1, 2]);
        bent.neighbours[1] = ProvenLeaf { leaf: sealed_secret(26, 1).leaf(), ..bent.neighbours[1].clone() };
        case(bent, &[25])
    };
    reject(absent, "a leaf that is in no tree", &invented);
    empty(&mut maker);
    maker.finish();
}

/// A profile that holds nothing needs no neighbours, and shows none.
fn empty(maker: &mut Maker) {
    let scene = Scene::new();
    let empty = scene.revisions_before().next(&scene.world, EDITOR, &[], |_| {});
    let reply = scene.bent(|it| (it.profile.manifest, it.profile.header_proof) = (empty, None));
    let case = |part: PartialEvidence| json!({ "reply": reply, "indexes": [BlindIndex([20; 32])], "part": part });
    let name = "absent from a profile that holds nothing";
    let none = PartialEvidence { present: Vec::new(), neighbours: Vec::new() };
    maker.accept(name, &case(none.clone()));
    let lone = Tree::from_leaf_hashes([scene.secrets[1].leaf().leaf_hash()]);
    let secret = scene.secrets[1].clone();
    let shown = PresentSecret { secret, proof: lone.inclusion(0).unwrap() };
    maker.reject(
        name,
        "a secret of a profile that holds nothing",
        &case(PartialEvidence { present: vec![shown], ..none }),
    );
}
