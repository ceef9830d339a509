//! What comes in beside arguments: variables, standard input, files, prompts.

use crate::{
    args::{Global, PasswordArgs},
    failure::Failure,
    shown,
};
use std::{
    env::{self, VarError},
    fs::File,
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Longest file or input of a single secret word, in bytes.
pub(crate) const WORD_BYTES: usize = 64 * 1024;

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

/// A secret word that a command needs, and where it may come from.
pub(crate) struct Word<'a> {
    /// What it is, for people: `account key`.
    pub(crate) what: &'static str,
    /// The flag whose value is `-`, and with `-file` behind it the flag of its file: `--account-key`.
    pub(crate) flag: &'static str,
    /// The variable.
    pub(crate) variable: &'static str,
    /// Where people have it from.
    pub(crate) hint: &'static str,
    /// The flag's value.
    pub(crate) given: Option<&'a String>,
    /// The file.
    pub(crate) file: Option<&'a PathBuf>,
}

impl Word<'_> {
    /// Reads it: from standard input for `-`, from its file, from its variable, or from a prompt where there is a terminal.
    ///
    /// As an argument it would be in the shell's history, and in the list of processes that every user of the machine sees: it
    /// is refused there, and not repeated.
    pub(crate) fn read(&self) -> Result<Zeroizing<String>, Failure> {
        let Self { what, flag, variable: name, .. } = *self;
        match given(self.given) {
            Some("-") => return word(&standard_input(WORD_BYTES)?, "standard input"),
            Some(_) => return Err(self.refused()),
            None => {}
        }
        if let Some(path) = self.file {
            return word(&file(path, WORD_BYTES)?, &path.display().to_string());
        }
        if let Some(text) = variable(name)? {
            return Ok(Zeroizing::new(text.trim().to_owned()));
        }
        if !io::stdin().is_terminal() {
            return Err(Failure::usage(format!(
                "your {what} is needed: write {flag} - for standard input, say {flag}-file FILE, or set {name}"
            ))
            .with_hint(self.hint));
        }
        ask_word(what)
    }

    /// The failure of one that was given as an argument, which does not repeat it.
    fn refused(&self) -> Failure {
        let Self { what, flag, variable, .. } = *self;
        Failure::usage(format!(
            "the {what} is no argument: it would be in the shell's history and in the list of processes"
        ))
        .with_hint(format!(
            "Leave {flag} out to be asked for it, write {flag} - for standard input, say {flag}-file FILE, or set {variable}."
        ))
    }
}

/// Asks for a secret word at the terminal.
pub(crate) fn ask_word(what: &str) -> Result<Zeroizing<String>, Failure> {
    let mut prompt = what.to_owned();
    if let Some(first) = prompt.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let typed = shown::ask_secret(&format!("{prompt}: "));
    let typed = typed.map_err(|error| Failure::local(format!("the {what} cannot be read"), &error))?;
    word(typed.as_bytes(), &format!("the {what}"))
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

/// A password: from standard input, a file, `API_STRONGHOLD_PASSWORD`, or a prompt; never without a terminal.
pub(crate) fn password(args: &PasswordArgs, twice: bool) -> Result<Zeroizing<String>, Failure> {
    if let Some(bytes) = of_password(args.password_stdin, args.password_file.as_deref())? {
        let text = std::str::from_utf8(&bytes).map_err(|_| Failure::invalid("the password is not UTF-8 text"))?;
        let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        return non_empty(Zeroizing::new(line.to_owned()));
    }
    if let Some(password) = text_variable("API_STRONGHOLD_PASSWORD")? {
        return non_empty(Zeroizing::new(password));
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "a password is needed, and there is no terminal to ask on: set API_STRONGHOLD_PASSWORD or use --password-stdin or --password-file",
        ));
    }
    if twice { ask_twice("Password") } else { ask("Password: ") }
}

/// What was given of passwords on standard input or in a file.
fn of_password(stdin: bool, path: Option<&Path>) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    match path {
        Some(path) => file(path, WORD_BYTES).map(Some),
        None if stdin => standard_input(WORD_BYTES).map(Some),
        None => Ok(None),
    }
}

/// The password so far and the next one: two lines of standard input or a file, `API_STRONGHOLD_PASSWORD` and
/// `API_STRONGHOLD_NEW_PASSWORD`, or prompts for what is not set; never without a terminal.
pub(crate) fn old_and_new_password(
    stdin: bool,
    file: Option<&Path>,
) -> Result<(Zeroizing<String>, Zeroizing<String>), Failure> {
    if let Some(bytes) = of_password(stdin, file)? {
        let text = std::str::from_utf8(&bytes).map_err(|_| Failure::invalid("a password is not UTF-8 text"))?;
        let mut lines = text.lines().map(|line| Zeroizing::new(line.to_owned()));
        return match (lines.next(), lines.next(), lines.next()) {
            (Some(old), Some(new), None) => Ok((non_empty(old)?, non_empty(new)?)),
            _ => Err(Failure::invalid("two lines are needed: the password so far, then the new one")),
        };
    }
    let known = |name: &str| text_variable(name).map(|value| value.map(Zeroizing::new));
    let (old, new) = (known("API_STRONGHOLD_PASSWORD")?, known("API_STRONGHOLD_NEW_PASSWORD")?);
    if (old.is_none() || new.is_none()) && !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "two passwords are needed, and there is no terminal to ask on: set API_STRONGHOLD_PASSWORD and \
             API_STRONGHOLD_NEW_PASSWORD, or use --password-stdin or --password-file",
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
    non_empty(shown::ask_secret(prompt).map_err(|error| Failure::local("the password cannot be read", &error))?)
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
    shown::ask(&format!("{question} [y/N] "));
    io::stdin().read_line(&mut answer).map_err(|error| Failure::local("the answer cannot be read", &error))?;
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(Failure::invalid("nothing was done")) }
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
