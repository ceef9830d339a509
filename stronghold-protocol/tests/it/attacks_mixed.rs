//! Every combination of what a server ever saw, and of what an editor of `staging` can sign for it: exhaustively.

use crate::{
    directory_world::{
        ADMIN, EDITOR, OWNER, PRODUCTION, STAGING, STAGING_EDITOR, STAGING_TEAM, World, group_created, left, name,
        next_roster, profile, revision, sealed_secret, sign_key, signed_by, user,
    },
    evidence_world::{Client, Scene, show},
};
use std::collections::BTreeSet;
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Change, Directory, Header, HeaderRef, LeafEntry, Vouched},
    evidence::{ChainEvidence, EvidenceRefusal, ProfileEvidence, ProfileSelector, TrustedHead, VerifiedProfile},
    manifest::Manifest,
    merkle::{Inclusion, Tree},
    roster::RosterMember,
    signed::Signed,
};

/// What a server remembers after an eventful time.
struct Memory {
    /// The world after each statement.
    worlds: Vec<World>,
    /// An agent whose token is from before most of it.
    client: Client,
    /// What was rightfully written as `production`, and as `staging`.
    production: Vec<Signed>,
    staging: Vec<Signed>,
}

impl Memory {
    fn new() -> Self {
        let mut scene = Scene::new();
        scene.world.by(ADMIN, vec![group_created(60, "later")]);
        let roster = scene.world.roster_change(&[OWNER], |_| {});
        scene.world.by(OWNER, vec![roster]);
        // An editor is removed, and what they wrote is vouched for; an admin goes on, under the next key.
        let last = scene.production.all.last().unwrap().hash_as::<Manifest>();
        let mut changes = scene.world.with_rekeys(vec![Change::UserRemoved { id: user(EDITOR) }]);
        for change in &mut changes {
            if let Change::ProfileEpoch { vouched, .. } = change {
                *vouched = Vouched { revision: revision(3), manifest: last };
            }
        }
        scene.world.by(ADMIN, changes);
        scene.production.write(&scene.world, ADMIN, &[sealed_secret(1, 2)]);
        scene.staging.write(&scene.world, STAGING_EDITOR, &[sealed_secret(4, 1)]);
        // `staging` gets another name, and in the end its editor goes.
        let renamed = scene.staging.next(&scene.world, OWNER, &[], |manifest| manifest.name = name("preview"));
        let vouched = Vouched { revision: revision(5), manifest: renamed.hash_as::<Manifest>() };
        scene.staging.all.push(renamed);
        scene.world.by(OWNER, vec![Change::ProfileRenamed { id: profile(STAGING), name: name("preview"), vouched }]);
        let changes = scene.world.with_rekeys(vec![left(STAGING_TEAM, user(STAGING_EDITOR))]);
        scene.world.by(ADMIN, changes);
        scene.production.write(&scene.world, OWNER, &[sealed_secret(1, 3)]);
        let Scene { world, production, staging, client } = scene;
        Self { worlds: worlds(&world), client, production: production.all, staging: staging.all }
    }

    fn last(&self) -> &World {
        self.worlds.last().unwrap()
    }

    /// The worlds that the agent's token does not know to be past.
    fn open_worlds(&self) -> impl Iterator<Item = &World> {
        self.worlds.iter().filter(|world| world.state.head().seq >= self.client.anchor.seq)
    }

    /// The chain that an honest server would show while the world was like this.
    fn chain(&self, world: &World) -> ChainEvidence {
        show(world, &self.client, PRODUCTION, &self.production[2]).chain
    }

    /// Every envelope that the server has seen, or that the editor of `staging` makes up.
    fn envelopes(&self) -> Vec<Signed> {
        let headers = self.last().statements.iter().map(|statement| statement.header.clone());
        let rosters = self.worlds.iter().map(|world| world.state.roster().envelope().clone());
        let written = self.production.iter().chain(&self.staging).cloned();
        let mut all: Vec<Signed> = headers.chain(rosters).chain(written).collect();
        all.dedup();
        let mut own = self.own_manifests();
        own.extend(self.own_rosters());
        own.extend(self.worlds.iter().map(|world| self.own_header(&world.state)));
        // And each with the signatures of something rightful grafted on.
        let grafted = own.iter().flat_map(|own| {
            all.iter().rev().step_by(5).map(|rightful| Signed {
                signatures: own.signatures.iter().chain(&rightful.signatures).cloned().collect(),
                ..own.clone()
            })
        });
        let grafted: Vec<Signed> = grafted.collect();
        all.into_iter().chain(own).chain(grafted).collect()
    }

    /// Manifests that say all that they would have to say, at each time.
    fn own_manifests(&self) -> Vec<Signed> {
        let mut all = Vec::new();
        for world in self.open_worlds() {
            let leaf = world.state.leaf(&profile(PRODUCTION)).unwrap();
            for before in self.production.iter().chain(&self.staging) {
                let said: Manifest = serde_json::from_slice(&before.payload.0).unwrap();
                let own = Manifest {
                    profile: leaf.id,
                    name: leaf.name.clone(),
                    revision: said.revision.next(),
                    prev: Some(before.hash_as::<Manifest>()),
                    epoch: leaf.epoch,
                    commitment: leaf.commitment,
                    header: world.state.head(),
                    ..said
                };
                all.push(signed_by(&own, &[STAGING_EDITOR]));
            }
        }
        all
    }

    /// Rosters in which they are an admin, or the owner.
    fn own_rosters(&self) -> Vec<Signed> {
        let myself = || RosterMember {
            user: user(STAGING_EDITOR),
            keys: self.last().state.user(&user(STAGING_EDITOR)).unwrap().keys.clone(),
        };
        let mut all = Vec::new();
        for world in self.open_worlds() {
            let mut roster = next_roster(world.state.roster());
            roster.admins.push(myself());
            all.push(signed_by(&roster, &[STAGING_EDITOR]));
            roster.admins.clear();
            roster.owners = vec![myself()];
            all.push(signed_by(&roster, &[STAGING_EDITOR]));
        }
        all
    }

    /// A leaf in which they may write, alone in its tree.
    fn own_entry(state: &Directory) -> Option<LeafEntry> {
        let mut leaf = state.leaf(&profile(PRODUCTION))?;
        leaf.writers = vec![sign_key(STAGING_EDITOR)];
        let proof = Tree::from_leaf_hashes([leaf.leaf_hash()]).inclusion(0)?;
        Some(LeafEntry { leaf, proof })
    }

    /// A header over that tree.
    fn own_header(&self, state: &Directory) -> Signed {
        let header = self.last().statements[usize::try_from(state.head().seq.get()).unwrap()].header.clone();
        let mut header: Header = serde_json::from_slice(&header.payload.0).unwrap();
        if let Some(entry) = Self::own_entry(state) {
            header.state_root = entry.leaf.leaf_hash();
        }
        signed_by(&header, &[STAGING_EDITOR])
    }

    /// Every leaf there ever was, theirs too, each with every proof there ever was.
    fn entries(&self) -> Vec<LeafEntry> {
        let profiles = [profile(PRODUCTION), profile(STAGING)];
        let states = || self.worlds.iter().map(|world| &world.state);
        let mut all: Vec<LeafEntry> = states().filter_map(Self::own_entry).collect();
        all.extend(states().flat_map(|state| profiles.iter().filter_map(|id| state.leaf_entry(id))));
        let mut proofs: Vec<Inclusion> = Vec::new();
        for entry in &all {
            if !proofs.contains(&entry.proof) {
                proofs.push(entry.proof.clone());
            }
        }
        let leaves = all.into_iter().map(|entry| entry.leaf);
        leaves
            .flat_map(|leaf| proofs.iter().map(move |proof| LeafEntry { leaf: leaf.clone(), proof: proof.clone() }))
            .collect()
    }
}

fn worlds(world: &World) -> Vec<World> {
    let (first, rest) = world.statements.split_first().unwrap();
    let mut states = vec![Directory::genesis(first, &world.org).unwrap()];
    for statement in rest {
        states.push(states.last().unwrap().append(statement).unwrap());
    }
    let at = |(number, state)| World { org: world.org, statements: world.statements[..=number].to_vec(), state };
    states.into_iter().enumerate().map(at).collect()
}

/// Whatever stands in whatever place of the chain: no head is believed that no owner or admin made.
#[test]
fn no_envelope_in_any_place_makes_another_head() {
    let memory = Memory::new();
    let genuine: Vec<HeaderRef> = memory.worlds.iter().map(|world| world.state.head()).collect();
    let (mut tried, mut believed) = (0, 0);
    for world in memory.open_worlds() {
        let honest = memory.chain(world);
        honest.verify(&memory.client.anchor).unwrap();
        for envelope in memory.envelopes() {
            let mut chains = vec![
                ChainEvidence { anchor: envelope.clone(), ..honest.clone() },
                ChainEvidence { head: envelope.clone(), ..honest.clone() },
            ];
            for at in 0..=honest.rosters.len() {
                let mut chain = honest.clone();
                chain.rosters.insert(at, envelope.clone());
                chains.push(chain.clone());
                // With a head that names it.
                chain.head = memory.own_header(&world.state);
                chains.push(chain.clone());
                if at < honest.rosters.len() {
                    chain.head = honest.head.clone();
                    chain.rosters.remove(at + 1);
                    chains.push(chain);
                }
            }
            for chain in chains {
                tried += 1;
                if let Ok(trusted) = chain.verify(&memory.client.anchor) {
                    believed += 1;
                    let state = genuine.iter().position(|head| *head == trusted.head()).expect("a made-up head");
                    assert_eq!(trusted.state_root(), memory.worlds[state].state.state_root());
                    assert_eq!(trusted.roster().hash(), memory.worlds[state].state.roster().hash());
                }
            }
        }
    }
    assert!(believed > 0 && tried > 100 * believed, "{believed} of {tried}");
}

/// Under every true head, whatever leaf with whatever proof, whatever manifest: only what was rightfully written as
/// `production` is believed to be it.
#[test]
fn nothing_in_any_place_passes_for_production() {
    let memory = Memory::new();
    let rightful: BTreeSet<Hash> = memory.production.iter().map(Signed::hash_as::<Manifest>).collect();
    let (envelopes, entries) = (memory.envelopes(), memory.entries());
    let mut last: BTreeSet<Hash> = BTreeSet::new();
    for world in memory.open_worlds() {
        let trusted = memory.chain(world).verify(&memory.client.anchor).unwrap();
        let leaf = world.state.leaf(&profile(PRODUCTION)).unwrap();
        let mut believed: BTreeSet<Hash> = BTreeSet::new();
        for asked in ["production".to_owned(), profile(PRODUCTION).to_string()] {
            for read in believed_of(&trusted, world, &asked, &entries, &envelopes) {
                assert_eq!(*read.leaf(), leaf, "another leaf than the directory's");
                assert!(rightful.contains(&read.manifest().hash()), "another manifest than production's");
                believed.insert(read.manifest().hash());
            }
        }
        assert!(!believed.is_empty(), "nothing is believed at all");
        last = believed;
    }
    // At the end: what is vouched for and what came after it, and nothing from before.
    let expected: BTreeSet<Hash> = memory.production[2..].iter().map(Signed::hash_as::<Manifest>).collect();
    assert_eq!(last, expected);
}

/// Everything that is believed when it is asked for, whatever the server answers.
fn believed_of(
    trusted: &TrustedHead,
    world: &World,
    asked: &str,
    entries: &[LeafEntry],
    manifests: &[Signed],
) -> Vec<VerifiedProfile> {
    let asked: ProfileSelector = asked.parse().unwrap();
    let size = world.state.header_log().len() - 1;
    let proofs = (0..size).map(|at| world.state.header_log().inclusion_at(at, size));
    let header_proofs: Vec<Option<Inclusion>> = proofs.chain([None]).collect();
    let mut believed = Vec::new();
    for entry in entries {
        for manifest in manifests {
            let mut evidence = ProfileEvidence { leaf: entry.clone(), manifest: manifest.clone(), header_proof: None };
            match evidence.verify(trusted, &asked, &[], None) {
                // What is refused for another reason is refused whatever proof comes along: that is looked at last.
                Ok(_) | Err(EvidenceRefusal::Proof { .. }) => {}
                Err(_) => continue,
            }
            if entry.verify(&trusted.state_root()).is_err() {
                // No manifest makes up for a leaf that does not stand there.
                break;
            }
            for proof in &header_proofs {
                evidence.header_proof.clone_from(proof);
                believed.extend(evidence.verify(trusted, &asked, &[], None).ok());
            }
        }
    }
    believed
}
