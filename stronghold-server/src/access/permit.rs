//! The proof that reading a profile was allowed.

use super::Caller;
use stronghold_protocol::{
    directory::Directory,
    id::{OrgId, ProfileId},
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
