//! What the rules refuse beside the plain cases: things that do not exist, that were used before, that are said twice.

use crate::directory_world::{
    ADMIN, CI, DEPLOY, EDITOR, OTHER_AGENT, OWNER, PRODUCTION, STAGING, STAGING_TEAM, World, agent, agent_changed,
    agent_created, commitment, confirmed, email, epoch, first_roster, group, group_created, id_bytes, invite, invited,
    joined, kem, keys, left, name, next_group_epoch, next_profile_epoch, now, profile, profile_created, recovery,
    sign_key, signed_by, user, user_changed, vouched,
};
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{AgentStatus, Change, Conditions, Directory, DirectoryRefusal, Role},
    id::{InviteId, SecretId},
    limits,
    number::Version,
    roster::RosterRefusal,
    signed::SignedRefusal,
    time::Timestamp,
};

fn accepts(changes: Vec<Change>) -> World {
    let mut world = World::acme();
    let changes = world.with_rekeys(changes);
    world.by(ADMIN, changes);
    world
}

#[test]
fn whatever_a_change_names_is_there() {
    let purged = Change::SecretPurged {
        profile: profile(99),
        secret: SecretId::from_bytes(id_bytes(200)),
        versions: vec![Version::new(1).unwrap()],
    };
    let epoch_of_none =
        Change::ProfileEpoch { id: profile(99), epoch: epoch(2), commitment: commitment(99, 2), vouched: vouched(1) };
    let cases = [
        (Change::ProfileVouched { id: profile(99), vouched: vouched(2) }, "there is no such profile"),
        (Change::ProfileRevoked { profile: profile(99), group: group(DEPLOY) }, "there is no such profile"),
        (epoch_of_none, "there is no such profile"),
        (purged, "there is no such profile"),
        (left(99, agent(CI)), "there is no such group"),
        (joined(DEPLOY, user(99)), "there is no such member, or it is gone"),
        (
            Change::UserRekeyed { id: user(99), keys: keys(99), recovery: recovery(99) },
            "there is no such user, or they were removed",
        ),
        (
            Change::AgentRekeyed { id: agent(99), keys: vec![keys(99)], until: None },
            "there is no such agent, or it was deleted",
        ),
    ];
    for (change, rule) in cases {
        let kind = change.kind();
        let expected = DirectoryRefusal::Change { index: 0, kind, reason: rule };
        assert_eq!(World::acme().refused(OWNER, vec![change]), expected);
    }
}

/// The refusal names the change, and none of those before it is kept.
#[test]
fn one_bad_change_refuses_them_all() {
    let world = World::acme();
    let changes = vec![group_created(60, "new"), profile_created(61, "new"), agent_created(62, "ci")];
    let reason = "another agent has this name";
    assert_eq!(world.refused(ADMIN, changes), DirectoryRefusal::Change { index: 2, kind: "agent_created", reason });
    assert!(world.state.group(&group(60)).is_none());
}

#[test]
fn ids_of_all_kinds_are_used_once() {
    let mut world = World::acme();
    let invited_as = |id| match invited(60, Role::Editor) {
        Change::UserInvited { email, role, groups, key, expires_at, .. } => {
            Change::UserInvited { id: InviteId::from_bytes(id), email, role, groups, key, expires_at }
        }
        _ => panic!("an invitation"),
    };
    const USED: &str = "the id was used before";
    for number in [OWNER, CI, DEPLOY, PRODUCTION, EDITOR + 50] {
        assert_eq!(world.rule(ADMIN, vec![invited_as(id_bytes(number))]), USED);
        assert_eq!(world.rule(ADMIN, vec![agent_created(number, "new")]), USED);
        assert_eq!(world.rule(ADMIN, vec![group_created(number, "new")]), USED);
        assert_eq!(world.rule(ADMIN, vec![profile_created(number, "new")]), USED);
    }
    assert_eq!(world.rule(ADMIN, vec![group_created(60, "a"), profile_created(60, "b")]), USED, "in one statement");
    // What is gone leaves its name, not its id.
    let gone = vec![
        Change::AgentDeleted { id: agent(OTHER_AGENT) },
        Change::GroupDeleted { id: group(STAGING_TEAM) },
        Change::ProfileDeleted { id: profile(STAGING) },
    ];
    let gone = world.with_rekeys(gone);
    world.by(ADMIN, gone);
    for change in [
        agent_created(OTHER_AGENT, "other"),
        group_created(STAGING_TEAM, "staging-team"),
        profile_created(STAGING, "staging"),
    ] {
        assert_eq!(world.rule(ADMIN, vec![change]), USED);
    }
    world
        .by(ADMIN, vec![agent_created(60, "other"), group_created(61, "staging-team"), profile_created(62, "staging")]);
}

#[test]
fn whoever_joins_brings_their_own_id_address_and_keys() {
    let mut world = accepts(vec![invited(60, Role::Editor)]);
    let joining = |id: u8, keyed: u8, recovered: u8| Change::UserConfirmed {
        id: user(id),
        invite: Some(invite(110)),
        email: email(60),
        role: Role::Editor,
        keys: keys(keyed),
        recovery: recovery(recovered),
    };
    const USED: &str = "the signing key was used before";
    assert_eq!(world.rule(ADMIN, vec![joining(EDITOR, 60, 60)]), "the id was used before");
    assert_eq!(world.rule(ADMIN, vec![joining(60, EDITOR, 60)]), USED);
    assert_eq!(world.rule(ADMIN, vec![joining(60, CI, 60)]), USED);
    assert_eq!(world.rule(ADMIN, vec![joining(60, 60, EDITOR)]), USED, "another's recovery kit");
    let one_for_both = Change::UserConfirmed {
        id: user(60),
        invite: Some(invite(110)),
        email: email(60),
        role: Role::Editor,
        keys: keys(60),
        recovery: keys(60),
    };
    assert_eq!(world.rule(ADMIN, vec![one_for_both]), USED);
    world.by(ADMIN, vec![joining(60, 60, 60)]);
    let invited_again = Change::UserInvited {
        id: invite(120),
        email: email(60),
        role: Role::Editor,
        groups: Vec::new(),
        key: sign_key(120),
        expires_at: now(),
    };
    world.by(ADMIN, vec![invited_again]);
    let again = Change::UserConfirmed {
        id: user(61),
        invite: Some(invite(120)),
        email: email(60),
        role: Role::Editor,
        keys: keys(61),
        recovery: recovery(61),
    };
    assert_eq!(world.rule(ADMIN, vec![again.clone()]), "another user has this address");
    // Who is removed leaves the address, not the keys.
    world.by(ADMIN, vec![Change::UserRemoved { id: user(60) }]);
    let gone = "there is no such user, or they were removed";
    assert_eq!(world.rule(ADMIN, vec![Change::UserRemoved { id: user(60) }]), gone);
    assert_eq!(world.rule(ADMIN, vec![user_changed(60, Role::Editor)]), gone);
    let heir =
        Change::AgentCreated { id: agent(62), name: name("heir"), keys: keys(60), conditions: Conditions::default() };
    assert_eq!(world.rule(ADMIN, vec![heir]), USED);
    world.by(ADMIN, vec![again]);
}

#[test]
fn a_persons_new_keys_are_new_and_a_recovery_kit_may_stay() {
    let rekeyed =
        |keyed, recovered| Change::UserRekeyed { id: user(EDITOR), keys: keys(keyed), recovery: recovery(recovered) };
    const USED: &str = "the signing key was used before";
    assert_eq!(World::acme().rule(ADMIN, vec![rekeyed(60, OWNER)]), USED);
    let state = accepts(vec![rekeyed(60, 61)]).state;
    for ended in [sign_key(EDITOR), recovery(EDITOR).sign] {
        assert!(state.key_owner(&ended.key_id()).unwrap().ended);
    }
    let state = accepts(vec![rekeyed(60, EDITOR)]).state;
    assert!(!state.key_owner(&recovery(EDITOR).sign.key_id()).unwrap().ended);
}

#[test]
fn conditions_at_their_bounds() {
    let with = |conditions| Change::AgentCreated { id: agent(60), name: name("x"), keys: keys(60), conditions };
    let later = Timestamp::from_millis(now().as_millis() + 1).unwrap();
    let ranges =
        |text: &str, count: usize| Conditions { source_cidrs: vec![text.to_owned(); count], ..Conditions::default() };
    let most = Conditions {
        not_before: Some(now()),
        expires_at: Some(later),
        max_uses: Some(stronghold_protocol::number::MAX_SAFE_INTEGER),
        source_cidrs: vec!["0.0.0.0/0".to_owned(); limits::SOURCE_CIDRS],
    };
    let good = ["10.0.0.0/8", "10.0.0.1/32", "2001:db8::/32", "::/0", "::1/128"];
    for conditions in [vec![most], good.map(|text| ranges(text, 1)).to_vec()].concat() {
        let state = accepts(vec![with(conditions.clone())]).state;
        assert_eq!(state.agent(&agent(60)).unwrap().conditions, conditions);
    }
    let rule = "the conditions are not well formed";
    assert_eq!(World::acme().rule(ADMIN, vec![with(ranges("0.0.0.0/0", limits::SOURCE_CIDRS + 1))]), rule);
    // A range has one text form: what one reader refuses and another accepts would split the chain.
    let bad = [
        "",
        "/",
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/33",
        "::/129",
        "10.0.0/8",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/08",
        "10.0.0.0/8 ",
        " 10.0.0.0/8",
        "10.0.0.0/8/8",
        "010.0.0.0/8",
        "host/8",
    ];
    for text in bad {
        assert_eq!(World::acme().rule(ADMIN, vec![with(ranges(text, 1))]), rule, "{text:?}");
    }
}

/// Two sets of keys are for a rotation; one set twice is none.
#[test]
fn an_agents_two_sets_of_keys_are_different() {
    let rule = "an agent has one set of keys, or two during a rotation";
    for sets in [vec![keys(CI), keys(CI)], vec![keys(60), keys(60)]] {
        let rekeyed = Change::AgentRekeyed { id: agent(CI), keys: sets, until: Some(now()) };
        assert_eq!(World::acme().rule(ADMIN, vec![rekeyed]), rule);
    }
    let rule = "two sets of keys have a time until which both are used, one has none";
    for (sets, until) in [(vec![keys(60), keys(CI)], None), (vec![keys(60)], Some(now()))] {
        let rekeyed = Change::AgentRekeyed { id: agent(CI), keys: sets, until };
        assert_eq!(World::acme().rule(ADMIN, vec![rekeyed]), rule);
    }
    // Another KEM key under the same signing key is no new set either.
    let mixed = stronghold_protocol::crypto::kem::PublicKeys { sign: sign_key(CI), kem: kem(60) };
    assert_eq!(
        World::acme().rule(ADMIN, vec![Change::AgentRekeyed { id: agent(CI), keys: vec![mixed], until: None }]),
        "the signing key was used before"
    );
}

/// "Another key than before" would say nothing of a key that goes away and comes back in one statement.
#[test]
fn a_key_is_renewed_once_in_a_statement() {
    let world = World::acme();
    let rule = "a statement renews a key once";
    let there_and_back = |id: u8| {
        [(2, kem(60)), (3, kem(id))].map(|(number, key)| Change::GroupEpoch {
            id: group(id),
            epoch: epoch(number),
            key,
        })
    };
    let removed = vec![left(DEPLOY, agent(CI)), next_profile_epoch(&world.state, profile(PRODUCTION))];
    assert_eq!(world.rule(ADMIN, [removed, there_and_back(DEPLOY).to_vec()].concat()), rule);
    let there_and_back = [(2, 2), (3, 1)].map(|(number, key)| Change::ProfileEpoch {
        id: profile(PRODUCTION),
        epoch: epoch(number),
        commitment: commitment(PRODUCTION, key),
        vouched: vouched(1),
    });
    let removed = vec![left(DEPLOY, agent(CI)), next_group_epoch(&world.state, group(DEPLOY))];
    assert_eq!(world.rule(ADMIN, [removed, there_and_back.to_vec()].concat()), rule);
    // Several keys may be renewed, each once.
    accepts(vec![
        next_group_epoch(&world.state, group(DEPLOY)),
        next_group_epoch(&world.state, group(STAGING_TEAM)),
        next_profile_epoch(&world.state, profile(PRODUCTION)),
        next_profile_epoch(&world.state, profile(STAGING)),
    ]);
}

/// The author's clock decides nothing: statements are ordered by the chain, and a clock that goes back stops nobody.
#[test]
fn a_time_before_the_last_one_is_accepted() {
    let world = World::acme();
    let earlier: Timestamp = "1970-01-01T00:00:00.000Z".parse().unwrap();
    let changes = vec![group_created(60, "new")];
    let draft = world.state.draft(changes.clone(), false, now()).unwrap();
    let statement = world.forged(&changes, &[ADMIN], |header| {
        header.time = earlier;
        header.state_root = draft.after().state_root();
    });
    let after = world.state.append(&statement).unwrap();
    assert_eq!(after.head().seq, world.state.head().seq.next());
}

#[test]
fn a_roster_in_a_statement_is_the_next_one_and_signed_by_owners() {
    let world = World::acme();
    let roster = |refusal: RosterRefusal| DirectoryRefusal::Roster(refusal);
    let not_signed = roster(RosterRefusal::Signed(SignedRefusal::NotSigned));
    assert_eq!(world.refused(ADMIN, vec![world.roster_change(&[ADMIN], |_| {})]), not_signed);
    assert_eq!(world.refused(OWNER, vec![world.roster_change(&[EDITOR], |_| {})]), not_signed);
    let skipped = world.roster_change(&[OWNER], |roster| roster.version = roster.version.next());
    assert_eq!(world.refused(OWNER, vec![skipped]), roster(RosterRefusal::NotNext));
    let other = world.roster_change(&[OWNER], |roster| roster.prev = Some(Hash([1; 32])));
    assert_eq!(world.refused(OWNER, vec![other]), roster(RosterRefusal::NotNext));
    // An admin may send what an owner signed.
    world.clone().by(ADMIN, vec![world.roster_change(&[OWNER], |_| {})]);
    // Not again, and not what followed an earlier version.
    let mut world = world;
    let first = world.roster_change(&[OWNER], |_| {});
    world.by(OWNER, vec![first.clone()]);
    assert_eq!(world.refused(OWNER, vec![first]), roster(RosterRefusal::NotNext));
}

#[test]
fn people_rise_and_fall_with_the_roster_only() {
    let mut world = World::acme();
    let member = crate::directory_world::member(EDITOR);
    let rises = world.roster_change(&[OWNER], |roster| roster.admins.push(member));
    let mismatch = "owners and admins change together with the roster, and only so";
    assert_eq!(world.rule(OWNER, vec![rises.clone()]), mismatch);
    let as_owner = world.with_rekeys(vec![rises.clone(), user_changed(EDITOR, Role::Owner)]);
    assert_eq!(world.rule(OWNER, as_owner), mismatch, "the roster says admin");
    let rises = world.with_rekeys(vec![rises, user_changed(EDITOR, Role::Admin)]);
    world.by(OWNER, rises);
    assert!(world.state.leaf(&profile(PRODUCTION)).unwrap().writers.is_empty(), "an admin writes as an admin");
    world.by(EDITOR, vec![group_created(60, "new")]);
    let falls = world.roster_change(&[OWNER], |roster| roster.admins.retain(|it| it.user != user(EDITOR)));
    let falls = world.with_rekeys(vec![falls, user_changed(EDITOR, Role::Editor)]);
    world.by(OWNER, falls);
    assert_eq!(world.state.leaf(&profile(PRODUCTION)).unwrap().writers, [sign_key(EDITOR)]);
    // Somebody of another roster is nobody: an unknown user cannot be named.
    let stranger = world.roster_change(&[OWNER], |roster| roster.admins.push(crate::directory_world::member(99)));
    assert_eq!(world.rule(OWNER, vec![stranger]), mismatch);
    // An owner and an admin exchange their places in the roster, and nothing says so of the people.
    let exchanged = world.roster_change(&[OWNER, ADMIN], |roster| {
        std::mem::swap(&mut roster.owners[0], &mut roster.admins[0]);
    });
    assert_eq!(world.rule(OWNER, vec![exchanged]), mismatch);
    // And a roster with keys that its member does not have as a user.
    let other_keys = world.roster_change(&[OWNER], |roster| roster.admins[0].keys = keys(99));
    assert_eq!(world.rule(OWNER, world.with_rekeys(vec![other_keys])), mismatch);
}

/// The genesis has one form: what one reader takes and another refuses would be two organizations.
#[test]
fn a_genesis_has_one_form() {
    let roster = signed_by(&first_roster(&[OWNER], &[ADMIN], 1), &[OWNER]);
    let owner = (user(OWNER), email(OWNER), keys(OWNER), recovery(OWNER));
    let genesis =
        stronghold_protocol::directory::genesis_changes(roster.clone(), name("Acme"), sign_key(90), kem(91), owner);
    let drafted = |changes: Vec<Change>| Directory::draft_genesis(&roster, changes, now()).map(|_| ());
    let refused = |changes: Vec<Change>| match drafted(changes).unwrap_err() {
        DirectoryRefusal::Incomplete(rule) => rule,
        DirectoryRefusal::Change { reason, .. } => reason,
        other => panic!("refused for another reason: {other}"),
    };
    let and = |more: &[Change]| [&genesis[..], more].concat();
    let admin = confirmed(ADMIN, None, Role::Admin);
    drafted(and(std::slice::from_ref(&admin))).unwrap();
    assert_eq!(refused(genesis.clone()), "owners and admins change together with the roster, and only so");
    let no_more = "a genesis confirms the owners and admins and makes the admins' key, no more";
    for extra in [
        confirmed(EDITOR, None, Role::Editor),
        confirmed(EDITOR, None, Role::Auditor),
        Change::GroupEpoch { id: stronghold_protocol::id::GroupId::ADMINS, epoch: epoch(2), key: kem(92) },
        agent_created(CI, "ci"),
        Change::RosterChanged { roster: roster.clone() },
    ] {
        assert_eq!(refused(and(&[admin.clone(), extra])), no_more);
    }
    assert_eq!(refused(and(&[confirmed(ADMIN, Some(ADMIN), Role::Admin)])), no_more, "by invitation");
    assert_eq!(refused(and(&[admin.clone(), admin.clone()])), "the id was used before");
    let mut swapped = and(&[admin]);
    swapped.swap(3, 4);
    assert_eq!(refused(swapped), "a genesis makes the admins' key");
}

#[test]
fn an_inactive_agent_stays_what_it_is() {
    let state = accepts(vec![agent_changed(CI, "ci", AgentStatus::Inactive)]).state;
    let ci = state.agent(&agent(CI)).unwrap();
    assert_eq!((ci.deleted, ci.groups.size(), ci.keys.len()), (false, 1, 1));
    assert!(!state.key_owner(&sign_key(CI).key_id()).unwrap().ended);
}

/// An object is an object, with all its members: what only some readers take would split the chain.
#[test]
fn an_object_in_a_body_has_one_form() {
    let world = World::acme();
    let refusal = |body: &str| {
        let statement = world.forged_bytes(body.as_bytes().to_vec(), &[ADMIN], |_| {});
        world.state.append(&statement).map(|_| ()).unwrap_err()
    };
    let changed = |status: &str, conditions: &str| {
        let id = agent(CI);
        format!(
            r#"{{"changes":[{{"kind":"agent_changed","id":"{id}","name":"ci","status":{status},"conditions":{conditions}}}]}}"#
        )
    };
    let all = r#"{"not_before":null,"expires_at":null,"source_cidrs":[],"max_uses":null}"#;
    let (deploy, ci, production) = (group(DEPLOY), agent(CI), profile(PRODUCTION));
    let deleted = format!(r#"{{"kind":"profile_deleted","id":"{production}"}}"#);
    let another_form = [
        format!("[[{deleted}]]"),
        format!(r#"{{"changes":[["profile_deleted","{production}"]]}}"#),
        format!(r#"{{"changes":[{{"kind":"member_removed","group":"{deploy}","member":["agent","{ci}"]}}]}}"#),
        changed(r#""active""#, r#"{"source_cidrs":[]}"#),
        changed(r#""active""#, "[null,null,[],null]"),
        changed(r#"{"active":null}"#, all),
    ];
    let uncountable = r#"{"not_before":null,"expires_at":null,"source_cidrs":[],"max_uses":9007199254740992}"#;
    let no_forms = [r#"{"source_cidrs":[],"max_uses":1.0}"#, r#"{"source_cidrs":[],"source_cidrs":[]}"#, uncountable];
    let no_forms = no_forms.map(|no_form| changed(r#""active""#, no_form));
    for body in another_form.into_iter().chain(no_forms) {
        assert!(matches!(refusal(&body), DirectoryRefusal::Body(_)), "{body}");
    }
    // The order of the members and the space between them are the author's; the bytes are what is signed.
    let rightful =
        changed(r#""active""#, r#" {"max_uses": null,"source_cidrs":[],"expires_at":null,"not_before":null}"#);
    world.state.append(&world.forged_bytes(rightful.into(), &[ADMIN], |_| {})).unwrap();
}
