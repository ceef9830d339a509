//! What comes in beside arguments: variables, standard input, files, prompts.

use crate::{args::Global, failure::Failure};
use std::{
    env::{self, VarError},
    fs::File,
    io::{self, IsTerminal, Read},
    path::Path,
};
use zeroize::Zeroizing;

/// A variable of the environment; a blank one counts as unset. One that is not text is refused: to pass over a damaged
/// token would be to act as somebody else.
pub(crate) fn variable(name: &str) -> Result<Option<String>, Failure> {
    Ok(text_variable(name)?.filter(|value| !value.trim().is_empty()))
}

fn text_variable(name: &str) -> Result<Option<String>, Failure> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Failure::refused(format!("{name} is not UTF-8 text"))),
    }
}

/// A flag's or its variable's text; a blank one counts as unset.
pub(crate) fn given(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// A secret word of a flag or its variable, where `-` is standard input; `missing` says what to do where there is none.
pub(crate) fn given_word(
    text: Option<&String>,
    missing: impl FnOnce() -> Failure,
) -> Result<Zeroizing<String>, Failure> {
    match given(text) {
        Some("-") => word(&standard_input(64 * 1024)?, "standard input"),
        Some(text) => Ok(Zeroizing::new(text.to_owned())),
        None => Err(missing()),
    }
}

/// All of standard input, at most `limit` bytes.
pub(crate) fn standard_input(limit: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    read_at_most(io::stdin().lock(), limit, "standard input")
}

/// All of a file, or of standard input for `-`, at most `limit` bytes.
pub(crate) fn file(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if path.as_os_str() == "-" {
        return standard_input(limit);
    }
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| Failure::local(format!("{name} cannot be read"), &error))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(Failure::invalid(format!("{name} is a folder, not a file")));
    }
    read_at_most(file, limit, &name)
}

/// A single secret word, from a file or standard input: without the line's end.
pub(crate) fn word(bytes: &[u8], what: &str) -> Result<Zeroizing<String>, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|_| Failure::invalid(format!("{what} is not UTF-8 text")))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::invalid(format!("{what} is empty")));
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// A password: from standard input, `API_STRONGHOLD_PASSWORD`, or a prompt; never without a terminal.
pub(crate) fn password(from_stdin: bool, twice: bool) -> Result<Zeroizing<String>, Failure> {
    if from_stdin {
        let bytes = standard_input(64 * 1024)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Failure::invalid("the password is not UTF-8 text"))?;
        let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        return non_empty(Zeroizing::new(line.to_owned()));
    }
    if let Some(password) = text_variable("API_STRONGHOLD_PASSWORD")? {
        return non_empty(Zeroizing::new(password));
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "a password is needed, and there is no terminal to ask on: set API_STRONGHOLD_PASSWORD or use --password-stdin",
        ));
    }
    if twice { ask_twice("Password") } else { ask("Password: ") }
}

/// The password so far and the next one: two lines of standard input, `API_STRONGHOLD_PASSWORD` and
/// `API_STRONGHOLD_NEW_PASSWORD`, or prompts for what is not set; never without a terminal.
pub(crate) fn old_and_new_password(from_stdin: bool) -> Result<(Zeroizing<String>, Zeroizing<String>), Failure> {
    if from_stdin {
        let bytes = standard_input(64 * 1024)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Failure::invalid("a password is not UTF-8 text"))?;
        let mut lines = text.lines().map(|line| Zeroizing::new(line.to_owned()));
        return match (lines.next(), lines.next(), lines.next()) {
            (Some(old), Some(new), None) => Ok((non_empty(old)?, non_empty(new)?)),
            _ => Err(Failure::invalid("standard input must be two lines: the password so far, then the new one")),
        };
    }
    let known = |name: &str| text_variable(name).map(|value| value.map(Zeroizing::new));
    let (old, new) = (known("API_STRONGHOLD_PASSWORD")?, known("API_STRONGHOLD_NEW_PASSWORD")?);
    if (old.is_none() || new.is_none()) && !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "two passwords are needed, and there is no terminal to ask on: set API_STRONGHOLD_PASSWORD and \
             API_STRONGHOLD_NEW_PASSWORD, or use --password-stdin",
        ));
    }
    let old = old.map_or_else(|| ask("Password so far: "), non_empty)?;
    let new = new.map_or_else(|| ask_twice("New password"), non_empty)?;
    Ok((old, new))
}

fn ask_twice(what: &str) -> Result<Zeroizing<String>, Failure> {
    let first = ask(&format!("{what}: "))?;
    if *ask(&format!("{what} again: "))? == *first {
        Ok(first)
    } else {
        Err(Failure::invalid("the two passwords differ"))
    }
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let typed = rpassword::prompt_password(prompt).map(Zeroizing::new);
    non_empty(typed.map_err(|error| Failure::local("the password cannot be read", &error))?)
}

/// Asks for a yes where a person is there to give it.
pub(crate) fn confirm(question: &str, yes: bool, global: &Global) -> Result<(), Failure> {
    confirm_or(question, yes, global, "Say --yes to do it.")
}

/// Likewise, where something else than `--yes` answers too: `otherwise` says what to do where nobody can be asked.
pub(crate) fn confirm_or(question: &str, yes: bool, global: &Global, otherwise: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if global.is_json() || !io::stdin().is_terminal() {
        return Err(Failure::usage(format!("{question} {otherwise}")));
    }
    let mut answer = String::new();
    eprint_prompt(&format!("{question} [y/N] "));
    io::stdin().read_line(&mut answer).map_err(|error| Failure::local("the answer cannot be read", &error))?;
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(Failure::invalid("nothing was done")) }
}

fn eprint_prompt(text: &str) {
    use io::Write;
    let mut stderr = io::stderr().lock();
    // A prompt that cannot be shown is answered no by whoever does not see it.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

fn non_empty(password: Zeroizing<String>) -> Result<Zeroizing<String>, Failure> {
    if password.is_empty() { Err(Failure::invalid("the password is empty")) } else { Ok(password) }
}

fn read_at_most(reader: impl Read, limit: usize, name: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    reader
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::local(format!("{name} cannot be read"), &error))?;
    if bytes.len() > limit {
        return Err(Failure::invalid(format!("{name} is larger than {limit} bytes")));
    }
    Ok(bytes)
}
