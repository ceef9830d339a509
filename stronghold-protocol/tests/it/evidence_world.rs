//! What a server shows to an agent, put together from a made organization; and the agent that checks it.

use crate::directory_world::{
    ADMIN, EDITOR, OWNER, PRODUCTION, STAGING, STAGING_EDITOR, World, manifest_of, profile, sealed_secret, signed_by,
};
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Change, Directory, HeaderRef, Statement, Vouched},
    evidence::{
        Anchor, ChainEvidence, EvidenceRefusal, ProfileEvidence, ProfileFloor, ProfileSelector, TrustedHead,
        VerifiedProfile,
    },
    manifest::Manifest,
    number::{Revision, RosterVersion},
    secret::SealedSecret,
    signed::Signed,
};

/// The manifests of one profile.
#[derive(Clone)]
pub(crate) struct Revisions {
    pub(crate) profile: u8,
    pub(crate) all: Vec<Signed>,
}

impl Revisions {
    pub(crate) fn of(profile: u8) -> Self {
        Self { profile, all: Vec::new() }
    }

    /// The revision after the last one as the directory now has the profile, bent and signed.
    pub(crate) fn next(
        &self,
        world: &World,
        signer: u8,
        secrets: &[SealedSecret],
        bend: impl FnOnce(&mut Manifest),
    ) -> Signed {
        let before = self.all.last().map(|last| (self.all.len() as u64, last.hash_as::<Manifest>()));
        let mut manifest = manifest_of(&world.state, self.profile, before, secrets);
        bend(&mut manifest);
        signed_by(&manifest, &[signer])
    }

    /// Writes it.
    pub(crate) fn write(&mut self, world: &World, signer: u8, secrets: &[SealedSecret]) -> Signed {
        let next = self.next(world, signer, secrets, |_| {});
        self.all.push(next.clone());
        next
    }
}

/// A reply's evidence.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) chain: ChainEvidence,
    pub(crate) profile: ProfileEvidence,
}

/// What an agent brings along.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) anchor: Anchor,
    pub(crate) floors: Vec<ProfileFloor>,
    pub(crate) minimum: Option<Revision>,
}

/// The rosters that a server has to show from the anchor's to the head's.
fn rosters(world: &World, from: RosterVersion) -> Vec<Signed> {
    let mut states: Vec<Directory> = Vec::new();
    let (first, rest) = world.statements.split_first().unwrap();
    states.push(Directory::genesis(first, &world.org).unwrap());
    for statement in rest {
        let next = states.last().unwrap().append(statement).unwrap();
        states.push(next);
    }
    let mut rosters: Vec<Signed> = Vec::new();
    for state in states.iter().filter(|state| state.roster().value().version >= from) {
        let envelope = state.roster().envelope().clone();
        if rosters.last() != Some(&envelope) {
            rosters.push(envelope);
        }
    }
    rosters
}

/// What an honest server shows to a client of the profile.
pub(crate) fn show(world: &World, client: &Client, number: u8, manifest: &Signed) -> Shown {
    let head = world.state.head();
    let size = usize::try_from(head.seq.get()).unwrap();
    let proof = |at: HeaderRef| {
        let index = usize::try_from(at.seq.get()).unwrap();
        (index < size).then(|| world.state.header_log().inclusion_at(index, size).unwrap())
    };
    let anchor = usize::try_from(client.anchor.seq.get()).unwrap();
    let anchor_state = world.statements[..=anchor].split_first().map(|(first, rest)| {
        let genesis = Directory::genesis(first, &world.org).unwrap();
        rest.iter().fold(genesis, |state, statement| state.append(statement).unwrap())
    });
    let anchor_state = anchor_state.unwrap();
    let named = stated_header(manifest);
    Shown {
        chain: ChainEvidence {
            anchor: world.statements[anchor].header.clone(),
            rosters: rosters(world, anchor_state.roster().value().version),
            head: world.statements.last().unwrap().header.clone(),
            anchor_proof: proof(anchor_state.head()),
            remembered_proof: client.anchor.remembered.and_then(proof),
        },
        profile: ProfileEvidence {
            leaf: world.state.leaf_entry(&profile(number)).unwrap(),
            manifest: manifest.clone(),
            header_proof: proof(named),
        },
    }
}

fn stated_header(manifest: &Signed) -> HeaderRef {
    serde_json::from_slice::<Manifest>(&manifest.payload.0).unwrap().header
}

impl Client {
    /// One whose token was made when the world stood as it does now.
    pub(crate) fn new(world: &World) -> Self {
        Self::since(world, world.statements.last().unwrap())
    }

    fn since(world: &World, statement: &Statement) -> Self {
        let head = world.state.head();
        assert_eq!(statement.header.hash_as::<stronghold_protocol::directory::Header>(), head.hash);
        // A token holds the first half of the hash.
        let hash = head.hash.0[..16].to_vec();
        Self {
            anchor: Anchor { org: world.org, seq: head.seq, hash, remembered: None, roster: None },
            floors: Vec::new(),
            minimum: None,
        }
    }

    /// Checks a reply for the profile with this name or id.
    pub(crate) fn check(&self, shown: &Shown, asked: &str) -> Result<(TrustedHead, VerifiedProfile), EvidenceRefusal> {
        let trusted = shown.chain.verify(&self.anchor)?;
        let asked: ProfileSelector = asked.parse().unwrap();
        let profile = shown.profile.verify(&trusted, &asked, &self.floors, self.minimum)?;
        Ok((trusted, profile))
    }

    /// Checks and remembers.
    pub(crate) fn reads(&mut self, shown: &Shown, asked: &str) {
        let (trusted, profile) = self.check(shown, asked).unwrap();
        self.anchor.remembered = Some(trusted.head());
        self.anchor.roster = Some(trusted.roster_ref());
        let floor = profile.floor();
        self.floors.retain(|known| known.id != floor.id);
        self.floors.push(floor);
    }
}

/// An organization whose two profiles both have a vouched revision 1 and a revision 2 by their own editors.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) production: Revisions,
    pub(crate) staging: Revisions,
    pub(crate) client: Client,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let mut world = World::acme();
        let (mut production, mut staging) = (Revisions::of(PRODUCTION), Revisions::of(STAGING));
        production.write(&world, OWNER, &[]);
        staging.write(&world, OWNER, &[]);
        // The made organization vouches for revisions that nobody wrote; these are vouched for instead, as revision 2.
        production.all.insert(0, production.all[0].clone());
        staging.all.insert(0, staging.all[0].clone());
        let mut vouch = Vec::new();
        for revisions in [&mut production, &mut staging] {
            let signed = revisions.next(&world, OWNER, &[], |manifest| {
                manifest.revision = Revision::new(2).unwrap();
                manifest.prev = Some(Hash([1; 32]));
            });
            let hash = signed.hash_as::<Manifest>();
            revisions.all[1] = signed;
            let vouched = Vouched { revision: Revision::new(2).unwrap(), manifest: hash };
            vouch.push(Change::ProfileVouched { id: profile(revisions.profile), vouched });
        }
        world.by(ADMIN, vouch);
        production.write(&world, EDITOR, &[sealed_secret(1, 1), sealed_secret(2, 1)]);
        staging.write(&world, STAGING_EDITOR, &[sealed_secret(3, 1)]);
        let client = Client::new(&world);
        Self { world, production, staging, client }
    }

    /// What an honest server shows of `production`.
    pub(crate) fn honest(&self) -> Shown {
        show(&self.world, &self.client, PRODUCTION, self.production.all.last().unwrap())
    }

    pub(crate) fn refused(&self, shown: &Shown, asked: &str) -> EvidenceRefusal {
        self.client.check(shown, asked).map(|_| ()).unwrap_err()
    }

    /// Shows some manifest as the head of `production`, everything else honest.
    pub(crate) fn passed_off(&self, manifest: &Signed) -> EvidenceRefusal {
        let mut shown = self.honest();
        shown.profile.manifest = manifest.clone();
        shown.profile.header_proof = show(&self.world, &self.client, PRODUCTION, manifest).profile.header_proof;
        self.refused(&shown, "production")
    }
}
