//! Agents: ids, names, keys, conditions.

use crate::{
    directory_world::*,
    golden::directory::{GONE_AGENT, Scene},
};
use stronghold_protocol::{
    directory::{AgentStatus, Change, Conditions},
    id::AgentId,
    limits,
    number::MAX_SAFE_INTEGER,
};

fn created(conditions: Conditions) -> Change {
    Change::AgentCreated { id: agent(99), name: name("new"), keys: keys(99), conditions }
}

fn changed(conditions: Conditions) -> Change {
    Change::AgentChanged { id: agent(CI), name: name("ci"), status: AgentStatus::Active, conditions }
}

fn ranges(text: &str, count: usize) -> Conditions {
    Conditions { source_cidrs: vec![text.to_owned(); count], ..Conditions::default() }
}

fn rekeyed(sets: &[u8]) -> Change {
    let until = (sets.len() == 2).then(|| now().plus_millis(3_600_000));
    Change::AgentRekeyed { id: agent(CI), keys: sets.iter().map(|seed| keys(*seed)).collect(), until }
}

pub(super) fn cases(scene: &mut Scene) {
    scene.accept("agent_created", &[ADMIN], &[agent_created(99, "new")]);
    scene.accept("agent_created with the name of one that is gone", &[ADMIN], &[agent_created(99, "gone")]);
    let most = Conditions {
        not_before: Some(now()),
        expires_at: Some(now().plus_millis(1)),
        max_uses: Some(MAX_SAFE_INTEGER),
        source_cidrs: vec!["10.1.2.3/8".to_owned(); limits::SOURCE_CIDRS],
    };
    scene.accept("agent_created with all conditions", &[ADMIN], &[created(most.clone())]);
    scene.accept("agent_changed", &[ADMIN], &[agent_changed(CI, "renamed", AgentStatus::Inactive)]);
    scene.accept("agent_changed, nothing", &[ADMIN], &[agent_changed(CI, "ci", AgentStatus::Active)]);
    let swapped =
        [agent_changed(CI, "was ci", AgentStatus::Active), agent_changed(OTHER_AGENT, "ci", AgentStatus::Active)];
    scene.accept("agent_changed twice: a name that became free", &[ADMIN], &swapped);
    scene.accept("agent_rekeyed to one set", &[ADMIN], &[rekeyed(&[99])]);
    scene.accept("agent_rekeyed to two sets", &[ADMIN], &[rekeyed(&[99, CI])]);
    scene.accept("agent_deleted", &[ADMIN], &[Change::AgentDeleted { id: agent(CI) }]);
    rejected(scene, &most);
}

fn rejected(scene: &mut Scene, most: &Conditions) {
    let mut reject = |name: &str, change: Change| scene.reject(name, ADMIN, &[change]);
    let never = Conditions { expires_at: most.not_before, ..most.clone() };
    let uncountable = Conditions { max_uses: Some(MAX_SAFE_INTEGER + 1), ..Conditions::default() };
    let many = ranges("10.0.0.0/8", limits::SOURCE_CIDRS + 1);
    let sets: [(&str, Conditions); 3] =
        [("times out of order", never), ("a number of uses of 2^53", uncountable), ("a range too many", many)];
    for (what, conditions) in sets {
        reject(&format!("agent_created: {what}"), created(conditions.clone()));
        reject(&format!("agent_changed: {what}"), changed(conditions));
    }
    reject("agent_created: a range that is none", created(ranges("10.0.0.0/33", 1)));
    for (what, number) in
        [("an agent's", CI), ("a deleted agent's", GONE_AGENT), ("a group's", DEPLOY), ("an owner's", OWNER)]
    {
        let id = agent(number);
        reject(
            &format!("agent_created: {what} id"),
            Change::AgentCreated { id, name: name("new"), keys: keys(99), conditions: Conditions::default() },
        );
    }
    let nil = AgentId::from_bytes([0; 16]);
    let conditions = Conditions::default();
    let reserved = Change::AgentCreated { id: nil, name: name("new"), keys: keys(99), conditions };
    reject("agent_created: the id of the admins", reserved);
    reject("agent_created: a name that is taken", agent_created(99, "ci"));
    let keys_of = [
        ("an agent's", keys(CI)),
        ("a deleted agent's", keys(GONE_AGENT)),
        ("a key that ended", keys(OTHER_AGENT)),
        ("an owner's", keys(OWNER)),
        ("a recovery kit's", recovery(EDITOR)),
    ];
    for (whose, keys) in keys_of {
        let conditions = Conditions::default();
        reject(
            &format!("agent_created: {whose} signing key"),
            Change::AgentCreated { id: agent(99), name: name("new"), keys, conditions },
        );
    }
    reject("agent_changed: a name that is taken", agent_changed(CI, "other", AgentStatus::Active));
    reject("agent_changed: no such agent", agent_changed(99, "x", AgentStatus::Active));
    reject("agent_changed: a deleted agent", agent_changed(GONE_AGENT, "gone", AgentStatus::Active));
    reject("agent_deleted: no such agent", Change::AgentDeleted { id: agent(99) });
    reject("agent_deleted: a deleted agent", Change::AgentDeleted { id: agent(GONE_AGENT) });
    // Nothing but the sets of keys is wrong: the agent is in no group whose keys would have to be renewed.
    let of_other = |sets: &[u8], until: bool| Change::AgentRekeyed {
        id: agent(OTHER_AGENT),
        keys: sets.iter().map(|seed| keys(*seed)).collect(),
        until: until.then(|| now().plus_millis(3_600_000)),
    };
    reject("agent_rekeyed: no set", of_other(&[], false));
    reject("agent_rekeyed: three sets", of_other(&[97, 98, 99], false));
    reject("agent_rekeyed: one new set twice", of_other(&[99, 99], true));
    reject("agent_rekeyed: the set in force twice", of_other(&[60, 60], true));
    reject("agent_rekeyed: two sets and no time", of_other(&[99, 60], false));
    reject("agent_rekeyed: one set and a time", of_other(&[99], true));
    reject("agent_rekeyed: the same as before", of_other(&[60], false));
    reject("agent_rekeyed: another agent's signing key", of_other(&[CI], false));
    reject("agent_rekeyed: its own key that ended", of_other(&[OTHER_AGENT], false));
    let unknown = |id| Change::AgentRekeyed { id, keys: vec![keys(99)], until: None };
    reject("agent_rekeyed: no such agent", unknown(agent(98)));
    reject("agent_rekeyed: a deleted agent", unknown(agent(GONE_AGENT)));
    let kem_only = stronghold_protocol::crypto::kem::PublicKeys { sign: sign_key(60), kem: kem(99) };
    let change = Change::AgentRekeyed { id: agent(OTHER_AGENT), keys: vec![kem_only], until: None };
    reject("agent_rekeyed: another KEM key under the signing key in force", change);
    let twice = [agent_created(98, "a"), agent_created(99, "a")];
    scene.reject("agent_created twice with one name", ADMIN, &twice);
    let twice = [agent_created(98, "a"), agent_created(98, "b")];
    scene.reject("agent_created twice with one id and key", ADMIN, &twice);
}
