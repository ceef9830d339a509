//! Ciphertexts of the past: each is held against the leaf that the replay gave, or must have a tombstone.

use super::OpenHistory;
use crate::{admin::Session, error::Error, open::PlainSecret, reader::Answered};
use std::collections::BTreeMap;
use stronghold_protocol::{
    api::{PastSecret, VersionRef},
    audit::{Released, ReleasedSecret},
    id::ProfileId,
    limits,
    number::Revision,
    secret::SealedSecret,
    transport::Transport,
};

impl<T: Transport> Session<T> {
    /// Reads and opens versions; none in place of a purged one.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a version that never was, [`Error::Integrity`] when something is missing without a
    /// tombstone, or is not what was signed.
    pub(super) async fn read_versions(
        &mut self,
        open: &OpenHistory,
        wanted: &[VersionRef],
    ) -> Result<BTreeMap<VersionRef, Option<PlainSecret>>, Error> {
        let mut opened = BTreeMap::new();
        for chunk in wanted.chunks(limits::VERSIONS_READ) {
            let profile = open.history.profile;
            let answered = self.client.versions(&*self.who, profile, chunk).await;
            let Answered { request, reply } =
                answered.map_err(|error| error.of_past(open.history.name(), open.history.newest()))?;
            let there = reply.versions.iter().filter(|version| version.secret.sealed.is_some());
            let mut released: Vec<ReleasedSecret> = there
                .map(|version| ReleasedSecret { secret: version.secret.leaf.id, version: version.secret.leaf.version })
                .collect();
            released.sort_unstable_by_key(|released| (released.secret, released.version));
            let released = Released::Versions { profile, secrets: released };
            self.check_receipt(&reply.receipt, &request, "version.read", Some(&released)).await?;
            let mut answered: BTreeMap<VersionRef, PastSecret> = reply
                .versions
                .into_iter()
                .map(|version| {
                    let leaf = version.secret.leaf;
                    (VersionRef { secret: leaf.id, version: leaf.version }, version.secret)
                })
                .collect();
            for version in chunk {
                let (_, last, leaf) = open
                    .history
                    .written_at(version)
                    .ok_or_else(|| Error::not_found("version", &version.to_string()))?;
                let bad = |reason: &str| Error::bad_history(open.history.name(), last.number(), reason);
                let past = answered.remove(version).ok_or_else(|| bad("the server withholds a version of a secret"))?;
                if past.leaf != leaf {
                    return Err(bad("the server shows another version of a secret than was signed"));
                }
                let plain = match self.sealed_or_purged(profile, past, &bad).await? {
                    Some(sealed) => {
                        let key = open.keys.get(&last.manifest().epoch);
                        let key = key.ok_or_else(|| Error::withheld("an earlier key"))?;
                        Some(key.open_secret(&sealed)?)
                    }
                    None => None,
                };
                opened.insert(*version, plain);
            }
        }
        Ok(opened)
    }

    /// The ciphertexts of a version, which are those that its leaf commits to; none where an owner purged it.
    pub(super) async fn sealed_or_purged(
        &mut self,
        profile: ProfileId,
        past: PastSecret,
        bad: &dyn Fn(&str) -> Error,
    ) -> Result<Option<SealedSecret>, Error> {
        let leaf = past.leaf;
        if past.sealed.is_some() {
            let sealed = past.sealed_secret();
            return sealed.map(Some).ok_or_else(|| bad("a secret's ciphertexts are not those that were signed"));
        }
        let version = VersionRef { secret: leaf.id, version: leaf.version };
        if !self.is_purged(profile, &version) {
            // It may have been purged since this session last looked.
            self.sync().await?;
        }
        if self.is_purged(profile, &version) {
            return Ok(None);
        }
        Err(bad("a secret's ciphertexts are gone, and no owner purged them"))
    }

    fn is_purged(&self, profile: ProfileId, version: &VersionRef) -> bool {
        let entry = self.directory.profile(&profile);
        entry.is_some_and(|entry| entry.purged.get(&(version.secret, version.version)).is_some())
    }

    /// Reads what revisions wrote from one on, checks it against their leaves, and returns the next revision to ask for.
    pub(super) async fn check_introduced(
        &mut self,
        history: &super::ProfileHistory,
        from: Revision,
        checked: &mut super::verify::Checked,
    ) -> Result<Revision, Error> {
        let answered = self.client.introduced(&*self.who, history.profile, from).await;
        let Answered { request, reply } = answered.map_err(|error| error.of_past(history.name(), from))?;
        let through = reply.revisions.last().map(|last| last.revision);
        let through = through.ok_or_else(|| Error::bad_history(history.name(), from, "the server withholds it"))?;
        let released = Released::Revisions { profile: history.profile, from, through };
        self.check_receipt(&reply.receipt, &request, "revision.export", Some(&released)).await?;
        let mut next = from;
        for introduced in reply.revisions {
            let bad = |reason: &str| Error::bad_history(history.name(), next, reason);
            // Somebody may write while this reads.
            let Ok(known) = history.revision(next) else { return Ok(introduced.revision.next()) };
            let mut leaves = known.puts.clone();
            leaves.sort_unstable_by_key(|leaf| leaf.id);
            let shown = introduced.secrets.iter().map(|secret| secret.leaf);
            if introduced.revision != next || !shown.eq(leaves) {
                return Err(bad("what it wrote is not what was signed"));
            }
            for secret in introduced.secrets {
                match self.sealed_or_purged(history.profile, secret, &bad).await? {
                    Some(_) => checked.ciphertexts += 1,
                    None => checked.purged += 1,
                }
            }
            next = next.next();
        }
        Ok(next)
    }
}
