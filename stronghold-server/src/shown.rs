//! What the server's program says: results on standard output, its log and failures on standard error.
//!
//! What clients send reaches the log, in a refusal's reason or a header that cannot be read. It is escaped here, where it is
//! written ([`stronghold_protocol::visible`]), so that no line of the log can be faked and no terminal steered.

use crate::{
    config::{LogFormat, ServeArguments},
    log::LogThrottle,
};
use std::{
    borrow::Cow,
    io::{self, Write},
};
use stronghold_protocol::visible;
use tracing_subscriber::{
    Layer,
    filter::{EnvFilter, FilterExt, ParseError},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Starts the log of a server, on standard error, and bounded by `throttle`.
///
/// # Errors
/// [`ParseError`] when the filter that was asked for is none.
pub fn start_log(arguments: &ServeArguments, throttle: &LogThrottle) -> Result<(), ParseError> {
    let filter = EnvFilter::try_new(arguments.log_filter())?.and(throttle.clone());
    let format = arguments.log_format;
    let lines = tracing_subscriber::fmt::layer().with_writer(move || Log { format });
    match format {
        LogFormat::Text => tracing_subscriber::registry().with(lines.with_ansi(false).with_filter(filter)).init(),
        LogFormat::Json => tracing_subscriber::registry().with(lines.json().with_filter(filter)).init(),
    }
    Ok(())
}

/// Prints a line of a result.
///
/// # Errors
/// [`io::Error`] when standard output cannot be written.
#[expect(clippy::disallowed_methods, reason = "this is the one place that prints")]
pub fn print_line(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", visible::line(line))?;
    out.flush()
}

/// Says a line to whoever started the program. There is nobody to tell when standard error is gone.
pub fn say_line(line: &str) {
    let _ = write_error(&format!("{}\n", visible::line(line)));
}

/// An event of the log as it is written: one line, in which nothing acts on what shows it.
#[must_use]
pub fn event(text: &str, format: LogFormat) -> Cow<'_, str> {
    match format {
        LogFormat::Text => visible::line(text),
        LogFormat::Json => visible::json(text),
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that prints")]
fn write_error(text: &str) -> io::Result<()> {
    let mut error = io::stderr().lock();
    error.write_all(text.as_bytes())?;
    error.flush()
}

/// Takes the events of the log, each at once and ended by a line feed.
struct Log {
    format: LogFormat,
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        write_error(&format!("{}\n", event(text.strip_suffix('\n').unwrap_or(&text), self.format)))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
