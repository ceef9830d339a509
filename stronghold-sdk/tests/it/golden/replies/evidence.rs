//! Steps 1 to 6: what the directory and the manifest say.

use super::{Maker, PRODUCTION, Read, Remembered, STAGING, Scene, WHOLE};
use crate::forge::{Bend, NO_HASH, OTHER_AGENT, identity, name, profile_id};
use secrecy::ExposeSecret;
use stronghold_sdk::protocol::{
    api::SealedProfile,
    crypto::hash::Hash,
    directory::HeaderRef,
    id::OrgId,
    manifest::Manifest,
    number::{Epoch, RosterVersion, Seq},
    roster::RosterRef,
    token::TokenFloor,
};

pub(super) fn cases(maker: &mut Maker, scene: &Scene) {
    maker.accept_like(WHOLE, "to a client that remembers all of it", &scene.remembering());
    let id = profile_id(PRODUCTION).to_string();
    let by_id = scene.case(&id, None, |request| scene.forge.read(PRODUCTION, request, &Bend::default()));
    maker.accept_like(WHOLE, "asked for by id", &by_id);
    chain(maker, scene);
    memory(maker, scene);
    profile(maker, scene);
    manifest(maker, scene);
}

/// Steps 1 to 4.
fn chain(maker: &mut Maker, scene: &Scene) {
    let good = scene.whole(&Bend::default());
    let mut reject = |what: &str, bend: &dyn Fn(&mut Read<SealedProfile>)| {
        let mut case = good.clone();
        bend(&mut case);
        maker.reject(WHOLE, what, &case);
    };
    let floored = |bend: &dyn Fn(&mut TokenFloor)| {
        let mut token = scene.forge.token();
        bend(&mut token.floor);
        token.to_secret_string().expose_secret().to_owned()
    };
    reject("1: another hash in the token's floor", &|it| it.token = floored(&|floor| floor.hash_prefix[15] ^= 1));
    reject("1: another position in the token's floor", &|it| it.token = floored(&|floor| floor.seq = floor.seq.next()));
    reject("1: another header than the token's", &|it| it.reply.chain.anchor = it.reply.chain.head.clone());
    reject("2: no roster", &|it| it.reply.chain.rosters.clear());
    reject("2: the last roster left out", &|it| drop(it.reply.chain.rosters.pop()));
    reject("2: a roster that nobody signed", &|it| it.reply.chain.rosters[1].signatures.clear());
    reject("3: a header that nobody signed", &|it| it.reply.chain.head.signatures.clear());
    reject("3: a bit of the header's signature flipped", &|it| {
        it.reply.chain.head.signatures[0].signature.0[40] ^= 1;
    });
    let later = scene.head(|head| head.time = "2030-01-01T00:00:00.000Z".parse().unwrap());
    reject("3: another header under the signature", &|it| it.reply.chain.head.payload = later.payload.clone());
    reject("3: a header of another organization", &|it| {
        it.reply.chain.head = scene.head(|head| head.org = OrgId([9; 32]));
    });
    reject("3: a header that names another roster", &|it| {
        it.reply.chain.head = scene.head(|head| head.roster.hash = NO_HASH);
    });
    reject("4: no proof of the token's header", &|it| it.reply.chain.anchor_proof = None);
    reject("4: a node of the proof of the token's header altered", &|it| {
        it.reply.chain.anchor_proof.as_mut().unwrap().path[0].0[0] ^= 1;
    });
}

/// What the client remembers.
fn memory(maker: &mut Maker, scene: &Scene) {
    let base = "to a client that remembers all of it";
    let mut reject = |what: &str, bend: &dyn Fn(&mut Remembered)| {
        let mut case = scene.remembering();
        bend(&mut case.remembered);
        maker.reject(base, what, &case);
    };
    reject("2: an older roster than remembered", &|it| {
        let version = RosterVersion::new(3).unwrap();
        it.roster = it.roster.map(|known| RosterRef { version, ..known });
    });
    reject("2: another roster of the version that is remembered", &|it| {
        it.roster = it.roster.map(|known| RosterRef { hash: Hash([7; 32]), ..known });
    });
    reject("3: an older header than remembered", &|it| {
        it.header = it.header.map(|at| HeaderRef { seq: at.seq.next(), ..at });
    });
    reject("4: another header than remembered", &|it| {
        it.header = it.header.map(|at| HeaderRef { hash: NO_HASH, ..at });
    });
    reject("4: a header that is remembered, without a proof", &|it| {
        it.header = Some(HeaderRef { seq: Seq::FIRST, hash: scene.forge.state.head().hash });
    });
    reject("5: another profile under the name that is remembered", &|it| it.floors[0].id = profile_id(99));
    reject("6: an older revision than remembered", &|it| it.floors[0].revision = it.floors[0].revision.next());
    reject("6: an older epoch than remembered", &|it| it.floors[0].epoch = Epoch::FIRST.next());
    reject("6: another revision than remembered", &|it| it.floors[0].manifest = Some(NO_HASH));
    reject("6: an older revision than asked for", &|it| it.minimum = it.minimum.map(|minimum| minimum.next()));
}

/// Step 5.
fn profile(maker: &mut Maker, scene: &Scene) {
    let good = scene.whole(&Bend::default());
    let mut reject = |what: &str, bend: &dyn Fn(&mut Read<SealedProfile>)| {
        let mut case = good.clone();
        bend(&mut case);
        maker.reject(WHOLE, what, &case);
    };
    reject("5: no path for the leaf", &|it| it.reply.profile.leaf.proof.path.clear());
    reject("5: a node of the leaf's proof altered", &|it| it.reply.profile.leaf.proof.path[0].0[0] ^= 1);
    reject("5: a writer more in the leaf", &|it| {
        it.reply.profile.leaf.leaf.writers.push(identity(OTHER_AGENT).public_keys().sign);
    });
    reject("5: another profile than the one asked for", &|it| {
        // True in all but that, the record of this very request included.
        it.reply = scene.forge.read(STAGING, &it.request, &Bend::default());
    });
}

/// Step 6.
fn manifest(maker: &mut Maker, scene: &Scene) {
    let mut reject = |what: &str, bend: &dyn Fn(&mut Manifest)| {
        maker.reject(WHOLE, what, &scene.whole(&Bend { manifest: bend, ..Bend::default() }));
    };
    reject("6: a manifest of another organization", &|it| it.org = OrgId([9; 32]));
    reject("6: a manifest of another profile", &|it| it.profile = profile_id(STAGING));
    reject("6: a manifest with another name", &|it| it.name = name("staging"));
    reject("6: a manifest of another epoch", &|it| it.epoch = it.epoch.next());
    reject("6: a manifest with another commitment", &|it| it.commitment.0[0] ^= 1);
    reject("6: a manifest after another one than the vouched", &|it| it.prev = Some(NO_HASH));
    reject("6: a manifest that names another header", &|it| it.header.hash = NO_HASH);
    let mut unsigned = scene.whole(&Bend::default());
    unsigned.reply.profile.manifest.signatures.clear();
    maker.reject(WHOLE, "6: a manifest that nobody signed", &unsigned);
    let mut flipped = scene.whole(&Bend::default());
    flipped.reply.profile.manifest.signatures[0].signature.0[40] ^= 1;
    maker.reject(WHOLE, "6: a bit of the manifest's signature flipped", &flipped);
    let mut by_agent = scene.whole(&Bend::default());
    let said: Manifest = serde_json::from_slice(&by_agent.reply.profile.manifest.payload.0).unwrap();
    by_agent.reply.profile.manifest =
        stronghold_sdk::protocol::signed::Signed::create(&said, &[identity(crate::forge::AGENT).signing_key()])
            .unwrap();
    maker.reject(WHOLE, "6: a manifest that the agent signed", &by_agent);
}
