//! `agent rotate-token --grace` and `--finish`: a new token beside the old one, so that a fleet moves without an outage.

use super::{
    agent::Minted,
    exposed::{self, Exposed},
    group::ENCRYPTING,
    profile_rotate,
};
use crate::{
    acting::HttpSession,
    failure::Failure,
    output::Output,
    settings::{Settings, token_url},
    shown::{Lines, lines},
    when,
};
use serde::Serialize;
use stronghold_sdk::{
    admin::Resolve,
    protocol::{id::AgentId, name::Name, time::Timestamp},
};

#[derive(Serialize)]
struct Begun {
    #[serde(flatten)]
    minted: Minted,
    old_token_until: Timestamp,
}

#[derive(Serialize)]
struct Finished {
    agent_id: AgentId,
    name: Name,
    finished: bool,
    #[serde(flatten)]
    exposed: Exposed,
}

/// Makes a new token and keeps the old one.
pub(super) async fn begin(settings: &Settings, output: &Output, agent: &str, grace: &str) -> Result<(), Failure> {
    let until = when::parse(grace, settings.clock.now())?;
    let until = until.ok_or_else(|| Failure::usage("a rotation ends at some time: write --grace 1h"))?;
    let mut session = settings.session().await?;
    let id = session.directory().find_agent(agent)?.id;
    let url = token_url(&settings.session_url()?);
    let minted: Minted = session.begin_rotation(id, until, url).await?.into();
    let begun = Begun { minted, old_token_until: until };
    output.result(&begun, || {
        let minted = &begun.minted;
        minted.text("given a new token beside the old one").then(lines![
            "",
            format!(
                "The old token is served too, until you end it: when all that use it are moved, about {until}, run"
            ),
            format!("  api-stronghold-cli agent rotate-token {} --finish", minted.name),
        ])
    })
}

/// Ends the old token.
pub(super) async fn finish(settings: &Settings, output: &Output, agent: &str) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let known = session.directory().find_agent(agent)?;
    let (id, name) = (known.id, known.name.clone());
    let before = session.directory().head().seq;
    let finished = output.working(ENCRYPTING, session.finish_rotation(id)).await?;
    profile_rotate::finish(output, &mut session).await?;
    let exposed = exposed::since(&mut session, before, Some(id.into())).await?;
    let finished = Finished { agent_id: id, name, finished, exposed };
    output.result(&finished, || match finished.finished {
        true => Lines::from(format!(
            "The old token of agent {} ended, and what it could read was encrypted anew.",
            finished.name
        ))
        .then(finished.exposed.text()),
        false => format!("No rotation of agent {} is pending.", finished.name).into(),
    })
}

/// Warns whoever can finish a rotation that it is time to: a server cannot, it has no keys.
pub(crate) fn warn_of_overdue(session: &HttpSession, output: &Output) {
    if session.is_manager() {
        for (name, rotation) in session.overdue_rotations() {
            output.warn(format!(
                "agent {name} has two tokens, the old one was to end at {}: run agent rotate-token {name} --finish",
                rotation.until
            ));
        }
    }
}
