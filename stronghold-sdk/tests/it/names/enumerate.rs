//! The names that a program has, asked of the program itself: of what it prints, and of its own bytes.

use crate::readers;
use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Names of variables.
pub(super) type Names = BTreeSet<String>;

/// What a shell calls its variables: by all the ways in which shells list them, and all capital words in its own file.
pub(super) fn of_shell(program: &str) -> Names {
    let mut names = Names::new();
    for listing in ["set", "typeset", "typeset -p", "declare -p", "export -p", "readonly -p", "compgen -v"] {
        names.extend(words(&output(readers::shell_command(program).args(["-c", listing]))));
    }
    let mut files = vec![on_path(program)];
    if program == "zsh" {
        let list = "for module in $^module_path/zsh/**/*.so(N); do print -r -- $module; done";
        let modules = output(readers::shell_command(program).args(["-c", list]));
        files.extend(String::from_utf8_lossy(&modules).lines().map(PathBuf::from));
        let all = "for module in $^module_path/zsh/**/*.so(N:r); do zmodload zsh/${module##*/zsh/} 2>/dev/null; done; \
            print -l ${(k)parameters}";
        names.extend(words(&output(readers::shell_command(program).args(["-c", all]))));
    }
    for file in files {
        names.extend(capital_words(&fs::read(&file).unwrap()));
    }
    // What the machinery of the tests itself needs.
    names.retain(|name| !name.starts_with("STRONGHOLD_"));
    names
}

/// Every word of a listing that could be a name, whatever stands around it.
fn words(listing: &[u8]) -> Names {
    let text = String::from_utf8_lossy(listing);
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_.".contains(c);
    let words = text.split(|c: char| !is_part(c)).map(|word| word.trim_end_matches('.'));
    words.filter(|word| is_name(word)).map(str::to_owned).collect()
}

/// Every text of a file that ends where a C string or the name in an assignment ends, and could be the name of a variable.
pub(super) fn capital_words(bytes: &[u8]) -> Names {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let mut names = Names::new();
    let mut start = None;
    for (at, byte) in bytes.iter().enumerate() {
        if is_part(*byte) {
            start.get_or_insert(at);
            continue;
        }
        if let Some(start) = start.take()
            && (3..=40).contains(&(at - start))
            && let Ok(word) = std::str::from_utf8(&bytes[start..at])
            && is_name(word)
        {
            names.insert(word.to_owned());
        }
    }
    names
}

fn is_name(word: &str) -> bool {
    !word.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit()) && word.len() <= 40
}

fn output(command: &mut Command) -> Vec<u8> {
    // A listing that a shell does not know is an error of that shell's, and of no use.
    command.env_clear().env("PATH", env::var_os("PATH").unwrap()).output().unwrap().stdout
}

/// Where a program lies.
pub(super) fn on_path(program: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap();
    let found = env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
    let found = found.unwrap_or_else(|| panic!("{program} is not installed: run `cargo xtask test`"));
    fs::canonicalize(found).unwrap()
}

/// The files that a process has mapped, of what its own `/proc/self/maps` says.
pub(super) fn mapped(maps: &str) -> Vec<PathBuf> {
    let files: BTreeSet<&str> = maps.lines().filter_map(|line| line.find('/').map(|at| &line[at..])).collect();
    files.into_iter().map(Path::new).filter(|file| file.is_file()).map(Path::to_path_buf).collect()
}
