//! The command line of Stronghold: arguments and output around `stronghold-sdk`, nothing clever.

mod args;
mod cmd;
mod credentials;
mod failure;
mod files;
mod input;
mod output;
mod settings;
mod when;

use crate::{args::Cli, failure::Failure, output::Output};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
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

fn start_log(global: &args::Global) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => tracing::Level::ERROR,
        (false, 0) => tracing::Level::WARN,
        (false, 1) => tracing::Level::INFO,
        (false, _) => tracing::Level::DEBUG,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_target(false)
        .without_time()
        .with_ansi(false)
        .init();
}
