//! `agent update`, `activate`, `deactivate`, `rotate-token` and `delete`.

use super::{
    agent::Minted,
    exposed::{self, Exposed},
    group::ENCRYPTING,
    profile_rotate,
};
use crate::{
    args::{AgentUpdateArgs, ConditionArgs},
    failure::Failure,
    input,
    output::Output,
    settings::{Settings, token_url},
    shown::{Lines, lines},
    when,
};
use serde::Serialize;
use stronghold_sdk::{
    admin::{AgentUpdate, Resolve},
    protocol::{
        directory::{AgentStatus, Conditions},
        id::AgentId,
        name::Name,
        time::Timestamp,
    },
};

/// Changes name or conditions.
pub(crate) async fn update(settings: &Settings, output: &Output, args: &AgentUpdateArgs) -> Result<(), Failure> {
    let name = args.name.as_deref().map(super::profile::name_of).transpose()?;
    let mut session = settings.session().await?;
    let agent = session.directory().find_agent(&args.agent)?;
    let id = agent.id;
    let conditions = conditions(&args.conditions, agent.conditions.clone(), settings.clock.now())?;
    session.update_agent(id, &AgentUpdate { name, status: None, conditions: Some(conditions) }).await?;
    output.result(&serde_json::json!({"agent_id": id}), || format!("Agent {} was changed.", args.agent))
}

/// Serves an agent again, or refuses it.
pub(crate) async fn set_status(settings: &Settings, output: &Output, agent: &str, active: bool) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let known = session.directory().find_agent(agent)?;
    let (id, name) = (known.id, known.name.clone());
    let status = if active { AgentStatus::Active } else { AgentStatus::Inactive };
    session.update_agent(id, &AgentUpdate { status: Some(status), ..AgentUpdate::default() }).await?;
    output.result(&serde_json::json!({"agent_id": id, "name": name, "status": status}), || match active {
        true => format!("Agent {name} is active."),
        false => format!("Agent {name} is refused from its next request on."),
    })
}

/// Replaces the token.
pub(crate) async fn rotate_token(settings: &Settings, output: &Output, agent: &str) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let id = session.directory().find_agent(agent)?.id;
    let before = session.directory().head().seq;
    let url = token_url(&settings.session_url()?);
    let minted: Minted = output.working(ENCRYPTING, session.rotate_token(id, url)).await?.into();
    if output.is_json() {
        let exposed = exposed::since(&mut session, before, Some(id.into())).await;
        // The token in any case: nobody can show it again.
        let exposed = exposed.map_err(|failure| failure.with_once("token", minted.token.clone().into()))?;
        output.result(&Rotated { minted, exposed }, String::new)?;
        return profile_rotate::finish(output, &mut session).await;
    }
    // The token first: whatever happens to the rest, it was seen.
    output.result(&minted, || minted.text("given a new token, and the old one ended"))?;
    profile_rotate::finish(output, &mut session).await?;
    let exposed = exposed::since(&mut session, before, Some(id.into())).await?;
    output.result(&exposed, || lines![""].then(exposed.text()))
}

#[derive(Serialize)]
struct Rotated {
    #[serde(flatten)]
    minted: Minted,
    #[serde(flatten)]
    exposed: Exposed,
}

#[derive(Serialize)]
struct Deleted {
    agent_id: AgentId,
    name: Name,
    status: &'static str,
    #[serde(flatten)]
    exposed: Exposed,
}

/// Deletes an agent.
pub(crate) async fn delete(settings: &Settings, output: &Output, agent: &str, yes: bool) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let known = session.directory().find_agent(agent)?;
    let (id, name) = (known.id, known.name.clone());
    let before = session.directory().head().seq;
    input::confirm(&format!("Delete agent {name} for good?"), yes, &settings.global)?;
    output.working(ENCRYPTING, session.delete_agent(id)).await?;
    profile_rotate::finish(output, &mut session).await?;
    let exposed = exposed::since(&mut session, before, Some(id.into())).await?;
    let deleted = Deleted { agent_id: id, name, status: "deleted", exposed };
    output.result(&deleted, || {
        Lines::from(format!("Agent {} was deleted, and what it could read was encrypted anew.", deleted.name))
            .then(deleted.exposed.text())
    })
}

/// The conditions that flags ask for, on top of those that are there.
pub(crate) fn conditions(args: &ConditionArgs, before: Conditions, now: Timestamp) -> Result<Conditions, Failure> {
    let mut conditions = before;
    if let Some(text) = input::given(args.expires.as_ref()) {
        conditions.expires_at = when::parse(text, now)?;
    }
    if let Some(text) = input::given(args.not_before.as_ref()) {
        conditions.not_before = when::parse(text, now)?;
    }
    match args.source_cidr.as_slice() {
        [] => {}
        [any] if any == "any" => conditions.source_cidrs.clear(),
        cidrs => conditions.source_cidrs = cidrs.to_vec(),
    }
    match input::given(args.max_uses.as_ref()) {
        None => {}
        Some("unlimited") => conditions.max_uses = None,
        Some(text) => {
            let uses = text.parse().map_err(|_| Failure::usage("--max-uses is a number, or `unlimited`"))?;
            conditions.max_uses = Some(uses);
        }
    }
    if conditions.are_well_formed() {
        Ok(conditions)
    } else {
        Err(Failure::usage(
            "these conditions cannot be: ranges are written 10.0.0.0/8, and an agent starts before it expires",
        ))
    }
}
