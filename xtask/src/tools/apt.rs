//! Debian's packages. apt takes what the signed index of a source lists and nothing else; we only forbid it to be told
//! otherwise, wait for whoever else uses it, and never become root without being asked.

use super::on_path;
use crate::run::{Failed, Step};
use std::{
    env,
    os::unix::fs::MetadataExt,
    thread,
    time::{Duration, Instant},
};

/// Set to 1 by whoever wants xtask to call sudo.
const SUDO: &str = "STRONGHOLD_SUDO";

/// How long another apt may take.
const LONGEST_LOCK: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_secs(2);

/// Whatever a machine's configuration says, nothing without a valid signature is taken.
const SIGNED: &[&str] = &[
    "-o",
    "APT::Get::AllowUnauthenticated=false",
    "-o",
    "Acquire::AllowInsecureRepositories=false",
    "-o",
    "Acquire::AllowWeakRepositories=false",
    "-o",
    "Acquire::AllowDowngradeToInsecureRepositories=false",
];

/// Installs Debian packages.
pub(crate) fn install(packages: &[&str]) -> Result<(), Failed> {
    update(packages)?;
    apt_get(packages)?.args(&["install", "-y", "--no-install-recommends"]).args(packages).run()
}

/// `apt-get update` waits for no lock by itself, unlike `install`: tried again until the other one is done.
fn update(packages: &[&str]) -> Result<(), Failed> {
    let start = Instant::now();
    loop {
        let outcome = apt_get(packages)?.args(&["update", "-q"]).output();
        match outcome {
            Ok(printed) => {
                print!("\n== the list of system packages ==\n{printed}");
                return Ok(());
            }
            Err(Failed(what)) if what.contains("Could not get lock") && start.elapsed() < LONGEST_LOCK => {
                println!("another apt is at work; waiting for it");
                thread::sleep(PAUSE);
            }
            Err(failed) => return Err(failed),
        }
    }
}

fn apt_get(packages: &[&str]) -> Result<Step, Failed> {
    let name = "install system packages";
    // Messages in English, which is how a lock is told from other problems.
    let variables = ["DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "apt-get"];
    let step = if is_root() {
        Step::new(name, "env").args(&variables)
    } else if env::var_os(SUDO).is_some_and(|value| value == "1") && on_path("sudo") {
        Step::new(name, "sudo").args(&["env"]).args(&variables)
    } else {
        return Err(Failed(format!(
            "the search for programs (these Debian packages are missing, and xtask is not root: {0}. Install them with `apt-get \
             install {0}`, or set {SUDO}=1 for xtask to do that with sudo; then run this again)",
            packages.join(" ")
        )));
    };
    let lock = format!("DPkg::Lock::Timeout={}", LONGEST_LOCK.as_secs());
    Ok(step.args(SIGNED).args(&["-o", &lock]))
}

/// Whoever started us says nothing sure in `USER`; the owner of our own process does.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
