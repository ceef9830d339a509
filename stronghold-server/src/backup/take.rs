//! Taking a backup.

use super::{
    BackedUpFile, BackedUpFiles, BackedUpOrg, FileHash, Manifest, Progress, Watch,
    files::{StagedFolder, create_private, parent, read_whole, write_private},
    manifest::InvalidManifest,
};
use crate::{
    config::{DataDir, DataDirError, read_seed},
    service::ServiceKeys,
    store::{
        StoreError,
        sqlite::{CopyError, Inspected, copy, inspect},
    },
};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};
use stronghold_protocol::{crypto::hash::sha256, time::Timestamp};

/// What to back up, and where to.
#[derive(Clone, Debug)]
pub struct BackupRequest {
    /// The server's data directory.
    pub data_dir: PathBuf,
    /// The directory to make, in one that is there.
    pub output: PathBuf,
    /// Whether to leave out the checkpoint key.
    pub without_key: bool,
}

/// No backup was taken; nothing was left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is something of that name.
    #[error("{0} is there already: a backup replaces nothing, choose another name")]
    Exists(PathBuf),
    /// There is nothing to back up.
    #[error("there is no database at {0}: name the server's data directory")]
    NoDatabase(PathBuf),
    /// The server's key is gone.
    #[error("there is no checkpoint key at {0}: put it back, its server cannot start without it either")]
    NoKey(PathBuf),
    /// The data directory cannot be read.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The copy has no room.
    #[error("there is no room for the backup {0}: nothing was left behind, free some and try again")]
    Full(PathBuf),
    /// The backup cannot be written.
    #[error("{path}: {error}; no backup was left behind")]
    Io {
        /// Which file or directory.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The database cannot be copied.
    #[error("{0}; no backup was left behind")]
    Store(#[source] StoreError),
    /// What was copied is damaged, and so is what it was copied from.
    #[error("{database} is damaged, so no backup was taken: keep the ones that you have ({reason})")]
    Damaged {
        /// The server's database.
        database: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The manifest cannot be written.
    #[error(transparent)]
    Manifest(#[from] InvalidManifest),
    /// It was told to stop.
    #[error("stopped: no backup was left behind")]
    Stopped,
}

/// Takes a backup, beside a server that serves from the same data directory or not, as of one moment after `now`. It is under
/// its name once it is complete, checked and synced.
///
/// # Errors
/// [`BackupError`]; then there is no backup.
pub fn take(request: &BackupRequest, now: Timestamp, watch: &mut Watch<'_>) -> Result<Manifest, BackupError> {
    let output = &request.output;
    if fs::symlink_metadata(output).is_ok() {
        return Err(BackupError::Exists(output.clone()));
    }
    let data = DataDir::existing(&request.data_dir)?;
    let database = data.database();
    // Not opened here: closing it would end the locks of a server in the same process.
    if !fs::metadata(&database).is_ok_and(|found| found.is_file()) {
        return Err(BackupError::NoDatabase(database));
    }
    let seed = read_seed(&data.checkpoint_key())?.ok_or_else(|| BackupError::NoKey(data.checkpoint_key()))?;
    let failed = |error: io::Error| failed(output, error);
    let name = output.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
    let staged = StagedFolder::make(&parent(output), name).map_err(failed)?;

    let copied = staged.path().join(BackedUpFiles::DATABASE);
    drop(create_private(&copied).map_err(failed)?);
    copy(&database, &copied, &mut |done, total| watch(Progress { done, total })).map_err(|error| match error {
        CopyError::Full => BackupError::Full(output.clone()),
        CopyError::Stopped => BackupError::Stopped,
        CopyError::Store(error) => BackupError::Store(error),
    })?;
    let Inspected { layout, orgs } = inspect(&copied).map_err(|error| match error {
        StoreError::Damaged(reason) => BackupError::Damaged { database, reason },
        other => BackupError::Store(other),
    })?;
    File::open(&copied).and_then(|file| file.sync_all()).map_err(failed)?;
    let total = fs::metadata(&copied).map_err(failed)?.len();
    let described = read_whole(&copied, |_, _| Ok(watch(Progress { done: total, total }))).map_err(failed)?;
    let checkpoint_key = if request.without_key {
        None
    } else {
        write_private(&staged.path().join(BackedUpFiles::CHECKPOINT_KEY), seed.as_slice()).map_err(failed)?;
        let bytes = u64::try_from(seed.len()).unwrap_or(u64::MAX);
        Some(BackedUpFile { bytes, sha256: FileHash(sha256(&[seed.as_slice()])) })
    };
    let files = BackedUpFiles { database: described.ok_or(BackupError::Stopped)?, checkpoint_key };
    let public = ServiceKeys::from_checkpoint_seed(&seed).checkpoint_public_key();
    let organizations = orgs.into_iter().map(BackedUpOrg::of).collect();
    let manifest = Manifest::new(now, layout, public, files, organizations);
    write_private(&staged.path().join(Manifest::FILE), manifest.encode()?.as_bytes()).map_err(failed)?;
    staged.finish(output).map_err(failed)?;
    Ok(manifest)
}

/// By the name that the user gave: that of the staged folder is gone with it.
fn failed(output: &Path, error: io::Error) -> BackupError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => BackupError::Full(output.to_owned()),
        _ => BackupError::Io { path: output.to_owned(), error },
    }
}
