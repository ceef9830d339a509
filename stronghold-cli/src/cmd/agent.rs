//! `agent`: non-human identities.

use super::{agent_change, agent_rotation};
use crate::{
    args::{AgentCommand, AgentCreateArgs},
    failure::Failure,
    output::{Output, table},
    settings::{Settings, token_url},
    shown::{Lines, lines},
};
use secrecy::ExposeSecret;
use serde::Serialize;
use std::collections::BTreeMap;
use stronghold_sdk::{
    admin::{AgentSummary, MintedToken, NewAgent, Resolve},
    protocol::{
        directory::{Conditions, Rotation},
        id::{AgentId, PrincipalId},
        time::Timestamp,
    },
};

/// What `agent create` and `agent rotate-token` print: the only time that the token can be seen.
#[derive(Serialize)]
pub(crate) struct Minted {
    pub(crate) agent_id: AgentId,
    pub(crate) name: String,
    pub(crate) token: String,
    pub(crate) expires_at: Option<Timestamp>,
}

impl From<MintedToken> for Minted {
    fn from(minted: MintedToken) -> Self {
        Self {
            agent_id: minted.agent,
            name: minted.name.to_string(),
            token: minted.token.expose_secret().to_owned(),
            expires_at: minted.expires_at,
        }
    }
}

impl Minted {
    /// For people: the token, and what to do with it.
    pub(crate) fn text(&self, what: &str) -> Lines {
        let until = self.expires_at.map(|at| format!(" It expires at {at}.")).unwrap_or_default();
        lines![
            format!("Agent {} was {what} ({}).{until}", self.name, self.agent_id),
            "",
            "Its token, which nobody can show you again:",
            format!("  {}", self.token),
            "",
            "Use it:",
            "  api-stronghold-cli auth api-user --token <AGENT_TOKEN>",
            "  api-stronghold-cli env pull --profile <PROFILE> -o .env",
        ]
    }
}

#[derive(Serialize)]
struct Listed {
    agent_id: AgentId,
    name: String,
    status: &'static str,
    groups: Vec<String>,
    expires_at: Option<Timestamp>,
    last_seen_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_pending: Option<Pending>,
}

/// A rotation that is not finished: two tokens are good.
#[derive(Clone, Copy, Serialize)]
struct Pending {
    since: Timestamp,
    until: Timestamp,
}

impl From<Rotation> for Pending {
    fn from(Rotation { since, until }: Rotation) -> Self {
        Self { since, until }
    }
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    listed: Listed,
    created_at: Timestamp,
    profiles: Vec<String>,
    conditions: Conditions,
    uses: u64,
}

/// Runs the command.
pub(crate) async fn run(settings: &Settings, output: &Output, command: AgentCommand) -> Result<(), Failure> {
    match command {
        AgentCommand::Create(args) => create(settings, output, &args).await,
        AgentCommand::List { all } => list(settings, output, all).await,
        AgentCommand::Show { agent } => show(settings, output, &agent).await,
        AgentCommand::Update(args) => agent_change::update(settings, output, &args).await,
        AgentCommand::Activate { agent } => agent_change::set_status(settings, output, &agent, true).await,
        AgentCommand::Deactivate { agent } => agent_change::set_status(settings, output, &agent, false).await,
        AgentCommand::RotateToken { agent, grace: Some(grace), .. } => {
            agent_rotation::begin(settings, output, &agent, &grace).await
        }
        AgentCommand::RotateToken { agent, finish: true, .. } => agent_rotation::finish(settings, output, &agent).await,
        AgentCommand::RotateToken { agent, .. } => agent_change::rotate_token(settings, output, &agent).await,
        AgentCommand::Delete { agent, yes } => agent_change::delete(settings, output, &agent, yes).await,
    }
}

async fn create(settings: &Settings, output: &Output, args: &AgentCreateArgs) -> Result<(), Failure> {
    let name = super::profile::name_of(&args.name)?;
    let conditions = agent_change::conditions(&args.conditions, Conditions::default(), settings.clock.now())?;
    let mut session = settings.session().await?;
    let mut groups = Vec::with_capacity(args.group.len());
    for group in &args.group {
        groups.push(session.directory().find_group(group)?.id);
    }
    let url = token_url(&settings.session_url()?);
    let minted: Minted = session.create_agent(NewAgent { name, groups, conditions, url }).await?.into();
    output.result(&minted, || minted.text("created"))
}

async fn list(settings: &Settings, output: &Output, all: bool) -> Result<(), Failure> {
    let session = settings.session().await?;
    let seen: BTreeMap<PrincipalId, Timestamp> =
        session.activity().await?.into_iter().map(|entry| (entry.principal, entry.last_seen_at)).collect();
    let now = settings.clock.now();
    let directory = session.directory();
    let mut listed: Vec<Listed> = directory
        .agents()
        .filter(|agent| all || settings.global.is_json() || !agent.deleted)
        .map(|agent| Listed::of(AgentSummary::of(directory, agent, now), seen.get(&agent.id.into()).copied()))
        .collect();
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    output.result(&listed, || {
        let shown = |at: Option<Timestamp>, none: &str| at.map_or_else(|| none.to_owned(), |at| at.to_string());
        let rows: Vec<Vec<String>> = listed
            .iter()
            .map(|agent| {
                vec![
                    agent.name.clone(),
                    agent.status_text(),
                    agent.groups.join(", "),
                    shown(agent.expires_at, "never"),
                    shown(agent.last_seen_at, "never"),
                    agent.agent_id.to_string(),
                ]
            })
            .collect();
        table(&["NAME", "STATUS", "GROUPS", "EXPIRES", "LAST SEEN", "ID"], &rows)
    })
}

async fn show(settings: &Settings, output: &Output, agent: &str) -> Result<(), Failure> {
    let session = settings.session().await?;
    let activity = session.activity().await?;
    let directory = session.directory();
    let agent = directory.find_agent(agent)?;
    let seen = activity.iter().find(|entry| entry.principal == agent.id.into());
    let summary = AgentSummary::of(directory, agent, settings.clock.now());
    let mut profiles: Vec<String> = directory
        .profiles()
        .filter(|profile| directory.reading_group(&agent.id.into(), &profile.id).is_some())
        .map(|profile| profile.name.to_string())
        .collect();
    profiles.sort_unstable();
    let shown = Shown {
        created_at: summary.created_at,
        conditions: summary.conditions.clone(),
        listed: Listed::of(summary, seen.map(|entry| entry.last_seen_at)),
        profiles,
        uses: seen.map_or(0, |entry| entry.uses),
    };
    output.result(&shown, || {
        let list = |items: &[String]| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
        let at = |time: Option<Timestamp>| time.map_or_else(|| "never".to_owned(), |time| time.to_string());
        lines![
            &shown.listed.name,
            format!("  id:        {}", shown.listed.agent_id),
            format!("  status:    {}", shown.listed.status_text()),
            format!("  groups:    {}", list(&shown.listed.groups)),
            format!("  can read:  {}", list(&shown.profiles)),
            format!("  created:   {}", shown.created_at),
            format!("  expires:   {}", at(shown.listed.expires_at)),
            format!("  last seen: {}", at(shown.listed.last_seen_at)),
            format!("  reads:     {}", shown.uses),
        ]
    })
}

impl Listed {
    fn of(summary: AgentSummary, last_seen_at: Option<Timestamp>) -> Self {
        Self {
            agent_id: summary.id,
            name: summary.name.to_string(),
            status: summary.status,
            groups: summary.groups.iter().map(ToString::to_string).collect(),
            expires_at: summary.conditions.expires_at,
            last_seen_at,
            rotation_pending: summary.rotation.map(Pending::from),
        }
    }

    /// For people: the status, and what is to be done.
    fn status_text(&self) -> String {
        match self.rotation_pending {
            None => self.status.to_owned(),
            Some(Pending { since, until }) => {
                format!("{}, rotation pending since {since} until {until}", self.status)
            }
        }
    }
}
