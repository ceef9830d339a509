//! A real nginx in front of a server, as operators have one.

use crate::until;
use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// nginx on a loopback port of its own, with its files in a folder of its own. It ends when this value does.
#[derive(Debug)]
pub struct Nginx {
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl Nginx {
    /// Chooses a port, so that a server can be told its public URL before nginx is told where the server is.
    #[must_use]
    pub fn choose_port() -> Self {
        let folder = tempfile::Builder::new().prefix("stronghold-test-nginx-").tempdir().expect("a folder can be made");
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        Self { folder, port, process: None }
    }

    /// The URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Starts it with what stands inside `server { ... }` beside `listen`, and waits until it listens. Everything else is
    /// nginx's default.
    pub fn start(&mut self, server: &str) {
        let folder = self.folder.path();
        let file = |name: &str| folder.join(name).display().to_string();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {};\n", file(kind)))
            .concat();
        // One process, which is this user's.
        let text = format!(
            "daemon off;\nmaster_process off;\npid {};\nerror_log {} warn;\nevents {{}}\nhttp {{\naccess_log {};\n{temporary}\
             server {{\nlisten 127.0.0.1:{};\n{server}\n}}\n}}\n",
            file("pid"),
            file("error.log"),
            file("access.log"),
            self.port
        );
        fs::write(folder.join("nginx.conf"), text).expect("the configuration can be written");
        let path = std::env::var("PATH").unwrap_or_default();
        let process = Command::new("nginx")
            // Debian keeps it where only root looks.
            .env("PATH", format!("{path}:/usr/sbin"))
            .arg("-p")
            .arg(folder)
            .args(["-c", &file("nginx.conf"), "-e", &file("error.log")])
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx is installed (`cargo xtask test` does that)");
        self.process = Some(process);
        let port = self.port;
        until("nginx listens", Duration::from_secs(30), || TcpStream::connect(("127.0.0.1", port)).ok());
    }

    /// What it was asked so far, a line each: in nginx's combined format.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        let log: PathBuf = self.folder.path().join("access.log");
        fs::read_to_string(log).unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
