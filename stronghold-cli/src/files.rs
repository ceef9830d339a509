//! Writing files that hold secrets: all or nothing, readable by their owner only.

use crate::failure::Failure;
use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
};
use tempfile::Builder;

/// Writes `bytes` to `path`.
///
/// A regular file, or one that does not exist, is replaced in one step and has mode 0600 from its first byte; through a
/// symbolic link, the file that it names. Anything else that is there (a terminal, a pipe, `/dev/stdout`) is written to.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let name = path.display();
    let failed = |error: std::io::Error| Failure::local(format!("{name} cannot be written"), &error);
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(Failure::invalid(format!("{name} is a folder, not a file"))),
        Ok(metadata) if !metadata.is_file() => {
            let mut target = OpenOptions::new().write(true).open(path).map_err(failed)?;
            target.write_all(bytes).and_then(|()| target.flush()).map_err(failed)
        }
        Ok(_) => replace(&fs::canonicalize(path).map_err(failed)?, bytes).map_err(failed),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => replace(path, bytes).map_err(failed),
        Err(error) => Err(failed(error)),
    }
}

/// Writes a file that holds no secret, all or nothing, readable as other files of its owner are.
pub(crate) fn write_shared(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::local(format!("{} cannot be written", path.display()), &error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut options = Builder::new();
    options.prefix(".stronghold-");
    #[cfg(unix)]
    options.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut file = options.tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    // Beside its target, so that the last step is a rename; mode 0600 is tempfile's own.
    let mut file = Builder::new().prefix(".stronghold-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
