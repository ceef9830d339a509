//! Running a program that may never end.

use crate::run::Failed;
use std::{
    fs::{self, File},
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How a program ended.
pub(crate) enum Ended {
    /// By itself, well or not.
    Itself {
        /// Whether it says that all is well.
        well: bool,
        /// What it printed.
        output: String,
    },
    /// It did not end in time.
    TooLate,
}

/// Runs a program, and ends it with all that it started when the time is over. What it prints goes to the file `output`.
pub(crate) fn run(mut command: Command, limit: Duration, output: &Path) -> Result<Ended, Failed> {
    let failed = |error: std::io::Error| Failed(format!("{} ({error})", output.display()));
    let file = File::create(output).map_err(failed)?;
    let same = file.try_clone().map_err(failed)?;
    command.stdin(Stdio::null()).stdout(file).stderr(same).process_group(0);
    let program = command.get_program().to_owned();
    let mut child = command.spawn().map_err(|error| Failed(format!("{} ({error})", program.display())))?;
    let start = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            let bytes = fs::read(output).map_err(failed)?;
            return Ok(Ended::Itself { well: status.success(), output: String::from_utf8_lossy(&bytes).into_owned() });
        }
        if start.elapsed() > limit {
            // The group, so that what it started does not go on.
            let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status();
            let _ = child.wait();
            return Ok(Ended::TooLate);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}
