//! Manifests: which one is a profile's head, what it holds, and what follows what.

use crate::directory_world::{
    ADMIN, CI, EDITOR, OWNER, PRODUCTION, STAGING, STAGING_EDITOR, World, commitment, epoch, manifest_of, name,
    profile, revision, sealed_secret, sign_key, signed_by, signer,
};
use stronghold_protocol::{
    crypto::{
        hash::Hash,
        sign::{SigningKey, SigningPublicKey},
    },
    directory::{ProfileLeaf, Vouched},
    encoding::{Base64Bytes, Context},
    id::OrgId,
    limits,
    manifest::{Manifest, ManifestRefusal},
    merkle,
    secret::{BlindIndex, SealedSecret, SecretLeaf},
    signed::{KeySignature, Payload, Signed, SignedRefusal, Verified},
};

const NOT_SIGNED: ManifestRefusal = ManifestRefusal::Signed(SignedRefusal::NotSigned);

/// What the directory says of `production`, at epoch 3, and a good revision 7 that it vouches for, of epoch 2.
struct Scene {
    org: OrgId,
    leaf: ProfileLeaf,
    keys: Vec<SigningPublicKey>,
    vouched: Signed,
    next: Manifest,
}

impl Scene {
    fn new() -> Self {
        let world = World::acme();
        let mut leaf = world.state.leaf(&profile(PRODUCTION)).unwrap();
        leaf.epoch = epoch(3);
        leaf.commitment = commitment(PRODUCTION, 3);
        let secrets = [sealed_secret(1, 1), sealed_secret(2, 5)];
        let mut manifest = manifest_of(&world.state, PRODUCTION, Some((6, Hash([6; 32]))), &secrets);
        manifest.epoch = epoch(2);
        manifest.commitment = commitment(PRODUCTION, 2);
        // Signed by somebody whom nobody knows any more.
        let vouched = signed_by(&manifest, &[70]);
        leaf.vouched = Vouched { revision: revision(7), manifest: vouched.hash_as::<Manifest>() };
        let next = Manifest {
            revision: revision(8),
            prev: Some(leaf.vouched.manifest),
            epoch: leaf.epoch,
            commitment: leaf.commitment,
            ..manifest
        };
        Self { org: world.org, leaf, keys: world.state.roster().value().signing_keys(), vouched, next }
    }

    fn check(&self, envelope: &Signed) -> Result<Verified<Manifest>, ManifestRefusal> {
        Manifest::verify_head(envelope, &self.org, &self.leaf, &self.keys)
    }

    fn refused(&self, envelope: &Signed) -> ManifestRefusal {
        self.check(envelope).map(|_| ()).unwrap_err()
    }

    /// The next revision, bent, by an editor who may write.
    fn bent(&self, bend: impl FnOnce(&mut Manifest)) -> Signed {
        let mut manifest = self.next.clone();
        bend(&mut manifest);
        signed_by(&manifest, &[EDITOR])
    }

    /// A vouched manifest that is bent: the directory names its hash all the same.
    fn vouched_bent(bend: impl FnOnce(&mut Manifest)) -> ManifestRefusal {
        let mut scene = Self::new();
        let mut manifest: Manifest = serde_json::from_slice(&scene.vouched.payload.0).unwrap();
        bend(&mut manifest);
        let envelope = signed_by(&manifest, &[OWNER]);
        scene.leaf.vouched.manifest = envelope.hash_as::<Manifest>();
        scene.refused(&envelope)
    }
}

#[test]
fn the_vouched_one_is_a_head_whoever_signed_it() {
    let scene = Scene::new();
    let head = scene.check(&scene.vouched).unwrap();
    assert_eq!((head.value().revision, head.value().epoch), (revision(7), epoch(2)));
    assert!(head.signers().is_empty(), "trusted by its hash alone");
    // The hash is over the payload, so signatures prove nothing here and are not looked at.
    let mut unsigned = scene.vouched.clone();
    unsigned.signatures.clear();
    scene.check(&unsigned).unwrap();
    // Signatures do not make it another one either; what is in it does.
    let mut other = scene.vouched.clone();
    other.payload.0[0] = b' ';
    assert_eq!(scene.refused(&other), NOT_SIGNED);
}

#[test]
fn a_newer_one_is_a_head_by_whoever_may_write() {
    let scene = Scene::new();
    for by in [OWNER, ADMIN, EDITOR] {
        let head = scene.check(&signed_by(&scene.next, &[by])).unwrap();
        assert_eq!(head.signers(), [sign_key(by)]);
    }
    // Further signatures by others do not count, and do not harm.
    scene.check(&signed_by(&scene.next, &[STAGING_EDITOR, EDITOR])).unwrap();
    // Beyond the next one, what lies between is only known to who reads that, too.
    for further in [9, 1_000_000] {
        let envelope = scene.bent(|it| (it.revision, it.prev) = (revision(further), Some(Hash([9; 32]))));
        assert_eq!(scene.check(&envelope).unwrap().value().revision, revision(further));
    }
    for by in [&[][..], &[STAGING_EDITOR], &[CI], &[70], &[STAGING_EDITOR, CI, 70]] {
        assert_eq!(scene.refused(&signed_by(&scene.next, by)), NOT_SIGNED, "{by:?}");
    }
    // An editor who is none of the leaf's writers any more.
    let mut without = Scene::new();
    without.leaf.writers.clear();
    assert_eq!(without.refused(&signed_by(&scene.next, &[EDITOR])), NOT_SIGNED);
    without.check(&signed_by(&scene.next, &[OWNER])).unwrap();
}

#[test]
fn a_false_signature_in_a_rightful_name_refuses_it_all() {
    let scene = Scene::new();
    let mut envelope = signed_by(&scene.next, &[OWNER, EDITOR]);
    envelope.signatures[1].signature = envelope.signatures[0].signature;
    assert_eq!(scene.refused(&envelope), NOT_SIGNED);
    let mut twice = signed_by(&scene.next, &[OWNER]);
    twice.signatures.push(twice.signatures[0].clone());
    assert_eq!(scene.refused(&twice), ManifestRefusal::Signed(SignedRefusal::Signatures));
}

/// Each check refuses by itself, and of two faults the earlier check finds its own.
#[test]
fn checks_come_in_their_order() {
    let scene = Scene::new();
    let seven = revision(7);
    let other = ManifestRefusal::OtherThanLeaf;
    type Fault = (fn(&mut Manifest), ManifestRefusal);
    let faults: Vec<Fault> = vec![
        (|it| it.revision = revision(7), ManifestRefusal::Old { revision: seven, vouched: seven }),
        (|it| it.prev = Some(Hash([9; 32])), ManifestRefusal::NotNext),
        (|it| it.org.0[31] ^= 1, other("organization")),
        (|it| it.profile = profile(STAGING), other("profile")),
        (|it| it.name = name("staging"), other("name")),
        (|it| it.epoch = epoch(4), other("epoch")),
        (|it| it.commitment = commitment(PRODUCTION, 2), other("key commitment")),
        (|it| it.count = limits::SECRETS_PER_PROFILE as u64 + 1, ManifestRefusal::TooManySecrets),
    ];
    for (first, (fault, refusal)) in faults.iter().enumerate() {
        assert_eq!(scene.refused(&scene.bent(fault)), *refusal);
        let mut stranger = scene.next.clone();
        fault(&mut stranger);
        assert_eq!(scene.refused(&signed_by(&stranger, &[STAGING_EDITOR])), NOT_SIGNED, "the signature comes first");
        for (later, _) in &faults[first + 1..] {
            let both = scene.bent(|it| {
                later(it);
                fault(it);
            });
            assert_eq!(scene.refused(&both), *refusal, "with another fault");
        }
    }
    // No predecessor at all; an epoch before; revisions further back.
    assert_eq!(scene.refused(&scene.bent(|it| it.prev = None)), ManifestRefusal::NotNext);
    assert_eq!(scene.refused(&scene.bent(|it| it.epoch = epoch(2))), other("epoch"));
    for old in [1, 6] {
        let refusal = ManifestRefusal::Old { revision: revision(old), vouched: seven };
        assert_eq!(scene.refused(&scene.bent(|it| it.revision = revision(old))), refusal);
    }
    scene.check(&scene.bent(|it| it.count = limits::SECRETS_PER_PROFILE as u64)).unwrap();
}

/// Its author vouched for a hash; what that stands for must still be this profile's.
#[test]
fn the_vouched_one_too_must_be_what_the_directory_says() {
    let other = ManifestRefusal::OtherThanLeaf;
    assert_eq!(Scene::vouched_bent(|it| it.org.0[31] ^= 1), other("organization"));
    assert_eq!(Scene::vouched_bent(|it| it.profile = profile(STAGING)), other("profile"));
    assert_eq!(Scene::vouched_bent(|it| it.name = name("staging")), other("name"));
    assert_eq!(Scene::vouched_bent(|it| it.revision = revision(8)), other("revision"));
    assert_eq!(Scene::vouched_bent(|it| it.revision = revision(6)), other("revision"));
    assert_eq!(Scene::vouched_bent(|it| it.epoch = epoch(4)), other("epoch"));
    assert_eq!(Scene::vouched_bent(|it| it.epoch = epoch(3)), other("key commitment"));
    assert_eq!(Scene::vouched_bent(|it| it.count = 10_001), ManifestRefusal::TooManySecrets);
    // Of two faults, the earlier.
    let two = |it: &mut Manifest| (it.name, it.revision) = (name("staging"), revision(8));
    assert_eq!(Scene::vouched_bent(two), other("name"));
}

/// The bytes that a rightful signer signed are parsed as one type, strictly.
#[test]
fn only_strict_json_of_the_type_is_a_manifest() {
    let scene = Scene::new();
    let good = String::from_utf8(scene.bent(|_| {}).payload.0).unwrap();
    let signed = |object_type: &str, payload: &str| {
        let input = Context::new("signed-object").field(object_type).field(payload).finish();
        let key: SigningKey = signer(EDITOR);
        let signatures = vec![KeySignature { key: key.public_key().key_id(), signature: key.sign(&input) }];
        Signed { payload: Base64Bytes(payload.as_bytes().to_vec()), signatures }
    };
    scene.check(&signed(Manifest::TYPE, &good)).unwrap();
    scene.check(&signed(Manifest::TYPE, &format!(" {good}\n"))).unwrap();
    let bad = [
        good.replacen('{', "{\"x\":1,", 1),
        good.replacen('{', "{\"count\":2,", 1),
        good.replace("\"count\":2,", ""),
        good.replace("\"count\":2", "\"count\":\"2\""),
        good.replace("\"count\":2", "\"count\":2.0"),
        good.replace("\"count\":2", "\"count\":-2"),
        good.replace("\"revision\":8", "\"revision\":9007199254740992"),
        good.replace("\"seq\"", "\"x\":0,\"seq\""),
        good.replace("\"name\":\"production\"", "\"name\":\"production \""),
        good.replace(".000Z", "Z"),
        format!("{good}{good}"),
        good[..good.len() - 1].to_owned(),
        String::new(),
        "null".to_owned(),
    ];
    for payload in bad {
        assert_ne!(payload, good);
        let refusal = scene.refused(&signed(Manifest::TYPE, &payload));
        let malformed =
            matches!(&refusal, ManifestRefusal::Signed(SignedRefusal::Malformed { expected: "manifest.v1", .. }));
        assert!(malformed, "{payload}: {refusal}");
    }
    // Signed as something else, it is no manifest: not even by the same key, over the same bytes.
    for object_type in ["header.v1", "roster.v1", "manifest.v2", "manifest.v", ""] {
        assert_eq!(scene.refused(&signed(object_type, &good)), NOT_SIGNED, "{object_type}");
    }
    let large = format!("{good}{}", " ".repeat(limits::PAYLOAD_BYTES));
    assert_eq!(scene.refused(&signed(Manifest::TYPE, &large)), ManifestRefusal::Signed(SignedRefusal::TooLarge));
}

#[test]
fn its_secrets_are_exactly_those_it_states() {
    let secrets: Vec<SealedSecret> = (1..=5).map(|index| sealed_secret(index, 2)).collect();
    let leaves: Vec<SecretLeaf> = secrets.iter().map(SealedSecret::leaf).collect();
    let world = World::acme();
    let manifest = manifest_of(&world.state, PRODUCTION, None, &secrets);
    manifest.check_secrets(&leaves).unwrap();
    let refused = |what: &str, leaves: &[SecretLeaf]| {
        assert_eq!(manifest.check_secrets(leaves).unwrap_err(), ManifestRefusal::OtherSecrets, "{what}");
    };
    let bent = |at: usize, bend: fn(&mut SecretLeaf)| {
        let mut leaves = leaves.clone();
        bend(&mut leaves[at]);
        leaves
    };
    refused("none", &[]);
    for at in 0..leaves.len() {
        let mut left_out = leaves.clone();
        let repeated = left_out.remove(at);
        refused("one left out", &left_out);
        left_out.push(repeated);
        if at + 1 < leaves.len() {
            refused("another order", &left_out);
        }
        let mut twice = leaves.clone();
        twice.insert(at, repeated);
        refused("one twice", &twice);
        refused("another version", &bent(at, |leaf| leaf.version = leaf.version.next()));
        refused("another ciphertext", &bent(at, |leaf| leaf.ciphertexts.0[0] ^= 1));
        refused("another index in the same order", &bent(at, |leaf| leaf.index.0[31] ^= 1));
        refused("another id", &bent(at, |leaf| leaf.id = sealed_secret(40, 1).id));
    }
    let mut one_more = leaves.clone();
    one_more.push(sealed_secret(9, 1).leaf());
    refused("one more", &one_more);
    // Whatever the root says, a count that is not the secrets' is false.
    let miscounted = Manifest { count: 4, ..manifest.clone() };
    assert_eq!(miscounted.check_secrets(&leaves).unwrap_err(), ManifestRefusal::OtherSecrets);
    // And a rightful root over leaves out of order, or with one index twice, is none.
    for indexes in [[2, 1], [1, 1]] {
        let leaves: Vec<SecretLeaf> = indexes.iter().map(|index| sealed_secret(*index, 1).leaf()).collect();
        let root = merkle::root_of(&leaves.iter().map(SecretLeaf::leaf_hash).collect::<Vec<_>>());
        let disordered = Manifest { count: 2, root, ..manifest.clone() };
        assert_eq!(disordered.check_secrets(&leaves).unwrap_err(), ManifestRefusal::OtherSecrets);
    }
    let empty = Manifest { count: 0, root: merkle::empty_root(), ..manifest };
    empty.check_secrets(&[]).unwrap();
    let no_root = Manifest { root: Hash::ZERO, ..empty };
    assert_eq!(no_root.check_secrets(&[]).unwrap_err(), ManifestRefusal::OtherSecrets);
}

/// What a leaf says depends on every byte of a secret, and on where its two ciphertexts part.
#[test]
fn a_leaf_speaks_of_every_byte_of_its_secret() {
    let secret = sealed_secret(1, 1);
    let bends: [fn(&mut SealedSecret); 7] = [
        |it| it.index = BlindIndex([2; 32]),
        |it| it.id = sealed_secret(2, 1).id,
        |it| it.version = it.version.next(),
        |it| it.meta.0[0] ^= 1,
        |it| it.value.0[0] ^= 1,
        |it| it.value.0.push(0),
        |it| {
            let moved = it.meta.0.pop().unwrap();
            it.value.0.insert(0, moved);
        },
    ];
    let mut hashes: Vec<Hash> = vec![secret.leaf().leaf_hash()];
    for bend in bends {
        let mut bent = secret.clone();
        bend(&mut bent);
        hashes.push(bent.leaf().leaf_hash());
    }
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), bends.len() + 1);
}

#[test]
fn a_revision_follows_the_one_before() {
    let scene = Scene::new();
    let before = scene.check(&scene.vouched).unwrap();
    scene.next.check_follows(&before).unwrap();
    // A rename and a later epoch follow, too.
    let renamed = Manifest { name: name("live"), epoch: epoch(9), ..scene.next.clone() };
    renamed.check_follows(&before).unwrap();
    let bends: [fn(&mut Manifest); 8] = [
        |it| it.org.0[0] ^= 1,
        |it| it.profile = profile(STAGING),
        |it| it.revision = revision(7),
        |it| it.revision = revision(9),
        |it| it.revision = revision(6),
        |it| it.prev = None,
        |it| it.prev = Some(Hash([9; 32])),
        |it| it.epoch = epoch(1),
    ];
    for (number, bend) in bends.iter().enumerate() {
        let mut bent = scene.next.clone();
        bend(&mut bent);
        assert_eq!(bent.check_follows(&before).unwrap_err(), ManifestRefusal::NotNext, "bend {number}");
    }
}
