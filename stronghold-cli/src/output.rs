//! Results on standard output, messages on standard error.

use crate::{args::Global, failure::Failure};
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::ExposeSecret;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, Write},
    time::Duration,
};

/// Where and how a command prints.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    colour: bool,
}

impl Output {
    /// As the flags and the environment say.
    pub(crate) fn new(global: &Global) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
        let forced = set("CLICOLOR_FORCE");
        let colour = !global.no_color && !set("NO_COLOR") && (forced || io::stderr().is_terminal());
        Self { json: global.is_json(), quiet: global.quiet, colour }
    }

    /// JSON, for a command whose flags could not be read.
    pub(crate) const fn json() -> Self {
        Self { json: true, quiet: false, colour: false }
    }

    /// Whether results are JSON.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a result: as JSON, or as the lines that `text` gives.
    pub(crate) fn result(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
        let mut line = if self.json {
            serde_json::to_string_pretty(value)
                .map_err(|error| Failure::local("the result cannot be printed", &error))?
        } else {
            text()
        };
        if line.is_empty() {
            return Ok(());
        }
        if !line.ends_with('\n') {
            line.push('\n');
        }
        self.bytes(line.as_bytes())
    }

    /// Writes bytes to standard output as they are. A reader that went away is no failure of ours.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.offer(bytes).map(drop)
    }

    /// The same; says whether there is still somebody who reads.
    pub(crate) fn offer(&self, bytes: &[u8]) -> Result<bool, Failure> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(Failure::local("standard output cannot be written", &error)),
        }
    }

    /// Says something to whoever is watching, on standard error.
    pub(crate) fn say(&self, message: impl AsRef<str>) {
        if !self.quiet {
            // There is nobody to tell when standard error is gone.
            let _ = writeln!(io::stderr(), "{}", message.as_ref());
        }
    }

    /// Waits for work that may take seconds; a person at a terminal sees that it goes on, and what it is.
    pub(crate) async fn working<T>(&self, what: &'static str, work: impl Future<Output = T>) -> T {
        if self.quiet {
            return work.await;
        }
        // It draws on standard error, and nothing where that is no terminal.
        let spinner = ProgressBar::new_spinner().with_message(what);
        spinner.enable_steady_tick(Duration::from_millis(120));
        let done = work.await;
        spinner.finish_and_clear();
        done
    }

    /// A bar for work whose length is known, drawn on standard error where that is a terminal.
    pub(crate) fn bar(&self, what: &'static str) -> ProgressBar {
        let bar = if self.quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}") {
            bar.set_style(style);
        }
        bar.with_message(what)
    }

    /// Warns, also when quiet.
    pub(crate) fn warn(&self, message: impl AsRef<str>) {
        let label = if self.colour { "\u{1b}[33mwarning\u{1b}[0m" } else { "warning" };
        let _ = writeln!(io::stderr(), "{label}: {}", one_line(message.as_ref()));
    }

    /// Prints a failure: one line and what to do, or problem details. What exists only once goes to standard output first,
    /// as the command would have printed it.
    pub(crate) fn failure(&self, failure: &Failure) {
        if !failure.once().is_empty() {
            let members = failure.once().iter().map(|(name, value)| (*name, value.expose_secret()));
            let _ = self.result(&members.clone().collect::<BTreeMap<_, _>>(), || {
                let shown = members.map(|(name, value)| format!("\n{}:\n  {value}\n", label(name)));
                format!("Nobody can show you this again; keep it:\n{}", shown.collect::<String>())
            });
        }
        let text = if self.json {
            failure.to_problem().to_string()
        } else {
            let label = if self.colour { "\u{1b}[31merror\u{1b}[0m" } else { "error" };
            match failure.hint() {
                Some(hint) => format!("{label}: {}. {hint}", one_line(failure.message()).trim_end_matches('.')),
                None => format!("{label}: {}", one_line(failure.message())),
            }
        };
        let _ = writeln!(io::stderr(), "{text}");
    }
}

/// How people call what exists only once.
fn label(name: &'static str) -> &'static str {
    match name {
        "token" => "Token",
        "code" => "Code of the invitation",
        "account_key" => "Account key",
        "recovery_kit" => "Recovery kit",
        other => other,
    }
}

/// Text that may come from a server or a file, without what would end the line or steer the terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// Lays out rows in columns, with a heading.
pub(crate) fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = heading.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let heading: Vec<String> = heading.iter().map(|cell| (*cell).to_owned()).collect();
    let mut text = String::new();
    for row in std::iter::once(&heading).chain(rows) {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.chars().count()))))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
