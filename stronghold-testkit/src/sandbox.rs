//! Other file systems than the machine's own: full, read-only, or nearly empty. Mounts live in a namespace of their own and
//! are gone with the command.

use crate::{Run, cli, program};
use std::{
    env,
    ffi::OsString,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// A mount namespace in which one command runs.
#[derive(Clone, Debug)]
pub struct Sandbox {
    before: String,
    after: String,
}

impl Sandbox {
    /// Runs `before` in it first, a script of `sh`, in which mounts may be made.
    #[must_use]
    pub fn new(before: &str) -> Self {
        Self { before: before.to_owned(), after: String::new() }
    }

    /// Runs `after` at the end, whatever became of the command: the place to look at what it left behind.
    #[must_use]
    pub fn then(mut self, after: &str) -> Self {
        after.clone_into(&mut self.after);
        self
    }

    /// What [`crate::Cli::through`] and [`crate::ServerOptions::through`] take.
    #[must_use]
    pub fn wrapper(&self) -> Vec<OsString> {
        let mut wrapper = namespace();
        // With nothing to do afterwards the command takes the shell's place, so that whoever kills the one kills the other.
        let run = match self.after.as_str() {
            "" => "exec \"$@\"".to_owned(),
            after => format!("set +e\n\"$@\"\ncode=$?\n{after}\nexit $code"),
        };
        let script = format!("set -e\n{}\n{run}", self.before);
        wrapper.extend([tool("sh").into_os_string(), "-c".into(), script.into(), "sandbox".into()]);
        wrapper
    }
}

/// `unshare` with a new mount namespace; whoever is not root becomes root of a new user namespace.
fn namespace() -> Vec<OsString> {
    let mut words: Vec<OsString> = vec![tool("unshare").into(), "--mount".into()];
    if !rustix::process::geteuid().is_root() {
        words.push("--map-root-user".into());
    }
    words
}

/// A program of the system, by its full path, which works without `PATH` too.
fn tool(name: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let mut found = folders.map(|folder| folder.join(name)).filter(|file| file.is_file());
    found.next().unwrap_or_else(|| panic!("this test needs {name}, which every Linux has"))
}

/// The file system of a container that holds the command line, a shell, and what these two need.
#[derive(Debug)]
pub struct Chroot {
    root: TempDir,
}

impl Chroot {
    /// Makes it.
    #[must_use]
    pub fn new() -> Self {
        let root = tempfile::Builder::new().prefix("stronghold-test-chroot-").tempdir().expect("a folder can be made");
        let made = Self { root };
        for folder in ["usr/bin", "usr/lib", "usr/lib64", "dev", "tmp"] {
            fs::create_dir_all(made.path(folder)).expect("the folder can be made");
        }
        for (link, target) in [("bin", "usr/bin"), ("lib", "usr/lib"), ("lib64", "usr/lib64")] {
            symlink(target, made.path(link)).expect("the link can be made");
        }
        made.add(&program("api-stronghold-cli"), "usr/bin/api-stronghold-cli");
        made.add(&tool("dash"), "usr/bin/sh");
        made
    }

    /// A path within, as seen from outside.
    #[must_use]
    pub fn path(&self, within: &str) -> PathBuf {
        self.root.path().join(within.trim_start_matches('/'))
    }

    /// What `RUN line` does: a new shell with only these variables.
    #[must_use]
    pub fn run(&self, variables: &[(&str, &str)], line: &str) -> Run {
        let mut words = namespace();
        let script = "\"$1\" --rbind /dev \"$2/dev\" && exec \"$3\" \"$2\" /bin/sh -c \"$4\"";
        words.extend([tool("sh").into_os_string(), "-c".into(), script.into(), "run".into()]);
        words.extend([tool("mount"), self.root.path().to_owned(), tool("chroot")].map(PathBuf::into_os_string));
        words.push(line.into());
        let (first, rest) = words.split_first().expect("there are words");
        let mut command = Command::new(first);
        command.args(rest).env_clear().envs(variables.iter().copied());
        cli::finish(command, None)
    }

    fn add(&self, file: &Path, within: &str) {
        fs::copy(file, self.path(within)).expect("the program can be copied");
        let libraries = Command::new("ldd").arg(file).output().expect("ldd runs");
        for library in
            String::from_utf8_lossy(&libraries.stdout).split_whitespace().filter(|word| word.starts_with('/'))
        {
            let target = self.path(library);
            fs::create_dir_all(target.parent().expect("a folder")).expect("the folder can be made");
            fs::copy(library, target).expect("the library can be copied");
        }
    }
}

impl Default for Chroot {
    fn default() -> Self {
        Self::new()
    }
}
