//! The proof that reading a profile was allowed.

use super::Caller;
use stronghold_protocol::{
    directory::Directory,
    id::{GroupId, OrgId, ProfileId},
};

/// Permission to read one profile's ciphertexts. Only `ReadPermit::grant` makes one, and a store gives out no
/// ciphertext without it, so a route that forgot to ask does not compile.
#[derive(Debug)]
pub struct ReadPermit {
    org: OrgId,
    profile: ProfileId,
}

impl ReadPermit {
    /// Grants the permission if the directory gives the caller a group through which it may read the profile.
    pub(crate) fn grant(directory: &Directory, caller: &Caller, profile: &ProfileId) -> Option<Self> {
        let group = directory.reading_group(&caller.principal, profile);
        group.map(|_| Self { org: directory.org(), profile: *profile })
    }

    /// A permission for tests of a store, which has no directory to ask.
    #[cfg(test)]
    pub(crate) const fn for_test(org: OrgId, profile: ProfileId) -> Self {
        Self { org, profile }
    }

    /// The organization.
    #[must_use]
    pub const fn org(&self) -> OrgId {
        self.org
    }

    /// The profile.
    #[must_use]
    pub const fn profile(&self) -> ProfileId {
        self.profile
    }
}

/// Permission to read one profile's past: manifests, and ciphertexts of every revision. Owners, admins, and whoever is in a
/// group that is granted the profile's history; only `HistoryPermit::grant` makes one.
#[derive(Debug)]
pub struct HistoryPermit {
    org: OrgId,
    profile: ProfileId,
}

impl HistoryPermit {
    /// Grants the permission if the directory gives the caller a group through which it may read the profile's history.
    pub(crate) fn grant(directory: &Directory, caller: &Caller, profile: &ProfileId) -> Option<Self> {
        let entry = directory.profile(profile)?;
        directory.reading_group(&caller.principal, profile)?;
        let groups = directory.groups_of(&caller.principal);
        let opens =
            |group: &GroupId| *group == GroupId::ADMINS || entry.grants.get(group).is_some_and(|grant| grant.history);
        groups.iter().any(opens).then(|| Self { org: directory.org(), profile: *profile })
    }

    /// A permission for tests of a store, which has no directory to ask.
    #[cfg(test)]
    pub(crate) const fn for_test(org: OrgId, profile: ProfileId) -> Self {
        Self { org, profile }
    }

    /// The organization.
    #[must_use]
    pub const fn org(&self) -> OrgId {
        self.org
    }

    /// The profile.
    #[must_use]
    pub const fn profile(&self) -> ProfileId {
        self.profile
    }
}
