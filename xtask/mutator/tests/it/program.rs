//! A small program that is rewritten, compiled and run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

/// A tree with one crate, `demo`.
pub(crate) struct Program {
    folder: TempDir,
}

impl Program {
    /// With these files of the crate's sources.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let program = Self { folder: TempDir::new().unwrap() };
        for (name, text) in files {
            program.write(&format!("tree/{}", source(name)), text);
        }
        program
    }

    /// Adds a patch that replaces one text by another in a file.
    pub(crate) fn patch(&self, name: &str, file: &str, from: &str, to: &str) {
        let path = format!("patched/{name}/{}", source(file));
        let before = self.read(&path).or_else(|| self.read(&format!("tree/{}", source(file)))).unwrap();
        assert_eq!(before.matches(from).count(), 1, "{from}");
        self.write(&path, &before.replace(from, to));
    }

    /// Runs the mutator, and returns what it says, line by line, in fields.
    pub(crate) fn rewrite(&self, mode: &str, arguments: &[&str]) -> Vec<Vec<String>> {
        let output = self.mutator(mode, arguments);
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    }

    /// Runs the mutator for all patches.
    pub(crate) fn switch(&self, names: &[&str]) -> Vec<Vec<String>> {
        let (patched, said) = (self.path("patched"), self.path("said.txt"));
        let mut arguments = vec![patched.to_str().unwrap(), said.to_str().unwrap()];
        arguments.extend(names);
        self.rewrite("checks", &arguments)
    }

    fn mutator(&self, mode: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stronghold-mutator"));
        command.arg(mode).arg(self.path("tree")).args(arguments).output().unwrap()
    }

    /// Compiles the program as it is now.
    pub(crate) fn compile(&self) {
        let mut command = Command::new("rustc");
        command.args(["--edition", "2024", "-o"]).arg(self.path("demo"));
        let output = command.arg(self.path(&format!("tree/{}", source("main.rs")))).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// What the program prints with a variable.
    pub(crate) fn run(&self, variable: Option<(&str, &str)>) -> String {
        let output = Command::new(self.path("demo")).env_clear().envs(variable).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// What the program prints where a check is removed.
    pub(crate) fn without(&self, name: &str) -> String {
        self.run(Some(("STRONGHOLD_REMOVED_CHECK", name)))
    }

    /// Says by the file what is removed.
    pub(crate) fn say(&self, name: &str) {
        self.write("said.txt", name);
    }

    /// A source file as it is now.
    pub(crate) fn source(&self, name: &str) -> String {
        self.read(&format!("tree/{}", source(name))).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(name)).ok()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(Path::new(name))
    }
}

fn source(name: &str) -> String {
    format!("demo/src/{name}")
}
