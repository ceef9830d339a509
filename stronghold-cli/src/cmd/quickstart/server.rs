//! The server that `quickstart` starts: a process of its own, found beside this program or on PATH.

use crate::failure::Failure;
use std::{
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

const PROGRAM: &str = "stronghold-server";

/// A running server.
pub(super) struct Server {
    child: Child,
    /// Where it listens.
    pub(super) url: String,
}

impl Server {
    /// Starts a server and waits for its one line on standard output. Its log goes to `server.log` beside the data.
    pub(super) async fn start(data: &Path, listen: &str) -> Result<Self, Failure> {
        crate::credentials::create_private_folder(data)?;
        let log = data.join("server.log");
        let failed = |error: &std::io::Error| Failure::local(format!("{PROGRAM} cannot be started"), error);
        let log_file = std::fs::File::create(&log).map_err(|error| failed(&error))?;
        let mut command = Command::new(program());
        super::without_ours(|name| {
            command.env_remove(name);
        });
        let mut child = command
            .arg("--data-dir")
            .arg(data)
            .arg("--listen")
            .arg(listen)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                failed(&error).with_hint("Install stronghold-server beside api-stronghold-cli, or on PATH.")
            })?;
        let stdout = child.stdout.take().ok_or_else(|| Failure::invalid("the server has no standard output"))?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).await.map_err(|error| failed(&error))?;
        match line.trim().strip_prefix("listening on ") {
            Some(url) => Ok(Self { child, url: url.to_owned() }),
            None => Err(Failure::invalid(format!("the server did not start; see {}", log.display()))),
        }
    }

    /// Asks the server to end, and waits until it has.
    pub(super) async fn stop(mut self) -> Result<(), Failure> {
        let process = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(process) = process {
            rustix::process::kill_process(process, rustix::process::Signal::TERM)
                .map_err(|error| Failure::local("the server cannot be stopped", &error))?;
        }
        self.wait().await
    }

    /// Serves until Ctrl-C, which the terminal sends to the server as well.
    pub(super) async fn serve(mut self) -> Result<(), Failure> {
        tokio::select! {
            ended = self.wait() => ended,
            _ = tokio::signal::ctrl_c() => self.stop().await,
        }
    }

    async fn wait(&mut self) -> Result<(), Failure> {
        let status =
            self.child.wait().await.map_err(|error| Failure::local("the server cannot be waited for", &error))?;
        if status.success() { Ok(()) } else { Err(Failure::invalid(format!("the server ended with {status}"))) }
    }
}

/// Beside this program, where an installation or a build puts both; else whatever PATH holds.
fn program() -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(|folder| folder.join(PROGRAM)));
    beside.filter(|program| program.is_file()).unwrap_or_else(|| PathBuf::from(PROGRAM))
}
