//! Reading the audit log, page by page.

use super::audit_filter::Filter;
use crate::{failure::Failure, settings::HttpSession};
use std::collections::BTreeSet;
use stronghold_sdk::{
    Error,
    admin::LogRecord,
    protocol::{limits::AUDIT_PAGE, number::MAX_SAFE_INTEGER},
};

/// The log, and which of its records are of these very questions.
pub(crate) struct Log {
    pub(crate) session: HttpSession,
    own: BTreeSet<u64>,
}

impl Log {
    pub(crate) const fn new(session: HttpSession) -> Self {
        Self { session, own: BTreeSet::new() }
    }

    /// Whether a record is of a question that was asked here.
    pub(crate) fn is_own(&self, record: &LogRecord) -> bool {
        self.own.contains(&record.position)
    }

    /// How many records there are.
    pub(crate) async fn len(&mut self) -> Result<u64, Error> {
        Ok(self.page(MAX_SAFE_INTEGER).await?.1)
    }

    /// Records from a position on, and how many there are.
    pub(crate) async fn page(&mut self, from: u64) -> Result<(Vec<LogRecord>, u64), Error> {
        let (records, size) = self.session.audit_page(from).await?;
        // The question's own record comes right after those.
        self.own.insert(size);
        Ok((records, size))
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
            let start = end.saturating_sub(AUDIT_PAGE as u64);
            let mut part = self.between(start, end).await?;
            let older = part.first().is_some_and(|record| filter.is_before(record.record.time));
            part.retain(|record| filter.matches(record));
            part.append(&mut found);
            found = part;
            if older {
                break;
            }
            end = start;
        }
        let surplus = found.len().saturating_sub(limit);
        found.drain(..surplus);
        Ok(found)
    }

    /// The records from `start` to before `end`; a page may end early, by its size.
    pub(crate) async fn between(&mut self, start: u64, end: u64) -> Result<Vec<LogRecord>, Failure> {
        let mut records: Vec<LogRecord> = Vec::new();
        let mut next = start;
        while next < end {
            let (page, _) = self.page(next).await?;
            if page.is_empty() {
                break;
            }
            next += page.len() as u64;
            records.extend(page.into_iter().filter(|record| record.position < end));
        }
        Ok(records)
    }
}
