//! Whether the commands of the README work for someone who has just cloned the project, wherever the clone stands.

use crate::{
    root,
    run::{Failed, Step, cargo},
};
use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

/// What is run in each clone: both commands of the README, or what is short of them.
const WHOLE: &[&[&str]] = &[&["xtask", "quickstart", "--", "--once"], &["xtask", "test"]];
const QUICK: &[&[&str]] = &[&["xtask", "quickstart", "--", "--once"], &["xtask", "check"]];

struct Options {
    quick: bool,
    only: Option<usize>,
    target: Option<PathBuf>,
}

/// Clones what is committed into three unlike places and runs the commands there, as a user with another home.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failed> {
    let options = Options::parse(arguments)?;
    // A folder of its own in the system's temporary folder, so that nothing of anyone else is removed afterwards.
    let base = env::temp_dir().join(format!("stronghold-newcomer-{}", std::process::id()));
    let outcome = places(&base, &options);
    // What failed stays to be looked at.
    if outcome.is_ok() {
        let _ = fs::remove_dir_all(&base);
    }
    outcome
}

fn places(base: &Path, options: &Options) -> Result<(), Failed> {
    let home = base.join("home of a newcomer");
    fs::create_dir_all(&home).map_err(|error| Failed(format!("{} ({error})", home.display())))?;
    let places = [
        base.join("stronghold"),
        base.join("with a blank").join("strong hold"),
        base.join("a/b/c/d/e/f/g/h").join("stronghold"),
    ];
    let commands = if options.quick { QUICK } else { WHOLE };
    let mut tried = 0;
    for (number, place) in places.iter().enumerate() {
        if options.only.is_some_and(|only| only != number + 1) {
            continue;
        }
        Step::new(&format!("clone into {}", place.display()), "git")
            .args(&["clone", "--quiet", "--local", "--no-hardlinks"])
            .args(&[&root(), place])
            .run()?;
        for command in commands {
            let name = format!("cargo {} in {}", command.join(" "), place.display());
            let step =
                cargo(&name, command).directory(place).env("HOME", &home).env("XDG_CONFIG_HOME", home.join(".config"));
            let step = toolchain().into_iter().fold(step, |step, (name, value)| step.env(name, value));
            let step = step.env("CARGO_TARGET_DIR", options.target.clone().unwrap_or_else(|| place.join("target")));
            step.run()?;
        }
        tried += 1;
        if options.target.is_none() {
            let _ = fs::remove_dir_all(place.join("target"));
        }
    }
    println!("\n{tried} places, {} commands in each, all passed", commands.len());
    Ok(())
}

/// Where toolchain and crates are: found below the home otherwise, which is another one.
fn toolchain() -> Vec<(&'static str, OsString)> {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")]
        .into_iter()
        .filter_map(|(name, below)| {
            let folder = env::var_os(name).map_or_else(|| home.join(below), PathBuf::from);
            folder.is_dir().then(|| (name, folder.into_os_string()))
        })
        .collect()
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, Failed> {
        let mut options = Self { quick: false, only: None, target: None };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| Failed(format!("{argument} without a value")));
            match argument.as_str() {
                "--quick" => options.quick = true,
                "--only" => options.only = value()?.parse().ok(),
                "--target-dir" => {
                    let folder = Path::new(value()?);
                    options.target = Some(std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()));
                }
                _ => return Err(Failed(format!("the unknown argument {argument}"))),
            }
        }
        Ok(options)
    }
}
