//! The agent's checks: what each refuses, and in which order.

use crate::{
    directory_world::{
        ADMIN, EDITOR, OWNER, PRODUCTION, STAGING, World, epoch, name, profile, profile_created, revision,
        sealed_secret, signed_by,
    },
    evidence_world::{Client, Revisions, Shown, show},
};
use std::sync::LazyLock;
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Change, Header, HeaderRef, Vouched},
    evidence::{EvidenceRefusal, ProfileFloor},
    manifest::{Manifest, ManifestRefusal},
    merkle::ProofRejected,
    number::{Revision, RosterVersion, Seq},
    roster::{Roster, RosterRef, RosterRefusal},
    signed::SignedRefusal,
};

/// A token from before two rosters, a removed admin and a few statements; a remembered header in between; a manifest that
/// names an earlier header: evidence with every part that there can be.
pub(crate) fn full() -> &'static (World, Client, Shown) {
    static FULL: LazyLock<(World, Client, Shown)> = LazyLock::new(make_full);
    &FULL
}

fn make_full() -> (World, Client, Shown) {
    let mut world = World::acme();
    let mut client = Client::new(&world);
    world.by(OWNER, vec![profile_created(60, "third")]);
    let roster = world.roster_change(&[OWNER], |_| {});
    world.by(OWNER, vec![roster]);
    client.anchor.remembered = Some(world.state.head());
    client.anchor.roster = Some(world.state.roster_ref());
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
    let (trusted, read) = client.check(shown, "production").unwrap();
    assert_eq!(trusted.org(), world.org);
    assert_eq!(trusted.head(), world.state.head());
    assert_eq!(trusted.state_root(), world.state.state_root());
    assert_eq!(trusted.roster().hash(), world.state.roster().hash());
    assert_eq!(read.floor().revision.get(), 3);
    assert_eq!(read.floor().manifest, Some(shown.profile.manifest.hash_as::<Manifest>()));
}

/// A fault of what is shown, or of what the client brings along, and the refusal that it must meet.
type Fault = (&'static str, Box<dyn Fn(&mut Client, &mut Shown)>, EvidenceRefusal);

fn fault(what: &'static str, bend: impl Fn(&mut Client, &mut Shown) + 'static, refusal: EvidenceRefusal) -> Fault {
    (what, Box::new(bend), refusal)
}

fn unproven(what: &'static str) -> EvidenceRefusal {
    EvidenceRefusal::Proof { what, source: ProofRejected }
}

/// The anchor's own header bent, as if a token had been made with it: what it names is checked all the same.
fn anchored_in(good: &Shown, bend: impl FnOnce(&mut Header)) -> impl Fn(&mut Client, &mut Shown) + 'static {
    let mut header: Header = serde_json::from_slice(&good.chain.anchor.payload.0).unwrap();
    bend(&mut header);
    let anchor = signed_by(&header, &[OWNER]);
    move |client, shown| {
        client.anchor.hash = anchor.hash_as::<Header>().0.to_vec();
        shown.chain.anchor = anchor.clone();
    }
}

/// The newest header bent, and signed as it should be.
fn head_that(good: &Shown, bend: impl FnOnce(&mut Header)) -> impl Fn(&mut Client, &mut Shown) + 'static {
    let mut header: Header = serde_json::from_slice(&good.chain.head.payload.0).unwrap();
    bend(&mut header);
    let head = signed_by(&header, &[OWNER]);
    move |_, shown| shown.chain.head = head.clone()
}

/// Steps 1 and 2: the anchor, and the rosters from there.
fn faults_of_the_beginning(good: &Shown) -> Vec<Fault> {
    let other = World::of(&[OWNER], &[], 1);
    let other_roster = other.state.roster().envelope().clone();
    let other_ref = other.state.roster_ref();
    let in_other = anchored_in(good, |header| header.roster = other_ref);
    let mut too_new: Roster = serde_json::from_slice(&good.chain.rosters[0].payload.0).unwrap();
    (too_new.version, too_new.minimum_suite) = (RosterVersion::new(9).unwrap(), 2);
    let too_new = signed_by(&too_new, &[OWNER]);
    let newer = RosterRef { version: RosterVersion::new(9).unwrap(), hash: too_new.hash_as::<Roster>() };
    let in_newer = anchored_in(good, |header| header.roster = newer);
    let in_version = anchored_in(good, |header| header.roster.version = header.roster.version.next());
    let (another, rosters) = (good.chain.head.clone(), good.chain.rosters.clone());
    let last = rosters.last().unwrap().clone();
    let mut by_nobody = good.chain.rosters[1].clone();
    by_nobody.signatures =
        signed_by(&serde_json::from_slice::<Roster>(&by_nobody.payload.0).unwrap(), &[70]).signatures;
    vec![
        fault(
            "another anchor",
            move |_, shown| shown.chain.anchor = another.clone(),
            EvidenceRefusal::Anchor(SignedRefusal::OtherHash),
        ),
        fault(
            "an anchor of another organization",
            anchored_in(good, |header| header.org.0[0] ^= 1),
            EvidenceRefusal::OtherOrganization,
        ),
        fault(
            "an anchor elsewhere",
            |client, _| client.anchor.seq = client.anchor.seq.next(),
            EvidenceRefusal::OtherOrganization,
        ),
        fault("no roster", |_, shown| shown.chain.rosters.clear(), EvidenceRefusal::Rollback("a roster is missing")),
        fault(
            "the first roster is not the anchor's",
            move |_, shown| shown.chain.rosters = vec![last.clone()],
            EvidenceRefusal::Roster(RosterRefusal::Signed(SignedRefusal::OtherHash)),
        ),
        fault(
            "an anchor that names its roster by another version",
            move |client, shown| {
                in_version(client, shown);
                shown.chain.rosters = rosters.clone();
            },
            EvidenceRefusal::Rollback("the anchor's roster has another version"),
        ),
        fault(
            "an anchor in another organization's roster",
            move |client, shown| {
                in_other(client, shown);
                shown.chain.rosters = vec![other_roster.clone()];
            },
            EvidenceRefusal::OtherOrganization,
        ),
        fault(
            "an anchor whose roster asks for a newer suite",
            move |client, shown| {
                in_newer(client, shown);
                shown.chain.rosters = vec![too_new.clone()];
            },
            EvidenceRefusal::Roster(RosterRefusal::SuiteTooNew(2)),
        ),
        fault(
            "a roster by nobody",
            move |_, shown| shown.chain.rosters[1] = by_nobody.clone(),
            EvidenceRefusal::Roster(RosterRefusal::Signed(SignedRefusal::NotSigned)),
        ),
        fault(
            "a gap between rosters",
            |_, shown| {
                shown.chain.rosters.remove(1);
            },
            EvidenceRefusal::Roster(RosterRefusal::NotNext),
        ),
        fault(
            "an older roster than remembered",
            |client, _| {
                client.anchor.roster = Some(RosterRef { version: RosterVersion::new(4).unwrap(), hash: Hash([0; 32]) })
            },
            EvidenceRefusal::Rollback("the roster is older"),
        ),
        fault(
            "another roster of the version that is remembered",
            |client, shown| {
                let last = shown.chain.rosters.last().unwrap();
                let newest = serde_json::from_slice::<Roster>(&last.payload.0).unwrap().version;
                client.anchor.roster = Some(RosterRef { version: newest, hash: Hash([7; 32]) });
            },
            EvidenceRefusal::Rollback("the roster is another one of the same version"),
        ),
    ]
}

/// Steps 3 and 4: the newest header, and what must come before it.
fn faults_of_the_head(good: &Shown) -> Vec<Fault> {
    let head: Header = serde_json::from_slice(&good.chain.head.payload.0).unwrap();
    let by_nobody = signed_by(&head, &[70]);
    let first = head_that(good, |header| header.seq = Seq::FIRST);
    vec![
        fault(
            "a head by nobody",
            move |_, shown| shown.chain.head = by_nobody.clone(),
            EvidenceRefusal::Head(SignedRefusal::NotSigned),
        ),
        fault(
            "a head of another organization",
            head_that(good, |header| header.org.0[0] ^= 1),
            EvidenceRefusal::OtherOrganization,
        ),
        fault(
            "a head that names another roster",
            head_that(good, |header| header.roster.hash = Hash([1; 32])),
            EvidenceRefusal::Rollback("the newest header names another roster"),
        ),
        fault(
            "a head that names its roster by another version",
            head_that(good, |header| header.roster.version = header.roster.version.next()),
            EvidenceRefusal::Rollback("the newest header names another roster"),
        ),
        fault(
            "a head before the anchor",
            move |client, shown| {
                first(client, shown);
                client.anchor.remembered = None;
            },
            EvidenceRefusal::Rollback("the newest header is older"),
        ),
        fault(
            "a head before the remembered one",
            |client, _| {
                client.anchor.remembered = Some(HeaderRef { seq: Seq::new(1000).unwrap(), hash: Hash([1; 32]) });
            },
            EvidenceRefusal::Rollback("the newest header is older"),
        ),
        fault(
            "no proof of the anchor",
            |_, shown| shown.chain.anchor_proof = None,
            unproven("the anchor is not in the directory"),
        ),
        fault(
            "no proof of the remembered header",
            |_, shown| shown.chain.remembered_proof = None,
            EvidenceRefusal::Rollback("the remembered header is not in the directory"),
        ),
    ]
}

/// The second half: the profile.
fn faults_of_the_profile(world: &World, good: &Shown) -> Vec<Fault> {
    let staging = world.state.leaf_entry(&profile(STAGING)).unwrap();
    let manifest: Manifest = serde_json::from_slice(&good.profile.manifest.payload.0).unwrap();
    let by_nobody = signed_by(&manifest, &[70]);
    let known = |id: u8, at: u64, of: u64, manifest: Option<Hash>| ProfileFloor {
        id: profile(id),
        name: name("production"),
        revision: revision(at),
        epoch: epoch(of),
        manifest,
    };
    let remembers =
        |floor: ProfileFloor| move |client: &mut Client, _: &mut Shown| client.floors.insert(0, floor.clone());
    let old = |floor: u64| EvidenceRefusal::OldRevision { shown: revision(3), floor: revision(floor) };
    vec![
        fault(
            "a leaf in another place",
            |_, shown| shown.profile.leaf.proof.index ^= 1,
            unproven("the profile is not in the directory"),
        ),
        fault("another profile", move |_, shown| shown.profile.leaf = staging.clone(), EvidenceRefusal::OtherProfile),
        fault(
            "another profile than the remembered one of this name",
            remembers(known(99, 1, 1, None)),
            EvidenceRefusal::Replaced { remembered: profile(99), now: profile(PRODUCTION) },
        ),
        fault(
            "a manifest by nobody",
            move |_, shown| shown.profile.manifest = by_nobody.clone(),
            ManifestRefusal::Signed(SignedRefusal::NotSigned).into(),
        ),
        fault(
            "no proof of the manifest's header",
            |_, shown| shown.profile.header_proof = None,
            unproven("the manifest names a header that is not in the directory"),
        ),
        fault("a revision below the minimum", |client, _| client.minimum = Revision::new(8).ok(), old(8)),
        fault("a revision before the remembered one", remembers(known(PRODUCTION, 9, 1, None)), old(9)),
        fault("an epoch before the remembered one", remembers(known(PRODUCTION, 2, 9, None)), old(2)),
        fault(
            "another revision 3 than the remembered one",
            remembers(known(PRODUCTION, 3, 1, Some(Hash([8; 32])))),
            EvidenceRefusal::Forked(revision(3)),
        ),
    ]
}

/// Each check refuses by itself; and of two faults the earlier check finds its own first.
#[test]
fn checks_come_in_their_order() {
    let (world, client, good) = full();
    let mut faults = faults_of_the_beginning(good);
    faults.extend(faults_of_the_head(good));
    faults.extend(faults_of_the_profile(world, good));
    for (first, (what, bend, refusal)) in faults.iter().enumerate() {
        let (mut alone, mut shown) = (client.clone(), good.clone());
        bend(&mut alone, &mut shown);
        assert_eq!(refused(&alone, &shown), *refusal, "{what}");
        for (later_what, later, _) in &faults[first + 1..] {
            let (mut client, mut shown) = (client.clone(), good.clone());
            // The later one first: it must not repair what the earlier one bends.
            later(&mut client, &mut shown);
            bend(&mut client, &mut shown);
            assert_eq!(refused(&client, &shown), *refusal, "{what}, with {later_what}");
        }
    }
}

/// What a client remembers exactly is no reason to refuse; nor is what it knows of other profiles.
#[test]
fn what_is_remembered_is_met_exactly() {
    let (_, client, good) = full();
    let mut client = client.clone();
    let here = client.check(good, "production").unwrap().1.floor();
    let elsewhere =
        ProfileFloor { id: profile(STAGING), name: name("staging"), revision: revision(99), ..here.clone() };
    let unknown = ProfileFloor { manifest: None, ..here.clone() };
    client.floors = vec![elsewhere, here.clone(), unknown];
    client.minimum = Some(here.revision);
    assert_eq!(client.check(good, "production").unwrap().1.floor(), here);
    // By id, a name that moved is no replacement: the id is what was asked for.
    client.floors = vec![ProfileFloor { id: profile(99), ..here.clone() }];
    client.check(good, &profile(PRODUCTION).to_string()).unwrap();
    // The newest header itself, as anchor and as what is remembered, needs no proof.
    let (world, ..) = full();
    let mut newest = Client::new(world);
    newest.anchor.remembered = Some(world.state.head());
    let shown = show(world, &newest, PRODUCTION, &good.profile.manifest);
    assert_eq!((&shown.chain.anchor_proof, &shown.chain.remembered_proof), (&None, &None));
    newest.check(&shown, "production").unwrap();
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
        assert!(matches!(refused(client, &shown), EvidenceRefusal::Proof { .. }), "fault {number}");
    }
}

/// A header is known by its position and its hash, both: a true one elsewhere is none.
#[test]
fn a_header_is_held_in_its_own_place_only() {
    let (world, client, good) = full();
    let trusted = good.chain.verify(&client.anchor).unwrap();
    let (log, size) = (world.state.header_log(), world.state.head().seq.get());
    for (at, statement) in world.statements.iter().enumerate() {
        let seq = Seq::new(at as u64).unwrap();
        let header = HeaderRef { seq, hash: statement.header.hash_as::<Header>() };
        let proof = log.inclusion_at(at, usize::try_from(size).unwrap());
        trusted.check_holds(&header, proof.as_ref()).unwrap();
        assert_eq!(proof.is_none(), header == trusted.head(), "only the newest one needs no proof");
        for elsewhere in (0..=size + 1).filter(|other| *other != seq.get()) {
            let moved = HeaderRef { seq: Seq::new(elsewhere).unwrap(), ..header };
            assert_eq!(trusted.check_holds(&moved, proof.as_ref()), Err(ProofRejected), "{at} said to be {elsewhere}");
        }
        let another = HeaderRef { hash: Hash([1; 32]), ..header };
        assert_eq!(trusted.check_holds(&another, proof.as_ref()), Err(ProofRejected), "another header {at}");
    }
}

#[test]
fn a_profile_is_asked_for_by_name_or_id() {
    let (_, client, good) = full();
    client.check(good, &profile(PRODUCTION).to_string()).unwrap();
    for asked in ["staging", "Production", "productio", "third"] {
        assert_eq!(client.check(good, asked).map(|_| ()).unwrap_err(), EvidenceRefusal::OtherProfile, "{asked}");
    }
    let other_id = profile(STAGING).to_string();
    assert_eq!(client.check(good, &other_id).map(|_| ()).unwrap_err(), EvidenceRefusal::OtherProfile);
    assert_eq!(good.profile.leaf.leaf.name, name("production"));
}
