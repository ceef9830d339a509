//! Backups: everything that a server needs, copied while it serves, and made a server's again elsewhere.
//!
//! A backup is a directory of mode 0700 with the database as one plain file, the checkpoint key, and a [`Manifest`] that
//! says what they are. [`take`] copies one snapshot of the database beside a server that goes on writing; [`restore`] checks
//! everything before the new data directory has a database. Both do all or nothing.
//!
//! The manifest is against accidents: it is not signed, and whoever can write the backup can write it too. What proves that
//! nothing was changed is the same as for any server: `org verify` and `audit verify` of the organization's own clients.
//!
//! Both functions block for as long as the copy takes: a program that embeds a server calls them on a thread of their own.

mod files;
mod manifest;
mod restore;
mod take;

pub use manifest::{BackedUpFile, BackedUpFiles, BackedUpOrg, FileHash, InvalidManifest, Manifest};
pub use restore::{RestoreError, RestoreRequest, Restored, restore};
pub use take::{BackupError, BackupRequest, take};

use std::ops::ControlFlow;

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many bytes of the database are done.
    pub done: u64,
    /// How many there are.
    pub total: u64,
}

/// Is told how far the copy is, every few MiB, and says whether to go on.
pub type Watch<'w> = dyn FnMut(Progress) -> ControlFlow<()> + 'w;
