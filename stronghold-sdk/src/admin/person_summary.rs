//! People and open invitations, as they are listed.

use super::Session;
use crate::error::Error;
use serde::Serialize;
use std::collections::BTreeMap;
use stronghold_protocol::{
    crypto::sign::KeyId,
    directory::{Directory, Role},
    id::{GroupId, InviteId, UserId},
    name::{Email, Name},
    signed::Verified,
    time::Timestamp,
    transport::Transport,
};

/// A member, or an open invitation. Its JSON is what the command line prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonSummary {
    /// The member's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The open invitation's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite_id: Option<InviteId>,
    /// The address.
    pub email: Email,
    /// The role, which an invitation's will be.
    pub role: Role,
    /// Where they are.
    pub status: PersonStatus,
    /// Names of the groups, sorted.
    pub groups: Vec<Name>,
    /// When the invitation ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Fingerprint of the keys with which the invitation was accepted; only owners and admins are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_keys: Option<KeyId>,
    /// Fingerprint of the new keys that a member asks for; only owners and admins are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_keys: Option<KeyId>,
}

/// Where somebody is on the way to being a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonStatus {
    /// They are one.
    Member,
    /// Nobody accepted the invitation yet, or the caller may not know.
    Invited,
    /// It was accepted, and waits for an owner or admin.
    Accepted,
    /// It was not accepted in time.
    Expired,
}

impl PersonStatus {
    /// The word in JSON and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Invited => "invited",
            Self::Accepted => "accepted",
            Self::Expired => "expired",
        }
    }
}

impl<T: Transport> Session<T> {
    /// The members and the open invitations; for an owner or admin with what waits for them.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached, refuses, or shows an acceptance or request that is nobody's.
    pub async fn people(&mut self) -> Result<Vec<PersonSummary>, Error> {
        let (mut accepted, mut asked) = (BTreeMap::new(), BTreeMap::new());
        if self.is_manager() {
            let acceptances = self.acceptances().await?;
            accepted.extend(acceptances.iter().map(Verified::value).map(|said| (said.invite, said.fingerprint())));
            let requests = self.key_requests().await?;
            asked.extend(requests.iter().map(Verified::value).map(|asked| (asked.user, asked.fingerprint())));
        }
        let (directory, now) = (&self.directory, self.clock.now());
        let members = directory.users().filter(|user| !user.removed).map(|user| PersonSummary {
            user_id: Some(user.id),
            invite_id: None,
            email: user.email.clone(),
            role: user.role,
            status: PersonStatus::Member,
            groups: names(directory, user.groups.iter()),
            expires_at: None,
            accepted_keys: None,
            new_keys: asked.get(&user.id).copied(),
        });
        let invited = directory.invites().map(|(id, invite)| PersonSummary {
            user_id: None,
            invite_id: Some(id),
            email: invite.email.clone(),
            role: invite.role,
            status: match accepted.contains_key(&id) {
                true => PersonStatus::Accepted,
                false if invite.expires_at <= now => PersonStatus::Expired,
                false => PersonStatus::Invited,
            },
            groups: names(directory, invite.groups.iter()),
            expires_at: Some(invite.expires_at),
            accepted_keys: accepted.get(&id).copied(),
            new_keys: None,
        });
        Ok(members.chain(invited).collect())
    }
}

fn names<'a>(directory: &Directory, groups: impl Iterator<Item = &'a GroupId>) -> Vec<Name> {
    let mut names: Vec<Name> = groups.filter_map(|id| directory.group(id)).map(|group| group.name.clone()).collect();
    names.sort_unstable();
    names
}
