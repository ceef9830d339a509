//! That secrets are found where they are planted: a search that finds nothing says nothing by itself.

use super::{failed, look, watch::Watch};
use crate::run::Failed;
use std::{fs, os::unix::process::CommandExt, path::Path, process::Command};

/// What is planted: of a form, and without one.
const TOKEN: &str = "stronghold_agent_aaaabbbbccccddddeeeeffffgggghhhh2222";
const PASSWORD: &str = "plantedPasswordOfNobody";

/// Plants a secret in each kind of place and expects each to be found, and nothing where it may be.
pub(super) fn are_found(folder: &Path) -> Result<(), Failed> {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).map_err(|error| failed(&error));
    write("secrets", &format!("{PASSWORD}\n"))?;
    write("files/server.log", &format!("a line\nanother with {PASSWORD} in it\n"))?;
    write("files/clean.log", "stronghold_agent_abc is none, and neither is stronghold_agent_\n")?;
    write("printed", &format!("test panicked: {TOKEN}"))?;
    let watch = Watch::start(folder.join("secrets"));
    let wait = "sleep 1; :";
    let started = [
        // An argument.
        Command::new("sh").args(["-c", wait, "planted", PASSWORD]).spawn(),
        // An argument that may be one.
        Command::new("sh").args(["-c", wait, "auth", "api-user", "--token", TOKEN]).spawn(),
        // The environment of what a program of ours starts; its own is from whoever called it.
        Command::new("sh").arg0("api-stronghold-cli").args(["-c", wait]).env("PLANTED", TOKEN).spawn(),
    ];
    for child in started {
        child.and_then(|mut child| child.wait()).map_err(|error| failed(&error))?;
    }
    let looked = look(folder, watch.end())?;
    let found = [
        "an argument of sh: the secret",
        "the environment of sleep, which api-stronghold-cli started: ",
        "server.log",
        "printed",
    ];
    let missed: Vec<_> = found.iter().filter(|what| !looked.hits.iter().any(|hit| hit.contains(*what))).collect();
    if missed.is_empty() && looked.hits.len() == found.len() && looked.seen.allowed == 1 {
        return Ok(());
    }
    Err(Failed(format!("finding what was planted: {missed:?} were missed, {:?} found; that", looked.hits)))
}
