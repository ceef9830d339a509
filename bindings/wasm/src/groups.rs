//! Groups: members and grants.

use crate::{
    convert::{Listener, from_js, name, parse, to_js},
    error::Outcome,
    session::Session,
    shown::{NamedPrincipal, Principal},
};
use js_sys::Function;
use serde::Serialize;
use stronghold_sdk::{
    admin::{Access, GroupSummary},
    protocol::{
        directory::Directory,
        id::{GroupId, PrincipalId, ProfileId},
    },
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[derive(Serialize)]
struct Listed {
    group_id: GroupId,
    name: String,
    /// The group of the owners and admins, who reach everything.
    builtin: bool,
    members: Vec<NamedPrincipal>,
    grants: Vec<ListedGrant>,
}

#[derive(Serialize)]
struct ListedGrant {
    profile_id: ProfileId,
    profile: String,
    write: bool,
    history: bool,
}

#[derive(Serialize)]
struct Created {
    group_id: GroupId,
}

fn listed(directory: &Directory) -> Vec<Listed> {
    let mut listed: Vec<Listed> = directory
        .groups()
        .map(|group| {
            let GroupSummary { id, name, members, grants } = GroupSummary::of(directory, group);
            let grants = grants.into_iter().map(|(profile_id, profile, grant)| ListedGrant {
                profile_id,
                profile: profile.to_string(),
                write: grant.write,
                history: grant.history,
            });
            Listed {
                group_id: id,
                name: name.to_string(),
                builtin: id == GroupId::ADMINS,
                members: members.into_iter().map(|(id, name)| NamedPrincipal::new(id, name)).collect(),
                grants: grants.collect(),
            }
        })
        .collect();
    listed.sort_by(|a, b| (!a.builtin, &a.name).cmp(&(!b.builtin, &b.name)));
    listed
}

#[wasm_bindgen]
impl Session {
    /// The groups, the built-in one first, then sorted by name.
    pub async fn groups(&self) -> Outcome {
        let shared = self.shared()?;
        let open = shared.work().await;
        to_js(&listed(open.session.directory()))
    }

    /// Creates a group.
    #[wasm_bindgen(js_name = createGroup)]
    pub async fn create_group(&self, called: String) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let group_id = open.session.create_group(name(&called)?).await?;
        to_js(&Created { group_id })
    }

    /// Deletes a group and encrypts anew what it granted. Gives what that exposes.
    #[wasm_bindgen(js_name = deleteGroup)]
    pub async fn delete_group(&self, group_id: String, progress: Option<Function>) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let before = open.session.directory().head().seq;
        open.session.delete_group(parse(&group_id, "group's id")?).await?;
        to_js(&open.exposed_since(before, None, &Listener::new(progress)).await?)
    }

    /// Adds a member. False where it was one.
    #[wasm_bindgen(js_name = addMember)]
    pub async fn add_member(&self, group_id: String, member: JsValue) -> Outcome<bool> {
        let member: PrincipalId = from_js::<Principal>(member, "member")?.into();
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let added = open.session.add_member(parse(&group_id, "group's id")?, member).await?;
        Ok(added)
    }

    /// Removes a member and encrypts anew what it could read by this group. Gives what that exposes.
    #[wasm_bindgen(js_name = removeMember)]
    pub async fn remove_member(&self, group_id: String, member: JsValue, progress: Option<Function>) -> Outcome {
        let member: PrincipalId = from_js::<Principal>(member, "member")?.into();
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let before = open.session.directory().head().seq;
        open.session.remove_member(parse(&group_id, "group's id")?, member).await?;
        to_js(&open.exposed_since(before, Some(member), &Listener::new(progress)).await?)
    }

    /// Grants a profile to a group. False where it had that access.
    pub async fn grant(&self, group_id: String, profile_id: String, access: String) -> Outcome<bool> {
        let access: Access = access.parse()?;
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let (group, profile) = (parse(&group_id, "group's id")?, open.profile(&profile_id)?);
        let granted = open.session.grant(group, profile, access).await?;
        Ok(granted)
    }

    /// Takes a profile from a group, whatever the access was, and encrypts it anew. Gives what that exposes.
    pub async fn revoke(&self, group_id: String, profile_id: String, progress: Option<Function>) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let before = open.session.directory().head().seq;
        let (group, profile) = (parse(&group_id, "group's id")?, open.profile(&profile_id)?);
        open.session.revoke(group, profile).await?;
        to_js(&open.exposed_since(before, None, &Listener::new(progress)).await?)
    }
}
