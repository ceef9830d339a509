//! The command line of Stronghold: arguments and output around `stronghold-sdk`, nothing clever.

mod acting;
mod args;
mod cmd;
mod credentials;
mod failure;
mod files;
mod input;
mod output;
mod settings;
mod shown;
mod when;

use crate::{args::Cli, failure::Failure, output::Output};
use clap::Parser;
use std::process::ExitCode;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_parsed(error),
    };
    start_log(&cli.global);
    let output = Output::new(&cli.global);
    // One thread: a command waits for one server, and the process stays small in containers.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(cmd::run(cli, &output)),
        Err(error) => Err(Failure::local("the process cannot start its event loop", &error)),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Help and version, and what cannot be parsed: in JSON too, where that was asked for.
fn not_parsed(error: clap::Error) -> ExitCode {
    let ours = std::env::args_os().skip(1).take_while(|argument| argument != "--");
    if !error.use_stderr() || !ours.into_iter().any(|argument| argument == "--json" || argument == "--output=json") {
        let code = shown::usage(error);
        return ExitCode::from(u8::try_from(code).unwrap_or(2));
    }
    let error = shown::without_controls(error);
    let text = error.to_string();
    // What follows is the same for every error: the usage, and where to read on.
    let lines = text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let what = lines.map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let failure = Failure::usage(what.trim_start_matches("error: "));
    Output::json().failure(&failure);
    ExitCode::from(failure.exit_code())
}

fn start_log(global: &args::Global) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => tracing::Level::ERROR,
        (false, 0) => tracing::Level::WARN,
        (false, 1) => tracing::Level::INFO,
        (false, _) => tracing::Level::DEBUG,
    };
    // What libraries say is for whoever asks for the most: a failure of theirs comes back as ours, in one line.
    let libraries = if global.verbose > 1 { LevelFilter::from_level(level) } else { LevelFilter::OFF };
    let ours = ["api_stronghold_cli", "stronghold_sdk", "stronghold_protocol"].map(|target| (target, level));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(shown::Log::default)
        .with_target(false)
        .without_time()
        .with_ansi(false)
        .with_filter(Targets::new().with_targets(ours).with_default(libraries));
    tracing_subscriber::registry().with(lines).init();
}
