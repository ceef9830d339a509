//! The order of the agent's checks, and that no piece of the evidence can be changed, dropped or exchanged.

use crate::{
    directory_world::{
        ADMIN, EDITOR, OWNER, PRODUCTION, STAGING, World, name, profile, profile_created, sealed_secret, signed_by,
    },
    evidence_world::{Client, Revisions, Shown, show},
};
use proptest::prelude::*;
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Change, Header, Vouched},
    evidence::{ChainEvidence, EvidenceRefusal, ProfileEvidence},
    manifest::Manifest,
    number::{Revision, RosterVersion},
    roster::RosterRefusal,
    signed::{Signed, SignedRefusal},
};

/// A token from before two rosters, a removed admin and a few statements; a remembered header in between; a manifest that
/// names an earlier header: evidence with every part that there can be.
fn full() -> (World, Client, Shown) {
    let mut world = World::acme();
    let mut client = Client::new(&world);
    world.by(OWNER, vec![profile_created(60, "third")]);
    let roster = world.roster_change(&[OWNER], |_| {});
    world.by(OWNER, vec![roster]);
    client.anchor.remembered = Some(world.state.head());
    client.anchor.roster = Some(world.state.roster().value().version);
    let mut production = Revisions::of(PRODUCTION);
    let first = production.next(&world, OWNER, &[], |manifest| {
        manifest.revision = Revision::new(2).unwrap();
        manifest.prev = Some(Hash([1; 32]));
    });
    let vouched = Vouched { revision: Revision::new(2).unwrap(), manifest: first.hash_as::<Manifest>() };
    world.by(ADMIN, vec![Change::ProfileVouched { id: profile(PRODUCTION), vouched }]);
    production.all = vec![first.clone(), first];
    let head = production.write(&world, EDITOR, &[sealed_secret(1, 1)]);
    let roster = world.roster_change(&[OWNER], |_| {});
    world.by(OWNER, vec![roster]);
    let shown = show(&world, &client, PRODUCTION, &head);
    (world, client, shown)
}

fn refused(client: &Client, shown: &Shown) -> EvidenceRefusal {
    client.check(shown, "production").map(|_| ()).unwrap_err()
}

#[test]
fn evidence_with_every_part_is_believed() {
    let (world, client, shown) = full();
    assert_eq!(shown.chain.rosters.len(), 3);
    assert!(shown.chain.anchor_proof.is_some() && shown.chain.remembered_proof.is_some());
    assert!(shown.profile.header_proof.is_some());
    let (trusted, read) = client.check(&shown, "production").unwrap();
    assert_eq!(trusted.org(), world.org);
    assert_eq!(trusted.head(), world.state.head());
    assert_eq!(trusted.state_root(), world.state.state_root());
    assert_eq!(trusted.roster().hash(), world.state.roster().hash());
    assert_eq!(read.floor().revision.get(), 3);
    assert_eq!(read.floor().manifest, Some(shown.profile.manifest.hash_as::<Manifest>()));
}

/// Each check refuses by itself; and of two faults the earlier check finds its own first.
#[test]
fn checks_come_in_their_order() {
    let (world, client, good) = full();
    type Fault = Box<dyn Fn(&mut Shown)>;
    let head: Header = serde_json::from_slice(&good.chain.head.payload.0).unwrap();
    let resigned = |bend: fn(&mut Header)| {
        let mut header = head.clone();
        bend(&mut header);
        signed_by(&header, &[OWNER])
    };
    let (foreign, renamed, old) = (
        resigned(|header| header.org.0[0] ^= 1),
        resigned(|header| header.roster.hash = Hash([1; 32])),
        world.statements[1].header.clone(),
    );
    let by_nobody = signed_by(&head, &[70]);
    let other_leaf = world.state.leaf_entry(&profile(STAGING)).unwrap();
    let other_manifest =
        signed_by(&serde_json::from_slice::<Manifest>(&good.profile.manifest.payload.0).unwrap(), &[70]);
    let faults: Vec<(&str, Fault, EvidenceRefusal)> = vec![
        (
            "another anchor",
            Box::new(move |shown| shown.chain.anchor = old.clone()),
            EvidenceRefusal::Anchor(SignedRefusal::OtherHash),
        ),
        ("no roster", Box::new(|shown| shown.chain.rosters.clear()), EvidenceRefusal::Rollback("a roster is missing")),
        (
            "the first roster is not the anchor's",
            Box::new(|shown| {
                shown.chain.rosters.remove(0);
            }),
            EvidenceRefusal::Roster(RosterRefusal::Signed(SignedRefusal::OtherHash)),
        ),
        (
            "a gap between rosters",
            Box::new(|shown| {
                shown.chain.rosters.remove(1);
            }),
            EvidenceRefusal::Roster(RosterRefusal::NotNext),
        ),
        (
            "a head by nobody",
            Box::new(move |shown| shown.chain.head = by_nobody.clone()),
            EvidenceRefusal::Head(SignedRefusal::NotSigned),
        ),
        (
            "a head of another organization",
            Box::new(move |shown| shown.chain.head = foreign.clone()),
            EvidenceRefusal::OtherOrganization,
        ),
        (
            "a head that names another roster",
            Box::new(move |shown| shown.chain.head = renamed.clone()),
            EvidenceRefusal::Rollback("the newest header names another roster"),
        ),
        (
            "no proof of the remembered header",
            Box::new(|shown| shown.chain.remembered_proof = None),
            EvidenceRefusal::Rollback("the remembered header is not in the directory"),
        ),
        (
            "another profile",
            Box::new(move |shown| shown.profile.leaf = other_leaf.clone()),
            EvidenceRefusal::OtherProfile,
        ),
        (
            "a manifest by nobody",
            Box::new(move |shown| shown.profile.manifest = other_manifest.clone()),
            stronghold_protocol::manifest::ManifestRefusal::Signed(SignedRefusal::NotSigned).into(),
        ),
    ];
    for (first, (what, fault, refusal)) in faults.iter().enumerate() {
        let mut shown = good.clone();
        fault(&mut shown);
        assert_eq!(refused(&client, &shown), *refusal, "{what}");
        for (_, later, _) in &faults[first + 1..] {
            let mut both = good.clone();
            // The later one first: it replaces what the earlier one bends, not the other way round.
            later(&mut both);
            fault(&mut both);
            assert_eq!(refused(&client, &both), *refusal, "{what}, with another fault");
        }
    }
}

#[test]
fn proofs_are_needed_and_of_their_own_place() {
    let (_, client, good) = full();
    let proof_faults: [fn(&mut Shown); 6] = [
        |shown| shown.chain.anchor_proof = None,
        |shown| shown.chain.anchor_proof = shown.chain.remembered_proof.clone(),
        |shown| shown.profile.header_proof = None,
        |shown| shown.profile.header_proof = shown.chain.anchor_proof.clone(),
        |shown| shown.profile.leaf.proof.index ^= 1,
        |shown| shown.profile.leaf.proof.path.clear(),
    ];
    for (number, fault) in proof_faults.iter().enumerate() {
        let mut shown = good.clone();
        fault(&mut shown);
        assert!(matches!(refused(&client, &shown), EvidenceRefusal::Proof { .. }), "fault {number}");
    }
}

#[test]
fn an_older_roster_than_remembered_is_refused() {
    let (_, mut client, good) = full();
    client.anchor.roster = Some(RosterVersion::new(4).unwrap());
    assert_eq!(refused(&client, &good), EvidenceRefusal::Rollback("the roster is older"));
    client.anchor.roster = Some(RosterVersion::new(3).unwrap());
    client.check(&good, "production").unwrap();
}

#[test]
fn a_profile_is_asked_for_by_name_or_id() {
    let (_, client, good) = full();
    client.check(&good, &profile(PRODUCTION).to_string()).unwrap();
    for asked in ["staging", "Production", "productio", "third"] {
        assert_eq!(client.check(&good, asked).map(|_| ()).unwrap_err(), EvidenceRefusal::OtherProfile, "{asked}");
    }
    let other_id = profile(STAGING).to_string();
    assert_eq!(client.check(&good, &other_id).map(|_| ()).unwrap_err(), EvidenceRefusal::OtherProfile);
    assert_eq!(good.profile.leaf.leaf.name, name("production"));
}

/// The parts that are signed, hashed or proven, as bytes that can be changed one by one.
fn signed_parts(shown: &mut Shown) -> Vec<&mut Signed> {
    let ChainEvidence { anchor, rosters, head, .. } = &mut shown.chain;
    let ProfileEvidence { manifest, .. } = &mut shown.profile;
    std::iter::once(anchor).chain(rosters).chain([head, manifest]).collect()
}

proptest! {
    /// A byte of any signed payload, wherever it is: the reply is refused.
    #[test]
    fn no_byte_of_a_payload_can_change(part in 0..6_usize, at in any::<prop::sample::Index>(), bit in 0..8_u32, cut in any::<bool>()) {
        let (_, client, mut shown) = full();
        let mut parts = signed_parts(&mut shown);
        prop_assert_eq!(parts.len(), 6);
        let payload = &mut parts[part].payload.0;
        let at = at.index(payload.len());
        if cut {
            payload.truncate(at);
        } else {
            payload[at] ^= 1 << bit;
        }
        prop_assert!(client.check(&shown, "production").is_err());
    }

    /// A hash, a position or a size of any proof.
    #[test]
    fn no_byte_of_a_proof_can_change(part in 0..4_usize, place in any::<prop::sample::Index>(), byte in 0..32_usize, bit in 0..8_u32) {
        let (_, client, mut shown) = full();
        let proof = match part {
            0 => shown.chain.anchor_proof.as_mut().unwrap(),
            1 => shown.chain.remembered_proof.as_mut().unwrap(),
            2 => shown.profile.header_proof.as_mut().unwrap(),
            _ => &mut shown.profile.leaf.proof,
        };
        match place.index(proof.path.len() + 2) {
            0 => proof.index ^= 1 << bit,
            1 => proof.size ^= 1 << bit,
            sibling => proof.path[sibling - 2].0[byte] ^= 1 << bit,
        }
        prop_assert!(client.check(&shown, "production").is_err());
    }

    /// A field of the leaf that the directory proves.
    #[test]
    fn no_field_of_a_leaf_can_change(field in 0..6_u8, bit in 0..8_u32) {
        let (_, client, mut shown) = full();
        let leaf = &mut shown.profile.leaf.leaf;
        match field {
            0 => leaf.id = profile(99),
            1 => leaf.name = name("Production"),
            2 => leaf.epoch = leaf.epoch.next(),
            3 => leaf.commitment.0[7] ^= 1 << bit,
            4 => { leaf.writers.pop(); }
            _ => leaf.vouched.manifest.0[3] ^= 1 << bit,
        }
        prop_assert!(client.check(&shown, "production").is_err());
    }
}
