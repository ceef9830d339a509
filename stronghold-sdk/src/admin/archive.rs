//! Archives of audit records, as files.

use crate::error::Error;
use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};
use stronghold_protocol::{
    archive::{ArchiveHeader, ArchivedRecord},
    id::OrgId,
    limits,
};

/// Archive files of one organization's audit log. What they hold is believed only as far as the log's checkpoint says so:
/// reading from them checks nothing but that every position is there.
#[derive(Debug, Default)]
pub struct Archives {
    files: Vec<Archive>,
    /// A file that is being read, and the position of its next line.
    open: Option<(usize, u64, BufReader<File>)>,
}

#[derive(Debug)]
struct Archive {
    path: PathBuf,
    header: ArchiveHeader,
}

impl Archives {
    /// Opens files; reads their first lines only.
    ///
    /// # Errors
    /// [`Error::State`] when one cannot be read; [`Error::Invalid`] when one is no archive, or of another organization.
    pub fn open(org: &OrgId, paths: &[PathBuf]) -> Result<Self, Error> {
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let invalid = |why: &dyn std::fmt::Display| Error::invalid(format!("{}: {why}", path.display()));
            let mut reader = BufReader::new(File::open(path).map_err(|error| unreadable(path, error))?);
            let line = line(&mut reader, path)?.unwrap_or_default();
            let header = ArchiveHeader::parse(&line).map_err(|error| invalid(&error))?;
            if header.org != *org {
                return Err(invalid(&format!("it is of another organization, {}", header.org)));
            }
            files.push(Archive { path: path.clone(), header });
        }
        files.sort_by_key(|file| (file.header.from, file.header.to));
        Ok(Self { files, open: None })
    }

    /// The first position after this one that a file begins with.
    #[must_use]
    pub fn next_held(&self, position: u64) -> Option<u64> {
        self.files.iter().map(|file| file.header.from).find(|from| *from > position)
    }

    /// The exact bytes of records from a position on, at most `at_most`, as far as one file holds them; none when no file
    /// holds the first.
    ///
    /// # Errors
    /// [`Error::Integrity`] that names the record when a file lacks it, or has another one in its place; [`Error::State`]
    /// when it cannot be read.
    pub(super) fn read(&mut self, from: u64, at_most: usize) -> Result<Option<Vec<Vec<u8>>>, Error> {
        let Some(index) = self.files.iter().position(|file| file.header.holds(from)) else { return Ok(None) };
        let Some(file) = self.files.get(index) else { return Ok(None) };
        let (path, to) = (file.path.clone(), file.header.to);
        let mut reader = match self.open.take() {
            Some((open, next, reader)) if open == index && next == from => reader,
            _ => skip_to(file, from)?,
        };
        let mut records = Vec::new();
        let mut next = from;
        while next < to && records.len() < at_most {
            let missing = |why: &str| Error::bad_record(next, format!("{why} {}", path.display()));
            let line = line(&mut reader, &path)?.ok_or_else(|| missing("it is missing in"))?;
            let archived = ArchivedRecord::parse(&line).map_err(|_| missing("its line is damaged in"))?;
            if archived.position != next {
                return Err(missing(&format!("record {} is in its place in", archived.position)));
            }
            records.push(archived.record.0);
            next += 1;
        }
        if next == to {
            // What is beyond the records that it names would be read by nobody.
            if line(&mut reader, &path)?.is_some() {
                return Err(Error::bad_record(to, format!("it is beyond what is archived in {}", path.display())));
            }
        } else {
            self.open = Some((index, next, reader));
        }
        Ok(Some(records))
    }
}

/// A file at the line of a position.
fn skip_to(file: &Archive, position: u64) -> Result<BufReader<File>, Error> {
    let mut reader = BufReader::new(File::open(&file.path).map_err(|error| unreadable(&file.path, error))?);
    for skipped in file.header.from..=position {
        // The header, and one line for each record before.
        if line(&mut reader, &file.path)?.is_none() {
            let before = skipped.saturating_sub(1);
            return Err(Error::bad_record(before, format!("it is missing in {}", file.path.display())));
        }
    }
    Ok(reader)
}

/// The next line without its end; none at the end of the file.
fn line(reader: &mut BufReader<File>, path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let mut line = Vec::new();
    let limit = limits::ARCHIVE_LINE_BYTES as u64 + 1;
    reader.by_ref().take(limit).read_until(b'\n', &mut line).map_err(|error| unreadable(path, error))?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(Some(line))
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::state(format!("the archive {} cannot be read", path.display()), error)
}
