//! `org show`.

use crate::{failure::Failure, output::Output, settings::Settings};
use serde::Serialize;
use stronghold_sdk::protocol::{crypto::hash::Hash, directory::Role, id::OrgId};

#[derive(Serialize)]
struct Shown {
    org_id: OrgId,
    name: String,
    owners: Vec<String>,
    admins: Vec<String>,
    owner_threshold: u32,
    approvals_pending: usize,
    roster_version: u64,
    statements: u64,
    head: Hash,
    agents: usize,
    groups: usize,
    profiles: usize,
}

/// Shows the organization.
pub(crate) async fn show(settings: &Settings, output: &Output) -> Result<(), Failure> {
    let session = settings.session().await?;
    let shown = shown(session.directory());
    output.result(&shown, || {
        format!(
            "{}\n  id:        {}\n  owners:    {}\n  admins:    {}\n  threshold: {} of {} owners{}\n  directory: {} statements, head {}\n  holds:     {} agents, {} groups, {} profiles",
            shown.name,
            shown.org_id,
            shown.owners.join(", "),
            if shown.admins.is_empty() { "none".to_owned() } else { shown.admins.join(", ") },
            shown.owner_threshold,
            shown.owners.len(),
            match shown.approvals_pending {
                0 => String::new(),
                count => format!(" ({count} changes wait: `org approvals`)"),
            },
            shown.statements,
            shown.head,
            shown.agents,
            shown.groups,
            shown.profiles,
        )
    })
}

fn shown(directory: &stronghold_sdk::protocol::directory::Directory) -> Shown {
    let members = |role: Role| {
        let live = directory.users().filter(move |user| !user.removed && user.role == role);
        live.map(|user| user.email.to_string()).collect()
    };
    let roster = directory.roster().value();
    Shown {
        org_id: directory.org(),
        name: directory.policy().name.to_string(),
        owners: members(Role::Owner),
        admins: members(Role::Admin),
        owner_threshold: roster.owner_threshold,
        approvals_pending: directory.approvals().count(),
        roster_version: roster.version.get(),
        statements: directory.head().seq.get() + 1,
        head: directory.head().hash,
        agents: directory.agents().filter(|agent| !agent.deleted).count(),
        groups: directory.groups().count(),
        profiles: directory.profiles().count(),
    }
}
