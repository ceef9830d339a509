//! `stronghold-server backup` and `stronghold-server restore`.

use crate::backup::{BackupRequest, RestoreRequest};
use clap::Args;
use std::path::PathBuf;

/// What to back up.
#[derive(Debug, Args)]
pub struct BackupArguments {
    /// Directory of the server's data
    #[arg(long, env = "STRONGHOLD_SERVER_DATA_DIR", value_name = "DIR")]
    pub data_dir: PathBuf,
    /// Directory to make, in one that is there; it must not be there yet
    #[arg(long, env = "STRONGHOLD_SERVER_BACKUP_OUT", value_name = "DIR")]
    pub out: PathBuf,
    /// Leave out the checkpoint key, without which no server starts again: keep it elsewhere
    #[arg(long, env = "STRONGHOLD_SERVER_BACKUP_WITHOUT_KEY")]
    pub without_key: bool,
}

impl BackupArguments {
    /// What is asked for.
    #[must_use]
    pub fn request(&self) -> BackupRequest {
        BackupRequest { data_dir: self.data_dir.clone(), output: self.out.clone(), without_key: self.without_key }
    }
}

/// What to restore.
#[derive(Debug, Args)]
pub struct RestoreArguments {
    /// Directory that a backup made
    #[arg(long, env = "STRONGHOLD_SERVER_RESTORE_FROM", value_name = "DIR")]
    pub from: PathBuf,
    /// Directory of the server's data; made if it is missing, and without a database
    #[arg(long, env = "STRONGHOLD_SERVER_DATA_DIR", value_name = "DIR")]
    pub data_dir: PathBuf,
    /// File of the checkpoint key, where the backup was taken without it
    #[arg(long, env = "STRONGHOLD_SERVER_CHECKPOINT_KEY", value_name = "FILE")]
    pub checkpoint_key: Option<PathBuf>,
}

impl RestoreArguments {
    /// What is asked for.
    #[must_use]
    pub fn request(&self) -> RestoreRequest {
        RestoreRequest {
            from: self.from.clone(),
            data_dir: self.data_dir.clone(),
            checkpoint_key: self.checkpoint_key.clone(),
        }
    }
}
