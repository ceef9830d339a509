//! What differs between two revisions.

use crate::{admin::Session, error::Error, open::PlainSecret};
use std::collections::{BTreeMap, BTreeSet};
use stronghold_protocol::{
    api::VersionRef,
    id::{ProfileId, SecretId},
    number::{Revision, Version},
    secret::SecretLeaf,
    transport::Transport,
};

/// A secret that differs between two revisions.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The secret.
    pub secret: SecretId,
    /// Its version at the first revision, if that holds it, opened unless it was purged.
    pub old: Option<(Version, Option<PlainSecret>)>,
    /// The same at the second.
    pub new: Option<(Version, Option<PlainSecret>)>,
}

impl Difference {
    /// Its name, unless every version in question was purged.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        [&self.new, &self.old]
            .into_iter()
            .flatten()
            .find_map(|(_, plain)| plain.as_ref())
            .map(|plain| plain.name.expose())
    }

    /// Whether both revisions hold it with the same value and note: only the version differs.
    #[must_use]
    pub fn is_same_value(&self) -> bool {
        match (&self.old, &self.new) {
            (Some((_, Some(old))), Some((_, Some(new)))) => old.name == new.name && old.same_as(new),
            _ => false,
        }
    }
}

impl<T: Transport> Session<T> {
    /// What differs between two revisions, sorted by name. Encrypting anew makes no difference.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such revision; otherwise as [`Session::open_history`].
    pub async fn diff(&mut self, profile: ProfileId, old: Revision, new: Revision) -> Result<Vec<Difference>, Error> {
        let open = self.open_history(profile).await?;
        let (before, after) = (open.history.leaves_at(old)?, open.history.leaves_at(new)?);
        let ids: BTreeSet<SecretId> = before.keys().chain(after.keys()).copied().collect();
        let at = |leaves: &BTreeMap<SecretId, SecretLeaf>, id: &SecretId| {
            leaves.get(id).map(|leaf| VersionRef { secret: leaf.id, version: leaf.version })
        };
        let sides = ids.iter().map(|id| (*id, at(&before, id), at(&after, id)));
        let differing: Vec<_> = sides.filter(|(_, old, new)| old != new).collect();
        let wanted: BTreeSet<VersionRef> = differing.iter().flat_map(|(_, old, new)| [*old, *new]).flatten().collect();
        let wanted: Vec<VersionRef> = wanted.into_iter().collect();
        let opened = self.read_versions(&open, &wanted).await?;
        let side = |version: Option<VersionRef>| {
            version.map(|version| (version.version, opened.get(&version).cloned().flatten()))
        };
        let differences =
            differing.into_iter().map(|(secret, old, new)| Difference { secret, old: side(old), new: side(new) });
        let mut differences: Vec<Difference> = differences.filter(|difference| !difference.is_same_value()).collect();
        differences.sort_by(|a, b| (a.name(), a.secret).cmp(&(b.name(), b.secret)));
        Ok(differences)
    }
}
