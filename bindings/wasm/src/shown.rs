//! Shapes that several calls give.

use crate::{convert::Listener, error::Outcome, session::Open};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use stronghold_sdk::{
    Error,
    admin::{Decision, Exposed, RekeyProgress},
    protocol::{
        crypto::hash::Hash,
        directory::Directory,
        id::{AgentId, GroupId, PrincipalId, ProfileId, UserId},
        number::Seq,
    },
};
use wasm_bindgen::JsValue;

/// An agent or a user, by id.
#[derive(Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub(crate) enum Principal {
    Agent(AgentId),
    User(UserId),
}

impl From<Principal> for PrincipalId {
    fn from(principal: Principal) -> Self {
        match principal {
            Principal::Agent(id) => id.into(),
            Principal::User(id) => id.into(),
        }
    }
}

/// A principal with the name that it has.
#[derive(Serialize)]
pub(crate) struct NamedPrincipal {
    kind: &'static str,
    id: String,
    name: String,
}

impl NamedPrincipal {
    pub(crate) fn new(principal: PrincipalId, name: String) -> Self {
        let id = match principal {
            PrincipalId::Agent(id) => id.to_string(),
            PrincipalId::User(id) => id.to_string(),
        };
        Self { kind: principal.kind(), id, name }
    }
}

/// A group with its name.
#[derive(Serialize)]
pub(crate) struct NamedGroup {
    group_id: GroupId,
    name: String,
}

/// Groups by id, sorted by name.
pub(crate) fn named_groups<'a>(directory: &Directory, ids: impl Iterator<Item = &'a GroupId>) -> Vec<NamedGroup> {
    let known = ids.filter_map(|id| directory.group(id));
    let mut groups: Vec<_> =
        known.map(|group| NamedGroup { group_id: group.id, name: group.name.to_string() }).collect();
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    groups
}

/// What came of a change that may take more owners.
#[derive(Serialize)]
pub(crate) struct Decided {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_id: Option<Hash>,
}

impl From<Decision> for Decided {
    fn from(decision: Decision) -> Self {
        let (status, approval_id) = match decision {
            Decision::Unchanged => ("unchanged", None),
            Decision::Made => ("made", None),
            Decision::Pending(id) => ("pending", Some(id)),
        };
        Self { status, approval_id }
    }
}

#[derive(Serialize)]
struct Progress<'a> {
    profile: &'a str,
    done: usize,
    total: usize,
}

impl Open<'_> {
    /// Finishes what ending an access began, and tells how far it is.
    pub(crate) async fn finish_rekeys(&mut self, listener: &Listener) -> Result<(), Error> {
        let mut tell = self.telling(listener);
        self.session.finish_rekeys(&mut tell).await?;
        Ok(())
    }

    /// The same for one profile; whether there was anything to finish.
    pub(crate) async fn finish_rekey(&mut self, id: ProfileId, listener: &Listener) -> Result<bool, Error> {
        let mut tell = self.telling(listener);
        self.session.finish_rekey(id, &mut tell).await
    }

    /// What tells a listener how far new keys have come.
    fn telling<'listener>(&self, listener: &'listener Listener) -> impl FnMut(RekeyProgress) + use<'listener> {
        let directory = self.session.directory();
        let names: BTreeMap<ProfileId, String> =
            directory.profiles().map(|profile| (profile.id, profile.name.to_string())).collect();
        move |progress: RekeyProgress| {
            let profile = names.get(&progress.profile).map_or("", String::as_str);
            let shown = Progress { profile, done: progress.done, total: progress.total };
            listener.tell(&crate::convert::to_js(&shown).unwrap_or(JsValue::NULL));
        }
    }

    /// What is exposed to those whose access ended after a statement, once it is encrypted anew.
    pub(crate) async fn exposed_since(
        &mut self,
        before: Seq,
        to: Option<PrincipalId>,
        listener: &Listener,
    ) -> Outcome<Exposed> {
        self.finish_rekeys(listener).await?;
        let exposed = self.session.exposed_since(before, to).await?;
        Ok(exposed)
    }
}
