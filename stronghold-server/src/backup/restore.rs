//! Restoring a backup.

use super::{
    BackedUpFile, BackedUpFiles, BackedUpOrg, Manifest, Progress, Watch,
    files::{StagedFolder, create_private, parent, read_whole, sync_folder, write_private},
    manifest::InvalidManifest,
};
use crate::{
    config::{DataDir, DataDirError, read_seed},
    service::{RESTORED_AT, ServiceKeys, restored_value},
    store::{
        StoreError,
        sqlite::{CopyError, Inspected, inspect, renounce},
    },
};
use std::{
    ffi::OsStr,
    fs,
    io::{self, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
};
use stronghold_protocol::{id::OrgId, time::Timestamp};
use zeroize::Zeroizing;

/// What to restore, and where to.
#[derive(Clone, Debug)]
pub struct RestoreRequest {
    /// The backup.
    pub from: PathBuf,
    /// The data directory of the server to be; made if it is missing.
    pub data_dir: PathBuf,
    /// The checkpoint key's file, where it is not in the backup.
    pub checkpoint_key: Option<PathBuf>,
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What the backup holds, all of it.
    pub manifest: Manifest,
    /// How many setup codes were open, and are not good any more.
    pub setup_codes: usize,
}

/// Nothing was restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// There is no manifest, or not one that can be read.
    #[error("{path}: {reason}: name the directory that a backup made")]
    NoBackup {
        /// The manifest.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The manifest is none.
    #[error("{path}: {reason}")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        reason: InvalidManifest,
    },
    /// A file of the backup is not there.
    #[error("{0} is missing: the backup is not complete, use another one")]
    Missing(PathBuf),
    /// A file of the backup is not what was backed up.
    #[error("{0} is not the file that was backed up, its size or SHA-256 is another: use another backup")]
    Changed(PathBuf),
    /// The database is not one that this release can serve.
    #[error("{path} cannot be restored: {reason}")]
    Database {
        /// The backup's.
        path: PathBuf,
        /// Why, for people.
        reason: String,
    },
    /// The manifest says something else than the database of its layout.
    #[error("{manifest} says that the database has layout {said}, and it has {found}: use another backup")]
    OtherLayout {
        /// The manifest.
        manifest: PathBuf,
        /// What it says.
        said: u64,
        /// What is so.
        found: u64,
    },
    /// The manifest says something else than the database of an organization.
    #[error("{manifest} says something else of organization {org} than is in the database: use another backup")]
    Differs {
        /// The manifest.
        manifest: PathBuf,
        /// The first organization that is not the same.
        org: OrgId,
    },
    /// There is a database, or what is left of one.
    #[error("{0} is there already: a restore replaces nothing, choose an empty data directory")]
    Occupied(PathBuf),
    /// There is the key of another server.
    #[error("{0} is another server's checkpoint key: choose an empty data directory")]
    OtherKey(PathBuf),
    /// The checkpoint key is nowhere.
    #[error("the backup was taken without the checkpoint key: give its file with --checkpoint-key FILE")]
    KeyMissing,
    /// The checkpoint key is not where it was said to be.
    #[error("there is no checkpoint key at {0}: give its file with --checkpoint-key FILE")]
    NoKey(PathBuf),
    /// The checkpoint key is not the one that belongs to the backup.
    #[error("{0} is not the checkpoint key of this backup: every client would refuse what it signs")]
    WrongKey(PathBuf),
    /// The data directory, or a key, cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The disk is full.
    #[error("there is no room in {0}: nothing was restored, free some and try again")]
    Full(PathBuf),
    /// A file cannot be read or written.
    #[error("{path}: {error}; nothing was restored")]
    Io {
        /// Which file or directory.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It was told to stop.
    #[error("stopped: nothing was restored")]
    Stopped,
}

/// Makes a data directory of a backup. It has a database once everything was checked and synced, and nothing before.
///
/// What must not be good for a second time is not: open setup codes and log-ins are void, and a server on the new directory
/// takes no request that was signed before `now`, because it has not the nonces of those that came after the backup.
///
/// # Errors
/// [`RestoreError`]; then the directory has no database.
pub fn restore(request: &RestoreRequest, now: Timestamp, watch: &mut Watch<'_>) -> Result<Restored, RestoreError> {
    let manifest = read_manifest(&request.from)?;
    let seed = find_key(request, &manifest)?;
    let made = fs::symlink_metadata(&request.data_dir).is_err();
    let data = DataDir::open(&request.data_dir)?;
    let restored = fill(request, &data, manifest, &seed, now, watch);
    if restored.is_err() && made {
        let _ = fs::remove_dir(data.path());
    }
    restored
}

fn read_manifest(from: &Path) -> Result<Manifest, RestoreError> {
    let path = from.join(Manifest::FILE);
    let text = fs::read(&path).map_err(|reason| RestoreError::NoBackup { path: path.clone(), reason })?;
    Manifest::parse(&text).map_err(|reason| RestoreError::Manifest { path, reason })
}

/// The checkpoint key, from its own file or from the backup. It must be the one that the backup's server signed with.
fn find_key(request: &RestoreRequest, manifest: &Manifest) -> Result<Zeroizing<[u8; 32]>, RestoreError> {
    let path = match (&request.checkpoint_key, &manifest.files.checkpoint_key) {
        (Some(path), _) => path.clone(),
        (None, Some(described)) => {
            let path = request.from.join(BackedUpFiles::CHECKPOINT_KEY);
            check_file(&path, described, |_, _| Ok(ControlFlow::Continue(())))?;
            path
        }
        (None, None) => return Err(RestoreError::KeyMissing),
    };
    let seed = read_seed(&path)?.ok_or_else(|| RestoreError::NoKey(path.clone()))?;
    if ServiceKeys::from_checkpoint_seed(&seed).checkpoint_public_key() == manifest.checkpoint_key {
        Ok(seed)
    } else {
        Err(RestoreError::WrongKey(path))
    }
}

fn fill(
    request: &RestoreRequest,
    data: &DataDir,
    manifest: Manifest,
    seed: &Zeroizing<[u8; 32]>,
    now: Timestamp,
    watch: &mut Watch<'_>,
) -> Result<Restored, RestoreError> {
    check_empty(data, seed)?;
    let failed = |error: io::Error| failed(data.path(), error);
    let staged = StagedFolder::make(data.path(), OsStr::new("restore")).map_err(failed)?;

    let (source, copied) = (request.from.join(BackedUpFiles::DATABASE), staged.path().join(BackedUpFiles::DATABASE));
    let mut target = create_private(&copied).map_err(failed)?;
    let described = manifest.files.database;
    let mut written = Ok(());
    check_file(&source, &described, |piece, done| {
        // What goes wrong here is the new file's, not the backup's.
        written = target.write_all(piece);
        match &written {
            Ok(()) => Ok(watch(Progress { done, total: described.bytes })),
            Err(_) => Ok(ControlFlow::Break(())),
        }
    })
    .or_else(|error| written.map_err(failed).and(Err(error)))?;
    drop(target);
    let setup_codes = adopt(&copied, &source, request, &manifest, now, data)?;
    fs::File::open(&copied).and_then(|file| file.sync_all()).map_err(failed)?;

    let key = staged.path().join(BackedUpFiles::CHECKPOINT_KEY);
    write_private(&key, seed.as_slice()).map_err(failed)?;
    // The key first: with the database, the directory is a server's.
    let brought_key = put(&key, &data.checkpoint_key()).map_err(failed)?;
    match put(&copied, &data.database()) {
        Ok(true) => {}
        not_put => {
            if brought_key {
                let _ = fs::remove_file(data.checkpoint_key());
            }
            return Err(not_put.map_or_else(failed, |_| RestoreError::Occupied(data.database())));
        }
    }
    drop(staged);
    sync_folder(data.path()).map_err(failed)?;
    Ok(Restored { manifest, setup_codes })
}

/// Checks that a directory has nothing of a server but perhaps this backup's key, which a restore that was killed left.
fn check_empty(data: &DataDir, seed: &Zeroizing<[u8; 32]>) -> Result<(), RestoreError> {
    // A log without its database would be read into the restored one.
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = data.database().into_os_string();
        name.push(suffix);
        if fs::symlink_metadata(&name).is_ok() {
            return Err(RestoreError::Occupied(name.into()));
        }
    }
    match read_seed(&data.checkpoint_key())? {
        Some(found) if found != *seed => Err(RestoreError::OtherKey(data.checkpoint_key())),
        _ => Ok(()),
    }
}

/// Reads a file of the backup, handing it to `take`, and checks that it is the one that was described.
fn check_file(
    path: &Path,
    described: &BackedUpFile,
    take: impl FnMut(&[u8], u64) -> io::Result<ControlFlow<()>>,
) -> Result<(), RestoreError> {
    let found = read_whole(path, take).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => RestoreError::Missing(path.to_owned()),
        _ => RestoreError::Io { path: path.to_owned(), error },
    })?;
    match found {
        None => Err(RestoreError::Stopped),
        Some(found) if found == *described => Ok(()),
        Some(_) => Err(RestoreError::Changed(path.to_owned())),
    }
}

/// Checks the copied database against the manifest, and ends in it what must not be good for a second time. Returns how many
/// setup codes were open.
fn adopt(
    copied: &Path,
    source: &Path,
    request: &RestoreRequest,
    manifest: &Manifest,
    now: Timestamp,
    data: &DataDir,
) -> Result<usize, RestoreError> {
    let refused = |error: StoreError| {
        let reason = match error {
            // By the backup's name for it: that of the copy is gone with it.
            StoreError::Unusable { reason, .. } => reason,
            StoreError::Damaged(what) => format!("it is damaged, use another backup ({what})"),
            other => other.to_string(),
        };
        RestoreError::Database { path: source.to_owned(), reason }
    };
    let Inspected { layout, orgs } = inspect(copied).map_err(refused)?;
    let path = || request.from.join(Manifest::FILE);
    let layout = u64::try_from(layout).unwrap_or(u64::MAX);
    if layout != manifest.layout {
        return Err(RestoreError::OtherLayout { manifest: path(), said: manifest.layout, found: layout });
    }
    let found: Vec<BackedUpOrg> = orgs.into_iter().map(BackedUpOrg::of).collect();
    let said = &manifest.organizations;
    let differs = said.iter().find(|org| !found.contains(org)).or_else(|| found.iter().find(|org| !said.contains(org)));
    if let Some(differs) = differs {
        return Err(RestoreError::Differs { manifest: path(), org: differs.org });
    }
    match renounce(copied, RESTORED_AT, &restored_value(now)) {
        Ok(setup_codes) => Ok(setup_codes),
        Err(CopyError::Full) => Err(RestoreError::Full(data.path().to_owned())),
        Err(CopyError::Stopped) => Err(RestoreError::Stopped),
        Err(CopyError::Store(error)) => Err(refused(error)),
    }
}

/// Gives a staged file a name, durably. False when something has it.
fn put(staged: &Path, target: &Path) -> io::Result<bool> {
    // Unlike a rename, a link never replaces what a server that starts meanwhile made.
    match fs::hard_link(staged, target) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        // A file system without links.
        Err(_) => fs::rename(staged, target)?,
        Ok(()) => {}
    }
    sync_folder(&parent(target))?;
    Ok(true)
}

fn failed(data_dir: &Path, error: io::Error) -> RestoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => RestoreError::Full(data_dir.to_owned()),
        _ => RestoreError::Io { path: data_dir.to_owned(), error },
    }
}
