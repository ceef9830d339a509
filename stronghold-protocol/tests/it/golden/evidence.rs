//! `docs/vectors/evidence.json`: what an agent believes of a reply, up to the manifest.

mod anchors;
mod older;

use super::{Maker, maker};
use crate::{
    directory_world::{
        ADMIN, EDITOR, OWNER, PRODUCTION, STAGING, STAGING_EDITOR, World, epoch, first_roster, group_created, member,
        name, profile, profile_created, revision, sealed_secret, signed_by, signer,
    },
    evidence_world::{Client, Revisions, show},
};
use serde::Serialize;
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Change, Header, HeaderRef, Vouched},
    encoding::{Base64Bytes, Context},
    evidence::{ChainEvidence, ProfileEvidence, ProfileFloor},
    id::OrgId,
    manifest::Manifest,
    number::{Revision, RosterVersion, Seq},
    roster::{Roster, RosterRef},
    secret::SealedSecret,
    signed::Signed,
};

/// A reply, with what the client brings along: its token's anchor, and what it remembers.
#[derive(Clone, Serialize)]
pub(super) struct Reply {
    client: Known,
    asked: String,
    chain: ChainEvidence,
    pub(super) profile: ProfileEvidence,
}

#[derive(Clone, Serialize)]
struct Known {
    org: OrgId,
    seq: Seq,
    hash: Base64Bytes,
    remembered: Option<HeaderRef>,
    roster: Option<RosterRef>,
    floors: Vec<ProfileFloor>,
    minimum: Option<Revision>,
}

/// `production` with a vouched revision 2; and its revisions so far.
pub(super) fn with_vouched_revision() -> (World, Revisions) {
    let mut world = World::acme();
    let mut revisions = Revisions::of(PRODUCTION);
    let second = revisions.next(&world, OWNER, &[], |manifest| {
        manifest.revision = revision(2);
        manifest.prev = Some(Hash([1; 32]));
    });
    let vouched = Vouched { revision: revision(2), manifest: second.hash_as::<Manifest>() };
    world.by(ADMIN, vec![Change::ProfileVouched { id: profile(PRODUCTION), vouched }]);
    revisions.all = vec![second.clone(), second];
    (world, revisions)
}

/// Everything that a reply is made of.
pub(super) struct Scene {
    pub(super) world: World,
    revisions: Revisions,
    pub(super) good: Reply,
    pub(super) secrets: Vec<SealedSecret>,
}

impl Scene {
    /// A client whose token is older than two rosters and several statements.
    pub(super) fn new() -> Self {
        let (mut world, mut revisions) = with_vouched_revision();
        let mut client = Client::new(&world);
        world.by(OWNER, vec![profile_created(60, "third")]);
        let roster = world.roster_change(&[OWNER], |_| {});
        world.by(OWNER, vec![roster]);
        let (remembered, in_force) = (world.state.head(), world.state.roster_ref());
        let secrets: Vec<SealedSecret> = [10, 20, 30, 40, 50].map(|index| sealed_secret(index, 1)).to_vec();
        let manifest = revisions.write(&world, EDITOR, &secrets);
        world.by(ADMIN, vec![group_created(61, "later")]);
        client.anchor.remembered = Some(remembered);
        let shown = show(&world, &client, PRODUCTION, &manifest);
        let client = Known {
            org: world.org,
            seq: client.anchor.seq,
            hash: Base64Bytes(client.anchor.hash),
            remembered: Some(remembered),
            roster: Some(in_force),
            floors: Vec::new(),
            minimum: None,
        };
        let good = Reply { client, asked: "production".to_owned(), chain: shown.chain, profile: shown.profile };
        Self { world, revisions, good, secrets }
    }

    pub(super) fn bent(&self, bend: impl FnOnce(&mut Reply)) -> Reply {
        let mut reply = self.good.clone();
        bend(&mut reply);
        reply
    }

    /// The newest header, bent and signed.
    fn head(&self, signers: &[u8], bend: impl FnOnce(&mut Header)) -> Signed {
        let mut header: Header = serde_json::from_slice(&self.good.chain.head.payload.0).unwrap();
        bend(&mut header);
        signed_by(&header, signers)
    }
}

fn floor(bend: impl FnOnce(&mut ProfileFloor)) -> Vec<ProfileFloor> {
    let (id, name) = (profile(PRODUCTION), name("production"));
    let mut floor = ProfileFloor { id, name, revision: revision(2), epoch: epoch(1), manifest: None };
    bend(&mut floor);
    vec![floor]
}

const WHOLE: &str = "a whole reply";

#[test]
fn evidence_file() {
    let mut maker = maker(
        "evidence",
        "The evidence in replies to an agent (docs/protocol.md, section 11, steps 1 to 6): `client` is what its token states \
         and what it remembers, `asked` the profile's name or id. Gives what the agent remembers then.",
    );
    let scene = Scene::new();
    accepts(&mut maker, &scene);
    anchors::anchors(&mut maker, &scene);
    rosters(&mut maker, &scene);
    heads(&mut maker, &scene);
    profiles(&mut maker, &scene);
    manifests(&mut maker, &scene);
    anchors::suite_of_the_first_roster(&mut maker);
    maker.finish();
}

fn accepts(maker: &mut Maker, scene: &Scene) {
    maker.accept(WHOLE, &scene.good);
    let mut like = |what: &str, bend: &dyn Fn(&mut Reply)| maker.accept_like(WHOLE, what, &scene.bent(bend));
    like("asked for by id", &|it| it.asked = profile(PRODUCTION).to_string());
    like("a client that remembers nothing", &|it| {
        (it.client.remembered, it.client.roster, it.chain.remembered_proof) = (None, None, None);
    });
    like("a token with the whole hash of its header", &|it| {
        it.client.hash = Base64Bytes(it.chain.anchor.hash_as::<Header>().0.to_vec());
    });
    let head = scene.world.state.head();
    like("a client that remembers the newest header", &move |it| {
        (it.client.remembered, it.chain.remembered_proof) = (Some(head), None);
    });
    let newest = scene.good.profile.manifest.hash_as::<Manifest>();
    like("a client that remembers the newest revision", &move |it| {
        it.client.floors = floor(|floor| (floor.revision, floor.manifest) = (revision(3), Some(newest)));
    });
    like("a client that remembers an older revision, under another name", &|it| {
        it.client.floors = floor(|floor| floor.name = name("prod"));
    });
    let second = scene.world.state.profile(&profile(PRODUCTION)).unwrap().vouched.manifest;
    like("a client that remembers an older revision, by its hash too", &move |it| {
        it.client.floors = floor(|floor| floor.manifest = Some(second));
    });
    like("a client that expects the newest revision", &|it| it.client.minimum = Some(revision(3)));
    let after = scene.bent(|it| {
        it.asked = profile(PRODUCTION).to_string();
        it.client.floors = floor(|floor| floor.id = profile(99));
    });
    maker.accept_like(WHOLE, "by id, though another profile was remembered under the name", &after);
}

/// Step 2.
fn rosters(maker: &mut Maker, scene: &Scene) {
    let mut reject = |what: &str, bend: &dyn Fn(&mut Reply)| maker.reject(WHOLE, what, &scene.bent(bend));
    reject("no roster", &|it| it.chain.rosters.clear());
    reject("the first roster left out", &|it| drop(it.chain.rosters.remove(0)));
    reject("the last roster left out", &|it| drop(it.chain.rosters.pop()));
    reject("a roster twice", &|it| it.chain.rosters.insert(1, it.chain.rosters[0].clone()));
    reject("a roster that nobody signed", &|it| it.chain.rosters[1].signatures.clear());
    reject("a bit of a roster's signature flipped", &|it| it.chain.rosters[1].signatures[0].signature.0[40] ^= 1);
    reject("an older roster than remembered", &|it| {
        let version = RosterVersion::new(3).unwrap();
        it.client.roster = it.client.roster.map(|known| RosterRef { version, ..known });
    });
    reject("another roster of the version that is remembered", &|it| {
        it.client.roster = it.client.roster.map(|known| RosterRef { hash: Hash([7; 32]), ..known });
    });
    reject("another roster of the version that the anchor names", &|it| {
        it.client.roster = Some(RosterRef { version: RosterVersion::FIRST, hash: Hash([7; 32]) });
    });
    let before = scene.world.state.roster().value().clone();
    let stranger = |signers: &[u8]| {
        let mut next = before.clone();
        next.admins = vec![member(77)];
        let roster = signed_by(&next, signers);
        let named = RosterRef { version: next.version, hash: roster.hash_as::<Roster>() };
        (roster, scene.head(&[77], |head| head.roster = named))
    };
    // A head by a stranger whom a roster names that no owner signed; and the same signed by the owner, which is rightful.
    let (roster, head) = stranger(&[OWNER]);
    maker.accept_like(
        WHOLE,
        "a head by an admin whom the last roster names",
        &scene.bent(|it| {
            // A client that remembers no roster: the one in force is another.
            (it.client.roster, it.chain.rosters[1], it.chain.head) = (None, roster, head);
        }),
    );
    let (roster, head) = stranger(&[ADMIN]);
    let rightful = "a head by an admin whom the last roster names";
    maker.reject(
        rightful,
        "a head by an admin whom a roster names that an admin signed",
        &scene.bent(|it| {
            (it.client.roster, it.chain.rosters[1], it.chain.head) = (None, roster, head);
        }),
    );
    // Another genesis roster than the anchor's header names.
    let mut other = first_roster(&[OWNER], &[ADMIN], 1);
    other.nonce = Some(stronghold_protocol::roster::RosterNonce([8; 32]));
    let other = signed_by(&other, &[OWNER]);
    maker.reject(
        WHOLE,
        "another first roster than the anchor names",
        &scene.bent(|it| {
            it.chain.rosters = vec![other.clone()];
            let named = RosterRef { version: RosterVersion::FIRST, hash: other.hash_as::<Roster>() };
            it.chain.head = scene.head(&[ADMIN], |head| head.roster = named);
            it.client.roster = None;
        }),
    );
}

/// Steps 3 and 4.
fn heads(maker: &mut Maker, scene: &Scene) {
    let mut reject = |what: &str, bend: &dyn Fn(&mut Reply)| maker.reject(WHOLE, what, &scene.bent(bend));
    reject("a header that nobody signed", &|it| it.chain.head.signatures.clear());
    reject("a header by an editor", &|it| it.chain.head = scene.head(&[EDITOR], |_| {}));
    reject("a bit of the header's signature flipped", &|it| it.chain.head.signatures[0].signature.0[40] ^= 1);
    reject("a header that was altered", &|it| {
        it.chain.head.payload = scene.head(&[], |head| head.time = far()).payload
    });
    reject("a header signed as a manifest", &|it| {
        let input = Context::new("signed-object").field("manifest.v1").field(&it.chain.head.payload.0).finish();
        it.chain.head.signatures[0].signature = signer(ADMIN).sign(&input);
    });
    reject("a header of another organization", &|it| it.chain.head = scene.head(&[ADMIN], |head| head.org.0[0] ^= 1));
    reject("a header that names another roster", &|it| {
        it.chain.head = scene.head(&[ADMIN], |head| head.roster.hash = Hash([1; 32]));
    });
    reject("a header that names another version of its roster", &|it| {
        it.chain.head = scene.head(&[ADMIN], |head| head.roster.version = head.roster.version.next());
    });
    reject("no proof of the anchor", &|it| it.chain.anchor_proof = None);
    reject("a proof of another header in the anchor's place", &|it| {
        it.chain.anchor_proof = it.chain.remembered_proof.clone()
    });
    reject("a node of the anchor's proof altered", &|it| it.chain.anchor_proof.as_mut().unwrap().path[0].0[0] ^= 1);
    reject("a proof of the anchor in a tree of another size", &|it| it.chain.anchor_proof.as_mut().unwrap().size -= 1);
    let other_size = anchors::size_of_the_same_root(scene);
    reject("a proof of the anchor for another size, which leads to the root all the same", &move |it| {
        it.chain.anchor_proof.as_mut().unwrap().size = other_size;
    });
    reject("no proof of the remembered header", &|it| it.chain.remembered_proof = None);
    reject("a node of the remembered header's proof altered", &|it| {
        it.chain.remembered_proof.as_mut().unwrap().path[0].0[0] ^= 1;
    });
    reject("another history than the remembered one", &|it| {
        it.client.remembered = it.client.remembered.map(|at| HeaderRef { hash: Hash([9; 32]), ..at });
    });
    reject("the remembered header at another position", &|it| {
        it.client.remembered =
            it.client.remembered.map(|at| HeaderRef { seq: Seq::new(at.seq.get() - 1).unwrap(), ..at });
    });
    let seq = scene.world.state.head().seq.next();
    reject("a remembered header above the newest", &|it| {
        it.client.remembered = it.client.remembered.map(|at| HeaderRef { seq, ..at });
    });
    let newest = scene.world.state.head();
    reject("another header than the newest that is remembered", &|it| {
        it.client.remembered = Some(HeaderRef { hash: Hash([9; 32]), ..newest });
        it.chain.remembered_proof = None;
    });
    older::heads(maker, scene);
}

fn far() -> stronghold_protocol::time::Timestamp {
    "2030-01-01T00:00:00.000Z".parse().unwrap()
}

/// Step 5.
fn profiles(maker: &mut Maker, scene: &Scene) {
    let mut reject = |what: &str, bend: &dyn Fn(&mut Reply)| maker.reject(WHOLE, what, &scene.bent(bend));
    reject("a leaf with another name", &|it| {
        (it.profile.leaf.leaf.name, it.asked) = (name("staging"), "staging".into())
    });
    reject("a leaf with another writer", &|it| {
        let stranger = crate::directory_world::sign_key(77);
        it.profile.leaf.leaf.writers.push(stranger);
        it.profile.manifest = scene.revisions_before().next(&scene.world, 77, &scene.secrets, |_| {});
    });
    reject("no proof of the leaf", &|it| it.profile.leaf.proof.path.clear());
    reject("a node of the leaf's proof altered", &|it| it.profile.leaf.proof.path[0].0[0] ^= 1);
    reject("a leaf of an earlier state", &|it| {
        it.profile.leaf = crate::directory_world::World::acme().state.leaf_entry(&profile(PRODUCTION)).unwrap();
    });
    let (world, revisions) = (&scene.world, Revisions::of(STAGING));
    let of_staging = revisions.next(world, STAGING_EDITOR, &[], |it| {
        (it.revision, it.prev) = (revision(2), Some(world.state.profile(&profile(STAGING)).unwrap().vouched.manifest));
    });
    let staging = scene.bent(|it| {
        it.asked = "staging".to_owned();
        it.profile.leaf = world.state.leaf_entry(&profile(STAGING)).unwrap();
        (it.profile.manifest, it.profile.header_proof) = (of_staging.clone(), None);
    });
    let name_of_staging = "another profile, when that is asked for";
    maker.accept(name_of_staging, &staging);
    let asked = |asked: &str| Reply { asked: asked.to_owned(), ..staging.clone() };
    maker.reject(name_of_staging, "another profile than the one asked for by name", &asked("production"));
    maker.reject(
        name_of_staging,
        "another profile than the one asked for by id",
        &asked(&profile(PRODUCTION).to_string()),
    );
    maker.reject(
        WHOLE,
        "a name that was another profile's",
        &scene.bent(|it| {
            it.client.floors = floor(|floor| floor.id = profile(99));
        }),
    );
}

/// Step 6.
fn manifests(maker: &mut Maker, scene: &Scene) {
    let before = scene.revisions_before();
    let (world, secrets) = (&scene.world, &scene.secrets);
    let at: Manifest = serde_json::from_slice(&scene.good.profile.manifest.payload.0).unwrap();
    // As the good one, which was written before the newest header.
    let write = |signer: u8, bend: &dyn Fn(&mut Manifest)| {
        before.next(world, signer, secrets, |it| {
            it.header = at.header;
            bend(it);
        })
    };
    let mut reject = |what: &str, bend: &dyn Fn(&mut Reply)| maker.reject(WHOLE, what, &scene.bent(bend));
    reject("a manifest by an editor of another profile", &|it| it.profile.manifest = write(STAGING_EDITOR, &|_| {}));
    reject("a manifest that nobody signed", &|it| it.profile.manifest.signatures.clear());
    reject("a bit of the manifest's signature flipped", &|it| it.profile.manifest.signatures[0].signature.0[40] ^= 1);
    reject("a manifest of another organization", &|it| {
        it.profile.manifest = write(EDITOR, &|manifest| manifest.org.0[0] ^= 1);
    });
    reject("no proof of the manifest's header", &|it| it.profile.header_proof = None);
    reject("a node of the proof of the manifest's header altered", &|it| {
        it.profile.header_proof.as_mut().unwrap().path[0].0[0] ^= 1;
    });
    reject("a manifest that names another header", &|it| {
        it.profile.manifest = write(EDITOR, &|manifest| manifest.header.hash = Hash([3; 32]));
    });
    reject("a manifest that names its header at another position", &|it| {
        it.profile.manifest = write(EDITOR, &|manifest| manifest.header.seq = manifest.header.seq.next());
    });
    reject("an older revision than expected", &|it| it.client.minimum = Some(revision(4)));
    reject("an older revision than remembered", &|it| it.client.floors = floor(|floor| floor.revision = revision(4)));
    reject("an older epoch than remembered", &|it| it.client.floors = floor(|floor| floor.epoch = epoch(2)));
    reject("another revision 3 than remembered", &|it| {
        it.client.floors = floor(|floor| (floor.revision, floor.manifest) = (revision(3), Some(Hash([8; 32]))));
    });
    reject("an older revision than remembered under an earlier name", &|it| {
        it.client.floors = floor(|floor| (floor.revision, floor.name) = (revision(4), name("prod")));
    });
}

impl Scene {
    /// The revisions without the newest one.
    pub(super) fn revisions_before(&self) -> Revisions {
        let mut before = self.revisions.clone();
        before.all.pop();
        before
    }
}
