//! The command line, one process per command.

use crate::{program, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
    io::{Read, Write},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

/// No command takes this long; one that does hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// How `api-stronghold-cli` is run: with an environment that holds `PATH` and what is given here, and nothing else.
#[derive(Clone, Debug)]
pub struct Cli {
    variables: BTreeMap<OsString, OsString>,
    wrapper: Vec<OsString>,
    current_dir: Option<PathBuf>,
}

impl Cli {
    /// With this configuration folder.
    #[must_use]
    pub fn new(config_dir: &Path) -> Self {
        Self::without_config_dir().var("API_STRONGHOLD_CONFIG_DIR", config_dir)
    }

    /// With nothing but `PATH`.
    #[must_use]
    pub fn without_config_dir() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self { variables: BTreeMap::from([("PATH".into(), path)]), wrapper: Vec::new(), current_dir: None }
    }

    /// Sets a variable.
    #[must_use]
    pub fn var(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Takes a variable away.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(OsStr::new(name));
        self
    }

    /// Runs the program through another one, such as [`crate::Sandbox`]'s.
    #[must_use]
    pub fn through(mut self, wrapper: Vec<OsString>) -> Self {
        self.wrapper = wrapper;
        self
    }

    /// Runs the program in this folder.
    #[must_use]
    pub fn current_dir(mut self, folder: &Path) -> Self {
        self.current_dir = Some(folder.to_owned());
        self
    }

    /// The configuration folder.
    #[must_use]
    pub fn config_dir(&self) -> &Path {
        Path::new(
            self.variables.get(OsStr::new("API_STRONGHOLD_CONFIG_DIR")).expect("a configuration folder was given"),
        )
    }

    /// The command, to be started by the caller.
    #[must_use]
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let cli = program("api-stronghold-cli");
        let mut command = match self.wrapper.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(cli);
                command
            }
            None => Command::new(cli),
        };
        command.env_clear().envs(&self.variables).args(arguments);
        if let Some(folder) = &self.current_dir {
            command.current_dir(folder);
        }
        command
    }

    /// Runs the command with nothing on standard input.
    #[must_use]
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Run {
        finish(self.command(arguments), None)
    }

    /// Runs the command with this on standard input.
    #[must_use]
    pub fn run_with<S: AsRef<OsStr>>(&self, arguments: &[S], input: &[u8]) -> Run {
        finish(self.command(arguments), Some(input.to_vec()))
    }

    /// Runs the command, which must succeed.
    pub fn ok<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Run {
        self.run(arguments).succeeds()
    }

    /// Runs the command with `--json`, which must succeed. Returns what it printed.
    pub fn json<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Value {
        // In front: what follows `--` is not ours.
        let mut all: Vec<&OsStr> = vec![OsStr::new("--json")];
        all.extend(arguments.iter().map(AsRef::as_ref));
        self.run(&all).succeeds().json()
    }
}

/// What became of a command.
#[derive(Debug)]
pub struct Run {
    /// The command, for messages.
    pub command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

impl Run {
    /// The exit code; 128 and the signal's number where a signal ended it.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.status.code().or_else(|| self.status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
    }

    /// Standard output, which must be text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap_or_else(|_| panic!("standard output is no text: {self}"))
    }

    /// Standard error.
    #[must_use]
    pub fn messages(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Standard output, which must be JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("standard output is no JSON ({error}): {self}"))
    }

    /// Checks that the command succeeded.
    #[expect(clippy::must_use_candidate, reason = "a check is enough")]
    pub fn succeeds(self) -> Self {
        assert_eq!(self.code(), 0, "{self}");
        self
    }

    /// Checks that the command failed as it should: this exit code, one line on standard error, nothing on standard
    /// output, no panic. Returns the line.
    pub fn fails(&self, code: i32) -> String {
        assert_eq!(self.code(), code, "{self}");
        assert!(self.stdout.is_empty(), "a failed command prints no result: {self}");
        let messages = self.messages();
        assert!(!messages.contains("panicked"), "{self}");
        let lines: Vec<&str> = messages.lines().filter(|line| !line.starts_with("warning: ")).collect();
        assert_eq!(lines.len(), 1, "one line says what is wrong: {self}");
        lines[0].to_owned()
    }

    /// Checks that the argument parser refused the command: exit code 2 and its message, which may have several lines.
    pub fn fails_usage(&self) -> String {
        assert_eq!(self.code(), 2, "{self}");
        assert!(self.stdout.is_empty(), "a refused command prints no result: {self}");
        let messages = self.messages();
        assert!(messages.starts_with("error: ") && !messages.contains("panicked"), "{self}");
        messages
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]).into_owned();
        write!(
            f,
            "{}\nended with {}\nstandard output: {}\nstandard error: {}",
            self.command,
            self.status,
            shown(&self.stdout),
            shown(&self.stderr)
        )
    }
}

/// Starts a command, feeds it, and waits for it.
pub(crate) fn finish(mut command: Command, input: Option<Vec<u8>>) -> Run {
    let shown = format!("{command:?}");
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{shown} cannot be started: {error}"));
    let feeder = child.stdin.take().map(|mut stdin| {
        // A command may end without reading everything.
        thread::spawn(move || drop(stdin.write_all(&input.unwrap_or_default())))
    });
    let stdout = collect(child.stdout.take().expect("a pipe"));
    let stderr = collect(child.stderr.take().expect("a pipe"));
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process has an id");
    let overdue = std::time::Instant::now() + PATIENCE;
    let status = until("the command ends", PATIENCE * 2, || {
        if std::time::Instant::now() > overdue {
            let _ = kill_process(id, Signal::KILL);
        }
        child.try_wait().expect("it can be waited for")
    });
    if let Some(feeder) = feeder {
        feeder.join().expect("the feeder ends");
    }
    let read = |reader: thread::JoinHandle<Vec<u8>>| reader.join().expect("the reader ends");
    Run { command: shown, status, stdout: read(stdout), stderr: read(stderr) }
}

fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("the pipe can be read");
        bytes
    })
}
