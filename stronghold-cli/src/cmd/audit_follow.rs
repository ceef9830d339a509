//! `audit list --follow`: new records as they come.

use super::{audit_entry::Entry, audit_filter::Filter, audit_log::Log};
use crate::{args::AuditListArgs, failure::Failure, output::Output};
use std::time::Duration;
use stronghold_sdk::{
    Error, ErrorKind,
    admin::{LogPage, LogRecord},
    protocol::{audit::Released, number::Seq},
};
use tokio::signal::unix::{SignalKind, signal};

/// Shows what matches from `next` on, until SIGINT, SIGTERM, or nobody reads any more. A server that is away is waited for.
pub(crate) async fn follow(
    output: &Output,
    args: &AuditListArgs,
    log: Log,
    filter: Filter,
    next: u64,
) -> Result<(), Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::local("signals cannot be waited for", &error));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let mut following = Following { log, filter, next };
    tokio::select! {
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
        ended = following.run(output, args) => ended,
    }
}

struct Following {
    log: Log,
    filter: Filter,
    next: u64,
}

impl Following {
    async fn run(&mut self, output: &Output, args: &AuditListArgs) -> Result<(), Failure> {
        let mut away = false;
        loop {
            match self.ask(args).await {
                Ok(entries) => {
                    if std::mem::take(&mut away) {
                        output.say("the server is back");
                    }
                    if !show(output, &entries)? {
                        return Ok(());
                    }
                }
                Err(error) if is_passing(&error) => {
                    if !std::mem::replace(&mut away, true) {
                        output.warn(format!("{error}; trying again until it answers"));
                    }
                }
                Err(error) => return Err(error.into()),
            }
            tokio::time::sleep(Duration::from_secs(args.interval)).await;
        }
    }

    /// What is new, and matches. Nothing is counted as seen before all of it could be read.
    async fn ask(&mut self, args: &AuditListArgs) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        let mut next = self.next;
        loop {
            let LogPage { records: page, size, archived } = self.log.page(next).await?;
            if size < next {
                return Err(Error::rolled_back("the audit log is shorter than what was read of it before"));
            }
            self.catch_up(args, &page).await?;
            let new = page.iter().filter(|record| !self.log.is_own(record) && self.filter.matches(record));
            entries.extend(new.map(|record| Entry::of(record, self.log.session.directory(), &self.filter)));
            // What was archived since it came is gone from here.
            let asked = next;
            next = (asked + page.len() as u64).max(archived);
            // Not until a page is empty: each question adds its own record.
            if next >= size || (page.is_empty() && asked >= archived) {
                break;
            }
        }
        self.next = next;
        self.log.forget_own_before(next);
        Ok(entries)
    }

    /// Names that the records need: the directory's, and those of a revision that is new.
    async fn catch_up(&mut self, args: &AuditListArgs, page: &[LogRecord]) -> Result<(), Error> {
        let newest = page.iter().map(|record| record.record.directory.seq).max().unwrap_or(Seq::FIRST);
        // A statement's own record names the header before it.
        let stated = page.iter().any(|record| matches!(record.record.released, Some(Released::Statement { .. })));
        if stated || newest > self.log.session.directory().head().seq {
            self.log.session.sync().await?;
        }
        let renewed = page.iter().any(|record| match &record.record.released {
            Some(Released::Manifest { profile, .. }) => self.filter.is_of(profile),
            _ => false,
        });
        if renewed {
            self.filter.renew(&args.filter, &self.log.session).await?;
        }
        Ok(())
    }
}

/// Whether the server may answer the same question later.
fn is_passing(error: &Error) -> bool {
    error.kind() == ErrorKind::Unreachable || error.is_retryable()
}

fn show(output: &Output, entries: &[Entry]) -> Result<bool, Failure> {
    let mut text = String::new();
    for entry in entries {
        if output.is_json() {
            let line = serde_json::to_string(entry);
            text.push_str(&line.map_err(|error| Failure::local("a record cannot be written", &error))?);
        } else {
            text.push_str(entry.row().join("  ").trim_end());
        }
        text.push('\n');
    }
    output.offer(text.as_bytes())
}

/// Shows the records before those that are followed: as lines of JSON, or as a table.
pub(crate) fn show_before(output: &Output, entries: &[Entry]) -> Result<(), Failure> {
    if output.is_json() {
        show(output, entries)?;
        return Ok(());
    }
    let rows: Vec<Vec<String>> = entries.iter().map(Entry::row).collect();
    output.bytes(crate::output::table(&Entry::HEADING, &rows).as_bytes())
}
