//! The two programs from outside: what users, scripts and pipelines rely on.
//!
//! Nothing here knows how they are built. A test that needs a program which is missing fails and says how to build it.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

mod agents_end;
mod audit;
mod audit_archive;
mod audit_follow;
mod audit_reads;
mod audit_stream;
mod auth;
mod backup;
mod bad_files;
mod bad_places;
mod bad_servers;
mod bad_tokens;
mod behind_nginx;
mod commands;
mod conditions;
mod dotenv;
mod env_run;
mod exposed;
mod fail_closed;
mod grace;
mod heads;
mod history;
mod hostile;
mod large_behind_nginx;
mod lock;
mod memory_model;
mod names;
mod no_plaintext;
mod one_request;
mod output_files;
mod owners;
mod passwords;
mod people;
mod people_memory;
mod proxies;
mod quickstart;
mod readers;
mod receipts;
mod references;
mod restart;
mod restored;
mod roles;
mod rotation;
mod secrets;
mod shown;
mod state;
mod tampering;
mod terminal;
mod unproven;
mod usage;
mod uses;
mod verbatim;

use serde_json::Value;
use std::{io::Write, path::Path, sync::OnceLock};
use stronghold_testkit::Org;

/// The organization that tests share which only add to it.
fn org() -> &'static Org {
    static ORG: OnceLock<Org> = OnceLock::new();
    ORG.get_or_init(Org::start)
}

/// The names of a JSON object's fields, sorted.
fn fields(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// Says a figure to whoever runs the tests: past the test harness, which keeps what a passing test prints to itself.
fn say(figure: &str) {
    let _ = writeln!(std::io::stderr(), "  {figure}");
}

/// A path as an argument.
fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The one called `name` in a list of objects.
fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let mut found = list.as_array().unwrap().iter().filter(|item| item["name"] == name);
    let first = found.next().unwrap_or_else(|| panic!("{name} is not in {list}"));
    assert!(found.next().is_none(), "{name} is in the list twice");
    first
}
