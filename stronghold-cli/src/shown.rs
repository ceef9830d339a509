//! What reaches a terminal: everything that this program prints passes here, and nothing else may print.
//!
//! Names, reasons, paths and what a server says come from others. They are escaped where they are printed
//! ([`stronghold_sdk::protocol::visible`]), not where they are put together, so that no command can forget it; and a line feed
//! within a line is escaped like all else, so that no name can fake a second line. What a person asked for byte by byte, a
//! value, leaves as it is unless standard output is a terminal.
//!
//! `clippy.toml` refuses every other way to print.

use clap::error::{ContextValue, Error as UsageError};
use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
};
use stronghold_sdk::protocol::visible;
use zeroize::Zeroizing;

/// Text for people, line by line. A text that becomes one of the lines is one line, whatever is in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(Vec<String>);

impl Lines {
    /// These lines, then those.
    pub(crate) fn then(mut self, more: impl Into<Self>) -> Self {
        self.0.append(&mut more.into().0);
        self
    }

    /// Adds a line.
    pub(crate) fn push(&mut self, line: impl Into<String>) {
        self.0.push(line.into());
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As it is printed: each line escaped, and ended.
    fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        for line in &self.0 {
            text.push_str(&visible::line(line));
            text.push('\n');
        }
        text
    }
}

/// One line, or none where there is no text.
impl From<String> for Lines {
    fn from(line: String) -> Self {
        if line.is_empty() { Self::default() } else { Self(vec![line]) }
    }
}

impl From<&str> for Lines {
    fn from(line: &str) -> Self {
        line.to_owned().into()
    }
}

impl<const N: usize> From<[String; N]> for Lines {
    fn from(lines: [String; N]) -> Self {
        Self(lines.into())
    }
}

impl From<Vec<String>> for Lines {
    fn from(lines: Vec<String>) -> Self {
        Self(lines)
    }
}

/// Lines of text, each an expression.
macro_rules! lines {
    ($($line:expr),+ $(,)?) => { $crate::shown::Lines::from([$(String::from($line)),+]) };
}
pub(crate) use lines;

impl FromIterator<String> for Lines {
    fn from_iter<I: IntoIterator<Item = String>>(lines: I) -> Self {
        Self(lines.into_iter().collect())
    }
}

/// Whether standard output is a terminal.
#[expect(clippy::disallowed_methods, reason = "this is the one place that prints")]
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether a person sees what is said: whether standard error is a terminal.
#[expect(clippy::disallowed_methods, reason = "this is the one place that prints")]
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Prints lines on standard output. Returns whether there is still somebody who reads.
pub(crate) fn print(lines: &Lines) -> io::Result<bool> {
    if lines.is_empty() {
        return Ok(true);
    }
    write_out(lines.to_text().as_bytes())
}

/// Prints JSON and a line feed on standard output. Likewise.
pub(crate) fn print_json(json: &str) -> io::Result<bool> {
    write_out(Zeroizing::new(format!("{}\n", visible::json(json))).as_bytes())
}

/// Prints what a person asked for byte by byte: as it is, but for a terminal as text that cannot steer it, ended by a line
/// feed. Returns whether any of it had to be escaped.
pub(crate) fn print_value(bytes: &[u8]) -> io::Result<bool> {
    if !is_terminal() {
        write_out(bytes)?;
        return Ok(false);
    }
    let text = Zeroizing::new(of_value(bytes));
    let shown = Zeroizing::new(visible::block(&text).into_owned());
    let escaped = shown.as_bytes() != bytes;
    write_out(shown.as_bytes())?;
    if !shown.ends_with('\n') {
        write_out(b"\n")?;
    }
    Ok(escaped)
}

/// Bytes as text: what is no UTF-8 as `\xNN`.
fn of_value(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing into a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Says lines on standard error. There is nobody to tell when it is gone.
pub(crate) fn say(lines: &Lines) {
    write_err(lines.to_text().as_bytes());
}

/// Says one line on standard error, after a label of ours, which is coloured as its escape code says.
pub(crate) fn say_labelled(label: &str, colour: Option<&str>, text: &str) {
    let label = match colour {
        Some(code) => format!("\u{1b}[{code}m{label}\u{1b}[0m"),
        None => label.to_owned(),
    };
    write_err(format!("{label}: {}\n", visible::line(text)).as_bytes());
}

/// Says JSON on standard error.
pub(crate) fn say_json(json: &str) {
    write_err(format!("{}\n", visible::json(json)).as_bytes());
}

/// Asks a question on standard error, without ending the line.
pub(crate) fn ask(question: &str) {
    // One that cannot be shown is answered no by whoever does not see it.
    write_err(visible::line(question).as_bytes());
}

/// Asks for a secret at the terminal, where what is typed is not shown.
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
pub(crate) fn ask_secret(question: &str) -> io::Result<Zeroizing<String>> {
    rpassword::prompt_password(visible::line(question)).map(Zeroizing::new)
}

/// Prints what the argument parser says: help and version on standard output, all else on standard error.
#[expect(clippy::disallowed_methods, reason = "this is the one place that prints")]
pub(crate) fn usage(error: UsageError) -> i32 {
    let error = without_controls(error);
    let code = error.exit_code();
    let (terminal, to_error) = match error.use_stderr() {
        true => (io::stderr().is_terminal(), true),
        false => (io::stdout().is_terminal(), false),
    };
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let rendered = error.render();
    // What the parser colours it does with escape sequences of its own; the text between them is escaped.
    let text = match terminal && !plain {
        true => with_colours(&rendered.ansi().to_string()),
        false => visible::block(&rendered.to_string()).into_owned(),
    };
    if to_error {
        write_err(text.as_bytes());
    } else {
        let _ = write_out(text.as_bytes());
    }
    code
}

/// An error of the argument parser in which arguments are quoted without what acts on a terminal.
pub(crate) fn without_controls(mut error: UsageError) -> UsageError {
    let context: Vec<_> = error.context().map(|(kind, value)| (kind, value.clone())).collect();
    for (kind, value) in context {
        let shown = match value {
            ContextValue::String(text) => ContextValue::String(visible::line(&text).into_owned()),
            ContextValue::Strings(texts) => {
                ContextValue::Strings(texts.iter().map(|text| visible::line(text).into_owned()).collect())
            }
            other => other,
        };
        error.insert(kind, shown);
    }
    error
}

/// Text with `ESC [ numbers m` left in it, and nothing else that acts.
fn with_colours(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut parts = text.split('\u{1b}');
    shown.push_str(&visible::block(parts.next().unwrap_or_default()));
    for part in parts {
        let colour = part.strip_prefix('[').and_then(|rest| rest.split_once('m'));
        match colour.filter(|(numbers, _)| numbers.bytes().all(|byte| byte.is_ascii_digit() || byte == b';')) {
            Some((numbers, rest)) => {
                shown.push_str("\u{1b}[");
                shown.push_str(numbers);
                shown.push('m');
                shown.push_str(&visible::block(rest));
            }
            None => {
                shown.push_str("\\u{1b}");
                shown.push_str(&visible::block(part));
            }
        }
    }
    shown
}

/// Where the log of this program goes: standard error, an event a line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Log;

impl Write for Log {
    /// Takes the lines of an event at once, as the log's formatter gives them.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let event = text.strip_suffix('\n').unwrap_or(&text);
        write_err(format!("{}\n", visible::line(event)).as_bytes());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes to standard output. A reader that went away is no failure of ours; returns whether there is one.
#[expect(clippy::disallowed_methods, reason = "this is the one place that prints")]
fn write_out(bytes: &[u8]) -> io::Result<bool> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that prints")]
fn write_err(bytes: &[u8]) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(bytes).and_then(|()| stderr.flush());
}
