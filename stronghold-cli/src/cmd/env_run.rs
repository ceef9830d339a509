//! `env run`: a command with a profile's secrets in its environment.

use super::source;
use crate::{acting::Freshness, args::RunArgs, failure::Failure, output::Output, settings::Settings};
use std::{
    ffi::OsStr,
    io,
    os::unix::{ffi::OsStrExt, process::ExitStatusExt},
    process::{Command, ExitCode},
};
use stronghold_sdk::format::names::AllowedNames;
use tokio::signal::unix::{SignalKind, signal};

/// The kernel's limit for one string of the environment, `NAME=value` and its NUL included (`MAX_ARG_STRLEN`).
const STRING_BYTES: usize = 128 * 1024;
/// What a command keeps of the environment with `--no-inherit-env`.
const KEPT: &[&str] = &["PATH", "HOME", "USER", "LANG", "TERM", "TZ"];
/// What our own variables start with. They hold tokens, passwords and recovery kits, which are no business of the command.
const OURS: &str = "API_STRONGHOLD_";

/// Runs the command: argv as given, secrets in its environment only, its exit code as ours.
pub(crate) async fn run(settings: &Settings, output: &Output, args: RunArgs) -> Result<ExitCode, Failure> {
    let profile = settings.profile(args.read.profile.as_ref())?;
    let freshness = Freshness::new(&args.read)?;
    let secrets = source::pull(settings, profile, freshness, &source::read_options(&args.read)?).await?;
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(Failure::usage("which command? write it after --"));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    inherit(&mut command, &args);
    let allowed: AllowedNames = args.read.allow_name.iter().cloned().collect();
    let left_out = allowed.refused_among(secrets.iter().map(|(name, _)| name.expose()));
    if !left_out.is_empty() {
        output.warn(format!("not passed on to the command: {left_out}. Say --allow-name NAME for one that you mean"));
    }
    for (name, secret) in secrets.iter() {
        let (name, value) = (name.expose(), secret.expose());
        if allowed.refused(name).is_some() {
            continue;
        }
        if args.preserve_env && std::env::var_os(name).is_some() {
            continue;
        }
        check(name, value)?;
        command.env(name, OsStr::from_bytes(value));
    }
    drop(secrets);
    spawn(command, program).await
}

/// What the command sees of our own environment.
fn inherit(command: &mut Command, args: &RunArgs) {
    let is_kept = |name: &OsStr| args.keep.iter().any(|kept| OsStr::new(kept) == name);
    if args.no_inherit_env {
        command.env_clear();
        let inherited = std::env::vars_os().filter(|(name, _)| KEPT.iter().any(|kept| name == kept) || is_kept(name));
        command.envs(inherited);
        return;
    }
    for (name, _) in std::env::vars_os() {
        if name.as_bytes().starts_with(OURS.as_bytes()) && !is_kept(&name) {
            command.env_remove(name);
        }
    }
}

fn check(name: &str, value: &[u8]) -> Result<(), Failure> {
    if value.contains(&0) {
        return Err(Failure::invalid(format!("{name} holds a NUL byte, which an environment cannot hold"))
            .with_hint("Leave it out with --except, and read it with `secret get`."));
    }
    if name.len() + value.len() + 2 > STRING_BYTES {
        return Err(Failure::invalid(format!("{name} is larger than the 128 KiB that an environment can hold"))
            .with_hint("Leave it out with --except, and read it with `secret get`."));
    }
    Ok(())
}

/// Starts the command, passes on the signals that it should see, and waits for it.
async fn spawn(command: Command, program: &OsStr) -> Result<ExitCode, Failure> {
    let watch = |kind| signal(kind).map_err(|error| Failure::local("signals cannot be watched", &error));
    // Watched before the command starts, so that none in between ends us and leaves it behind.
    let mut terminate = watch(SignalKind::terminate())?;
    let mut hangup = watch(SignalKind::hangup())?;
    let mut interrupt = watch(SignalKind::interrupt())?;
    let mut quit = watch(SignalKind::quit())?;
    // On a terminal, an interrupt reaches the whole foreground group, the command included: passing it on would be twice.
    let foreground = io::IsTerminal::is_terminal(&io::stdin());
    let mut child = match tokio::process::Command::from(command).spawn() {
        Ok(child) => child,
        Err(error) => {
            let code = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
            return Err(Failure::not_started(&program.to_string_lossy(), &error, code));
        }
    };
    let id = child.id();
    loop {
        tokio::select! {
            status = child.wait() => {
                let status = status.map_err(|error| Failure::local("the command cannot be waited for", &error))?;
                let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
                return Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)));
            }
            _ = terminate.recv() => pass_on(id, rustix::process::Signal::TERM),
            _ = hangup.recv() => pass_on(id, rustix::process::Signal::HUP),
            _ = interrupt.recv() => if !foreground { pass_on(id, rustix::process::Signal::INT) },
            _ = quit.recv() => if !foreground { pass_on(id, rustix::process::Signal::QUIT) },
        }
    }
}

fn pass_on(id: Option<u32>, signal: rustix::process::Signal) {
    let process = id.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(process) = process {
        // It may have ended in this moment, which the loop is about to see.
        let _ = rustix::process::kill_process(process, signal);
    }
}
