//! Results on standard output, messages on standard error.

use crate::{
    args::Global,
    failure::Failure,
    shown::{self, Lines},
};
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::ExposeSecret;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};
use stronghold_sdk::protocol::visible;

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
        let colour = !global.no_color && !set("NO_COLOR") && (forced || shown::is_watched());
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
    pub(crate) fn result<L: Into<Lines>>(
        &self,
        value: &impl Serialize,
        text: impl FnOnce() -> L,
    ) -> Result<(), Failure> {
        if !self.json {
            return self.lines(text()).map(drop);
        }
        let json = serde_json::to_string_pretty(value);
        let json = json.map_err(|error| Failure::local("the result cannot be printed", &error))?;
        written(shown::print_json(&json)).map(drop)
    }

    /// Prints lines on standard output; says whether there is still somebody who reads.
    pub(crate) fn lines(&self, lines: impl Into<Lines>) -> Result<bool, Failure> {
        written(shown::print(&lines.into()))
    }

    /// Prints a value as a line of JSON; likewise.
    pub(crate) fn json_line(&self, value: &impl Serialize) -> Result<bool, Failure> {
        let json = serde_json::to_string(value);
        let json = json.map_err(|error| Failure::local("a record cannot be written", &error))?;
        written(shown::print_json(&json))
    }

    /// Prints what was asked for byte by byte: exactly, but on a terminal without what would steer it. A reader that went away
    /// is no failure of ours.
    pub(crate) fn value(&self, bytes: &[u8]) -> Result<(), Failure> {
        if written(shown::print_value(bytes))? {
            self.warn(
                "what would steer the terminal is shown by its number; write to a file or a pipe for the exact bytes",
            );
        }
        Ok(())
    }

    /// Says something to whoever is watching, on standard error.
    pub(crate) fn say(&self, lines: impl Into<Lines>) {
        if !self.quiet {
            shown::say(&lines.into());
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
        shown::say_labelled("warning", self.colour.then_some("33"), message.as_ref());
    }

    /// Prints a failure: one line and what to do, or problem details. What exists only once goes to standard output first,
    /// as the command would have printed it.
    pub(crate) fn failure(&self, failure: &Failure) {
        if !failure.once().is_empty() {
            let members = failure.once().iter().map(|(name, value)| (*name, value.expose_secret()));
            let _ = self.result(&members.clone().collect::<BTreeMap<_, _>>(), || {
                let heading = "Nobody can show you this again; keep it:".to_owned();
                let shown = members
                    .flat_map(|(name, value)| [String::new(), format!("{}:", label(name)), format!("  {value}")]);
                Lines::from(heading).then(shown.collect::<Lines>())
            });
        }
        if self.json {
            return shown::say_json(&failure.to_problem().to_string());
        }
        let text = match failure.hint() {
            Some(hint) => format!("{}. {hint}", failure.message().trim_end_matches('.')),
            None => failure.message().to_owned(),
        };
        shown::say_labelled("error", self.colour.then_some("31"), &text);
    }
}

fn written<T>(result: std::io::Result<T>) -> Result<T, Failure> {
    result.map_err(|error| Failure::local("standard output cannot be written", &error))
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

/// Lays out rows in columns, with a heading.
pub(crate) fn table(heading: &[&str], rows: &[Vec<String>]) -> Lines {
    let heading: Vec<String> = heading.iter().map(|cell| (*cell).to_owned()).collect();
    // Escaped before it is measured: what is printed takes the room that is counted.
    let rows: Vec<Vec<String>> = std::iter::once(&heading)
        .chain(rows)
        .map(|row| row.iter().map(|cell| visible::line(cell).into_owned()).collect())
        .collect();
    let mut widths: Vec<usize> = heading.iter().map(|_| 0).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.chars().count()))))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
