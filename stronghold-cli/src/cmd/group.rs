//! `group`: who shares access to which profiles.

use super::{
    exposed::{self, Exposed},
    profile::name_of,
    profile_rotate,
};
use crate::{
    args::{GroupCommand, MemberArgs},
    failure::Failure,
    input,
    output::{Output, table},
    settings::Settings,
    shown::{Lines, lines},
};
use serde::Serialize;
use stronghold_sdk::{
    admin::{Access, GroupSummary, Resolve},
    protocol::id::{GroupId, PrincipalId},
};

/// What whoever waits for a removal is told.
pub(super) const ENCRYPTING: &str = "encrypting anew what is readable no more";

/// What was done, and what it exposes.
#[derive(Serialize)]
struct Done {
    #[serde(flatten)]
    what: serde_json::Value,
    #[serde(flatten)]
    exposed: Exposed,
}

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
            let before = session.directory().head().seq;
            input::confirm(&format!("Delete group {name}? Its members lose what it granted."), yes, &settings.global)?;
            output.working(ENCRYPTING, session.delete_group(id)).await?;
            profile_rotate::finish(output, &mut session).await?;
            let exposed = exposed::since(&mut session, before, None).await?;
            let done = Done { what: serde_json::json!({"group_id": id, "name": name}), exposed };
            output.result(&done, || {
                Lines::from(format!("Group {name} was deleted, and what it granted was encrypted anew."))
                    .then(done.exposed.text())
            })
        }
        GroupCommand::Add { group, member } => change_member(settings, output, &group, &member, true).await,
        GroupCommand::Remove { group, member } => change_member(settings, output, &group, &member, false).await,
        GroupCommand::Grant { group, profile, access } => {
            let mut session = settings.session().await?;
            let (id, profile_id) = (session.directory().find_group(&group)?.id, session.find_profile(&profile)?.id);
            let changed = session.grant(id, profile_id, access.parse::<Access>()?).await?;
            let result = serde_json::json!({"group": group, "profile": profile, "access": access, "changed": changed});
            output.result(&result, || match changed {
                true => format!("Group {group} now has {access} access to {profile}."),
                false => format!("Group {group} had {access} access to {profile} already."),
            })
        }
        GroupCommand::Revoke { group, profile } => {
            let mut session = settings.session().await?;
            let (id, profile_id) = (session.directory().find_group(&group)?.id, session.find_profile(&profile)?.id);
            let before = session.directory().head().seq;
            let changed = output.working(ENCRYPTING, session.revoke(id, profile_id)).await?;
            profile_rotate::finish(output, &mut session).await?;
            let exposed = exposed::since(&mut session, before, None).await?;
            let what = serde_json::json!({"group": group, "profile": profile, "changed": changed});
            let done = Done { what, exposed };
            output.result(&done, || match changed {
                true => Lines::from(format!(
                    "Group {group} has no access to {profile} any more; the profile was encrypted anew."
                ))
                .then(done.exposed.text()),
                false => format!("Group {group} had no access to {profile}.").into(),
            })
        }
    }
}

async fn change_member(
    settings: &Settings,
    output: &Output,
    group: &str,
    member: &MemberArgs,
    joins: bool,
) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let id = session.directory().find_group(group)?.id;
    let (principal, who): (PrincipalId, String) = match (&member.agent, &member.user) {
        (Some(agent), _) => (session.directory().find_agent(agent)?.id.into(), format!("Agent {agent}")),
        (None, Some(user)) => (session.directory().find_user(user)?.id.into(), user.clone()),
        (None, None) => return Err(Failure::usage("whom? say --agent or --user")),
    };
    let before = session.directory().head().seq;
    let changed = if joins {
        session.add_member(id, principal).await?
    } else {
        output.working(ENCRYPTING, session.remove_member(id, principal)).await?
    };
    profile_rotate::finish(output, &mut session).await?;
    let what = match &member.agent {
        Some(agent) => serde_json::json!({"group": group, "agent": agent, "member": joins, "changed": changed}),
        None => serde_json::json!({"group": group, "user": member.user, "member": joins, "changed": changed}),
    };
    if joins {
        return output.result(&what, || match changed {
            true => format!("{who} is now in group {group}."),
            false => format!("{who} was in group {group} already."),
        });
    }
    let done = Done { what, exposed: exposed::since(&mut session, before, Some(principal)).await? };
    output.result(&done, || match changed {
        true => Lines::from(format!("{who} is out of group {group}; what it could read there was encrypted anew."))
            .then(done.exposed.text()),
        false => format!("{who} was not in group {group}.").into(),
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
        let list = |items: &[String]| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
        lines![
            &shown.name,
            format!("  id:       {}", shown.group_id),
            format!("  members:  {}", list(&members)),
            format!("  profiles: {}", list(&grants)),
        ]
    })
}
