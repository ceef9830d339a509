//! The server, as a process of its own.

use crate::{Run, cli, leaks, program, until};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// How long a start or an end may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a server is started.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    data: Option<PathBuf>,
    listen: String,
    arguments: Vec<OsString>,
    wrapper: Vec<OsString>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { data: None, listen: "127.0.0.1:0".to_owned(), arguments: Vec::new(), wrapper: Vec::new() }
    }
}

impl ServerOptions {
    /// Keeps the data in `folder` [default: a new one].
    #[must_use]
    pub fn data_dir(mut self, folder: &Path) -> Self {
        self.data = Some(folder.to_owned());
        self
    }

    /// Listens there [default: `127.0.0.1:0`].
    #[must_use]
    pub fn listen(mut self, address: &str) -> Self {
        address.clone_into(&mut self.listen);
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Runs the server through another program, such as [`crate::Sandbox`]'s.
    #[must_use]
    pub fn through(mut self, wrapper: Vec<OsString>) -> Self {
        self.wrapper = wrapper;
        self
    }

    /// Serves TLS with this certificate and key.
    #[must_use]
    pub fn tls(self, certificate: &Path, key: &Path) -> Self {
        self.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key)
    }

    /// Starts the server and waits until it listens.
    #[must_use]
    pub fn start(self) -> Server {
        let folder =
            tempfile::Builder::new().prefix("stronghold-test-server-").tempdir().expect("a folder can be made");
        let data = self.data.clone().unwrap_or_else(|| folder.path().join("data"));
        let log = leaks::kept("server.log").unwrap_or_else(|| folder.path().join("server.log"));
        let (process, url) = Process::start(&self, &data, &log, folder.path());
        if let Ok(code) = fs::read_to_string(data.join("setup-code")) {
            leaks::look_for(code.trim());
        }
        Server { options: self, data, log, url, process: Some(process), folder }
    }

    /// Starts a server that is expected to give up by itself, and waits until it did.
    #[must_use]
    pub fn run(self) -> Run {
        let folder = TempDir::new().expect("a folder can be made");
        let data = self.data.clone().unwrap_or_else(|| folder.path().join("data"));
        let mut command = self.command(&data);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        cli::finish(command, None)
    }

    fn command(&self, data: &Path) -> Command {
        let server = program("stronghold-server");
        let mut command = match self.wrapper.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(server);
                command
            }
            None => Command::new(server),
        };
        command.env_clear().arg("--data-dir").arg(data).args(["--listen", &self.listen]).args(&self.arguments);
        command
    }
}

/// A running server with an empty environment. It ends when this value, or the test's process, does.
#[derive(Debug)]
pub struct Server {
    options: ServerOptions,
    data: PathBuf,
    log: PathBuf,
    url: String,
    process: Option<Process>,
    folder: TempDir,
}

impl Server {
    /// Starts a server with new data.
    #[must_use]
    pub fn start() -> Self {
        ServerOptions::default().start()
    }

    /// Where it listens, as it said itself.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> &str {
        self.url.split_once("://").map_or(self.url.as_str(), |(_, address)| address)
    }

    /// Its data directory.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// The file with the code that allows to create an organization.
    #[must_use]
    pub fn setup_code_file(&self) -> PathBuf {
        self.data.join("setup-code")
    }

    /// The file that its standard error goes to.
    #[must_use]
    pub fn log_file(&self) -> &Path {
        &self.log
    }

    /// What it wrote to standard error so far.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).expect("the log can be read")).into_owned()
    }

    /// A folder that lives as long as the server.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process's id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.as_ref().expect("the server runs").child.id()
    }

    /// Ends the server with SIGTERM. It must end cleanly, and have printed nothing after its one line.
    pub fn stop(&mut self) {
        let mut process = self.process.take().expect("the server runs");
        let status = process.end(Signal::TERM);
        assert!(status.success(), "SIGTERM must end the server cleanly, not with {status}; its log:\n{}", self.log());
        let mut rest = String::new();
        process.stdout.read_to_string(&mut rest).expect("standard output is text");
        assert_eq!(rest, "", "standard output must hold exactly one line");
    }

    /// Ends the server with SIGKILL, as a power cut would.
    pub fn kill(&mut self) {
        self.process.take().expect("the server runs").end(Signal::KILL);
    }

    /// Starts the server again on the same data and port, after it was stopped or killed.
    pub fn start_again(&mut self) {
        assert!(self.process.is_none(), "the server still runs");
        let options = self.options.clone().listen(self.address());
        let (process, url) = Process::start(&options, &self.data, &self.log, self.folder.path());
        assert_eq!(url, self.url);
        self.process = Some(process);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.end(Signal::TERM);
        }
    }
}

#[derive(Debug)]
struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
    guard: Child,
}

impl Process {
    fn start(options: &ServerOptions, data: &Path, log: &Path, folder: &Path) -> (Self, String) {
        let stderr = File::options().create(true).append(true).open(log).expect("the log can be opened");
        let mut child = options
            .command(data)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the server can be started");
        let guard = guard(child.id(), folder);
        let mut stdout = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("standard output is text");
        let process = Self { child, stdout, guard };
        let url = line.strip_prefix("listening on ").and_then(|url| url.strip_suffix('\n')).map(str::to_owned);
        let Some(url) = url else {
            drop(process);
            panic!("the server said {line:?}; its log:\n{}", fs::read_to_string(log).unwrap_or_default());
        };
        (process, url)
    }

    fn end(&mut self, signal: Signal) -> ExitStatus {
        // The guard goes first: afterwards the id may be somebody else's.
        let _ = self.guard.kill();
        let _ = self.guard.wait();
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process has an id");
        let _ = kill_process(id, signal);
        until("the server ends", PATIENCE, || self.child.try_wait().expect("it can be waited for"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.guard.kill();
        let _ = self.guard.wait();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ends the server and removes its folder when the test's process is gone: fixtures that all tests share are never dropped.
fn guard(id: u32, folder: &Path) -> Child {
    let script = "cat >/dev/null; kill -TERM \"$1\"; for i in 1 2 3 4 5 6 7 8 9 10; do \
        kill -0 \"$1\" 2>/dev/null || break; sleep 0.2; done; rm -rf -- \"$2\"";
    Command::new("sh")
        .args(["-c", script, "guard", &id.to_string()])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh can be started")
}
