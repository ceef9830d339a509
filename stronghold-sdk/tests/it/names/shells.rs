//! Every variable that a shell has, as a secret's name: whatever its value, nothing runs.

use super::{
    enumerate::{self, Names},
    trial::{self, MARK, PROBE, Place, Start},
};
use crate::readers::{self, SHELLS};
use std::{fs, process::Command, thread};
use stronghold_sdk::format::{self, Format, names::AllowedNames};

/// Names that run something in one shell or another if they are allowed: the trials themselves are held against them.
const KNOWN: &[&str] =
    &["BASH_ENV", "ENV", "HISTCMD", "HOME", "OPTIND", "PATH", "PERIOD", "PROMPT_COMMAND", "PS1", "RANDOM", "ZDOTDIR"];

/// The ways in which shells run what they should only keep.
fn values(place: &Place) -> Vec<String> {
    let touch = format!("/bin/touch \"${MARK}\"");
    let script = place.file("script", &format!("#!/bin/sh\n{touch}\n"));
    for file in [PROBE, ".zshenv", ".zshrc", ".zprofile", ".bashrc", ".profile", ".mkshrc", ".kshrc", ".shrc"] {
        place.file(&format!("folder/{file}"), &format!("#!/bin/sh\n{touch}\n"));
    }
    vec![
        // Arithmetic, and what expands prompts and messages.
        format!("_[$({touch})]"),
        format!("a[`{touch}`]"),
        // What is run as a command.
        touch,
        // What is read as a file, or run as a program.
        script.to_str().unwrap().to_owned(),
        // What is looked through for commands, functions or start files.
        place.path().join("folder").to_str().unwrap().to_owned(),
    ]
}

/// What a script does next: commands, a pipe, a subshell, and a child of its own kind.
fn what_follows(program: &str) -> String {
    let path = enumerate::on_path(program);
    let shell = if program == "busybox" { format!("{} sh", path.display()) } else { path.display().to_string() };
    format!(":; x=1; : \"$x\"; cd /; {PROBE}; /bin/true; (:); {shell} -c :")
}

/// How a shell reads what we wrote.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// `eval "$(env pull --format shell)"`
    EvalShell,
    /// `. ./secrets.sh`
    SourceShell,
    /// `set -a; . ./.env`
    SourceDotenv,
}

impl Way {
    const fn format(self) -> Format {
        match self {
            Self::EvalShell | Self::SourceShell => Format::Shell,
            Self::SourceDotenv => Format::Dotenv,
        }
    }
}

/// The names that run something when a shell reads them with this value, each in a subshell of its own.
fn running(program: &str, names: &Names, value: &str, way: Way, allowed: &AllowedNames) -> Names {
    let place = Place::new();
    let (mut script, next) = (Vec::new(), what_follows(program));
    for name in names {
        let entry = [(name.as_str(), value.as_bytes())];
        let Ok(written) = format::write(way.format(), entry.into_iter(), allowed) else { continue };
        let file = place.path().join(format!("file-{name}"));
        fs::write(&file, &written.text).unwrap();
        let text = String::from_utf8(written.text.to_vec()).unwrap();
        let read = match way {
            Way::EvalShell => format!("eval '{}'", text.replace('\'', "'\\''")),
            Way::SourceShell => format!(". {}", file.display()),
            Way::SourceDotenv => format!("set -a; . {}", file.display()),
        };
        let mark = place.mark(name);
        let trial =
            format!("{MARK}={}; export {MARK}\n({read}\n{next}\n) </dev/null >/dev/null 2>&1\n", mark.display());
        script.extend(trial.into_bytes());
    }
    script.extend(b"echo came to its end\n");
    let file = place.path().join("trials");
    fs::write(&file, &script).unwrap();
    let mut command = readers::shell_command(program);
    place.bare(&mut command);
    let printed = trial::run(command.arg(&file), b"");
    assert!(printed.ends_with(b"came to its end\n"), "{program} did not read all");
    place.take_marks()
}

#[test]
fn nothing_runs_when_a_shell_reads_what_was_written() {
    let known: Names = KNOWN.iter().map(|name| (*name).to_owned()).collect();
    let all: AllowedNames = KNOWN.iter().copied().collect();
    let none = AllowedNames::default();
    thread::scope(|scope| {
        for program in SHELLS {
            let (known, all, none) = (&known, &all, &none);
            scope.spawn(move || {
                let place = Place::new();
                let values = values(&place);
                let names = enumerate::of_shell(program);
                assert!(
                    ["PATH", "IFS", "PS1"].iter().all(|name| names.contains(*name)),
                    "{program} lists its variables"
                );
                let mut seen = Names::new();
                for value in &values {
                    for way in [Way::EvalShell, Way::SourceShell, Way::SourceDotenv] {
                        seen.extend(running(program, known, value, way, all));
                    }
                    for way in [Way::EvalShell, Way::SourceDotenv] {
                        let ran = running(program, &names, value, way, none);
                        assert!(ran.is_empty(), "{program} runs {value} by {way:?} of {ran:?}");
                    }
                }
                assert!(seen.contains("PATH"), "the trial sees what runs where it is allowed: {program}, {seen:?}");
                assert!(seen.contains("RANDOM") || !["bash", "zsh", "mksh"].contains(program), "{program}: {seen:?}");
                println!("{program}: {} names, {} ways each; if allowed, {seen:?} run", names.len(), 2 * values.len());
            });
        }
    });
}

#[test]
fn nothing_runs_when_a_shell_starts_as_a_child() {
    let mut names = Names::new();
    for program in SHELLS {
        names.extend(enumerate::of_shell(program));
    }
    let known: Names = KNOWN.iter().map(|name| (*name).to_owned()).collect();
    let all: AllowedNames = KNOWN.iter().copied().collect();
    let place = Place::new();
    let values = values(&place);
    for program in SHELLS {
        let mut seen = Names::new();
        for arguments in [["-c"].as_slice(), &["-i"], &["-x", "-c"]] {
            let next = format!("{}; echo came to its end\n:\nexit\n", what_follows(program));
            // zsh reads its start files here, unlike in the trials of what is sourced: a child of `env run` does.
            let command = || {
                let mut command = Command::new(enumerate::on_path(program));
                command.args((*program == "busybox").then_some("sh")).args(arguments);
                command.args(arguments.ends_with(&["-c"]).then_some(&next));
                command
            };
            let start = Start { place: &place, command: &command, input: next.as_bytes(), end: b"came to its end\n" };
            for value in &values {
                let ran = start.running(&names, value, &AllowedNames::default());
                assert!(ran.is_empty(), "{program} {arguments:?} runs {value} of {ran:?}");
                seen.extend(start.running(&known, value, &all));
            }
        }
        assert!(seen.len() > 1, "the trial sees what runs where it is allowed: {program}, {seen:?}");
        println!("{program}: {} names; if allowed, {seen:?} run", names.len());
    }
}
