//! dotenv: read as Node's `dotenv` reads it, written so that all readers that we know, and shells, read the same.
//!
//! There is no standard, and readers differ in escapes, quotes, comments and expansion. Reading follows Node's rules, without
//! its two silent ones: a line that it would pass over, and a name that is set again to another value, are errors. `${X}`
//! is never interpolated. Writing uses only what all readers take alike (Node's `dotenv`, `python-dotenv`, Ruby's, and
//! bash, dash, zsh, ksh and busybox when they source the file), and refuses the rest: no escapes, `$` and backticks in single
//! quotes on one line only. A reader that knows no values of several lines gets them wrong, but runs nothing of them.

use super::{
    Entries, Format, FormatError, Note, ParseError,
    names::{AllowedNames, is_variable},
};
use zeroize::Zeroizing;

/// Reads a dotenv file.
///
/// An optional byte-order mark; lines end in LF, CRLF or CR; `NAME=value` or `NAME: value`, with `export` before it or not;
/// values bare (up to `#`, trimmed), in single quotes or backticks (as they are) or in double quotes (`\n` and `\r` are
/// expanded), over several lines where quoted; `#` comments.
///
/// # Errors
/// [`ParseError`] when a line is no assignment, or a name is set again to another value.
pub fn parse(bytes: &[u8]) -> Result<Entries, ParseError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        ParseError::NotText { line: 1 + before.iter().filter(|byte| **byte == b'\n').count() }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = Zeroizing::new(text.replace("\r\n", "\n").replace('\r', "\n"));
    let mut entries: Entries = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let line = 1 + text.get(..text.len() - rest.len()).map_or(0, |before| before.matches('\n').count());
        let (current, next) = rest.split_once('\n').unwrap_or((rest, ""));
        let content = current.trim();
        if content.is_empty() || content.starts_with('#') {
            rest = next;
            continue;
        }
        let (name, after) = split_name(rest.trim_start()).ok_or(ParseError::NotAnAssignment { line })?;
        let (value, after) = take_value(after);
        add(&mut entries, name, value, line)?;
        rest = after;
    }
    Ok(entries)
}

/// Splits `NAME=` or `NAME: ` off, and `export ` before it.
fn split_name(text: &str) -> Option<(&str, &str)> {
    let exported = text.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).map(str::trim_start);
    exported.and_then(split_plain_name).or_else(|| split_plain_name(text))
}

fn split_plain_name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|character: char| !is_name_character(character)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    if name.is_empty() {
        return None;
    }
    match rest.trim_start_matches([' ', '\t']).strip_prefix('=') {
        Some(value) => Some((name, value)),
        None => rest.strip_prefix(':').filter(|value| value.starts_with([' ', '\t'])).map(|value| (name, value)),
    }
}

/// Takes the value off what follows the `=`. Returns the rest from the next line on.
fn take_value(text: &str) -> (Zeroizing<String>, &str) {
    let text = text.trim_start_matches([' ', '\t']);
    if let Some(quote @ ('\'' | '"' | '`')) = text.chars().next()
        && let Some((inner, rest)) = take_quoted(text, quote)
    {
        let value = if quote == '"' { inner.replace("\\n", "\n").replace("\\r", "\r") } else { inner.to_owned() };
        return (Zeroizing::new(value), rest);
    }
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let bare = line.split_once('#').map_or(line, |(value, _)| value).trim();
    (Zeroizing::new(unquoted(bare).to_owned()), rest)
}

/// Finds the closing quote: the first that no backslash stands before, else the last that one does, provided that only a
/// comment follows it on its line.
fn take_quoted(text: &str, quote: char) -> Option<(&str, &str)> {
    let inner = text.get(1..)?;
    let mut candidates = Vec::new();
    let mut escaped = false;
    for (at, character) in inner.char_indices() {
        if character == quote {
            candidates.push(at);
            if !escaped {
                break;
            }
        }
        escaped = character == '\\';
    }
    candidates.into_iter().rev().find_map(|at| {
        let after = inner.get(at + 1..)?;
        let (line, rest) = after.split_once('\n').unwrap_or((after, ""));
        let ends = line.trim_start();
        (ends.is_empty() || ends.starts_with('#')).then_some((inner.get(..at)?, rest))
    })
}

/// A bare value that begins and ends with the same quote loses it, as in Node.
fn unquoted(bare: &str) -> &str {
    let quoted = ['\'', '"', '`']
        .into_iter()
        .find_map(|quote| bare.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)));
    quoted.unwrap_or(bare)
}

fn add(entries: &mut Entries, name: &str, value: Zeroizing<String>, line: usize) -> Result<(), ParseError> {
    let value = Zeroizing::new(value.as_bytes().to_vec());
    match entries.iter().find(|(known, _)| known == name) {
        Some((_, before)) if *before == value => {}
        Some(_) => return Err(ParseError::Duplicate { line, name: name.to_owned() }),
        None => entries.push((name.to_owned(), value)),
    }
    Ok(())
}

/// Appends the entries to `out`, and to `notes` what some readers will not take as it is.
pub(super) fn write(
    entries: &[(&str, &[u8])],
    allowed: &AllowedNames,
    out: &mut Vec<u8>,
    notes: &mut Vec<Note>,
) -> Result<(), FormatError> {
    for (name, value) in entries {
        if name.is_empty() || !name.chars().all(is_name_character) {
            return Err(FormatError::Name {
                name: (*name).to_owned(),
                format: Format::Dotenv,
                why: "names are letters, digits, '_', '.' and '-'; use --format json",
            });
        }
        let refused = |why| FormatError::Value { name: (*name).to_owned(), format: Format::Dotenv, why };
        let text = std::str::from_utf8(value).map_err(|_| refused("it is binary; use --format json"))?;
        let quote = form_of(text).map_err(refused)?.quote();
        let hidden = text.lines().skip(1).filter_map(assigned).find_map(|assigned| allowed.refused(assigned));
        if hidden.is_some() {
            return Err(refused(
                "a line of it reads as an assignment to a name on which shells or programs act; use --format json or \
                 --format shell",
            ));
        }
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        out.extend(quote);
        out.extend_from_slice(value);
        out.extend(quote);
        out.push(b'\n');
    }
    let names = |of: &dyn Fn(&str, &[u8]) -> bool| -> Vec<String> {
        entries.iter().filter(|(name, value)| of(name, value)).map(|(name, _)| (*name).to_owned()).collect()
    };
    let expanded = names(&|_, value| value.contains(&b'$'));
    if !expanded.is_empty() {
        notes.push(Note::ExpandedInQuotes(expanded));
    }
    let no_variables = names(&|name, _| !is_variable(name));
    if !no_variables.is_empty() {
        notes.push(Note::NotVariables(no_variables));
    }
    Ok(())
}

/// The name that a line of a value sets for readers that go line by line.
fn assigned(line: &str) -> Option<&str> {
    split_name(line.trim_start()).map(|(name, _)| name)
}

/// How a value stands after the `=`: in each of them as it is, without an escape, since no escape means the same to all.
#[derive(Clone, Copy)]
enum Form {
    Bare,
    Single,
    Double,
}

impl Form {
    const fn quote(self) -> Option<u8> {
        match self {
            Self::Bare => None,
            Self::Single => Some(b'\''),
            Self::Double => Some(b'"'),
        }
    }
}

/// The form that every reader, and a shell that sources the file, takes for exactly this value; or what stands in its way.
fn form_of(value: &str) -> Result<Form, &'static str> {
    if !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "_./:@%+,-".contains(c)) {
        return Ok(Form::Bare);
    }
    if value.contains('\0') {
        return Err("it holds a NUL byte; use --format json");
    }
    // Node's and Python's readers turn it into a line feed, and only those two know an escape for it.
    if value.contains('\r') {
        return Err(
            "readers of dotenv files turn its carriage returns into line feeds; use --format json or --format shell",
        );
    }
    // Readers that go line by line, as older ones of Ruby and Docker's do, know no quotes around several lines: what stands
    // in them stands bare.
    if value.contains('\n') && value.contains(['$', '`']) {
        return Err(
            "it has several lines and a $ or backtick, on which readers that go line by line act; use --format json or \
             --format shell",
        );
    }
    // In double quotes most readers act on these.
    let double = !value.contains(['"', '$', '`', '\\']);
    // python-dotenv unescapes `\\` here, and Node's and Ruby's readers take a backslash before the closing quote for one that
    // keeps it open.
    let single = !value.contains('\'') && !value.contains("\\\\") && !value.ends_with('\\');
    // Of a value with several lines, PHP's reader takes double quotes only.
    match (double, single) {
        (true, false) => Ok(Form::Double),
        (true, true) if value.contains('\n') => Ok(Form::Double),
        (_, true) => Ok(Form::Single),
        (false, false) if value.contains(['$', '`']) => Err(
            "it needs single quotes for its $ or backtick, on which readers act elsewhere, and cannot stand in them; use \
             --format json or --format shell",
        ),
        (false, false) => {
            Err("no quoting of it is read alike by every dotenv reader; use --format json or --format shell")
        }
    }
}

fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-')
}
