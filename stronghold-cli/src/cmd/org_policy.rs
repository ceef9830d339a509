//! `org policy`, and what waits for several owners: `org approvals`, `approve`, `withdraw`.

use super::{exposed, group::ENCRYPTING, profile_rotate};
use crate::{
    acting::HttpSession,
    args::PolicyArgs,
    failure::Failure,
    input,
    output::{Output, table},
    settings::Settings,
};
use serde::Serialize;
use stronghold_sdk::{
    admin::{Decision, PendingApproval},
    protocol::{crypto::hash::Hash, name::Name, time::Timestamp},
};

#[derive(Serialize)]
struct Policy {
    name: String,
    owners: usize,
    owner_threshold: u32,
    minimum_suite: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_id: Option<Hash>,
}

/// Shows the policy, after changing it if that is asked for.
pub(crate) async fn policy(settings: &Settings, output: &Output, args: &PolicyArgs) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    if let Some(name) = &args.name {
        let name = Name::new(name).map_err(|error| Failure::usage(format!("{name:?}: {error}")))?;
        let _renamed = session.rename_organization(&name).await?;
    }
    let mut pending = None;
    if let Some(threshold) = args.owner_threshold
        && let Decision::Pending(id) = session.set_owner_threshold(threshold).await?
    {
        pending = Some(id);
    }
    let (name, roster) = (session.directory().policy().name.to_string(), session.directory().roster().value());
    let policy = Policy {
        name,
        owners: roster.owners.len(),
        owner_threshold: roster.owner_threshold,
        minimum_suite: roster.minimum_suite,
        approval_id: pending,
    };
    output.result(&policy, || {
        let waits = pending.map(|id| format!("\n{}", waiting(id))).unwrap_or_default();
        format!(
            "{}\n  owner threshold: {} of {} owners\n  minimum suite:   {}{waits}",
            policy.name, policy.owner_threshold, policy.owners, policy.minimum_suite
        )
    })
}

/// What to tell whoever proposed a change that takes more owners.
pub(crate) fn waiting(id: Hash) -> String {
    format!(
        "It takes the signatures of more owners. Another owner runs\n  api-stronghold-cli org approve {id}\n\
         `org approvals` shows what waits, `org withdraw` gives it up."
    )
}

#[derive(Serialize)]
struct Listed {
    approval_id: Hash,
    proposed_at: Timestamp,
    change: String,
    signed_by: Vec<String>,
    missing: usize,
}

/// Lists what waits.
pub(crate) async fn approvals(settings: &Settings, output: &Output) -> Result<(), Failure> {
    let session = settings.session().await?;
    let directory = session.directory();
    let listed: Vec<Listed> = session
        .pending_approvals()
        .iter()
        .map(|pending| Listed {
            approval_id: pending.id,
            proposed_at: pending.since,
            change: pending.changes(directory).join(", "),
            signed_by: pending.signed_by.iter().map(|user| pending.address(directory, *user)).collect(),
            missing: pending.missing,
        })
        .collect();
    output.result(&listed, || {
        if listed.is_empty() {
            return "Nothing waits for the signatures of owners.".to_owned();
        }
        let row = |listed: &Listed| {
            vec![
                listed.approval_id.to_string(),
                listed.proposed_at.to_string(),
                listed.change.clone(),
                listed.signed_by.join(", "),
                listed.missing.to_string(),
            ]
        };
        table(&["ID", "PROPOSED", "CHANGE", "SIGNED BY", "MISSING"], &listed.iter().map(row).collect::<Vec<_>>())
    })
}

/// Signs what waits.
pub(crate) async fn approve(settings: &Settings, output: &Output, id: &str, yes: bool) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let pending = find(&session, id)?;
    let change = pending.changes(session.directory()).join(", ");
    input::confirm(&format!("Sign this: {change}?"), yes, &settings.global)?;
    let before = session.directory().head().seq;
    let decision = output.working(ENCRYPTING, session.approve(pending.id)).await?;
    let made = decision == Decision::Made;
    let mut lost = String::new();
    if made {
        profile_rotate::finish(output, &mut session).await?;
        for user in &pending.former_owners {
            let exposed = exposed::since(&mut session, before, Some((*user).into())).await?;
            lost.push_str(&format!("\n{}", exposed.text()));
        }
    }
    let left = session.pending_approvals().iter().find(|left| left.id == pending.id).map_or(0, |left| left.missing);
    let result = serde_json::json!({
        "approval_id": pending.id,
        "change": change,
        "status": if made { "made" } else { "pending" },
        "missing": left,
    });
    output.result(&result, || match made {
        true => format!("Signed, and made: {change}.{lost}"),
        false if left == 0 => {
            format!("Signed: {change}. Any owner who stays one makes it with `org approve {}`.", pending.id)
        }
        false => format!("Signed: {change}. {left} more owners have to."),
    })
}

/// Gives up what waits.
pub(crate) async fn withdraw(settings: &Settings, output: &Output, id: &str) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let pending = find(&session, id)?;
    session.withdraw_approval(pending.id).await?;
    let change = pending.changes(session.directory()).join(", ");
    let result = serde_json::json!({"approval_id": pending.id, "change": change, "status": "withdrawn"});
    output.result(&result, || format!("Given up: {change}."))
}

fn find(session: &HttpSession, id: &str) -> Result<PendingApproval, Failure> {
    let pending = session.pending_approvals();
    let mut meant = pending.iter().filter(|pending| !id.is_empty() && pending.id.to_string().starts_with(id));
    match (meant.next(), meant.next()) {
        (Some(one), None) => Ok(one.clone()),
        (Some(_), Some(_)) => Err(Failure::usage("several changes begin like this; write more of the id")),
        (None, _) => Err(Failure::not_found("pending change", id).with_hint("`org approvals` shows what waits.")),
    }
}
