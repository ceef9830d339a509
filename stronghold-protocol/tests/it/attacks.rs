//! What a hostile server, alone or together with somebody inside, cannot make an agent believe.

use crate::{
    directory_world::{
        ADMIN, CI, DEPLOY, EDITOR, OTHER_AGENT, OWNER, PRODUCTION, STAGING, STAGING_EDITOR, STAGING_TEAM, World, agent,
        commitment, epoch, granted, group, joined, name, profile, profile_created, sealed_secret, signed_by, user,
        vouched,
    },
    evidence_world::{Client, Scene, Shown, show},
};
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Change, DirectoryRefusal, Header, HeaderRef, Vouched},
    evidence::EvidenceRefusal,
    manifest::{Manifest, ManifestRefusal},
    merkle::{self, Inclusion},
    number::Revision,
    signed::SignedRefusal,
};

const NOT_SIGNED: ManifestRefusal = ManifestRefusal::Signed(SignedRefusal::NotSigned);

#[test]
fn an_honest_server_is_believed() {
    let scene = Scene::new();
    let (trusted, read) = scene.client.check(&scene.honest(), "production").unwrap();
    assert_eq!(trusted.head(), scene.world.state.head());
    assert_eq!(read.manifest().value().revision.get(), 3);
    read.check_secrets(&[sealed_secret(1, 1), sealed_secret(2, 1)]).unwrap();
    let by_id = scene.client.check(&scene.honest(), &profile(PRODUCTION).to_string()).unwrap();
    assert_eq!(by_id.1.leaf().id, profile(PRODUCTION));
}

/// An editor of `staging` who has the server on their side: whatever they sign, wherever it is shown.
#[test]
fn an_editor_of_staging_and_the_server_cannot_pass_anything_off_as_production() {
    let scene = Scene::new();
    let (world, client) = (&scene.world, &scene.client);
    let secrets = [sealed_secret(9, 9)];
    // Staging's own evidence, whole, as the answer to a question for production.
    let staging = show(world, client, STAGING, scene.staging.all.last().unwrap());
    client.check(&staging, "staging").unwrap();
    assert_eq!(scene.refused(&staging, "production"), EvidenceRefusal::OtherProfile);
    assert_eq!(scene.refused(&staging, &profile(PRODUCTION).to_string()), EvidenceRefusal::OtherProfile);
    // Staging's manifest under production's leaf: signed by nobody who may write production.
    assert_eq!(scene.passed_off(scene.staging.all.last().unwrap()), NOT_SIGNED.into());
    // Staging's vouched manifest, signed by the owner.
    assert_eq!(
        scene.passed_off(&scene.staging.all[1]),
        ManifestRefusal::Old { revision: Revision::new(2).unwrap(), vouched: Revision::new(2).unwrap() }.into()
    );
    // A manifest that says it is production's, signed by staging's editor, also along with everybody else's old signatures.
    let forged = scene.production.next(world, STAGING_EDITOR, &secrets, |_| {});
    assert_eq!(scene.passed_off(&forged), NOT_SIGNED.into());
    let mut grafted = forged;
    grafted.signatures.extend(scene.production.all.last().unwrap().signatures.clone());
    assert_eq!(scene.passed_off(&grafted), NOT_SIGNED.into(), "a signature of another payload");
    let renamed = scene.staging.next(world, STAGING_EDITOR, &secrets, |manifest| {
        manifest.profile = profile(PRODUCTION);
        manifest.name = name("production");
    });
    assert_eq!(scene.passed_off(&renamed), NOT_SIGNED.into());

    // A leaf of their own making: it stands under no signed root.
    let mut shown = scene.honest();
    shown.profile.leaf.leaf.writers.push(crate::directory_world::sign_key(STAGING_EDITOR));
    shown.profile.leaf.leaf.writers.sort();
    shown.profile.manifest = scene.production.next(world, STAGING_EDITOR, &secrets, |_| {});
    assert!(matches!(scene.refused(&shown, "production"), EvidenceRefusal::Proof { .. }));
    // Staging's leaf with production's name, or production's id.
    for bend in [0, 1] {
        let mut shown = staging.clone();
        match bend {
            0 => shown.profile.leaf.leaf.name = name("production"),
            _ => shown.profile.leaf.leaf.id = profile(PRODUCTION),
        }
        let asked = if bend == 0 { "production".to_owned() } else { profile(PRODUCTION).to_string() };
        assert!(matches!(scene.refused(&shown, &asked), EvidenceRefusal::Proof { .. }));
    }

    // A head of their own making: with their key in the roster's place, or over a state in which they may write.
    let mut changed = world.clone();
    changed.by(OWNER, vec![joined(DEPLOY, user(STAGING_EDITOR))]);
    let genuine = changed.statements.last().unwrap().header.clone();
    let header: Header = serde_json::from_slice(&genuine.payload.0).unwrap();
    let mut shown =
        show(&changed, client, PRODUCTION, &scene.production.next(&changed, STAGING_EDITOR, &secrets, |_| {}));
    shown.chain.head = signed_by(&header, &[STAGING_EDITOR]);
    assert_eq!(scene.refused(&shown, "production"), EvidenceRefusal::Head(SignedRefusal::NotSigned));
    let mut unsigned = genuine;
    unsigned.signatures.clear();
    shown.chain.head = unsigned;
    assert_eq!(scene.refused(&shown, "production"), EvidenceRefusal::Head(SignedRefusal::NotSigned));
    // And the directory takes no statement of theirs, whatever it changes.
    for change in [
        joined(DEPLOY, user(STAGING_EDITOR)),
        granted(PRODUCTION, STAGING_TEAM, true, true),
        Change::ProfileVouched { id: profile(PRODUCTION), vouched: vouched(9) },
    ] {
        let statement = world.forged(&[change], &[STAGING_EDITOR], |_| {});
        assert_eq!(world.state.append(&statement).unwrap_err(), DirectoryRefusal::Signed(SignedRefusal::NotSigned));
    }
}

/// Nor by what they rightfully signed while they could, somewhere else or at another time.
#[test]
fn what_a_rightful_signer_signed_counts_in_its_own_place_only() {
    let scene = Scene::new();
    let refused = |bend: fn(&mut Manifest)| {
        let manifest = scene.production.next(&scene.world, EDITOR, &[], bend);
        match scene.passed_off(&manifest) {
            EvidenceRefusal::Manifest(refusal) => refusal,
            other => panic!("refused for another reason: {other}"),
        }
    };
    assert_eq!(refused(|manifest| manifest.org.0[0] ^= 1), ManifestRefusal::OtherThanLeaf("organization"));
    assert_eq!(refused(|manifest| manifest.profile = profile(STAGING)), ManifestRefusal::OtherThanLeaf("profile"));
    assert_eq!(refused(|manifest| manifest.name = name("staging")), ManifestRefusal::OtherThanLeaf("name"));
    assert_eq!(refused(|manifest| manifest.epoch = epoch(2)), ManifestRefusal::OtherThanLeaf("epoch"));
    assert_eq!(
        refused(|manifest| manifest.commitment = commitment(PRODUCTION, 9)),
        ManifestRefusal::OtherThanLeaf("key commitment")
    );
    let two = Revision::new(2).unwrap();
    assert_eq!(
        refused(|manifest| manifest.revision = Revision::new(2).unwrap()),
        ManifestRefusal::Old { revision: two, vouched: two },
        "another revision 2 than the vouched one"
    );
    assert_eq!(
        refused(|manifest| manifest.revision = Revision::new(3).unwrap()),
        ManifestRefusal::NotNext,
        "revision 3 follows the vouched one"
    );
    assert_eq!(refused(|manifest| manifest.count = 10_001), ManifestRefusal::TooManySecrets);
    // A header that is no part of the directory: a fork's, or one that is yet to come.
    let manifest = scene.production.next(&scene.world, EDITOR, &[], |manifest| manifest.header.hash = Hash([7; 32]));
    assert!(matches!(scene.passed_off(&manifest), EvidenceRefusal::Proof { .. }));
}

#[test]
fn secrets_that_the_manifest_does_not_state_are_refused() {
    let scene = Scene::new();
    let (_, read) = scene.client.check(&scene.honest(), "production").unwrap();
    let other: EvidenceRefusal = ManifestRefusal::OtherSecrets.into();
    let (one, two) = (sealed_secret(1, 1), sealed_secret(2, 1));
    let mut altered = two.clone();
    altered.value.0[0] ^= 1;
    for secrets in [
        vec![],
        vec![one.clone()],
        vec![two.clone(), one.clone()],
        vec![one.clone(), one.clone()],
        vec![one.clone(), two.clone(), sealed_secret(3, 1)],
        vec![one.clone(), sealed_secret(2, 2)],
        vec![one, altered],
    ] {
        assert_eq!(read.check_secrets(&secrets).unwrap_err(), other);
    }
}

/// A signer who is removed rightfully leaves readable secrets behind, and signs nothing any more.
#[test]
fn a_removed_signers_last_revision_is_vouched_for_and_the_next_one_refused() {
    let mut scene = Scene::new();
    let last = scene.production.all.last().unwrap().clone();
    let vouched = Vouched { revision: Revision::new(3).unwrap(), manifest: last.hash_as::<Manifest>() };
    let mut changes = scene.world.with_rekeys(vec![Change::UserRemoved { id: user(EDITOR) }]);
    for change in &mut changes {
        if let Change::ProfileEpoch { id, vouched: by, .. } = change
            && *id == profile(PRODUCTION)
        {
            *by = vouched;
        }
    }
    let written_while_removed = scene.production.next(&scene.world, EDITOR, &[sealed_secret(5, 1)], |_| {});
    scene.world.by(ADMIN, changes);
    // The last revision is of the epoch before, and signed by nobody who may write now; the directory names its hash.
    let shown = scene.honest();
    let (_, read) = scene.client.check(&shown, "production").unwrap();
    assert_eq!(read.manifest().value().revision.get(), 3);
    assert!(read.manifest().value().epoch < read.leaf().epoch);
    // The next one counts for nothing, whenever it was signed and whichever epoch it states.
    assert_eq!(scene.passed_off(&written_while_removed), NOT_SIGNED.into());
    let of_new_epoch = scene.production.next(&scene.world, EDITOR, &[sealed_secret(5, 1)], |_| {});
    assert_eq!(scene.passed_off(&of_new_epoch), NOT_SIGNED.into());
    // An earlier one of theirs is old, and another manifest of the vouched revision is not the vouched one.
    let again = scene.production.all.len();
    scene.production.all.truncate(again - 1);
    let rival = scene.production.next(&scene.world, EDITOR, &[], |_| {});
    assert_eq!(scene.passed_off(&rival), NOT_SIGNED.into());
    // The same by somebody who stays: it comes after what is vouched for, or not at all.
    let rival = scene.production.next(&scene.world, ADMIN, &[], |_| {});
    let three = Revision::new(3).unwrap();
    assert_eq!(scene.passed_off(&rival), ManifestRefusal::Old { revision: three, vouched: three }.into());
    scene.production.all.push(last);
    let rightful = scene.production.write(&scene.world, ADMIN, &[sealed_secret(1, 1)]);
    assert_eq!(
        scene.client.check(&scene.honest(), "production").unwrap().1.manifest().hash(),
        rightful.hash_as::<Manifest>()
    );
}

/// Two profiles exchange their names: rightfully, as far as signatures go.
#[test]
fn swapped_names_do_not_take_a_remembering_client_back() {
    let mut scene = Scene::new();
    let shown = scene.honest();
    scene.client.reads(&shown, "production");
    let fresh = Client { floors: Vec::new(), ..scene.client.clone() };
    let mut vouched = Vec::new();
    for (revisions, called) in [(&mut scene.production, "aside"), (&mut scene.staging, "production")] {
        let manifest = revisions.next(&scene.world, OWNER, &[], |manifest| manifest.name = name(called));
        let number = Revision::new(revisions.all.len() as u64 + 1).unwrap();
        vouched.push(Vouched { revision: number, manifest: manifest.hash_as::<Manifest>() });
        revisions.all.push(manifest);
    }
    let rename = |number, text, vouched| Change::ProfileRenamed { id: profile(number), name: name(text), vouched };
    scene.world.by(OWNER, vec![rename(PRODUCTION, "aside", vouched[0]), rename(STAGING, "production", vouched[1])]);
    let shown = show(&scene.world, &scene.client, STAGING, scene.staging.all.last().unwrap());
    assert_eq!(
        scene.refused(&shown, "production"),
        EvidenceRefusal::Replaced { remembered: profile(PRODUCTION), now: profile(STAGING) }
    );
    // Whoever asks by id, or for its new name, gets the profile that it remembers.
    let moved = show(&scene.world, &scene.client, PRODUCTION, scene.production.all.last().unwrap());
    for asked in ["aside".to_owned(), profile(PRODUCTION).to_string()] {
        assert_eq!(scene.client.check(&moved, &asked).unwrap().1.leaf().id, profile(PRODUCTION));
    }
    // Who never read it has nothing to go by.
    assert_eq!(fresh.check(&shown, "production").unwrap().1.leaf().id, profile(STAGING));
    // Before the swap was signed, the server cannot play it.
    let before = Scene::new();
    let early = show(&before.world, &before.client, STAGING, scene.staging.all.last().unwrap());
    assert_eq!(before.refused(&early, "production"), EvidenceRefusal::OtherProfile);
}

/// Nothing older, and no other history, than what a client remembers.
#[test]
fn nothing_that_is_remembered_is_taken_back() {
    let mut scene = Scene::new();
    let (old_world, old_shown) = (scene.world.clone(), scene.honest());
    let token = scene.client.clone();
    scene.world.by(OWNER, vec![profile_created(60, "newer")]);
    let roster = scene.world.roster_change(&[OWNER], |_| {});
    scene.world.by(OWNER, vec![roster]);
    scene.production.write(&scene.world, EDITOR, &[sealed_secret(1, 2)]);
    let shown = scene.honest();
    scene.client.reads(&shown, "production");
    scene.client.reads(&scene.honest(), "production");

    // An older header.
    let older = show(&old_world, &token, PRODUCTION, &scene.production.all[2]);
    assert!(matches!(scene.refused(&older, "production"), EvidenceRefusal::Rollback(_)));
    assert!(matches!(scene.refused(&old_shown, "production"), EvidenceRefusal::Rollback(_)));
    // Without memory, the token's own header is still the oldest that counts.
    token.check(&older, "production").unwrap();
    let genesis = World { statements: scene.world.statements[..1].to_vec(), ..scene.world.clone() };
    let mut ancient = shown_head(&scene.honest(), &genesis);
    assert!(scene.client.check(&ancient, "production").is_err());
    ancient.chain.anchor_proof = None;
    assert!(token.check(&ancient, "production").is_err());
    // An older manifest under the newest header.
    assert_eq!(
        scene.passed_off(&scene.production.all[2]),
        EvidenceRefusal::OldRevision { shown: Revision::new(3).unwrap(), floor: Revision::new(4).unwrap() }
    );
    // Another revision 4, rightfully signed.
    scene.production.all.pop();
    let other = scene.production.next(&scene.world, EDITOR, &[sealed_secret(1, 3)], |_| {});
    assert_eq!(scene.passed_off(&other), EvidenceRefusal::Forked(Revision::new(4).unwrap()));
    // A minimum that the caller knows from elsewhere.
    scene.client.minimum = Some(Revision::new(5).unwrap());
    assert_eq!(
        scene.refused(&shown, "production"),
        EvidenceRefusal::OldRevision { shown: Revision::new(4).unwrap(), floor: Revision::new(5).unwrap() }
    );
}

fn shown_head(shown: &Shown, world: &World) -> Shown {
    let mut shown = shown.clone();
    shown.chain.head = world.statements.last().unwrap().header.clone();
    shown.chain.rosters.truncate(1);
    shown
}

/// Two histories from one point on: a client of one never moves to the other.
#[test]
fn a_fork_is_no_continuation() {
    let scene = Scene::new();
    let mut client = scene.client.clone();
    let (mut left, mut right) = (scene.world.clone(), scene.world.clone());
    left.by(OWNER, vec![profile_created(60, "left")]);
    right.by(OWNER, vec![profile_created(61, "right")]);
    let manifest = scene.production.all.last().unwrap();
    client.reads(&show(&left, &scene.client, PRODUCTION, manifest), "production");
    left.by(OWNER, vec![joined(DEPLOY, agent(OTHER_AGENT))]);
    right.by(OWNER, vec![joined(DEPLOY, agent(OTHER_AGENT))]);
    client.check(&show(&left, &client, PRODUCTION, manifest), "production").unwrap();
    let mut other = show(&right, &client, PRODUCTION, manifest);
    assert!(matches!(client.check(&other, "production").unwrap_err(), EvidenceRefusal::Rollback(_)));
    other.chain.remembered_proof = None;
    assert!(matches!(client.check(&other, "production").unwrap_err(), EvidenceRefusal::Rollback(_)));
    let remembered = client.anchor.remembered.unwrap();
    // A proof from the other branch's tree, for the remembered header's place.
    let at = |world: &World, at: HeaderRef| -> Inclusion {
        let size = usize::try_from(world.state.head().seq.get()).unwrap();
        world.state.header_log().inclusion_at(usize::try_from(at.seq.get()).unwrap(), size).unwrap()
    };
    other.chain.remembered_proof = Some(at(&left, remembered));
    assert!(matches!(client.check(&other, "production").unwrap_err(), EvidenceRefusal::Rollback(_)));
    // Same place, same height, another header.
    let mut same = scene.client.clone();
    same.anchor.remembered = Some(HeaderRef { hash: Hash([3; 32]), ..right.state.head() });
    let shown = show(&right, &scene.client, PRODUCTION, manifest);
    assert!(matches!(same.check(&shown, "production").unwrap_err(), EvidenceRefusal::Rollback(_)));
    assert_ne!(merkle::empty_root(), left.state.header_log().root());
}

/// An agent outside the profile's groups learns nothing from evidence either: there is none for a foreign organization.
#[test]
fn another_organization_is_never_this_one() {
    let scene = Scene::new();
    let other = World::of(&[OWNER, 7], &[ADMIN], 1);
    let mut shown = scene.honest();
    shown.chain.anchor = other.statements[0].header.clone();
    assert_eq!(scene.refused(&shown, "production"), EvidenceRefusal::Anchor(SignedRefusal::OtherHash));
    let mut shown = scene.honest();
    shown.chain.head = other.statements[0].header.clone();
    // The owner has the same keys in both: the signature holds, the organization does not.
    assert_eq!(scene.refused(&shown, "production"), EvidenceRefusal::OtherOrganization);
    let mut elsewhere = scene.client.clone();
    elsewhere.anchor.org = other.org;
    assert_eq!(
        elsewhere.check(&scene.honest(), "production").map(|_| ()).unwrap_err(),
        EvidenceRefusal::OtherOrganization
    );
    assert_eq!(scene.world.state.groups_of(&agent(CI).into()), [group(DEPLOY)]);
}
