//! Reading the audit log, page by page: from the server, and from archives where records are there.

use super::{Archives, AuditEntry, AuditFilter, LogPage, LogRecord, Session};
use crate::error::Error;
use std::collections::BTreeSet;
use stronghold_protocol::{
    audit::Released,
    limits::AUDIT_PAGE,
    number::{MAX_SAFE_INTEGER, Seq},
    transport::Transport,
};

/// Reads the log backwards, or on as it grows. It holds no session, so that one can be used for other things in between.
///
/// What it gives is what the server says; [`Session::verify_audit`] verifies it.
#[derive(Debug, Default)]
pub struct AuditReader {
    archives: Archives,
    /// Positions of the records of this reader's own questions: each question is a record itself.
    own: BTreeSet<u64>,
    /// How many of the oldest records the server has in archives only.
    archived: u64,
    /// Whether one of them was asked for, and no file has it.
    skipped: bool,
}

/// Some of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPart {
    /// What matches, oldest first.
    pub entries: Vec<AuditEntry>,
    /// The position to go on from. Backwards it is the end of what is left, 0 when nothing is left that could match.
    pub next: u64,
}

impl AuditReader {
    /// A reader that takes from archive files what the server has no more.
    #[must_use]
    pub fn with_archives(archives: Archives) -> Self {
        Self { archives, ..Self::default() }
    }

    /// The position before which records are missing in what was given: they are archived, and not all of them are in a file
    /// that this reader has. None where nothing was asked for that is missing.
    #[must_use]
    pub fn missing_before(&self) -> Option<u64> {
        self.skipped.then_some(self.archived)
    }

    /// How many records there are.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached or refuses.
    pub async fn len<T: Transport>(&mut self, session: &Session<T>) -> Result<u64, Error> {
        Ok(self.page(session, MAX_SAFE_INTEGER).await?.size)
    }

    /// The newest records before `end` that match, at most `limit`: pages are read backwards until there are enough, be it
    /// the whole log.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached or refuses, an archive cannot be read, or a record is not of its form.
    pub async fn newest<T: Transport>(
        &mut self,
        session: &mut Session<T>,
        filter: &AuditFilter,
        end: u64,
        limit: usize,
    ) -> Result<AuditPart, Error> {
        let mut found: Vec<LogRecord> = Vec::new();
        let mut next = end;
        while next > 0 && found.len() < limit {
            let (mut page, before) = self.page_before(session, filter, next).await?;
            page.append(&mut found);
            (found, next) = (page, before);
        }
        let surplus = found.len().saturating_sub(limit);
        if surplus > 0 {
            found.drain(..surplus);
            next = found.first().map_or(next, |oldest| oldest.position);
        }
        Ok(AuditPart { entries: shown(session, filter, &found).await?, next })
    }

    /// What matches on the one page before `end`, maybe nothing: for whoever has other work between two pages.
    ///
    /// # Errors
    /// As [`Self::newest`].
    pub async fn before<T: Transport>(
        &mut self,
        session: &mut Session<T>,
        filter: &AuditFilter,
        end: u64,
    ) -> Result<AuditPart, Error> {
        let (found, next) = self.page_before(session, filter, end).await?;
        Ok(AuditPart { entries: shown(session, filter, &found).await?, next })
    }

    /// The records from `start` to before `end` that match.
    ///
    /// # Errors
    /// As [`Self::newest`].
    pub async fn between<T: Transport>(
        &mut self,
        session: &mut Session<T>,
        filter: &AuditFilter,
        start: u64,
        end: u64,
    ) -> Result<Vec<AuditEntry>, Error> {
        let mut found = Vec::new();
        self.each(session, start, end, &mut |record| {
            if filter.matches(&record) {
                found.push(record);
            }
        })
        .await?;
        shown(session, filter, &found).await
    }

    /// The records from `from` on that match, up to the log's end, but those of this reader's own questions: for whoever
    /// follows the log. Names that are new since then are learned, by the session and by the filter.
    ///
    /// All of it could be read, or none counts as seen: after an error the same question can be asked again.
    ///
    /// # Errors
    /// [`Error::Integrity`] when the log is shorter than `from`; else as [`Self::newest`].
    pub async fn since<T: Transport>(
        &mut self,
        session: &mut Session<T>,
        filter: &mut AuditFilter,
        from: u64,
    ) -> Result<AuditPart, Error> {
        let mut entries = Vec::new();
        let mut next = from;
        loop {
            let LogPage { records: page, size, archived } = self.page(session, next).await?;
            if size < next {
                return Err(Error::rolled_back("the audit log is shorter than what was read of it before"));
            }
            catch_up(session, filter, &page).await?;
            let new = page.iter().filter(|record| !self.own.contains(&record.position) && filter.matches(record));
            entries.extend(new.map(|record| AuditEntry::of(record, session.directory(), filter)));
            // What was archived since it came is gone from here.
            let asked = next;
            next = (asked + page.len() as u64).max(archived);
            // Not until a page is empty: each question adds its own record.
            if next >= size || (page.is_empty() && asked >= archived) {
                break;
            }
        }
        // Their records were seen.
        self.own = self.own.split_off(&next);
        Ok(AuditPart { entries, next })
    }

    /// Records from a position on, from the server.
    async fn page<T: Transport>(&mut self, session: &Session<T>, from: u64) -> Result<LogPage, Error> {
        let page = session.audit_page(from).await?;
        // The question's own record comes right after those.
        self.own.insert(page.size);
        self.archived = page.archived;
        Ok(page)
    }

    /// What matches on the page before `end`, oldest first, and the end of what is left.
    async fn page_before<T: Transport>(
        &mut self,
        session: &Session<T>,
        filter: &AuditFilter,
        end: u64,
    ) -> Result<(Vec<LogRecord>, u64), Error> {
        // Files are read from their start on: all that is archived comes in one part.
        let start = if end <= self.archived { 0 } else { end.saturating_sub(AUDIT_PAGE as u64).max(self.archived) };
        let mut found = Vec::new();
        let mut oldest = None;
        self.each(session, start, end, &mut |record| {
            oldest.get_or_insert(record.record.time);
            if filter.matches(&record) {
                found.push(record);
            }
        })
        .await?;
        let rest_is_too_old = oldest.is_some_and(|time| filter.is_before(time));
        Ok((found, if rest_is_too_old { 0 } else { start }))
    }

    /// Gives the records from `start` to before `end` to `take`, in order, but those that are archived in no file here. A page
    /// may end early, by its size.
    async fn each<T: Transport>(
        &mut self,
        session: &Session<T>,
        start: u64,
        end: u64,
        take: &mut (dyn FnMut(LogRecord) + Send),
    ) -> Result<(), Error> {
        let mut next = start;
        while next < end {
            let records = match session.archived_page(&mut self.archives, next)? {
                Some(records) => records,
                None => {
                    let page = self.page(session, next).await?;
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

/// Records as they are shown.
async fn shown<T: Transport>(
    session: &mut Session<T>,
    filter: &AuditFilter,
    records: &[LogRecord],
) -> Result<Vec<AuditEntry>, Error> {
    sync_for(session, records).await?;
    Ok(records.iter().map(|record| AuditEntry::of(record, session.directory(), filter)).collect())
}

/// Names that the records need: the directory's, and those of a revision that is new.
async fn catch_up<T: Transport>(
    session: &mut Session<T>,
    filter: &mut AuditFilter,
    records: &[LogRecord],
) -> Result<(), Error> {
    sync_for(session, records).await?;
    let renewed = records.iter().any(|record| match &record.record.released {
        Some(Released::Manifest { profile, .. }) => filter.is_of(profile),
        _ => false,
    });
    if renewed { filter.renew(session).await } else { Ok(()) }
}

/// Replays the directory as far as the records know it, where the session does not.
async fn sync_for<T: Transport>(session: &mut Session<T>, records: &[LogRecord]) -> Result<(), Error> {
    let known = session.directory().head().seq;
    let is_newer = |record: &LogRecord| {
        // A statement's own record names the header before it.
        let stated = match record.record.released {
            Some(Released::Statement { seq, .. }) => seq,
            _ => Seq::FIRST,
        };
        stated.max(record.record.directory.seq) > known
    };
    if records.iter().any(is_newer) { session.sync().await } else { Ok(()) }
}
