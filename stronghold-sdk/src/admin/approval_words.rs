//! What waits for more owners' signatures, in words: whoever signs must see all of it.

use super::PendingApproval;
use stronghold_protocol::{
    directory::{Change, Directory, Role},
    id::UserId,
};

impl PendingApproval {
    /// Each thing that it changes, a sentence without its end.
    #[must_use]
    pub fn changes(&self, directory: &Directory) -> Vec<String> {
        let mut said = Vec::new();
        for change in &self.people {
            match change {
                Change::UserConfirmed { email, role, .. } => said.push(format!("{email} joins as {}", word(*role))),
                Change::UserChanged { email, role, .. } => said.push(format!("{email} becomes {}", word(*role))),
                Change::UserRekeyed { id, keys, .. } => {
                    let address = self.address(directory, *id);
                    said.push(format!("{address} gets new keys with the fingerprint {}", keys.sign.key_id()));
                }
                Change::UserRemoved { id } => said.push(format!("{} is removed", self.address(directory, *id))),
                _ => {}
            }
        }
        if let Some(threshold) = self.owner_threshold {
            said.push(format!("the owner threshold becomes {threshold}"));
        }
        // Someone could propose a roster with nothing beside it, which says less than it does.
        for user in self.new_owners.iter().filter(|user| !self.names(user)) {
            said.push(format!("{} becomes owner", self.address(directory, *user)));
        }
        for user in self.former_owners.iter().filter(|user| !self.names(user)) {
            said.push(format!("{} is owner no more", self.address(directory, *user)));
        }
        if said.is_empty() {
            said.push("an owner's keys or the minimum suite change".to_owned());
        }
        said
    }

    /// Somebody's address: as the directory has it, or as it will when this is made; else the id.
    #[must_use]
    pub fn address(&self, directory: &Directory, user: UserId) -> String {
        if let Some(known) = directory.user(&user) {
            return known.email.to_string();
        }
        let joining = self.people.iter().find_map(|change| match change {
            Change::UserConfirmed { id, email, .. } if *id == user => Some(email.to_string()),
            _ => None,
        });
        joining.unwrap_or_else(|| user.to_string())
    }

    /// Whether a change of people beside the roster is about somebody.
    fn names(&self, user: &UserId) -> bool {
        self.people.iter().any(|change| match change {
            Change::UserConfirmed { id, .. }
            | Change::UserChanged { id, .. }
            | Change::UserRekeyed { id, .. }
            | Change::UserRemoved { id } => id == user,
            _ => false,
        })
    }
}

const fn word(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Admin => "admin",
        Role::Editor => "editor",
        Role::Auditor => "auditor",
    }
}
