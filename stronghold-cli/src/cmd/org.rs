//! `org show`.

use crate::{failure::Failure, output::Output, settings::Settings};
use stronghold_sdk::{admin::OrgSummary, protocol::name::Email};

/// Shows the organization.
pub(crate) async fn show(settings: &Settings, output: &Output) -> Result<(), Failure> {
    let session = settings.session().await?;
    let shown = OrgSummary::of(session.directory());
    output.result(&shown, || {
        format!(
            "{}\n  id:        {}\n  owners:    {}\n  admins:    {}\n  threshold: {} of {} owners{}\n  directory: {} statements, head {}\n  holds:     {} agents, {} groups, {} profiles",
            shown.name,
            shown.org_id,
            addresses(&shown.owners),
            if shown.admins.is_empty() { "none".to_owned() } else { addresses(&shown.admins) },
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

fn addresses(of: &[Email]) -> String {
    of.iter().map(Email::as_str).collect::<Vec<_>>().join(", ")
}
