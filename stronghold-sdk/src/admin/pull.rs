//! Reading a profile as a person, with references followed.

use super::{Resolve, Session};
use crate::{
    error::Error,
    lock::Lock,
    open::{OpenedProfile, Secrets},
    receipts::ReceiptFile,
    references::{PullOptions, ReadOther, resolve},
};
use async_trait::async_trait;
use stronghold_protocol::{evidence::ProfileSelector, id::ProfileId, problem::ProblemCode, transport::Transport};

impl<T: Transport> Session<T> {
    /// Pulls all secrets of a profile: one request, and one for each other profile that its references lead to. With
    /// `lock`, each profile must be in that lock file; with `receipts`, the receipt of each read is kept there.
    ///
    /// # Errors
    /// As [`Session::open_profile`]; [`Error::Reference`] when a reference has no value.
    pub async fn pull(
        &self,
        profile: ProfileId,
        options: &PullOptions,
        lock: Option<&Lock>,
        receipts: Option<&ReceiptFile>,
    ) -> Result<Secrets, Error> {
        let reader = Reader { session: self, lock, receipts };
        resolve(reader.open(profile).await?, options, &reader).await
    }
}

struct Reader<'a, T: Transport> {
    session: &'a Session<T>,
    lock: Option<&'a Lock>,
    receipts: Option<&'a ReceiptFile>,
}

impl<T: Transport> Reader<'_, T> {
    async fn open(&self, profile: ProfileId) -> Result<OpenedProfile, Error> {
        if let Some(lock) = self.lock {
            lock.check(&self.session.directory().org(), &ProfileSelector::Id(profile))?;
        }
        let opened = self.session.open_profile(profile).await?;
        if let Some(file) = self.receipts {
            file.append(opened.receipt())?;
        }
        Ok(opened)
    }
}

#[async_trait]
impl<T: Transport> ReadOther for Reader<'_, T> {
    async fn read_other(&self, profile: &ProfileSelector) -> Result<Option<OpenedProfile>, Error> {
        let Ok(found) = self.session.directory().find_profile(&profile.to_string()) else { return Ok(None) };
        match self.open(found.id).await {
            Err(error) if error.problem_code() == Some(ProblemCode::NotFound.as_str()) => Ok(None),
            opened => opened.map(Some),
        }
    }
}
