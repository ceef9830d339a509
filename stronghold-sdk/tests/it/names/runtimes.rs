//! Every capital word that a runtime holds, as a secret's name in the environment of a program that it runs: nothing else runs.

use super::{
    enumerate::{self, Names},
    trial::{self, MARK, Place, Start},
};
use std::{fs, path::Path, process::Command};
use stronghold_sdk::format::names::AllowedNames;

/// A runtime, a program of its that comes to its end, and values by which it could run something else.
struct Runtime {
    program: &'static str,
    /// Prints the files that its process has mapped.
    maps: &'static str,
    /// Loads something, and says that it came to its end.
    script: &'static str,
    /// What it would load, by the names under which it would look for it, and what leaves a mark in its language.
    files: &'static [&'static str],
    mark: &'static str,
    /// Values beside `{file}` and `{folder}`.
    values: &'static [&'static str],
    /// Names that run something if they are allowed.
    known: &'static [&'static str],
}

const RUNTIMES: &[Runtime] = &[
    Runtime {
        program: "node",
        maps: "process.stdout.write(require('fs').readFileSync('/proc/self/maps'))",
        script: "require('child_process').execFileSync('/bin/true'); try { require('stronghold-probe') } catch {}\
            console.log('came to its end')",
        files: &["stronghold-probe.js", "index.js"],
        mark: "require('fs').writeFileSync(process.env.STRONGHOLD_MARK, '');",
        values: &["--require {file}", "--require={file}", "-r {file}"],
        known: &["NODE_OPTIONS", "NODE_PATH", "LD_PRELOAD"],
    },
    Runtime {
        program: "python3",
        maps: "print(open('/proc/self/maps').read())",
        script: "import json, os, warnings, encodings.idna\nprint('came to its end')",
        files: &["sitecustomize.py", "usercustomize.py", "json.py", "stronghold_probe.py"],
        mark: "import os\nopen(os.environ['STRONGHOLD_MARK'], 'w')\n",
        values: &["ignore::stronghold_probe.X", "stronghold_probe.x"],
        known: &["PYTHONPATH", "LD_PRELOAD"],
    },
    Runtime {
        program: "perl",
        maps: "open F, '/proc/self/maps'; print <F>",
        script: "use strict; use warnings; use POSIX; print \"came to its end\\n\"",
        files: &["strict.pm", "warnings.pm", "POSIX.pm", "Probe.pm", "perl5db.pl"],
        mark: "open(F, '>', $ENV{STRONGHOLD_MARK}); close F; 1;\n",
        values: &["-I{folder} -MProbe", "-d", "-Mstrict;{file}", "BEGIN { require '{file}' }"],
        known: &["PERL5OPT", "PERL5LIB", "LD_PRELOAD"],
    },
    Runtime {
        program: "ruby",
        maps: "print File.read('/proc/self/maps')",
        script: "require 'json'; require 'set'; puts 'came to its end'",
        files: &["json.rb", "set.rb", "rubygems.rb", "probe.rb"],
        mark: "File.write(ENV['STRONGHOLD_MARK'], '')\n",
        values: &["-r{file}", "-I{folder} -rprobe"],
        known: &["RUBYOPT", "RUBYLIB", "LD_PRELOAD"],
    },
];

/// The switch behind which each takes a program as an argument.
fn with_program(program: &str, text: &str) -> Command {
    let mut command = Command::new(program);
    command.args([if program == "python3" { "-c" } else { "-e" }, text]);
    command
}

/// A library that leaves a mark when anything loads it.
fn library(place: &Place) -> String {
    let source = place.file(
        "mark.c",
        &format!(
            "#include <stdlib.h>\n#include <fcntl.h>\n__attribute__((constructor)) static void mark(void) {{\n\
             const char *at = getenv(\"{MARK}\"); if (at) open(at, O_CREAT | O_WRONLY, 0600); }}\n"
        ),
    );
    let built = place.path().join("mark.so");
    let done = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&built).arg(&source).status();
    assert!(done.unwrap().success(), "the library is built");
    built.to_str().unwrap().to_owned()
}

/// What a runtime's own files, and what is behind the program's name, hold of capital words.
fn names_of(runtime: &Runtime) -> Names {
    let place = Place::new();
    let mut command = with_program(runtime.program, runtime.maps);
    place.bare(&mut command);
    let maps = String::from_utf8(trial::run(&mut command, b"")).unwrap();
    let files = enumerate::mapped(&maps);
    assert!(!files.is_empty(), "{} tells what it has mapped", runtime.program);
    files.iter().filter_map(|file| fs::read(file).ok()).flat_map(|bytes| enumerate::capital_words(&bytes)).collect()
}

fn filled(text: &str, place: &Place, file: &Path) -> String {
    let folder = place.path().join("folder");
    text.replace("{file}", file.to_str().unwrap()).replace("{folder}", folder.to_str().unwrap())
}

#[test]
fn nothing_runs_when_a_runtime_starts_as_a_child() {
    for runtime in RUNTIMES {
        let names = names_of(runtime);
        let place = Place::new();
        for file in runtime.files {
            place.file(&format!("folder/{file}"), runtime.mark);
        }
        let file = place.path().join("folder").join(runtime.files[0]);
        let mut values: Vec<String> =
            ["{file}", "{folder}"].iter().chain(runtime.values).map(|value| filled(value, &place, &file)).collect();
        values.push(library(&place));
        let command = || with_program(runtime.program, runtime.script);
        let start = Start { place: &place, command: &command, input: b"", end: b"came to its end\n" };
        let known: Names = runtime.known.iter().map(|name| (*name).to_owned()).collect();
        let all: AllowedNames = runtime.known.iter().copied().collect();
        let mut seen = Names::new();
        for value in &values {
            let ran = start.running(&names, value, &AllowedNames::default());
            assert!(ran.is_empty(), "{} runs {value} of {ran:?}", runtime.program);
            seen.extend(start.running(&known, value, &all));
        }
        assert_eq!(seen, known, "the trial sees what runs where it is allowed: {}", runtime.program);
        println!("{}: {} names, {} values", runtime.program, names.len(), values.len());
    }
}

/// git runs what its variables say at many places; a repository with a commit, a difference, a remote and an editor is gone
/// through.
#[test]
fn nothing_runs_when_git_starts_as_a_child() {
    let names: Names = enumerate::capital_words(&fs::read(enumerate::on_path("git")).unwrap());
    assert!(names.contains("GIT_SSH_COMMAND"));
    let place = Place::new();
    let touch = format!("/bin/touch \"${MARK}\"");
    let script = place.file("script", &format!("#!/bin/sh\n{touch}\n"));
    place.file("folder/ssh", &format!("#!/bin/sh\n{touch}\n"));
    place.file("folder/git-log", &format!("#!/bin/sh\n{touch}\n"));
    place.file("folder/.gitconfig", &format!("[core]\npager = {touch}\nfsmonitor = {touch}\n"));
    let config = place.file("config", &format!("[core]\nfsmonitor = {touch}\nsshCommand = {touch}\n"));
    let work = "rm -rf \"$HOME/work\"; mkdir \"$HOME/work\"; cd \"$HOME/work\" && git init -q . && echo a > f && git add f && \
        git -c user.name=n -c user.email=e@e commit -q -m m; echo b > f; git status; git diff; git log -1; git log -p -1; \
        git -c user.name=n -c user.email=e@e commit -a; git tag -a v; git ls-remote ssh://h.invalid/x; \
        git ls-remote git://h.invalid/x; git ls-remote https://h.invalid/x; git help git; git var -l; \
        echo came to its end";
    let command = || {
        let mut command = Command::new("sh");
        command.args(["-c", work]);
        command
    };
    let start = Start { place: &place, command: &command, input: b"", end: b"came to its end\n" };
    let known: Names = ["GIT_SSH_COMMAND", "GIT_EXTERNAL_DIFF", "GIT_EDITOR"].map(str::to_owned).into();
    let all: AllowedNames = known.iter().cloned().collect();
    let mut seen = Names::new();
    for value in [
        touch,
        script.to_str().unwrap().to_owned(),
        config.to_str().unwrap().to_owned(),
        place.path().join("folder").to_str().unwrap().to_owned(),
    ] {
        let ran = start.running(&names, &value, &AllowedNames::default());
        assert!(ran.is_empty(), "git runs {value} of {ran:?}");
        seen.extend(start.running(&known, &value, &all));
    }
    assert_eq!(seen, known, "the trial sees what runs where it is allowed");
    println!("git: {} names", names.len());
}
