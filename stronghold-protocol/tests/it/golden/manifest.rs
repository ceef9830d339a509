//! `docs/vectors/manifest.json`: rightful heads of a profile, and others; and the secrets that a head holds.

use super::{Maker, evidence::with_vouched_revision, maker};
use crate::{
    directory_world::{
        ADMIN, CI, EDITOR, OWNER, PRODUCTION, STAGING_EDITOR, World, commitment, epoch, name, next_profile_epoch,
        profile, revision, sealed_secret, signer,
    },
    evidence_world::Revisions,
};
use serde_json::{Value, json};
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{ProfileLeaf, Vouched},
    encoding::Context,
    id::OrgId,
    manifest::Manifest,
    secret::SealedSecret,
    signed::Signed,
};

/// What heads are held against.
struct Held {
    org: OrgId,
    leaf: ProfileLeaf,
    keys: Vec<stronghold_protocol::crypto::sign::SigningPublicKey>,
}

impl Held {
    fn of(world: &World) -> Self {
        let keys = world.state.roster().value().signing_keys();
        Self { org: world.org, leaf: world.state.leaf(&profile(PRODUCTION)).unwrap(), keys }
    }

    fn case(&self, manifest: &Signed, secrets: Option<&[SealedSecret]>) -> Value {
        json!({ "org": self.org, "leaf": self.leaf, "roster_keys": self.keys, "manifest": manifest, "secrets": secrets })
    }
}

#[test]
fn manifest_file() {
    let mut maker = maker(
        "manifest",
        "Heads of a profile (docs/protocol.md, section 9), held against what the directory says of it (`leaf`) and the \
         signing keys of owners and admins. Where `secrets` are shown, they are all of the revision's. Gives the manifest's \
         object hash, and the secrets' leaf hashes in its tree.",
    );
    let (world, revisions) = with_vouched_revision();
    let held = Held::of(&world);
    heads(&mut maker, &held, &world, &revisions);
    secrets(&mut maker, &held, &world, &revisions);
    rekeying(&mut maker);
    maker.finish();
}

const BY_EDITOR: &str = "the next one, by an editor";

fn heads(maker: &mut Maker, held: &Held, world: &World, revisions: &Revisions) {
    let vouched = "the vouched one";
    maker.accept(vouched, &held.case(&revisions.all[1], None));
    let unsigned = Signed { signatures: Vec::new(), ..revisions.all[1].clone() };
    maker.accept_like(vouched, "the vouched one, which its hash alone makes rightful", &held.case(&unsigned, None));
    let next = |signer: u8, bend: &dyn Fn(&mut Manifest)| revisions.next(world, signer, &[], |it| bend(it));
    let good = next(EDITOR, &|_| {});
    maker.accept(BY_EDITOR, &held.case(&good, None));
    maker.accept_like(BY_EDITOR, "the next one, by an owner", &held.case(&next(OWNER, &|_| {}), None));
    maker.accept_like(BY_EDITOR, "the next one, by an admin", &held.case(&next(ADMIN, &|_| {}), None));
    let later = next(EDITOR, &|it| {
        it.revision = revision(4);
        it.prev = Some(Hash([7; 32]));
    });
    maker.accept_like(BY_EDITOR, "the one after the next, whatever was before it", &held.case(&later, None));
    let most = next(EDITOR, &|it| it.count = 10_000);
    maker.accept_like(BY_EDITOR, "the next one, with the most secrets", &held.case(&most, None));
    let rejects: Vec<(&str, Signed)> = vec![
        ("by an editor of another profile", next(STAGING_EDITOR, &|_| {})),
        ("by an agent", next(CI, &|_| {})),
        ("by nobody", Signed { signatures: Vec::new(), ..good.clone() }),
        ("of another organization", next(EDITOR, &|it| it.org.0[0] ^= 1)),
        ("of another profile", next(EDITOR, &|it| it.profile = profile(99))),
        ("with another name", next(EDITOR, &|it| it.name = name("staging"))),
        ("of a later epoch", next(EDITOR, &|it| it.epoch = epoch(2))),
        ("with another key commitment", next(EDITOR, &|it| it.commitment = commitment(PRODUCTION, 9))),
        ("another revision 2", next(EDITOR, &|it| it.revision = revision(2))),
        ("revision 1", next(EDITOR, &|it| it.revision = revision(1))),
        ("revision 3 after another revision 2", next(EDITOR, &|it| it.prev = Some(Hash([1; 32])))),
        ("revision 3 after nothing", next(EDITOR, &|it| it.prev = None)),
        ("too many secrets", next(EDITOR, &|it| it.count = 10_001)),
    ];
    for (what, bent) in rejects {
        maker.reject(BY_EDITOR, what, &held.case(&bent, None));
    }
    let mut flipped = good.clone();
    flipped.signatures[0].signature.0[40] ^= 1;
    maker.reject(BY_EDITOR, "a bit of the signature flipped", &held.case(&flipped, None));
    let stale = Signed { payload: next(EDITOR, &|it| it.count = 9).payload, ..good.clone() };
    maker.reject(BY_EDITOR, "another payload under the signature", &held.case(&stale, None));
    let mut as_header = good.clone();
    let input = Context::new("signed-object").field("header.v1").field(&good.payload.0).finish();
    as_header.signatures[0].signature = signer(EDITOR).sign(&input);
    maker.reject(BY_EDITOR, "signed as a header", &held.case(&as_header, None));
    let altered = Signed { payload: next(EDITOR, &|_| {}).payload, ..unsigned };
    maker.reject(vouched, "an unsigned one in the place of the vouched one", &held.case(&altered, None));
}

/// The secrets of a head.
fn secrets(maker: &mut Maker, held: &Held, world: &World, revisions: &Revisions) {
    let secrets = [sealed_secret(1, 1), sealed_secret(2, 3), sealed_secret(3, 2)];
    let manifest = revisions.next(world, EDITOR, &secrets, |_| {});
    let name = "three secrets";
    maker.accept(name, &held.case(&manifest, Some(&secrets)));
    let empty = revisions.next(world, EDITOR, &[], |_| {});
    maker.accept("no secret", &held.case(&empty, Some(&[])));
    let mut bend = |what: &str, bend: &dyn Fn(&mut Vec<SealedSecret>)| {
        let mut bent = secrets.to_vec();
        bend(&mut bent);
        maker.reject(name, what, &held.case(&manifest, Some(&bent)));
    };
    bend("a secret left out", &|it| drop(it.remove(1)));
    bend("no secret where there are three", &|it| it.clear());
    bend("a secret more", &|it| it.push(sealed_secret(4, 1)));
    bend("a secret twice", &|it| it.push(it[2].clone()));
    bend("a secret in another's place", &|it| it[1] = it[0].clone());
    bend("secrets in another order", &|it| it.swap(0, 1));
    bend("another blind index", &|it| it[2].index.0[31] ^= 1);
    bend("another id", &|it| it[0].id = it[1].id);
    bend("another version", &|it| it[0].version = it[0].version.next());
    bend("another meta", &|it| it[0].meta.0[0] ^= 1);
    bend("another value", &|it| it[0].value.0[0] ^= 1);
    bend("meta and value in each other's place", &|it| {
        let secret = &mut it[0];
        std::mem::swap(&mut secret.meta, &mut secret.value);
    });
    let more = revisions.next(world, EDITOR, &secrets, |it| it.count = 4);
    maker.reject(name, "a count above the number of secrets", &held.case(&more, Some(&secrets)));
    let fewer = revisions.next(world, EDITOR, &secrets, |it| it.count = 2);
    maker.reject(name, "a count below the number of secrets", &held.case(&fewer, Some(&secrets)));
    let other_root = revisions.next(world, EDITOR, &secrets, |it| it.root.0[0] ^= 1);
    maker.reject(name, "another root", &held.case(&other_root, Some(&secrets)));
    // What the root is right for, but not in the order of the blind indexes, each once.
    let unsorted = [sealed_secret(2, 3), sealed_secret(1, 1)];
    let manifest = revisions.next(world, EDITOR, &unsorted, |_| {});
    maker.reject(name, "signed out of order", &held.case(&manifest, Some(&unsorted)));
    let doubled = [sealed_secret(1, 1), sealed_secret(1, 2)];
    let manifest = revisions.next(world, EDITOR, &doubled, |_| {});
    maker.reject(name, "signed with one blind index twice", &held.case(&manifest, Some(&doubled)));
}

/// A profile whose key was renewed after its newest revision.
fn rekeying(maker: &mut Maker) {
    let (mut world, revisions) = with_vouched_revision();
    let old_next = revisions.next(&world, EDITOR, &[], |_| {});
    let vouched = revisions.all[1].clone();
    let changes = vec![next_profile_epoch(&world.state, profile(PRODUCTION))];
    world.by(OWNER, changes);
    let held = Held::of(&world);
    let name = "the vouched one, of an earlier epoch than the leaf";
    maker.accept(name, &held.case(&vouched, None));
    let new_next = revisions.next(&world, EDITOR, &[], |_| {});
    let next = "the next one, of the leaf's new epoch";
    maker.accept(next, &held.case(&new_next, None));
    maker.reject(next, "the next one, of the epoch before", &held.case(&old_next, None));
    let ahead = |bend: &dyn Fn(&mut Manifest)| {
        let mut held = Held::of(&world);
        let manifest = revisions.next(&world, EDITOR, &[], |it| bend(it));
        held.leaf.vouched = Vouched { revision: held.leaf.vouched.revision, manifest: manifest.hash_as::<Manifest>() };
        held.case(&manifest, None)
    };
    let rightful = "vouched for in the leaf's epoch";
    maker.accept(rightful, &ahead(&|it| it.revision = revision(2)));
    maker.reject(
        rightful,
        "vouched for in a later epoch than the leaf's",
        &ahead(&|it| {
            (it.revision, it.epoch) = (revision(2), epoch(3));
        }),
    );
    maker.reject(rightful, "vouched for as another revision than it says", &ahead(&|it| it.revision = revision(3)));
    maker.reject(
        rightful,
        "vouched for with another commitment",
        &ahead(&|it| {
            (it.revision, it.commitment) = (revision(2), commitment(PRODUCTION, 9));
        }),
    );
    maker.reject(
        rightful,
        "vouched for in another organization",
        &ahead(&|it| {
            it.revision = revision(2);
            it.org.0[0] ^= 1;
        }),
    );
    maker.reject(
        rightful,
        "vouched for under another name",
        &ahead(&|it| {
            (it.revision, it.name) = (revision(2), name_of_staging());
        }),
    );
    maker.reject(
        rightful,
        "vouched for in another profile",
        &ahead(&|it| {
            (it.revision, it.profile) = (revision(2), profile(99));
        }),
    );
}

fn name_of_staging() -> stronghold_protocol::name::Name {
    name("staging")
}
