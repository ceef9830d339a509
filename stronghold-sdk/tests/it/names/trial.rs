//! Values that would run something, and whether they did: what runs leaves a mark.

use super::enumerate::Names;
use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use stronghold_sdk::format::names::AllowedNames;

/// The variable by which a value knows where to leave its mark; it is no name of anybody's.
pub(super) const MARK: &str = "STRONGHOLD_MARK";
/// A command that is not installed anywhere; only a path that a value chose finds one.
pub(super) const PROBE: &str = "stronghold-probe";

/// A folder with what values point at, and room for marks.
pub(super) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("marks")).unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self { folder }
    }

    /// A file in the folder that runs if a program takes it for its own.
    pub(super) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where a mark is left.
    pub(super) fn mark(&self, name: &str) -> PathBuf {
        self.folder.path().join("marks").join(name)
    }

    /// What was left since this was asked last.
    pub(super) fn take_marks(&self) -> Names {
        let marks: Vec<_> = fs::read_dir(self.folder.path().join("marks")).unwrap().map(Result::unwrap).collect();
        for mark in &marks {
            fs::remove_file(mark.path()).unwrap();
        }
        marks.iter().map(|mark| mark.file_name().into_string().unwrap()).collect()
    }

    /// The start of an environment in which nothing is anybody's but ours.
    pub(super) fn bare(&self, command: &mut Command) {
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", self.folder.path().join("home"));
        command.env(MARK, self.mark("environment")).current_dir(self.folder.path().join("home"));
    }
}

/// Runs to the end, with all of `input`; returns what was printed.
pub(super) fn run(command: &mut Command, input: &[u8]) -> Vec<u8> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}: run `cargo xtask test`"));
    // It may have ended before it read all.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap().stdout
}

/// A program that is started with names in its environment, and what it prints last if it comes to its end.
pub(super) struct Start<'a> {
    pub(super) place: &'a Place,
    pub(super) command: &'a dyn Fn() -> Command,
    pub(super) input: &'a [u8],
    pub(super) end: &'a [u8],
}

impl Start<'_> {
    /// The names that run something when they stand in the environment with this value: all that policy lets through are
    /// tried at once, and halved while something runs or the program does not come to its end.
    pub(super) fn running(&self, names: &Names, value: &str, allowed: &AllowedNames) -> Names {
        let passed: Vec<&str> =
            names.iter().map(String::as_str).filter(|name| allowed.refused(name).is_none()).collect();
        let mut found = Names::new();
        // More at once would be more than the kernel takes.
        for some in passed.chunks((1 << 20) / (value.len() + 50)) {
            self.halve(some, value, &mut found);
        }
        found
    }

    fn halve(&self, names: &[&str], value: &str, found: &mut Names) {
        let mut command = (self.command)();
        self.place.bare(&mut command);
        command.envs(names.iter().map(|name| (name, value)));
        let printed = run(&mut command, self.input);
        let (ran, ended) =
            (!self.place.take_marks().is_empty(), printed.windows(self.end.len()).any(|w| w == self.end));
        match names {
            [] => assert!(!ran && ended, "{command:?} does not come to its end by itself"),
            [name] if ran => _ = found.insert((*name).to_owned()),
            [_] => {}
            _ if ran || !ended => {
                let (first, second) = names.split_at(names.len() / 2);
                self.halve(first, value, found);
                self.halve(second, value, found);
            }
            _ => {}
        }
    }
}
