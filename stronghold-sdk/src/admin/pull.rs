//! Reading a profile as a person, with references followed.

use super::Session;
use crate::{
    error::Error,
    open::{OpenedProfile, Secrets},
    references::{PullOptions, ReadOther, resolve},
};
use async_trait::async_trait;
use stronghold_protocol::{
    evidence::ProfileSelector, id::ProfileId, number::Revision, problem::ProblemCode, transport::Transport,
};

impl<T: Transport> Session<T> {
    /// Pulls all secrets of a profile: one request, and one for each other profile that its references lead to. Each profile
    /// must be in the session's lock file, if it has one, and the receipt of each read is kept where that was asked for.
    ///
    /// # Errors
    /// As [`Session::open_profile`]; [`Error::Reference`] when a reference has no value.
    pub async fn pull(&self, profile: ProfileId, options: &PullOptions) -> Result<Secrets, Error> {
        let opened = self.open_to_pull(profile, self.memory.minimum()).await?;
        resolve(opened, options, self).await
    }

    async fn open_to_pull(&self, profile: ProfileId, minimum: Option<Revision>) -> Result<OpenedProfile, Error> {
        self.memory.check_locked(&ProfileSelector::Id(profile))?;
        let opened = self.open_profile_from(profile, minimum).await?;
        if let Some(file) = &self.receipts {
            file.append(opened.receipt())?;
        }
        Ok(opened)
    }
}

#[async_trait]
impl<T: Transport> ReadOther for Session<T> {
    async fn read_other(&self, profile: &ProfileSelector) -> Result<Option<OpenedProfile>, Error> {
        let found = match self.find_profile(&profile.to_string()) {
            Err(Error::NotFound { .. }) => return Ok(None),
            found => found?,
        };
        // The minimum is the asked profile's.
        match self.open_to_pull(found.id, None).await {
            Err(error) if error.problem_code() == Some(ProblemCode::NotFound.as_str()) => Ok(None),
            opened => opened.map(Some),
        }
    }
}
