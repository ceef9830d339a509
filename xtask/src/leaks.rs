//! Whether a run of the tests lets secrets out: by arguments of processes, by the environment of what our programs start, in
//! log files, in shell histories, or in what is printed.
//!
//! Tests note what they make (`stronghold_testkit::leaks`, in `STRONGHOLD_TEST_LEAKS`); tokens, keys, kits and invitations are
//! known by their form. What is found is told by its kind, never by its text.

mod find;
mod planted;
mod watch;

use crate::run::{Failed, Step};
use find::Secrets;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use watch::{ARGUMENTS, Seen, Watch};

/// Runs a step of all tests and looks at everything that it does.
pub(crate) fn watched(step: Step, folder: &Path) -> Result<(), Failed> {
    let Looked { seen, secrets, files, .. } = searched(step, folder)?;
    if secrets == 0 || seen.environments.is_empty() || files < 2 {
        return Err(Failed("looking for secrets that were let out: there was nothing to look at; that".to_owned()));
    }
    Ok(())
}

/// Runs any step, in which there may be nothing to look at, and says what was seen.
pub(crate) fn searched(step: Step, folder: &Path) -> Result<Looked, Failed> {
    planted::are_found(&new_folder(&folder.join("planted"))?)?;
    let folder = new_folder(&folder.join("run"))?;
    let (noted, printed) = (folder.join("secrets"), folder.join("printed"));
    let watch = Watch::start(noted.clone());
    let result = step.env("STRONGHOLD_TEST_LEAKS", &folder).run_keeping(&printed);
    let seen = watch.end();
    result?;
    let looked = look(&folder, seen)?;
    report(&looked)?;
    Ok(looked)
}

/// All that was looked at.
pub(crate) struct Looked {
    seen: Seen,
    secrets: usize,
    files: usize,
    bytes: u64,
    hits: BTreeSet<String>,
}

/// Looks through what a run left behind in a folder.
fn look(folder: &Path, seen: Seen) -> Result<Looked, Failed> {
    let secrets = Secrets::noted_in(&folder.join("secrets"));
    let mut looked = Looked { hits: seen.hits.clone(), seen, secrets: secrets.len(), files: 0, bytes: 0 };
    let kept = fs::read_dir(folder.join("files")).map_err(|error| failed(&error))?.flatten().map(|entry| entry.path());
    for file in kept.chain([folder.join("printed")]) {
        let bytes = fs::read(&file).map_err(|error| failed(&error))?;
        looked.files += 1;
        looked.bytes += bytes.len() as u64;
        if let Some(kind) = secrets.kind_in(&String::from_utf8_lossy(&bytes)) {
            looked.hits.insert(format!("{}: {kind}", file.display()));
        }
    }
    Ok(looked)
}

fn report(looked: &Looked) -> Result<(), Failed> {
    let Looked { seen, secrets, files, bytes, hits } = looked;
    println!("\n== secrets that were let out ==");
    println!(
        "looked for {secrets} secrets, and those with a form, in the arguments of {} processes ({} samples), the environment \
         of {} that our programs started, and {files} logs, histories and outputs with {bytes} bytes",
        seen.processes.len(),
        seen.samples,
        seen.environments.len()
    );
    for (words, reason) in ARGUMENTS {
        println!("{} times as an argument that may be one, behind `{}`: {reason}", seen.allowed, words.trim());
    }
    for hit in hits {
        println!("FOUND in {hit}");
    }
    if hits.is_empty() { Ok(()) } else { Err(Failed("keeping secrets in".to_owned())) }
}

fn new_folder(folder: &Path) -> Result<PathBuf, Failed> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder.join("files")).map_err(|error| failed(&error))?;
    Ok(folder.to_owned())
}

fn failed(error: &std::io::Error) -> Failed {
    Failed(format!("looking for secrets that were let out ({error})"))
}
