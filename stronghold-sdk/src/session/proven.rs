//! A write is done when its answer proves it.
//!
//! The server answers a write with a receipt: its signed word that the request is logged. Here it is held against the
//! request that was sent and against the directory. What an answer does not prove is looked up, like a write whose answer
//! was lost.

use super::{Session, holds};
use crate::{
    error::{Error, Integrity},
    open::receipt::{self, Asker},
};
use std::sync::{Mutex, PoisonError};
use stronghold_protocol::{
    audit::{AuditRecord, Released},
    directory::{Directory, HeaderRef},
    receipt::Receipt,
    request::SignedRequest,
    transport::Transport,
};

/// The directory as far as it was replayed to judge an answer, where that is further than the session's own. What is in
/// here is remembered.
#[derive(Debug, Default)]
pub(crate) struct Ahead(Mutex<Option<Directory>>);

impl Ahead {
    fn get(&self) -> Option<Directory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, directory: Directory) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(directory);
    }

    /// The newer one of it and `known`.
    pub(super) fn or(&self, known: &Directory) -> Directory {
        self.get().filter(|ahead| ahead.head().seq > known.head().seq).unwrap_or_else(|| known.clone())
    }
}

/// What the server shows of a write whose answer does not prove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It stands there.
    Made,
    /// It does not.
    NotMade,
    /// The server does not say.
    Unknown,
}

impl From<Result<bool, Error>> for Found {
    fn from(looked: Result<bool, Error>) -> Self {
        looked.map_or(Self::Unknown, |made| if made { Self::Made } else { Self::NotMade })
    }
}

/// What came of a write that failed with `error`, given what the server shows of it. A lost answer proves nothing and says
/// nothing false: where the write is found, it is done.
///
/// # Errors
/// [`Error::Unproven`] where it was made and the answer was not lost, or where that is unknown; else the error.
pub(crate) fn settle(error: Error, found: Found, what: impl FnOnce() -> String) -> Result<(), Error> {
    match (error, found) {
        (error, Found::Made) if error.is_unanswered() => Ok(()),
        (error, Found::Made) => Err(Error::unproven(what(), true, error)),
        (Error::Integrity(cause), Found::NotMade) => {
            let (what, reason) = (what(), cause.to_string());
            Err(Error::Integrity(Integrity::NotMade { what, reason }))
        }
        // A refusal says that nothing was made.
        (error @ Error::Refused(_), Found::Unknown) | (error, Found::NotMade) => Err(error),
        (error, Found::Unknown) => Err(Error::unproven(what(), false, error)),
    }
}

impl<T: Transport> Session<T> {
    /// Checks the receipt of an answer to this session.
    ///
    /// 1. it is signed, and its record holds exactly this request of this caller, this action, allowed, and exactly what was
    ///    released or stored; 2. the record names a header of the directory that is not older than what the session knew
    ///    when it asked; 3. the key that signed is the one that the directory names there.
    ///
    /// # Errors
    /// [`Error::Integrity`] otherwise; [`Error`] when the directory must be replayed further and cannot be.
    pub(crate) async fn check_receipt(
        &self,
        receipt: &Receipt,
        request: &SignedRequest,
        action: &str,
        released: Option<&Released>,
    ) -> Result<AuditRecord, Error> {
        // 1.
        let record = receipt::check(receipt, request, Asker::of(&*self.who), action, released)?;
        // 2. and 3.
        self.check_receipt_key(receipt, &record).await?;
        Ok(record)
    }

    /// 2. and 3. of [`Self::check_receipt`].
    pub(crate) async fn check_receipt_key(&self, receipt: &Receipt, record: &AuditRecord) -> Result<(), Error> {
        let at = record.directory;
        // 2.
        if at.seq < self.directory.head().seq {
            return Err(Error::forged(
                "the audit record in the server's answer names an older directory than was shown",
            ));
        }
        let mut directory = self.ahead.or(&self.directory);
        if at.seq > directory.head().seq {
            directory = self.cache.replay(&self.client, &*self.who, Some(directory)).await?;
            // Held against everything known, and remembered, as by `sync`: kept here otherwise, another history that the
            // server showed once would make the true one look forged from then on.
            self.remember_directory(&directory).await?;
            self.ahead.set(directory.clone());
        }
        check_key(&directory, receipt, at)
    }
}

/// Checks that a receipt is signed by the key that the directory names at the header that its record names.
///
/// # Errors
/// [`Error::Integrity`] when there is no such header, or the key is another.
pub(crate) fn check_key(directory: &Directory, receipt: &Receipt, at: HeaderRef) -> Result<(), Error> {
    if !holds(directory, &at) {
        return Err(Error::forged(
            "the audit record in the server's answer names a header that is not in the directory",
        ));
    }
    if directory.checkpoint_key_at(at.seq) != Some(receipt.key) {
        return Err(Error::forged(
            "the receipt in the server's answer is not signed by the key that the directory names",
        ));
    }
    Ok(())
}
