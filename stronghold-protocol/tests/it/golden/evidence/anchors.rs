//! Step 1 of section 11, and the roster that the anchor names.

use super::{Reply, Scene, WHOLE, far};
use crate::{
    directory_world::{ADMIN, OWNER, first_roster, member, next_roster, signed_by},
    golden::Maker,
};
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::Header,
    encoding::Base64Bytes,
    evidence::ChainEvidence,
    merkle::Tree,
    number::RosterVersion,
    roster::{Roster, RosterRef},
    signed::Signed,
};

/// Step 1.
pub(super) fn anchors(maker: &mut Maker, scene: &Scene) {
    let mut reject = |what: &str, bend: &dyn Fn(&mut Reply)| maker.reject(WHOLE, what, &scene.bent(bend));
    reject("another hash in the token", &|it| it.client.hash.0[0] ^= 1);
    reject("another last byte of the hash in the token", &|it| it.client.hash.0[15] ^= 1);
    reject("a token of another position", &|it| it.client.seq = it.client.seq.next());
    reject("the header after the anchor", &|it| {
        it.chain.anchor = scene.world.statements[usize::try_from(it.client.seq.get()).unwrap() + 1].header.clone();
    });
    // A header of the right hash that states another organization, and a token that pins it: only the organization differs.
    let rosters = scene.good.chain.rosters.clone();
    let other = bent_anchor(scene, rosters, None, |header| header.org.0[0] ^= 1);
    maker.reject(WHOLE, "an anchor of another organization", &other);
    first_rosters(maker, scene);
}

/// A token whose header is bent: a right reply to it but for that. `named` is the roster that the newest header names.
fn bent_anchor(scene: &Scene, rosters: Vec<Signed>, named: Option<RosterRef>, bend: impl FnOnce(&mut Header)) -> Reply {
    let mut anchor: Header = serde_json::from_slice(&scene.good.chain.anchor.payload.0).unwrap();
    bend(&mut anchor);
    let other = signed_by(&anchor, &[ADMIN]);
    let size = usize::try_from(scene.world.state.head().seq.get()).unwrap();
    let at = usize::try_from(anchor.seq.get()).unwrap();
    let (tree, proof) = replaced(scene, at, other.hash_as::<Header>(), size);
    scene.bent(|it| {
        it.client.hash = Base64Bytes(other.hash_as::<Header>().0.to_vec());
        (it.chain.anchor, it.chain.rosters) = (other, rosters);
        it.chain.head = scene.head(&[ADMIN], |head| {
            head.log_root = tree.root();
            head.roster = named.unwrap_or(head.roster);
        });
        it.chain.anchor_proof = Some(proof);
        forget(it, &tree);
    })
}

/// Another size for which the proof of the anchor leads to the same root.
pub(super) fn size_of_the_same_root(scene: &Scene) -> u64 {
    let proof = scene.good.chain.anchor_proof.clone().unwrap();
    let head: Header = serde_json::from_slice(&scene.good.chain.head.payload.0).unwrap();
    let leaf = stronghold_protocol::merkle::leaf_hash(&scene.good.chain.anchor.hash_as::<Header>().0);
    let leads = |size: u64| {
        let other = stronghold_protocol::merkle::Inclusion { size, ..proof.clone() };
        size != proof.size && other.verify(&leaf, &head.log_root).is_ok()
    };
    (1..64).find(|size| leads(*size)).unwrap()
}

/// What the anchor's header says of its roster.
fn first_rosters(maker: &mut Maker, scene: &Scene) {
    let rosters = scene.good.chain.rosters.clone();
    let name = "a token of another time, to a client that remembers nothing";
    let later = |header: &mut Header| header.time = far();
    maker.accept_like(WHOLE, name, &bent_anchor(scene, rosters.clone(), None, later));
    maker.reject(
        name,
        "an anchor that names its first roster by another version",
        &bent_anchor(scene, rosters, None, |header| {
            later(header);
            header.roster.version = header.roster.version.next();
        }),
    );
    // A first version that is not the organization's, which an owner and the anchor's author stand by.
    let mut other = first_roster(&[OWNER], &[ADMIN], 1);
    other.nonce = Some(stronghold_protocol::roster::RosterNonce([8; 32]));
    let other = signed_by(&other, &[OWNER]);
    let named = RosterRef { version: RosterVersion::FIRST, hash: other.hash_as::<Roster>() };
    let reply = bent_anchor(scene, vec![other], Some(named), |header| {
        later(header);
        header.roster = named;
    });
    maker.reject(name, "a first version of the roster that is another organization's", &reply);
}

/// The log before the newest header, with another header in one place; and the proof of that.
fn replaced(scene: &Scene, at: usize, hash: Hash, size: usize) -> (Tree, stronghold_protocol::merkle::Inclusion) {
    let mut tree = Tree::from_leaf_hashes((0..size).map(|at| scene.world.state.header_log().leaf(at).unwrap()));
    tree.set(at, stronghold_protocol::merkle::leaf_hash(&hash.0));
    let proof = tree.inclusion(at).unwrap();
    (tree, proof)
}

/// A client that remembers nothing; and the manifest's header under another log.
fn forget(it: &mut Reply, tree: &Tree) {
    (it.client.remembered, it.client.roster, it.chain.remembered_proof) = (None, None, None);
    let at = it.profile.header_proof.as_ref().map(|proof| usize::try_from(proof.index).unwrap());
    it.profile.header_proof = at.map(|at| tree.inclusion(at).unwrap());
}

/// The anchor's roster is believed by its hash; a suite that is not known is refused all the same.
pub(super) fn suite_of_the_first_roster(maker: &mut Maker) {
    let scene = Scene::new();
    let shown = |suite: u16| {
        let mut roster = next_roster(scene.world.state.roster());
        (roster.minimum_suite, roster.admins) = (suite, vec![member(ADMIN)]);
        let roster = signed_by(&roster, &[OWNER]);
        let named =
            RosterRef { version: scene.world.state.roster().value().version.next(), hash: roster.hash_as::<Roster>() };
        // The anchor is the head.
        let head = scene.head(&[ADMIN], |head| head.roster = named);
        scene.bent(|it| {
            it.client.hash = Base64Bytes(head.hash_as::<Header>().0.to_vec());
            it.client.seq = scene.world.state.head().seq;
            (it.client.remembered, it.client.roster) = (None, None);
            it.chain = ChainEvidence {
                anchor: head.clone(),
                rosters: vec![roster],
                head,
                anchor_proof: None,
                remembered_proof: None,
            };
        })
    };
    let name = "an anchor that is the newest header, of a later roster";
    maker.accept(name, &shown(1));
    maker.reject(name, "an anchor whose roster asks for a suite that is not known", &shown(2));
    maker.reject(name, "an anchor whose roster asks for suite 0", &shown(0));
    let mut other_version = shown(1);
    let header: Header = serde_json::from_slice(&other_version.chain.head.payload.0).unwrap();
    let mut bent = header;
    bent.roster.version = bent.roster.version.next();
    let bent = signed_by(&bent, &[ADMIN]);
    other_version.client.hash = Base64Bytes(bent.hash_as::<Header>().0.to_vec());
    other_version.chain.anchor = bent.clone();
    other_version.chain.head = bent;
    maker.reject(name, "an anchor that names its roster by another version", &other_version);
}
