//! Where the programs are.

use std::{env, path::PathBuf};

/// The path of a program of this workspace, `stronghold-server` or `api-stronghold-cli`.
///
/// It is taken from the folder that the running test was built into, or from `STRONGHOLD_SERVER_BIN` and
/// `STRONGHOLD_CLI_BIN`.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let variable = match name {
        "stronghold-server" => "STRONGHOLD_SERVER_BIN",
        _ => "STRONGHOLD_CLI_BIN",
    };
    let path = env::var_os(variable).map_or_else(|| beside_tests(name), PathBuf::from);
    assert!(
        path.is_file(),
        "{} is missing: `cargo xtask test` builds it, or `cargo build -p stronghold-server -p stronghold-cli`",
        path.display()
    );
    path
}

/// Tests are in `target/PROFILE/deps`, programs one folder up.
fn beside_tests(name: &str) -> PathBuf {
    let test = env::current_exe().expect("the path of the running test is known");
    let deps = test.parent().expect("the test is in a folder");
    deps.parent().unwrap_or(deps).join(name)
}
