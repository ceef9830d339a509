//! Backups of a server that is in use: what is in them when they are restored elsewhere, and what is refused.

mod files;
mod load;

use crate::{tampering::copy, text};
use serde_json::Value;
use std::{ffi::OsStr, fs, path::Path, process::Command};
use stronghold_testkit::{Cli, Org, Run, Server, ServerOptions, program};

/// A command of the server's program, with an empty environment.
fn command<S: AsRef<OsStr>>(wrapper: &[std::ffi::OsString], arguments: &[S]) -> Command {
    let server = program("stronghold-server");
    let mut command = match wrapper.split_first() {
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(server);
            command
        }
        None => Command::new(server),
    };
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).args(arguments);
    command
}

fn run_through<S: AsRef<OsStr>>(wrapper: &[std::ffi::OsString], arguments: &[S]) -> Run {
    let mut command = command(wrapper, arguments);
    let output = command.output().unwrap();
    Run { command: format!("{command:?}"), status: output.status, stdout: output.stdout, stderr: output.stderr }
}

fn run<S: AsRef<OsStr>>(arguments: &[S]) -> Run {
    run_through(&[], arguments)
}

fn backup(data: &Path, out: &Path, more: &[&str]) -> Run {
    run(&[&["backup", "--data-dir", text(data), "--out", text(out)], more].concat())
}

fn restore(from: &Path, data: &Path, more: &[&str]) -> Run {
    run(&[&["restore", "--from", text(from), "--data-dir", text(data)], more].concat())
}

/// Restores a backup into a folder of its own and starts a server on it, at another port.
fn restored(org: &Org, from: &Path) -> Server {
    let data = org.folder();
    restore(from, &data, &[]).succeeds();
    ServerOptions::default().data_dir(&data).start()
}

/// The owner on a machine that remembers nothing, signed in at a server.
fn newcomer(org: &Org, server: &Server) -> Cli {
    let cli = Cli::new(&org.folder())
        .var("API_STRONGHOLD_URL", server.url())
        .var("API_STRONGHOLD_PASSWORD", &org.password)
        .var("API_STRONGHOLD_ACCOUNT_KEY", org.account_key());
    cli.ok(&["auth", "login", "--email", "owner@acme.example"]);
    cli
}

/// The owner on another machine, with everything that the first one remembers by now.
fn device(org: &Org) -> Cli {
    let folder = org.folder();
    copy(org.owner.config_dir(), &folder);
    Cli::new(&folder).var("API_STRONGHOLD_URL", org.server.url())
}

fn manifest(backup: &Path) -> Value {
    serde_json::from_slice(&fs::read(backup.join("backup.json")).unwrap()).unwrap()
}

fn beside(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}
