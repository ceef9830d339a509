//! `docs/vectors/merkle.json` and `leaves.json`: trees, and the profile leaves under a `state_root`.

use super::{Maker, maker};
use crate::directory_world::{PRODUCTION, World, commitment, epoch, name, profile, profile_created, sign_key, vouched};
use serde_json::json;
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::LeafEntry,
    encoding::Base64Bytes,
    merkle::{self, Consistency, Inclusion, Tree},
};

const LEAVES: usize = 14;

/// Data of leaves, their hashes, and the roots over the first 0, 1, 2, ... of them.
struct Grown {
    data: Vec<Base64Bytes>,
    hashes: Vec<Hash>,
    roots: Vec<Hash>,
    tree: Tree,
}

impl Grown {
    fn new() -> Self {
        let data: Vec<Base64Bytes> = (0..LEAVES).map(|number| Base64Bytes(vec![number as u8; number])).collect();
        let hashes: Vec<Hash> = data.iter().map(|data| merkle::leaf_hash(&data.0)).collect();
        let roots = (0..=LEAVES).map(|size| merkle::root_of(&hashes[..size])).collect();
        let tree = Tree::from_leaf_hashes(hashes.iter().copied());
        Self { data, hashes, roots, tree }
    }
}

#[test]
fn merkle_file() {
    let mut maker = maker(
        "merkle",
        "RFC 6962 trees (docs/protocol.md, section 4). `root`: the root over `leaves`, which are data. `inclusion`: the \
         proof leads from `leaf_hash` to `root`. `consistency`: the tree with `new_root` continues the one with `old_root`.",
    );
    let grown = Grown::new();
    for size in 0..=LEAVES {
        let case = json!({ "kind": "root", "leaves": grown.data[..size] });
        maker.accept(&format!("the root over {size} leaves"), &case);
    }
    inclusions(&mut maker, &grown);
    consistencies(&mut maker, &grown);
    maker.finish();
}

fn inclusions(maker: &mut Maker, grown: &Grown) {
    let case = |hash: Hash, root: Hash, proof: &Inclusion| json!({ "kind": "inclusion", "leaf_hash": hash, "root": root, "proof": proof });
    for (index, size) in [(0, 1), (0, 8), (5, 8), (2, 3), (1, 5), (8, 9), (6, 7), (4, 5)] {
        let proof = grown.tree.inclusion_at(index, size).unwrap();
        maker.accept(&format!("leaf {index} of {size}"), &case(grown.hashes[index], grown.roots[size], &proof));
    }
    let mut bend = |of: (usize, usize), what: &str, bend: &dyn Fn(&mut Hash, &mut Hash, &mut Inclusion)| {
        let (index, size) = of;
        let mut proof = grown.tree.inclusion_at(index, size).unwrap();
        let (mut hash, mut root) = (grown.hashes[index], grown.roots[size]);
        bend(&mut hash, &mut root, &mut proof);
        maker.reject(&format!("leaf {index} of {size}"), what, &case(hash, root, &proof));
    };
    let at = (5, 8);
    bend(at, "another leaf", &|hash, _, _| hash.0[0] ^= 1);
    bend(at, "another root", &|_, root, _| root.0[31] ^= 1);
    bend(at, "another index", &|_, _, proof| proof.index = 4);
    bend(at, "an index beyond the size", &|_, _, proof| proof.index = 8);
    bend(at, "a far index that has the same last bits", &|_, _, proof| proof.index = 13);
    bend(at, "a size whose path is shorter", &|_, _, proof| proof.size = 6);
    bend(at, "a larger size", &|_, _, proof| proof.size = 9);
    bend(at, "a size of none", &|_, _, proof| proof.size = 0);
    bend(at, "a path too short", &|_, _, proof| proof.path.truncate(2));
    bend(at, "a path too long", &|_, _, proof| proof.path.push(Hash([0; 32])));
    bend(at, "no path", &|_, _, proof| proof.path.clear());
    bend(at, "a sibling altered", &|_, _, proof| proof.path[1].0[0] ^= 1);
    bend(at, "siblings in another order", &|_, _, proof| proof.path.swap(0, 1));
    // The inner node above leaves 4 and 5, passed off as a leaf of a smaller tree.
    let inner = merkle::node_hash(&grown.hashes[4], &grown.hashes[5]);
    bend(at, "an inner node as a leaf", &|hash, _, proof| {
        *hash = inner;
        proof.path.remove(0);
    });
    bend((0, 1), "a lone leaf with a path", &|_, _, proof| proof.path.push(Hash([0; 32])));
    bend((0, 1), "a lone leaf with a path that leads to the root", &|hash, root, proof| {
        proof.path.push(Hash([0; 32]));
        *root = merkle::node_hash(&Hash([0; 32]), hash);
    });
    bend((0, 1), "a lone leaf that is not the root", &|_, root, _| root.0[0] ^= 1);
    bend((0, 1), "a lone leaf, in the place after it", &|_, _, proof| proof.index = 1);
    bend((8, 9), "the last leaf, with the place of the one before", &|_, _, proof| proof.index = 7);
    bend((8, 9), "the last leaf, with a path for a full tree", &|_, _, proof| {
        proof.path = grown.tree.inclusion_at(7, 8).unwrap().path;
    });
}

fn consistencies(maker: &mut Maker, grown: &Grown) {
    let case = |old: Hash, new: Hash, proof: &Consistency| json!({ "kind": "consistency", "old_root": old, "new_root": new, "proof": proof });
    let named = |old: usize, new: usize| format!("{new} leaves continue {old}");
    for (old, new) in [
        (0, 1),
        (0, 5),
        (0, 0),
        (1, 2),
        (3, 7),
        (4, 7),
        (6, 8),
        (8, 9),
        (7, 7),
        (1, 1),
        (2, 9),
        (5, 6),
        (9, 10),
        (13, 14),
    ] {
        let proof = grown.tree.consistency(old, new).unwrap();
        maker.accept(&named(old, new), &case(grown.roots[old], grown.roots[new], &proof));
    }
    type Bend<'a> = &'a dyn Fn(&mut Hash, &mut Hash, &mut Consistency);
    let mut bend = |(old, new): (usize, usize), what: &str, bend: Bend<'_>| {
        let mut proof = grown.tree.consistency(old, new).unwrap();
        let (mut old_root, mut new_root) = (grown.roots[old], grown.roots[new]);
        bend(&mut old_root, &mut new_root, &mut proof);
        maker.reject(&named(old, new), &format!("{new} of {old}: {what}"), &case(old_root, new_root, &proof));
    };
    for at in [(3, 7), (4, 7)] {
        bend(at, "another old root", &|old, _, _| old.0[0] ^= 1);
        bend(at, "another new root", &|_, new, _| new.0[0] ^= 1);
        bend(at, "a path too short", &|_, _, proof| proof.path.truncate(proof.path.len() - 1));
        bend(at, "a path too long", &|_, _, proof| proof.path.push(Hash([0; 32])));
        bend(at, "no path", &|_, _, proof| proof.path.clear());
        bend(at, "the last node altered", &|_, _, proof| proof.path.last_mut().unwrap().0[0] ^= 1);
        bend(at, "the first node altered", &|_, _, proof| proof.path[0].0[0] ^= 1);
        bend(at, "a smaller old size", &|_, _, proof| proof.old_size -= 1);
        bend(at, "a larger old size", &|_, _, proof| proof.old_size += 1);
        bend(at, "a larger new size", &|_, _, proof| proof.new_size = 9);
        bend(at, "sizes in each other's place", &|_, _, proof| {
            std::mem::swap(&mut proof.old_size, &mut proof.new_size);
        });
        bend(at, "roots in each other's place", &|old, new, _| std::mem::swap(old, new));
    }
    bend((3, 7), "nodes in another order", &|_, _, proof| proof.path.swap(0, 1));
    bend((7, 7), "equal sizes, another old root", &|old, _, _| old.0[0] ^= 1);
    bend((7, 7), "equal sizes, another new root", &|_, new, _| new.0[0] ^= 1);
    bend((7, 7), "equal sizes with a path", &|_, _, proof| proof.path.push(grown.roots[7]));
    bend((0, 5), "nothing with a path", &|_, _, proof| proof.path.push(grown.roots[5]));
    bend((0, 5), "nothing with a root of something", &|old, _, _| *old = grown.roots[1]);
    bend((0, 0), "nothing grown to something", &|_, new, _| *new = grown.roots[1]);
    bend((0, 0), "something shrunk to nothing", &|_, _, proof| proof.old_size = 1);
    bend((1, 1), "two continued by one", &|_, _, proof| proof.old_size = 2);
    bend((3, 7), "a path too long that leads to both roots", &|old, new, proof| {
        let more = Hash([0; 32]);
        proof.path.push(more);
        (*old, *new) = (merkle::node_hash(&more, old), merkle::node_hash(&more, new));
    });
    // A tree of the same size by another history: each root is right for some tree, and no proof leads between them.
    let other = Tree::from_leaf_hashes((0..7).map(|number| merkle::leaf_hash(&[number, 1])));
    bend((3, 7), "another history, with a path of its own", &|_, new, proof| {
        (*new, proof.path) = (other.root(), other.consistency(3, 7).unwrap().path);
    });
}

#[test]
fn leaves_file() {
    let mut maker = maker(
        "leaves",
        "Profile leaves under a `state_root` (docs/protocol.md, section 6), each with its inclusion proof. Gives the leaf's \
         hash in the tree.",
    );
    let mut world = World::acme();
    world.by(crate::directory_world::OWNER, vec![profile_created(60, "third")]);
    let root = world.state.state_root();
    let case = |entry: &LeafEntry| json!({ "entry": entry, "state_root": root });
    for number in [PRODUCTION, 31, 60] {
        let entry = world.state.leaf_entry(&profile(number)).unwrap();
        maker.accept(entry.leaf.name.as_str(), &case(&entry));
    }
    let good = world.state.leaf_entry(&profile(PRODUCTION)).unwrap();
    let mut bend = |what: &str, bend: &dyn Fn(&mut LeafEntry)| {
        let mut entry = good.clone();
        bend(&mut entry);
        maker.reject("production", what, &case(&entry));
    };
    bend("another id", &|it| it.leaf.id = profile(99));
    bend("another name", &|it| it.leaf.name = name("productions"));
    bend("another epoch", &|it| it.leaf.epoch = epoch(2));
    bend("another commitment", &|it| it.leaf.commitment = commitment(PRODUCTION, 2));
    bend("no writer", &|it| it.leaf.writers.clear());
    bend("another writer", &|it| it.leaf.writers[0] = sign_key(77));
    bend("a writer more", &|it| it.leaf.writers.push(sign_key(77)));
    bend("another vouched revision", &|it| it.leaf.vouched.revision = vouched(2).revision);
    bend("another vouched manifest", &|it| it.leaf.vouched.manifest = vouched(2).manifest);
    bend("another place", &|it| it.proof.index = 1);
    bend("a tree of another size", &|it| it.proof.size = 2);
    bend("no path", &|it| it.proof.path.clear());
    bend("a path too short", &|it| it.proof.path.truncate(it.proof.path.len() - 1));
    bend("a node of the path altered", &|it| it.proof.path[0].0[0] ^= 1);
    let mut case = case(&good);
    case["state_root"] = json!(Hash([1; 32]));
    maker.reject("production", "another state root", &case);
    maker.finish();
}
