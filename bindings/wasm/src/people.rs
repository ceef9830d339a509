//! People: invitations, roles, removal.

use crate::{
    convert::{Listener, email, from_js, parse, to_js},
    error::Outcome,
    session::{Open, Session},
    shown::Decided,
};
use js_sys::Function;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use stronghold_sdk::{
    Error,
    admin::{Decision, Exposed, NewInvite, PersonSummary},
    protocol::{
        api::ActivityEntry,
        crypto::sign::KeyId,
        directory::{Invite, Role},
        id::{GroupId, InviteId, PrincipalId, UserId},
        number::Seq,
        time::Timestamp,
    },
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use zeroize::Zeroizing;

#[derive(Deserialize)]
struct Wanted {
    email: String,
    role: Role,
    group_ids: Vec<GroupId>,
    expires_at: String,
}

#[derive(Serialize)]
struct Invited {
    invite_id: InviteId,
    code: Zeroizing<String>,
    /// As the directory states it, like the role and the time.
    email: String,
    role: Role,
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct Confirmed {
    user_id: UserId,
    decision: Decided,
}

#[derive(Serialize)]
struct Changed {
    decision: Decided,
    #[serde(skip_serializing_if = "Option::is_none")]
    exposed: Option<Exposed>,
}

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    person: PersonSummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_at: Option<Timestamp>,
}

#[wasm_bindgen]
impl Session {
    /// Members and open invitations.
    pub async fn people(&self) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let people = open.session.people().await?;
        let seen: BTreeMap<PrincipalId, Timestamp> =
            open.activity().await?.into_iter().map(|entry| (entry.principal, entry.last_seen_at)).collect();
        let last_seen = |person: &PersonSummary| person.user_id.and_then(|id| seen.get(&id.into()).copied());
        let listed = people.into_iter().map(|person| Listed { last_seen_at: last_seen(&person), person });
        to_js(&listed.collect::<Vec<_>>())
    }

    /// Invites somebody. The code can be seen only now, and is passed outside the server.
    #[wasm_bindgen(js_name = inviteUser)]
    pub async fn invite_user(&self, invite: JsValue) -> Outcome {
        let Wanted { email: address, role, group_ids, expires_at } = from_js(invite, "invite")?;
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let expires_at = parse(&expires_at, "time (RFC 3339)")?;
        let new = NewInvite { email: email(&address)?, role, groups: group_ids, expires_at, url: shared.token_url() };
        let minted = open.session.invite_user(new).await?;
        let code = Zeroizing::new(minted.code.expose_secret().to_owned());
        let Invite { email, role, expires_at, .. } = minted.stated;
        to_js(&Invited { invite_id: minted.invite, code, email: email.to_string(), role, expires_at })
    }

    /// Cancels an invitation that is not confirmed yet.
    #[wasm_bindgen(js_name = cancelInvite)]
    pub async fn cancel_invite(&self, invite_id: String) -> Outcome<()> {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        open.session.cancel_invite(parse(&invite_id, "invitation's id")?).await?;
        Ok(())
    }

    /// Makes a person who accepted a member, if their keys have this fingerprint.
    #[wasm_bindgen(js_name = confirmUser)]
    pub async fn confirm_user(&self, invite_id: String, fingerprint: String) -> Outcome {
        let fingerprint: KeyId = parse(&fingerprint, "fingerprint")?;
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let (user_id, decision) = open.session.confirm_user(parse(&invite_id, "invitation's id")?, fingerprint).await?;
        to_js(&Confirmed { user_id, decision: decision.into() })
    }

    /// Puts in force the new keys that a member asks for, if they have this fingerprint, and encrypts anew what the old ones opened.
    #[wasm_bindgen(js_name = confirmKeys)]
    pub async fn confirm_keys(&self, user_id: String, fingerprint: String, progress: Option<Function>) -> Outcome<()> {
        let fingerprint: KeyId = parse(&fingerprint, "fingerprint")?;
        let shared = self.shared()?;
        let mut open = shared.work().await;
        open.session.confirm_keys(parse(&user_id, "user's id")?, fingerprint).await?;
        open.finish_rekeys(&Listener::new(progress)).await?;
        Ok(())
    }

    /// Gives a member another role.
    #[wasm_bindgen(js_name = setRole)]
    pub async fn set_role(&self, user_id: String, role: String) -> Outcome {
        let role: Role = from_js(JsValue::from_str(&role), "role")?;
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let before = open.session.directory().head().seq;
        let id: UserId = parse(&user_id, "user's id")?;
        let decision = open.session.set_role(id, role).await?;
        open.changed(decision, before, id, &Listener::new(None)).await
    }

    /// Removes a member for good and encrypts anew what they could read.
    #[wasm_bindgen(js_name = removeUser)]
    pub async fn remove_user(&self, user_id: String, progress: Option<Function>) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let before = open.session.directory().head().seq;
        let id: UserId = parse(&user_id, "user's id")?;
        let decision = open.session.remove_user(id).await?;
        open.changed(decision, before, id, &Listener::new(progress)).await
    }
}

impl Open<'_> {
    async fn changed(&mut self, decision: Decision, before: Seq, id: UserId, listener: &Listener) -> Outcome {
        let exposed = match decision {
            Decision::Made => Some(self.exposed_since(before, Some(id.into()), listener).await?),
            Decision::Unchanged | Decision::Pending(_) => None,
        };
        to_js(&Changed { decision: decision.into(), exposed })
    }

    /// When each principal was last served; nothing for an editor, who may not see that.
    pub(crate) async fn activity(&self) -> Result<Vec<ActivityEntry>, Error> {
        let me = self.session.directory().user(&self.session.user());
        match me.map(|me| me.role) {
            Some(Role::Editor) | None => Ok(Vec::new()),
            Some(_) => self.session.activity().await,
        }
    }
}
