//! Where a file that is asked for really goes: what others may have put in its place is refused.
//!
//! In a folder that everyone may write, such as `/tmp`, another user can put a pipe, a socket or a symbolic link under the
//! name that somebody is about to write to, and read along or have a file of theirs replaced. A [`Target`] is found by going
//! from folder to folder, and only it is written to.

use std::{
    collections::VecDeque,
    ffi::OsString,
    fs::{self, File, Metadata, OpenOptions},
    io,
    os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
    path::{Component, Path, PathBuf},
};

/// As many links as Linux follows.
const LINKS: usize = 40;
/// The mode bit that lets everyone write.
const WRITABLE_BY_ALL: u32 = 0o002;

/// A path is not written to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotWritten {
    /// What is there is neither the caller's nor the system's.
    #[error("{path} is {what} of another user (id {owner}), who could read what is written or lead it elsewhere")]
    Foreign {
        /// What is there.
        path: PathBuf,
        /// Such as `a pipe`.
        what: &'static str,
        /// Whose it is.
        owner: u32,
    },
    /// A folder is there.
    #[error("{0} is a folder, not a file")]
    Folder(PathBuf),
    /// A socket is there, which cannot be written to as a file.
    #[error("{0} is a socket, not a file")]
    Socket(PathBuf),
    /// The system refuses.
    #[error("{path} cannot be written: {error}")]
    Io {
        /// What was asked for.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Where to write.
#[derive(Debug)]
pub enum Target {
    /// To a file at this path, which has no link in it that was not looked at: a regular file is there, or nothing.
    File(PathBuf),
    /// To what is no file: a terminal, a pipe or a device, opened for writing.
    Stream(File),
}

impl Target {
    /// Finds out where a path leads.
    ///
    /// Links are followed, but in a folder that everyone may write only those of the caller or of the folder's owner, as
    /// Linux has it for its `/tmp`. A pipe or a device must be root's or the caller's, unless it was handed to this process
    /// as an open file (`/dev/stdout`, `/dev/fd/3`), which the caller chose.
    ///
    /// # Errors
    /// [`NotWritten`] where it leads to what is another's, to a folder or a socket, or nowhere.
    pub fn find(path: &Path) -> Result<Self, NotWritten> {
        let failed = |error| NotWritten::Io { path: path.to_owned(), error };
        let found = follow(path)?;
        let handed = is_handed(&found);
        // The links below /proc are the kernel's own: they name open files, not paths.
        let look = || if found.starts_with("/proc") { fs::metadata(&found) } else { fs::symlink_metadata(&found) };
        let there = match look() {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::File(found)),
            Err(error) => return Err(failed(error)),
        };
        if there.is_dir() {
            return Err(NotWritten::Folder(path.to_owned()));
        }
        if there.is_file() {
            let file = if found.starts_with("/proc") { fs::canonicalize(&found).map_err(failed)? } else { found };
            return Ok(Self::File(file));
        }
        if !handed {
            check_owner(path, &there)?;
        }
        if there.file_type().is_socket() {
            return Err(NotWritten::Socket(path.to_owned()));
        }
        let file = OpenOptions::new().write(true).custom_flags(NO_TERMINAL).open(&found).map_err(failed)?;
        // What was opened may be another thing than what was looked at.
        let opened = file.metadata().map_err(failed)?;
        if opened.is_file() || (!handed && check_owner(path, &opened).is_err()) {
            return Err(failed(io::Error::other("it was replaced meanwhile")));
        }
        Ok(Self::Stream(file))
    }

    /// Opens it to append to it; a new file has mode 0600.
    ///
    /// # Errors
    /// [`NotWritten`] where [`Self::find`] fails, where the file is another's in a folder that everyone may write, and where it
    /// cannot be opened.
    pub fn open_to_append(path: &Path) -> Result<File, NotWritten> {
        let failed = |error| NotWritten::Io { path: path.to_owned(), error };
        let file = match Self::find(path)? {
            Self::Stream(stream) => return Ok(stream),
            Self::File(file) => file,
        };
        let opened = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(NO_LINK)
            .open(&file)
            .map_err(failed)?;
        let folder = file.parent().unwrap_or_else(|| Path::new("/"));
        if fs::metadata(folder).is_ok_and(|folder| folder.mode() & WRITABLE_BY_ALL != 0) {
            check_owner(path, &opened.metadata().map_err(failed)?)?;
        }
        Ok(opened)
    }
}

/// A terminal that is opened does not become this process's own.
const NO_TERMINAL: i32 = rustix::fs::OFlags::NOCTTY.bits() as i32;
/// A link that took the file's place is not followed.
const NO_LINK: i32 = rustix::fs::OFlags::NOFOLLOW.bits() as i32;

/// The path without links, each of them looked at; its last part need not be there.
fn follow(path: &Path) -> Result<PathBuf, NotWritten> {
    let failed = |error| NotWritten::Io { path: path.to_owned(), error };
    let mut found = if path.is_absolute() { PathBuf::from("/") } else { std::env::current_dir().map_err(failed)? };
    let mut left: VecDeque<OsString> = parts(path);
    let mut links = 0;
    while let Some(part) = left.pop_front() {
        match Path::new(&part).components().next() {
            None | Some(Component::CurDir) => continue,
            Some(Component::ParentDir) => {
                found.pop();
                continue;
            }
            Some(Component::RootDir | Component::Prefix(_)) => {
                found = PathBuf::from("/");
                continue;
            }
            Some(Component::Normal(_)) => {}
        }
        let next = found.join(&part);
        let is_link = match fs::symlink_metadata(&next) {
            Ok(there) if there.is_symlink() && !found.starts_with("/proc") => Some(there),
            Ok(_) => None,
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let Some(link) = is_link else {
            found = next;
            continue;
        };
        links += 1;
        if links > LINKS {
            return Err(failed(io::Error::other("too many symbolic links")));
        }
        check_link(&next, &link, &fs::metadata(&found).map_err(failed)?)?;
        let target = fs::read_link(&next).map_err(failed)?;
        for part in parts(&target).into_iter().rev() {
            left.push_front(part);
        }
    }
    Ok(found)
}

fn parts(path: &Path) -> VecDeque<OsString> {
    path.components().map(|part| part.as_os_str().to_owned()).collect()
}

/// Whether a path names a file that this process has open.
fn is_handed(path: &Path) -> bool {
    let own = format!("/proc/{}/fd", std::process::id());
    path.parent().is_some_and(|folder| {
        folder == Path::new("/proc/self/fd") || folder == Path::new("/proc/thread-self/fd") || folder == Path::new(&own)
    })
}

fn check_link(path: &Path, link: &Metadata, folder: &Metadata) -> Result<(), NotWritten> {
    let trusted = folder.mode() & WRITABLE_BY_ALL == 0 || link.uid() == own_id() || link.uid() == folder.uid();
    let foreign = || NotWritten::Foreign { path: path.to_owned(), what: "a symbolic link", owner: link.uid() };
    if trusted { Ok(()) } else { Err(foreign()) }
}

fn check_owner(path: &Path, there: &Metadata) -> Result<(), NotWritten> {
    if there.uid() == 0 || there.uid() == own_id() {
        return Ok(());
    }
    let kind = there.file_type();
    let what = match () {
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () if kind.is_char_device() => "a terminal or another device",
        () if kind.is_block_device() => "a device",
        () => "a file",
    };
    Err(NotWritten::Foreign { path: path.to_owned(), what, owner: there.uid() })
}

fn own_id() -> u32 {
    rustix::process::geteuid().as_raw()
}
