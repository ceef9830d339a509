//! `docs/vectors/evidence.json` and `partial.json`: what an agent believes of a whole reply, and of some secrets.

use super::{Maker, maker};
use crate::{
    directory_world::{
        ADMIN, EDITOR, OWNER, PRODUCTION, STAGING, STAGING_EDITOR, World, epoch, first_roster, group_created, member,
        name, next_roster, profile, profile_created, revision, sealed_secret, signed_by, signer,
    },
    evidence_world::{Client, Revisions, show},
};
use serde::Serialize;
use serde_json::json;
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Change, Header, HeaderRef, Vouched},
    encoding::{Base64Bytes, Context},
    evidence::{ChainEvidence, PartialEvidence, PresentSecret, ProfileEvidence, ProfileFloor, ProvenLeaf},
    id::OrgId,
    manifest::Manifest,
    merkle::Tree,
    number::{Revision, RosterVersion, Seq},
    roster::{Roster, RosterRef},
    secret::{BlindIndex, SealedSecret},
    signed::Signed,
};

/// A reply, with what the client brings along: its token's anchor, and what it remembers.
#[derive(Clone, Serialize)]
struct Reply {
    client: Known,
    asked: String,
    chain: ChainEvidence,
    profile: ProfileEvidence,
}

#[derive(Clone, Serialize)]
struct Known {
    org: OrgId,
    seq: Seq,
    hash: Base64Bytes,
    remembered: Option<HeaderRef>,
    roster: Option<RosterVersion>,
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
struct Scene {
    world: World,
    revisions: Revisions,
    good: Reply,
    secrets: Vec<SealedSecret>,
}

impl Scene {
    /// A client whose token is older than two rosters and several statements.
    fn new() -> Self {
        let (mut world, mut revisions) = with_vouched_revision();
        let mut client = Client::new(&world);
        world.by(OWNER, vec![profile_created(60, "third")]);
        let roster = world.roster_change(&[OWNER], |_| {});
        world.by(OWNER, vec![roster]);
        let (remembered, version) = (world.state.head(), world.state.roster().value().version);
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
            roster: Some(version),
            floors: Vec::new(),
            minimum: None,
        };
        let good = Reply { client, asked: "production".to_owned(), chain: shown.chain, profile: shown.profile };
        Self { world, revisions, good, secrets }
    }

    fn bent(&self, bend: impl FnOnce(&mut Reply)) -> Reply {
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
    anchors(&mut maker, &scene);
    rosters(&mut maker, &scene);
    heads(&mut maker, &scene);
    profiles(&mut maker, &scene);
    manifests(&mut maker, &scene);
    suite_of_the_first_roster(&mut maker);
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
    like("a client that expects the newest revision", &|it| it.client.minimum = Some(revision(3)));
    let after = scene.bent(|it| {
        it.asked = profile(PRODUCTION).to_string();
        it.client.floors = floor(|floor| floor.id = profile(99));
    });
    maker.accept_like(WHOLE, "by id, though another profile was remembered under the name", &after);
}

/// Step 1.
fn anchors(maker: &mut Maker, scene: &Scene) {
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

/// What the anchor's header says of its roster.
fn first_rosters(maker: &mut Maker, scene: &Scene) {
    let rosters = scene.good.chain.rosters.clone();
    let name = "a token of another time, to a client that remembers nothing";
    let later = |header: &mut Header| header.time = far();
    maker.accept_like(WHOLE, name, &bent_anchor(scene, rosters.clone(), None, later));
    maker.reject(name, "an anchor that names its first roster by another version", &bent_anchor(scene, rosters, None, |header| {
        later(header);
        header.roster.version = header.roster.version.next();
    }));
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

/// Step 2.
fn rosters(maker: &mut Maker, scene: &Scene) {
    let mut reject = |what: &str, bend: &dyn Fn(&mut Reply)| maker.reject(WHOLE, what, &scene.bent(bend));
    reject("no roster", &|it| it.chain.rosters.clear());
    reject("the first roster left out", &|it| drop(it.chain.rosters.remove(0)));
    reject("the last roster left out", &|it| drop(it.chain.rosters.pop()));
    reject("a roster twice", &|it| it.chain.rosters.insert(1, it.chain.rosters[0].clone()));
    reject("a roster that nobody signed", &|it| it.chain.rosters[1].signatures.clear());
    reject("a bit of a roster's signature flipped", &|it| it.chain.rosters[1].signatures[0].signature.0[40] ^= 1);
    reject("an older roster than remembered", &|it| it.client.roster = RosterVersion::new(3).ok());
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
            (it.chain.rosters[1], it.chain.head) = (roster, head);
        }),
    );
    let (roster, head) = stranger(&[ADMIN]);
    let rightful = "a head by an admin whom the last roster names";
    maker.reject(
        rightful,
        "a head by an admin whom a roster names that an admin signed",
        &scene.bent(|it| {
            (it.chain.rosters[1], it.chain.head) = (roster, head);
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
    older_heads(maker, scene);
}

fn far() -> stronghold_protocol::time::Timestamp {
    "2030-01-01T00:00:00.000Z".parse().unwrap()
}

/// Headers of before: right in their time, and shown to who knows more.
fn older_heads(maker: &mut Maker, scene: &Scene) {
    // The header below the newest, shown to a client that remembers nothing, and to one that remembers the newest.
    let mut earlier = scene.world.clone();
    earlier.statements.pop();
    earlier.state = earlier.replayed();
    let mut client = Client::new(&earlier);
    client.anchor.seq = scene.good.client.seq;
    client.anchor.hash.clone_from(&scene.good.client.hash.0);
    let shown = show(&earlier, &client, PRODUCTION, &scene.good.profile.manifest);
    let fresh = scene.bent(|it| {
        (it.client.remembered, it.client.roster) = (None, None);
        (it.chain, it.profile) = (shown.chain.clone(), shown.profile.clone());
    });
    let name = "the header before the newest, to who remembers nothing";
    maker.accept(name, &fresh);
    let mut knows_more = fresh.clone();
    knows_more.client.remembered = Some(scene.world.state.head());
    maker.reject(name, "the header before the newest, to who remembers the newest", &knows_more);
    // A token of a later position than the head: its anchor is proven nowhere, as a log holds only what was before it.
    let mut later = fresh;
    later.client.seq = scene.world.state.head().seq;
    later.client.hash = Base64Bytes(scene.world.state.head().hash.0[..16].to_vec());
    later.chain.anchor = scene.world.statements.last().unwrap().header.clone();
    later.chain.rosters.remove(0);
    maker.reject(name, "the header before the newest, to a token of the newest", &later);
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
    fn revisions_before(&self) -> Revisions {
        let mut before = self.revisions.clone();
        before.all.pop();
        before
    }
}

/// The anchor's roster is believed by its hash; a suite that is not known is refused all the same.
fn suite_of_the_first_roster(maker: &mut Maker) {
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
