//! Reading from a server that lost something, where that was accepted by hand.

use super::{Agent, seen};
use crate::{
    authenticator::AgentAuthenticator,
    error::{Error, Integrity},
    lock::Lock,
    open::{OpenedProfile, Want, open_profile},
    reader::ProfileReader,
    state::Remembered,
};
use stronghold_protocol::evidence::{Anchor, EvidenceRefusal, ProfileFloor};

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
        let locked = inner.lock.as_ref().map(Lock::to_remembered).unwrap_or_default();
        let anchor = Anchor { remembered: locked.header, roster: None, ..want.anchor.clone() };
        let answered = inner.reader.read_profile(&*inner.identity, want.profile, &anchor).await?;
        let want_less = Want { anchor: &anchor, floors: &locked.profiles, ..*want };
        let opened = open_profile(answered, &*inner.identity, &inner.decryptor, &want_less)
            .map_err(|error| if inner.lock.is_some() && error.is_rollback() { behind_lock(&error) } else { error })?;
        check_older(&opened, want, behind)?;
        self.keep_receipt(&opened)?;
        self.go_back(profile, &opened);
        Ok(opened)
    }

    /// Remembers less than before.
    fn go_back(&self, asked: &str, opened: &OpenedProfile) {
        let seen = seen(opened);
        let mut memory = self.memory();
        memory.keys.insert(asked.to_owned(), opened.key().clone());
        memory.known.go_back_to(&seen);
        if let Some(state) = &self.inner.state {
            let saved = state.go_back(&self.inner.identity.org(), |remembered: &mut Remembered| {
                remembered.go_back_to(&seen);
            });
            if let Err(error) = saved {
                memory.warning = Some(format!("what was accepted cannot be remembered: {error}"));
            }
        }
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
