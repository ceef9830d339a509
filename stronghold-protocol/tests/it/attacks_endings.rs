//! What a signer leaves behind whose right ended rightfully, whichever way; and names that are exchanged rightfully.

use crate::{
    directory_world::{
        ADMIN, DEPLOY, EDITOR, OWNER, PRODUCTION, STAGING, World, epoch, group, keys, left, name, profile, recovery,
        revision, sealed_secret, user, user_changed,
    },
    evidence_world::{Scene, show},
};
use stronghold_protocol::{
    directory::{Change, Role, Vouched},
    evidence::EvidenceRefusal,
    manifest::{Manifest, ManifestRefusal},
    secret::SealedSecret,
    signed::{Signed, SignedRefusal},
};

const NOT_SIGNED: EvidenceRefusal = EvidenceRefusal::Manifest(ManifestRefusal::Signed(SignedRefusal::NotSigned));

/// What the last revision by `signer` holds.
fn secrets_by(signer: u8) -> Vec<SealedSecret> {
    match signer {
        EDITOR => vec![sealed_secret(1, 1), sealed_secret(2, 1)],
        _ => vec![sealed_secret(1, 2)],
    }
}

/// A scene whose `production` was last written by `signer`.
fn written_by(signer: u8) -> (Scene, Signed) {
    let mut scene = Scene::new();
    if signer != EDITOR {
        scene.production.write(&scene.world, signer, &secrets_by(signer));
    }
    let last = scene.production.all.last().unwrap().clone();
    (scene, last)
}

/// The changes with everything that must come along, vouching for `last` as the newest revision of `production`.
fn vouching_for(world: &World, changes: Vec<Change>, at: u64, last: &Signed) -> Vec<Change> {
    let mut changes = world.with_rekeys(changes);
    let newest = Vouched { revision: revision(at), manifest: last.hash_as::<Manifest>() };
    let mut found = false;
    for change in &mut changes {
        if let Change::ProfileEpoch { id, vouched, .. } | Change::ProfileVouched { id, vouched } = change
            && *id == profile(PRODUCTION)
        {
            *vouched = newest;
            found = true;
        }
    }
    assert!(found, "the ending does not concern the profile");
    changes
}

/// `signer`'s right ends by `changes` of `author`'s.
fn ends(what: &str, signer: u8, author: u8, changes: impl Fn(&World) -> Vec<Change>) {
    let (mut scene, last) = written_by(signer);
    let at = scene.production.all.len() as u64;
    // Signed while it was still right, and shown only later; with a key of which the profile has moved on.
    let kept_back = scene.production.next(&scene.world, signer, &[sealed_secret(7, 1)], |_| {});
    assert_eq!(scene.client.check(&scene.honest(), "production").unwrap().1.manifest().value().revision.get(), at);

    // A statement that vouches for less leaves the last revision behind unbelieved: nobody else stands for it.
    let mut less = written_by(signer).0;
    let changes_alone = less.world.with_rekeys(changes(&less.world));
    less.world.by(author, changes_alone);
    assert_eq!(less.passed_off(&last), NOT_SIGNED, "{what}");

    let all = vouching_for(&scene.world, changes(&scene.world), at, &last);
    scene.world.by(author, all);
    let (_, read) = scene.client.check(&scene.honest(), "production").expect(what);
    assert_eq!(read.manifest().hash(), last.hash_as::<Manifest>(), "{what}: what was written stays readable");
    read.check_secrets(&secrets_by(signer)).unwrap();

    // Whatever the signer signs now counts for nothing: the kept one, one after the vouched one, a much later one.
    assert_eq!(scene.passed_off(&kept_back), NOT_SIGNED, "{what}");
    assert_eq!(scene.passed_off(&scene.production.next(&scene.world, signer, &[], |_| {})), NOT_SIGNED, "{what}");
    let later = scene.production.next(&scene.world, signer, &[], |manifest| manifest.revision = revision(1000));
    assert_eq!(scene.passed_off(&later), NOT_SIGNED, "{what}");
    let again = scene.production.next(&scene.world, signer, &[], |manifest| manifest.revision = revision(at));
    assert_eq!(scene.passed_off(&again), NOT_SIGNED, "{what}");
    // It signs no statement either that would vouch for it.
    let vouched = Vouched { revision: revision(at + 1), manifest: kept_back.hash_as::<Manifest>() };
    let change = Change::ProfileVouched { id: profile(PRODUCTION), vouched };
    let statement = scene.world.forged(&[change], &[signer], |_| {});
    scene.world.state.append(&statement).unwrap_err();

    // Whoever stays goes on from there.
    let rightful = scene.production.write(&scene.world, OWNER, &[sealed_secret(1, 3)]);
    let (_, read) = scene.client.check(&scene.honest(), "production").unwrap();
    assert_eq!(read.manifest().hash(), rightful.hash_as::<Manifest>(), "{what}");
}

#[test]
fn an_editors_right_ends() {
    let editor = user(EDITOR);
    ends("leaves the group", EDITOR, ADMIN, |_| vec![left(DEPLOY, editor)]);
    ends("is removed", EDITOR, ADMIN, |_| vec![Change::UserRemoved { id: editor }]);
    ends("becomes an auditor", EDITOR, ADMIN, |_| vec![left(DEPLOY, editor), user_changed(EDITOR, Role::Auditor)]);
    ends("is of a group that ends", EDITOR, ADMIN, |_| vec![Change::GroupDeleted { id: group(DEPLOY) }]);
    ends("is of a group whose grant ends", EDITOR, ADMIN, |_| {
        vec![Change::ProfileRevoked { profile: profile(PRODUCTION), group: group(DEPLOY) }]
    });
    ends("has new keys, and the old ones sign no more", EDITOR, ADMIN, |_| {
        vec![Change::UserRekeyed { id: editor, keys: keys(60), recovery: recovery(EDITOR) }]
    });
}

#[test]
fn an_admins_right_ends() {
    let admin = user(ADMIN);
    ends("is removed", ADMIN, OWNER, |world| {
        let roster = world.roster_change(&[OWNER], |roster| roster.admins.clear());
        vec![Change::UserRemoved { id: admin }, roster]
    });
    ends("becomes an auditor", ADMIN, OWNER, |world| {
        let roster = world.roster_change(&[OWNER], |roster| roster.admins.clear());
        vec![user_changed(ADMIN, Role::Auditor), roster]
    });
    ends("has new keys, and the old ones sign no more", ADMIN, OWNER, |world| {
        let roster = world.roster_change(&[OWNER], |roster| roster.admins[0].keys = keys(60));
        vec![Change::UserRekeyed { id: admin, keys: keys(60), recovery: recovery(ADMIN) }, roster]
    });
}

/// `production` and `staging` exchange names in one statement, by an owner: all signatures are right.
#[test]
fn two_profiles_exchange_their_names() {
    let mut scene = Scene::new();
    let fresh = scene.client.clone();
    let honest = scene.honest();
    scene.client.reads(&honest, "production");
    let staging = show(&scene.world, &scene.client, STAGING, scene.staging.all.last().unwrap());
    scene.client.reads(&staging, "staging");

    let mut changes = Vec::new();
    for (number, text) in [(PRODUCTION, "aside"), (STAGING, "production"), (PRODUCTION, "staging")] {
        let revisions = if number == PRODUCTION { &mut scene.production } else { &mut scene.staging };
        let manifest = revisions.next(&scene.world, OWNER, &[], |manifest| manifest.name = name(text));
        revisions.all.push(manifest.clone());
        let vouched =
            Vouched { revision: revision(revisions.all.len() as u64), manifest: manifest.hash_as::<Manifest>() };
        changes.push(Change::ProfileRenamed { id: profile(number), name: name(text), vouched });
    }
    scene.world.by(OWNER, changes);

    let now_production = show(&scene.world, &scene.client, STAGING, scene.staging.all.last().unwrap());
    let now_staging = show(&scene.world, &scene.client, PRODUCTION, scene.production.all.last().unwrap());
    let replaced = |remembered, now| EvidenceRefusal::Replaced { remembered: profile(remembered), now: profile(now) };
    assert_eq!(scene.refused(&now_production, "production"), replaced(PRODUCTION, STAGING));
    assert_eq!(scene.refused(&now_staging, "staging"), replaced(STAGING, PRODUCTION));
    // The server cannot answer with the other one either, or with a manifest from before.
    assert_eq!(scene.refused(&now_staging, "production"), EvidenceRefusal::OtherProfile);
    for (shown, before) in [(&now_staging, &honest), (&now_production, &staging)] {
        let mut shown = shown.clone();
        shown.profile.manifest = before.profile.manifest.clone();
        let id = shown.profile.leaf.leaf.id.to_string();
        let refusal = scene.refused(&shown, &id);
        assert!(matches!(refusal, EvidenceRefusal::Manifest(ManifestRefusal::Old { .. })), "{refusal}");
    }
    // By id each is what it was, whatever it is called.
    for (shown, number) in [(&now_staging, PRODUCTION), (&now_production, STAGING)] {
        let (_, read) = scene.client.check(shown, &profile(number).to_string()).unwrap();
        assert_eq!((read.leaf().id, read.leaf().epoch), (profile(number), epoch(1)));
    }
    // Who never read either has nothing to compare with; the header alone does not tell.
    let shown = show(&scene.world, &fresh, STAGING, scene.staging.all.last().unwrap());
    assert_eq!(fresh.check(&shown, "production").unwrap().1.leaf().id, profile(STAGING));
}
