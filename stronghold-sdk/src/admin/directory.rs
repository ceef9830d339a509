//! Replaying the directory: from a cache on disk, then from the server.

use crate::{
    authenticator::AgentAuthenticator,
    client::Client,
    error::Error,
    state::{make_private, replace_file},
};
use std::{
    fs::{self, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
};
use stronghold_protocol::{
    api::DirectoryPage,
    directory::{Directory, HeaderRef, Statement},
    id::OrgId,
    json, merkle,
    number::Seq,
    transport::Transport,
};

/// Takes a statement with the state before it and the one after it.
pub(super) type EachStatement<'a> = dyn FnMut(Option<&Directory>, &Statement, &Directory) + 'a;

/// The statements that this client has verified, kept so that only newer ones are fetched.
///
/// The file holds nothing secret and is not trusted: every statement in it is verified again when it is read.
#[derive(Debug)]
pub struct DirectoryCache {
    org: OrgId,
    file: Option<PathBuf>,
    floor: Option<HeaderRef>,
}

impl DirectoryCache {
    /// A cache in the file `directory-<org>.jsonl` of `folder`, or in memory only. `floor` is a header that is known to
    /// exist: a directory without it is refused.
    #[must_use]
    pub fn new(org: OrgId, folder: Option<&Path>, floor: Option<HeaderRef>) -> Self {
        Self { org, file: folder.map(|folder| folder.join(format!("directory-{org}.jsonl"))), floor }
    }

    /// Replays to the server's head: what is cached first, then page by page what is newer.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached, refuses, sends a statement that does not verify, or shows a directory
    /// that lacks the floor.
    pub async fn replay<T: Transport>(
        &mut self,
        client: &Client<T>,
        who: &dyn AgentAuthenticator,
        known: Option<Directory>,
    ) -> Result<Directory, Error> {
        let mut directory = known.or_else(|| self.read_file());
        loop {
            let from = directory.as_ref().map_or(Seq::FIRST, |directory| directory.head().seq.next());
            let page: DirectoryPage = client.directory(who, from).await?;
            for statement in &page.statements {
                let after = match &directory {
                    Some(before) => before.append(statement),
                    None => Directory::genesis(statement, &self.org),
                };
                directory = Some(after.map_err(Error::forged_directory)?);
                self.remember(statement);
            }
            let reached = directory.as_ref().map(Directory::head);
            match reached {
                Some(head) if head == page.head => break,
                Some(head) if page.statements.is_empty() || head.seq > page.head.seq => {
                    return Err(Error::rolled_back(
                        "the server's directory is older than, or another one than, this client's",
                    ));
                }
                None if page.statements.is_empty() => {
                    return Err(Error::rolled_back("the server shows no directory at all"));
                }
                _ => {}
            }
        }
        let directory = directory.ok_or_else(|| Error::rolled_back("the server shows no directory at all"))?;
        self.check_floor(&directory)?;
        Ok(directory)
    }

    /// The state after each statement, up to `head`: what was true at any time. States share what they have in common.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached, refuses, or sends other statements than those that lead to `head`.
    pub(super) async fn states<T: Transport>(
        &self,
        client: &Client<T>,
        who: &dyn AgentAuthenticator,
        head: HeaderRef,
    ) -> Result<Vec<Directory>, Error> {
        let mut states: Vec<Directory> = Vec::new();
        while states.last().is_none_or(|state| state.head().seq < head.seq) {
            let from = states.last().map_or(Seq::FIRST, |state| state.head().seq.next());
            let page: DirectoryPage = client.directory(who, from).await?;
            if page.statements.is_empty() {
                return Err(Error::withheld("directory statements"));
            }
            for statement in &page.statements {
                let after = match states.last() {
                    Some(before) => before.append(statement),
                    None => Directory::genesis(statement, &self.org),
                };
                states.push(after.map_err(Error::forged_directory)?);
            }
        }
        let position = usize::try_from(head.seq.get()).unwrap_or(usize::MAX);
        match states.get(position) {
            Some(state) if state.head() == head => Ok(states),
            _ => Err(Error::rolled_back("the server shows another directory than before")),
        }
    }

    /// Appends a statement that verified to the file. A cache that cannot be written costs time, not safety.
    pub(super) fn remember(&self, statement: &Statement) {
        let Some(file) = &self.file else { return };
        let written = serde_json::to_vec(statement).map_err(std::io::Error::other).and_then(|mut line| {
            line.push(b'\n');
            if let Some(folder) = file.parent() {
                make_private(folder)?;
            }
            OpenOptions::new().create(true).append(true).open(file)?.write_all(&line)
        });
        if let Err(error) = written {
            tracing::warn!(%error, "the directory cache cannot be written; it will be fetched again next time");
        }
    }

    /// What the file holds, as far as it verifies.
    fn read_file(&self) -> Option<Directory> {
        self.read_each(&mut |_, _, _| {})
    }

    /// The same, with each statement given to `each`: the state before it, which the first lacks, and after it. Two processes
    /// may both have appended: statements that are there already are passed over.
    pub(super) fn read_each(&self, each: &mut EachStatement<'_>) -> Option<Directory> {
        let reader = BufReader::new(fs::File::open(self.file.as_ref()?).ok()?);
        let mut directory: Option<Directory> = None;
        for line in reader.lines() {
            let Some(statement) = line.ok().and_then(|line| json::from_slice::<Statement>(line.as_bytes()).ok()) else {
                break;
            };
            let after = match &directory {
                Some(before) => before.append(&statement),
                None => Directory::genesis(&statement, &self.org),
            };
            match (after, &directory) {
                (Ok(after), before) => {
                    each(before.as_ref(), &statement, &after);
                    directory = Some(after);
                }
                (Err(_), Some(_)) => {}
                (Err(_), None) => return None,
            }
        }
        directory
    }

    /// Forgets the statements after `head`, which somebody accepted to lose.
    ///
    /// # Errors
    /// [`Error::State`] when the file cannot be written.
    pub fn go_back_to(&self, head: HeaderRef) -> Result<(), Error> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut kept = Vec::new();
        let mut unwritten = None;
        let last = self.read_each(&mut |_, statement, after| {
            if after.head().seq <= head.seq {
                match serde_json::to_vec(statement) {
                    Ok(line) => kept.extend([&line[..], b"\n"].concat()),
                    Err(error) => unwritten = Some(error),
                }
            }
        });
        if last.is_none_or(|last| last.head().seq <= head.seq) {
            return Ok(());
        }
        let failed = |error| Error::state(format!("{} cannot be written", file.display()), error);
        match unwritten {
            Some(error) => Err(failed(error.into())),
            None => replace_file(file, &kept).map_err(failed),
        }
    }

    fn check_floor(&self, directory: &Directory) -> Result<(), Error> {
        let Some(floor) = self.floor else { return Ok(()) };
        let position = usize::try_from(floor.seq.get()).unwrap_or(usize::MAX);
        let held = directory.header_log().leaf(position) == Some(merkle::leaf_hash(&floor.hash.0));
        if held {
            Ok(())
        } else {
            Err(Error::rolled_back("the server's directory lacks a statement that this client remembers"))
        }
    }
}
