//! `org show`.

use crate::{failure::Failure, output::Output, settings::Settings, shown::lines};
use stronghold_sdk::{admin::OrgSummary, protocol::name::Email};

/// Shows the organization.
pub(crate) async fn show(settings: &Settings, output: &Output) -> Result<(), Failure> {
    let session = settings.session().await?;
    let shown = OrgSummary::of(session.directory());
    output.result(&shown, || {
        let admins = if shown.admins.is_empty() { "none".to_owned() } else { addresses(&shown.admins) };
        let waiting = match shown.approvals_pending {
            0 => String::new(),
            count => format!(" ({count} changes wait: `org approvals`)"),
        };
        let (agents, groups, profiles) = (shown.agents, shown.groups, shown.profiles);
        lines![
            shown.name.as_str(),
            format!("  id:        {}", shown.org_id),
            format!("  owners:    {}", addresses(&shown.owners)),
            format!("  admins:    {admins}"),
            format!("  threshold: {} of {} owners{waiting}", shown.owner_threshold, shown.owners.len()),
            format!("  directory: {} statements, head {}", shown.statements, shown.head),
            format!("  holds:     {agents} agents, {groups} groups, {profiles} profiles"),
        ]
    })
}

fn addresses(of: &[Email]) -> String {
    of.iter().map(Email::as_str).collect::<Vec<_>>().join(", ")
}
