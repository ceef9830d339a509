//! Files that are readable by their owner alone, and folders that are nowhere until they are complete.

use super::{BackedUpFile, FileHash};
use std::{
    ffi::{OsStr, OsString},
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    ops::ControlFlow,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};
use stronghold_protocol::crypto::{hash::Hasher, random};

/// How much of a file is in memory at once, in bytes.
const PIECE: usize = 1024 * 1024;

/// A folder of mode 0700 that is not under its name yet; gone with everything in it when it is dropped.
pub(super) struct StagedFolder(PathBuf);

impl StagedFolder {
    /// Makes one in `parent`, named after what becomes of it.
    ///
    /// # Errors
    /// [`io::Error`] when it cannot be made.
    pub(super) fn make(parent: &Path, name: &OsStr) -> io::Result<Self> {
        // Process ids repeat, in containers at every start: what a killed one left behind must be in nobody's way.
        let unique = random::array::<8>().map_err(io::Error::other)?;
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.new", data_encoding::HEXLOWER.encode(&unique)));
        let path = parent.join(hidden);
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes it durable under a name that nothing has.
    ///
    /// # Errors
    /// [`io::Error`] when it cannot be; then it is gone.
    pub(super) fn finish(mut self, target: &Path) -> io::Result<()> {
        sync_folder(&self.0)?;
        // At worst it takes the place of an empty folder that somebody made meanwhile: a rename replaces no other.
        fs::rename(&self.0, target)?;
        self.0 = PathBuf::new();
        sync_folder(&parent(target))
    }
}

impl Drop for StagedFolder {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// The folder that a path is in.
pub(super) fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        Some(_) => PathBuf::from("."),
        None => PathBuf::from("/"),
    }
}

/// Makes the names in a folder durable.
///
/// # Errors
/// [`io::Error`] when it cannot be.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes a new file of mode 0600.
///
/// # Errors
/// [`io::Error`] when it is there, or cannot be made.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Writes a new file of mode 0600, durably.
///
/// # Errors
/// [`io::Error`] when it is there, or cannot be written.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create_private(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Reads a file to its end and hands each piece, and how much was read so far, to `take`. Returns what the file is; none when
/// `take` had enough.
///
/// # Errors
/// [`io::Error`] of the file, or of `take`.
pub(super) fn read_whole(
    path: &Path,
    mut take: impl FnMut(&[u8], u64) -> io::Result<ControlFlow<()>>,
) -> io::Result<Option<BackedUpFile>> {
    let (mut file, mut hasher, mut bytes) = (File::open(path)?, Hasher::default(), 0);
    let mut piece = vec![0; PIECE];
    loop {
        let length = match file.read(&mut piece) {
            Ok(0) => return Ok(Some(BackedUpFile { bytes, sha256: FileHash(hasher.finish()) })),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let read = piece.get(..length).unwrap_or_default();
        hasher.update(read);
        bytes += u64::try_from(length).unwrap_or(u64::MAX);
        if take(read, bytes)?.is_break() {
            return Ok(None);
        }
    }
}
