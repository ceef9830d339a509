//! Receipts of reads: kept in a file, and held against the audit log later.
//!
//! A server that is asked for secrets signs that it logged the read. Whoever keeps those receipts can show later that the
//! log lacks one of the reads or tells it otherwise: what nobody could tell who only sees a log that was made anew.

use crate::error::Error;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};
use stronghold_protocol::{
    api::AuditCheckpoint, audit::AuditRecord, checkpoint::Checkpoint, id::OrgId, json, merkle::Inclusion,
    problem::ProblemCode,
};

pub use stronghold_protocol::receipt::{InvalidReceipt, Receipt};

/// A file of receipts: JSON Lines, one receipt a line, only ever appended to.
#[derive(Clone, Debug)]
pub struct ReceiptFile {
    path: PathBuf,
}

impl ReceiptFile {
    /// The file at `path`, which is made when the first receipt is kept.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a receipt, in one write, so that processes can share the file.
    ///
    /// # Errors
    /// [`Error::State`] when the file cannot be written, or what is there is another user's ([`crate::files`]).
    pub fn append(&self, receipt: &Receipt) -> Result<(), Error> {
        let failed = |error| Error::state(format!("the receipt cannot be kept in {}", self.path.display()), error);
        let mut line = serde_json::to_vec(receipt).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        self.open().and_then(|mut file| file.write_all(&line)).map_err(failed)
    }

    #[cfg(unix)]
    fn open(&self) -> io::Result<File> {
        crate::files::Target::open_to_append(&self.path).map_err(io::Error::other)
    }

    #[cfg(not(unix))]
    fn open(&self) -> io::Result<File> {
        fs::OpenOptions::new().append(true).create(true).open(&self.path)
    }

    /// The receipts in it, oldest first.
    ///
    /// # Errors
    /// [`Error::State`] when the file cannot be read, [`Error::Invalid`] naming the first line that is no receipt.
    pub fn read(&self) -> Result<Vec<Receipt>, Error> {
        let text = fs::read_to_string(&self.path)
            .map_err(|error| Error::state(format!("{} cannot be read", self.path.display()), error))?;
        let lines = text.lines().enumerate();
        let parsed = lines.map(|(index, line)| {
            let invalid = |_| Error::invalid(format!("{}, line {}, is no receipt", self.path.display(), index + 1));
            json::from_slice(line.as_bytes()).map_err(invalid)
        });
        parsed.collect()
    }
}

/// The record of a receipt, which its key signed.
pub(crate) fn signed_record(receipt: &Receipt, org: &OrgId) -> Result<AuditRecord, Error> {
    receipt.verify(org).map_err(|error| Error::bad_record(receipt.position, error))
}

/// That the log of a checkpoint is long enough for all of them.
pub(crate) fn check_reach(receipts: &[Receipt], checkpoint: &Checkpoint) -> Result<(), Error> {
    match receipts.iter().find(|receipt| receipt.position >= checkpoint.size) {
        None => Ok(()),
        Some(missing) => {
            Err(Error::bad_record(missing.position, "a receipt says that it was logged, but the log ends before it"))
        }
    }
}

/// That each receipt's record stands in the log of a checkpoint, at its position.
pub(crate) fn check_places(receipts: &[Receipt], proofs: &[Inclusion], checkpoint: &Checkpoint) -> Result<(), Error> {
    if receipts.len() != proofs.len() {
        return Err(Error::forged("the server proves other places in the audit log than it was asked for"));
    }
    for (receipt, proof) in receipts.iter().zip(proofs) {
        let placed = (proof.index, proof.size) == (receipt.position, checkpoint.size)
            && proof.verify(&receipt.leaf_hash(), &checkpoint.root).is_ok();
        if !placed {
            let reason = "a receipt says that another record was logged in its place";
            return Err(Error::bad_record(receipt.position, reason));
        }
    }
    Ok(())
}

/// What a refused question for proofs means, where a log of this size was seen before.
pub(crate) fn shorter(error: Error, before: Option<&Checkpoint>) -> Error {
    match &error {
        // The one thing in this question that can be wrong.
        Error::Refused(problem) if before.is_some() && problem.code == ProblemCode::Malformed => {
            Error::rolled_back("the audit log is shorter than the checkpoint that this client remembers")
        }
        _ => error,
    }
}

/// That a checkpoint continues the one before it.
pub(crate) fn check_continues(
    reply: &AuditCheckpoint,
    before: Option<&Checkpoint>,
    checkpoint: &Checkpoint,
) -> Result<(), Error> {
    let Some(before) = before else { return Ok(()) };
    let continues = reply.consistency.as_ref().is_some_and(|proof| {
        (proof.old_size, proof.new_size) == (before.size, checkpoint.size)
            && proof.verify(&before.root, &checkpoint.root).is_ok()
    });
    if continues {
        return Ok(());
    }
    Err(Error::rolled_back(
        "the audit log does not continue the checkpoint that this client remembers: its past was changed",
    ))
}
