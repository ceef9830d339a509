//! What an agent does with the receipts of its reads.

use super::Agent;
use crate::{
    authenticator::AgentAuthenticator,
    error::Error,
    memory::Remembered,
    open::{
        OpenedProfile,
        receipt::{self, Asker},
    },
    reader::ProfileReader,
    receipts::{Receipt, check_continues, check_places, check_reach, shorter, signed_record},
};
use std::sync::PoisonError;
use stronghold_protocol::{
    api::AuditCheckpoint, audit::AuditRecord, checkpoint::Checkpoint, crypto::sign::SigningPublicKey,
    directory::HeaderRef, limits, request::SignedRequest,
};

impl<R: ProfileReader> Agent<R> {
    /// Holds receipts against the newest checkpoint of the audit log: each record must stand in it, where its receipt says,
    /// and the log must continue what this agent saw before. The checkpoint is remembered, on disk too.
    ///
    /// An agent does not see whose key the directory names for checkpoints: it takes the receipts' own. That it is the right
    /// one is found by whoever verifies the same receipts as a person
    /// ([`crate::admin::Session::verify_receipts`]).
    ///
    /// # Errors
    /// [`Error::Integrity`], naming the record, when a receipt is forged or its record is not in the log, or when the log was
    /// rolled back; [`Error::Invalid`] when there is no receipt; [`Error`] when the server is not reached or refuses.
    pub async fn verify_receipts(&self, receipts: &[Receipt]) -> Result<Checkpoint, Error> {
        let org = self.inner.identity.org();
        for receipt in receipts {
            signed_record(receipt, &org)?;
        }
        let newest = receipts.iter().max_by_key(|receipt| receipt.position);
        let key = newest.ok_or_else(|| Error::invalid("there is no receipt"))?.key;
        self.inner.memory.recall().await?;
        let remembered = self.inner.memory.known().checkpoint;
        let (mut checkpoint, _) = self.checkpoint(&key, remembered.as_ref(), &[]).await?;
        check_reach(receipts, &checkpoint)?;
        for part in receipts.chunks(limits::INCLUSIONS) {
            let positions: Vec<u64> = part.iter().map(|receipt| receipt.position).collect();
            let (newer, reply) = self.checkpoint(&key, Some(&checkpoint), &positions).await?;
            check_places(part, &reply.inclusions, &newer)?;
            checkpoint = newer;
        }
        let seen = Remembered { checkpoint: Some(checkpoint), ..Remembered::default() };
        while !self.inner.memory.raise(&seen, None).await? {
            self.prove().await?;
        }
        Ok(checkpoint)
    }

    /// Checks the receipt of an answer that is of the directory's `head`, as far as an agent can.
    ///
    /// # Errors
    /// [`Error::Integrity`] where it is of another request, or of another head, or of a key that [`Self::check_key`] refuses.
    pub(super) fn check_receipt(
        &self,
        receipt: &Receipt,
        request: &SignedRequest,
        action: &str,
        head: HeaderRef,
    ) -> Result<(), Error> {
        let record = receipt::check(receipt, request, Asker::of(&*self.inner.identity), action, None)?;
        if record.directory != head {
            return Err(Error::forged("the server's audit record names another header than the answer proves"));
        }
        self.check_key(receipt, head)
    }

    /// The same for a profile that was opened, whose receipt was held against the request already.
    pub(super) fn check_opened(&self, opened: &OpenedProfile) -> Result<(), Error> {
        let record = AuditRecord::parse(&opened.receipt().record.0).map_err(Error::forged)?;
        if record.directory != opened.newest_header() {
            return Err(Error::forged("the server's audit record names another header than the answer proves"));
        }
        self.check_key(opened.receipt(), record.directory)
    }

    /// Which key signs receipts is in the bodies of the directory, which agents do not see. But as of one header it is one
    /// key: this holds a receipt against the newest one of this process.
    ///
    /// # Errors
    /// [`Error::Integrity`] where two keys signed as of the same header.
    pub(super) fn check_key(&self, receipt: &Receipt, at: HeaderRef) -> Result<(), Error> {
        let mut known = self.inner.receipt_key.lock().unwrap_or_else(PoisonError::into_inner);
        match *known {
            Some((header, key)) if header == at && key != receipt.key => {
                Err(Error::forged("the server's receipts are signed by two keys as of the same directory"))
            }
            Some((header, _)) if header.seq >= at.seq => Ok(()),
            _ => {
                *known = Some((at, receipt.key));
                Ok(())
            }
        }
    }

    /// Keeps the receipt of a read, where that was asked for.
    pub(super) fn keep_receipt(&self, opened: &OpenedProfile) -> Result<(), Error> {
        self.inner.receipts.as_ref().map_or(Ok(()), |file| file.append(opened.receipt()))
    }

    /// A checkpoint that `key` signed and that continues `before`.
    async fn checkpoint(
        &self,
        key: &SigningPublicKey,
        before: Option<&Checkpoint>,
        positions: &[u64],
    ) -> Result<(Checkpoint, AuditCheckpoint), Error> {
        let (inner, old) = (&self.inner, before.map(|before| before.size));
        let answered = inner.reader.audit_checkpoint(&*inner.identity, old, positions).await;
        let reply = answered.map_err(|error| shorter(error, before))?.reply;
        let checkpoint = Checkpoint::verify(&reply.checkpoint, &inner.identity.org(), key).map_err(|error| {
            Error::forged(format!(
                "{error}, as the receipts name it; where owners changed that key, a person can verify the receipts"
            ))
        })?;
        check_continues(&reply, before, &checkpoint)?;
        Ok((checkpoint, reply))
    }
}
