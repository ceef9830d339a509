//! Runs every example.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::process::{Command, Output};
use stronghold_testkit::Org;

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn embedded_reads_without_a_socket() {
    let output = Command::new(env!("CARGO_BIN_EXE_embedded")).env_clear().output().unwrap();
    assert_eq!(text(&output), "DATABASE_URL has 21 bytes\n");
}

#[test]
fn pull_needs_only_the_token() {
    let org = Org::start();
    org.owner.json(&["profile", "create", "production"]);
    org.push("production", &[("DATABASE_URL", b"postgres://db.example"), ("EMPTY", b"")]);
    let token = org.agent(&[&org.group(&["production"])]);
    let output = Command::new(env!("CARGO_BIN_EXE_pull"))
        .env_clear()
        .env("API_STRONGHOLD_TOKEN", &token.token)
        .output()
        .unwrap();
    assert_eq!(text(&output), "DATABASE_URL has 21 bytes\nEMPTY has 0 bytes\n");
}

#[test]
fn pull_without_a_token_names_the_variable() {
    let output = Command::new(env!("CARGO_BIN_EXE_pull")).env_clear().output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("API_STRONGHOLD_TOKEN"));
}

#[test]
fn the_readme_shows_the_program_that_runs_here() {
    let readme = include_str!("../../../README.md");
    let (_, from) = readme.split_once("```rust,no_run\n").unwrap();
    let (shown, _) = from.split_once("```").unwrap();
    let program: Vec<&str> =
        include_str!("../../src/bin/pull.rs").lines().skip_while(|line| !line.starts_with("use ")).collect();
    let without_lints: Vec<&str> = program.into_iter().filter(|line| !line.trim().starts_with("#![")).collect();
    assert_eq!(shown.trim(), without_lints.join("\n").trim());
}
