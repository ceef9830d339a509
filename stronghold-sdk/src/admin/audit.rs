//! The audit log: read, and verified from raw records.

use super::{
    Archives, Session,
    audit_check::{RecordCheck, check_receipt, state_at},
};
use crate::{
    error::Error,
    memory::{KnownLog, Remembered},
    reader::ProfileReader,
    receipts::{Receipt, check_continues, check_places, check_reach, shorter, signed_record},
};
use stronghold_protocol::{
    api::AuditPage,
    audit::{AuditRecord, Outcome, record_leaf_hash},
    checkpoint::Checkpoint,
    directory::Directory,
    limits,
    merkle::{Inclusion, Tree},
    time::Timestamp,
    transport::Transport,
};

/// One record of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// Its position, from 0.
    pub position: u64,
    /// What it says.
    pub record: AuditRecord,
}

/// A page of the audit log, as the server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// Records from the position that was asked for on; none where that one is archived.
    pub records: Vec<LogRecord>,
    /// How many records there are.
    pub size: u64,
    /// How many of the oldest are in archives only.
    pub archived: u64,
}

/// What [`Session::verify_audit`] found to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedLog {
    /// What fixes the whole log.
    pub log: KnownLog,
    /// How many records the log had that was remembered, if one was.
    pub known: Option<u64>,
    /// What is in it.
    pub counts: LogCounts,
}

/// What the records of a log came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogCounts {
    /// How many were allowed.
    pub allowed: u64,
    /// How many were denied.
    pub denied: u64,
    /// How many of both nobody could sign ([`stronghold_protocol::audit::UnsignedAction`]): they are the server's word.
    pub unsigned: u64,
    /// When the last one was decided.
    pub newest: Option<Timestamp>,
}

impl LogCounts {
    fn count(&mut self, record: &AuditRecord) {
        match record.outcome {
            Outcome::Allowed => self.allowed += 1,
            Outcome::Denied => self.denied += 1,
        }
        self.unsigned += u64::from(record.signed().is_none());
        self.newest = Some(record.time);
    }
}

impl<T: Transport> Session<T> {
    /// Records from a position on, at most a page of them, as the server says.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached or refuses, or a record is not of its form.
    pub async fn audit_page(&self, from: u64) -> Result<LogPage, Error> {
        let AuditPage { records, size, archived } = self.client.audit_records(&*self.who, from).await?;
        Ok(LogPage { records: parse(records.iter().map(|bytes| bytes.0.as_slice()), from)?, size, archived })
    }

    /// Records from a position on, at most a page of them, out of archive files; none when no file holds the first. Only
    /// [`Self::verify_archived_audit`] says whether they are those that were logged.
    ///
    /// # Errors
    /// [`Error`] when a file cannot be read, lacks a record, or a record is not of its form.
    pub fn archived_page(&self, archives: &mut Archives, from: u64) -> Result<Option<Vec<LogRecord>>, Error> {
        let records = archives.read(from, limits::AUDIT_PAGE)?;
        records.map(|records| parse(records.iter().map(Vec::as_slice), from)).transpose()
    }

    /// Verifies the whole log, gives every record to `each`, in order, and remembers the checkpoint.
    ///
    /// 1. the checkpoint is signed by the key that the directory names; 2. it continues the one that is remembered; 3. it is of
    ///    exactly the records that the server shows; 4. every record is of a request that its principal signed, with a key
    ///    that was the principal's at the directory header that the record names, each nonce once; that header is the newest
    ///    so far, and each statement has its record; times fit the requests' and do not go back. What nobody could sign
    ///    ([`stronghold_protocol::audit::UnsignedAction`]) is of a member, and released nothing.
    ///
    /// # Errors
    /// [`Error::Integrity`] when any of this does not hold, naming the first bad record where that can be told; [`Error`]
    /// when the server cannot be reached or refuses.
    pub async fn verify_audit(&mut self, each: &mut (dyn FnMut(&LogRecord) + Send)) -> Result<VerifiedLog, Error> {
        self.verify_archived_audit(&mut Archives::default(), each).await
    }

    /// The same, where the oldest records are in archives: each that a file holds is taken from there.
    ///
    /// # Errors
    /// As [`Self::verify_audit`]; [`Error::Archived`] when neither the server nor a file has a record.
    pub async fn verify_archived_audit(
        &mut self,
        archives: &mut Archives,
        each: &mut (dyn FnMut(&LogRecord) + Send),
    ) -> Result<VerifiedLog, Error> {
        self.memory.recall().await?;
        let remembered = self.memory.known_log().await?;
        let remembered = remembered.as_ref();
        // 1. and 2.
        let believed = match self.believed_checkpoint(remembered.map(|log| &log.checkpoint), &[]).await {
            Err(error @ Error::Integrity(_)) => return Err(self.first_forgotten(remembered, archives, error).await),
            other => other?,
        };
        let Believed { checkpoint, states, .. } = believed;
        // 3. and 4.
        let mut tree = Tree::default();
        let mut leaves = Vec::new();
        let mut check = RecordCheck::new(&states);
        let mut counts = LogCounts::default();
        while (tree.len() as u64) < checkpoint.size {
            let from = tree.len() as u64;
            let page = self.records_from(archives, from).await?;
            let wanted = usize::try_from(checkpoint.size - from).unwrap_or(usize::MAX);
            for bytes in page.iter().take(wanted) {
                let leaf = record_leaf_hash(bytes);
                tree.push(leaf);
                leaves.push(leaf);
            }
            if tree.len() as u64 == checkpoint.size && tree.root() != checkpoint.root {
                return Err(self.first_changed(&tree).await);
            }
            for record in parse(page.iter().map(Vec::as_slice).take(wanted), from)? {
                check.next(&record)?;
                counts.count(&record.record);
                each(&record);
            }
        }
        if tree.root() != checkpoint.root {
            return Err(self.first_changed(&tree).await);
        }
        check.finish(checkpoint.directory.seq, checkpoint.size)?;
        let known = remembered.map(|log| log.checkpoint.size);
        let log = KnownLog { checkpoint, leaves };
        self.remember_checkpoint(checkpoint).await?;
        self.memory.keep_leaves(&log).await;
        Ok(VerifiedLog { log, known, counts })
    }

    /// The first record that is another one than was verified before, where that is known of each; else `error`, which says
    /// that there is one.
    async fn first_forgotten(&self, known: Option<&KnownLog>, archives: &mut Archives, error: Error) -> Error {
        let Some(known) = known.filter(|log| !log.leaves.is_empty()) else { return error };
        let mut position = 0;
        while let Some(rest) = known.leaves.get(position..).filter(|rest| !rest.is_empty()) {
            let page = match self.records_from(archives, position as u64).await {
                Ok(page) => page,
                Err(named @ Error::Integrity(_)) => return named,
                Err(_) => return error,
            };
            for (leaf, bytes) in rest.iter().zip(&page) {
                if *leaf != record_leaf_hash(bytes) {
                    return Error::bad_record(position as u64, "it is another one than this client verified before");
                }
                position += 1;
            }
        }
        error
    }

    /// The exact bytes of records from a position on, at least one: out of a file that holds it, else from the server.
    async fn records_from(&self, archives: &mut Archives, from: u64) -> Result<Vec<Vec<u8>>, Error> {
        if let Some(records) = archives.read(from, limits::AUDIT_PAGE)? {
            return Ok(records);
        }
        let page = self.client.audit_records(&*self.who, from).await?;
        if from < page.archived {
            return Err(Error::Archived { from, to: page.archived });
        }
        if page.records.is_empty() {
            return Err(Error::bad_record(from, "it is missing"));
        }
        Ok(page.records.into_iter().map(|bytes| bytes.0).collect())
    }

    /// Holds receipts of reads against the log: each must be signed by the checkpoint key that the directory names at its
    /// record's header, be of a request that the record's principal signed, and its record must stand where it says in the
    /// newest checkpoint's log, which continues the one that is remembered. That checkpoint is returned, and remembered.
    ///
    /// # Errors
    /// [`Error::Integrity`], naming the record, when any of this does not hold; [`Error`] when the server cannot be reached or
    /// refuses.
    pub async fn verify_receipts(&mut self, receipts: &[Receipt]) -> Result<Checkpoint, Error> {
        self.memory.recall().await?;
        let remembered = self.memory.known().checkpoint;
        let Believed { mut checkpoint, states, .. } = self.believed_checkpoint(remembered.as_ref(), &[]).await?;
        let org = self.directory.org();
        for receipt in receipts {
            let record = signed_record(receipt, &org)?;
            check_receipt(&states, receipt, &record).map_err(|reason| Error::bad_record(receipt.position, reason))?;
        }
        check_reach(receipts, &checkpoint)?;
        for part in receipts.chunks(limits::INCLUSIONS) {
            let positions: Vec<u64> = part.iter().map(|receipt| receipt.position).collect();
            let believed = self.believed_checkpoint(Some(&checkpoint), &positions).await?;
            check_places(part, &believed.inclusions, &believed.checkpoint)?;
            checkpoint = believed.checkpoint;
        }
        self.remember_checkpoint(checkpoint).await?;
        Ok(checkpoint)
    }

    async fn remember_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), Error> {
        self.raise(&Remembered { checkpoint: Some(checkpoint), ..Remembered::default() }, None).await
    }

    /// The newest checkpoint, signed by the right key and continuing what is remembered; with the state after each
    /// statement, as far as its records can name them.
    pub(super) async fn believed_checkpoint(
        &mut self,
        remembered: Option<&Checkpoint>,
        positions: &[u64],
    ) -> Result<Believed, Error> {
        let org = self.directory.org();
        let old = remembered.map(|remembered| remembered.size);
        let answered = self.client.audit_checkpoint(&*self.who, old, positions).await;
        let reply = answered.map_err(|error| shorter(error, remembered))?.reply;
        let named = Checkpoint::parse_unverified(&reply.checkpoint, &org).map_err(Error::forged)?.directory;
        if named.seq > self.directory.head().seq {
            self.sync().await?;
        }
        let states = self.cache.states(&self.client, &*self.who, self.directory.head()).await?;
        let state = state_at(&states, named.seq).filter(|state| state.head() == named);
        let state =
            state.ok_or_else(|| Error::rolled_back("the checkpoint names a header that is not in the directory"))?;
        let checkpoint = Checkpoint::verify(&reply.checkpoint, &org, &state.checkpoint_key()).map_err(Error::forged)?;
        check_continues(&reply, remembered, &checkpoint)?;
        Ok(Believed { checkpoint, states, inclusions: reply.inclusions })
    }

    /// The first record that is another one than the log's checkpoints are of: by halving, with proofs that the server's
    /// tree continues ours up to there.
    async fn first_changed(&self, tree: &Tree) -> Error {
        match self.common_records(tree, tree.len()).await {
            Ok(good) => Error::bad_record(good as u64, "it is another one than was logged"),
            Err(error) => error,
        }
    }

    /// How many of the first records of `tree` the server's log begins with, as it proves; it does not with `bad` of them.
    pub(super) async fn common_records(&self, tree: &Tree, mut bad: usize) -> Result<usize, Error> {
        let mut good = 0;
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            if self.continues(tree, middle).await? {
                good = middle;
            } else {
                bad = middle;
            }
        }
        Ok(good)
    }

    async fn continues(&self, tree: &Tree, size: usize) -> Result<bool, Error> {
        let reply = self.client.audit_checkpoint(&*self.who, Some(size as u64), &[]).await?.reply;
        let claimed = Checkpoint::parse_unverified(&reply.checkpoint, &self.directory.org()).map_err(Error::forged)?;
        let (Some(proof), Some(root)) = (reply.consistency, tree.root_at(size)) else { return Ok(false) };
        Ok(proof.old_size == size as u64 && proof.verify(&root, &claimed.root).is_ok())
    }
}

/// A checkpoint that the directory's key signed, with what came with it.
pub(super) struct Believed {
    pub(super) checkpoint: Checkpoint,
    /// The directory after each statement.
    states: Vec<Directory>,
    inclusions: Vec<Inclusion>,
}

fn parse<'a>(records: impl Iterator<Item = &'a [u8]>, from: u64) -> Result<Vec<LogRecord>, Error> {
    let parsed = (from..).zip(records).map(|(position, bytes)| {
        let record = AuditRecord::parse(bytes).map_err(|error| Error::bad_record(position, error))?;
        Ok(LogRecord { position, record })
    });
    parsed.collect()
}
