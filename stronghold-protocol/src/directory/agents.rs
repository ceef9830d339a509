//! The effects of changes of agents.

use super::{
    Agent, AgentStatus, Change, KeyOwner, Rotation,
    apply::{Refusal, Work, require},
};
use crate::{
    crypto::kem::PublicKeys,
    id::{AgentId, PrincipalId},
    name::Name,
    time::Timestamp,
};
use rpds::RedBlackTreeSetSync;
use std::sync::Arc;

const NO_SUCH_AGENT: &str = "there is no such agent, or it was deleted";

/// Makes one change of an agent.
pub(super) fn make(work: &mut Work, change: &Change) -> Result<(), Refusal> {
    match change {
        Change::AgentCreated { id, name, keys, conditions } => {
            require(conditions.are_well_formed(), "the conditions are not well formed")?;
            work.claim_id(*id.as_bytes())?;
            work.claim_key((*id).into(), keys)?;
            take_name(work, *id, name)?;
            let agent = Agent {
                id: *id,
                name: name.clone(),
                keys: vec![keys.clone()],
                rotation: None,
                status: AgentStatus::Active,
                conditions: conditions.clone(),
                created_at: work.time,
                deleted: false,
                groups: RedBlackTreeSetSync::new_sync(),
            };
            work.state.agents.insert_mut(*id, Arc::new(agent));
        }
        Change::AgentChanged { id, name, status, conditions } => {
            require(conditions.are_well_formed(), "the conditions are not well formed")?;
            let before = live(work, id)?.name.clone();
            if before != *name {
                take_name(work, *id, name)?;
                work.state.agent_names.remove_mut(&before);
            }
            let agent = live(work, id)?;
            agent.name = name.clone();
            agent.status = *status;
            agent.conditions = conditions.clone();
        }
        Change::AgentRekeyed { id, keys, until } => rekey(work, *id, keys, *until)?,
        Change::AgentDeleted { id } => {
            let agent = live(work, id)?;
            agent.deleted = true;
            let keys = std::mem::take(&mut agent.keys);
            agent.rotation = None;
            let name = agent.name.clone();
            for key in &keys {
                work.end_key(key);
            }
            work.leave_all_groups(*id);
            if let Some(agent) = work.state.agents.get_mut(id) {
                Arc::make_mut(agent).groups = RedBlackTreeSetSync::new_sync();
            }
            work.state.agent_names.remove_mut(&name);
        }
        _ => {}
    }
    Ok(())
}

fn rekey(work: &mut Work, id: AgentId, keys: &[PublicKeys], until: Option<Timestamp>) -> Result<(), Refusal> {
    let sets_differ = match keys {
        [_] => true,
        [one, other] => one != other,
        _ => false,
    };
    require(sets_differ, "an agent has one set of keys, or two during a rotation")?;
    require(
        (keys.len() == 2) == until.is_some(),
        "two sets of keys have a time until which both are used, one has none",
    )?;
    let before = live(work, &id)?.keys.clone();
    require(before != keys, "the keys are the same as before")?;
    for key in keys.iter().filter(|key| !before.contains(key)) {
        work.claim_key(id.into(), key)?;
    }
    for key in before.iter().filter(|key| !keys.contains(key)) {
        work.end_key(key);
    }
    let since = work.time;
    let agent = live(work, &id)?;
    agent.keys = keys.to_vec();
    agent.rotation = until.map(|until| Rotation { since, until });
    Ok(())
}

fn live<'work>(work: &'work mut Work, id: &AgentId) -> Result<&'work mut Agent, Refusal> {
    let agent = work.state.agents.get_mut(id).map(Arc::make_mut);
    agent.filter(|agent| !agent.deleted).ok_or(Refusal::Rule(NO_SUCH_AGENT))
}

fn take_name(work: &mut Work, id: AgentId, name: &Name) -> Result<(), Refusal> {
    require(!work.state.agent_names.contains_key(name), "another agent has this name")?;
    work.state.agent_names.insert_mut(name.clone(), id);
    Ok(())
}

impl Work {
    /// Takes a signing key for a principal: none is ever used twice.
    pub(super) fn claim_key(&mut self, principal: PrincipalId, keys: &PublicKeys) -> Result<(), Refusal> {
        let id = keys.sign.key_id();
        require(!self.state.keys.contains_key(&id), "the signing key was used before")?;
        self.state.keys.insert_mut(id, KeyOwner { principal, key: keys.sign, ended: false });
        Ok(())
    }

    /// A key signs nothing any more; whose it was stays known.
    pub(super) fn end_key(&mut self, keys: &PublicKeys) {
        if let Some(owner) = self.state.keys.get_mut(&keys.sign.key_id()) {
            owner.ended = true;
        }
    }
}
