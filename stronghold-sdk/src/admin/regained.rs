//! Who has access again on a server that lost the statements which ended it.

use super::lost::word;
use serde::Serialize;
use stronghold_protocol::{
    directory::{AgentStatus, Directory, Group},
    id::PrincipalId,
};

/// An access, or a key, that had ended and is good again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Regained {
    /// What it is about.
    pub kind: RegainedKind,
    /// Its id.
    pub id: String,
    /// Its name or address.
    pub name: String,
    /// What is good again, as the end of a sentence that begins with the name.
    pub text: String,
}

/// What an access is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RegainedKind {
    /// An agent.
    Agent,
    /// A person.
    User,
    /// An open invitation.
    Invitation,
    /// A group: who is in it, and what it is granted.
    Group,
    /// A profile: its key, and versions that were purged.
    Profile,
}

/// Compares what is true on the server (`shown`) with what should be (`known`): everything that is more.
pub(super) fn regained(known: &Directory, shown: &Directory) -> Vec<Regained> {
    let mut found = Vec::new();
    agents(known, shown, &mut found);
    users(known, shown, &mut found);
    groups(known, shown, &mut found);
    profiles(known, shown, &mut found);
    found
}

fn agents(known: &Directory, shown: &Directory, found: &mut Vec<Regained>) {
    for agent in shown.agents().filter(|agent| !agent.deleted) {
        let Some(should) = known.agent(&agent.id) else { continue };
        let mut put = |text: &str| {
            let (id, name) = (agent.id.to_string(), agent.name.to_string());
            found.push(Regained { kind: RegainedKind::Agent, id, name, text: text.to_owned() });
        };
        if should.deleted {
            put("was deleted, and is served again");
            continue;
        }
        if (should.status, agent.status) == (AgentStatus::Inactive, AgentStatus::Active) {
            put("was deactivated, and is served again");
        }
        if agent.keys.iter().any(|keys| !should.keys.contains(keys)) {
            put("has a token again that was rotated out");
        }
        if agent.conditions != should.conditions {
            put("has its earlier expiry, addresses and uses again");
        }
    }
}

fn users(known: &Directory, shown: &Directory, found: &mut Vec<Regained>) {
    for user in shown.users().filter(|user| !user.removed) {
        let Some(should) = known.user(&user.id) else { continue };
        let mut put = |text: String| {
            let (id, name) = (user.id.to_string(), user.email.to_string());
            found.push(Regained { kind: RegainedKind::User, id, name, text });
        };
        if should.removed {
            put(format!("was removed, and is a member again, as {}", word(user.role)));
            continue;
        }
        if should.role != user.role {
            put(format!("was made {}, and is {} again", word(should.role), word(user.role)));
        }
        if should.keys != user.keys {
            put("has keys again that were replaced".to_owned());
        }
        if should.recovery != user.recovery {
            put("has a recovery kit again that was replaced".to_owned());
        }
    }
    for (id, invite) in shown.invites().filter(|(id, _)| known.invite(id).is_none()) {
        let text = format!("has an open invitation again, as {}", word(invite.role));
        let (id, name) = (id.to_string(), invite.email.to_string());
        found.push(Regained { kind: RegainedKind::Invitation, id, name, text });
    }
}

fn groups(known: &Directory, shown: &Directory, found: &mut Vec<Regained>) {
    for group in shown.groups() {
        let mut put = |text: String| {
            let (id, name) = (group.id.to_string(), group.name.to_string());
            found.push(Regained { kind: RegainedKind::Group, id, name, text });
        };
        let Some(should) = known.group(&group.id) else {
            put(format!("was deleted, and is there again, with {} members", group.members.size()));
            continue;
        };
        for member in group.members.iter().filter(|member| !should.members.contains(member)) {
            if let Some(who) = live_name(known, member) {
                put(format!("has {who} again, who was taken out"));
            }
        }
        grants(known, shown, group, &mut put);
    }
}

fn grants(known: &Directory, shown: &Directory, group: &Group, put: &mut dyn FnMut(String)) {
    for profile in group.profiles.iter().filter_map(|id| shown.profile(id)) {
        // A profile that was deleted is told of itself.
        let Some(should) = known.profile(&profile.id) else { continue };
        let Some(grant) = profile.grants.get(&group.id) else { continue };
        match should.grants.get(&group.id) {
            None => put(format!("reads {} again, which was revoked", profile.name)),
            Some(less) if (grant.write && !less.write) || (grant.history && !less.history) => {
                put(format!("has more access to {} again than it was left", profile.name));
            }
            Some(_) => {}
        }
    }
}

fn profiles(known: &Directory, shown: &Directory, found: &mut Vec<Regained>) {
    for profile in shown.profiles() {
        let mut put = |text: String| {
            let (id, name) = (profile.id.to_string(), profile.name.to_string());
            found.push(Regained { kind: RegainedKind::Profile, id, name, text });
        };
        let Some(should) = known.profile(&profile.id) else {
            put("was deleted, and is there again".to_owned());
            continue;
        };
        if should.epoch > profile.epoch {
            put(format!(
                "has its key of generation {} again, which generation {} replaced",
                profile.epoch, should.epoch
            ));
        }
        let purged = should.purged.keys().filter(|version| !profile.purged.contains_key(version)).count();
        if purged > 0 {
            put(format!("has {purged} versions of secrets again that were purged"));
        }
    }
}

/// How a principal that should be live is called; none for one that is told of itself.
fn live_name(known: &Directory, member: &PrincipalId) -> Option<String> {
    match member {
        PrincipalId::Agent(id) => {
            known.agent(id).filter(|agent| !agent.deleted).map(|agent| format!("agent {}", agent.name))
        }
        PrincipalId::User(id) => known.user(id).filter(|user| !user.removed).map(|user| user.email.to_string()),
    }
}
