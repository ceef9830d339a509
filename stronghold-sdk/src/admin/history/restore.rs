//! Bringing back: always a new revision with new versions, never an edit of what was.

use super::{OpenHistory, VersionState};
use crate::{
    admin::{Edit, EditOutcome, Put, Session},
    error::Error,
    open::{OpenedProfile, PlainSecret, SecretKind},
    references::ReferenceTarget,
};
use std::collections::BTreeMap;
use stronghold_protocol::{
    api::VersionRef,
    id::{ProfileId, SecretId},
    name::SecretName,
    number::{Revision, Version},
    secret::SecretLeaf,
    transport::Transport,
};
use zeroize::Zeroizing;

/// How often a restore that loses a race is worked out again.
const ATTEMPTS: usize = 5;

/// What is brought back.
#[derive(Clone, Copy)]
enum Back<'a> {
    /// A version of a secret that the profile holds.
    Version(&'a str, Version),
    /// A deleted secret, as it was last.
    Deleted(&'a str),
    /// Everything that a revision held; on top of the revision that was shown, where one was.
    Revision(Revision, Option<Revision>),
}

impl<T: Transport> Session<T> {
    /// Sets a secret to what it was at a version, as a new version.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there never was such a secret or version, [`Error::Invalid`] when the secret is deleted or
    /// the version was purged; otherwise as [`Session::open_history`] and [`Session::edit`].
    pub async fn rollback(&mut self, profile: ProfileId, secret: &str, version: Version) -> Result<EditOutcome, Error> {
        self.bring_back(profile, Back::Version(secret, version), false).await
    }

    /// Brings a deleted secret back with what it was last, as a new version of the same secret.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is not deleted, every version was purged, or its name is another secret's now; otherwise
    /// as [`Session::rollback`].
    pub async fn restore_secret(&mut self, profile: ProfileId, secret: &str) -> Result<EditOutcome, Error> {
        self.bring_back(profile, Back::Deleted(secret), false).await
    }

    /// Makes a profile hold what it held at a revision: a new revision, in which whatever differs is a new version, and
    /// what was not there then is deleted. With `dry_run`, only works out what would happen, on top of the revision that the
    /// outcome names. Whoever was shown that says it in `shown`: then it is done on top of that revision, or not at all.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such revision, [`Error::Invalid`] when something that it held was purged or the
    /// profile is at another revision than was shown; otherwise as [`Session::open_history`] and [`Session::edit`].
    pub async fn restore_profile(
        &mut self,
        profile: ProfileId,
        revision: Revision,
        shown: Option<Revision>,
        dry_run: bool,
    ) -> Result<EditOutcome, Error> {
        self.bring_back(profile, Back::Revision(revision, shown), dry_run).await
    }

    /// Copies a secret's value and note to another profile, or to another name, as a new version there. A reference stays one,
    /// to the same secret.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the first profile does not hold it, [`Error::Invalid`] when both places are the same;
    /// otherwise as [`Session::edit`].
    pub async fn copy_secret(
        &mut self,
        from: ProfileId,
        secret: &SecretName,
        to: ProfileId,
        name: SecretName,
    ) -> Result<EditOutcome, Error> {
        if from == to && *secret == name {
            return Err(Error::invalid("a secret is not copied onto itself; give another profile or name"));
        }
        let opened = self.open_profile(from).await?;
        let found = opened.iter().find(|(_, plain)| plain.name == *secret).map(|(_, plain)| plain.clone());
        let mut plain = found.ok_or_else(|| Error::not_found("secret", secret.expose()))?;
        if plain.kind == SecretKind::Reference && from != to {
            plain.value = absolute(&opened, plain.value);
        }
        // In another profile it is new to whoever reads that one.
        let updated_at = if from == to { plain.updated_at } else { self.clock.now() };
        let mut edit = Edit::default();
        edit.put.insert(name.clone(), Put { plain: PlainSecret { name, updated_at, ..plain }, former: None });
        self.edit(to, &edit, false).await
    }

    /// Works out an edit on top of the newest revision, again where somebody else's came first.
    async fn bring_back(&mut self, profile: ProfileId, back: Back<'_>, dry_run: bool) -> Result<EditOutcome, Error> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let open = self.open_history(profile).await?;
            let planned = match back {
                Back::Version(secret, version) => self.plan_rollback(&open, secret, version).await?,
                Back::Deleted(secret) => self.plan_return(&open, secret).await?,
                Back::Revision(revision, shown) => {
                    if shown.is_some_and(|shown| shown != open.history.newest()) {
                        return Err(Error::invalid(
                            "the profile changed since what would happen was shown; look again",
                        ));
                    }
                    self.plan_restore(&open, revision).await?
                }
            };
            let edit = Edit { base: Some(open.history.newest()), ..planned };
            match self.edit(profile, &edit, dry_run).await {
                Err(error) if error.is_conflict() => last = Some(error),
                done => return done,
            }
        }
        Err(last.unwrap_or_else(|| Error::invalid("the profile changes too fast; try again")))
    }

    async fn plan_rollback(&mut self, open: &OpenHistory, secret: &str, version: Version) -> Result<Edit, Error> {
        let (id, _) = open.find(secret)?;
        if open.history.contents.leaf(&id).is_none() {
            return Err(Error::invalid(format!("{secret} was deleted; `secret restore` brings it back")));
        }
        let plain = self.read_version(open, VersionRef { secret: id, version }).await?;
        Ok(one(Put { plain, former: None }))
    }

    async fn plan_return(&mut self, open: &OpenHistory, secret: &str) -> Result<Edit, Error> {
        let (id, _) = open.find(secret)?;
        if open.history.contents.leaf(&id).is_some() {
            return Err(Error::invalid(format!("{secret} is not deleted; `secret rollback` sets an earlier version")));
        }
        let history = self.versions_of(&open.history, id, Vec::new());
        let newest = history.versions.first().map(|newest| newest.version);
        let kept = history.versions.iter().find(|version| !matches!(version.state, VersionState::Purged(_)));
        let (Some(kept), Some(newest)) = (kept, newest) else {
            return Err(Error::invalid(format!("every version of {secret} was purged by an owner")));
        };
        let plain = self.read_version(open, VersionRef { secret: id, version: kept.version }).await?;
        if let Ok((other, _)) = open.find(plain.name.expose())
            && other != id
            && open.history.contents.leaf(&other).is_some()
        {
            let reason =
                format!("{} is the name of another secret now; delete or copy that first", plain.name.expose());
            return Err(Error::invalid(reason));
        }
        Ok(one(Put { plain, former: Some((id, newest)) }))
    }

    async fn plan_restore(&mut self, open: &OpenHistory, revision: Revision) -> Result<Edit, Error> {
        let history = &open.history;
        let then: BTreeMap<SecretId, SecretLeaf> = history.leaves_at(revision)?;
        let current = |id: &SecretId| history.contents.leaf(id).map(|leaf| leaf.version);
        let differing: Vec<VersionRef> = then
            .values()
            .filter(|leaf| current(&leaf.id) != Some(leaf.version))
            .map(|leaf| VersionRef { secret: leaf.id, version: leaf.version })
            .collect();
        let mut edit = Edit::default();
        let gone = history.contents.leaves().filter(|leaf| !then.contains_key(&leaf.id));
        edit.delete_ids.extend(gone.map(|leaf| leaf.id));
        for (version, plain) in self.read_versions(open, &differing).await? {
            let plain = plain.ok_or_else(|| {
                let VersionRef { secret, version } = version;
                Error::invalid(format!(
                    "version {version} of secret {secret}, which revision {revision} held, was purged"
                ))
            })?;
            let last = history.contents.newest_version(&version.secret);
            let former = last.filter(|_| current(&version.secret).is_none()).map(|last| (version.secret, last));
            edit.put.insert(plain.name.clone(), Put { plain, former });
        }
        Ok(edit)
    }
}

/// A reference's target, as seen from other profiles than its own.
fn absolute(opened: &OpenedProfile, value: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    match ReferenceTarget::from_value(&value) {
        Some(target) if target.profile().is_none() => {
            let leaf = opened.leaf();
            ReferenceTarget::in_profile(leaf.id, &leaf.name, target.secret().clone()).to_value()
        }
        _ => value,
    }
}

/// An edit that writes one secret.
fn one(put: Put) -> Edit {
    let mut edit = Edit::default();
    edit.put.insert(put.plain.name.clone(), put);
    edit
}
