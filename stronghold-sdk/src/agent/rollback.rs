//! Reading from a server that lost something, where that was accepted by hand.

use super::Agent;
use crate::{
    error::{Error, Integrity},
    memory::Remembered,
    open::{OpenedProfile, Want, open_profile},
    reader::ProfileReader,
};
use stronghold_protocol::evidence::{Anchor, EvidenceRefusal, ProfileFloor, ProfileSelector};

impl<R: ProfileReader> Agent<R> {
    /// Reads again, with nothing known but the token's floor and the lock file, and remembers what is verified, although it
    /// is behind what was wanted. `behind` is why that was refused.
    pub(super) async fn open_older(
        &self,
        profile: &str,
        want: &Want<'_>,
        behind: Error,
    ) -> Result<OpenedProfile, Error> {
        let inner = &self.inner;
        let anchor = Anchor { remembered: inner.memory.locked_header(), roster: None, ..want.anchor.clone() };
        let answered = inner.reader.read_profile(&*inner.identity, want.profile, &anchor).await?;
        let want_less = Want { anchor: &anchor, floors: inner.memory.locked_floors(), ..*want };
        let opened = open_profile(answered, &*inner.identity, &inner.decryptor, &want_less).map_err(|error| {
            if inner.memory.is_locked() && error.is_rollback() { behind_lock(&error) } else { error }
        })?;
        // That another profile has the name is not what was accepted.
        if let ProfileSelector::Name(name) = want.profile {
            inner.memory.check_name(name, opened.leaf().id)?;
        }
        check_older(&opened, want, behind)?;
        self.check_opened(&opened)?;
        self.keep_receipt(&opened)?;
        let seen = opened.seen();
        match inner.memory.go_back(&|remembered: &mut Remembered| remembered.go_back_to(&seen)).await {
            Err(error @ Error::State { .. }) => inner.memory.warn(&error),
            done => done?,
        }
        self.keys().insert(profile.to_owned(), opened.key().clone());
        Ok(opened)
    }
}

/// That what was shown ends before what is remembered, and is not something else in its place. A newer revision than the
/// remembered one cannot be told from one of another history: an agent does not see a profile's past.
fn check_older(opened: &OpenedProfile, want: &Want<'_>, behind: Error) -> Result<(), Error> {
    let shown = opened.newest_header();
    let reached = want.anchor.remembered.is_some_and(|known| shown.seq >= known.seq);
    let other_profile = |known: &ProfileFloor| {
        let floor = opened.floor();
        known.id == floor.id
            && known.revision == floor.revision
            && known.manifest.is_some_and(|hash| floor.manifest != Some(hash))
    };
    if (reached && is_of_header(&behind)) || want.floors.iter().any(other_profile) {
        return Err(Error::rolled_back(
            "the server shows another history than this agent remembers, not only an older one: that is not accepted",
        ));
    }
    Ok(())
}

fn is_of_header(error: &Error) -> bool {
    matches!(error, Error::Integrity(Integrity::Evidence(EvidenceRefusal::Rollback(_))))
}

fn behind_lock(error: &Error) -> Error {
    Error::rolled_back(&format!(
        "the server is behind the lock file, and nothing goes behind that: {error}; `profile lock --accept-rollback` writes it anew if what was lost is accepted"
    ))
}
