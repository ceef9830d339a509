//! Any sequence of changes by anybody: what is refused changes nothing, what is accepted everybody works out alike.

use crate::directory_world::{
    ADMIN, AUDITOR, CI, DEPLOY, EDITOR, OTHER_AGENT, OWNER, PRODUCTION, STAGING, STAGING_EDITOR, STAGING_TEAM, World,
    agent, agent_changed, agent_created, check_invariants, confirmed, granted, group, group_created, invited, joined,
    keys, left, name, next_group_epoch, next_profile_epoch, now, picture, profile, profile_created, recovery, signer,
    user, user_changed, vouched,
};
use proptest::prelude::*;
use stronghold_protocol::{
    directory::{AgentStatus, Body, Change, Directory, Role, Statement},
    id::{GroupId, PrincipalId},
    seal::{SealedObject, WantedSeal},
};

/// A change of something that is there, or might be.
fn change() -> impl Strategy<Value = Change> {
    let agents = prop::sample::select(vec![CI, OTHER_AGENT, 60, 61]);
    let groups = prop::sample::select(vec![DEPLOY, STAGING_TEAM, 62, 63]);
    let profiles = prop::sample::select(vec![PRODUCTION, STAGING, 64, 65]);
    let users = prop::sample::select(vec![OWNER, ADMIN, EDITOR, STAGING_EDITOR, AUDITOR, 66]);
    let names = prop::sample::select(vec!["production", "staging", "deploy", "ci", "x", "y"]);
    let roles = prop::sample::select(vec![Role::Admin, Role::Editor, Role::Auditor]);
    let seeds = 70..80_u8;
    (0..18_u8, (agents, groups, profiles, users), names, roles, seeds, any::<(bool, bool)>()).prop_map(
        |(kind, (a, g, p, u), text, role, seed, (one, other))| {
            let member: PrincipalId = if one { agent(a).into() } else { user(u).into() };
            match kind {
                0 => agent_created(a, text),
                1 => agent_changed(a, text, if one { AgentStatus::Active } else { AgentStatus::Inactive }),
                2 => Change::AgentRekeyed { id: agent(a), keys: vec![keys(seed)], until: None },
                3 => Change::AgentDeleted { id: agent(a) },
                4 => group_created(g, text),
                5 => Change::GroupDeleted { id: group(g) },
                6 | 7 => joined(g, member),
                8 | 9 => left(g, member),
                10 => profile_created(p, text),
                11 => Change::ProfileRenamed { id: profile(p), name: name(text), vouched: vouched(u64::from(seed)) },
                12 => Change::ProfileDeleted { id: profile(p) },
                13 => granted(p, g, one, other),
                14 => Change::ProfileRevoked { profile: profile(p), group: group(g) },
                15 => user_changed(u, role),
                16 if one => invited(u, role),
                16 => confirmed(u, Some(u), role),
                _ if one => Change::UserRemoved { id: user(u) },
                _ => Change::UserRekeyed { id: user(u), keys: keys(seed), recovery: recovery(u) },
            }
        },
    )
}

/// What somebody does: some changes, with the renewals that they need, without, or with some that nobody needs.
#[derive(Clone, Debug)]
struct Step {
    by: u8,
    changes: Vec<Change>,
    renew: bool,
    extra: Option<bool>,
}

fn step() -> impl Strategy<Value = Step> {
    let by = prop::sample::select(vec![OWNER, ADMIN, ADMIN, EDITOR, CI]);
    let extra = prop::option::weighted(0.2, any::<bool>());
    (by, prop::collection::vec(change(), 1..4), prop::bool::weighted(0.9), extra)
        .prop_map(|(by, changes, renew, extra)| Step { by, changes, renew, extra })
}

fn changes_of(world: &World, step: &Step) -> Vec<Change> {
    let mut changes = step.changes.clone();
    if step.renew {
        changes = world.with_rekeys(changes);
    }
    match step.extra {
        Some(true) if world.state.group(&group(DEPLOY)).is_some() => {
            changes.push(next_group_epoch(&world.state, group(DEPLOY)));
        }
        Some(false) if world.state.profile(&profile(STAGING)).is_some() => {
            changes.push(next_profile_epoch(&world.state, profile(STAGING)));
        }
        _ => {}
    }
    changes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_reader_works_out_the_same(steps in prop::collection::vec(step(), 1..12)) {
        let mut world = World::acme();
        for step in &steps {
            let changes = changes_of(&world, step);
            let before = picture(&world.state);
            let by_owner = step.by == OWNER;
            match world.state.draft(changes.clone(), by_owner, now()) {
                Ok(draft) => match draft.sign(&[&signer(step.by)]) {
                    Ok((statement, drafted)) => {
                        // Author and reader agree, and so do two readers.
                        let applied = world.state.append(&statement).unwrap();
                        prop_assert_eq!(picture(&applied), picture(&drafted));
                        prop_assert_eq!(picture(&world.state.append(&statement).unwrap()), picture(&applied));
                        prop_assert_eq!(&before, &picture(&world.state));
                        check_invariants(&applied);
                        world.statements.push(through_json(&statement));
                        world.state = applied;
                    }
                    // Drafting asks who the author is only where a rule does; signing does in any case.
                    Err(_) => prop_assert!(![OWNER, ADMIN].contains(&step.by)),
                },
                Err(refusal) => {
                    // A reader refuses for the same reason, whatever the header says.
                    let statement = world.forged(&changes, &[if by_owner { OWNER } else { ADMIN }], |_| {});
                    prop_assert_eq!(world.state.append(&statement).map(|_| ()).unwrap_err(), refusal);
                    prop_assert_eq!(&before, &picture(&world.state));
                }
            }
        }
        prop_assert_eq!(picture(&world.replayed()), picture(&world.state));
    }

    /// Whoever loses an access holds no key that the profile still uses: no seal of it goes to them.
    #[test]
    fn nothing_new_is_sealed_to_who_has_no_access(steps in prop::collection::vec(step(), 1..8)) {
        let mut world = World::acme();
        for step in &steps {
            let changes = changes_of(&world, step);
            let Ok(draft) = world.state.draft(changes.clone(), step.by == OWNER, now()) else { continue };
            let after = draft.after();
            for seal in after.wanted_seals(Some(&world.state), &changes, now()) {
                prop_assert_eq!(seal.id.recipient, seal.to.key_id());
                prop_assert!(may_open(after, &seal), "{:?}", seal.id);
            }
            if let Ok((statement, _)) = draft.sign(&[&signer(ADMIN)]) {
                world.state = world.state.append(&statement).unwrap();
            }
        }
    }
}

/// Whether the state says that whoever holds the recipient's key may open the object.
fn may_open(state: &Directory, seal: &WantedSeal) -> bool {
    let admins = || state.group(&GroupId::ADMINS).unwrap().key == seal.to;
    let granted = |id, history: bool| {
        let grants = &state.profile(&id).unwrap().grants;
        grants.iter().any(|(group, grant)| state.group(group).unwrap().key == seal.to && (grant.history || !history))
    };
    match seal.id.object {
        SealedObject::GroupSeed(GroupId::ADMINS) => {
            state.roster().value().members().any(|member| member.keys.kem == seal.to)
        }
        SealedObject::GroupSeed(id) => {
            let is_member = |member: &PrincipalId| match member {
                PrincipalId::Agent(id) => state.agent(id).unwrap().keys.iter().any(|keys| keys.kem == seal.to),
                PrincipalId::User(id) => state.user(id).unwrap().keys.kem == seal.to,
            };
            admins() || state.group(&id).unwrap().members.iter().any(is_member)
        }
        SealedObject::ProfileKey(id) => admins() || granted(id, false),
        SealedObject::HistoryKey(id) => admins() || granted(id, true),
    }
}

/// As it travels.
fn through_json(statement: &Statement) -> Statement {
    let read: Statement = serde_json::from_slice(&serde_json::to_vec(statement).unwrap()).unwrap();
    assert_eq!(read, *statement);
    let body: Body = serde_json::from_slice(&statement.body.0).unwrap();
    assert_eq!(serde_json::to_vec(&body).unwrap(), statement.body.0);
    read
}
