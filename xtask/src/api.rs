//! The API against its own description: what the tests sent and got, and what schemathesis makes up.

use crate::{
    root,
    run::{Failed, Step},
    target,
    tools::Tools,
};
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Examples an operation, beside those that schemathesis derives from the schemas' edges: a bound on work, not on time.
pub(crate) const EXAMPLES: &str = "10";

/// Attacks a server of its own with signed requests, good ones and bad ones.
pub(crate) fn schemathesis(tools: &Tools, examples: &str) -> Result<(), Failed> {
    let runner = root().join("stronghold-server").join("tests").join("schemathesis").join("run.py");
    Step::new("schemathesis, with signed requests", tools.program("python"))
        .args(&[runner, target().join("debug"), PathBuf::from(examples)])
        .run()
}

/// An empty folder in which the tests leave word of every body that they held against the description.
pub(crate) fn bodies_folder() -> Result<PathBuf, Failed> {
    let folder = target().join("bodies");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| Failed(format!("{} ({error})", folder.display())))?;
    Ok(folder)
}

/// Says how many bodies were held against the description, and fails if one of its operations is not among them.
pub(crate) fn count_bodies() -> Result<(), Failed> {
    let failed = |error: std::io::Error| Failed(format!("counting the bodies ({error})"));
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for file in fs::read_dir(target().join("bodies")).map_err(failed)?.flatten() {
        for line in fs::read_to_string(file.path()).map_err(failed)?.lines() {
            *counts.entry(line.to_owned()).or_default() += 1;
        }
    }
    let document = fs::read_to_string(root().join("docs").join("openapi.json")).map_err(failed)?;
    let names = document.lines().filter_map(|line| line.trim().strip_prefix("\"operationId\": \""));
    let names: Vec<&str> = names.filter_map(|rest| rest.split('"').next()).collect();
    // The description itself is no body of the protocol: no client reads it.
    let ours = names.iter().filter(|name| **name != "server.openapi");
    let missing: Vec<&&str> = ours.filter(|name| !counts.contains_key(&format!("{name} reply"))).collect();
    let of = |kind: &str| counts.iter().filter(|(line, _)| line.ends_with(kind)).map(|(_, count)| count).sum::<u64>();
    println!(
        "\nbodies held against openapi.json: {} replies, {} requests, of {} operations",
        of("reply"),
        of("request"),
        names.len()
    );
    if missing.is_empty() && !names.is_empty() {
        return Ok(());
    }
    Err(Failed(format!("holding the bodies of {missing:?} against openapi.json: no test has any; that")))
}
