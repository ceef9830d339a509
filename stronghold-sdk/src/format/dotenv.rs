//! dotenv: read as Node's `dotenv` reads it, written so that `python-dotenv` reads the same.
//!
//! There is no standard, and the two readers differ in escapes, quotes and comments. Reading follows Node's rules, without
//! its two silent ones: a line that it would pass over, and a name that is set again to another value, are errors. `${X}`
//! is never interpolated. Writing uses only what both readers take alike, and refuses the rest.

use super::{Entries, Format, FormatError, ParseError};
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

/// Appends the entries to `out`.
pub(super) fn write(entries: &[(&str, &[u8])], out: &mut Vec<u8>) -> Result<(), FormatError> {
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
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        match form_of(text) {
            Some(Form::Bare) => out.extend_from_slice(value),
            Some(Form::Single) => quote(b'\'', text, out),
            Some(Form::Double) => quote(b'"', text, out),
            None => {
                return Err(refused(
                    "no quoting of it is read alike by every dotenv reader; use --format json or --format shell",
                ));
            }
        }
        out.push(b'\n');
    }
    Ok(())
}

enum Form {
    Bare,
    Single,
    Double,
}

/// The first form that both readers take for exactly this value.
fn form_of(value: &str) -> Option<Form> {
    if !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "_./:@%+,-".contains(c)) {
        return Some(Form::Bare);
    }
    if value.contains('\0') {
        return None;
    }
    // python-dotenv unescapes `\\` and `\'` here, Node nothing; both turn a carriage return into a line feed.
    let single = !value.contains(['\'', '\r']) && !value.contains("\\\\") && !value.ends_with('\\');
    if single {
        return Some(Form::Single);
    }
    // Node expands `\n` and `\r` here, python-dotenv more; only those two escapes mean the same to both.
    if !value.contains('"') && !has_escape(value) {
        return Some(Form::Double);
    }
    // Neither unescapes anything here; Node cuts at `#`, both trim.
    let first = value.chars().next().is_none_or(|c| c.is_whitespace() || "'\"`\u{feff}".contains(c));
    let last = value.chars().next_back().is_none_or(|c| c.is_whitespace() || c == '\u{feff}');
    let inner = value.chars().any(|c| c == '#' || c.is_control() || "\u{2028}\u{2029}".contains(c));
    (!first && !last && !inner).then_some(Form::Bare)
}

/// Whether a backslash stands where either reader takes it for an escape in double quotes.
fn has_escape(value: &str) -> bool {
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\\' && characters.peek().is_none_or(|next| "\\'\"abfnrtv".contains(*next) || *next == '\r') {
            return true;
        }
    }
    false
}

fn quote(mark: u8, value: &str, out: &mut Vec<u8>) {
    out.push(mark);
    for byte in value.bytes() {
        // Only double quotes are chosen for a value with a carriage return.
        if byte == b'\r' {
            out.extend_from_slice(b"\\r");
        } else {
            out.push(byte);
        }
    }
    out.push(mark);
}

fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-')
}
