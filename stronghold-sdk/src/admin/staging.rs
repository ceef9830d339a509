//! Sending secrets in parts, because proxies let no large body through: they wait at the server until one revision takes
//! all of them.
//!
//! A profile is wholly before or wholly after at any time. Whoever is interrupted between parts has changed nothing, and
//! begins again under another staging; the server forgets what no revision took.

use super::Session;
use crate::error::Error;
use stronghold_protocol::{
    api::{NewRevision, StageSecrets},
    id::{ProfileId, StagingId},
    limits,
    number::Epoch,
    secret::SealedSecret,
    transport::Transport,
};

/// What one secret adds to a body besides its ciphertexts in base64: its other members, and the names of all.
const MEMBERS: usize = 176;
/// What one removal adds to a body: an id in quotes, and a comma.
const REMOVAL: usize = 39;

/// How many bytes a secret takes in a body, at most.
pub(super) const fn sent_bytes(secret: &SealedSecret) -> usize {
    let base64 = (secret.meta.0.len() + secret.value.0.len()).div_ceil(3) * 4;
    base64 + MEMBERS
}

/// Secrets that go into one request.
#[derive(Default)]
pub(super) struct Part {
    secrets: Vec<SealedSecret>,
    bytes: usize,
}

impl Part {
    /// Whether the next secret is to go into another request.
    pub(super) const fn has_no_room_for(&self, secret: &SealedSecret) -> bool {
        let full = self.secrets.len() >= limits::STAGE_SECRETS;
        full || (!self.secrets.is_empty() && self.bytes + sent_bytes(secret) > limits::PART_BYTES)
    }

    pub(super) fn push(&mut self, secret: SealedSecret) {
        self.bytes += sent_bytes(&secret);
        self.secrets.push(secret);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// What it holds; it is empty then.
    pub(super) fn take(&mut self) -> Vec<SealedSecret> {
        std::mem::take(self).secrets
    }
}

impl<T: Transport> Session<T> {
    /// Stages one part.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached or refuses.
    pub(super) async fn stage(
        &self,
        profile: ProfileId,
        epoch: Epoch,
        staging: StagingId,
        secrets: Vec<SealedSecret>,
    ) -> Result<(), Error> {
        let body = StageSecrets { staging, epoch, secrets };
        self.stage_secrets(profile, &body).await
    }

    /// Stages what a revision puts, if that and what it removes are more than one request should carry. The manifest is
    /// the same either way.
    ///
    /// # Errors
    /// As [`Self::stage`].
    pub(super) async fn stage_if_large(&self, epoch: Epoch, revision: &mut NewRevision) -> Result<(), Error> {
        let bytes: usize = revision.puts.iter().map(sent_bytes).sum();
        if bytes + revision.removes.len() * REMOVAL <= limits::PART_BYTES {
            return Ok(());
        }
        let staging = StagingId::generate(self.clock.now())?;
        let mut part = Part::default();
        let mut secrets = std::mem::take(&mut revision.puts);
        // By id, as a database keeps them: what is written together lies together there.
        secrets.sort_unstable_by_key(|secret| secret.id);
        for secret in secrets {
            if part.has_no_room_for(&secret) {
                self.stage(revision.profile, epoch, staging, part.take()).await?;
            }
            part.push(secret);
        }
        if !part.is_empty() {
            self.stage(revision.profile, epoch, staging, part.take()).await?;
            revision.staged = Some(staging);
        }
        Ok(())
    }
}
