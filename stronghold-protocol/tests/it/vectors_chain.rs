//! `docs/vectors/manifest.json` and `evidence.json`: what any implementation must accept and refuse. Each file is made
//! from fixed seeds, and then read like a stranger, from the file alone.

use crate::{
    directory_world::{
        ADMIN, CI, EDITOR, OWNER, PRODUCTION, STAGING_EDITOR, World, commitment, epoch, group_created, name, profile,
        profile_created, sealed_secret,
    },
    evidence_world::{Client, Revisions, show},
    golden::vectors,
};
use serde::{Deserialize, Serialize};
use stronghold_protocol::{
    crypto::{hash::Hash, sign::SigningPublicKey},
    directory::{Change, HeaderRef, ProfileLeaf, Vouched},
    encoding::Base64Bytes,
    evidence::{Anchor, ChainEvidence, EvidenceRefusal, ProfileEvidence, ProfileFloor, VerifiedProfile},
    id::OrgId,
    manifest::Manifest,
    number::{Revision, RosterVersion, Seq},
    secret::{SealedSecret, SecretLeaf},
    signed::Signed,
};

// manifest.json

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestFile {
    about: String,
    org: OrgId,
    leaf: ProfileLeaf,
    roster_keys: Vec<SigningPublicKey>,
    accepts: Vec<AcceptedHead>,
    rejects: Vec<RefusedHead>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptedHead {
    name: String,
    manifest: Signed,
    hash: Hash,
    secrets: Vec<SealedSecret>,
    leaves: Vec<SecretLeaf>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RefusedHead {
    name: String,
    manifest: Signed,
    refusal: String,
}

/// `production` with a vouched revision 2; and its revisions so far.
fn with_vouched_revision() -> (World, Revisions) {
    let mut world = World::acme();
    let mut revisions = Revisions::of(PRODUCTION);
    let second = revisions.next(&world, OWNER, &[], |manifest| {
        manifest.revision = Revision::new(2).unwrap();
        manifest.prev = Some(Hash([1; 32]));
    });
    let vouched = Vouched { revision: Revision::new(2).unwrap(), manifest: second.hash_as::<Manifest>() };
    world.by(ADMIN, vec![Change::ProfileVouched { id: profile(PRODUCTION), vouched }]);
    revisions.all = vec![second.clone(), second];
    (world, revisions)
}

#[test]
fn manifest_file() {
    let (world, revisions) = with_vouched_revision();
    let leaf = world.state.leaf(&profile(PRODUCTION)).unwrap();
    let keys = world.state.roster().value().signing_keys();
    let secrets = vec![sealed_secret(1, 1), sealed_secret(2, 3)];
    let accepted = |what: &str, manifest: Signed, secrets: &[SealedSecret]| AcceptedHead {
        name: what.to_owned(),
        hash: manifest.hash_as::<Manifest>(),
        manifest,
        secrets: secrets.to_vec(),
        leaves: secrets.iter().map(SealedSecret::leaf).collect(),
    };
    let next = |signer: u8, bend: fn(&mut Manifest)| revisions.next(&world, signer, &secrets, bend);
    let accepts = vec![
        accepted("the vouched one", revisions.all[1].clone(), &[]),
        accepted("the next one, by an editor", next(EDITOR, |_| {}), &secrets),
        accepted("the next one, by an owner", next(OWNER, |_| {}), &secrets),
    ];
    let rejects = vec![
        ("by an editor of another profile", next(STAGING_EDITOR, |_| {})),
        ("by an agent", next(CI, |_| {})),
        ("of another organization", next(EDITOR, |it| it.org.0[0] ^= 1)),
        ("of another profile", next(EDITOR, |it| it.profile = profile(99))),
        ("with another name", next(EDITOR, |it| it.name = name("staging"))),
        ("of another epoch", next(EDITOR, |it| it.epoch = epoch(2))),
        ("with another key commitment", next(EDITOR, |it| it.commitment = commitment(PRODUCTION, 9))),
        ("another revision 2", next(EDITOR, |it| it.revision = Revision::new(2).unwrap())),
        ("revision 3 after another revision 2", next(EDITOR, |it| it.prev = Some(Hash([1; 32])))),
        ("too many secrets", next(EDITOR, |it| it.count = 10_001)),
    ];
    let refused = |(what, manifest): (&str, Signed)| RefusedHead {
        name: what.to_owned(),
        refusal: Manifest::verify_head(&manifest, &world.org, &leaf, &keys).unwrap_err().to_string(),
        manifest,
    };
    let about = "Heads of one profile (docs/protocol.md, section 9), held against what the directory says of it (`leaf`) and \
                 the signing keys of owners and admins. Each under `accepts` is a rightful head, and its tree is over \
                 `leaves`, which are those of `secrets`; each under `rejects` is none. The text of a refusal is for people."
        .to_owned();
    let made = ManifestFile {
        about,
        org: world.org,
        leaf: leaf.clone(),
        roster_keys: keys.clone(),
        accepts,
        rejects: rejects.into_iter().map(refused).collect(),
    };
    let file = vectors("manifest.json", &made);
    for case in &file.accepts {
        let head = Manifest::verify_head(&case.manifest, &file.org, &file.leaf, &file.roster_keys).unwrap();
        assert_eq!(head.hash(), case.hash, "{}", case.name);
        assert_eq!(case.secrets.iter().map(SealedSecret::leaf).collect::<Vec<_>>(), case.leaves);
        head.value().check_secrets(&case.leaves).unwrap();
    }
    for case in &file.rejects {
        let refusal = Manifest::verify_head(&case.manifest, &file.org, &file.leaf, &file.roster_keys).unwrap_err();
        assert_eq!(refusal.to_string(), case.refusal, "{}", case.name);
    }
}

// evidence.json

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceFile {
    about: String,
    accepts: Vec<Reply>,
    rejects: Vec<Reply>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    name: String,
    client: Known,
    asked: String,
    chain: ChainEvidence,
    profile: ProfileEvidence,
    /// What refuses it; none where it is accepted.
    refusal: Option<String>,
}

/// What the client brings along: its token's anchor, and what it remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    org: OrgId,
    seq: Seq,
    hash: Base64Bytes,
    remembered: Option<HeaderRef>,
    roster: Option<RosterRef>,
    floors: Vec<ProfileFloor>,
    minimum: Option<Revision>,
}

impl Reply {
    fn check(&self) -> Result<VerifiedProfile, EvidenceRefusal> {
        let known = &self.client;
        let anchor = Anchor {
            org: known.org,
            seq: known.seq,
            hash: known.hash.0.clone(),
            remembered: known.remembered,
            roster: known.roster,
        };
        let trusted = self.chain.verify(&anchor)?;
        self.profile.verify(&trusted, &self.asked.parse().unwrap(), &known.floors, known.minimum)
    }
}

/// Replies to a client whose token is older than two rosters and several statements.
fn replies() -> (Reply, Vec<Reply>) {
    let (mut world, mut revisions) = with_vouched_revision();
    let client = Client::new(&world);
    world.by(OWNER, vec![profile_created(60, "third")]);
    let roster = world.roster_change(&[OWNER], |_| {});
    world.by(OWNER, vec![roster]);
    let (remembered, in_force) = (world.state.head(), world.state.roster_ref());
    let manifest = revisions.write(&world, EDITOR, &[sealed_secret(1, 1)]);
    world.by(ADMIN, vec![group_created(61, "later")]);
    let mut client = client;
    client.anchor.remembered = Some(remembered);
    let shown = show(&world, &client, PRODUCTION, &manifest);
    let good = Reply {
        name: "a whole reply".to_owned(),
        client: Known {
            org: world.org,
            seq: client.anchor.seq,
            hash: Base64Bytes(client.anchor.hash),
            remembered: Some(remembered),
            roster: Some(in_force),
            floors: Vec::new(),
            minimum: None,
        },
        asked: "production".to_owned(),
        chain: shown.chain,
        profile: shown.profile,
        refusal: None,
    };
    let staging = world.state.leaf_entry(&profile(crate::directory_world::STAGING)).unwrap();
    type Fault = Box<dyn FnOnce(&mut Reply)>;
    let old_head = world.statements[1].header.clone();
    let (leaf_of_staging, forged) = (staging, revisions.next(&world, STAGING_EDITOR, &[], |_| {}));
    let faults: Vec<(&str, Fault)> = vec![
        ("another anchor than the token's", Box::new(|it| it.client.hash.0[0] ^= 1)),
        ("a token of another organization", Box::new(|it| it.client.org.0[0] ^= 1)),
        ("no roster", Box::new(|it| it.chain.rosters.clear())),
        (
            "a roster left out",
            Box::new(|it| {
                it.chain.rosters.remove(1);
            }),
        ),
        ("an older header, of an earlier roster", Box::new(move |it| it.chain.head = old_head)),
        ("a header that nobody signed", Box::new(|it| it.chain.head.signatures.clear())),
        ("a header that was altered", Box::new(|it| it.chain.head.payload.0[20] ^= 1)),
        ("no proof of the anchor", Box::new(|it| it.chain.anchor_proof = None)),
        ("no proof of the remembered header", Box::new(|it| it.chain.remembered_proof = None)),
        (
            "another history than the remembered one",
            Box::new(|it| {
                it.client.remembered = it.client.remembered.map(|at| HeaderRef { hash: Hash([9; 32]), ..at })
            }),
        ),
        (
            "an older roster than remembered",
            Box::new(|it| {
                let version = RosterVersion::new(3).unwrap();
                it.client.roster = it.client.roster.map(|known| RosterRef { version, ..known });
            }),
        ),
        (
            "another roster of the version that is remembered",
            Box::new(|it| it.client.roster = it.client.roster.map(|known| RosterRef { hash: Hash([7; 32]), ..known })),
        ),
        ("a leaf with another name", Box::new(|it| it.profile.leaf.leaf.name = name("staging"))),
        ("another profile than the one asked for", Box::new(move |it| it.profile.leaf = leaf_of_staging)),
        (
            "a name that was another profile's",
            Box::new(|it| {
                let id = profile(99);
                it.client.floors = vec![ProfileFloor {
                    id,
                    name: name("production"),
                    revision: Revision::FIRST,
                    epoch: epoch(1),
                    manifest: None,
                }];
            }),
        ),
        ("a manifest by an editor of another profile", Box::new(move |it| it.profile.manifest = forged)),
        ("no proof of the manifest's header", Box::new(|it| it.profile.header_proof = None)),
        ("an older revision than expected", Box::new(|it| it.client.minimum = Revision::new(4).ok())),
        (
            "another revision 3 than remembered",
            Box::new(|it| {
                it.client.floors = vec![ProfileFloor {
                    id: profile(PRODUCTION),
                    name: name("production"),
                    revision: Revision::new(3).unwrap(),
                    epoch: epoch(1),
                    manifest: Some(Hash([8; 32])),
                }];
            }),
        ),
    ];
    let refused = |(what, fault): (&str, Fault)| {
        let mut reply = Reply { name: what.to_owned(), ..good.clone() };
        fault(&mut reply);
        reply.refusal = Some(reply.check().map(|_| what).unwrap_err().to_string());
        reply
    };
    let rejects = faults.into_iter().map(refused).collect();
    (good, rejects)
}

#[test]
fn evidence_file() {
    let (good, rejects) = replies();
    let mut by_id = good.clone();
    by_id.name = "asked for by id".to_owned();
    by_id.asked = profile(PRODUCTION).to_string();
    let mut fresh = good.clone();
    fresh.name = "a client that remembers nothing".to_owned();
    (fresh.client.remembered, fresh.client.roster, fresh.chain.remembered_proof) = (None, None, None);
    let about = "The evidence in replies to a client (docs/protocol.md, section 11): `client` is what its token states and \
                 what it remembers, `asked` the profile's name or id. Each reply under `accepts` is believed, each under \
                 `rejects` is refused; the text of a refusal is for people."
        .to_owned();
    let file = vectors("evidence.json", &EvidenceFile { about, accepts: vec![good, by_id, fresh], rejects });
    for case in &file.accepts {
        case.check().unwrap();
    }
    for case in &file.rejects {
        let refusal = case.check().map(|_| "believed").unwrap_err().to_string();
        assert_eq!(Some(refusal), case.refusal, "{}", case.name);
    }
}
