//! What a client remembers between processes, so that no server can take it back: one file an organization, and one beside
//! it of the audit log's records.

use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io::ErrorKind,
    path::{Path, PathBuf},
};
use stronghold_protocol::{
    checkpoint::Checkpoint, crypto::hash::Hash, directory::HeaderRef, evidence::ProfileFloor, id::OrgId, json,
    merkle::root_of, number::RosterVersion,
};

/// The highest that was verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// The newest header.
    pub header: Option<HeaderRef>,
    /// The newest roster.
    pub roster: Option<RosterVersion>,
    /// The newest revision of each profile.
    pub profiles: Vec<ProfileFloor>,
    /// The newest checkpoint of the audit log that was verified.
    pub checkpoint: Option<Checkpoint>,
}

impl Remembered {
    /// Takes over whatever `other` knows that is newer. Nothing ever goes down.
    pub fn raise(&mut self, other: &Self) {
        let newer = |new: &HeaderRef| self.header.is_none_or(|old| new.seq > old.seq);
        if let Some(header) = other.header.filter(newer) {
            self.header = Some(header);
        }
        self.roster = self.roster.max(other.roster);
        let longer = |new: &Checkpoint| self.checkpoint.is_none_or(|old| new.size > old.size);
        if let Some(checkpoint) = other.checkpoint.filter(longer) {
            self.checkpoint = Some(checkpoint);
        }
        for floor in &other.profiles {
            match self.profiles.iter_mut().find(|known| known.id == floor.id) {
                Some(known) => raise_floor(known, floor),
                None => self.profiles.push(floor.clone()),
            }
        }
    }

    /// Goes back to `seen`, which is older: header, roster and the profiles that it names become what it says.
    pub fn go_back_to(&mut self, seen: &Self) {
        self.header = seen.header;
        self.roster = seen.roster;
        for floor in &seen.profiles {
            self.profiles.retain(|known| known.id != floor.id && known.name != floor.name);
            self.profiles.push(floor.clone());
        }
    }

    /// Forgets other profiles that had this floor's name: somebody accepted that it was replaced.
    pub fn forget_name(&mut self, floor: &ProfileFloor) {
        self.profiles.retain(|known| known.id == floor.id || known.name != floor.name);
    }
}

/// The higher of each: what was verified apart from each other need not be ordered.
fn raise_floor(known: &mut ProfileFloor, floor: &ProfileFloor) {
    if floor.revision > known.revision {
        known.revision = floor.revision;
        known.manifest = floor.manifest;
        known.name = floor.name.clone();
    } else if floor.revision == known.revision && known.manifest.is_none() {
        known.manifest = floor.manifest;
    }
    known.epoch = known.epoch.max(floor.epoch);
}

/// What is known of a log that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownLog {
    /// What fixes all records so far.
    pub checkpoint: Checkpoint,
    /// The hash of each record as a leaf, so that one that changes can be named; none where they were not kept.
    pub leaves: Vec<Hash>,
}

impl From<Checkpoint> for KnownLog {
    fn from(checkpoint: Checkpoint) -> Self {
        Self { checkpoint, leaves: Vec::new() }
    }
}

/// The folder in which it is remembered.
#[derive(Clone, Debug)]
pub struct StateDir {
    folder: PathBuf,
}

impl StateDir {
    /// Remembers in `folder`, which is made when it is first written.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What is remembered of an organization; nothing where there is no file yet.
    ///
    /// # Errors
    /// [`Error::State`] when the file cannot be read, [`Error::Invalid`] when it is damaged: going on without it would let
    /// a server take this client back.
    pub fn load(&self, org: &OrgId) -> Result<Remembered, Error> {
        let file = self.file(org);
        match fs::read(&file) {
            Ok(bytes) => json::from_slice(&bytes).map_err(|_| {
                Error::invalid(format!(
                    "{} is damaged; delete it only if you accept that older secrets may be shown",
                    file.display()
                ))
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Remembered::default()),
            Err(error) => Err(Error::state(format!("{} cannot be read", file.display()), error)),
        }
    }

    /// Raises what is remembered, under a lock: of two processes that write at once, the newer of each wins.
    ///
    /// # Errors
    /// [`Error::State`] when the folder cannot be written (a read-only home: callers warn and go on), [`Error::Invalid`]
    /// when what is there is damaged.
    pub fn save(&self, org: &OrgId, seen: &Remembered, accept_replaced: bool) -> Result<(), Error> {
        let failed = |error| Error::state(format!("{} cannot be written", self.folder.display()), error);
        make_private(&self.folder).map_err(failed)?;
        // Held until it is dropped, at the end.
        let lock = self.lock().map_err(failed)?;
        let mut remembered = self.load(org)?;
        let before = remembered.clone();
        if accept_replaced {
            for floor in &seen.profiles {
                remembered.forget_name(floor);
            }
        }
        remembered.raise(seen);
        if remembered != before {
            let bytes = serde_json::to_vec(&remembered).map_err(|error| failed(error.into()))?;
            replace_file(&self.file(org), &bytes).map_err(failed)?;
        }
        drop(lock);
        Ok(())
    }

    /// What is known of the audit log beside the checkpoint that is remembered. The records' hashes count only if they lead to
    /// the checkpoint's root: without them less can be told, nothing wrong.
    #[must_use]
    pub fn known_log(&self, checkpoint: Checkpoint) -> KnownLog {
        let leaves = fs::read(self.leaves_file(&checkpoint.org)).map(|bytes| {
            let (hashes, _) = bytes.as_chunks::<{ Hash::LENGTH }>();
            hashes.iter().map(|hash| Hash(*hash)).collect::<Vec<_>>()
        });
        let fitting = leaves.ok().filter(|leaves| root_of(leaves) == checkpoint.root);
        KnownLog { checkpoint, leaves: fitting.unwrap_or_default() }
    }

    /// Remembers a log that was verified: its checkpoint, as [`Self::save`] does, and the hash of each record.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn save_log(&self, log: &KnownLog) -> Result<(), Error> {
        let org = &log.checkpoint.org;
        self.save(org, &Remembered { checkpoint: Some(log.checkpoint), ..Remembered::default() }, false)?;
        let bytes: Vec<u8> = log.leaves.iter().flat_map(|leaf| leaf.0).collect();
        let failed = |error| Error::state(format!("{} cannot be written", self.folder.display()), error);
        replace_file(&self.leaves_file(org), &bytes).map_err(failed)
    }

    /// Sets what is remembered to what `lower` makes of it, also where that is less: **the only place where memory goes
    /// down**. For whoever was told that the server lost something, and what, and accepted it by hand.
    ///
    /// The audit log's leaves go with a checkpoint that they do not lead to any more.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn go_back(&self, org: &OrgId, lower: impl FnOnce(&mut Remembered)) -> Result<(), Error> {
        let failed = |error| Error::state(format!("{} cannot be written", self.folder.display()), error);
        make_private(&self.folder).map_err(failed)?;
        let lock = self.lock().map_err(failed)?;
        let mut remembered = self.load(org)?;
        let before = remembered.checkpoint;
        lower(&mut remembered);
        let bytes = serde_json::to_vec(&remembered).map_err(|error| failed(error.into()))?;
        replace_file(&self.file(org), &bytes).map_err(failed)?;
        if remembered.checkpoint != before {
            match fs::remove_file(self.leaves_file(org)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        drop(lock);
        Ok(())
    }

    fn leaves_file(&self, org: &OrgId) -> PathBuf {
        self.folder.join(format!("audit-{org}.leaves"))
    }

    fn file(&self, org: &OrgId) -> PathBuf {
        self.folder.join(format!("floors-{org}.json"))
    }

    fn lock(&self) -> std::io::Result<File> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(self.folder.join("lock"))?;
        file.lock()?;
        Ok(file)
    }
}

/// Replaces a file of a state folder in one step.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Refuses: a browser has no files. What is remembered there, [`Remembered`], is the caller's to keep.
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
