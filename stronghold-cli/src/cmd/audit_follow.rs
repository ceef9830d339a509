//! `audit list --follow`: new records as they come.

use super::audit_rows::{HEADING, row};
use crate::{
    acting::HttpSession,
    args::AuditListArgs,
    failure::Failure,
    output::{Output, table},
    shown::Lines,
};
use std::time::Duration;
use stronghold_sdk::{
    Error, ErrorKind,
    admin::{AuditEntry, AuditFilter, AuditPart, AuditReader},
};
use tokio::signal::unix::{SignalKind, signal};

/// Shows what matches from `next` on, until SIGINT, SIGTERM, or nobody reads any more. A server that is away is waited for.
pub(crate) async fn follow(
    output: &Output,
    args: &AuditListArgs,
    session: HttpSession,
    reader: AuditReader,
    filter: AuditFilter,
    next: u64,
) -> Result<(), Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::local("signals cannot be waited for", &error));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let mut following = Following { session, reader, filter, next };
    tokio::select! {
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
        ended = following.run(output, Duration::from_secs(args.interval)) => ended,
    }
}

struct Following {
    session: HttpSession,
    reader: AuditReader,
    filter: AuditFilter,
    next: u64,
}

impl Following {
    async fn run(&mut self, output: &Output, interval: Duration) -> Result<(), Failure> {
        let mut away = false;
        loop {
            match self.reader.since(&mut self.session, &mut self.filter, self.next).await {
                Ok(AuditPart { entries, next }) => {
                    self.next = next;
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
            tokio::time::sleep(interval).await;
        }
    }
}

/// Whether the server may answer the same question later.
fn is_passing(error: &Error) -> bool {
    error.kind() == ErrorKind::Unreachable || error.is_retryable()
}

fn show(output: &Output, entries: &[AuditEntry]) -> Result<bool, Failure> {
    if !output.is_json() {
        return output
            .lines(entries.iter().map(|entry| row(entry).join("  ").trim_end().to_owned()).collect::<Lines>());
    }
    for entry in entries {
        if !output.json_line(entry)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Shows the records before those that are followed: as lines of JSON, or as a table.
pub(crate) fn show_before(output: &Output, entries: &[AuditEntry]) -> Result<(), Failure> {
    if output.is_json() {
        show(output, entries)?;
        return Ok(());
    }
    let rows: Vec<Vec<String>> = entries.iter().map(row).collect();
    output.lines(table(&HEADING, &rows)).map(drop)
}
