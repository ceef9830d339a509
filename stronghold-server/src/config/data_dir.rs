//! The server's data directory: database, checkpoint key and setup codes, readable by the server alone.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};
use stronghold_protocol::crypto::random;
use zeroize::Zeroizing;

pub(crate) const DATABASE: &str = "stronghold.db";
pub(crate) const CHECKPOINT_KEY: &str = "checkpoint.key";
const SETUP_CODE: &str = "setup-code";

/// The data directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataDirError {
    /// A file or the directory cannot be made, read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The checkpoint key is not 32 bytes.
    #[error("{0} is damaged: it must hold exactly 32 bytes; restore it from a backup")]
    Damaged(PathBuf),
    /// The operating system gives no randomness.
    #[error(transparent)]
    Randomness(#[from] random::RandomnessUnavailable),
}

/// The directory of a server's data.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// Uses a directory, and makes it with mode 0700 if it is missing.
    ///
    /// # Errors
    /// [`DataDirError::Io`] when it cannot be made, or is something else than a directory.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let failed = |error| DataDirError::Io { path: path.to_owned(), error };
        if fs::metadata(path).is_ok_and(|found| !found.is_dir()) {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        fs::read_dir(path).map_err(failed)?;
        Ok(Self(path.to_owned()))
    }

    /// Uses a directory that is there already: for commands in which a slip in its name must not make one.
    ///
    /// # Errors
    /// [`DataDirError::Io`] when it is not there, or is something else than a directory.
    pub fn existing(path: &Path) -> Result<Self, DataDirError> {
        fs::read_dir(path).map_err(|error| DataDirError::Io { path: path.to_owned(), error })?;
        Ok(Self(path.to_owned()))
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the checkpoint key is.
    #[must_use]
    pub fn checkpoint_key(&self) -> PathBuf {
        self.0.join(CHECKPOINT_KEY)
    }

    /// Where the database is.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.0.join(DATABASE)
    }

    /// Where the first setup code is written.
    #[must_use]
    pub fn setup_code(&self) -> PathBuf {
        self.0.join(SETUP_CODE)
    }

    /// The 32-byte seed of the key that signs audit checkpoints, made at the first start. It is a file of its own, not a
    /// row of the database, so that who steals or replaces the database cannot sign.
    ///
    /// # Errors
    /// [`DataDirError`] when it cannot be read, written or made, or has another length.
    pub fn checkpoint_seed(&self) -> Result<Zeroizing<[u8; 32]>, DataDirError> {
        match read_seed(&self.checkpoint_key())? {
            Some(seed) => Ok(seed),
            None => {
                let seed = random::secret::<32>()?;
                self.write_private(CHECKPOINT_KEY, seed.as_slice())?;
                Ok(seed)
            }
        }
    }

    /// Writes the first setup code, with mode 0600, and says where.
    ///
    /// # Errors
    /// [`DataDirError::Io`] when it cannot be written.
    pub fn write_setup_code(&self, code: &str) -> Result<PathBuf, DataDirError> {
        self.write_private(SETUP_CODE, format!("{code}\n").as_bytes())
    }

    /// Writes a further setup code into a new file, `setup-code-2` or the next that nothing has, with mode 0600, and says
    /// where.
    ///
    /// # Errors
    /// [`DataDirError::Io`] when it cannot be written.
    pub fn write_further_setup_code(&self, code: &str) -> Result<PathBuf, DataDirError> {
        let mut number = 2_u64;
        loop {
            let path = self.0.join(format!("{SETUP_CODE}-{number}"));
            let write = || -> io::Result<()> {
                let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
                file.write_all(format!("{code}\n").as_bytes())?;
                file.sync_all()?;
                fs::File::open(&self.0)?.sync_all()
            };
            match write() {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(DataDirError::Io { path, error }),
            }
        }
    }

    /// Writes a file atomically and durably, readable by its owner alone.
    fn write_private(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, DataDirError> {
        let path = self.0.join(name);
        let staged = self.0.join(format!(".{name}.new"));
        let write = || -> io::Result<()> {
            // What a crash left behind would keep the mode of whoever made it.
            match fs::remove_file(&staged) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&staged, &path)?;
            fs::File::open(&self.0)?.sync_all()
        };
        write().map_err(|error| {
            let _ = fs::remove_file(&staged);
            DataDirError::Io { path: path.clone(), error }
        })?;
        Ok(path)
    }
}

/// The 32 bytes of a checkpoint key's file; none when there is no such file.
///
/// # Errors
/// [`DataDirError`] when it cannot be read, or has another length.
pub(crate) fn read_seed(path: &Path) -> Result<Option<Zeroizing<[u8; 32]>>, DataDirError> {
    let bytes = match fs::read(path).map(Zeroizing::new) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DataDirError::Io { path: path.to_owned(), error }),
    };
    let mut seed = Zeroizing::new([0; 32]);
    if bytes.len() != seed.len() {
        return Err(DataDirError::Damaged(path.to_owned()));
    }
    seed.copy_from_slice(&bytes);
    Ok(Some(seed))
}
