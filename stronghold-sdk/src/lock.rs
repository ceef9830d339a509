//! Lock files: floors that are committed to a repository, for machines that remember nothing.
//!
//! A CI runner starts with nothing but a token, and could be shown any state since that was made. A lock file names a
//! header of the directory and a revision of each profile that somebody verified: nobody who reads with it is shown less.
//! It holds no secret. Specified in `docs/protocol.md`, section 11.

use crate::{error::Error, memory::Remembered};
use serde::{Deserialize, Serialize};
use std::{fs, path::Path};
use stronghold_protocol::{
    directory::HeaderRef,
    evidence::{ProfileFloor, ProfileSelector},
    id::OrgId,
    json,
};

/// The name that a lock file has where nobody says otherwise.
pub const FILE_NAME: &str = "stronghold.lock";

/// The only version of the form.
const FORMAT: u64 = 1;
/// Largest file that is read, in bytes: some thousand profiles.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// Floors of one organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    format: u64,
    /// The organization.
    pub org_id: OrgId,
    /// A header of the directory that exists.
    pub header: HeaderRef,
    /// Revisions that exist, sorted by name.
    pub profiles: Vec<ProfileFloor>,
}

impl Lock {
    /// A lock of no profile yet.
    #[must_use]
    pub const fn new(org_id: OrgId, header: HeaderRef) -> Self {
        Self { format: FORMAT, org_id, header, profiles: Vec::new() }
    }

    /// Parses a lock file's text, strictly.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is none, or of a version that is not known.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let lock: Self = json::from_slice(text).map_err(|error| {
            Error::invalid(format!("not a lock file (line {}, column {})", error.line(), error.column()))
        })?;
        if lock.format == FORMAT {
            return Ok(lock);
        }
        Err(Error::invalid(format!("a lock file of format {}, which this version does not know", lock.format)))
    }

    /// Reads a file; none where there is none.
    ///
    /// # Errors
    /// [`Error::State`] when it cannot be read, [`Error::Invalid`] when it is no lock file.
    pub fn read(path: &Path) -> Result<Option<Self>, Error> {
        let failed = |error| Error::state(format!("{} cannot be read", path.display()), error);
        match fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
            Ok(found) if found.len() > MOST_BYTES => {
                return Err(Error::invalid(format!("{} is too large for a lock file", path.display())));
            }
            Ok(_) => {}
        }
        let text = fs::read(path).map_err(failed)?;
        Self::parse(&text).map(Some).map_err(|error| Error::invalid(format!("{}: {error}", path.display())))
    }

    /// The file's text: JSON with one member a line, so that changes can be read in a review.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it does not serialize, which none does.
    pub fn to_text(&self) -> Result<String, Error> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::invalid(error.to_string()))?;
        Ok(text + "\n")
    }

    /// Takes over what was verified now. Whoever read with this lock was shown nothing lower.
    pub fn put(&mut self, header: HeaderRef, floor: ProfileFloor) {
        if header.seq > self.header.seq {
            self.header = header;
        }
        self.profiles.retain(|known| known.id != floor.id && known.name != floor.name);
        self.profiles.push(floor);
        self.profiles.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Checks that the lock is of this organization and has a floor for the profile that is asked for.
    ///
    /// # Errors
    /// [`Error::Invalid`] otherwise: a lock that says nothing of a profile would give a false sense of safety.
    pub fn check(&self, org: &OrgId, profile: &ProfileSelector) -> Result<(), Error> {
        self.check_org(org)?;
        let covers = |floor: &ProfileFloor| match profile {
            ProfileSelector::Name(name) => floor.name == *name,
            ProfileSelector::Id(id) => floor.id == *id,
        };
        if self.profiles.iter().any(covers) {
            return Ok(());
        }
        Err(Error::invalid(format!("the lock file has no profile {profile}; `profile lock` adds it")))
    }

    /// Checks that the lock is of this organization.
    ///
    /// # Errors
    /// [`Error::Invalid`] otherwise.
    pub fn check_org(&self, org: &OrgId) -> Result<(), Error> {
        if self.org_id == *org {
            return Ok(());
        }
        Err(Error::invalid(format!("the lock file is of another organization, {}", self.org_id)))
    }

    /// The same as something that is remembered.
    #[must_use]
    pub fn to_remembered(&self) -> Remembered {
        Remembered { header: Some(self.header), profiles: self.profiles.clone(), ..Remembered::default() }
    }
}
