//! Running a step: announced, timed, with its own output shown as it is.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::File,
    io::{Read, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Instant,
};

/// Which step failed.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) String);

/// A program to be run.
pub(crate) struct Step {
    name: String,
    command: Command,
}

impl Step {
    /// A step with a name for people.
    pub(crate) fn new(name: &str, program: impl AsRef<OsStr>) -> Self {
        Self { name: name.to_owned(), command: Command::new(program) }
    }

    /// A step that is a command.
    pub(crate) fn of(name: &str, command: Command) -> Self {
        Self { name: name.to_owned(), command }
    }

    /// Adds arguments.
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: &[S]) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it in a folder.
    pub(crate) fn directory(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs the step; its output goes where ours goes.
    pub(crate) fn run(mut self) -> Result<(), Failed> {
        println!("\n== {} ==", self.name);
        let start = Instant::now();
        let status = self.command.status();
        println!("== {}: {} s ==", self.name, start.elapsed().as_secs());
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failed(format!("{} ({status})", self.name))),
            Err(error) => Err(Failed(format!("{} ({:?}: {error})", self.name, self.command.get_program()))),
        }
    }

    /// Runs the step without announcing it; whether it says that all is well, and what it printed.
    pub(crate) fn said(mut self) -> Result<(bool, String), Failed> {
        let output = self.command.output().map_err(|error| Failed(format!("{} ({error})", self.name)))?;
        let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok((output.status.success(), printed.concat()))
    }

    /// Runs the step; its output goes where ours goes, and into a file as well.
    pub(crate) fn run_keeping(mut self, file: &Path) -> Result<(), Failed> {
        let failed = |error: std::io::Error| Failed(format!("keeping what is printed ({error})"));
        let kept = File::create(file).map_err(failed)?;
        let (out, error) = (kept.try_clone().map_err(failed)?, kept);
        println!("\n== {} ==", self.name);
        let start = Instant::now();
        let spawned = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.map_err(|error| Failed(format!("{} ({error})", self.name)))?;
        let copying = [
            child.stdout.take().map(|from| thread::spawn(move || copy(from, std::io::stdout(), out))),
            child.stderr.take().map(|from| thread::spawn(move || copy(from, std::io::stderr(), error))),
        ];
        let status = child.wait();
        for copy in copying.into_iter().flatten() {
            copy.join().unwrap_or(Ok(())).map_err(failed)?;
        }
        println!("== {}: {} s ==", self.name, start.elapsed().as_secs());
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failed(format!("{} ({status})", self.name))),
            Err(error) => Err(Failed(format!("{} ({error})", self.name))),
        }
    }

    /// Runs the step without announcing it and returns what it printed.
    pub(crate) fn output(mut self) -> Result<String, Failed> {
        let output = self.command.output().map_err(|error| Failed(format!("{} ({error})", self.name)))?;
        if !output.status.success() {
            return Err(Failed(format!("{}: {}", self.name, String::from_utf8_lossy(&output.stderr))));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

fn copy(mut from: impl Read, mut shown: impl Write, mut kept: impl Write) -> std::io::Result<()> {
    let mut piece = [0; 64 * 1024];
    loop {
        let length = from.read(&mut piece)?;
        let Some(read @ [_, ..]) = piece.get(..length) else { return Ok(()) };
        shown.write_all(read)?;
        shown.flush()?;
        kept.write_all(read)?;
    }
}

/// The commands of cargo that resolve dependencies: with `--locked` they take what `Cargo.lock` says, or fail.
const RESOLVE: &[&str] = &["bench", "build", "clippy", "doc", "fetch", "metadata", "run", "test", "tree"];

/// A step that is a cargo command, of the cargo that runs us.
pub(crate) fn cargo(name: &str, arguments: &[&str]) -> Step {
    Step::of(name, cargo_command(arguments))
}

/// A command of the cargo that runs us, which never resolves anew what `Cargo.lock` pins. Every one that xtask starts is made
/// here.
pub(crate) fn cargo_command<S: AsRef<OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    if let Some((first, rest)) = arguments.split_first() {
        command.arg(first);
        if RESOLVE.iter().any(|name| first.as_ref() == *name) {
            command.arg("--locked");
        }
        command.args(rest);
    }
    command
}
