//! `group`: who shares access to which profiles.

use super::{profile::name_of, profile_rotate};
use crate::{
    args::GroupCommand,
    failure::Failure,
    input,
    output::{Output, table},
    settings::Settings,
};
use serde::Serialize;
use stronghold_sdk::{
    admin::{Access, GroupSummary, Resolve},
    protocol::id::{GroupId, PrincipalId},
};

/// What whoever waits for a removal is told.
pub(super) const ENCRYPTING: &str = "encrypting anew what is readable no more";

#[derive(Serialize)]
struct Shown {
    group_id: GroupId,
    name: String,
    members: Vec<Member>,
    grants: Vec<Granted>,
}

#[derive(Serialize)]
struct Member {
    kind: &'static str,
    name: String,
}

#[derive(Serialize)]
struct Granted {
    profile: String,
    access: Vec<&'static str>,
}

impl Shown {
    fn of(summary: &GroupSummary) -> Self {
        let members = summary.members.iter().map(|(id, name)| Member { kind: id.kind(), name: name.clone() });
        let grants = summary.grants.iter().map(|(_, name, grant)| Granted {
            profile: name.to_string(),
            access: [Some("read"), grant.write.then_some("write"), grant.history.then_some("history")]
                .into_iter()
                .flatten()
                .collect(),
        });
        Self {
            group_id: summary.id,
            name: summary.name.to_string(),
            members: members.collect(),
            grants: grants.collect(),
        }
    }
}

/// Runs the command.
pub(crate) async fn run(settings: &Settings, output: &Output, command: GroupCommand) -> Result<(), Failure> {
    match command {
        GroupCommand::Create { name } => {
            let name = name_of(&name)?;
            let id = settings.session().await?.create_group(name.clone()).await?;
            output.result(&serde_json::json!({"group_id": id, "name": name}), || {
                format!("Group {name} was created ({id}).")
            })
        }
        GroupCommand::List => list(settings, output).await,
        GroupCommand::Show { group } => show(settings, output, &group).await,
        GroupCommand::Delete { group, yes } => {
            let mut session = settings.session().await?;
            let known = session.directory().find_group(&group)?;
            let (id, name) = (known.id, known.name.clone());
            input::confirm(&format!("Delete group {name}? Its members lose what it granted."), yes, &settings.global)?;
            output.working(ENCRYPTING, session.delete_group(id)).await?;
            profile_rotate::finish(output, &mut session).await?;
            output.result(&serde_json::json!({"group_id": id, "name": name}), || {
                format!("Group {name} was deleted, and what it granted was encrypted anew.")
            })
        }
        GroupCommand::Add { group, agent } => change_member(settings, output, &group, &agent, true).await,
        GroupCommand::Remove { group, agent } => change_member(settings, output, &group, &agent, false).await,
        GroupCommand::Grant { group, profile, access } => {
            let mut session = settings.session().await?;
            let (id, profile_id) =
                (session.directory().find_group(&group)?.id, session.directory().find_profile(&profile)?.id);
            let changed = session.grant(id, profile_id, access.parse::<Access>()?).await?;
            let result = serde_json::json!({"group": group, "profile": profile, "access": access, "changed": changed});
            output.result(&result, || match changed {
                true => format!("Group {group} now has {access} access to {profile}."),
                false => format!("Group {group} had {access} access to {profile} already."),
            })
        }
        GroupCommand::Revoke { group, profile } => {
            let mut session = settings.session().await?;
            let (id, profile_id) =
                (session.directory().find_group(&group)?.id, session.directory().find_profile(&profile)?.id);
            let changed = output.working(ENCRYPTING, session.revoke(id, profile_id)).await?;
            profile_rotate::finish(output, &mut session).await?;
            let result = serde_json::json!({"group": group, "profile": profile, "changed": changed});
            output.result(&result, || match changed {
                true => format!("Group {group} has no access to {profile} any more; the profile was encrypted anew."),
                false => format!("Group {group} had no access to {profile}."),
            })
        }
    }
}

async fn change_member(
    settings: &Settings,
    output: &Output,
    group: &str,
    agent: &str,
    joins: bool,
) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let id = session.directory().find_group(group)?.id;
    let member: PrincipalId = session.directory().find_agent(agent)?.id.into();
    let changed = if joins {
        session.add_member(id, member).await?
    } else {
        output.working(ENCRYPTING, session.remove_member(id, member)).await?
    };
    profile_rotate::finish(output, &mut session).await?;
    let result = serde_json::json!({"group": group, "agent": agent, "member": joins, "changed": changed});
    output.result(&result, || match (joins, changed) {
        (true, true) => format!("Agent {agent} is now in group {group}."),
        (true, false) => format!("Agent {agent} was in group {group} already."),
        (false, true) => format!("Agent {agent} is out of group {group}; what it could read there was encrypted anew."),
        (false, false) => format!("Agent {agent} was not in group {group}."),
    })
}

async fn list(settings: &Settings, output: &Output) -> Result<(), Failure> {
    let session = settings.session().await?;
    let directory = session.directory();
    let mut shown: Vec<Shown> =
        directory.groups().map(|group| Shown::of(&GroupSummary::of(directory, group))).collect();
    shown.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    output.result(&shown, || {
        let rows: Vec<Vec<String>> = shown
            .iter()
            .map(|group| {
                let grants: Vec<&str> = group.grants.iter().map(|grant| grant.profile.as_str()).collect();
                vec![group.name.clone(), group.members.len().to_string(), grants.join(", "), group.group_id.to_string()]
            })
            .collect();
        table(&["NAME", "MEMBERS", "PROFILES", "ID"], &rows)
    })
}

async fn show(settings: &Settings, output: &Output, group: &str) -> Result<(), Failure> {
    let session = settings.session().await?;
    let shown = Shown::of(&GroupSummary::of(session.directory(), session.directory().find_group(group)?));
    output.result(&shown, || {
        let members: Vec<String> =
            shown.members.iter().map(|member| format!("{} ({})", member.name, member.kind)).collect();
        let grants: Vec<String> =
            shown.grants.iter().map(|grant| format!("{} ({})", grant.profile, grant.access.join(", "))).collect();
        format!(
            "{}\n  id:       {}\n  members:  {}\n  profiles: {}",
            shown.name,
            shown.group_id,
            if members.is_empty() { "none".to_owned() } else { members.join(", ") },
            if grants.is_empty() { "none".to_owned() } else { grants.join(", ") },
        )
    })
}
