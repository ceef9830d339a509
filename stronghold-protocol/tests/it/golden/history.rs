//! `docs/vectors/history.json`: what a profile held, revision after revision.

use super::{Maker, maker};
use crate::directory_world::{EDITOR, PRODUCTION, World, epoch, id_bytes, manifest_of, profile, revision, signed_by};
use serde_json::{Value, json};
use stronghold_protocol::{
    api::PastRevision,
    crypto::hash::{Hash, sha256},
    id::{OrgId, SecretId},
    manifest::Manifest,
    merkle,
    number::Version,
    secret::{BlindIndex, SecretLeaf},
};

fn id(number: u8) -> SecretId {
    SecretId::from_bytes(id_bytes(number))
}

/// A version of a secret under a blind index, which is another one in each epoch.
fn leaf(number: u8, version: u64, index: u8) -> SecretLeaf {
    let version = Version::new(version).unwrap();
    let ciphertexts = sha256(&[&[number, index], &version.get().to_be_bytes()]);
    SecretLeaf { index: BlindIndex([index; 32]), id: id(number), version, ciphertexts }
}

/// A profile's revisions so far, and what the newest holds.
#[derive(Clone)]
struct Past {
    first: Manifest,
    /// Oldest first.
    revisions: Vec<PastRevision>,
    held: Vec<SecretLeaf>,
}

impl Past {
    fn new() -> Self {
        let first = manifest_of(&World::acme().state, PRODUCTION, None, &[]);
        Self { first, revisions: Vec::new(), held: Vec::new() }.next(&[], &[], |_| {})
    }

    fn newest(&self) -> Option<Manifest> {
        self.revisions.last().map(|past| serde_json::from_slice(&past.manifest.payload.0).unwrap())
    }

    /// With one revision more, whose manifest is right but for what is bent.
    fn next(&self, puts: &[SecretLeaf], removes: &[SecretId], bend: impl FnOnce(&mut Manifest)) -> Self {
        let mut held = self.held.clone();
        held.retain(|leaf| !removes.contains(&leaf.id) && puts.iter().all(|put| put.id != leaf.id));
        held.extend_from_slice(puts);
        held.sort_by_key(|leaf| leaf.index);
        let hashes: Vec<Hash> = held.iter().map(SecretLeaf::leaf_hash).collect();
        let mut manifest = self.newest().unwrap_or_else(|| self.first.clone());
        if let Some(before) = self.revisions.last() {
            manifest.revision = manifest.revision.next();
            manifest.prev = Some(before.manifest.hash_as::<Manifest>());
        }
        (manifest.count, manifest.root) = (held.len() as u64, merkle::root_of(&hashes));
        bend(&mut manifest);
        let past =
            PastRevision { manifest: signed_by(&manifest, &[EDITOR]), puts: puts.to_vec(), removes: removes.to_vec() };
        let revisions = [&self.revisions[..], &[past]].concat();
        Self { first: self.first.clone(), revisions, held }
    }

    fn case(&self) -> Value {
        let head = self.revisions.last().map(|past| past.manifest.hash_as::<Manifest>());
        let newest_first: Vec<&PastRevision> = self.revisions.iter().rev().collect();
        json!({ "org": self.first.org, "profile": self.first.profile, "head": head, "revisions": newest_first })
    }
}

const BEGINNING: &str = "revision 1, which holds nothing";
const THREE: &str = "three secrets";
const IN_PLACE: &str = "a version in the place of the one before";
const REMOVED: &str = "a secret removed, and a version of another";
const EPOCH: &str = "a new epoch";
const BACK: &str = "a secret that was removed comes back";

#[test]
fn history_file() {
    let mut maker = maker(
        "history",
        "The past of a profile (docs/protocol.md, section 9, *The past*, steps 2 and 5): `revisions`, newest first, below a head \
         whose manifest has the object hash `head`. Signatures and commitments are not looked at. Gives the leaves of the \
         newest revision, and the secrets that are deleted, each with its last version.",
    );
    let first = Past::new();
    maker.accept(BEGINNING, &first.case());
    let three = first.next(&[leaf(1, 1, 10), leaf(2, 1, 20), leaf(3, 1, 30)], &[], |_| {});
    maker.accept_like(BEGINNING, THREE, &three.case());
    let in_place = three.next(&[leaf(2, 2, 20)], &[], |_| {});
    maker.accept_like(THREE, IN_PLACE, &in_place.case());
    let removed = in_place.next(&[leaf(3, 2, 30)], &[id(1)], |_| {});
    maker.accept_like(IN_PLACE, REMOVED, &removed.case());
    let renewed = removed.next(&[leaf(2, 2, 21), leaf(3, 2, 31)], &[], |it| it.epoch = epoch(2));
    maker.accept_like(REMOVED, EPOCH, &renewed.case());
    let back = renewed.next(&[leaf(1, 2, 11)], &[], |_| {});
    maker.accept_like(EPOCH, BACK, &back.case());
    let both = removed.next(&[leaf(2, 3, 21)], &[id(3)], |it| it.epoch = epoch(2));
    maker.accept_like(REMOVED, "a new epoch, with a new version and without a secret", &both.case());
    maker.reject(
        BACK,
        "it comes back with the version that it had",
        &renewed.next(&[leaf(1, 1, 11)], &[], |_| {}).case(),
    );
    manifests(&mut maker, &three);
    versions(&mut maker, &three, &in_place, &removed);
    epochs(&mut maker, &removed);
    names(&mut maker, &three);
    maker.finish();
}

/// Step 2.
fn manifests(maker: &mut Maker, three: &Past) {
    let mut reject = |what: &str, bend: &dyn Fn(&mut Manifest)| {
        let bent = three.next(&[leaf(2, 2, 20)], &[], bend);
        maker.reject(IN_PLACE, what, &bent.case());
    };
    reject("of another organization", &|it| it.org = OrgId([9; 32]));
    reject("of another profile", &|it| it.profile = profile(99));
    reject("after another manifest", &|it| it.prev = Some(Hash([1; 32])));
    reject("after nothing", &|it| it.prev = None);
    reject("a number left out", &|it| it.revision = revision(4));
    reject("the number of the one before", &|it| it.revision = revision(2));
    reject("a count above the secrets", &|it| it.count += 1);
    reject("a count below the secrets", &|it| it.count -= 1);
    reject("another root", &|it| it.root.0[0] ^= 1);
    let good = three.next(&[leaf(2, 2, 20)], &[], |_| {});
    let mut other_head = good.case();
    other_head["head"] = json!(Hash([1; 32]));
    maker.reject(IN_PLACE, "another head", &other_head);
    let mut fewer = good.clone();
    fewer.revisions.remove(0);
    maker.reject(IN_PLACE, "without revision 1", &fewer.case());
    let mut fewer = good.clone();
    fewer.revisions.remove(1);
    maker.reject(IN_PLACE, "a revision left out between", &fewer.case());
    fewer.revisions.clear();
    let none = json!({ "org": good.first.org, "profile": good.first.profile, "head": Hash([0; 32]), "revisions": [] });
    maker.reject(IN_PLACE, "no revision", &none);
    let mut of_other = good.case();
    of_other["org"] = json!(OrgId([9; 32]));
    maker.reject(IN_PLACE, "held against another organization", &of_other);
    let mut of_other = good.case();
    of_other["profile"] = json!(profile(99));
    maker.reject(IN_PLACE, "held against another profile", &of_other);
    // The one before it says another profile: between two, both are the same.
    for (what, bend) in [
        ("a revision before it of another organization", (|it| it.org = OrgId([9; 32])) as fn(&mut Manifest)),
        ("a revision before it of another profile", |it| it.profile = profile(99)),
        ("a revision before it of a later epoch", |it| it.epoch = epoch(2)),
    ] {
        let first = Past {
            first: {
                let mut it = three.first.clone();
                bend(&mut it);
                it
            },
            ..Past::new()
        };
        let first = Past { revisions: Vec::new(), held: Vec::new(), ..first }.next(&[], &[], |_| {});
        let back = |it: &mut Manifest| {
            (it.org, it.profile, it.epoch) = (three.first.org, three.first.profile, three.first.epoch);
        };
        let mut bent = first.next(&three.held, &[], back);
        bent.first = three.first.clone();
        maker.reject(THREE, what, &bent.case());
    }
    let mut altered = good.case();
    altered["revisions"][0]["puts"][0]["ciphertexts"] = json!(Hash([1; 32]));
    maker.reject(IN_PLACE, "other ciphertexts", &altered);
    let mut altered = good.case();
    altered["revisions"][0]["puts"] = json!([]);
    maker.reject(IN_PLACE, "what it changed is left out", &altered);
}

/// Step 5: numbers of versions, and what is removed.
fn versions(maker: &mut Maker, three: &Past, in_place: &Past, removed: &Past) {
    let mut reject = |of: &str, what: &str, past: Past| maker.reject(of, what, &past.case());
    reject(IN_PLACE, "a version left out", three.next(&[leaf(2, 3, 20)], &[], |_| {}));
    let again = SecretLeaf { ciphertexts: Hash([1; 32]), ..leaf(2, 1, 20) };
    reject(IN_PLACE, "the same version, encrypted again", three.next(&[again], &[], |_| {}));
    reject(IN_PLACE, "a new secret with version 2", three.next(&[leaf(4, 2, 40)], &[], |_| {}));
    reject(REMOVED, "removed, and was not there", in_place.next(&[leaf(3, 2, 30)], &[id(4)], |_| {}));
    reject(REMOVED, "removed twice", in_place.next(&[leaf(3, 2, 30)], &[id(1), id(1)], |_| {}));
    reject(REMOVED, "put and removed", in_place.next(&[leaf(3, 2, 30)], &[id(1), id(3)], |_| {}));
    let both = in_place.next(&[leaf(1, 2, 10), leaf(3, 2, 30)], &[id(1)], |_| {});
    reject(REMOVED, "removed and put, as its next version", both);
    reject(REMOVED, "removed again", removed.next(&[leaf(3, 3, 30)], &[id(1)], |_| {}));
}

/// Step 5: a new epoch replaces everything.
fn epochs(maker: &mut Maker, removed: &Past) {
    let mut reject = |what: &str, puts: &[SecretLeaf], removes: &[SecretId]| {
        let bent = removed.next(puts, removes, |it| it.epoch = epoch(2));
        maker.reject(EPOCH, what, &bent.case());
    };
    reject("a new epoch leaves a secret as it was", &[leaf(2, 2, 21)], &[]);
    reject("a new epoch, with a version left out", &[leaf(2, 4, 21), leaf(3, 2, 31)], &[]);
    reject("a new epoch, with an earlier version", &[leaf(2, 1, 21), leaf(3, 2, 31)], &[]);
    reject(
        "a new epoch, with the last version of what was removed",
        &[leaf(1, 1, 11), leaf(2, 2, 21), leaf(3, 2, 31)],
        &[],
    );
    let same = removed.next(&[leaf(2, 2, 21), leaf(3, 2, 31)], &[], |_| {});
    maker.reject(EPOCH, "encrypted again in the same epoch", &same.case());
}

/// Step 5: each secret once, under a name of its own.
fn names(maker: &mut Maker, three: &Past) {
    let mut reject = |what: &str, past: Past| maker.reject(IN_PLACE, what, &past.case());
    reject("two secrets under one name", three.next(&[leaf(4, 1, 20)], &[], |_| {}));
    let root = merkle::root_of(&three.held.iter().map(SecretLeaf::leaf_hash).collect::<Vec<_>>());
    let stays = three.next(&[leaf(4, 1, 20)], &[], |it| it.root = root);
    reject("two secrets under one name, and the root of before", stays);
    reject("one secret put twice, under two names", three.next(&[leaf(4, 1, 40), leaf(4, 1, 41)], &[], |_| {}));
}
