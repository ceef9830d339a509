//! A patch that removes one check, and the test that must notice.

use super::verdict::Verdict;
use crate::{binaries::Binary, root, run::Failed};
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A patch file; `T` is the command that tries it.
pub(crate) struct Patch<T = Test> {
    /// Name of the file without its ending.
    pub(crate) name: String,
    /// What the check is.
    pub(crate) what: String,
    /// The test that must fail without it.
    pub(crate) test: T,
    /// The files that it changes.
    pub(crate) files: Vec<String>,
    path: PathBuf,
}

/// `cargo test -p PACKAGE (--test NAME | --lib | --doc) FILTER [-- ARGUMENTS]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Test {
    /// The package.
    pub(crate) package: String,
    /// Which of its tests are built.
    pub(crate) selection: Vec<String>,
    /// What the name of a test holds.
    pub(crate) filter: String,
    /// For the test program.
    pub(crate) rest: Vec<String>,
}

/// Files of tests of the console and the package: `cargo xtask browser FILES`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BrowserTest(pub(crate) Vec<String>);

/// A command that tries a patch.
pub(crate) trait TestCommand: Sized {
    /// The folder of the patches that are tried so, below `xtask/mutants`.
    const FOLDER: &'static str;

    /// Reads it.
    fn parse(command: &str) -> Result<Self, String>;
}

/// Every patch that is tried by commands of this kind, by name.
pub(crate) fn all<T: TestCommand>() -> Result<Vec<Patch<T>>, Failed> {
    let folder = root().join("xtask").join("mutants").join(T::FOLDER);
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
        .map_err(|error| Failed(format!("{} ({error})", folder.display())))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "patch"))
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| Patch::read(&path).map_err(|problem| Failed(format!("{}: {problem}: this", path.display()))))
        .collect()
}

impl<T: TestCommand> Patch<T> {
    fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        let said = |what: &str| text.lines().find_map(|line| line.strip_prefix(what)).map(str::trim);
        let files: Vec<String> =
            text.lines().filter_map(|line| line.strip_prefix("--- a/")).map(|name| name.trim().to_owned()).collect();
        if files.is_empty() {
            return Err("it changes no file".to_owned());
        }
        Ok(Self {
            name: path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned(),
            what: said("# check:").ok_or("the line `# check:` is missing")?.to_owned(),
            test: T::parse(said("# test:").ok_or("the line `# test:` is missing")?)?,
            path: path.to_owned(),
            files,
        })
    }

    /// Checks that it applies to the tree.
    pub(crate) fn applies(&self, tree: &Path) -> Result<(), String> {
        self.git(tree, &["--check"])
    }

    /// Applies it to the tree, or takes it back.
    pub(crate) fn apply(&self, tree: &Path, back: bool) -> Result<(), String> {
        self.git(tree, if back { &["--reverse"] } else { &[] })
    }

    /// Does something in the tree while the check is removed from it.
    ///
    /// # Errors
    /// [`Failed`] where that failed, or the check could not be put back.
    pub(super) fn removed(
        &self,
        tree: &Path,
        trial: impl FnOnce() -> Result<Verdict, Failed>,
    ) -> Result<Verdict, Failed> {
        if let Err(problem) = self.apply(tree, false) {
            return Ok(Verdict::Broken(problem));
        }
        let verdict = trial();
        self.apply(tree, true).map_err(|problem| Failed(format!("{}: {problem}: taking it back", self.name)))?;
        verdict
    }

    fn git(&self, tree: &Path, arguments: &[&str]) -> Result<(), String> {
        let output = Command::new("git")
            .current_dir(tree)
            // A tree inside of the checkout is no part of it.
            .env("GIT_CEILING_DIRECTORIES", tree.parent().unwrap_or(tree))
            // One line of context around what it changes is enough; whether it still means the same, the test says.
            .args(["apply", "-C1"])
            .args(arguments)
            .arg(&self.path)
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!(
            "the patch no longer applies, so make it again: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ))
    }
}

impl TestCommand for BrowserTest {
    const FOLDER: &'static str = "browser";

    fn parse(command: &str) -> Result<Self, String> {
        let files = command.strip_prefix("cargo xtask browser ");
        let files = files.ok_or_else(|| format!("`{command}` is not a `cargo xtask browser` command"))?;
        Ok(Self(files.split_whitespace().map(str::to_owned).collect()))
    }
}

impl fmt::Display for BrowserTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cargo xtask browser {}", self.0.join(" "))
    }
}

impl TestCommand for Test {
    const FOLDER: &'static str = "";

    fn parse(command: &str) -> Result<Self, String> {
        let mut words = command.split_whitespace().map(str::to_owned);
        if words.next().as_deref() != Some("cargo") || words.next().as_deref() != Some("test") {
            return Err(format!("`{command}` is not a `cargo test` command"));
        }
        let (mut package, mut selection, mut filter) = (None, Vec::new(), None);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} of `{command}` has no value"));
            match word.as_str() {
                "-p" | "--package" => package = Some(value()?),
                "--test" | "--features" => {
                    let value = value()?;
                    selection.extend([word, value]);
                }
                "--lib" | "--doc" | "--all-features" => selection.push(word),
                "--" => break,
                _ if !word.starts_with('-') && filter.is_none() => filter = Some(word),
                _ => return Err(format!("`{command}` has `{word}`, which is not understood here")),
            }
        }
        let package = package.ok_or_else(|| format!("`{command}` names no package"))?;
        let filter = filter.ok_or_else(|| format!("`{command}` names no test"))?;
        Ok(Self { package, selection, filter, rest: words.collect() })
    }
}

impl Test {
    /// Whether there is a test of this name; tests in documentation are not looked for.
    pub(crate) fn exists(&self, tests: &[(&Binary, Vec<String>)]) -> bool {
        if self.selection.iter().any(|word| word == "--doc") {
            return true;
        }
        let exact = self.rest.iter().any(|word| word == "--exact");
        let is_it = |name: &String| if exact { *name == self.filter } else { name.contains(&self.filter) };
        tests.iter().filter(|(binary, _)| self.is_in(binary)).any(|(_, names)| names.iter().any(is_it))
    }

    /// Whether it is built as every other test is, so that one build can serve all.
    pub(crate) fn is_plain(&self) -> bool {
        self.is_of_library() || matches!(&self.selection[..], [word, _] if word == "--test")
    }

    /// Whether it is a unit test.
    pub(crate) fn is_of_library(&self) -> bool {
        matches!(&self.selection[..], [word] if word == "--lib")
    }

    /// What the test program is given.
    pub(crate) fn of_program(&self) -> impl Iterator<Item = &String> {
        [&self.filter].into_iter().chain(&self.rest)
    }

    /// The program that it is in.
    pub(crate) fn is_in(&self, binary: &Binary) -> bool {
        let target = self.selection.iter().skip_while(|word| *word != "--test").nth(1);
        binary.package == self.package && binary.target.as_ref() == target
    }

    /// What cargo is given, to build the test only or to run it.
    pub(crate) fn arguments(&self, build: bool) -> Vec<String> {
        let mut arguments = vec!["test".to_owned(), "-p".to_owned(), self.package.clone()];
        arguments.extend(self.selection.iter().cloned());
        if build {
            arguments.push("--no-run".to_owned());
            return arguments;
        }
        arguments.push(self.filter.clone());
        if !self.rest.is_empty() {
            arguments.push("--".to_owned());
            arguments.extend(self.rest.iter().cloned());
        }
        arguments
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cargo {}", self.arguments(false).join(" "))
    }
}
