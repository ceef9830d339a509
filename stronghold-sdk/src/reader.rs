//! Where profiles are read from.

use crate::{authenticator::AgentAuthenticator, error::Error};
use async_trait::async_trait;
use stronghold_protocol::{
    api::{AuditCheckpoint, ProfileList, SealedPart, SealedProfile, WhoAmI},
    evidence::{Anchor, ProfileSelector},
    request::SignedRequest,
    secret::BlindIndex,
};

/// A reply with the request that it answers: the audit record in it must hold exactly that request.
#[derive(Clone, Debug)]
pub struct Answered<R> {
    /// What was asked, as it was signed.
    pub request: SignedRequest,
    /// What was answered. Nothing in it is verified yet.
    pub reply: R,
}

/// Lists and reads profiles, sealed: over HTTP ([`crate::Client`] with [`crate::HttpTransport`]), in one process with a
/// server ([`crate::Client`] over the server's in-process transport), or from wherever a user's test keeps replies.
///
/// A reader is not trusted: whatever it returns is verified by who asked.
#[async_trait]
pub trait ProfileReader: Send + Sync {
    /// Who the server takes the caller for.
    ///
    /// # Errors
    /// [`Error`] when there is no answer, or a refusal.
    async fn who_am_i(&self, who: &dyn AgentAuthenticator) -> Result<Answered<WhoAmI>, Error>;

    /// Lists the profiles that the caller may read.
    ///
    /// # Errors
    /// [`Error`] when there is no answer, or a refusal.
    async fn list_profiles(
        &self,
        who: &dyn AgentAuthenticator,
        anchor: &Anchor,
    ) -> Result<Answered<ProfileList>, Error>;

    /// Reads a whole profile.
    ///
    /// # Errors
    /// [`Error`] when there is no answer, or a refusal.
    async fn read_profile(
        &self,
        who: &dyn AgentAuthenticator,
        profile: &ProfileSelector,
        anchor: &Anchor,
    ) -> Result<Answered<SealedProfile>, Error>;

    /// Reads some secrets of a profile.
    ///
    /// # Errors
    /// [`Error`] when there is no answer, or a refusal.
    async fn read_secrets(
        &self,
        who: &dyn AgentAuthenticator,
        profile: &ProfileSelector,
        anchor: &Anchor,
        indexes: &[BlindIndex],
    ) -> Result<Answered<SealedPart>, Error>;

    /// Reads a checkpoint of the audit log, that it continues the log of `old` records, and where the records at `positions`
    /// stand in it, at most [`stronghold_protocol::limits::INCLUSIONS`] of them. A reader that has no log need not have it.
    ///
    /// # Errors
    /// [`Error`] when there is no answer, or a refusal; [`Error::Invalid`] where there is no log.
    async fn audit_checkpoint(
        &self,
        _who: &dyn AgentAuthenticator,
        _old: Option<u64>,
        _positions: &[u64],
    ) -> Result<Answered<AuditCheckpoint>, Error> {
        Err(Error::invalid("profiles are not read from a server here: there is no audit log"))
    }
}
