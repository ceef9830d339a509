//! Writing files: all or nothing, and never into what others have put in the way.

use crate::failure::Failure;
use std::{
    fs::Permissions,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};
use stronghold_sdk::files::{NotWritten, Target};
use tempfile::Builder;

/// Writes `bytes`, which hold secrets, to `path`.
///
/// A regular file, or one that does not exist, is replaced in one step and has mode 0600 from its first byte; through a
/// symbolic link, the file that it names. Anything else that is there (a terminal, a pipe, `/dev/stdout`) is written to, if it
/// is the caller's or root's.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write(path, bytes, 0o600)
}

/// Writes a file that holds no secret, readable as other files of its owner are; as [`write_private`] in all else.
pub(crate) fn write_shared(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write(path, bytes, 0o644)
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::local(format!("{} cannot be written", path.display()), &error);
    match Target::find(path).map_err(|refused| not_written(path, &refused))? {
        Target::Stream(mut stream) => stream.write_all(bytes).and_then(|()| stream.flush()).map_err(failed),
        Target::File(file) => replace(&file, bytes, mode).map_err(failed),
    }
}

fn not_written(path: &Path, refused: &NotWritten) -> Failure {
    match refused {
        NotWritten::Foreign { .. } => Failure::invalid(format!("{refused}: nothing was written to {}", path.display()))
            .with_hint("Name a file in a folder of your own."),
        NotWritten::Io { error, .. } => Failure::local(format!("{} cannot be written", path.display()), error),
        _ => Failure::invalid(refused.to_string()),
    }
}

fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    // Beside its target, so that the last step is a rename.
    let mut file =
        Builder::new().prefix(".stronghold-").permissions(Permissions::from_mode(mode)).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
