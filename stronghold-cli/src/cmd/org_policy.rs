//! `org policy`, and what waits for several owners: `org approvals`, `approve`, `withdraw`.

use super::{exposed, group::ENCRYPTING, profile_rotate, secret_past::address_of};
use crate::{
    acting::HttpSession,
    args::PolicyArgs,
    failure::Failure,
    input,
    output::{Output, table},
    settings::Settings,
    shown::{Lines, lines},
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
        lines![
            &policy.name,
            format!("  owner threshold: {} of {} owners", policy.owner_threshold, policy.owners),
            format!("  minimum suite:   {}", policy.minimum_suite),
        ]
        .then(pending.map(waiting).unwrap_or_default())
    })
}

/// What to tell whoever proposed a change that takes more owners.
pub(crate) fn waiting(id: Hash) -> Lines {
    lines![
        "It takes the signatures of more owners. Another owner runs",
        format!("  api-stronghold-cli org approve {id}"),
        "`org approvals` shows what waits, `org withdraw` gives it up.",
    ]
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
    let mut session = settings.session().await?;
    let pending = session.pending_approvals().await?;
    let directory = session.directory();
    let listed: Vec<Listed> = pending
        .iter()
        .map(|pending| Listed {
            approval_id: pending.id,
            proposed_at: pending.since,
            change: pending.words().join("; "),
            signed_by: pending.signed_by.iter().map(|user| address_of(directory, *user)).collect(),
            missing: pending.missing,
        })
        .collect();
    output.result(&listed, || {
        if listed.is_empty() {
            return "Nothing waits for the signatures of owners.".into();
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

/// Signs what waits, and exactly what it says.
pub(crate) async fn approve(settings: &Settings, output: &Output, id: &str, yes: bool) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let pending = find(&mut session, id).await?;
    let described = pending.to_sign()?;
    let change = described.words().join("; ");
    input::confirm(&format!("Sign this: {change}?"), yes, &settings.global)?;
    let before = session.directory().head().seq;
    let decision = output.working(ENCRYPTING, session.approve(described)).await?;
    let made = decision == Decision::Made;
    let mut lost = Lines::default();
    let mut left = 0;
    if made {
        profile_rotate::finish(output, &mut session).await?;
        for owner in described.owners_changed().1 {
            let exposed = exposed::since(&mut session, before, Some(owner.id.into())).await?;
            lost = lost.then(exposed.text());
        }
    } else {
        left = session.pending_approval(pending.id).await?.missing;
    }
    let result = serde_json::json!({
        "approval_id": pending.id,
        "change": change,
        "status": if made { "made" } else { "pending" },
        "missing": left,
    });
    output.result(&result, || {
        let first = match made {
            true => format!("Signed, and made: {change}."),
            false if left == 0 => {
                format!("Signed: {change}. Any owner who stays one makes it with `org approve {}`.", pending.id)
            }
            false => format!("Signed: {change}. {left} more owners have to."),
        };
        Lines::from(first).then(lost)
    })
}

/// Gives up what waits.
pub(crate) async fn withdraw(settings: &Settings, output: &Output, id: &str) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let pending = find(&mut session, id).await?;
    session.withdraw_approval(pending.id).await?;
    let change = pending.words().join("; ");
    let result = serde_json::json!({"approval_id": pending.id, "change": change, "status": "withdrawn"});
    output.result(&result, || format!("Given up: {change}."))
}

async fn find(session: &mut HttpSession, id: &str) -> Result<PendingApproval, Failure> {
    let pending = session.pending_approvals().await?;
    let mut meant = pending.iter().filter(|pending| !id.is_empty() && pending.id.to_string().starts_with(id));
    match (meant.next(), meant.next()) {
        (Some(one), None) => Ok(one.clone()),
        (Some(_), Some(_)) => Err(Failure::usage("several changes begin like this; write more of the id")),
        (None, _) => Err(Failure::not_found("pending change", id).with_hint("`org approvals` shows what waits.")),
    }
}
