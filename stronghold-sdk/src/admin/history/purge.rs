//! Destroying versions for good: an owner's signed tombstone stays.

use super::VersionState;
use crate::{admin::Session, error::Error};
use stronghold_protocol::{
    directory::Change,
    id::{ProfileId, SecretId},
    number::Version,
    transport::Transport,
};

/// Which versions are to be purged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PurgeWhich {
    /// These.
    Versions(Vec<Version>),
    /// All but the one that the profile holds; of a deleted secret, all.
    AllEarlier,
}

impl<T: Transport> Session<T> {
    /// Destroys versions of a secret: an owner signs a statement that names them, and the server deletes their ciphertexts
    /// of all epochs. That they were, when and by whom stays provable; what they held does not. Returns the versions.
    ///
    /// What somebody has read, they may have kept; a server that keeps a copy cannot be told from one that does not.
    ///
    /// # Errors
    /// [`Error::Refused`] when the caller is no owner, [`Error::Invalid`] when a version is the one that the profile holds, was purged before or
    /// never was, or nothing is left to purge; otherwise as [`Session::open_history`], and when the statement cannot be
    /// committed.
    pub async fn purge(
        &mut self,
        profile: ProfileId,
        secret: &str,
        which: &PurgeWhich,
    ) -> Result<(SecretId, Vec<Version>), Error> {
        self.require_owner("only an owner purges")?;
        let open = self.open_history(profile).await?;
        let (id, _) = open.find(secret)?;
        let known = self.versions_of(&open.history, id, Vec::new()).versions;
        let versions: Vec<Version> = match which {
            PurgeWhich::AllEarlier => {
                known.iter().filter(|known| known.state == VersionState::Kept).map(|known| known.version).collect()
            }
            PurgeWhich::Versions(versions) => {
                for version in versions {
                    match known.iter().find(|known| known.version == *version).map(|known| known.state) {
                        Some(VersionState::Kept) => {}
                        Some(VersionState::Current) => {
                            return Err(Error::invalid(format!(
                                "version {version} is what the profile holds now; set another value or delete the secret first"
                            )));
                        }
                        Some(VersionState::Purged(_)) => {
                            return Err(Error::invalid(format!("version {version} was purged before")));
                        }
                        None => return Err(Error::not_found("version", &version.to_string())),
                    }
                }
                versions.clone()
            }
        };
        if versions.is_empty() {
            return Err(Error::invalid(format!("there is no version of {secret} left to purge")));
        }
        self.commit(|batch| {
            batch.changes.push(Change::SecretPurged { profile, secret: id, versions: versions.clone() });
            Ok(())
        })
        .await?;
        Ok((id, versions))
    }
}
