//! Reading the audit log, page by page: from the server, and from archives where records are there.

use super::audit_filter::Filter;
use crate::{failure::Failure, output::Output, settings::HttpSession};
use std::{collections::BTreeSet, path::PathBuf};
use stronghold_sdk::{
    Error,
    admin::{Archives, LogPage, LogRecord},
    protocol::{limits::AUDIT_PAGE, number::MAX_SAFE_INTEGER},
};

/// The log, and which of its records are of these very questions.
pub(crate) struct Log {
    pub(crate) session: HttpSession,
    archives: Archives,
    own: BTreeSet<u64>,
    /// How many of the oldest records the server has in archives only.
    archived: u64,
    /// Whether one of them was asked for, and no file has it.
    skipped: bool,
}

impl Log {
    /// The log, with archive files.
    pub(crate) fn new(session: HttpSession, files: &[PathBuf]) -> Result<Self, Error> {
        let archives = Archives::open(&session.directory().org(), files)?;
        Ok(Self { session, archives, own: BTreeSet::new(), archived: 0, skipped: false })
    }

    /// Whether a record is of a question that was asked here.
    pub(crate) fn is_own(&self, record: &LogRecord) -> bool {
        self.own.contains(&record.position)
    }

    /// Forgets questions whose records were seen.
    pub(crate) fn forget_own_before(&mut self, position: u64) {
        self.own = self.own.split_off(&position);
    }

    /// Says that something is missing in what was shown.
    pub(crate) fn warn_of_archived(&self, output: &Output) {
        if self.skipped {
            output.warn(format!(
                "records before {} are archived, and not all of them are in the files that were given with --archive",
                self.archived
            ));
        }
    }

    /// How many records there are.
    pub(crate) async fn len(&mut self) -> Result<u64, Error> {
        Ok(self.page(MAX_SAFE_INTEGER).await?.size)
    }

    /// Records from a position on, from the server.
    pub(crate) async fn page(&mut self, from: u64) -> Result<LogPage, Error> {
        let page = self.session.audit_page(from).await?;
        // The question's own record comes right after those.
        self.own.insert(page.size);
        self.archived = page.archived;
        Ok(page)
    }

    /// The newest records before `end` that match, oldest first: pages are read backwards until there are enough.
    pub(crate) async fn newest(
        &mut self,
        filter: &Filter,
        mut end: u64,
        limit: usize,
    ) -> Result<Vec<LogRecord>, Failure> {
        let mut found: Vec<LogRecord> = Vec::new();
        while end > 0 && found.len() < limit {
            // Files are read from their start on: all that is archived comes in one part.
            let start = if end <= self.archived { 0 } else { end.saturating_sub(AUDIT_PAGE as u64).max(self.archived) };
            let mut part = Vec::new();
            let mut oldest = None;
            self.each(start, end, &mut |record| {
                oldest.get_or_insert(record.record.time);
                if filter.matches(&record) {
                    part.push(record);
                }
            })
            .await?;
            part.append(&mut found);
            found = part;
            if oldest.is_some_and(|time| filter.is_before(time)) {
                break;
            }
            end = start;
        }
        let surplus = found.len().saturating_sub(limit);
        found.drain(..surplus);
        Ok(found)
    }

    /// The records from `start` to before `end`.
    pub(crate) async fn between(&mut self, start: u64, end: u64) -> Result<Vec<LogRecord>, Failure> {
        let mut records: Vec<LogRecord> = Vec::new();
        self.each(start, end, &mut |record| records.push(record)).await?;
        Ok(records)
    }

    /// Gives the records from `start` to before `end` to `take`, in order, but those that are archived in no file here. A page
    /// may end early, by its size.
    async fn each(&mut self, start: u64, end: u64, take: &mut dyn FnMut(LogRecord)) -> Result<(), Failure> {
        let mut next = start;
        while next < end {
            let records = match self.session.archived_page(&mut self.archives, next)? {
                Some(records) => records,
                None => {
                    let page = self.page(next).await?;
                    if next < page.archived {
                        self.skipped = true;
                        next = self.archives.next_held(next).map_or(page.archived, |held| held.min(page.archived));
                        continue;
                    }
                    page.records
                }
            };
            if records.is_empty() {
                break;
            }
            next += records.len() as u64;
            records.into_iter().filter(|record| record.position < end).for_each(&mut *take);
        }
        Ok(())
    }
}
