//! Memory in a folder: one file an organization, and one beside it with the hashes of the audit log's records.

use super::MemoryStore;
use crate::error::Error;
use async_trait::async_trait;
use std::{
    fs::{self, File, OpenOptions},
    io::ErrorKind,
    path::{Path, PathBuf},
};
use stronghold_protocol::{crypto::hash::Hash, id::OrgId};

/// Keeps what is remembered in a folder that processes share, each swap under a lock.
#[derive(Clone, Debug)]
pub struct StateFolder {
    folder: PathBuf,
}

impl StateFolder {
    /// Remembers in `folder`, which is made when it is first written.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    fn file(&self, org: &OrgId) -> PathBuf {
        self.folder.join(format!("floors-{org}.json"))
    }

    fn leaves_file(&self, org: &OrgId) -> PathBuf {
        self.folder.join(format!("audit-{org}.leaves"))
    }

    fn read(&self, org: &OrgId) -> Result<Option<Vec<u8>>, Error> {
        let file = self.file(org);
        match fs::read(&file) {
            Ok(bytes) => Ok(Some(bytes)),
            // Where there can be no folder, nothing was ever kept.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(Error::state(format!("{} cannot be read", file.display()), error)),
        }
    }

    fn lock(&self) -> std::io::Result<File> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(self.folder.join("lock"))?;
        file.lock()?;
        Ok(file)
    }

    fn failed(&self, error: std::io::Error) -> Error {
        Error::state(format!("{} cannot be written", self.folder.display()), error)
    }
}

#[async_trait]
impl MemoryStore for StateFolder {
    async fn load(&self, org: &OrgId) -> Result<Option<Vec<u8>>, Error> {
        self.read(org)
    }

    async fn swap(&self, org: &OrgId, before: Option<&[u8]>, after: &[u8]) -> Result<bool, Error> {
        make_private(&self.folder).map_err(|error| self.failed(error))?;
        // Held until it is dropped, at the end.
        let lock = self.lock().map_err(|error| self.failed(error))?;
        if self.read(org)?.as_deref() != before {
            return Ok(false);
        }
        replace_file(&self.file(org), after).map_err(|error| self.failed(error))?;
        drop(lock);
        Ok(true)
    }

    async fn load_leaves(&self, org: &OrgId) -> Result<Vec<Hash>, Error> {
        let file = self.leaves_file(org);
        match fs::read(&file) {
            Ok(bytes) => {
                let (hashes, _) = bytes.as_chunks::<{ Hash::LENGTH }>();
                Ok(hashes.iter().map(|hash| Hash(*hash)).collect())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(Error::state(format!("{} cannot be read", file.display()), error)),
        }
    }

    async fn save_leaves(&self, org: &OrgId, leaves: &[Hash]) -> Result<(), Error> {
        let bytes: Vec<u8> = leaves.iter().flat_map(|leaf| leaf.0).collect();
        make_private(&self.folder)
            .and_then(|()| replace_file(&self.leaves_file(org), &bytes))
            .map_err(|error| self.failed(error))
    }

    fn remedy(&self) -> Option<&'static str> {
        Some("set API_STRONGHOLD_CONFIG_DIR to a folder that can be written")
    }

    fn place(&self, org: &OrgId) -> String {
        self.file(org).display().to_string()
    }
}

/// Replaces a file of a state folder in one step, and makes that durable.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // Without it a crash of the machine could bring the file of before back.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// Refuses: a browser has no files. A host keeps what is remembered there ([`MemoryStore`]).
#[cfg(target_family = "wasm")]
pub(crate) fn replace_file(_path: &Path, _bytes: &[u8]) -> std::io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Makes a folder that only its owner can enter, with its parents.
#[cfg(unix)]
pub(crate) fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a folder with its parents.
#[cfg(not(unix))]
pub(crate) fn make_private(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}
