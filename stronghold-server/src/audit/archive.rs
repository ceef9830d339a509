//! Archiving: the oldest records of a log, moved into a file.
//!
//! Leaf hashes stay in the store, so checkpoints and proofs are what they were; only the bytes go, after the file is durable.
//! It works beside a server that serves from the same store.

use crate::store::{Store, StoreError};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};
use stronghold_protocol::{
    archive::{ArchiveHeader, ArchivedRecord},
    audit::{RecordSchema, record_leaf_hash},
    encoding::Base64Bytes,
    id::OrgId,
    time::Timestamp,
};

/// How many records are read at once.
const PAGE: usize = 1000;
/// How many records' bytes one transaction removes, so that requests do not wait for long.
const REMOVED_AT_ONCE: u64 = 5000;

/// What is to be archived.
#[derive(Clone, Debug)]
pub struct ArchiveRequest {
    /// Of this organization.
    pub org: OrgId,
    /// The oldest records up to the first that is not older than this.
    pub before: Timestamp,
    /// Into this file, which is not there yet.
    pub output: PathBuf,
    /// Leave the bytes in the store.
    pub keep: bool,
    /// Also what a receiver of the stream has not accepted yet: it never gets it.
    pub despite_streams: bool,
}

/// Records were not archived.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such organization.
    #[error("there is no organization {0}")]
    NoOrganization(OrgId),
    /// The file is there already.
    #[error("{0} is there already: an archive replaces nothing")]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What is stored is not what was logged; it stays where it is.
    #[error("record {0} is another one than was logged: nothing was archived")]
    Damaged(u64),
    /// A receiver is behind.
    #[error("{sink} has accepted the records before {next} only: wait for it, or say --despite-streams")]
    Streaming {
        /// Which.
        sink: String,
        /// Position of the next record that it gets.
        next: u64,
    },
    /// Somebody else archived at the same time.
    #[error("another archive was made at the same time: the records from {0} on are kept")]
    Raced(u64),
}

/// What was archived: the records from `from` to before `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Archived {
    /// Position of the first.
    pub from: u64,
    /// Position after the last.
    pub to: u64,
}

/// Archives records. None when there is none that is old enough; then no file is made.
///
/// # Errors
/// [`ArchiveError`]; the store then still holds every record that is not in a durable file.
pub async fn archive<S: Store>(store: &S, request: &ArchiveRequest) -> Result<Option<Archived>, ArchiveError> {
    let (org, before) = (request.org, request.before);
    let range = store.snapshot(move |tx| {
        let Some(head) = tx.head(&org)? else { return Ok(None) };
        Ok(Some((head.archived, tx.records_before(&org, before)?)))
    });
    let (from, to) = range.await?.ok_or(ArchiveError::NoOrganization(org))?;
    if from >= to {
        return Ok(None);
    }
    if !request.keep && !request.despite_streams {
        let streams = store.snapshot(move |tx| tx.stream_positions(&org)).await?;
        if let Some((sink, next)) = streams.into_iter().find(|(_, next)| *next < to) {
            return Err(ArchiveError::Streaming { sink, next });
        }
    }
    let archived = Archived { from, to };
    write(store, request, archived).await?;
    if !request.keep {
        remove(store, org, archived).await?;
    }
    Ok(Some(archived))
}

/// Writes the file: beside its place with mode 0600, synced, and only then under its name.
async fn write<S: Store>(store: &S, request: &ArchiveRequest, range: Archived) -> Result<(), ArchiveError> {
    let path = &request.output;
    let failed = |error: io::Error| ArchiveError::Io { path: path.clone(), error };
    if fs::symlink_metadata(path).is_ok() {
        return Err(ArchiveError::Exists(path.clone()));
    }
    let mut staged = Staged::new(path).map_err(failed)?;
    let header = ArchiveHeader { schema: RecordSchema, org: request.org, from: range.from, to: range.to };
    staged.line(header.encode()).map_err(failed)?;
    let mut next = range.from;
    while next < range.to {
        let (org, from) = (request.org, next);
        let limit = usize::try_from(range.to - next).unwrap_or(PAGE).min(PAGE);
        let read = store.snapshot(move |tx| Ok((tx.records(&org, from, limit)?, tx.record_leaves(&org, from, limit)?)));
        let (records, leaves) = read.await?;
        if records.len() != limit || leaves.len() != limit {
            return Err(ArchiveError::Raced(next));
        }
        for (bytes, leaf) in records.into_iter().zip(leaves) {
            if record_leaf_hash(&bytes) != leaf {
                return Err(ArchiveError::Damaged(next));
            }
            staged.line(ArchivedRecord { position: next, record: Base64Bytes(bytes) }.encode()).map_err(failed)?;
            next += 1;
        }
    }
    staged.finish(path).map_err(failed)
}

async fn remove<S: Store>(store: &S, org: OrgId, range: Archived) -> Result<(), ArchiveError> {
    let mut next = range.from;
    while next < range.to {
        let (from, to) = (next, range.to.min(next + REMOVED_AT_ONCE));
        if !store.locked(Some(org), move |tx| tx.remove_archived(&org, from, to)).await? {
            return Err(ArchiveError::Raced(from));
        }
        next = to;
    }
    Ok(())
}

/// A file that is not under its name yet; gone when it is dropped.
struct Staged {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Staged {
    fn new(target: &Path) -> io::Result<Self> {
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().ok_or(io::ErrorKind::InvalidInput)?);
        name.push(format!(".{}.new", std::process::id()));
        let path = target.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = BufWriter::new(options.open(&path)?);
        Ok(Self { path, file: Some(file) })
    }

    fn line<E: std::error::Error + Send + Sync + 'static>(&mut self, line: Result<String, E>) -> io::Result<()> {
        let line = line.map_err(io::Error::other)?;
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        file.write_all(line.as_bytes())?;
        file.write_all(b"\n")
    }

    /// Makes it durable under a name that nothing has.
    fn finish(mut self, target: &Path) -> io::Result<()> {
        let file = self.file.take().ok_or(io::ErrorKind::NotConnected)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        // Unlike a rename, a link never replaces what somebody else put there meanwhile.
        match fs::hard_link(&self.path, target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
            // A file system without links.
            Err(_) => fs::rename(&self.path, target)?,
            Ok(()) => {}
        }
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        File::open(folder)?.sync_all()
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
