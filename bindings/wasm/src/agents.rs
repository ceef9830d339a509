//! Agents: create, change, rotate, delete.

use crate::{
    convert::{Listener, from_js, name, parse, parse_time, to_js},
    error::Outcome,
    session::Session,
    shown::{NamedGroup, named_groups},
};
use js_sys::Function;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use stronghold_sdk::{
    Error,
    admin::{AgentSummary, AgentUpdate, Exposed, MintedToken, NewAgent, Resolve},
    protocol::{
        api::ActivityEntry,
        directory::{Agent, AgentStatus, Conditions, Directory, Rotation},
        id::{AgentId, GroupId, PrincipalId, ProfileId},
        time::{Clock, SystemClock, Timestamp},
    },
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use zeroize::Zeroizing;

#[derive(Deserialize)]
struct Wanted {
    name: String,
    group_ids: Vec<GroupId>,
    #[serde(default)]
    conditions: WantedConditions,
}

#[derive(Deserialize)]
struct Update {
    name: Option<String>,
    conditions: Option<WantedConditions>,
}

#[derive(Default, Deserialize)]
struct WantedConditions {
    not_before: Option<String>,
    expires_at: Option<String>,
    #[serde(default)]
    source_cidrs: Vec<String>,
    max_uses: Option<u64>,
}

impl WantedConditions {
    fn parse(self) -> Outcome<Conditions> {
        let conditions = Conditions {
            not_before: parse_time(self.not_before.as_deref())?,
            expires_at: parse_time(self.expires_at.as_deref())?,
            source_cidrs: self.source_cidrs,
            max_uses: self.max_uses,
        };
        match conditions.are_well_formed() {
            true => Ok(conditions),
            false => crate::convert::invalid(
                "these conditions cannot be: an address range is written like 192.0.2.0/24, and a start comes before its end",
            ),
        }
    }
}

/// A token that was made: the only time that it can be seen.
#[derive(Serialize)]
struct Minted {
    agent_id: AgentId,
    name: String,
    token: Zeroizing<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exposed: Option<Exposed>,
}

impl Minted {
    fn of(minted: MintedToken, exposed: Option<Exposed>) -> Self {
        Self {
            agent_id: minted.agent,
            name: minted.name.to_string(),
            token: Zeroizing::new(minted.token.expose_secret().to_owned()),
            expires_at: minted.expires_at,
            exposed,
        }
    }
}

#[derive(Serialize)]
struct Listed {
    agent_id: AgentId,
    name: String,
    status: &'static str,
    groups: Vec<NamedGroup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_pending: Option<Pending>,
}

#[derive(Serialize)]
struct Pending {
    since: Timestamp,
    until: Timestamp,
}

#[derive(Serialize)]
struct ReadableProfile {
    profile_id: ProfileId,
    name: String,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    listed: Listed,
    created_at: Timestamp,
    profiles: Vec<ReadableProfile>,
    conditions: ShownConditions,
    uses: u64,
}

#[derive(Serialize)]
struct ShownConditions {
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    source_cidrs: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_uses: Option<u64>,
}

impl Listed {
    fn of(directory: &Directory, agent: &Agent, activity: Option<&ActivityEntry>, now: Timestamp) -> Self {
        let AgentSummary { id, name, status, conditions, rotation, .. } = AgentSummary::of(directory, agent, now);
        Self {
            agent_id: id,
            name: name.to_string(),
            status,
            groups: named_groups(directory, agent.groups.iter()),
            expires_at: conditions.expires_at,
            last_seen_at: activity.map(|entry| entry.last_seen_at),
            rotation_pending: rotation.map(|Rotation { since, until }| Pending { since, until }),
        }
    }
}

#[wasm_bindgen]
impl Session {
    /// The agents, sorted by name.
    pub async fn agents(&self, all: Option<bool>) -> Outcome {
        let shared = self.shared()?;
        let open = shared.work().await;
        let activity: BTreeMap<PrincipalId, ActivityEntry> =
            open.activity().await?.into_iter().map(|entry| (entry.principal, entry)).collect();
        let (directory, now) = (open.session.directory(), SystemClock.now());
        let meant = directory.agents().filter(|agent| all == Some(true) || !agent.deleted);
        let mut listed: Vec<Listed> =
            meant.map(|agent| Listed::of(directory, agent, activity.get(&agent.id.into()), now)).collect();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        to_js(&listed)
    }

    /// One agent, a deleted one too.
    pub async fn agent(&self, agent_id: String) -> Outcome {
        let shared = self.shared()?;
        let open = shared.work().await;
        let id: AgentId = parse(&agent_id, "agent's id")?;
        let activity = open.activity().await?;
        let activity = activity.iter().find(|entry| entry.principal == id.into());
        let directory = open.session.directory();
        let agent = directory.agent(&id).ok_or_else(|| Error::not_found("agent", &agent_id))?;
        let readable =
            directory.profiles().filter(|profile| directory.reading_group(&id.into(), &profile.id).is_some());
        let mut profiles: Vec<ReadableProfile> = readable
            .map(|profile| ReadableProfile { profile_id: profile.id, name: profile.name.to_string() })
            .collect();
        profiles.sort_by(|a, b| a.name.cmp(&b.name));
        let Conditions { not_before, expires_at, source_cidrs, max_uses } = agent.conditions.clone();
        to_js(&Shown {
            listed: Listed::of(directory, agent, activity, SystemClock.now()),
            created_at: agent.created_at,
            profiles,
            conditions: ShownConditions { not_before, expires_at, source_cidrs, max_uses },
            uses: activity.map_or(0, |entry| entry.uses),
        })
    }

    /// Creates an agent with its token.
    #[wasm_bindgen(js_name = createAgent)]
    pub async fn create_agent(&self, agent: JsValue) -> Outcome {
        let Wanted { name: called, group_ids, conditions } = from_js(agent, "agent")?;
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let url = shared.token_url();
        let new = NewAgent { name: name(&called)?, groups: group_ids, conditions: conditions.parse()?, url };
        let minted = open.session.create_agent(new).await?;
        to_js(&Minted::of(minted, None))
    }

    /// Changes an agent's name or conditions: what is absent stays.
    #[wasm_bindgen(js_name = updateAgent)]
    pub async fn update_agent(&self, agent_id: String, update: JsValue) -> Outcome<()> {
        let Update { name: called, conditions } = from_js(update, "update")?;
        let update = AgentUpdate {
            name: called.as_deref().map(name).transpose()?,
            status: None,
            conditions: conditions.map(WantedConditions::parse).transpose()?,
        };
        self.change_agent(&agent_id, &update).await
    }

    /// Lets an agent be served again.
    #[wasm_bindgen(js_name = activateAgent)]
    pub async fn activate_agent(&self, agent_id: String) -> Outcome<()> {
        let update = AgentUpdate { status: Some(AgentStatus::Active), ..AgentUpdate::default() };
        self.change_agent(&agent_id, &update).await
    }

    /// Lets an agent be refused from its next request on.
    #[wasm_bindgen(js_name = deactivateAgent)]
    pub async fn deactivate_agent(&self, agent_id: String) -> Outcome<()> {
        let update = AgentUpdate { status: Some(AgentStatus::Inactive), ..AgentUpdate::default() };
        self.change_agent(&agent_id, &update).await
    }

    /// Gives an agent a new token. The old one is good for `grace_seconds` more, until the rotation is finished; it ends at
    /// once without them.
    #[wasm_bindgen(js_name = rotateToken)]
    pub async fn rotate_token(&self, agent_id: String, grace_seconds: Option<u32>) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.session.directory().find_agent(&agent_id)?.id;
        let (url, before) = (shared.token_url(), open.session.directory().head().seq);
        let minted = match grace_seconds {
            Some(seconds) => {
                let until = SystemClock.now().plus_millis(i64::from(seconds).saturating_mul(1000));
                Minted::of(open.session.begin_rotation(id, until, url).await?, None)
            }
            None => {
                let minted = open.session.rotate_token(id, url).await?;
                // The token can be seen only now: it is told even where what is exposed cannot be.
                let exposed = open.exposed_since(before, Some(id.into()), &Listener::new(None)).await;
                Minted::of(minted, exposed.ok())
            }
        };
        to_js(&minted)
    }

    /// Ends the older of an agent's two tokens.
    #[wasm_bindgen(js_name = finishRotation)]
    pub async fn finish_rotation(&self, agent_id: String) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.session.directory().find_agent(&agent_id)?.id;
        let before = open.session.directory().head().seq;
        open.session.finish_rotation(id).await?;
        to_js(&open.exposed_since(before, Some(id.into()), &Listener::new(None)).await?)
    }

    /// Deletes an agent for good and encrypts anew what it could read. Gives what it exposes.
    #[wasm_bindgen(js_name = deleteAgent)]
    pub async fn delete_agent(&self, agent_id: String, progress: Option<Function>) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.session.directory().find_agent(&agent_id)?.id;
        let before = open.session.directory().head().seq;
        open.session.delete_agent(id).await?;
        to_js(&open.exposed_since(before, Some(id.into()), &Listener::new(progress)).await?)
    }
}

impl Session {
    async fn change_agent(&self, agent_id: &str, update: &AgentUpdate) -> Outcome<()> {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.session.directory().find_agent(agent_id)?.id;
        open.session.update_agent(id, update).await?;
        Ok(())
    }
}
