//! Replaying the directory: from a cache on disk, then from the server.
//!
//! The cache decides nothing. Every statement in it is verified again; where it is missing, short, damaged, or of another
//! history than the server's, everything is fetched, and what is accepted is the memory's to say ([`crate::memory`]).

use crate::{
    authenticator::AgentAuthenticator,
    client::Client,
    error::Error,
    memory::{make_private, replace_file},
};
use std::{
    fs::{self, OpenOptions},
    io::{BufRead, BufReader, Read as _, Write},
    path::{Path, PathBuf},
};
use stronghold_protocol::{
    api::DirectoryPage,
    directory::{Directory, Header, HeaderRef, Statement},
    id::OrgId,
    json, merkle,
    number::Seq,
    transport::Transport,
};

/// Takes a statement with the state before it and the one after it.
pub(crate) type EachStatement<'a> = dyn FnMut(Option<&Directory>, &Statement, &Directory) + 'a;

/// The statements that this client has verified, kept so that only newer ones are fetched.
///
/// The file holds nothing secret and is not trusted: every statement in it is verified again when it is read.
#[derive(Clone, Debug)]
pub(crate) struct DirectoryCache {
    org: OrgId,
    file: Option<PathBuf>,
}

impl DirectoryCache {
    /// A cache in the file `directory-<org>.jsonl` of `folder`, or none.
    pub(crate) fn new(org: OrgId, folder: Option<&Path>) -> Self {
        Self { org, file: folder.map(|folder| folder.join(format!("directory-{org}.jsonl"))) }
    }

    /// Replays to the server's head: from `known`, or from what is cached, and then page by page what is newer.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached, refuses, sends a statement that does not verify, or shows a directory
    /// that does not continue `known`.
    pub(crate) async fn replay<T: Transport>(
        &self,
        client: &Client<T>,
        who: &dyn AgentAuthenticator,
        known: Option<Directory>,
    ) -> Result<Directory, Error> {
        if let Some(known) = known {
            return self.fetch(client, who, Some(known)).await;
        }
        let Some(cached) = self.read_file() else { return self.fetch(client, who, None).await };
        match self.fetch(client, who, Some(cached)).await {
            Err(Error::Integrity(_)) => {
                // Not the file's to say: the server's own history is judged by what is remembered.
                self.forget();
                self.fetch(client, who, None).await
            }
            replayed => replayed,
        }
    }

    async fn fetch<T: Transport>(
        &self,
        client: &Client<T>,
        who: &dyn AgentAuthenticator,
        mut directory: Option<Directory>,
    ) -> Result<Directory, Error> {
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
            match directory {
                Some(directory) if directory.head() == page.head => return Ok(directory),
                Some(reached) if page.statements.is_empty() || reached.head().seq > page.head.seq => {
                    return Err(Error::rolled_back(
                        "the server's directory is older than, or another one than, this client's",
                    ));
                }
                None if page.statements.is_empty() => {
                    return Err(Error::rolled_back("the server shows no directory at all"));
                }
                reached => directory = reached,
            }
        }
    }

    /// The state after each statement, up to `head`: what was true at any time. States share what they have in common.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached, refuses, or sends other statements than those that lead to `head`.
    pub(crate) async fn states<T: Transport>(
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
    pub(crate) fn remember(&self, statement: &Statement) {
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

    /// Empties the file.
    fn forget(&self) {
        self.shorten(0);
    }

    fn shorten(&self, length: u64) {
        let Some(file) = &self.file else { return };
        let shortened = OpenOptions::new().write(true).open(file).and_then(|file| file.set_len(length));
        if let Err(error) = shortened {
            tracing::warn!(%error, "the directory cache is damaged and cannot be written");
        }
    }

    /// What the file holds, as far as it verifies; what comes after that is cut off, so that it can be appended to.
    fn read_file(&self) -> Option<Directory> {
        self.read_each(&mut |_, _, _| {})
    }

    /// The same, with each statement given to `each`: the state before it, which the first lacks, and after it. Two processes
    /// may both have appended: statements that are there already are passed over.
    pub(crate) fn read_each(&self, each: &mut EachStatement<'_>) -> Option<Directory> {
        let (directory, end) = self.read_first(u64::MAX, each)?;
        if let Some(good) = end {
            self.shorten(good);
        }
        directory
    }

    /// How many bytes the file has now: what other processes append later is beyond them.
    pub(crate) fn bytes(&self) -> u64 {
        self.file.as_ref().and_then(|file| fs::metadata(file).ok()).map_or(0, |file| file.len())
    }

    /// As [`Self::read_each`], of the first `bytes` of the file, and without cutting anything off.
    pub(crate) fn read_first_each(&self, bytes: u64, each: &mut EachStatement<'_>) -> Option<Directory> {
        self.read_first(bytes, each)?.0
    }

    /// The state that the statements add up to, and where the good ones end if others follow.
    fn read_first(&self, bytes: u64, each: &mut EachStatement<'_>) -> Option<(Option<Directory>, Option<u64>)> {
        let mut reader = BufReader::new(fs::File::open(self.file.as_ref()?).ok()?.take(bytes));
        let mut directory: Option<Directory> = None;
        let (mut good, mut line) = (0, Vec::new());
        loop {
            line.clear();
            let limit = LINE_BYTES.saturating_add(1);
            let length = reader.by_ref().take(limit).read_until(b'\n', &mut line).unwrap_or(0) as u64;
            if length == 0 {
                return Some((directory, None));
            }
            let statement = line.strip_suffix(b"\n").and_then(|text| json::from_slice::<Statement>(text).ok());
            let after = statement.as_ref().and_then(|statement| match &directory {
                Some(before) => before.append(statement).or_else(|_| already_there(before, statement)).ok(),
                None => Directory::genesis(statement, &self.org).ok(),
            });
            let (Some(statement), Some(after)) = (statement, after) else {
                return Some((directory, Some(good)));
            };
            if directory.as_ref().map(Directory::head) != Some(after.head()) {
                each(directory.as_ref(), &statement, &after);
            }
            directory = Some(after);
            good += length;
        }
    }

    /// Forgets the statements after `head`, which somebody accepted to lose.
    ///
    /// # Errors
    /// [`Error::State`] when the file cannot be written.
    pub(crate) fn go_back_to(&self, head: HeaderRef) -> Result<(), Error> {
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
}

/// Longest line of the file, in bytes: a body of 16 MiB in base64, and its header.
const LINE_BYTES: u64 = 24 * 1024 * 1024;

/// The same state, where it has the statement already.
fn already_there(state: &Directory, statement: &Statement) -> Result<Directory, ()> {
    let leaf = merkle::leaf_hash(&statement.header.hash_as::<Header>().0);
    let log = state.header_log();
    let held = (0..log.len()).rev().any(|position| log.leaf(position) == Some(leaf));
    if held { Ok(state.clone()) } else { Err(()) }
}
